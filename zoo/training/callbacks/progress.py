"""Progress of a training on the terminal."""

import time
from datetime import timedelta

import keras
from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from zoo.training.callbacks.curves import curve_lines

# The format of each metric in the logs; metrics that a training does not log are left out.
FORMATS = {
    "loss": "loss {:.3f}",
    "discriminator_loss": "discriminator's loss {:.3f}",
    "generator_loss": "generator's loss {:.3f}",
    "accuracy": "accuracy {:.2%}",
    "val_accuracy": "validation {:.2%}",
    "class_accuracy": "class accuracy {:.1%}",
    "frechet_distance": "Fréchet distance {:.3g}",
    "diversity": "diversity {:.0%}",
}


class TrainingProgress(keras.callbacks.Callback):
    """Shows epoch, step, metrics, images/s and the remaining time; adds `seconds` to each epoch's logs.

    On a terminal a progress bar below the curves of all epochs; elsewhere one line per epoch.

    Args:
        recipe: the recipe that is trained.
        steps: steps an epoch.
        console: `rich.console.Console` to write to; standard error by default.
    """

    def __init__(self, recipe, steps: int, console: Console | None = None):
        super().__init__()
        self.recipe, self.steps = recipe, steps
        self.console = console or Console(stderr=True)
        self.bar = _BarWithCurves(
            TextColumn("epoch {task.fields[epoch]}/" + str(recipe.epochs)),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[metrics]}  {task.fields[rate]:,.0f} images/s"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self.console,
            disable=not self.console.is_terminal,
        )

    def show_earlier_epochs(self, history):
        """Begin the curves with the epochs that a resumed run has done already, a list of their logs."""
        self.bar.history = list(history)

    def on_train_begin(self, logs=None) -> None:
        if not self.bar.tasks:  # a training may have two phases
            total = self.steps * self.recipe.epochs
            self.task = self.bar.add_task("train", total=total, epoch=0, metrics="", rate=0.0)
        self.bar.start()

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        self.started, self.done = time.perf_counter(), epoch * self.steps
        self.bar.update(self.task, completed=self.done, epoch=epoch + 1)

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        seconds = time.perf_counter() - self.started
        self.bar.update(
            self.task,
            completed=self.done + batch + 1,
            metrics=format_metrics(logs),
            rate=(batch + 1) * self.recipe.batch_size / seconds,
        )

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        logs["seconds"] = time.perf_counter() - self.started
        rate = self.steps * self.recipe.batch_size / logs["seconds"]
        left = timedelta(seconds=round((self.recipe.epochs - epoch - 1) * logs["seconds"]))
        self.console.print(
            f"epoch {epoch + 1}/{self.recipe.epochs}  {format_metrics(logs)}  {rate:,.0f} images/s  {left} left",
            highlight=False,
            soft_wrap=True,
        )
        self.bar.history.append({**logs, "epoch": epoch + 1})

    def on_train_end(self, logs=None) -> None:
        self.bar.stop()


class _BarWithCurves(Progress):
    """Rich's progress bar, with the curves of the epochs in `history` above it."""

    def __init__(self, *columns, **options):
        self.history = []
        super().__init__(*columns, **options)

    def get_renderable(self):
        lines = [Text(line, no_wrap=True, overflow="crop") for line in curve_lines(self.history)]
        return Group(*lines, super().get_renderable())


def format_metrics(logs: dict) -> str:
    """The metrics of an epoch's logs in one line."""
    return "  ".join(form.format(float(logs[key])) for key, form in FORMATS.items() if key in logs)
