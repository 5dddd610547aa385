"""What requests of an evaluation were answered with, as a file that a later run continues."""

from __future__ import annotations

import json
from pathlib import Path


class Record:
    """A line of JSON for each request that was answered, after one that says what was evaluated.

    Args:
        path: the file; where it is there, its requests count as answered. None: nothing is written.
        about: what was evaluated, as JSON knows it: model, weights, plan and data.

    Attributes:
        rows: one dict for each request.

    Raises:
        ValueError: the file is about something else, or is no such file.
    """

    def __init__(self, path: Path | None, about: dict):
        self.path, self.rows = path, list[dict]()
        if path is None:
            return
        if path.exists():
            found, *self.rows = _lines(path)
            if found != about:
                other = ", ".join(key for key in {**about, **found} if found.get(key) != about.get(key))
                raise ValueError(f"The record is of another evaluation: it differs in {other}. Received: {path}")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(about, allow_nan=False) + "\n", encoding="utf-8")

    @property
    def answered(self) -> set[int]:
        """The examples that were answered."""
        return {example for row in self.rows for example in row["examples"]}

    def add(self, row: dict) -> None:
        """Keep an answer.

        Args:
            row: with the indices of its `examples`.
        """
        self.rows.append(row)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, allow_nan=False) + "\n")


def _lines(path: Path) -> list[dict]:
    """All lines but a last one that was cut off, which is removed from the file."""
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    try:
        rows = [json.loads(line) for line in whole.splitlines()]
    except ValueError:
        rows = []
    if not rows or not all(isinstance(row, dict) for row in rows) or not all("examples" in row for row in rows[1:]):
        raise ValueError(f"This is not a record of an encrypted evaluation. Received: {path}")
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    return rows
