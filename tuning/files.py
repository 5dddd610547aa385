"""Writing files so that a kill at any moment leaves the old one or the new one, whole."""

import json
import os
from pathlib import Path


def write_json(path, value) -> None:
    """Write JSON in one step.

    Raises:
        ValueError: NaN or infinity, which JSON has no word for.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with open(partial, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, ensure_ascii=False, allow_nan=False, default=float)  # NumPy's numbers
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_json(path):
    """What a JSON file holds, or `None` if it is not there."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
