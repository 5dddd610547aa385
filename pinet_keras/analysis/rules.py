"""The degree rules of all layers and operations."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras

from pinet_keras.analysis.graph import Call, class_name, is_keras_layer, is_keras_op, overridden_call
from pinet_keras.analysis.operation_kinds import (
    ACTIVATION_LAYERS,
    ACTIVATION_OPS,
    AFFINE,
    AFFINE_OPS,
    BREAK_OPS,
    BREAKS,
    IDENTITIES,
    INTERPOLATIONS,
    MOVES,
    PRODUCT_OPS,
    RESIZERS,
    SCALINGS,
    SUM_OPS,
    SUMS,
)
from pinet_keras.analysis.rule_exceptions import rounding, rule_exception

SOFTMAX = "softmax on the logits: outside the count"


@dataclass(frozen=True)
class Step:
    """One layer's effect. `products` is the depth between its first and its last affine maps, `ends` which it has."""

    kind: str
    degree: int | None
    why: str
    products: int = 0
    ends: tuple[bool, bool] = (True, True)


_REGISTERED: dict[Any, tuple[Callable, int | None]] = {}


def register_degree_rule(
    target: type | Callable, rule: Callable | None = None, multiplications: int | None = None
) -> Callable:
    """Register the degree rule of a layer class or an activation function.

    Use it for layers of others; a layer of your own can carry the methods `degree_rule(degrees)` and, if wanted,
    `multiplications_rule()` instead, and `affine_ends`, whether it has affine maps before and after its products, where
    not both. A registered rule goes before these. It is not checked: measure it with `Certificate.verify`.

    Args:
        target: the layer class (exactly this one, no subclass), or the function given as `activation=`.
        rule: `rule(layer, degrees) -> int`; `degrees` has one degree for each input tensor. Left out, this is a
            decorator for the rule.
        multiplications: multiplicative depth between the layer's first and its last affine maps: its successive
            products, and any affine maps between them. Default: ⌈log2(degree out / degree in)⌉, the fewest that can
            do it.

    Returns:
        The rule.

    Raises:
        TypeError: `target` is an object rather than a class or function.

    Example:
        >>> from pinet_keras import analysis
        >>> class Cube(keras.layers.Layer):
        ...     def call(self, x):
        ...         return x * x * x
        >>> @analysis.register_degree_rule(Cube)
        ... def degree_of_cube(layer, degrees):
        ...     return 3 * degrees[0]
        >>> analysis.certify(keras.Sequential([keras.Input((4,)), Cube()])).degree
        3
    """
    if rule is None:
        return lambda function: register_degree_rule(target, function, multiplications)
    if not callable(target):
        raise TypeError(f"`target` must be a layer class or a function. Received: target={target!r}")
    _REGISTERED[target] = (rule, multiplications)
    return rule


register_degree_rule(keras.ops.square, lambda function, degrees: 2 * degrees[0])


def step_of(call: Call, degrees: dict[int, int | None], is_last: bool) -> Step:
    """The degree rule of a call; `degrees` maps the id of a symbolic tensor to its degree.

    Args:
        call: the call.
        degrees: the degree of every tensor known so far, None where it is not a polynomial.
        is_last: whether nothing follows: a softmax there is outside the count.
    """
    inputs = [degrees[id(x)] for x in call.tensors]
    operation = call.operation
    if found := rule_exception(call):
        return Step(found[0], None, found[1])
    if type(operation) in _REGISTERED:
        rule, multiplications = _REGISTERED[type(operation)]
        return _declared(lambda known: rule(operation, known), multiplications, inputs, "registered rule")
    if hasattr(operation, "degree_rule"):
        count = operation.multiplications_rule() if hasattr(operation, "multiplications_rule") else None
        step = _declared(operation.degree_rule, count, inputs, "declared by the layer")
        step = replace(step, ends=getattr(operation, "affine_ends", step.ends))
        is_scaling = isinstance(operation, keras.Layer) and not operation.weights and not step.products
        return replace(step, kind="scaling") if is_scaling and [step.degree] == inputs else step
    if is_keras_layer(operation) or is_keras_op(operation):
        of_kind = _layer_step if is_keras_layer(operation) else _op_step
        step = of_kind(operation, call, inputs, is_last)
        why = rounding(call, step.kind) if step.degree is not None else None
        return Step("not polynomial", None, why) if why else step
    why = overridden_call(operation) if isinstance(operation, keras.Model) else None
    return Step("unknown", None, why or f"no rule for {type(operation).__name__}; see register_degree_rule")


def _declared(rule: Callable, products: int | None, inputs: list, why: str) -> Step:
    if None in inputs:
        return Step("declared", None, why)
    degree = rule(list(inputs))
    if not isinstance(degree, int) or degree < 0:
        raise ValueError(f"A degree rule must return an int, 0 or more. Received: {degree!r} for degrees={inputs}")
    top = max([1, *inputs])
    if products is None:
        products = math.ceil(math.log2(degree / top)) if degree > top else 0
    return Step("declared", degree, why, products)


def _layer_step(layer: keras.layers.Layer, call: Call, inputs: list, is_last: bool) -> Step:
    name, top = class_name(layer), _largest(inputs)
    if name in IDENTITIES:
        return Step("identity", top, "the identity at inference")
    if name in SUMS:
        return Step("sum", top, _listed("sum: largest of", inputs) if len(inputs) > 1 else "moves or repeats values")
    if name in SCALINGS:
        return Step("scaling", top, "scales by constants")
    if name in RESIZERS and getattr(layer, "interpolation", "bilinear") in INTERPOLATIONS:
        return Step("affine", top, "linear interpolation")
    if name == "Multiply":
        return _product(inputs)
    if name == "Dot":
        return Step("not polynomial", None, "divides by the norms") if layer.normalize else _product(inputs)
    if name in BREAKS:
        return Step("not polynomial", None, BREAKS[name])
    if name in AFFINE:
        if getattr(layer, "pool_mode", "average") != "average":  # may have been set after construction
            return Step("unknown", None, f"no rule for pooling by {layer.pool_mode}")
        why = _listed("mean: largest of", inputs) if len(inputs) > 1 else "affine map at inference"
        over_classes = getattr(layer, "data_format", None) != "channels_first"  # softmax works on the last axis
        return _activated(getattr(layer, "activation", None), Step("affine", top, why), is_last and over_classes)
    if name == "Activation":
        return _activated(layer.activation, Step("identity", top, "linear activation"), is_last)
    if name == "Softmax" and is_last and _over_classes(call):
        return _softmax(top)
    if name in ACTIVATION_LAYERS:
        return Step(
            "activation", None, f"activation inside {name}" if hasattr(layer, "units") else f"activation {name}"
        )
    return Step("unknown", None, f"no rule for {name}; see register_degree_rule")


def _activated(function: Callable | None, step: Step, is_last: bool) -> Step:
    """`step`, followed by an activation function."""
    if function is None or function is keras.activations.linear:
        return step
    if function is keras.activations.softmax and is_last:
        return replace(step, why=f"{step.why}; {SOFTMAX}")
    name = getattr(function, "__name__", type(function).__name__)
    if function in _REGISTERED:
        rule, multiplications = _REGISTERED[function]
        known = _declared(lambda degrees: rule(function, degrees), multiplications, [step.degree], "")
        return Step("product", known.degree, f"{step.why}, then {name}", known.products)
    if getattr(function, "__module__", "").startswith("keras.src."):
        return Step("activation", None, f"activation {name}")
    return Step("unknown", None, f"no rule for the activation {name}; see register_degree_rule")


def _op_step(operation: keras.Operation, call: Call, inputs: list, is_last: bool) -> Step:
    name, top = type(operation).__name__, _largest(inputs)
    depends = [isinstance(x, keras.KerasTensor) for x in call.args]
    if name in SUM_OPS:
        return Step("sum", top, _listed("sum: largest of", inputs) if len(inputs) > 1 else "adds or moves values")
    if name in MOVES and depends[:1] == [True] and len(inputs) == 1:
        return Step("sum", top, "moves or adds values")
    if name in AFFINE_OPS and depends[:1] == [True] and len(inputs) == 1:
        return Step("affine", top, "affine map")
    if name in ("Divide", "TrueDivide"):
        constant_divisor = depends == [True, False]
        return Step("affine", top, "divides by a constant") if constant_divisor else _quotient()
    if name == "Square":
        return _product(inputs * 2)
    if name == "Power":
        return _power(call, inputs)
    if name in PRODUCT_OPS:
        return _product(inputs)
    if name in ("Cast", "SaturateCast"):
        return Step("identity", top, "changes the dtype")
    if name == "Softmax" and is_last and _over_classes(call):
        return _softmax(top)
    if name in BREAK_OPS:
        return Step("not polynomial", None, BREAK_OPS[name])
    if name in ACTIVATION_OPS:
        return Step("activation", None, f"activation {name.lower()}")
    return Step("unknown", None, f"no rule for keras.ops {name}")


def _product(inputs: list) -> Step:
    """A product of tensors: degrees add. With fewer than two factors that depend on the input it is a linear map."""
    factors = [degree for degree in inputs if degree != 0]
    if None in factors:
        return Step("product", None, "product")
    if len(factors) < 2:
        return Step("affine", sum(factors), "multiplies by constants")
    return Step(
        "product", sum(factors), "product: " + " + ".join(map(str, factors)), math.ceil(math.log2(len(factors)))
    )


def _power(call: Call, inputs: list) -> Step:
    exponent = call.args[1] if len(call.args) > 1 else call.kwargs.get("x2")
    if isinstance(exponent, float) and exponent.is_integer():
        exponent = int(exponent)
    if not isinstance(exponent, int) or exponent < 0 or len(inputs) != 1:
        return Step("not polynomial", None, "a power that is no constant integer, 0 or more")
    if exponent in (0, 1) or inputs[0] in (0, None):
        return _product(inputs * exponent) if exponent else Step("product", 0, "power 0: the constant 1")
    return Step("product", inputs[0] * exponent, f"power {exponent} of degree {inputs[0]}", (exponent - 1).bit_length())


def _over_classes(call: Call) -> bool:
    """Whether a softmax works on the last axis alone, where logits stand: only then the decision is that before it."""
    return call.operation.axis in (-1, len(call.outputs[0].shape) - 1)


def _quotient() -> Step:
    return Step("not polynomial", None, "divides by something that depends on the input")


def _softmax(degree: int | None) -> Step:
    return Step("softmax", degree, SOFTMAX)


def _largest(degrees: list) -> int | None:
    return None if None in degrees else max(degrees, default=0)


def _listed(words: str, degrees: list) -> str:
    return f"{words} {', '.join('?' if degree is None else str(degree) for degree in degrees)}"
