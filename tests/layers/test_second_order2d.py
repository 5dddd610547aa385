"""SecondOrder2D against its formula, on one tensor and on two."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from pinet_keras import SecondOrder2D
from pinet_keras.analysis import certify, count_macs, fold

from .battery import array, randomize

EPSILON = 1e-3  # of Keras' batch normalisation
SHAPE = (2, 4, 5, 3)


def images(rng, shape=SHAPE):
    return rng.normal(size=shape).astype("float32")


def normalised(norm, x):
    mean, variance = array(norm.moving_mean), array(norm.moving_variance)
    return array(norm.gamma) * (x - mean) / np.sqrt(variance + EPSILON) + array(norm.beta)


def test_on_one_tensor_the_second_is_a_1x1_convolution_of_it(rng):
    layer, a = SecondOrder2D(), images(rng)
    layer.build(SHAPE)
    randomize(layer, rng)
    b = a @ array(layer.mix.kernel)[0, 0]
    np.testing.assert_allclose(array(layer(a)), a + normalised(layer.norm, a * b), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape_of_b", [SHAPE, (2, 1, 1, 3)])
def test_on_two_tensors_the_second_is_given(shape_of_b, rng):
    layer, a, b = SecondOrder2D(), images(rng), images(rng, shape_of_b)
    layer.build([SHAPE, shape_of_b])
    randomize(layer, rng)
    assert [weight.name for weight in layer.trainable_weights] == ["gamma", "beta"]
    np.testing.assert_allclose(array(layer([a, b])), a + normalised(layer.norm, a * b), rtol=1e-5, atol=1e-5)
    plain = SecondOrder2D(alpha=None)
    np.testing.assert_allclose(array(plain([a, b])), a + a * b, rtol=1e-6)
    assert not plain.weights


@pytest.mark.parametrize("alpha", [0.0, 0.7])
def test_alpha_is_the_size_of_the_second_order_at_the_start(alpha, rng):
    a, b = images(rng, (64, 4, 4, 3)), images(rng, (64, 4, 4, 3))
    second_order = array(SecondOrder2D(alpha)([a, b], training=True)) - a
    assert second_order.std(axis=(0, 1, 2)) == pytest.approx([alpha] * 3, abs=1e-3)


def test_dropout_leaves_out_channels_of_the_product_in_training_alone(rng):
    a = images(rng, (50, 4, 4, 6))
    b = np.ones_like(a)
    layer = SecondOrder2D(alpha=None, dropout=0.5)
    np.testing.assert_allclose(array(layer([a, b])), 2 * a, rtol=1e-6)
    factor = array(layer([a, b], training=True)) / a
    kept = factor[:, 0, 0] > 2
    np.testing.assert_allclose(factor, np.broadcast_to(np.where(kept, 3, 1)[:, None, None], a.shape), rtol=1e-3)
    assert 0.4 < kept.mean() < 0.6


def test_half_precision_keeps_the_range_of_float32(rng):
    a = ops.cast(300 * images(rng), "float16")  # whose squares are beyond float16
    y = SecondOrder2D(dtype="mixed_float16")([a, a], training=True)
    assert keras.backend.standardize_dtype(y.dtype) == "float16"
    assert np.isfinite(array(y)).all()


def test_channels_first_is_channels_last_transposed(rng):
    a, b = images(rng), images(rng, (2, 1, 1, 3))
    last, first = SecondOrder2D(data_format="channels_last"), SecondOrder2D(data_format="channels_first")
    moved = [np.moveaxis(x, -1, 1) for x in (a, b)]
    last.build([a.shape, b.shape])
    first.build([x.shape for x in moved])
    randomize(last, rng)
    first.set_weights(last.get_weights())
    expected = np.moveaxis(array(last([a, b])), -1, 1)
    np.testing.assert_allclose(array(first(moved)), expected, rtol=1e-5, atol=1e-5)


def halves_and_noise(rng):
    """A step of CCP on the halves of a convolution, one of NCP-Skip with noise, then products of pairs of channels."""
    inputs, noise = keras.Input(SHAPE[1:], name="image"), keras.Input((4,), name="noise")
    a, b = ops.split(layers.Conv2D(8, 3)(inputs), 2, axis=-1)
    x = SecondOrder2D(alpha=None)([a, b])
    x = SecondOrder2D(0.5)([x, layers.Reshape((1, 1, 4))(layers.Dense(4)(noise))])
    x = layers.BatchNormalization()(layers.Conv2D(3, 1)(x))
    model = keras.Model([inputs, noise], SecondOrder2D(dropout=0.1)(x))
    randomize(model, rng)
    return model, [images(rng), images(rng, (2, 4))]


def test_degrees_of_the_factors_are_added(rng):
    model, _ = halves_and_noise(rng)
    certificate = certify(model)
    # affine map, the products of CCP and of NCP-Skip, affine map, product, affine map
    assert (certificate.tier_name, certificate.degree, certificate.multiplicative_depth) == (
        "low-depth",
        2 * (1 + 1 + 1),
        6,
    )


def test_the_layer_costs_its_convolution_and_one_product_a_value():
    single = keras.Sequential([keras.Input(SHAPE[1:]), SecondOrder2D()])
    assert count_macs(single) == 4 * 5 * (3 * 3 + 3)
    a, b = keras.Input(SHAPE[1:]), keras.Input((1, 1, 3))
    assert count_macs(keras.Model([a, b], SecondOrder2D()([a, b]))) == 4 * 5 * 3


def test_models_with_it_are_folded_and_saved(rng, tmp_path):
    model, inputs = halves_and_noise(rng)
    expected = array(model(inputs))
    folded = fold(model)
    np.testing.assert_allclose(array(folded(inputs)), expected, rtol=1e-4, atol=1e-4)
    norms = [sum(isinstance(x, layers.BatchNormalization) for x in each._flatten_layers()) for each in (model, folded)]
    assert norms == [3, 2]  # those of the products stay: no map comes before them
    assert count_macs(folded) == count_macs(model)
    # one norm of 3 channels gone: its 4 vectors, and a bias that the convolution before it has already
    assert folded.count_params() == model.count_params() - 4 * 3
    model.save(tmp_path / "model.keras")
    np.testing.assert_allclose(array(keras.saving.load_model(tmp_path / "model.keras")(inputs)), expected, atol=1e-6)


@pytest.mark.parametrize(
    "shapes, message",
    [
        ((2, 4, 3), "each of four axes"),
        ((2, 4, 5, None), "channels of known number"),
        ([SHAPE] * 3, "one tensor or a list of two"),
        ([SHAPE, (2, 4)], "four axes"),
        ([SHAPE, (2, 4, 5, 1)], "the channels of the first"),
        ([SHAPE, (2, 4, 1, 2)], "the channels of the first"),
        ([SHAPE, (2, 3, 5, 3)], "height and width or 1"),
        ([(2, 1, 1, 3), SHAPE], "height and width or 1"),
    ],
)
def test_wrong_inputs_are_refused(shapes, message):
    tensors = [keras.KerasTensor(shape) for shape in shapes] if isinstance(shapes, list) else keras.KerasTensor(shapes)
    with pytest.raises(ValueError, match=f"(?s){message}.*Received"):
        SecondOrder2D()(tensors)


def test_a_built_layer_refuses_another_number_of_tensors_and_of_channels(rng):
    a, single, pair = images(rng), SecondOrder2D(), SecondOrder2D(alpha=None)
    single(a), pair([a, a])
    with pytest.raises(ValueError, match=r"second_order2d.*expects 1 input\(s\)"):
        single([a, a])
    with pytest.raises(ValueError, match=r"expects 2 input\(s\)"):
        pair(a)
    with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 3"):
        pair([a, a[..., :1]])  # which would be broadcast


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"data_format": "NCHW"}, "`data_format` must be one of .*Received: data_format='NCHW'"),
        ({"dropout": 1.0}, "`dropout` must be .* less than 1. Received: dropout=1.0"),
        ({"dropout": -0.1}, "Received: dropout=-0.1"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        SecondOrder2D(**arguments)
