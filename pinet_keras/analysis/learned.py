"""What the activations of a network have learned, drawn."""

import math
from typing import Any

import keras
import numpy as np
from numpy.polynomial import polynomial

from pinet_keras.layers.polynomial_activation import PolynomialActivation

COLUMNS = 3
POINTS = 200
SPREAD = 3.0  # standard deviations on either side of the mean


def learned_activations(model: keras.Model) -> Any:
    """Draw the polynomial of each `PolynomialActivation` of a model next to ReLU.

    Each layer has a plot, each channel a curve; a layer whose channels share one polynomial has one curve. A curve is
    drawn where the values of its channel are: within three standard deviations of their mean, by the moving statistics
    of the layer.

    Args:
        model: a built model, such as one of the architecture `slaf`.

    Returns:
        A `matplotlib.figure.Figure`; `figure.savefig("out.png")` writes it. Needs matplotlib.

    Raises:
        ValueError: the model has no `PolynomialActivation`, or one that is not built.

    Example:
        >>> from pinet_keras import analysis
        >>> layers = [keras.layers.Dense(8), pinet_keras.PolynomialActivation(3, initial="relu")]
        >>> figure = analysis.learned_activations(keras.Sequential([keras.Input((4,)), *layers]))
        >>> figure.savefig("activations.png")
    """
    from matplotlib.figure import Figure

    found = [layer for layer in model._flatten_layers() if isinstance(layer, PolynomialActivation)]
    if not found:
        raise ValueError(
            "Learned activations are those of `PolynomialActivation` layers, which `replace_activations` puts in place "
            f"of others. Received: {model.name}, which has none"
        )
    columns = min(COLUMNS, len(found))
    rows = math.ceil(len(found) / columns)
    figure = Figure(figsize=(3.4 * columns, 2.8 * rows), layout="constrained")
    for index, layer in enumerate(found):
        _draw(figure.add_subplot(rows, columns, index + 1), layer)
    figure.axes[0].legend(frameon=False, fontsize="small")
    return figure


def _draw(axes: Any, layer: PolynomialActivation) -> None:
    coefficients, (means, deviations) = layer.polynomial(), _spread(layer)
    opacity = max(0.15, 1 / math.sqrt(len(coefficients)))
    for row, mean, deviation in zip(coefficients, means, deviations, strict=True):
        x = mean + deviation * np.linspace(-SPREAD, SPREAD, POINTS)
        axes.plot(x, polynomial.polyval(x, row), color="#1f5fa8", alpha=opacity, linewidth=1.2)
    low, high = (means - SPREAD * deviations).min(), (means + SPREAD * deviations).max()
    x = np.linspace(low, high, POINTS)
    axes.plot(x, np.maximum(x, 0), "--", color="black", linewidth=1, label="ReLU")
    kind = "shared" if layer.shared else f"{len(coefficients)} channels"
    axes.set_title(f"{layer.name}\n{kind}, degree {layer.degree}", size="small")
    axes.spines[["top", "right"]].set_visible(False)


def _spread(layer: PolynomialActivation) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the values that enter each channel, by the moving statistics."""
    norm = layer.norms[0]
    mean, variance = (keras.ops.convert_to_numpy(each) for each in (norm.moving_mean, norm.moving_variance))
    return mean.astype("float64"), np.sqrt(variance.astype("float64") + norm.epsilon)
