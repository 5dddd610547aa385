"""The epochs of a training: their metrics, which one is the best, and after which one it ends. Imports no backend."""

import math
from collections.abc import Mapping, Sequence
from typing import Any


def curve(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[float | None]]:
    """The metrics of a training, to six digits, as a card keeps them.

    Args:
        rows: a run's history, or its `log.csv`: one row for each epoch that is done.

    Returns:
        By name the values after each epoch; `None` where one was not finite, or not measured.
    """
    names = dict.fromkeys(name for row in rows for name in row if name not in ("epoch", "seconds"))
    return {name: [_six_digits(row.get(name)) for row in rows] for name in names}


def best_epoch(rows: Sequence[Mapping[str, Any]]) -> int:
    """The epoch with the highest validation accuracy; of several, the first with the lowest validation loss.

    Args:
        rows: a run's history, or its `log.csv`: one row for each epoch that is done.

    Returns:
        Its number, from 1; 0 where no epoch is done.
    """
    if not rows:
        return 0
    scores = [(_number(row["val_accuracy"], -math.inf), -_number(row["val_loss"], math.inf)) for row in rows]
    return 1 + scores.index(max(scores))


def has_ended(rows: Sequence[Mapping[str, Any]], recipe: Mapping[str, Any]) -> bool:
    """Whether a run is over: all epochs are done, or so many after the best one as its early stopping waits for.

    It waits for epochs in which the whole network is trained: those with a frozen body do not count.

    Args:
        rows: as for `best_epoch`.
        recipe: the values of a recipe; a generator's, and one older than early stopping, has none.
    """
    done, patience = len(rows), recipe.get("early_stopping", 0)
    if done >= recipe["epochs"]:
        return True
    return bool(patience) and done - max(best_epoch(rows), recipe.get("frozen_epochs", 0)) >= patience


def _six_digits(value):
    number = _number(value, math.nan)
    return None if math.isnan(number) else float(f"{number:.6g}")


def _number(value, otherwise):
    """A metric of a history (`None` where it was not finite) or of a file (a text, empty there)."""
    number = float(value) if value not in (None, "") else otherwise
    return number if math.isfinite(number) else otherwise
