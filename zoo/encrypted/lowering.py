"""From a certified `keras.Model` to a program of affine maps and products."""

import keras
import numpy as np
from keras import ops, tree
from numpy.typing import ArrayLike
from scipy import sparse

from pinet_keras.analysis import Evaluator, certify, fold
from pinet_keras.analysis.graph import Call, calls_of, class_name, is_keras_layer, is_keras_op, trace
from pinet_keras.analysis.operation_kinds import IDENTITIES, MOVES, SCALINGS, SUMS
from pinet_keras.analysis.replay import float64_enabled
from zoo.architectures.parts.pixel_scaling import PixelScaling
from zoo.encrypted import linear_maps
from zoo.encrypted.forms import Form, TooManyWeights
from zoo.encrypted.products import Products
from zoo.encrypted.program import Choices, Program

FEW_WEIGHTS = 10_000_000  # up to which shortcuts are joined with what follows them, and not added to products
ADDING_MOVES = {"Sum", "Cumsum", "Diff", "Trace"}  # of MOVES, these add values


def lower(model: keras.Model, examples: ArrayLike | None = None, choices: Choices | None = None) -> Program:
    """Write a certified model as a program of affine maps and products.

    Args:
        model: a model of tier 2 or 3 with one input of fixed size.
        examples: valid inputs `[n, *input_shape]`, by which squares are completed where that is exact enough.
        choices: those of an earlier program of this model, which are made again; then the examples do not matter.

    Returns:
        `Program`; its values are the model's logits, a softmax at the end left out.

    Raises:
        ValueError: the model is not of tier 2 or 3, for the certificate's reasons; or it has an operation, or inputs,
            that encrypted inference has no rule for.
    """
    certificate = certify(model)
    if certificate.tier not in (2, 3):
        reasons = "; ".join(certificate.reasons)
        raise ValueError(
            f"Encrypted inference needs a polynomial: tier 2 or 3. Received: {model.name}, "
            f"{certificate.tier_name}: {reasons}"
        )
    flat = Evaluator(fold(model)).model
    if len(flat.inputs) != 1 or len(flat.outputs) != 1 or None in flat.inputs[0].shape[1:]:
        shapes = [tuple(x.shape) for x in flat.inputs]
        raise ValueError(f"Encrypted inference needs one input of fixed size and one output. Received: inputs {shapes}")
    with float64_enabled():
        shape = tuple(flat.inputs[0].shape[1:])
        if choices is not None:
            return _program(flat, Products(shape, choices=choices))
        products = Products(shape, examples)
        try:
            composed = _program(flat, products)
        except TooManyWeights:
            return _program(flat, Products(shape, examples, adds=True))
        if composed.weights <= FEW_WEIGHTS or not products.joined:
            return composed
        return min(composed, _program(flat, Products(shape, examples, adds=True)), key=lambda each: each.weights)


def _program(graph: keras.Model, products: Products) -> Program:
    (logits,) = _Lowering(products).graph(graph, [Form.of_vector(0, products.input_shape)])
    return products.program(logits)


class _Lowering:
    """Walks a graph and keeps the affine form of every tensor."""

    def __init__(self, products: Products):
        self.products = products

    def graph(self, graph, inputs: list[Form]) -> list[Form]:
        forms = dict(zip(map(id, graph.inputs), inputs, strict=True))
        calls = calls_of(graph)
        used = {id(x) for call in calls for x in call.tensors}
        for call in calls:
            is_last = not any(id(x) in used for x in call.outputs)
            results = self.call(call, [forms[id(x)] for x in call.tensors], is_last)
            forms.update(zip(map(id, call.outputs), results, strict=True))
        return [forms[id(x)] for x in graph.outputs]

    def call(self, call: Call, inputs: list[Form], is_last: bool) -> list[Form]:
        operation, name = call.operation, class_name(call.operation)
        try:
            if is_keras_op(operation) or is_keras_layer(operation):
                return self._known(call, name, inputs, is_last)
            if isinstance(operation, PixelScaling):  # clips what is no pixel, and is affine on pixels
                return [self._elementwise(call, inputs[0])]
            function = trace(operation, [(1, *form.shape) for form in inputs])
            return self.graph(function, inputs)
        except ValueError as error:
            layer = operation.name.removesuffix("__logits")  # as a copy without softmax is called
            kind = TooManyWeights if isinstance(error, TooManyWeights) else ValueError
            raise kind(f"{layer} ({name}) cannot be computed on encrypted values. {error}") from error

    def _known(self, call: Call, name: str, inputs: list[Form], is_last: bool) -> list[Form]:
        operation, first = call.operation, inputs[0]
        if name in IDENTITIES or name in ("Cast", "SaturateCast", "StopGradient", "Copy"):
            return [first]
        if name == "Softmax" and is_last:
            return [first]
        if name in ("Add", "Subtract", "Average"):
            return [self._sum(call, name)(self._arguments(call, inputs))]
        if name == "Negative":
            return [first.scaled(-1.0)]
        if name == "Multiply":
            return [self.products.of_all(self._arguments(call, inputs))]
        if name == "Square" or (name == "Power" and isinstance(call.args[1], int | float)):
            return [self.products.power(first, 2 if name == "Square" else int(call.args[1]))]
        if name in ("Divide", "TrueDivide"):
            factor = 1 / np.asarray(ops.convert_to_numpy(call.args[1]), dtype="float64")
            return [self.products.multiply(first, Form.of_constant(factor))]
        if name in SCALINGS | {"BatchNormalization"} or (name == "Activation" and linear_maps.is_linear(operation)):
            return [self._elementwise(call, first)]
        if name in (SUMS | MOVES) - ADDING_MOVES:
            return self._moved(call, inputs)
        if len(inputs) > 1:
            raise ValueError("It joins several tensors, and only sums, products and moves of them have rules.")
        return [self._activated(operation, self._affine(call, name, first), is_last)]

    def _affine(self, call: Call, name: str, form: Form) -> Form:
        layer, shape = call.operation, form.shape
        if name == "Dense":
            kernel = np.asarray(ops.convert_to_numpy(layer.kernel), dtype="float64")
            matrix, out = linear_maps.dense(kernel, shape), (*shape[:-1], kernel.shape[1])
            return form.mapped(matrix, out, linear_maps.bias(layer, matrix.shape[0]))
        if name in (
            "Conv1D",
            "Conv2D",
            "Conv3D",
            "DepthwiseConv1D",
            "DepthwiseConv2D",
        ) and linear_maps.is_channels_last(layer):
            matrix, out = linear_maps.convolution(layer, shape)
            return form.mapped(matrix, out, linear_maps.bias(layer, matrix.shape[0]))
        if name.startswith("AveragePooling") and linear_maps.is_channels_last(layer):
            return form.mapped(*linear_maps.average_pooling(layer, shape))
        if name.startswith("GlobalAveragePooling") and linear_maps.is_channels_last(layer):
            places = int(np.prod(shape[:-1]))
            means = sparse.csr_array(sparse.kron(np.full((1, places), 1 / places), sparse.eye_array(shape[-1])))
            return form.mapped(means, tuple(call.outputs[0].shape[1:]))
        matrix, shift, out = linear_maps.unit_vectors(self._function(call, without_activation=True), shape)
        return form.mapped(matrix, out, shift)

    def _activated(self, layer, form: Form, is_last: bool) -> Form:
        function = getattr(layer, "activation", None)
        if function in (None, keras.activations.linear) or (function is keras.activations.softmax and is_last):
            return form
        if function is ops.square:
            return self.products.power(form, 2)
        raise ValueError(f"Its activation has no rule. Received: activation={function}")

    def _sum(self, call: Call, name: str):
        return {
            "Add": lambda forms: self.products.sum(forms),
            "Subtract": lambda forms: self.products.sum([forms[0], forms[1].scaled(-1.0)]),
            "Average": lambda forms: self.products.sum(forms).scaled(1 / len(forms)),
        }[name]

    def _arguments(self, call: Call, inputs: list[Form]) -> list[Form]:
        """The operands of a sum or product, constants among them."""
        forms, found = iter(inputs), []
        for argument in tree.flatten(call.args):
            if isinstance(argument, keras.KerasTensor):
                found.append(next(forms))
            else:
                constant = np.asarray(ops.convert_to_numpy(argument), dtype="float64")
                found.append(Form.of_constant(constant[0] if constant.ndim > len(inputs[0].shape) else constant))
        return found

    def _elementwise(self, call: Call, form: Form) -> Form:
        return form.scaled(*linear_maps.elementwise(self._function(call), form.shape))

    def _moved(self, call: Call, inputs: list[Form]) -> list[Form]:
        moves = linear_maps.gather(self._function(call), [form.shape for form in inputs])
        bounds = np.cumsum([0, *(form.constant.size for form in inputs)])
        results = []
        for matrix, shape in moves:
            parts = [
                form.mapped(sparse.csr_array(matrix[:, a:b]), shape)
                for form, a, b in zip(inputs, bounds, bounds[1:], strict=False)
            ]
            total = parts[0]
            for part in parts[1:]:
                total = total.plus(part)
            results.append(total)
        return results

    def _function(self, call: Call, without_activation: bool = False):
        """The call as a function of arrays, which take the places of its symbolic tensors."""

        def function(*arrays):
            values = iter(arrays)

            def value(x):
                if isinstance(x, keras.KerasTensor):
                    return ops.convert_to_tensor(next(values))
                is_array = (ops.is_tensor(x) or isinstance(x, np.ndarray)) and "float" in str(x.dtype)
                return ops.cast(x, "float64") if is_array else x  # as the arrays are: a convolution does not mix dtypes

            args, kwargs = tree.map_structure(value, (call.args, call.kwargs))
            return call.operation(*args, **kwargs)

        if without_activation and not linear_maps.is_linear(call.operation):
            raise ValueError("It has no rule with an activation.")
        return function
