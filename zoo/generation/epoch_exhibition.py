"""What the averaged generator draws after every epoch."""

import keras

from zoo.files import naming
from zoo.generation.sampling import sample
from zoo.generation.sheets import sheet
from zoo.training.batch_norm import renew_statistics

QUICK_SAMPLES, SHEET, COLUMNS = 1000, 80, 10
COLLAPSED = 0.2  # diversity, of the real images' 1


class EpochExhibition(keras.callbacks.Callback):
    """Draws a sheet and measures the averaged weights after every epoch; says so when the modes collapse.

    Adds `as_asked`, `frechet_distance` and `diversity` to the epoch's logs, so it stands before whoever keeps those.

    Args:
        folder: gets `epoch_001.png` and so on.
        judge: the `Judge` on validation images.
        batches: the `NoiseBatches`, for the statistics of the averaged weights.
        averaged: whether the optimizer averages weights.
        console: `rich.console.Console` for the warning.
    """

    def __init__(self, folder, judge, batches, averaged, console):
        super().__init__()
        self.folder, self.judge, self.batches, self.averaged, self.console = folder, judge, batches, averaged, console

    def on_epoch_end(self, epoch, logs=None):
        generator, kept = self.model.generator, self.model.get_weights()
        if self.averaged:
            self.model.optimizer.finalize_variable_values(self.model.trainable_variables)
            # Copies: on JAX the weights are now the very arrays of the averages, and predicting would give those away.
            generator.set_weights(generator.get_weights())
            renew_statistics(generator, self.batches.noise(2000))
        images, labels = sample(generator, QUICK_SAMPLES)
        self.model.set_weights(kept)
        self.folder.mkdir(parents=True, exist_ok=True)
        page = sheet(images[:SHEET], COLUMNS, f"{generator.name} after epoch {epoch + 1}")
        with naming(self.folder):
            page.save(self.folder / f"epoch_{epoch + 1:03}.png")
        figures = self.judge.quick_figures(images, labels)
        logs.update(figures)
        if figures["diversity"] < COLLAPSED:
            self.console.print(
                f"epoch {epoch + 1}: the modes have collapsed: within a class the pictures differ "
                f"{figures['diversity']:.0%} as much as real ones. A lower learning_rate may help.",
                style="yellow",
                highlight=False,
                soft_wrap=True,
            )
