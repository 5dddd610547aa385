"""A sheet of generated images after every epoch."""

import keras

from zoo.files import naming_file
from zoo.generation.sampling import sample
from zoo.generation.sheets import sheet
from zoo.training.batch_norm import recompute_statistics

QUICK_SAMPLES, SHEET, COLUMNS = 1000, 80, 10
COLLAPSED = 0.2  # diversity, of the real images' 1


class EpochSheets(keras.callbacks.Callback):
    """After every epoch: draws a sheet with the averaged weights, computes its metrics, and warns of mode collapse.

    It adds `class_accuracy`, `frechet_distance` and `diversity` to the epoch's logs, so it must come before the
    callbacks that write logs.

    Args:
        folder: gets `epoch_001.png` and so on.
        image_metrics: the `ImageMetrics` on validation images.
        batches: the `NoiseBatches`, for the statistics of the averaged weights.
        averaged: whether the optimizer averages weights.
        console: `rich.console.Console` for the warning.
    """

    def __init__(self, folder, image_metrics, batches, averaged, console):
        super().__init__()
        self.folder, self.image_metrics, self.batches, self.averaged, self.console = (
            folder,
            image_metrics,
            batches,
            averaged,
            console,
        )

    def on_epoch_end(self, epoch, logs=None):
        generator, kept = self.model.generator, self.model.get_weights()
        if self.averaged:
            self.model.optimizer.finalize_variable_values(self.model.trainable_variables)
            # Copy: on JAX the weights and the averages are now the same arrays, and predicting would donate them.
            generator.set_weights(generator.get_weights())
            recompute_statistics(generator, self.batches.noise(2000))
        images, labels = sample(generator, QUICK_SAMPLES)
        self.model.set_weights(kept)
        self.folder.mkdir(parents=True, exist_ok=True)
        page = sheet(images[:SHEET], COLUMNS, f"{generator.name} after epoch {epoch + 1}")
        with naming_file(self.folder):
            page.save(self.folder / f"epoch_{epoch + 1:03}.png")
        metrics = self.image_metrics.compute_quick(images, labels)
        logs.update(metrics)
        if metrics["diversity"] < COLLAPSED:
            self.console.print(
                f"epoch {epoch + 1}: mode collapse: within a class the images differ only "
                f"{metrics['diversity']:.0%} as much as real ones. A lower learning_rate may help.",
                style="yellow",
                highlight=False,
                soft_wrap=True,
            )
