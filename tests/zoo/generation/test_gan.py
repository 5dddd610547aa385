"""The losses of a GAN in one backward pass, its layers, and its input validation."""

import itertools

import keras
import numpy as np
import pytest

import zoo
from pinet_keras.analysis import certify
from zoo.architectures import build_generator
from zoo.architectures.discriminator import discriminator, projected_discriminator
from zoo.architectures.parts.label_embedding import LabelEmbedding
from zoo.generation.augmentation import NUMBERS
from zoo.generation.feature_maps import feature_maps
from zoo.generation.gan import GAN
from zoo.generation.latents import draw_latents, interpolate
from zoo.generation.morphs import morph
from zoo.generation.sampling import generate, sample

SHAPE, LATENT, CLASSES = (8, 8, 1), 6, 3
SMALL = {"width": 8, "stages": 1}


def generator(architecture="pinet_generator", num_classes=CLASSES, **arguments):
    return build_generator(architecture, {**SMALL, **arguments}, LATENT, SHAPE, num_classes, 4, name="small")


def noise(count=12, num_classes=CLASSES):
    latents = draw_latents(count, LATENT, seed=1)
    return latents if num_classes is None else [latents, np.arange(count) % num_classes]


def batch(count=12):
    latents, labels = noise(count)
    images = np.random.default_rng(2).integers(0, 256, (count, *SHAPE), dtype="uint8")
    return {"images": images, "latents": latents, "labels": labels.astype("int32")}


def moved(optimizer_for):
    """Which of the two networks a step with this loss alone moves."""
    gan = GAN(generator(), discriminator(SHAPE, CLASSES, width=8, stages=1))
    losses = GAN.compute_loss

    class OneLoss(GAN):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            losses(self, y_pred=y_pred)
            discriminator_loss = keras.ops.mean(y_pred["fake"]) - keras.ops.mean(y_pred["real"])
            return (
                discriminator_loss
                if optimizer_for == "discriminator"
                else -keras.ops.mean(y_pred["fake_for_generator"])
            )

    gan = OneLoss(gan.generator, gan.discriminator)
    gan.compile(keras.optimizers.SGD(1.0), jit_compile=False)
    # Spectral normalisation rescales kernels in a step; the biases of the discriminator show what the gradient moves.
    watched = {
        "generator": list(gan.generator.trainable_variables),
        "discriminator": [
            variable for variable in gan.discriminator.trainable_variables if variable.name in ("bias", "table")
        ],
    }
    before = {key: [np.array(keras.ops.convert_to_numpy(v)) for v in values] for key, values in watched.items()}
    gan.train_on_batch(batch())
    return {
        key
        for key, values in watched.items()
        if any(
            np.abs(keras.ops.convert_to_numpy(new) - old).max() > 1e-7
            for new, old in zip(values, before[key], strict=True)
        )
    }


@pytest.mark.parametrize("network", ["discriminator", "generator"])
def test_each_loss_moves_its_own_network_alone(network):
    assert moved(network) == {network}


def test_the_losses_are_the_hinge_losses():
    gan = GAN(generator(), discriminator(SHAPE, CLASSES, width=8, stages=1))
    scores = {
        "real": np.float32([[2.0], [0.5], [-1.0]]),  # 0, 0.5, 2
        "fake": np.float32([[-3.0], [0.0], [1.0]]),  # 0, 1, 2
        "fake_for_generator": np.float32([[-3.0], [0.0], [1.5]]),
    }
    total = gan.compute_loss(y_pred={key: keras.ops.convert_to_tensor(value) for key, value in scores.items()})
    assert float(gan.discriminator_loss.result()) == pytest.approx(2.5 / 3 + 3 / 3)
    assert float(gan.generator_loss.result()) == pytest.approx(1.5 / 3)
    assert float(total) == pytest.approx(2.5 / 3 + 1 + 0.5)


def test_the_relativistic_losses_compare_pairs():
    gan = GAN(generator(), discriminator(SHAPE, CLASSES, width=8, stages=1), loss="relativistic")
    scores = {
        "real": np.float32([[2.0], [0.5]]),
        "fake": np.float32([[1.0], [3.5]]),  # 1 less and 3 more than the real ones
        "fake_for_generator": np.float32([[1.0], [3.5]]),
    }
    gan.compute_loss(y_pred={key: keras.ops.convert_to_tensor(value) for key, value in scores.items()})
    softplus = lambda x: np.log1p(np.exp(x))  # noqa: E731
    assert float(gan.discriminator_loss.result()) == pytest.approx((softplus(-1) + softplus(3)) / 2, rel=1e-5)
    assert float(gan.generator_loss.result()) == pytest.approx((softplus(1) + softplus(-3)) / 2, rel=1e-5)


@pytest.mark.parametrize("pixel", [1.5, -1.5])
def test_the_generator_alone_pays_for_values_out_of_range(pixel):
    losses = []
    for penalty in (0.0, 10.0):
        gan = GAN(generator(), discriminator(SHAPE, CLASSES, width=8, stages=1), range_penalty=penalty)
        gan.generator.get_layer("image").kernel.assign(0 * gan.generator.get_layer("image").kernel)
        gan.generator.get_layer("image").bias.assign([pixel])  # all of them as far beyond white or black
        gan.discriminator.set_weights([0 * values for values in gan.discriminator.get_weights()])
        inputs = {key: keras.ops.convert_to_tensor(value) for key, value in batch().items()}
        gan.compute_loss(y_pred=gan(inputs, training=False))
        losses.append((float(gan.generator_loss.result()), float(gan.discriminator_loss.result())))
    assert losses[0] == (0.0, 2.0)
    assert losses[1] == (pytest.approx(10 * 0.5**2), 2.0)


def test_the_generators_loss_has_what_its_layers_add():
    losses = []
    for penalty in (0.0, 25.0):
        gan = GAN(generator("gated_generator", penalty=penalty), discriminator(SHAPE, CLASSES, width=8, stages=1))
        for layer in gan.generator.layers:
            if layer.name.endswith("_norm"):
                layer.gamma.assign(10 + 0 * layer.gamma)  # beyond ±5
        gan.discriminator.set_weights([0 * values for values in gan.discriminator.get_weights()])
        gan.compile(keras.optimizers.SGD(0.0), jit_compile=False)
        losses.append(gan.train_on_batch(batch(), return_dict=True))
    assert losses[1]["generator_loss"] > losses[0]["generator_loss"] + 10
    assert losses[1]["discriminator_loss"] == losses[0]["discriminator_loss"] == pytest.approx(2)
    for each in losses:
        assert each["loss"] == pytest.approx(each["generator_loss"] + each["discriminator_loss"])


def test_a_gated_generator_pays_for_pixels_out_of_range():
    gan = GAN(generator("gated_generator", penalty=0.0), discriminator(SHAPE, CLASSES, width=8, stages=1))
    gan.compile(keras.optimizers.SGD(0.0), jit_compile=False)
    before = gan.train_on_batch(batch(), return_dict=True)["generator_loss"]
    gan.generator.get_layer("image").kernel.assign(30 * gan.generator.get_layer("image").kernel)  # far beyond ±2.5
    assert gan.train_on_batch(batch(), return_dict=True)["generator_loss"] > before + 100


@pytest.mark.parametrize("part", ["inner", "outer"])
def test_a_gated_generator_adds_a_branch_to_what_the_noise_gates(part):
    """Without the features of the one, the noise still comes through the other."""
    model = generator("gated_generator")
    for layer in model.layers:
        if layer.name.endswith(f"_{part}_norm"):
            layer.gamma.assign(0 * layer.gamma)
    first, second = generate(model, draw_latents(2, LATENT, seed=0), np.array([1, 1]))
    assert (first != second).any()


def test_feature_maps_are_those_of_the_classifier_and_stay_as_they_are():
    maps = feature_maps("resnet_digits")
    shapes = [tuple(each.shape[1:]) for each in maps.outputs]
    assert shapes[0] == SHAPE and len(shapes) > 1
    assert all(larger[0] > smaller[0] for larger, smaller in itertools.pairwise(shapes))
    assert not maps.trainable_variables
    pixels = np.random.default_rng(3).integers(0, 256, (4, *SHAPE)).astype("float32")
    image, *found = maps(pixels / 127.5 - 1)
    np.testing.assert_allclose(image, pixels / 127.5 - 1)
    classifier = zoo.load("resnet_digits", include_top=False)
    expected = keras.ops.convert_to_numpy(classifier(pixels))
    last = keras.ops.convert_to_numpy(found[-1])
    np.testing.assert_allclose(last.mean(axis=(1, 2)), expected, rtol=1e-4, atol=1e-4)


def test_a_discriminator_of_feature_maps_trains_with_augmented_images():
    maps = feature_maps("resnet_digits")
    kept = [np.array(keras.ops.convert_to_numpy(each)) for each in maps.variables]
    network = projected_discriminator([each.shape[1:] for each in maps.outputs], CLASSES, width=4)
    gan = GAN(generator(), network, maps, "relativistic", 1.0)
    gan.compile(keras.optimizers.SGD(0.1), jit_compile=False)
    before = [np.array(keras.ops.convert_to_numpy(each)) for each in gan.generator.trainable_variables]
    numbers = np.random.default_rng(4).random((12, 2, NUMBERS), dtype="float32")
    gan.train_on_batch({**batch(), "augmentation": numbers})
    for value, variable in zip(kept, maps.variables, strict=True):
        np.testing.assert_array_equal(value, keras.ops.convert_to_numpy(variable))
    after = [keras.ops.convert_to_numpy(each) for each in gan.generator.trainable_variables]
    assert all((value != old).any() for value, old in zip(after, before, strict=True))
    scores = gan({**batch(), "augmentation": numbers})
    assert scores["real"].shape == (12, len(maps.outputs))


def test_the_generators_loss_uses_the_discriminator_as_it_is():
    gan = GAN(generator(), discriminator(SHAPE, CLASSES, width=8, stages=1))
    scores = gan({key: keras.ops.convert_to_tensor(value) for key, value in batch().items()}, training=False)
    fake, for_generator = (keras.ops.convert_to_numpy(scores[key]) for key in ("fake", "fake_for_generator"))
    np.testing.assert_allclose(fake, for_generator, rtol=1e-5, atol=1e-5)


def test_the_discriminator_sees_clipped_pixels():
    gan = GAN(generator(), discriminator(SHAPE, CLASSES, width=8, stages=1))
    gan.generator.get_layer("image").bias.assign([50.0])  # far beyond white
    seen = gan({key: keras.ops.convert_to_tensor(value) for key, value in batch().items()}, training=False)["fake"]
    white = gan.discriminator([np.ones((12, *SHAPE), "float32"), batch()["labels"]])
    np.testing.assert_allclose(*map(keras.ops.convert_to_numpy, (seen, white)), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "architecture, arguments, degree",
    [
        ("pinet_generator", {"stages": 1}, 10),
        ("pinet_generator", {"stages": 2}, 22),
        ("gated_generator", {"stages": 1, "degree": 2}, 9 * 26),  # its resolutions: 2 · (2 · 1 + 1) and 2 · (2 · 6 + 1)
    ],
)
def test_a_generator_is_a_polynomial_of_the_noise(architecture, arguments, degree):
    model = build_generator(architecture, {"width": 8, **arguments}, LATENT, SHAPE, CLASSES, 4, name="g")
    certificate = certify(model)
    assert (certificate.tier, certificate.degree) == (2, degree)
    rng = np.random.default_rng(0)
    for variable in model.non_trainable_variables:  # running statistics as after a training
        variable.assign(rng.uniform(0.5, 1.5, variable.shape))
    result = certificate.verify(model, [draw_latents(6, LATENT, seed=3), np.full(6, 2.0)], lines=3)
    assert result.holds, result


def test_what_the_other_variants_are():
    assert certify(generator(combine="sum")).degree == 1
    assert certify(generator(output="tanh")).tier_name == "not polynomial"
    assert certify(generator("dcgan")).tier_name == "not polynomial"
    assert certify(generator("gated_generator")).degree == 9 * (8 * (8 * 72 + 1))
    assert certify(generator(num_classes=None)).degree == 10


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"combine": "mean"}, "`combine` must be one of 'product', 'sum'. Received: combine='mean'"),
        ({"output": "relu"}, "`output` must be one of 'linear', 'tanh'"),
        ({"stages": 4}, "8×8 cannot be halved so often. Received: stages=4"),
        ({"depth": 4}, "refuses its arguments.*depth"),
    ],
)
def test_wrong_arguments_of_an_architecture_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        generator(**arguments)
    if "stages" in arguments:
        for other in ("dcgan", "gated_generator"):
            with pytest.raises(ValueError, match=words):
                generator(other, **arguments)


def test_a_seed_draws_the_same_images_however_many_are_drawn():
    model = generator()
    few, labels = sample(model, 5, seed=7)
    many, _ = sample(model, 9, seed=7)
    assert few.dtype == np.uint8 and few.shape == (5, *SHAPE)
    assert labels.tolist() == [0, 1, 2, 0, 1]
    np.testing.assert_array_equal(few, many[:5])
    assert (sample(model, 5, seed=8)[0] != few).any()


def test_the_label_matters_and_an_unconditional_model_has_none():
    model, latents = generator(), draw_latents(1, LATENT, seed=0)
    drawn = [generate(model, latents, np.array([label])) for label in range(CLASSES)]
    assert (drawn[0] != drawn[1]).any() and (drawn[1] != drawn[2]).any()
    plain = generator(num_classes=None)
    assert plain.num_classes is None and sample(plain, 3)[1] is None
    assert plain.predict(latents, verbose=0).shape == (1, *SHAPE)
    with pytest.raises(ValueError, match="small takes a latent. Received: None"):
        plain({"noise": latents})


def test_a_dict_and_a_list_are_the_same():
    model, (latents, labels) = generator(), noise()
    by_name = keras.ops.convert_to_numpy(model({"label": labels, "latent": latents}))
    np.testing.assert_array_equal(by_name, keras.ops.convert_to_numpy(model([latents, labels.tolist()])))


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda z, y: z, r"small takes \[latent, label\]. Received: ndarray"),
        (lambda z, y: {"latent": z}, r"small takes \[latent, label\]"),
        (lambda z, y: [z[:, :2], y], r"shape \[batch, 6\]. Received: shape=\(12, 2\)"),
        (lambda z, y: [z[:0], y[:0]], r"shape \[batch, 6\]. Received: shape=\(0, 6\)"),
        (lambda z, y: [2 * z, y], r"Latents must lie in -1..1. Received: values from"),
        (lambda z, y: [z * np.nan, y], r"Latents must lie in -1..1. Received: values from nan"),
        (lambda z, y: [z, y[:3]], r"12 numbers, one a latent. Received: shape=\(3,\)"),
        (lambda z, y: [z, y.astype(str)], r"12 numbers, one a latent.*dtype=<U"),
        (lambda z, y: [z, y + 1], r"whole numbers in 0..2. Received: 3"),
        (lambda z, y: [z, y + 0.5], r"whole numbers in 0..2. Received: 0.5"),
    ],
)
def test_wrong_noise_and_labels_are_refused(change, words):
    model = generator()
    for call in (model, model.predict_on_batch, lambda x: model.predict(x, verbose=0)):
        with pytest.raises(ValueError, match=words):
            call(change(*noise()))


def test_interpolation_is_linear():
    start, end = draw_latents(2, LATENT, seed=0)
    steps = interpolate(start, end, 5)
    np.testing.assert_allclose(steps[[0, 2, 4]], [start, (start + end) / 2, end], atol=1e-6)
    assert np.abs(draw_latents(1000, 4, seed=0)).max() <= 1
    assert draw_latents(100_000, 1, seed=0).var() == pytest.approx(1 / 3, rel=0.01)


def test_truncated_noise_is_the_same_noise_made_smaller():
    whole, half = draw_latents(5, 4, seed=0), draw_latents(5, 4, seed=0, truncation=0.5)
    np.testing.assert_allclose(half, whole / 2, atol=1e-6)
    with pytest.raises(ValueError, match="`truncation` must be in 0..1. Received: truncation=1.5"):
        draw_latents(5, 4, seed=0, truncation=1.5)


def test_a_morph_needs_classes():
    with pytest.raises(ValueError, match="must take labels, to generate images between two. Received: small"):
        morph(generator(num_classes=None), draw_latents(1, LATENT, seed=0), 0, 1, 3)


def test_each_latent_has_its_own_morph():
    model, latents = generator(), draw_latents(2, LATENT, seed=0)
    both = morph(model, latents, 0, 2, 3)
    np.testing.assert_array_equal(both[3:], morph(model, latents[1:], 0, 2, 3))
    np.testing.assert_allclose(both[[0, 3]].astype(float), generate(model, latents, np.array([0, 0])), atol=1)


def test_the_embedding_survives_a_file_and_rounds_its_labels(tmp_path):
    model = generator()
    model.save(tmp_path / "g.keras")
    again = keras.saving.load_model(tmp_path / "g.keras")
    latents, labels = noise()
    expected = keras.ops.convert_to_numpy(model([latents, labels]))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(again([latents, labels])), expected, atol=1e-4)
    layer = LabelEmbedding(3, 4)
    rows = keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor([1.9999999, 2.0])))
    np.testing.assert_array_equal(rows[0], rows[1])


@pytest.mark.parametrize("arguments", [(0, 4), (3, -1), (2.5, 4)])
def test_an_embedding_without_size_is_refused(arguments):
    with pytest.raises(ValueError, match="must be an integer of at least 1. Received"):
        LabelEmbedding(*arguments)
