"""What every card must hold for the commands that read it. Imports no backend."""

NUMBER = (int, float)
EVERY = {
    "name": str,
    "description": str,
    "task": str,
    "dataset": {"name": str, "sha256": str},
    "architecture": str,
    "architecture_arguments": dict,
    "input_shape": list,
    "class_names": list,
    "tier": (int, type(None)),
    "tier_name": str,
    "degree": (int, type(None)),
    "levels": (int, type(None)),
    "parameters": int,
    "macs": int,
    "training": {"recipe": dict, "seed": int, "epochs": int, "seconds": NUMBER, "backend": str},
    "weights": {"file": str, "sha256": str, "bytes": int},
}
CLASSIFIER = {
    "preprocessing": {"mean": list, "std": list},
    "accuracy": {"test": NUMBER, "interval_95": list, "test_examples": int, "by_class": dict},
    "calibration": {"temperature": NUMBER, "ece": NUMBER, "ece_calibrated": NUMBER},
}
GENERATOR = {"latent_size": int, "label_size": int, "output_shape": list, "quality": dict, "baselines": dict}


def check_entries(card, generator: bool) -> None:
    """Refuse a card that lacks an entry, or holds something else in its place.

    Args:
        card: what the file holds.
        generator: whether it should be that of a generator.

    Raises:
        ValueError: the message names the entry.
    """
    _compare(card, EVERY | (GENERATOR if generator else CLASSIFIER), "")


def _compare(found, expected, place):
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            raise ValueError(f"{place or 'the whole file'} is not an object")
        for key, below in expected.items():
            where = f"{place}.{key}" if place else key
            if key not in found:
                raise ValueError(f"{where} is missing")
            _compare(found[key], below, where)
    elif not isinstance(found, expected) or isinstance(found, bool):
        raise ValueError(f"{place} is of type {type(found).__name__}")
