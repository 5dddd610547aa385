"""Golden outputs: what a model gave for known inputs when its card was written, which every backend must give again."""

import numpy as np

from zoo.card_types import Card
from zoo.data.audio import read_example
from zoo.data.samples import patterns
from zoo.evaluation.nodes import sample_logits
from zoo.generation.sampling import sample
from zoo.paths import SAMPLES

LOGITS, PIXELS = 1e-3, 2  # the largest difference: of the largest logit of an example, and in grey levels


def check_golden(model, card: Card) -> None:
    """Refuse a model that does not give the golden outputs of its card; a card without them passes.

    Args:
        model: what was loaded by the card.
        card: its card.

    Raises:
        ValueError: other outputs, or golden outputs that do not fit the model.
    """
    golden = card.get("golden")
    if golden is None:
        return
    try:
        compare = _of_images if "pixels" in golden else _of_nodes if "nodes" in golden else _of_logits
        difference, most = compare(model, card)
    except (KeyError, ValueError) as error:  # shapes, names and digits that somebody else wrote
        raise ValueError(f"The golden outputs on the card of {card['name']} do not fit it: {error}") from error
    if not difference <= most:
        raise ValueError(
            f"{card['name']} does not give the golden outputs of its card: they differ by {difference:.3g}, and "
            f"{most:.3g} is allowed. The weights, the card, or this installation are not what they were."
        )


def _of_nodes(model, card):
    expected = np.array(card["golden"]["logits"], "float64")
    features, classes = card["input_shape"][-1], len(card["class_names"])
    arguments = (card["architecture"], card["architecture_arguments"], features, classes)
    found = sample_logits(model.get_weights(), *arguments)
    return _difference(found.astype("float64"), expected), LOGITS


def _of_logits(model, card):
    golden = card["golden"]
    expected = np.array(golden["logits"], "float64")
    if "seed" in golden:
        examples = patterns(model.input_shape[1:], len(expected), golden["seed"])
    else:
        bundled = {path.name: path for path in SAMPLES.iterdir()}  # a name may not lead elsewhere
        files = golden.get("images") or golden["audio"]
        examples = np.stack([read_example(bundled[file], model.input_shape[1:]) for file in files])
    found = np.asarray(model.predict_on_batch(examples), "float64")
    largest = np.maximum(np.abs(expected).max(axis=1, keepdims=True), 1e-6)
    return _difference(found / largest, expected / largest), LOGITS


def _of_images(model, card):
    golden = card["golden"]
    expected = np.stack([np.frombuffer(bytes.fromhex(pixels), "uint8") for pixels in golden["pixels"]])
    images, _ = sample(model, len(expected), golden["seed"])
    return _difference(images.reshape(len(images), -1).astype(float), expected), PIXELS


def _difference(found, expected):
    if found.shape != expected.shape:
        raise ValueError(f"shape {expected.shape} in place of {found.shape}")
    return np.abs(found - expected).max()
