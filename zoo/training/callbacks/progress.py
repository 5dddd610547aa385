"""What a person sees while a network trains."""

import time
from datetime import timedelta

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

# How each figure of the logs is said; those that a training does not log are left out.
WORDS = {
    "loss": "loss {:.3f}",
    "critic_loss": "critic's loss {:.3f}",
    "generator_loss": "generator's loss {:.3f}",
    "accuracy": "accuracy {:.2%}",
    "val_accuracy": "validation {:.2%}",
    "as_asked": "as asked {:.1%}",
    "frechet_distance": "Fréchet distance {:.3g}",
    "diversity": "diversity {:.0%}",
}


class TrainingProgress(keras.callbacks.Callback):
    """Shows epoch, step, figures, images/s and the time left of the run; adds `seconds` to each epoch's logs.

    On a terminal one bar that moves; elsewhere one line an epoch.

    Args:
        recipe: the recipe that is trained.
        steps: steps an epoch.
        console: `rich.console.Console` to write to; standard error by default.
    """

    def __init__(self, recipe, steps, console=None):
        super().__init__()
        self.recipe, self.steps = recipe, steps
        self.console = console or Console(stderr=True)
        self.bar = Progress(
            TextColumn("epoch {task.fields[epoch]}/" + str(recipe.epochs)),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}  {task.fields[rate]:,.0f} images/s"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self.console,
            disable=not self.console.is_terminal,
        )

    def on_train_begin(self, logs=None):
        total = self.steps * self.recipe.epochs
        self.task = self.bar.add_task("train", total=total, epoch=0, figures="", rate=0.0)
        self.bar.start()

    def on_epoch_begin(self, epoch, logs=None):
        self.started, self.done = time.perf_counter(), epoch * self.steps
        self.bar.update(self.task, completed=self.done, epoch=epoch + 1)

    def on_train_batch_end(self, batch, logs=None):
        seconds = time.perf_counter() - self.started
        self.bar.update(
            self.task,
            completed=self.done + batch + 1,
            figures=_said(logs),
            rate=(batch + 1) * self.recipe.batch_size / seconds,
        )

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = time.perf_counter() - self.started
        rate = self.steps * self.recipe.batch_size / logs["seconds"]
        left = timedelta(seconds=round((self.recipe.epochs - epoch - 1) * logs["seconds"]))
        self.console.print(
            f"epoch {epoch + 1}/{self.recipe.epochs}  {_said(logs)}  {rate:,.0f} images/s  {left} left",
            highlight=False,
            soft_wrap=True,
        )

    def on_train_end(self, logs=None):
        self.bar.stop()


def _said(logs):
    return "  ".join(words.format(float(logs[key])) for key, words in WORDS.items() if key in logs)
