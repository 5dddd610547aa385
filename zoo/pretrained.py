"""The weights file of a card: where it is, and whether it is the one that the card describes. Imports no backend."""

import hashlib
from pathlib import Path

from zoo.card_types import Card
from zoo.paths import WEIGHTS
from zoo.registry import card_path, list_models


def card_weights(name: str | Path, card: Card) -> Path:
    """The weights file of a card: in the zoo, or in the folder `weights` next to the folder of a run's card."""
    folder = WEIGHTS if name in list_models() else card_path(name).parent.parent / "weights"
    return folder / card["weights"]["file"]


def checked_weights(name: str | Path, card: Card) -> Path:
    """The weights file of a card, whose checksum is the card's.

    Args:
        name: as for `zoo.load`.
        card: its card.

    Raises:
        FileNotFoundError: there is no such file; of a baseline, that a wheel leaves it out.
        ValueError: its checksum differs.
    """
    path = card_weights(name, card)
    if path.parent == WEIGHTS and not path.is_file():
        raise FileNotFoundError(
            f"The weights of {name} are not installed: a wheel leaves out those of the baselines, with which the "
            f"other models are compared. A checkout of the repository has them, zoo/weights/{path.name}: copy that "
            f"file to {path.parent}, or give its path: zoo.load({name!r}, weights=PATH)."
        )
    check(path, card["weights"]["sha256"])
    return path


def sha256(path) -> str:
    """Checksum of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def check(path, expected) -> None:
    """Refuse a weights file that is not the one that its card was written with.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: its checksum differs: truncated, tampered with, or another model's.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"The weights file {path.name} is missing from {path.parent}.")
    found = sha256(path)
    if found != expected:
        raise ValueError(
            f"The weights file {path.name} is not the one its card describes: it is damaged or was replaced. "
            f"Expected sha256 {expected}. Received: {found} ({path.stat().st_size} bytes)"
        )
