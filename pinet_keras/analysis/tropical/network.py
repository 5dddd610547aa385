"""ReLU networks in exact arithmetic."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike

from pinet_keras.analysis.graph import Call, calls_of, graph_of, is_keras_layer, is_keras_op
from pinet_keras.analysis.tropical.exact import exact
from pinet_keras.arguments import positive_integer


class ReLUNetwork:
    """A network of dense layers with ReLU between them, in rational numbers: `W_Lᵀ ReLU(… ReLU(W_1ᵀx + b_1) …) + b_L`.

    A float is a rational number, so the weights of a Keras model are taken as they are, without rounding; the exact
    values then differ from the model's by the model's own rounding errors. Results have short numbers when the weights
    have: `denominator` rounds them.

    Args:
        layers: a pair (kernel `[inputs, units]`, bias `[units]`) for each layer, of integers, fractions, floats, or
            strings such as "1/3".
        denominator: None, or a positive integer: every weight is rounded to the nearest multiple of 1/denominator.

    Attributes:
        layers: the same pairs as arrays of `fractions.Fraction`.
        rounding: the largest change that rounding made to a weight; 0 without `denominator`.

    Raises:
        ValueError: no layers, shapes that do not follow each other, or a weight that is not a finite number.

    Reference:
        Zhang, Naitzat, Lim, Tropical Geometry of Deep Neural Networks, ICML 2018, arXiv 1805.07091.

    Example:
        >>> from pinet_keras.analysis import tropical
        >>> network = tropical.ReLUNetwork([([[1, -1]], [0, 0]), ([["1/3"], ["1/3"]], [0])])  # |x| / 3
        >>> network([[-2], [5]])
        array([[Fraction(2, 3)], [Fraction(5, 3)]], dtype=object)
    """

    def __init__(self, layers: Sequence[tuple[Any, Any]], denominator: int | None = None):
        if not layers:
            raise ValueError(f"`layers` must hold at least one layer. Received: layers={layers!r}")
        denominator = positive_integer("denominator", denominator, or_none=True)
        given = [(exact(kernel, "kernel", 2), exact(bias, "bias", 1)) for kernel, bias in layers]
        for position, (kernel, bias) in enumerate(given):
            inputs = given[position - 1][0].shape[1] if position else kernel.shape[0]
            if kernel.shape != (inputs, len(bias)):
                raise ValueError(
                    f"Layer {position} must have a kernel [{inputs}, units] and a bias [units]. Received: kernel of "
                    f"shape {kernel.shape}, bias of shape {bias.shape}"
                )
        self.layers = [(_rounded(kernel, denominator), _rounded(bias, denominator)) for kernel, bias in given]
        self.rounding: Fraction = max(
            np.abs(old - new).max()
            for before, after in zip(given, self.layers, strict=True)
            for old, new in zip(before, after, strict=True)
        )

    @classmethod
    def from_keras(cls, model: keras.Model, denominator: int | None = None) -> "ReLUNetwork":
        """Read the weights of a Keras model; a softmax or sigmoid at its end is left out.

        Args:
            model: `Dense` layers in a row, each without activation or with ReLU, which may be a layer of its own;
                dropout is left out.
            denominator: as above.

        Returns:
            `ReLUNetwork`.

        Raises:
            ValueError: a layer of another kind, or layers that are not in a row.
        """
        graph = graph_of(model)
        if graph is None or len(graph.inputs) != 1 or len(graph.inputs[0].shape) != 2:
            raise ValueError(f"The model must be a graph with one input vector. Received: model={model!r}")
        layers: list[tuple[np.ndarray, np.ndarray]] = []
        pending, follows = None, graph.inputs[0]  # a layer without ReLU so far
        calls = calls_of(graph)
        for position, call in enumerate(calls):
            if [id(x) for x in call.tensors] != [id(follows)]:
                raise ValueError(f"The layers must be in a row. Received: {call.operation.name} takes something else")
            follows = call.outputs[0]
            pair, is_relu = _read(call, is_last=position == len(calls) - 1)
            if pair is not None:
                pending = pair if pending is None else _composed(pending, pair)
            if is_relu:
                layers.append(pending or _identity(call.tensors[0].shape[-1]))
                pending = None
        layers.append(pending or _identity(follows.shape[-1]))
        return cls(layers, denominator)

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return self.layers[0][0].shape[0]

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of units of each hidden layer."""
        return tuple(len(bias) for _, bias in self.layers[:-1])

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return len(self.layers[-1][1])

    def difference(self, first: int, second: int) -> "ReLUNetwork":
        """The network whose one output is the difference of two outputs: positive where the first is larger.

        Args:
            first: index of an output.
            second: index of the output that is subtracted.

        Returns:
            `ReLUNetwork` with one output.
        """
        *hidden, (kernel, bias) = self.layers
        return ReLUNetwork([*hidden, (kernel[:, [first]] - kernel[:, [second]], bias[[first]] - bias[[second]])])

    def __call__(self, points: ArrayLike) -> np.ndarray:
        """The outputs, exactly.

        Args:
            points: `[n, inputs]`, of the same numbers as weights.

        Returns:
            `[n, outputs]`, fractions.
        """
        values = exact(points, "points", 2)
        for position, (kernel, bias) in enumerate(self.layers):
            values = (np.maximum(values, 0) if position else values) @ kernel + bias
        return values


def _rounded(array: np.ndarray, denominator: int | None) -> np.ndarray:
    if denominator is None:
        return array
    return np.frompyfunc(lambda value: Fraction(round(value * denominator), denominator), 1, 1)(array)


def _read(call: Call, is_last: bool) -> tuple[tuple[np.ndarray, np.ndarray] | None, bool]:
    """The kernel and bias of a layer, or None, and whether a ReLU follows."""
    operation = call.operation
    known, kind = is_keras_layer(operation) and not call.training, type(operation).__name__
    activation = getattr(operation, "activation", None)
    is_relu = activation is keras.activations.relu
    plain = activation in (None, keras.activations.linear) or (
        is_last and activation in (keras.activations.softmax, keras.activations.sigmoid)
    )
    if known and kind == "Dense" and not operation.quantization_mode and (is_relu or plain):
        kernel = _numbers(operation.kernel)
        bias = _numbers(operation.bias) if operation.use_bias else [0] * kernel.shape[1]
        return (exact(kernel, "kernel", 2), exact(bias, "bias", 1)), is_relu
    if known and kind == "Activation" and (is_relu or plain):
        return None, is_relu
    if (
        known
        and kind == "ReLU"
        and (operation.max_value, operation.negative_slope, operation.threshold) == (None, 0, 0)
    ):
        return None, True
    if known and (kind == "Dropout" or (kind == "Softmax" and is_last)):
        return None, False
    if is_keras_op(operation) and kind == "Relu":
        return None, True
    raise ValueError(
        "A ReLU network is made of Dense layers and ReLU; `fold` takes batch normalisations into Dense layers first. "
        f"Received: {operation.name} ({kind}{f' with {activation.__name__}' if callable(activation) else ''})"
    )


def _numbers(variable: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(variable))


def _composed(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]):
    """Two layers without ReLU between them, as one."""
    return first[0] @ second[0], first[1] @ second[0] + second[1]


def _identity(units: int) -> tuple[np.ndarray, np.ndarray]:
    return exact(np.eye(units, dtype=int), "kernel", 2), exact([0] * units, "bias", 1)
