"""The plain network: its degree, its start, and the whitened patches it looks at."""

import keras
import numpy as np
import pytest

from pinet_keras import RangeControl, ReLUApproximation
from pinet_keras.analysis import certify
from zoo.architectures import build
from zoo.architectures.parts.partial_identity import PartialIdentity
from zoo.training.whitening import EPSILON, whiten

SHAPE, MEAN, STD = (12, 12, 3), [120.0, 110.0, 100.0], [60.0, 50.0, 70.0]
PLAIN = {"widths": [3], "depth": 1, "whitening": 0}


def network(num_classes=10, **arguments):
    return build("pinet_vgg", {"widths": [4, 6], **arguments}, SHAPE, MEAN, STD, num_classes, name="small")


def random_images(count=20):
    blobs = np.random.default_rng(0).normal(size=(count, 3, 3, 3)).repeat(4, axis=1).repeat(4, axis=2)
    noise = np.random.default_rng(1).normal(size=(count, *SHAPE))
    return np.clip(120 + 50 * blobs + 20 * noise, 0, 255).astype("uint8")


@pytest.mark.parametrize(
    "downsampling, normalization", [("average", "product"), ("late", "product"), ("strided", "factor")]
)
@pytest.mark.parametrize("form", ["fused", "squeezed", "mixed", "self"])
def test_the_degree_doubles_with_every_convolution(form, downsampling, normalization):
    model = network(form=form, downsampling=downsampling, normalization=normalization)
    certificate = certify(model)
    assert (certificate.tier, certificate.degree) == (2, 2**4)
    result = certificate.verify(model, random_images(6), lines=2)
    assert result.holds, result


def test_without_products_the_network_is_affine():
    assert certify(network(form="none")).degree == 1


def test_an_activation_function_is_no_polynomial():
    certificate = certify(network(activation="relu"))
    assert certificate.tier is None and "stage_1_conv_1_activation: activation relu" in certificate.reasons


def test_an_approximation_takes_the_place_of_relu_with_the_same_weights():
    twin = network(form="none", activation="relu", bound=4.0, penalty=0.1)
    ranged = network(form="none", activation="relu", bound=4.0, penalty=0.1, activation_degree=8)
    assert [weight.shape for weight in twin.weights] == [weight.shape for weight in ranged.weights]
    certificate = certify(ranged)
    assert (certificate.tier, certificate.degree) == (2, 8**4)
    controls = [layer for layer in ranged.layers if isinstance(layer, RangeControl)]
    activations = [layer for layer in ranged.layers if isinstance(layer, ReLUApproximation)]
    assert [(each.bound, each.penalty) for each in controls] == 4 * [(4.0, 0.1)]
    assert [(each.bound, each.degree) for each in activations] == 4 * [(4.0, 8)]
    assert [each.output is other.input for each, other in zip(controls, activations, strict=True)] == 4 * [True]


def test_an_approximation_may_reach_further_than_the_values_are_kept():
    wide = network(form="none", activation="relu", bound=4.0, activation_degree=8, approximation_bound=5.0)
    assert {layer.bound for layer in wide.layers if isinstance(layer, RangeControl)} == {4.0}
    assert {layer.bound for layer in wide.layers if isinstance(layer, ReLUApproximation)} == {5.0}
    for arguments in ({"activation_degree": 8, "approximation_bound": 3.0}, {"approximation_bound": 5.0}):
        with pytest.raises(ValueError, match="is `bound` or more. Received: approximation_bound="):
            network(form="none", activation="relu", bound=4.0, **arguments)


@pytest.mark.parametrize("arguments", [{"activation": "relu"}, {"activation": "gelu", "bound": 4.0}, {"bound": 4.0}])
def test_an_approximation_needs_relu_and_a_bound(arguments):
    with pytest.raises(ValueError, match="`activation_degree` needs .* Received: activation="):
        network(activation_degree=8, **arguments)


@pytest.mark.parametrize("normalization", ["product", "factor"])
@pytest.mark.parametrize("downsampling", ["average", "late"])
def test_at_the_start_the_self_form_squares_its_input(downsampling, normalization):
    model = network(None, **PLAIN, form="self", normalization=normalization, alpha=0.5, downsampling=downsampling)
    images = random_images()
    scaled = (images - np.float32(MEAN)) / np.float32(STD)
    spread = np.sqrt(1 + 1e-3)  # that batch norm divides by before it has seen anything
    pooled = scaled.reshape(20, 6, 2, 6, 2, 3).mean(axis=(2, 4))
    squared = (pooled if downsampling == "average" else scaled) / spread
    expected = (squared + 0.5 * squared**2 / spread).mean(axis=(1, 2))
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", ["fused", "squeezed", "mixed"])
def test_strides_with_the_weights_of_pooling_do_what_pooling_does(form):
    pooled, strided = (network(form=form, downsampling=downsampling) for downsampling in ("average", "strided"))
    for name in (layer.name for layer in pooled.layers if layer.weights):
        new = strided.get_layer(name)
        weights = pooled.get_layer(name).get_weights()
        new.set_weights([smeared(weights[0])] if weights[0].shape != tuple(new.weights[0].shape) else weights)
    images = random_images()
    outputs = [model.predict(images, verbose=0) for model in (pooled, strided)]
    np.testing.assert_allclose(outputs[1], outputs[0], rtol=1e-4, atol=1e-5)


def smeared(kernel):
    """The 4×4 kernel of a 3×3 convolution and the average of 2×2 places that follows."""
    padded = np.pad(kernel, ((1, 1), (1, 1), (0, 0), (0, 0)))
    return sum(padded[row : row + 4, column : column + 4] for row in (0, 1) for column in (0, 1)) / 4


@pytest.mark.parametrize("normalization", ["product", "factor"])
@pytest.mark.parametrize("form", ["fused", "squeezed", "mixed", "self"])
def test_alpha_0_starts_linear(form, normalization):
    model = network(None, form=form, normalization=normalization, alpha=0.0)
    a, b = (np.random.default_rng(seed).uniform(0, 255, (5, *SHAPE)).astype("float32") for seed in (0, 1))
    ends, middle = [model.predict(images, verbose=0) for images in (a, b)], model.predict((a + b) / 2, verbose=0)
    np.testing.assert_allclose(middle, sum(ends) / 2, atol=1e-4)


def test_dropout_leaves_out_second_order_terms_in_training_alone():
    images = keras.ops.convert_to_tensor(random_images().astype("float32"))
    dropping, whole = (network(None, **PLAIN, alpha=0.5, dropout=dropout) for dropout in (0.5, 0.0))
    dropping.set_weights(whole.get_weights())
    at_inference, expected, *training = (
        keras.ops.convert_to_numpy(model(images, training=training))
        for model, training in ((dropping, False), (whole, False), (dropping, True), (dropping, True))
    )
    np.testing.assert_array_equal(at_inference, expected)
    assert np.abs(training[0] - training[1]).max() > 1e-3
    linear = network(None, **PLAIN, alpha=0.0, dropout=0.5)  # whose second order is multiplied by 0
    again = [keras.ops.convert_to_numpy(linear(images, training=True)) for _ in range(2)]
    np.testing.assert_array_equal(*again)
    assert certify(dropping).degree == 2


def test_kernels_start_as_the_identity_on_the_channels_that_both_sides_have():
    kernel = keras.ops.convert_to_numpy(PartialIdentity(seed=0)((3, 3, 4, 6)))
    images = np.random.default_rng(0).normal(size=(2, 5, 5, 4)).astype("float32")
    passed = keras.ops.convert_to_numpy(keras.ops.conv(images, kernel, padding="same"))
    np.testing.assert_allclose(passed[..., :4], images, atol=1e-6)
    assert kernel[..., 4:].std() == pytest.approx(np.sqrt(2 / 36), rel=0.3)
    again = PartialIdentity.from_config(PartialIdentity(seed=0).get_config())((3, 3, 4, 6))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(again), kernel)


def test_a_kernel_with_two_places_in_the_middle_starts_as_their_average():
    kernel = keras.ops.convert_to_numpy(PartialIdentity(seed=0)((4, 4, 3, 5)))
    images = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype("float32")
    passed = keras.ops.convert_to_numpy(keras.ops.conv(images, kernel, padding="valid"))
    np.testing.assert_allclose(passed[:, 0, 0, :3], images[:, 1:3, 1:3].mean(axis=(1, 2)), atol=1e-6)


def test_whitened_patches_are_uncorrelated_and_rare_directions_stay_small():
    model, images = network(), random_images(200)
    whiten(model, images)
    layer = model.get_layer("whitening")
    scaled = (images - np.float32(MEAN)) / np.float32(STD)
    responses = keras.ops.convert_to_numpy(layer(scaled)).reshape(-1, 12)
    covariance = np.cov(responses, rowvar=False)
    lengths = (keras.ops.convert_to_numpy(layer.kernel) ** 2).sum(axis=(0, 1, 2))  # 1 / (λ + ε) of each direction
    np.testing.assert_allclose(covariance, np.diag(1 - EPSILON * lengths), atol=0.02)
    assert covariance.diagonal().max() > 0.99
    assert not layer.trainable_variables


def test_a_network_without_whitening_is_left_as_it_is():
    model = network(whitening=0)
    before = model.get_weights()
    whiten(model, random_images())
    assert all((old == new).all() for old, new in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"form": "cubed"}, "`form` must be one of 'fused', .*, 'none'. Received: form='cubed'"),
        ({"normalization": "layer"}, "`normalization` must be one of 'product', 'factor'"),
        (
            {"downsampling": "max"},
            "`downsampling` must be one of 'average', 'late', 'strided'. Received: down",
        ),
        ({"stem_width": 8}, "One stem is enough. Received: whitening=2, stem_width=8"),
        ({"widths": [4] * 4}, "12×12 has too few pixels"),
    ],
)
def test_wrong_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        network(**arguments)
