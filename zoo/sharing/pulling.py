"""`zoo.pull`: a model of the Hugging Face Hub becomes a folder of one's own."""

import shutil
from pathlib import Path

from zoo.files import check_folder
from zoo.hub import parse_address
from zoo.loading import load
from zoo.pretrained import card_weights
from zoo.registry import card as read_card
from zoo.registry import card_path
from zoo.sharing.golden import check_golden


def pull(address: str, folder: str | Path) -> Path:
    """Copy a model from the Hugging Face Hub to a folder, which then stands for it.

    Card and checksum are checked, and the model must give the golden outputs of its card on this machine.

    `zoo.load(address)` loads a model without a folder, from the cache of huggingface_hub.

    Args:
        address: `hf://user/model` or `hf://user/model@revision`.
        folder: a new one, or an empty one.

    Returns:
        The folder.

    Raises:
        ValueError: no such repository or revision, or one without a model of ours; the card, the weights or the golden
            outputs do not fit; or the folder holds something.
        ConnectionError: the server cannot be reached, and nothing was downloaded before.
        ImportError: huggingface_hub is not installed.

    Example:
        >>> zoo.pull("hf://user", "models/mine")
        Traceback (most recent call last):
        ValueError: An address on the Hub is hf://USER/MODEL or hf://USER/MODEL@REVISION. Received: 'hf://user'
    """
    parse_address(address)
    folder = Path(folder)
    check_folder(folder)
    if folder.is_dir() and any(folder.iterdir()):
        raise ValueError(f"The folder must be new or empty. Received: {str(folder)!r}")
    card = read_card(address)
    weights = card_weights(address, card)
    check_golden(load(address), card)
    for source, place in (
        (weights, "weights"),
        (card_path(address), "cards"),
    ):  # the card last: with it the folder counts
        (folder / place).mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / place / source.name)
    return folder
