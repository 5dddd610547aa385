"""The curves that a training draws on a terminal."""

from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console

from zoo.training.callbacks.curves import curve_lines, sparkline
from zoo.training.callbacks.progress import TrainingProgress

NAN = float("nan")


@pytest.mark.parametrize(
    "values, width, curve",
    [
        ([0, 1, 2, 3, 4, 5, 6, 7], 40, "▁▂▃▄▅▆▇█"),
        ([2.0, 1.0], 40, "█▁"),
        ([3, 3, 3], 40, "▁▁▁"),
        ([None, 0, NAN, 1], 40, " ▁ █"),
        ([0, 0, 8, 6, 3, 4], 3, "▁█▅"),
        ([0, None, None, None, 7, 7], 3, "▁ █"),
        ([], 40, ""),
    ],
)
def test_a_curve_goes_from_its_lowest_to_its_highest_value(values, width, curve):
    assert sparkline(values, width) == curve


def test_the_lines_name_the_best_epoch_and_leave_out_what_is_not_logged():
    rows = [(3.0, 0.1), (1.0, 0.9), (2.0, None)]
    history = [{"epoch": epoch, "loss": loss, "val_accuracy": value} for epoch, (loss, value) in enumerate(rows, 1)]
    assert curve_lines(history) == [
        "loss       █▁▅  2.000, best 1.000 in epoch 2",
        "validation ▁█   90.00%, best 90.00% in epoch 2",
    ]
    assert curve_lines(history[:1]) == []


def play(terminal):
    console = Console(file=StringIO(), force_terminal=terminal, width=150)
    progress = TrainingProgress(SimpleNamespace(epochs=3, batch_size=10), 1, console)
    progress.show_earlier_epochs([{"epoch": 1, "loss": 3.0, "val_accuracy": 0.1}])
    progress.on_train_begin()
    for epoch, (loss, accuracy) in enumerate([(2.0, 0.5), (1.0, 0.75)], 1):
        progress.on_epoch_begin(epoch)
        progress.on_train_batch_end(0, {"loss": loss})
        progress.on_epoch_end(epoch, {"loss": loss, "val_accuracy": accuracy})
    progress.on_train_end()
    return console.file.getvalue()


def test_a_terminal_shows_the_curves_of_all_epochs_with_those_before_a_resumption():
    shown = play(terminal=True)
    assert "loss       █▅▁  1.000, best 1.000 in epoch 3" in shown
    assert "validation ▁▅█  75.00%, best 75.00% in epoch 3" in shown


def test_a_log_has_one_plain_line_an_epoch():
    lines = play(terminal=False).strip().splitlines()
    assert [line.split("  ")[0] for line in lines] == ["epoch 2/3", "epoch 3/3"]
