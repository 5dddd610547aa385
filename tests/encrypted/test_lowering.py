"""A program computes what its Keras model computes, at the depth that the certificate says."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import pinet_keras
import zoo
from pinet_keras.analysis import Evaluator, certify
from zoo.data.samples import sample_inputs
from zoo.encrypted import linear_maps
from zoo.encrypted.lowering import lower
from zoo.encrypted.program import Affine, Product, measured, normalised
from zoo.encrypted.ranges import read_ranges, structure_of

from .models import randomised, residual


def check(model, examples):
    program, wanted = lower(model, examples), Evaluator(model)([np.asarray(examples, dtype="float64")])
    for each in (program, normalised(measured(program, [examples]))):
        np.testing.assert_allclose(each.run(examples), wanted, rtol=0, atol=1e-5 * max(1, np.abs(wanted).max()))
    return program


@pytest.mark.parametrize("name", ["pinet_digits", "pinet_mnist_encrypted", "pinet_mnist_tiny", "pinet_mnist_shallow"])
def test_models_of_the_zoo(name):
    card = zoo.card(name)
    program = check(zoo.load(name), sample_inputs(card))
    assert program.depth == card["multiplicative_depth"]
    assert structure_of(program) == read_ranges(name).structure  # so the shipped ranges are those of its vectors
    matrices = [matrix for step in program.steps if isinstance(step, Affine) for matrix in step.terms.values()]
    assert {str(matrix.indices.dtype) for matrix in matrices} == {"int32"}  # with int64 they take a third more memory
    depths = program.depths()
    for vector, step in enumerate(program.steps, start=1):
        if isinstance(step, Product):  # its factors are made as late as it allows
            assert depths[step.left] == depths[step.right] == depths[vector] - 1


@pytest.mark.parametrize("decomposition, products", [("ccp", 2), ("ncp", 2), ("ncp_skip", 2)])
def test_recursions(decomposition, products):
    layer = pinet_keras.PolyDense(5, degree=3, rank=4, decomposition=decomposition)
    model = randomised(keras.Sequential([keras.Input((6,)), layer]))
    program = check(model, np.random.default_rng(1).normal(size=(4, 6)))
    assert sum(isinstance(step, Product) for step in program.steps) == products
    assert program.depth == certify(model).multiplicative_depth


def test_a_product_and_its_factor_are_read_as_one_vector():
    """a ∗ b + a is a ∗ (b + 1): the map after it reads neither a nor the input."""
    model = randomised(keras.Sequential([keras.Input((6,)), pinet_keras.PolyDense(5, degree=2, rank=4)]))
    program = lower(model)
    last = program.steps[-1]
    assert isinstance(last, Affine) and last.reads == (program.output - 1,)


def hermite(gain):
    inputs = keras.Input((6,))
    layer = pinet_keras.HermiteActivation()
    x = layer(layers.Dense(5)(inputs))
    model = randomised(keras.Model(inputs, layers.Dense(3)(x)))
    layer.gain.assign(gain)
    return model


@pytest.mark.parametrize(
    "gain, is_square",
    [([0.5, -0.4, 0.3, 0.2, 0.0], True), ([0.5, 900.0, 0.3, 0.2, 0.1], False)],
    ids=["small shifts", "a large shift"],
)
def test_a_square_and_its_factor_are_read_as_one_vector(gain, is_square):
    """f a² + g a is a square of a + g / 2f if the shift is small, else a ∗ (f a + g)."""
    model, examples = hermite(gain), np.random.default_rng(7).normal(size=(8, 6))
    program = lower(model, examples)
    wanted = Evaluator(model)([examples])
    np.testing.assert_allclose(program.run(examples), wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())
    assert program.depth == 3 and program.steps[-1].reads == (program.output - 1,)
    (product,) = [step for step in program.steps if isinstance(step, Product)]
    assert (product.left == product.right) == is_square
    far = np.concatenate([examples, 1e4 * examples[:1]])  # one example does not decide for all
    assert lower(model, far).choices == program.choices and bool(program.choices.shifted) == is_square


def test_a_square_and_another_map_of_the_same_input_stay_two_terms():
    inputs = keras.Input((6,))
    model = randomised(
        keras.Model(inputs, layers.Dense(2)(ops.square(layers.Dense(5)(inputs)) + layers.Dense(5)(inputs)))
    )
    check(model, np.random.default_rng(9).normal(size=(8, 6)))


def test_a_square_of_the_input_is_not_shifted():
    """It would need an affine map of its own, and a rescaling."""
    inputs = keras.Input((6,))
    model = randomised(keras.Model(inputs, layers.Dense(3)(ops.square(inputs) + 3.0 * inputs)))
    examples = np.random.default_rng(8).normal(size=(8, 6))
    program = lower(model, examples)
    wanted = Evaluator(model)([examples])
    np.testing.assert_allclose(program.run(examples), wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())
    assert program.depth == 2


def test_layers_of_all_kinds():
    inputs = keras.Input((8, 8, 3))
    x = pinet_keras.PolyBlock2D(4, strides=2, normalization="batch")(inputs)
    x = pinet_keras.HermiteActivation()(x)
    x = layers.Concatenate()([layers.DepthwiseConv2D(3, padding="same")(x), layers.Rescaling(0.5, 0.1)(x)])
    x = layers.Subtract()([x, layers.BatchNormalization()(x)])
    a, b = ops.split(x, 2, axis=-1)
    x = layers.AveragePooling2D(3, strides=2, padding="same")(a * b + b)
    x = layers.Conv2D(4, 2, groups=2, use_bias=False)(layers.ZeroPadding2D(1)(x)) / 2.0
    x = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x) + 1.0)
    check(randomised(keras.Model(inputs, x)), np.random.default_rng(2).normal(size=(5, 8, 8, 3)))


def test_convolutions_that_commute_with_mirroring():
    inputs = keras.Input((6, 6, 3))
    x = pinet_keras.MirrorConv2D(2, 3, paired=False, bias_initializer="normal")(inputs)
    x = pinet_keras.MirrorConv2D(2, 3, padding="same", use_bias=False)(ops.square(x))
    x = layers.Dense(3)(layers.GlobalAveragePooling2D()(x))
    check(randomised(keras.Model(inputs, x)), np.random.default_rng(5).normal(size=(4, 6, 6, 3)))


def test_powers_and_squares():
    inputs = keras.Input((4,))
    x = layers.Dense(4, activation=ops.square)(inputs)
    x = layers.Add()([ops.power(x, 3), ops.square(inputs), -inputs])
    check(randomised(keras.Model(inputs, layers.Dense(2)(x))), np.random.default_rng(3).normal(size=(5, 4)))


@pytest.mark.parametrize(
    "padding, strides, dilation", [("same", 2, 1), ("valid", 2, 1), ("same", 1, 3), ("same", 3, 1)]
)
def test_convolutions(padding, strides, dilation):
    layer = layers.Conv2D(4, (3, 2), strides, padding, dilation_rate=dilation, groups=2, bias_initializer="normal")
    x = np.random.default_rng(4).normal(size=(2, 7, 8, 6))
    wanted = ops.convert_to_numpy(layer(x))
    matrix, shape = linear_maps.convolution(layer, (7, 8, 6))
    found = x.reshape(2, -1) @ matrix.T + linear_maps.bias(layer, matrix.shape[0])
    np.testing.assert_allclose(found.reshape(2, *shape), wanted, atol=1e-5)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_average_pooling_does_not_count_its_padding(padding):
    layer = layers.AveragePooling2D(3, 2, padding)
    x = np.random.default_rng(5).normal(size=(2, 6, 8, 2))
    matrix, shape = linear_maps.average_pooling(layer, (6, 8, 2))
    np.testing.assert_allclose((x.reshape(2, -1) @ matrix.T).reshape(2, *shape), layer(x), atol=1e-6)


def test_what_has_no_rule_is_tried_on_unit_vectors_if_it_is_small():
    inputs = keras.Input((6, 4))
    model = keras.Model(inputs, layers.Conv1DTranspose(3, 2, strides=2)(inputs))
    check(randomised(model), np.random.default_rng(6).normal(size=(3, 6, 4)))
    inputs = keras.Input((64, 65))
    model = keras.Model(inputs, layers.Conv1DTranspose(3, 2)(inputs))
    with pytest.raises(ValueError, match=r"Conv1DTranspose.* cannot be computed .*4,160 inputs are too many"):
        lower(model)


def test_other_models_are_refused_for_the_certificates_reasons():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu", name="hidden"), layers.Dense(2)])
    with pytest.raises(ValueError, match="tier 2 or 3. Received: .*, not polynomial: hidden: activation relu"):
        lower(model)
    a, b = keras.Input((4,)), keras.Input((4,))
    with pytest.raises(ValueError, match="one input"):
        lower(keras.Model([a, b], a * b))
    with pytest.raises(ValueError, match="fixed size"):
        lower(keras.Sequential([keras.Input((None, 4)), layers.Dense(3)]))


def test_a_batch_product_with_itself_is_refused_in_words():
    inputs = keras.Input((4, 4))
    with pytest.raises(ValueError, match=r"Matmul.* cannot be computed on encrypted values. It joins several tensors"):
        lower(keras.Model(inputs, ops.matmul(inputs, inputs)))


def test_a_function_that_is_not_affine_is_noticed():
    with pytest.raises(ValueError, match="not affine"):
        linear_maps.unit_vectors(ops.square, (3,))
    with pytest.raises(ValueError, match="not affine"):
        linear_maps.elementwise(ops.square, (3,))


def test_shortcuts_are_added_where_they_would_make_large_maps(monkeypatch):
    """Each block reads one vector, and the sum costs no rescaling."""
    model, examples = residual()
    composed = lower(model)
    assert not composed.addends()
    with monkeypatch.context() as few:
        few.setattr("zoo.encrypted.lowering.FEW_WEIGHTS", 0)
        assert len(lower(model).addends()) == 3 and lower(model).weights < composed.weights
    monkeypatch.setattr("zoo.encrypted.forms.MOST_WEIGHTS", 80)
    program = check(model, examples)
    assert len(program.addends()) == 3
    assert program.depth == composed.depth == certify(model).multiplicative_depth
    assert all(len(step.reads) == 1 for step in program.steps if isinstance(step, Affine))
    depths = program.depths()
    assert all(depths[addend] == depths[product] for addend, product in program.addends().items())


def test_an_affine_map_that_is_too_large_is_refused_before_it_is_made(monkeypatch):
    monkeypatch.setattr("zoo.encrypted.forms.MOST_WEIGHTS", 5000)
    model = keras.Sequential([keras.Input((60,)), layers.Dense(50), layers.Dense(100, name="second")])
    with pytest.raises(ValueError, match=r"second \(Dense\) cannot be .* some 6,000 weights .*At most 5,000 and"):
        lower(model)
    monkeypatch.setattr("zoo.encrypted.forms.MOST_WEIGHTS", 6000)
    lower(model)  # it takes many more multiplications to make them
    monkeypatch.setattr("zoo.encrypted.forms.MOST_WORK", 299_999)
    with pytest.raises(ValueError, match=r"takes 300,000 multiplications to join. .* and 299,999 can"):
        lower(model)
