"""The cases that every check of the layers runs over, and what the checks share."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from pinet_keras import (
    HermiteActivation,
    MirrorConv2D,
    PolyBlock2D,
    PolyConv1D,
    PolyConv2D,
    PolyDense,
    PolyGraphConv,
    PolynomialActivation,
    RangeControl,
    ReLUApproximation,
    SecondOrder2D,
)


@dataclass(frozen=True)
class Case:
    name: str
    layer_class: type
    arguments: dict
    input_shape: tuple
    output_shape: tuple
    degree: int
    inner_depth: int
    trainable: int
    non_trainable: int = 0
    losses: int = 0
    masks: bool = False
    seeds: int = 0

    def layer(self, **arguments):
        return self.layer_class(**{**self.arguments, **arguments})


def _dense(name, trainable, non_trainable=0, losses=0, input_shape=(4, 6), **arguments):
    degree = arguments["degree"]
    # Products at each step after the first; in the NCP forms an affine map between each two.
    depth = degree - 1 if arguments.get("decomposition", "ccp") == "ccp" else {2: 1, 3: 3}[degree]
    shapes = input_shape, (*input_shape[:-1], 3)
    return Case(
        name, PolyDense, {"units": 3, **arguments}, *shapes, degree, depth, trainable, non_trainable, losses, True
    )


CASES = [
    _dense("dense-linear", 3, degree=1),
    _dense("dense-ccp", 5, degree=3, rank=4),
    _dense("dense-ncp", 10, degree=3, rank=4, decomposition="ncp"),
    _dense("dense-ncp_skip", 11, degree=3, rank=4, decomposition="ncp_skip", use_bias=False),
    _dense(
        "dense-regularised",
        4,
        losses=5,
        degree=2,
        kernel_regularizer="l2",
        bias_regularizer="l1",
        activity_regularizer="l2",
        kernel_constraint="non_neg",
        bias_constraint="max_norm",
        kernel_initializer=keras.initializers.GlorotUniform(seed=3),
        bias_initializer="ones",
    ),
    _dense("dense-steps", 4, degree=2, input_shape=(2, 5, 6)),
    _dense(
        "dense-batch",
        19,
        10,
        degree=3,
        rank=4,
        decomposition="ncp_skip",
        normalization="batch",
        input_shape=(4, 5, 6),
        use_bias=False,
        kernel_initializer="he_normal",
    ),
    Case(
        "conv1d-ncp",
        PolyConv1D,
        {"filters": 3, "kernel_size": 3, "degree": 2, "rank": 5, "decomposition": "ncp", "padding": "causal"},
        (2, 7, 4),
        (2, 7, 3),
        degree=2,
        inner_depth=1,
        trainable=7,
    ),
    Case(
        "conv1d-ccp",
        PolyConv1D,
        {"filters": 3, "kernel_size": 2, "degree": 4, "strides": 2},
        (2, 8, 4),
        (2, 4, 3),
        degree=4,
        inner_depth=3,
        trainable=6,
    ),
    Case(
        "conv2d-ccp",
        PolyConv2D,
        {"filters": 4, "kernel_size": 3, "degree": 3, "rank": 2, "padding": "same", "strides": 2},
        (2, 7, 6, 3),
        (2, 4, 3, 4),
        degree=3,
        inner_depth=2,
        trainable=5,
    ),
    Case(
        "conv2d-ncp_skip-batch",
        PolyConv2D,
        {
            "filters": 4,
            "kernel_size": (2, 3),
            "decomposition": "ncp_skip",
            "dilation_rate": 2,
            "normalization": "batch",
            "kernel_regularizer": "l2",
        },
        (2, 7, 8, 3),
        (2, 5, 4, 4),
        degree=2,
        inner_depth=1,
        trainable=13,
        non_trainable=6,
        losses=5,
    ),
    Case(
        "graph-ccp",
        PolyGraphConv,
        {"units": 3, "adjacency": [[0.5, 0.5, 0.0], [0.5, 0.0, -2.0], [0.0, 0.0, 1.0]], "degree": 3, "rank": 4},
        (2, 3, 6),
        (2, 3, 3),
        degree=3,
        inner_depth=2,
        trainable=5,
    ),
    Case(
        "graph-ncp_skip-batch",
        PolyGraphConv,
        {
            "units": 3,
            "adjacency": [[0.0, 1.0], [0.5, 0.5]],
            "decomposition": "ncp_skip",
            "normalization": "batch",
            "kernel_regularizer": "l2",
        },
        (4, 2, 6),
        (4, 2, 3),
        degree=2,
        inner_depth=1,
        trainable=13,
        non_trainable=6,
        losses=5,
    ),
    Case(
        "block2d-identity",
        PolyBlock2D,
        {"filters": 3},
        (2, 5, 6, 3),
        (2, 5, 6, 3),
        degree=2,
        inner_depth=1,
        trainable=5,
    ),
    Case(
        "block2d-batch",
        PolyBlock2D,
        {"filters": 4, "strides": 2, "normalization": "batch", "kernel_regularizer": "l2"},
        (2, 5, 6, 3),
        (2, 3, 3, 4),
        degree=2,
        inner_depth=1,
        trainable=10,
        non_trainable=6,
        losses=3,
    ),
    Case(
        "activation",
        PolynomialActivation,
        {"degree": 3, "coefficient_regularizer": "l2"},
        (4, 5, 6),
        (4, 5, 6),
        degree=3,
        inner_depth=2,
        trainable=4,
        non_trainable=6,
        losses=4,
        masks=True,
    ),
    Case(
        "activation-shared",
        PolynomialActivation,
        {"degree": 4, "shared": True},
        (4, 5, 6),
        (4, 5, 6),
        degree=4,
        inner_depth=2,
        trainable=5,
        non_trainable=8,
        masks=True,
    ),
    Case(
        "activation-initial",
        PolynomialActivation,
        {"degree": 2, "initial": "relu", "bound": 2.0},
        (4, 5, 6),
        (4, 5, 6),
        degree=2,
        inner_depth=1,
        trainable=3,
        non_trainable=4,
        masks=True,
    ),
    Case(
        "activation-axis",
        PolynomialActivation,
        {"degree": 2, "axis": 1},
        (4, 5, 3, 3),
        (4, 5, 3, 3),
        degree=2,
        inner_depth=1,
        trainable=3,
        non_trainable=4,
        masks=True,
    ),
    Case(
        "hermite",
        HermiteActivation,
        {"momentum": 0.8},
        (4, 5, 6),
        (4, 5, 6),
        degree=2,
        inner_depth=1,
        trainable=3,
        non_trainable=4,
    ),
    Case(
        "hermite-axis",
        HermiteActivation,
        {"degree": 6, "axis": 1},
        (4, 5, 3, 3),
        (4, 5, 3, 3),
        degree=6,
        inner_depth=3,
        trainable=5,
        non_trainable=8,
    ),
    Case(
        "mirror-conv",
        MirrorConv2D,
        {
            "filters": 3,
            "kernel_size": (2, 3),
            "padding": "same",
            "kernel_regularizer": "l2",
            "bias_constraint": "max_norm",
        },
        (2, 5, 6, 4),
        (2, 5, 6, 6),
        degree=1,
        inner_depth=0,
        trainable=2,
        losses=1,
    ),
    Case(
        "mirror-conv-image",
        MirrorConv2D,
        {"filters": 3, "kernel_size": 2, "paired": False, "use_bias": False},
        (2, 5, 6, 3),
        (2, 4, 5, 6),
        degree=1,
        inner_depth=0,
        trainable=1,
    ),
    Case(
        "range-control",
        RangeControl,
        {"bound": 4.0, "penalty": 0.5},
        (4, 5, 6),
        (4, 5, 6),
        degree=1,
        inner_depth=0,
        trainable=0,
        masks=True,
    ),
    Case(
        "relu-approximation",
        ReLUApproximation,
        {"degree": 6, "bound": 4.0},
        (4, 5, 6),
        (4, 5, 6),
        degree=6,
        inner_depth=3,
        trainable=0,
        masks=True,
    ),
    Case(
        "second-order",
        SecondOrder2D,
        {"alpha": 0.5, "dropout": 0.2},
        (2, 5, 6, 3),
        (2, 5, 6, 3),
        degree=2,
        inner_depth=1,
        trainable=3,
        non_trainable=2,
        seeds=1,
    ),
    Case(
        "second-order-plain",
        SecondOrder2D,
        {"alpha": None},
        (2, 5, 6, 3),
        (2, 5, 6, 3),
        degree=2,
        inner_depth=1,
        trainable=1,
    ),
]


def randomize(model, rng):
    """Gives every weight a random value of the size that a trained one may have; variances stay positive."""
    for weight in model.weights:
        if "variance" in weight.name:
            value = rng.uniform(0.5, 2.0, weight.shape)
        else:
            value = rng.normal(size=weight.shape) / max(1, np.prod(weight.shape[:-1])) ** 0.5
        weight.assign(value.astype(weight.dtype))


def array(tensor):
    return ops.convert_to_numpy(tensor)


def gradients(layer, inputs, cotangent, training=False):
    """Gradients of Σ cotangent · layer(inputs) with respect to the trainable weights, then to the inputs."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        x = tf.constant(inputs)
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x, training=training) * cotangent)
        values = [variable.value for variable in layer.trainable_weights]
        found = tape.gradient(loss, [*values, x])
    elif backend == "jax":
        import jax

        frozen = [variable.value for variable in layer.non_trainable_variables]

        def loss_of(trainable, x):
            return (layer.stateless_call(trainable, frozen, x, training=training)[0] * cotangent).sum()

        values = [variable.value for variable in layer.trainable_variables]
        weights, x = jax.grad(loss_of, argnums=(0, 1))(values, inputs)
        found = [*weights, x]
    else:
        import torch

        x = torch.tensor(inputs, requires_grad=True)
        loss = (layer(x, training=training) * torch.tensor(cotangent)).sum()
        found = torch.autograd.grad(loss, [*(variable.value for variable in layer.trainable_weights), x])
    return [np.asarray(array(gradient)) for gradient in found]
