"""Polynomials in place of the activation functions of any model, each fitted to the values that enter it."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.polynomial import Polynomial
from numpy.typing import ArrayLike

from pinet_keras.analysis.certificate import certify
from pinet_keras.analysis.graph import Call, graph_of, is_keras_layer, is_keras_op
from pinet_keras.analysis.operation_kinds import ACTIVATION_OPS, AFFINE
from pinet_keras.analysis.replacement import ReplacedActivation, Replacement
from pinet_keras.analysis.replay import Copier, copy_operation, replay
from pinet_keras.arguments import positive_integer
from pinet_keras.layers._activation_fit import is_computed_by_value, padded
from pinet_keras.layers.polynomial_activation import PolynomialActivation

LAYERS = frozenset({"ReLU", "LeakyReLU", "PReLU", "ELU"})
# Functions of several values at once, or steps whose least-squares polynomial says nothing.
NOT_BY_VALUE = frozenset({"Softmax", "LogSoftmax", "Sparsemax", "Glu", "Logaddexp", "Logsumexp", "DotProductAttention"})
OPS = ACTIVATION_OPS - NOT_BY_VALUE
VALUES = 500_000  # of each activation, at most, to which its polynomial is fitted
AT_A_TIME = 100  # examples


def replace_activations(
    model: keras.Model, degree: int, samples: ArrayLike | list, labels: ArrayLike | None = None
) -> Replacement:
    """Put polynomials in place of a trained model's activation functions, without training.

    The activations are replaced one after the other, from the inputs on. Each gets the polynomial that is nearest to
    it, by least squares, on the values that enter it in the new model: behind a polynomial that is off, the next one
    is fitted to what that gives. A layer that is called twice gets two polynomials. What is computed value by value is
    replaced: activation layers, the `activation` of dense layers and convolutions, and functions of `keras.ops`. A
    softmax on the logits stays, and so does everything else; `Replacement.certificate` tells what still stands against
    a polynomial, such as max pooling.

    Outside the range of the samples a polynomial leaves the activation fast, so give typical ones, some hundreds or
    thousands. All of `Replacement`'s measurements are on these samples; measure the new model on others before you
    rely on it. It can be trained further: each activation is a `PolynomialActivation`.

    Args:
        model: a built model with a graph. It stays as it was.
        degree: of each polynomial.
        samples: two or more inputs, `[n, ...]`; a list of arrays for several inputs.
        labels: their classes, integers `[n]`, to measure the loss of accuracy; for models of two outputs or more.

    Returns:
        `Replacement`.

    Raises:
        ValueError: no activation to replace, a model without a graph, a wrong `degree`, samples of a wrong shape, too
            few or not finite, labels that do not fit, or values that are not finite in the new model.

    Example:
        >>> from pinet_keras import analysis
        >>> dense = [keras.layers.Dense(16, activation="relu") for _ in range(2)]
        >>> model = keras.Sequential([keras.Input((8,)), *dense, keras.layers.Dense(3)])
        >>> samples = np.random.default_rng(0).normal(size=(200, 8))
        >>> replacement = analysis.replace_activations(model, degree=3, samples=samples)
        >>> replacement.certificate.tier_name, replacement.certificate.degree
        ('low-depth', 9)
    """
    degree = positive_integer("degree", degree)
    graph = graph_of(model)
    if graph is None:
        raise ValueError(f"A model without a graph cannot be rebuilt. Received: model={model!r}")
    arrays = _checked(samples, [tuple(x.shape) for x in graph.inputs])
    before = _outputs(model, arrays)
    classes = None if labels is None else _checked_labels(labels, before)
    inputs = [keras.Input(batch_shape=x.shape, dtype=x.dtype) for x in graph.inputs]
    replacer = _Replacer(degree, inputs, arrays)
    changed = replay(model, replacer, inputs)
    if not replacer.found:
        raise ValueError(f"There is no activation function to replace. Received: model={model.name!r}")
    after = _outputs(changed, arrays)
    if not np.isfinite(after).all():
        raise ValueError(
            "The outputs of the new model are not finite on some samples: a polynomial leaves its activation too fast. "
            f"Give more samples or a lower degree. Received: degree={degree}"
        )
    decisions = [each.argmax(-1) for each in (before, after)] if before.shape[-1] > 1 else None
    scores: list = [None, None]
    if decisions and classes is not None:
        scores = [float((each == classes).mean()) for each in decisions]
    return Replacement(
        changed,
        tuple(replacer.found),
        certify(changed),
        _relative(after - before, before),
        float((decisions[0] == decisions[1]).mean()) if decisions else None,
        *scores,
    )


@dataclass
class _Replacer:
    """Copies a model call by call, with a polynomial behind each affine map and in place of each activation."""

    degree: int
    inputs: list
    arrays: list[np.ndarray]
    found: list[ReplacedActivation] = field(default_factory=list)

    def __post_init__(self):
        self.copier, self.linear = Copier(), {}

    def __call__(self, call: Call, args: tuple, kwargs: dict, name: str, is_last: bool):
        operation = call.operation
        function = _function(operation)
        if function is None and not _is_activation(call):
            return self.copier(call, args, kwargs, name, is_last)
        if function is None:
            target = lambda x: self._original(operation, x, args, kwargs)  # noqa: E731
            label = type(operation).__name__.lower()
            return self._polynomial(_only_tensor(args, kwargs), target, name, label)
        x = args[0] if type(operation).__name__ == "Activation" else self._affine(call, args, kwargs, name)
        return self._polynomial(x, function, name, getattr(function, "__name__", type(function).__name__))

    def _affine(self, call, args, kwargs, name):
        """The call of an affine layer without its activation; a layer that is called twice is copied once."""
        key = id(call.operation)
        if key in self.linear:
            return self.linear[key](*args, **kwargs)
        self.linear[key] = copy_operation(call.operation, name)
        self.linear[key].activation = keras.activations.linear
        outputs = self.linear[key](*args, **kwargs)
        self.linear[key].set_weights(call.operation.get_weights())
        return outputs

    def _original(self, operation, x, args, kwargs):
        """The activation as it was, on values: an operation may have further arguments."""
        fill = lambda each: x if isinstance(each, keras.KerasTensor) else each  # noqa: E731
        args, kwargs = keras.tree.map_structure(fill, (args, kwargs))
        return operation(*args, **kwargs)

    def _polynomial(self, x: keras.KerasTensor, function: Callable, name: str, label: str):
        values, targets = self._values(x, function)
        fitted, moments = _fit(values, targets, self.degree, name)
        layer = PolynomialActivation(self.degree, shared=True, name=f"{name}_polynomial_{len(self.found)}")
        outputs = layer(x)
        layer.set_polynomial(fitted[None], *moments)
        error = _relative(Polynomial(fitted)(values) - targets, targets)
        row = ReplacedActivation(name, label, tuple(fitted.tolist()), values.min(), values.max(), error)
        self.found.append(row)
        return outputs

    def _values(self, x, function) -> tuple[np.ndarray, np.ndarray]:
        """What enters an activation on the samples, and what it makes of that; `VALUES` at most, evenly drawn."""
        body = keras.Model(self.inputs if len(self.inputs) > 1 else self.inputs[0], x)
        generator, count = np.random.default_rng(0), len(self.arrays[0])
        pairs = []
        for start in range(0, count, AT_A_TIME):
            part = [array[start : start + AT_A_TIME] for array in self.arrays]
            entering = body(part if len(part) > 1 else part[0], training=False)
            leaving = function(entering)
            pair = np.stack([ops.convert_to_numpy(each).astype("float64").reshape(-1) for each in (entering, leaving)])
            wanted = VALUES * len(part[0]) // count
            chosen = generator.choice(pair.shape[1], wanted, replace=False) if pair.shape[1] > wanted else slice(None)
            pairs.append(pair[:, chosen])
        values, targets = np.concatenate(pairs, axis=1)
        return values, targets


def _function(operation: Any) -> Callable | None:
    """The activation function of an `Activation` or of an affine layer, if it is to be replaced."""
    is_kind = is_keras_layer(operation) and (type(operation).__name__ in AFFINE | {"Activation"})
    function = getattr(operation, "activation", None) if is_kind else None
    if function is None or function is keras.activations.linear or not is_computed_by_value(function):
        return None
    return function


def _is_activation(call: Call) -> bool:
    name = type(call.operation).__name__
    if len(call.tensors) != 1 or len(call.outputs) != 1 or call.outputs[0].shape != call.tensors[0].shape:
        return False
    return (is_keras_layer(call.operation) and name in LAYERS) or (is_keras_op(call.operation) and name in OPS)


def _only_tensor(args, kwargs):
    return next(x for x in keras.tree.flatten((args, kwargs)) if isinstance(x, keras.KerasTensor))


def _fit(values: np.ndarray, targets: np.ndarray, degree: int, name: str) -> tuple[np.ndarray, list[np.ndarray]]:
    """Coefficients of the least-squares polynomial, and means and variances of the powers of the values, one row."""
    if not (np.isfinite(values).all() and np.isfinite(targets).all()):
        raise ValueError(
            f"What enters {name} is not finite on some samples: the polynomials in front of it leave their activations "
            f"too fast. Give more samples or a lower degree. Received: degree={degree}"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", np.exceptions.RankWarning)  # fewer different values: of all fits the smallest
        found = Polynomial.fit(values, targets, degree).convert().coef
    powers = [values**j for j in range(1, degree + 1)]
    return padded(found, degree), [np.array([[measure(each) for each in powers]]) for measure in (np.mean, np.var)]


def _checked(samples, shapes: list[tuple]) -> list[np.ndarray]:
    arrays = [np.asarray(each) for each in (samples if isinstance(samples, list) and len(shapes) > 1 else [samples])]
    fits = len(arrays) == len(shapes) and all(
        array.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape[1:], array.shape[1:], strict=True))
        for array, shape in zip(arrays, shapes, strict=False)
    )
    if not fits or len({len(array) for array in arrays}) > 1 or len(arrays[0]) < 2:
        raise ValueError(
            f"`samples` must be two or more inputs of the shape {', '.join(map(str, shapes))}. "
            f"Received: {', '.join(str(array.shape) for array in arrays)}"
        )
    if not all(np.issubdtype(array.dtype, np.number) and np.isfinite(array).all() for array in arrays):
        raise ValueError("`samples` must be finite numbers. Received: others among them")
    return arrays


def _checked_labels(labels, outputs) -> np.ndarray:
    classes = np.asarray(labels)
    if outputs.shape[-1] < 2 or outputs.ndim != 2:
        raise ValueError(f"`labels` are for a model of two outputs or more. Received: outputs {outputs.shape[1:]}")
    wrong = classes.shape != (len(outputs),) or not np.issubdtype(classes.dtype, np.integer)
    if wrong or classes.min() < 0 or classes.max() >= outputs.shape[-1]:
        raise ValueError(
            f"`labels` must be one integer from 0 to {outputs.shape[-1] - 1} for each of the {len(outputs)} samples. "
            f"Received: {classes.dtype} {classes.shape}"
        )
    return classes


def _outputs(model, arrays) -> np.ndarray:
    found = model.predict(arrays if len(arrays) > 1 else arrays[0], batch_size=AT_A_TIME, verbose=0)
    if not isinstance(found, np.ndarray):
        raise ValueError(f"Models of one output are followed. Received: {len(model.outputs)} outputs")
    return found.astype("float64")


def _relative(difference: np.ndarray, values: np.ndarray) -> float:
    """Root mean square of a difference, relative to that of the values."""
    scale = np.sqrt(np.mean(values**2))
    return float(np.sqrt(np.mean(difference**2)) / max(scale, np.finfo(float).tiny))
