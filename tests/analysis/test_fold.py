"""A folded model has the same function, fewer layers, and leaves its original alone."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from pinet_keras.analysis import certify, count_macs, fold
from pinet_keras.layers import MirrorConv2D, PolyBlock2D, PolyConv2D, PolyDense, PolynomialActivation


def _randomise(model):
    """Weights as after training: no zero scale and no unit variance left."""
    rng = np.random.default_rng(0)
    for layer in model._flatten_layers():
        for weight in layer.weights:
            if weight.name in ("moving_variance", "gamma", "alpha"):
                weight.assign(rng.uniform(0.5, 2.0, weight.shape))
            elif weight.name in ("bias", "beta", "moving_mean"):
                weight.assign(rng.normal(size=weight.shape))
    return model


def _model(body, shape=(8, 8, 3)):
    keras.utils.set_random_seed(0)
    inputs = keras.Input(shape)
    return _randomise(keras.Model(inputs, body(inputs)))


def _assert_same(model, folded, shape=(8, 8, 3)):
    x = np.random.default_rng(1).normal(size=(16, *shape)).astype("float32")
    expected, found = model.predict(x, verbose=0), folded.predict(x, verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


def _norms(model):
    return sum(isinstance(layer, layers.BatchNormalization) for layer in model._flatten_layers())


@pytest.mark.parametrize(
    "affine",
    [
        lambda: layers.Conv2D(4, 3, use_bias=False),
        lambda: layers.Conv2D(4, 3, groups=1, padding="same", strides=2),
        lambda: layers.Dense(4),
        lambda: layers.DepthwiseConv2D(3, depth_multiplier=2),
        lambda: layers.SeparableConv2D(4, 3),
    ],
)
def test_norms_and_constants_go_into_the_map_before_them(affine):
    def body(x):
        y = layers.Dropout(0.5)(layers.BatchNormalization()(affine()(x)))
        return (y * 3.0 - 1.0) * x[:, :1, :1, :1]

    model = _model(body)
    folded = fold(model)
    _assert_same(model, folded)
    kinds = sorted(type(operation).__name__ for operation in folded.operations)
    assert kinds == sorted(["InputLayer", type(affine()).__name__, "GetItem", "Multiply"])


@pytest.mark.parametrize(
    "layer",
    [
        lambda: PolyConv2D(4, 3, degree=3, rank=3, normalization="batch"),
        lambda: PolyConv2D(4, 3, degree=3, rank=3, decomposition="ncp_skip", normalization="batch"),
        lambda: PolyBlock2D(4, normalization="batch"),
        lambda: PolyDense(4, degree=3, rank=3, normalization="batch"),
    ],
)
def test_own_layers_are_opened_and_folded(layer):
    model = _model(lambda x: layer()(layer()(x)))
    folded = fold(model)
    _assert_same(model, folded)
    assert _norms(model) > 0 == _norms(folded)
    assert certify(folded).degree == certify(model).degree
    assert count_macs(folded) <= count_macs(model)


def test_polynomial_activations_are_opened():
    model = _model(lambda x: PolynomialActivation(degree=3)(layers.Dense(4)(x)))
    _assert_same(model, fold(model))


@pytest.mark.parametrize("reshape", [layers.Reshape((12, 4, 4)), lambda x: ops.reshape(x, (-1, 6, 4, 2, 4))])
def test_norms_behind_a_reshape_that_splits_the_channels_go_into_the_map_before_it(reshape):
    model = _model(lambda x: ops.square(layers.BatchNormalization()(reshape(layers.Conv2D(8, 3)(x)) * 3.0)), (8, 6, 3))
    folded = fold(model)
    _assert_same(model, folded, (8, 6, 3))
    assert [type(each).__name__ for each in folded.operations] == ["InputLayer", "Conv2D", "Reshape", "Square"]


class Reshape(layers.Layer):
    """A layer of a user's, with the name of one of Keras: it puts channels that are apart side by side."""

    def call(self, x):
        return ops.transpose(ops.reshape(x, (-1, 6, 6, 4, 2)), (0, 1, 2, 4, 3))


@pytest.mark.parametrize(
    "reshape", [layers.Reshape((6, 3, 16)), layers.Reshape((16, 6, 3)), layers.Flatten(), Reshape()]
)
def test_norms_behind_other_reshapes_are_left_alone(reshape):
    model = _model(lambda x: layers.BatchNormalization()(reshape(layers.Conv2D(8, 3)(x))))
    folded = fold(model)
    _assert_same(model, folded)
    assert _norms(folded) == 1


@pytest.mark.parametrize("use_bias", [True, False])
def test_convolutions_that_commute_with_mirroring_become_plain_ones(use_bias):
    def body(x):
        x = MirrorConv2D(4, 3, paired=False, padding="same", use_bias=use_bias)(x)
        x = ops.square(layers.BatchNormalization()(layers.Reshape((8, 16, 4))(x)))
        shared = MirrorConv2D(4, 3, padding="same", use_bias=use_bias)
        return shared(ops.square(shared(layers.Reshape((8, 8, 8))(x))))

    model = _model(body)
    folded = fold(model)
    _assert_same(model, folded)
    assert [type(layer).__name__ for layer in folded.layers if layer.weights] == ["Conv2D", "Conv2D"]
    assert count_macs(folded) == count_macs(model)


def test_what_has_two_users_is_left_alone():
    def body(x):
        y = layers.Conv2D(3, 1)(x)
        return layers.Add()([y, layers.BatchNormalization()(y)])

    model = _model(body)
    folded = fold(model)
    _assert_same(model, folded)
    assert _norms(folded) == 1


def test_a_shared_layer_is_left_alone():
    shared = layers.Dense(3)
    model = _model(lambda x: layers.BatchNormalization()(shared(x)) + shared(x * x))
    folded = fold(model)
    _assert_same(model, folded)
    assert _norms(folded) == 1


def test_an_activation_in_between_stops_the_folding():
    model = _model(lambda x: layers.BatchNormalization()(layers.Conv2D(3, 1, activation="relu")(x)))
    folded = fold(model)
    _assert_same(model, folded)
    assert _norms(folded) == 1


def test_a_norm_on_the_output_and_nested_models():
    inner = _model(lambda x: layers.BatchNormalization()(layers.Conv2D(3, 1)(x)))
    model = _model(lambda x: inner(ops.square(inner(x))))
    folded = fold(model)
    _assert_same(model, folded)
    single = _model(lambda x: ops.square(inner(x)))
    assert _norms(fold(single)) == 0
    _assert_same(inner, fold(inner))


def test_the_original_stays_as_it_was():
    model = _model(lambda x: PolyBlock2D(4, normalization="batch")(x))
    before = [np.array(w) for w in model.get_weights()]
    names = [weight.path for weight in model.weights]
    fold(model)
    assert names == [weight.path for weight in model.weights]
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


def test_a_folded_model_can_be_saved(tmp_path):
    model = fold(_model(lambda x: PolyConv2D(4, 3, degree=2, rank=3, normalization="batch")(x)))
    model.save(tmp_path / "folded.keras")
    _assert_same(model, keras.saving.load_model(tmp_path / "folded.keras"))
