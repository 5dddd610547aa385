"""The recursion itself: its values, its initial scale, its factors, its range under mixed precision, its errors."""

import ast
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

import pinet_keras
from pinet_keras import (
    MirrorConv2D,
    PolyBlock2D,
    PolyConv1D,
    PolyConv2D,
    PolyDense,
    PolyInitializer,
    PolynomialActivation,
    SecondOrder2D,
)

from .battery import array, gradients, randomize
from .explicit import coefficient_tensors, evaluate, factors_of, patches

DECOMPOSITIONS = ["ccp", "ncp", "ncp_skip"]
every_decomposition = pytest.mark.parametrize("decomposition", DECOMPOSITIONS)


def assert_close(found, expected):
    np.testing.assert_allclose(array(found), expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


@every_decomposition
@pytest.mark.parametrize("degree", [1, 2, 3, 4])
@pytest.mark.parametrize("use_bias", [True, False])
def test_dense_equals_explicit_tensors(decomposition, degree, use_bias, rng):
    layer = PolyDense(3, degree=degree, rank=4, decomposition=decomposition, use_bias=use_bias)
    layer.build((None, 5))
    randomize(layer, rng)
    z = rng.normal(size=(7, 5))
    factors = factors_of(layer)
    tensors = coefficient_tensors(decomposition, factors)
    assert tensors[degree].shape == (3, *[5] * degree)
    assert_close(layer(z.astype("float32")), evaluate(tensors, factors["bias"], z))


CONVOLUTIONS = [
    {"strides": 1, "padding": "valid"},
    {"strides": 2, "padding": "same"},
    {"strides": 3, "padding": "valid"},
    {"dilation_rate": 2, "padding": "valid"},
    {"dilation_rate": 2, "padding": "same"},
]


@every_decomposition
@pytest.mark.parametrize("convolution", CONVOLUTIONS, ids=str)
@pytest.mark.parametrize("degree", [1, 3])
def test_conv2d_equals_explicit_tensors_of_its_patches(decomposition, convolution, degree, rng):
    layer = PolyConv2D(3, (2, 3), degree=degree, rank=2, decomposition=decomposition, **convolution)
    layer.build((None, 7, 8, 2))
    randomize(layer, rng)
    x = rng.normal(size=(2, 7, 8, 2))
    windows = patches(x, (2, 3), layer.strides, layer.padding, layer.dilation_rate)
    factors = factors_of(layer)
    tensors = coefficient_tensors(decomposition, factors)
    expected = evaluate(tensors, factors["bias"], windows.reshape(-1, windows.shape[-1]))
    assert_close(layer(x.astype("float32")), expected.reshape(*windows.shape[:-1], 3))


@every_decomposition
@pytest.mark.parametrize("convolution", [*CONVOLUTIONS, {"padding": "causal", "dilation_rate": 2}], ids=str)
def test_conv1d_equals_explicit_tensors_of_its_patches(decomposition, convolution, rng):
    layer = PolyConv1D(3, 3, degree=3, rank=2, decomposition=decomposition, **convolution)
    layer.build((None, 8, 2))
    randomize(layer, rng)
    x = rng.normal(size=(2, 8, 2))
    windows = patches(x[:, None], (1, 3), (1, *layer.strides), layer.padding, (1, *layer.dilation_rate))
    factors = factors_of(layer)
    expected = evaluate(
        coefficient_tensors(decomposition, factors), factors["bias"], windows.reshape(-1, windows.shape[-1])
    )
    assert_close(layer(x.astype("float32")), expected.reshape(2, -1, 3))


@pytest.mark.parametrize("layer_class", [PolyConv1D, PolyConv2D])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("step", [{"strides": 1}, {"strides": 2}, {"dilation_rate": 2}], ids=str)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_conv_shapes(layer_class, padding, step, data_format, rng):
    axes = layer_class._spatial_axes
    layer = layer_class(5, 3, decomposition="ncp_skip", padding=padding, data_format=data_format, **step)
    shape = (2, *(9, 8)[:axes], 4) if data_format == "channels_last" else (2, 4, *(9, 8)[:axes])
    convolution = (keras.layers.Conv1D, keras.layers.Conv2D)[axes - 1]
    plain = convolution(5, 3, padding=padding, data_format=data_format, **step)
    expected = plain.compute_output_shape(shape)
    assert layer.compute_output_shape(shape) == expected
    assert tuple(layer(keras.KerasTensor((None, *shape[1:]))).shape) == (None, *expected[1:])
    skip_where_refused(data_format)
    assert tuple(layer(rng.normal(size=shape).astype("float32")).shape) == expected


def skip_where_refused(data_format):
    if data_format == "channels_first" and keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        if not tf.config.list_physical_devices("GPU"):
            pytest.skip("TensorFlow has no channels_first convolution on a CPU")


CHANNELS_FIRST = [
    (PolyConv1D, {"filters": 3, "kernel_size": 2, "degree": 3, "normalization": "batch"}, (2, 5, 4)),
    (PolyConv2D, {"filters": 3, "kernel_size": 2, "decomposition": "ncp_skip", "strides": 2}, (2, 5, 6, 4)),
    (PolyBlock2D, {"filters": 3, "strides": 2, "normalization": "batch"}, (2, 5, 6, 4)),
    (SecondOrder2D, {}, (2, 5, 6, 4)),
    (MirrorConv2D, {"filters": 3, "kernel_size": (2, 3)}, (2, 5, 6, 4)),
]


@pytest.mark.parametrize("layer_class, arguments, shape", CHANNELS_FIRST)
def test_channels_first_is_channels_last_transposed(layer_class, arguments, shape, rng):
    skip_where_refused("channels_first")
    last = layer_class(**arguments, data_format="channels_last")
    first = layer_class(**arguments, data_format="channels_first")
    last.build(shape)
    randomize(last, rng)
    x = rng.normal(size=shape).astype("float32")
    moved = np.moveaxis(x, -1, 1)
    first.build(moved.shape)
    first.set_weights(last.get_weights())
    assert_close(first(moved), np.moveaxis(array(last(x)), -1, 1))


def test_block_is_its_formula(rng):
    block = PolyBlock2D(3, kernel_size=1)
    block.build((None, 4, 4, 3))
    x = rng.normal(size=(2, 4, 4, 3)).astype("float32")
    assert float(array(block.alpha)) == 0
    f = x @ array(block.f.kernel)[0, 0]
    assert_close(block(x), f + x)
    randomize(block, rng)
    f = x @ array(block.f.kernel)[0, 0] + array(block.f.bias)
    g = (f * x) @ array(block.g.kernel)[0, 0] + array(block.g.bias)
    assert_close(block(x), f + x + array(block.alpha) * g)


@pytest.mark.parametrize("shared", [True, False])
def test_activation_is_a_polynomial_of_normalised_powers(shared, rng):
    layer = PolynomialActivation(3, shared=shared)
    x = rng.normal(size=(50, 4)).astype("float32")
    layer.build(x.shape)
    randomize(layer, rng)
    a = [array(coefficient) for coefficient in layer.coefficients]
    axes = (0, 1) if shared else 0
    expected = a[0] + sum(
        a[j] * (x**j - (x**j).mean(axes)) / np.sqrt((x**j).var(axes) + layer.norms[0].epsilon) for j in (1, 2, 3)
    )
    moving = [[array(norm.moving_mean), array(norm.moving_variance)] for norm in layer.norms]
    assert_close(
        layer(x, training=False),
        a[0]
        + sum(
            a[j] * (x**j - mean) / np.sqrt(variance + layer.norms[0].epsilon)
            for j, (mean, variance) in enumerate(moving, start=1)
        ),
    )
    np.testing.assert_allclose(array(layer(x, training=True)), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: PolyDense(3, decomposition="ncp", normalization="batch"),
        lambda: PolyDense(3, rank=1, normalization="batch"),
        lambda: PolynomialActivation(2),
        lambda: PolynomialActivation(2, shared=True),
    ],
    ids=["dense", "dense-rank-1", "activation", "activation-shared"],
)
def test_masked_positions_leave_the_statistics_alone(layer, rng):
    layer = layer()
    x = rng.normal(size=(4, 6, 3)).astype("float32")
    mask = np.arange(6) < np.array([6, 2, 3, 1])[:, None]
    other = np.where(mask[..., None], x, 100.0).astype("float32")
    y, z = (array(layer(value, training=True, mask=ops.convert_to_tensor(mask))) for value in (x, other))
    np.testing.assert_allclose(y[mask], z[mask], rtol=1e-4, atol=1e-5)
    assert np.abs(array(layer(other, training=True))[mask] - y[mask]).max() > 0.1


def test_mask_is_passed_to_the_next_layer(rng):
    x = rng.normal(size=(2, 4, 3)).astype("float32")
    x[:, 2:] = 0
    model = keras.Sequential(
        [keras.layers.Masking(), PolyDense(5), PolynomialActivation(2), keras.layers.GlobalAveragePooling1D()]
    )
    masked = array(model(x))
    before = model.layers[2](model.layers[1](x[:, :2]))
    assert_close(masked, array(before).mean(axis=1))


# Initial scale, relative to degree 1 at the same input and rank.


def scale(make, shape, seed=0):
    """Output standard deviation, and norms of the gradient by all weights, by U_1 alone, and by the input."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    layer = make()
    layer.build(shape)
    training = layer.normalization is not None
    x = rng.normal(size=shape).astype("float32")
    y = array(layer(x, training=training))
    cotangent = (rng.normal(size=y.shape) / np.sqrt(y.size)).astype("float32")
    *weights, by_input = gradients(layer, x, cotangent, training)
    assert all(np.isfinite(gradient).all() for gradient in (*weights, by_input))
    first = [weight.path for weight in layer.trainable_weights].index(layer.input_factors[0].kernel.path)
    total = np.sqrt(sum((gradient**2).sum() for gradient in weights))
    return np.array([y.std(), total, np.linalg.norm(weights[first]), np.linalg.norm(by_input)])


def typical(make, shape, seeds=3):
    return np.exp(np.mean([np.log(scale(make, shape, seed)) for seed in range(seeds)], axis=0))


@every_decomposition
def test_scale_holds_from_degree_1_to_16_at_rank_64(decomposition):
    def at(degree):
        return scale(lambda: PolyDense(8, degree=degree, rank=64, decomposition=decomposition), (64, 64), seed=degree)

    reference = at(1)
    assert 0.5 < reference[0] < 2
    relative = np.array([at(degree) / reference for degree in range(2, 17)])
    # One draw may be luckier than another; the high degrees together may not leave the band.
    assert relative.min() > 0.1, relative
    assert relative.max() < 10, relative
    together = np.exp(np.log(relative[7:]).mean(axis=0))
    assert together.min() > 0.2, together
    assert together.max() < 5, together


@every_decomposition
@pytest.mark.parametrize("form", ["dense-batch", "conv2d"])
def test_scale_holds_at_degree_16_with_batch_normalisation_and_as_convolution(form, decomposition):
    def make(degree):
        if form == "conv2d":
            return PolyConv2D(8, 3, degree=degree, rank=16, decomposition=decomposition)
        return PolyDense(8, degree=degree, rank=64, decomposition=decomposition, normalization="batch")

    shape = (8, 6, 6, 8) if form == "conv2d" else (64, 64)
    relative = typical(lambda: make(16), shape) / typical(lambda: make(1), shape)
    assert relative.min() > 0.2, relative
    assert relative.max() < 5, relative


@every_decomposition
def test_output_scale_does_not_depend_on_rank(decomposition):
    def at(rank):
        return typical(lambda: PolyDense(8, degree=4, rank=rank, decomposition=decomposition), (64, 64))[0]

    assert 0.4 < at(128) / at(16) < 2.5


# Factors.


def kernels(layer):
    children = (*layer.input_factors, *layer.state_factors, *layer.skip_factors, layer.output_factor)
    return [array(child.kernel) for child in children]


INITIALIZERS = {
    "poly": lambda: "poly",
    "poly seeded": lambda: PolyInitializer(seed=7),
    "glorot": lambda: "glorot_uniform",
    "glorot seeded": lambda: keras.initializers.GlorotUniform(seed=7),
    "orthogonal seeded": lambda: keras.initializers.Orthogonal(seed=0),
    "seed generator": lambda: keras.initializers.RandomNormal(seed=keras.random.SeedGenerator(7)),
}


@pytest.mark.parametrize("initializer", INITIALIZERS.values(), ids=INITIALIZERS)
@every_decomposition
def test_factors_differ(initializer, decomposition):
    # Square everywhere, so that no two factors differ by shape alone.
    layer = PolyDense(6, degree=4, rank=6, decomposition=decomposition, kernel_initializer=initializer())
    layer.build((None, 6))
    drawn = [kernel / np.linalg.norm(kernel) for kernel in kernels(layer)]
    assert len(drawn) == {"ccp": 5, "ncp": 8, "ncp_skip": 11}[decomposition]
    for i, first in enumerate(drawn):
        for second in drawn[:i]:
            assert np.abs(first - second).max() > 1e-2


@pytest.mark.parametrize("layer_class", [PolyConv1D, PolyConv2D])
def test_factors_of_convolutions_differ(layer_class):
    layer = layer_class(4, 2, degree=3, kernel_initializer=PolyInitializer(seed=1))
    layer.build((None, *(5, 5)[: layer._spatial_axes], 3))
    first, second, third = (kernel / np.linalg.norm(kernel) for kernel in kernels(layer)[:3])
    for one, other in ((first, second), (first, third), (second, third)):
        assert np.abs(one - other).max() > 1e-2


def test_kernels_of_a_block_differ():
    block = PolyBlock2D(4, kernel_size=1, strides=2, kernel_initializer=keras.initializers.GlorotUniform(seed=1))
    block.build((None, 4, 4, 4))
    f, s, g = (array(conv.kernel) for conv in (block.f, block.s, block.g))
    assert min(np.abs(f - s).max(), np.abs(f - g).max(), np.abs(s - g).max()) > 1e-2


@pytest.mark.parametrize(
    "initializer", [PolyInitializer(seed=7), keras.initializers.HeNormal(seed=7)], ids=["PolyInitializer", "HeNormal"]
)
def test_a_seed_repeats_the_layer(initializer):
    def drawn():
        layer = PolyDense(4, degree=3, decomposition="ncp_skip", kernel_initializer=initializer)
        layer.build((None, 5))
        return kernels(layer)

    for first, second in zip(drawn(), drawn(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_other_initializers_are_used_as_they_are():
    layer = PolyDense(
        2, degree=3, rank=4, decomposition="ncp_skip", kernel_initializer=keras.initializers.Constant(0.5)
    )
    layer.build((None, 5))
    for kernel in kernels(layer):
        np.testing.assert_array_equal(kernel, 0.5)


def test_every_factor_is_regularised_and_constrained():
    layer = PolyDense(
        3,
        degree=3,
        decomposition="ncp_skip",
        kernel_regularizer="l2",
        kernel_constraint="unit_norm",
        bias_regularizer="l1",
        activity_regularizer="l2",
    )
    layer(np.ones((2, 4), "float32"))
    assert len(layer.losses) == 8 + 1 + 1
    assert sum(weight.constraint is not None for weight in layer.trainable_weights) == 8


def test_frozen_layer_trains_nothing():
    layer = PolyDense(3, normalization="batch", trainable=False)
    before = array(layer(np.ones((2, 4), "float32")))
    layer(np.full((2, 4), 9.0, "float32"), training=True)
    assert not layer.trainable_weights
    np.testing.assert_array_equal(array(layer(np.ones((2, 4), "float32"))), before)


# Mixed precision.


@every_decomposition
def test_the_recursion_has_the_range_of_float32_under_mixed_float16(decomposition):
    """x_N passes 2^16, the end of float16, while the output factor brings the result back into its range."""
    layer = PolyDense(2, degree=10, rank=2, decomposition=decomposition, dtype="mixed_float16")
    layer.build((None, 1))
    for child in (*layer.input_factors, *layer.state_factors, *layer.skip_factors):
        child.kernel.assign(np.full(child.kernel.shape, 2.0))
    for constant in layer.constants:
        constant.assign(np.ones(constant.shape))
    layer.output_factor.kernel.assign(np.full((2, 2), 2.0**-26))
    exact = PolyDense(2, degree=10, rank=2, decomposition=decomposition)
    exact.build((None, 1))
    exact.set_weights(layer.get_weights())
    x = np.full((1, 1), 2.0 if decomposition == "ccp" else 1.0, "float32")
    value, expected = array(ops.cast(layer(x), "float32")), array(exact(x))
    assert expected.min() * 2.0**25 > 2.0**16
    np.testing.assert_allclose(value, expected, rtol=1e-2)


# Errors.

DENSE, IMAGE = (2, 3), (2, 5, 5, 3)
WRONG = [
    (PolyDense, {"units": 2, "degree": 0}, DENSE, r"`degree`.*degree=0"),
    (PolyDense, {"units": 2, "degree": -1}, DENSE, r"`degree`.*degree=-1"),
    (PolyDense, {"units": 2, "degree": 2.5}, DENSE, r"`degree`.*degree=2.5"),
    (PolyDense, {"units": 2, "degree": True}, DENSE, r"`degree`.*degree=True"),
    (PolyDense, {"units": 2, "rank": -4}, DENSE, r"`rank`.*rank=-4"),
    (PolyDense, {"units": 2, "rank": 0}, DENSE, r"`rank`.*rank=0"),
    (PolyDense, {"units": 0}, DENSE, r"`units`.*units=0"),
    (PolyDense, {"units": "three"}, DENSE, r"`units`.*units='three'"),
    (PolyDense, {"units": 2, "decomposition": "cp"}, DENSE, r"'ccp', 'ncp', 'ncp_skip'.*decomposition='cp'"),
    (PolyDense, {"units": 2, "normalization": "layer"}, DENSE, r"'batch'.*normalization='layer'"),
    (PolyDense, {"units": 2, "kernel_initializer": "pony"}, DENSE, r"pony"),
    (PolyDense, {"units": 2}, (3,), r"ndim"),
    (PolyDense, {"units": 2}, (2, None), r"known size.*input_shape=\(2, None\)"),
    (PolyConv1D, {"filters": 2, "kernel_size": 3}, IMAGE, r"ndim"),
    (PolyConv1D, {"filters": -2, "kernel_size": 3}, (2, 5, 3), r"`filters`.*filters=-2"),
    (PolyConv2D, {"filters": 2, "kernel_size": 3}, (2, 5, 3), r"ndim"),
    (PolyConv2D, {"filters": 2, "kernel_size": 3}, (2, 5, 5, None), r"known size"),
    (PolyConv2D, {"filters": 2, "kernel_size": 3, "degree": 0}, IMAGE, r"degree=0"),
    (PolyConv2D, {"filters": 2, "kernel_size": 0}, IMAGE, r"kernel_size"),
    (PolyConv2D, {"filters": 2, "kernel_size": 6}, IMAGE, r"kernel_size|output size|shape"),
    (PolyConv2D, {"filters": 2, "kernel_size": 3, "padding": "reflect"}, IMAGE, r"padding.*reflect"),
    (PolyConv2D, {"filters": 2, "kernel_size": 3, "padding": "causal"}, IMAGE, r"padding.*causal"),
    (PolyConv2D, {"filters": 2, "kernel_size": 3, "data_format": "NCHW"}, IMAGE, r"data_format.*(?i:nchw)"),
    (PolyConv2D, {"filters": 2, "kernel_size": 3, "strides": 2, "dilation_rate": 2}, IMAGE, r"strides"),
    (PolyBlock2D, {"filters": 0}, IMAGE, r"filters=0"),
    (PolyBlock2D, {"filters": 2, "normalization": "layer"}, IMAGE, r"normalization='layer'"),
    (PolyBlock2D, {"filters": 2}, (2, 5, 3), r"ndim"),
    (PolyBlock2D, {"filters": 2}, (2, 5, 5, None), r"known size"),
    (PolynomialActivation, {"degree": 0}, DENSE, r"degree=0"),
    (PolynomialActivation, {}, (3,), r"ndim"),
    (PolynomialActivation, {}, (2, None), r"known size"),
    (PolynomialActivation, {"axis": 0}, DENSE, r"axis=0"),
    (PolynomialActivation, {"axis": 2}, DENSE, r"axis=2"),
]


@pytest.mark.parametrize("layer_class, arguments, shape, message", WRONG)
def test_wrong_arguments_and_inputs_are_refused(layer_class, arguments, shape, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        layer_class(**arguments)(keras.KerasTensor(shape))


def test_a_built_layer_refuses_other_channels():
    layer = PolyDense(2)
    layer.build((None, 3))
    with pytest.raises(ValueError, match="3"):
        layer(np.ones((2, 4), "float32"))


def test_rank_defaults_to_the_outputs():
    assert PolyDense(5).rank == PolyConv2D(5, 3).rank == PolyConv1D(5, 3).rank == 5


def test_no_module_imports_tensorflow():
    for path in Path(pinet_keras.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] == "tensorflow"], path
