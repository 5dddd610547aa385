"""The metrics on the cards of the generators and of their baselines."""

import pytest

import zoo

MNIST = ("pinet_mnist_generator", "dcgan_mnist_generator", "linear_mnist_generator")
CIFAR = ("pinet_cifar10_generator", "dcgan_cifar10_generator", "linear_cifar10_generator")
families = pytest.mark.parametrize("products, relu, sums", [MNIST, CIFAR])


def test_the_mnist_generator_meets_its_requirements():
    quality = zoo.card(MNIST[0])["quality"]
    assert quality["class_accuracy"] >= 0.97 and quality["recall"] >= 0.5
    # "Not worse than ReLU" is missed by less than a hundredth, as docs/generators.md says; this keeps it there.
    assert quality["frechet_distance"] <= 1.01 * zoo.card(MNIST[1])["quality"]["frechet_distance"]


def test_the_cifar10_generator_by_both_classifiers():
    card = zoo.card(CIFAR[0])
    assert card["tier"] == 2 and card["parameters"] <= 3_000_000
    for quality, baselines in ((card["quality"], card["baselines"]), card["second_evaluation"].values()):
        assert quality["class_accuracy"] >= 0.7 and quality["recall"] >= 0.35 and quality["coverage"] >= 0.75
        assert quality["frechet_distance"] <= 0.9 * baselines[CIFAR[1]]["frechet_distance"]


@families
def test_the_card_holds_the_metrics_of_the_baselines(products, relu, sums):
    card = zoo.card(products)
    for baseline in (relu, sums):
        own = zoo.card(baseline)["quality"]
        assert (own["classifier"], own["samples"]) == (card["quality"]["classifier"], card["quality"]["samples"])
        for key, value in card["baselines"][baseline].items():
            assert value == pytest.approx(own[key], rel=1e-3, abs=1e-6)


ALIKE = (
    "batch_size",
    "discriminator_arguments",
    "ema_momentum",
    "flip",
    "validation",
    "seed",
    "latent_size",
    "label_size",
)


def test_the_baselines_for_mnist_are_as_large_and_trained_as_long():
    recipes = [zoo.card(name)["training"]["recipe"] for name in MNIST]
    for key in (*ALIKE, "epochs", "learning_rate"):
        assert recipes[0][key] == recipes[1][key] == recipes[2][key]
    sizes = [zoo.card(name)["parameters"] for name in MNIST]
    assert max(sizes) / min(sizes) < 1.01


def test_the_dcgan_for_photographs_is_as_large_and_trained_as_long():
    """In hours: its epochs take less time. `linear_cifar10_generator` is older, as docs/generators.md says."""
    products, relu = zoo.card(CIFAR[0]), zoo.card(CIFAR[1])
    for key in (*ALIKE, "feature_maps", "loss", "augment", "range_penalty"):
        assert products["training"]["recipe"][key] == relu["training"]["recipe"][key]
    assert 0.95 * products["training"]["seconds"] < relu["training"]["seconds"] < 1.2 * products["training"]["seconds"]
    assert products["parameters"] == pytest.approx(relu["parameters"], rel=0.01)


@pytest.mark.parametrize("family, degree, factor", [(MNIST, 22, 10), (CIFAR, 170168904, 2)])
def test_without_products_little_is_left(family, degree, factor):
    """Affine in the noise: the Fréchet distance is `factor` times as large."""
    products, _, sums = map(zoo.card, family)
    assert (products["tier"], products["degree"]) == (2, degree) and sums["degree"] == 1
    assert sums["quality"]["frechet_distance"] > factor * products["quality"]["frechet_distance"]
