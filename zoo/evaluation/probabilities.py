"""Class probabilities of a classifier, calibrated by its card."""

import numpy as np

from zoo.card_types import Card


def probabilities(model, card: Card, examples: np.ndarray) -> np.ndarray:
    """Class probabilities: softmax(logits / T), with the temperature T that the card's validation data gave.

    Args:
        model: a classifier of the zoo.
        card: its card.
        examples: `[batch, height, width, channels]` pixels, or `[batch, samples]` waveforms.

    Returns:
        `[batch, classes]`; a row of NaN where a logit is beyond float32, so that no class can be predicted.
    """
    return softmax_or_nan(model.predict(examples, batch_size=256, verbose=0), card["calibration"]["temperature"])


def softmax_or_nan(logits: np.ndarray, temperature: float) -> np.ndarray:
    """softmax(logits / temperature) of each row, and NaN in a row that holds a logit that is not finite."""
    logits = np.asarray(logits) / temperature
    finite = np.isfinite(logits).all(axis=1, keepdims=True)
    logits = np.where(finite, logits, 0)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.where(finite, powers / powers.sum(axis=1, keepdims=True), np.nan)


def likeliest(row: np.ndarray, class_names: list[str], top: int) -> list[tuple[str, float]]:
    """The likeliest classes with their probabilities, the likeliest first; none where a probability is NaN."""
    if not np.isfinite(row).all():
        return []
    return [(class_names[index], float(row[index])) for index in np.argsort(-row)[:top]]
