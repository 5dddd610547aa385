"""Multiply-accumulates of a model."""

import math

import keras
from keras import tree

from pinet_keras.analysis.graph import Call, calls_of, graph_of, is_keras_layer, is_keras_op, trace
from pinet_keras.analysis.operation_kinds import ACTIVATION_LAYERS, PRODUCT_OPS

RECURRENT = ACTIVATION_LAYERS - {"ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"}


def count_macs(model: keras.Model) -> int:
    """Count the multiply-accumulates that one example costs at inference.

    Counted: every product of a weight and a value in Dense, EinsumDense, (separable, depthwise, transposed)
    convolutions and matrix products, with zeros of the padding counted as values; every product of two values that
    depend on the input (Hadamard products, squares), one per element.
    Not counted: biases, sums, pooling, moves; products by one constant per channel (batch normalisation, scaling, α),
    which fold into their neighbours; activation functions and softmax.

    A layer of your own is opened through a symbolic call of its children and `keras.ops`, unless it has a method
    `macs_rule(input_shape) -> int`, whose count is then taken.

    Args:
        model: a built `keras.Model` with a graph and fixed input sizes (the batch size may be open).

    Returns:
        The count, an int.

    Raises:
        ValueError: a shape is open; a model without a graph or `macs_rule`; a layer that cannot be counted.

    Example:
        >>> from pinet_keras import analysis
        >>> model = keras.Sequential([keras.Input((8,)), pinet_keras.PolyDense(4, degree=2)])
        >>> analysis.count_macs(model)  # U_1 and U_2 of 8·4 each, C of 4·4, and a product of 4 values
        84
    """
    if hasattr(model, "macs_rule"):
        return int(model.macs_rule(model.input_shape))
    graph = graph_of(model)
    if graph is None:
        raise ValueError(f"A model without a graph cannot be counted. Received: model={model!r}")
    return _count_graph(graph, [x.shape for x in graph.inputs])


def _count_graph(graph: keras.Function, input_shapes: list) -> int:
    shapes = {id(x): tuple(shape) for x, shape in zip(graph.inputs, input_shapes, strict=True)}
    total = 0
    for call in calls_of(graph):
        for tensor in call.outputs:
            shapes.setdefault(id(tensor), tuple(tensor.shape))
        total += _count_call(call, shapes)
    return total


def _count_call(call: Call, shapes: dict) -> int:
    operation = call.operation
    inputs = [shapes[id(x)] for x in call.tensors]
    outputs = [tuple(x.shape) for x in call.outputs]
    if any(None in shape[1:] for shape in inputs + outputs):
        raise ValueError(f"Sizes must be fixed to be counted. Received: {operation.name} with shapes {inputs}")
    if hasattr(operation, "macs_rule"):
        return int(operation.macs_rule(inputs[0] if len(inputs) == 1 else inputs))
    if isinstance(operation, keras.Model) and graph_of(operation) is not None:
        graph = graph_of(operation)
        return _count_graph(graph, [shapes[id(x)] for x in call.tensors_for(graph)])
    if is_keras_op(operation):
        return _op_macs(call, outputs[0])
    if is_keras_layer(operation):
        return _layer_macs(operation, call, inputs, outputs[0])
    return _count_graph_of_layer(operation, inputs)


def _count_graph_of_layer(layer: keras.layers.Layer, inputs: list) -> int:
    function = trace(layer, inputs)
    return _count_graph(function, [x.shape for x in function.inputs])


def _layer_macs(layer: keras.layers.Layer, call: Call, inputs: list, output: tuple) -> int:
    name, size = type(layer).__name__, math.prod(output[1:])
    if name == "SpectralNormalization":
        return _layer_macs(layer.layer, call, inputs, output)
    if name == "TimeDistributed":
        steps, inner_in, inner_out = inputs[0][1], (None, *inputs[0][2:]), (None, *output[2:])
        if isinstance(layer.layer, keras.Model):
            return steps * _count_graph(graph_of(layer.layer), [inner_in])
        return steps * _layer_macs(layer.layer, call, [inner_in], inner_out)
    if name == "Dense":
        return inputs[0][-1] * size
    if name == "EinsumDense":
        return _einsum_macs(layer.equation, [inputs[0], tuple(layer.kernel.shape)])
    if name.startswith("SeparableConv"):
        depthwise, pointwise = math.prod(layer.depthwise_kernel.shape), math.prod(layer.pointwise_kernel.shape)
        return (depthwise + pointwise) * _positions(output, layer.data_format)
    if name.startswith("DepthwiseConv"):
        return math.prod(layer.kernel.shape) * _positions(output, layer.data_format)
    if name.startswith("Conv") and name.endswith("Transpose"):
        return math.prod(layer.kernel.shape) * _positions(inputs[0], layer.data_format)
    if name in ("Conv1D", "Conv2D", "Conv3D"):
        return math.prod(layer.kernel.shape) * _positions(output, layer.data_format)
    if name == "Multiply":
        return (len(inputs) - 1) * size
    if name == "Dot":
        axes = layer.axes if isinstance(layer.axes, int) else layer.axes[0]
        return inputs[0][axes] * size
    if name in RECURRENT:
        raise ValueError(f"Recurrent and attention layers are not counted. Received: layer={layer.name}")
    return 0


def _op_macs(call: Call, output: tuple) -> int:
    """An op with a batch of None or 1: sizes are those of one example."""
    name, size = type(call.operation).__name__, math.prod(output[1:])
    values = [x for x in tree.flatten((call.args, call.kwargs)) if hasattr(x, "shape") and len(x.shape)]
    shapes = [tuple(1 if n is None else n for n in x.shape) for x in values]
    depends = sum(isinstance(x, keras.KerasTensor) for x in values)
    if name == "Square":
        return size
    if name == "Power":
        exponent = call.args[1]
        return size * (int(exponent) - 1) if isinstance(exponent, int | float) and exponent >= 1 else 0
    if name == "Multiply":
        return size if depends == 2 else 0
    if name == "Matmul":
        return shapes[0][-1] * size
    if name == "Einsum":
        return _einsum_macs(call.operation.subscripts, shapes)
    if name in ("Conv", "DepthwiseConv"):
        return math.prod(shapes[1]) * _positions(output, call.operation.data_format)
    if name == "ConvTranspose":
        return math.prod(shapes[1]) * _positions(shapes[0], call.operation.data_format)
    if name in PRODUCT_OPS:
        raise ValueError(f"keras.ops {name} is not counted. Received: {name} with shapes {shapes}")
    return 0


def _positions(shape: tuple, data_format: str | None) -> int:
    """Number of places in a feature map: its shape without batch and channels."""
    data_format = data_format or keras.config.image_data_format()
    return math.prod(shape[2:] if data_format == "channels_first" else shape[1:-1])


def _einsum_macs(equation: str, shapes: list) -> int:
    """Size of the joint index space: one multiply-accumulate for each, the batch being one example."""
    terms = equation.replace(" ", "").split("->")[0].split(",")
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        head, dots, tail = term.partition("...")
        covered = len(shape) - len(head) - len(tail)
        labels = [*head, *(f"…{covered - i}" for i in range(covered if dots else 0)), *tail]
        for label, n in zip(labels, shape, strict=True):
            sizes[label] = max(sizes.get(label, 1), 1 if n is None else n)
    return math.prod(sizes.values())
