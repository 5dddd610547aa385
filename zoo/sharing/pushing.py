"""`zoo.push`: a model goes to the Hugging Face Hub with its card."""

from pathlib import Path

from zoo.hub import CARD_FILE, errors_in_words, parse_address
from zoo.loading import load
from zoo.pretrained import card_weights, check
from zoo.publishing.publish import structure
from zoo.registry import card as read_card
from zoo.registry import card_path
from zoo.sharing.golden import check_golden
from zoo.sharing.hub_card import hub_card


def push(folder: str | Path, address: str, *, private: bool = False) -> str:
    """Put a model on the Hugging Face Hub: card, weights and a README.md in the Hub's format, in one commit.

    The model is loaded and certified first: what its card says of tier, degree, depth and size must hold, and its
    golden outputs too. The README is made from the card; where the folder holds a README.md, that is taken. Nothing
    else of the folder is uploaded.

    Args:
        folder: what `zoo.save` or `pinet train` wrote; or any other name that `zoo.load` takes.
        address: `hf://user/model`. The repository is made if it is not there.
        private: whether a new repository can be seen by its owner only.

    Returns:
        The address with the commit, `hf://user/model@COMMIT`, which always stands for what was uploaded.

    Raises:
        ValueError: there is no such model, it does not load, its card does not hold, there is no token, the token may
            not write there, or the repository holds another model.
        ConnectionError: the server cannot be reached.
        ImportError: huggingface_hub is not installed.

    Example:
        >>> zoo.push("models/even_or_odd", "user/even_or_odd")
        Traceback (most recent call last):
        ValueError: An address on the Hub is hf://USER/MODEL or hf://USER/MODEL@REVISION. Received: 'user/even_or_odd'
    """
    repository, revision = parse_address(address)
    if revision is not None:
        raise ValueError(f"A new commit goes to the main branch: leave out the revision. Received: {address!r}")
    card = read_card(folder)
    files = _checked_files(folder, card)
    with errors_in_words(address):
        from huggingface_hub import CommitOperationAdd, HfApi, get_token

        if get_token() is None:
            raise ValueError(
                f"There is no token to write to {address} with: `hf auth login` stores one, or set HF_TOKEN."
            )
        api = HfApi()
        api.create_repo(repository, private=private, exist_ok=True)
        others = [file for file in api.list_repo_files(repository) if CARD_FILE.fullmatch(file) and file not in files]
        if others:
            raise ValueError(f"The repository holds another model, {others[0]}: name another one. Received: {address}")
        readme = _own_readme(folder) or hub_card(card, address).encode()
        operations = [CommitOperationAdd(name, path) for name, path in {**files, "README.md": readme}.items()]
        commit = api.create_commit(repository, operations, commit_message=f"{card['name']}, by pinet-keras")
    return f"{address.rstrip('/')}@{commit.oid}"


def _checked_files(folder, card):
    """Card and weights by their place in the repository, after the card was found to hold."""
    weights = card_weights(folder, card)
    if weights.name != f"{card['name']}.weights.h5":
        raise ValueError(f"The weights must be in {card['name']}.weights.h5. Received: {weights.name}")
    check(weights, card["weights"]["sha256"])
    model = load(folder)
    check_golden(model, card)
    found = structure(model)
    wrong = [key for key, value in found.items() if value != card[key]]
    if wrong:
        raise ValueError(
            f"The card of {card['name']} does not hold: its {wrong[0]} is {found[wrong[0]]}, and the card says "
            f"{card[wrong[0]]}."
        )
    return {f"cards/{card['name']}.json": card_path(folder), f"weights/{card['name']}.weights.h5": weights}


def _own_readme(folder):
    path = card_path(folder).parent.parent / "README.md"
    return path.read_bytes() if path.is_file() else None
