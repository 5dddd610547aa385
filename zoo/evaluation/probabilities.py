"""Class probabilities of a classifier, calibrated by its card."""

import numpy as np
from scipy.special import softmax


def probabilities(model, card, examples) -> np.ndarray:
    """Class probabilities: softmax(logits / T), with the temperature T that the card's validation data gave.

    Args:
        model: a classifier of the zoo.
        card: its card.
        examples: `[batch, height, width, channels]` pixels, or `[batch, samples]` waveforms.

    Returns:
        float32 `[batch, classes]`; a row of NaN where a logit is beyond float32, and so no class is the answer.
    """
    logits = np.asarray(model.predict_on_batch(examples)) / card["calibration"]["temperature"]
    finite = np.isfinite(logits).all(axis=1, keepdims=True)
    return np.where(finite, softmax(np.where(finite, logits, 0), axis=1), np.nan)
