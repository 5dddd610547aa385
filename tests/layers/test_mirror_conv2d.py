"""MirrorConv2D against Keras' convolution of an image and of its mirror image."""

import keras
import numpy as np
import pytest

from pinet_keras import MirrorConv2D

from .battery import array, randomize

SHAPE = (2, 6, 7, 4)


def mirror(x, paired):
    """The mirror image of an image, or of a pair, whose halves change places."""
    x = x[:, :, ::-1]
    return np.concatenate(np.split(x, 2, axis=-1)[::-1], axis=-1) if paired else x


def layer_and_images(rng, **arguments):
    layer, images = MirrorConv2D(3, (2, 3), **arguments), rng.normal(size=SHAPE).astype("float32")
    layer.build(SHAPE)
    randomize(layer, rng)
    return layer, images


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("paired", [True, False])
def test_the_second_half_is_what_the_filters_see_in_the_mirror(paired, padding, rng):
    layer, images = layer_and_images(rng, paired=paired, padding=padding)
    plain = keras.layers.Conv2D(3, (2, 3), padding=padding)
    plain.build(SHAPE)
    plain.set_weights(layer.get_weights())
    seen, in_the_mirror = array(plain(images)), array(plain(mirror(images, paired)))
    expected = np.concatenate([seen, in_the_mirror[:, :, ::-1]], axis=-1)
    np.testing.assert_allclose(array(layer(images)), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("paired", [True, False])
def test_it_commutes_with_mirroring(paired, rng):
    layer, images = layer_and_images(rng, paired=paired)
    expected = mirror(array(layer(images)), paired=True)
    np.testing.assert_allclose(array(layer(mirror(images, paired))), expected, rtol=1e-4, atol=1e-5)
    assert np.abs(array(layer(images)) - expected).max() > 0.1


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("paired", [True, False])
def test_a_plain_convolution_has_the_same_outputs(paired, use_bias, rng):
    layer, images = layer_and_images(rng, paired=paired, padding="same" if use_bias else "valid", use_bias=use_bias)
    plain = layer.as_conv2d("plain")
    assert type(plain) is keras.layers.Conv2D and plain.name == "plain" and layer.as_conv2d().name == layer.name
    np.testing.assert_allclose(array(plain(images)), array(layer(images)), rtol=1e-5, atol=1e-5)


def test_a_plain_convolution_keeps_the_format_and_the_policy():
    layer = MirrorConv2D(3, 3, data_format="channels_first", dtype="mixed_bfloat16")
    layer.build((2, 4, 6, 7))
    plain = layer.as_conv2d()
    assert plain.data_format == "channels_first" and plain.dtype_policy.name == "mixed_bfloat16"
    np.testing.assert_array_equal(array(plain.kernel)[..., :3], array(layer.kernel))


def test_a_layer_that_is_not_built_has_no_plain_convolution():
    with pytest.raises(ValueError, match="mirror_conv2d.* has no kernel before it is built"):
        MirrorConv2D(3, 3).as_conv2d()


def test_it_has_half_of_the_weights_of_a_convolution_and_one_bias_for_both_halves():
    layer, plain = MirrorConv2D(3, 3), keras.layers.Conv2D(6, 3)
    layer.build(SHAPE)
    plain.build(SHAPE)
    assert layer.count_params() == plain.count_params() / 2
    assert layer.compute_output_shape(SHAPE) == plain.compute_output_shape(SHAPE)


def test_channels_first_moves_the_channels_of_shapes():
    layer = MirrorConv2D(3, (2, 3), data_format="channels_first")
    layer.build((2, 4, 6, 7))
    assert layer.compute_output_shape((2, 4, 6, 7)) == (2, 6, 5, 5)
    assert layer.macs_rule((2, 4, 6, 7)) == 5 * 5 * 2 * 3 * 4 * 6


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"filters": 0}, "`filters` must be an integer of at least 1. Received: filters=0"),
        ({"kernel_size": (3, 0)}, "`kernel_size` must be an integer of at least 1. Received: kernel_size=0"),
        ({"kernel_size": (1, 2, 3)}, "`kernel_size` must be an integer"),
        ({"padding": "causal"}, "`padding` must be one of 'valid', 'same'. Received: padding='causal'"),
        ({"data_format": "last"}, "`data_format` must be one of 'channels_last', 'channels_first'"),
        ({"kernel_size": (3, 2), "padding": "same"}, r"even width .* Received: kernel_size=\(3, 2\)"),
        ({"strides": 2}, "MirrorConv2D has no argument `strides`; it has filters, kernel_size, paired"),
    ],
)
def test_wrong_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        MirrorConv2D(**{"filters": 2, "kernel_size": 3, **arguments})


def test_a_kernel_of_even_height_can_be_padded():
    assert MirrorConv2D(2, (2, 3), padding="same").compute_output_shape((None, 5, 6, 2)) == (None, 5, 6, 4)


@pytest.mark.parametrize(
    "arguments, shape, words",
    [
        ({}, (2, 6, 6, 3), "an even one with `paired=True`. Received: input_shape="),
        ({"paired": False}, (2, 6, 6, None), r"of known number. Received: input_shape=\(2, 6, 6, None\)"),
    ],
)
def test_channels_that_are_no_pair_are_refused(arguments, shape, words):
    with pytest.raises(ValueError, match=words):
        MirrorConv2D(2, 3, **arguments).build(shape)
