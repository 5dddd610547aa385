"""Every shipped model, certified again and measured; every classifier followed along many lines, and folded."""

import keras
import numpy as np
import pytest

import zoo
from pinet_keras import ReLUApproximation
from pinet_keras.analysis import certify, count_macs, crossings, fold
from pinet_keras.analysis.chebyshev import MAX_DEGREE
from pinet_keras.analysis.replay import Evaluator
from pinet_keras.analysis.verification import verify_degree
from zoo.architectures.parts.spectrogram import certified_inputs, certified_part
from zoo.data.samples import sample_inputs
from zoo.generation.latents import draw_latents
from zoo.tasks import CLASSIFICATION, GENERATION, TASKS


def _has_tier_and_inputs(card):
    """Models for nodes need their graph, which is not shipped: tests/zoo/test_nodes.py certifies them."""
    return card["tier"] and TASKS[card["task"]].arrays


NAMES = zoo.list_models(task=CLASSIFICATION)
ALL_POLYNOMIALS = [name for name in zoo.list_models() if _has_tier_and_inputs(zoo.card(name))]
POLYNOMIALS = [name for name in ALL_POLYNOMIALS if zoo.card(name)["degree"] <= MAX_DEGREE]
CLASSIFIERS = [name for name in POLYNOMIALS if zoo.card(name)["task"] != GENERATION]
# Lines by the MACs up to which: a network of 20 million needs most of a second for one.
LINES = {5e5: 30, 2e7: 6, np.inf: 3}
# MACs times degree, above which a model gets fewer lines: those for CIFAR-10, except `polynet_cifar10`.
HEAVY = 1.5e9
# Models whose term of the certified degree stands above rounding on lines between samples.
ALL_SEEN = (
    "pinet_digits",
    "pinet_mnist_encrypted",
    "pinet_mnist_shallow",
    "pinet_mnist_tiny",
    "pinet_spoken_digit",
    "pinet_spoken_digit_lite",
)


@pytest.fixture(scope="module", params=NAMES)
def shipped(request):
    return zoo.load(request.param), zoo.card(request.param)


def _part(name):
    """What the certificate of a model is about, its card, and inputs to draw lines between."""
    model, card = zoo.load(name), zoo.card(name)
    if card["task"] == GENERATION:
        return model, card, [draw_latents(16, model.latent_size, seed=0), np.zeros(16)]
    return certified_part(model), card, certified_inputs(model, sample_inputs(card)).astype("float64")


@pytest.fixture(scope="module", params=POLYNOMIALS)
def polynomial(request):
    return _part(request.param)


@pytest.fixture(scope="module", params=CLASSIFIERS)
def classifier(request):
    return _part(request.param)


def test_the_card_says_what_the_certificate_says(shipped):
    model, card = shipped
    certificate = certify(model)
    assert (certificate.tier, certificate.degree) == (card["tier"], card["degree"])
    assert count_macs(model) == card["macs"]


@pytest.mark.parametrize("seed", range(3))
def test_measuring_supports_the_certificate_and_refutes_what_claims_less(polynomial, seed):
    """Every claim below a term that stands above rounding is refuted: half of the degree, and one less than is seen."""
    model, card, samples = polynomial
    name, degree, lines = card["name"], card["degree"], 1 if card["macs"] * card["degree"] > HEAVY else 3
    held = verify_degree(model, degree, samples, lines=lines, seed=seed)
    assert held.holds, held
    assert held.seen > degree // 2
    assert held.seen == degree or name not in ALL_SEEN
    for claim in {degree // 2, held.seen - 1}:
        if claim < held.seen:
            result = verify_degree(model, claim, samples, lines=lines, seed=seed)
            assert result.verdict == "refuted", result


@pytest.mark.parametrize("name", [name for name in ALL_POLYNOMIALS if name not in POLYNOMIALS])
def test_what_cannot_be_measured_is_refused_and_its_first_activation_is_measured(name):
    model, card, samples = _part(name)
    assert verify_degree(model, card["degree"], samples).verdict == "not verifiable numerically"
    if card["task"] != GENERATION:
        with pytest.raises(ValueError, match=f"up to {MAX_DEGREE} can be fitted. Received: a model of degree"):
            crossings(model, samples[0], samples[1] - samples[0])
    if card["architecture_arguments"].get("mirrored"):
        samples = np.asarray(model.get_layer("pixels")(samples))
        model = model.get_layer("body")
    activation = next(layer for layer in model.layers if isinstance(layer, ReLUApproximation))
    first = keras.Model(model.inputs, keras.layers.GlobalAveragePooling2D()(activation.output))
    assert certify(first).degree == activation.degree
    assert verify_degree(first, activation.degree, samples, lines=1).holds
    assert verify_degree(first, activation.degree - 2, samples, lines=1).verdict == "refuted"


def _scan(evaluator, a, b, points: int) -> int:
    """Compare what `crossings` says from a to b with values in float64, also close to each crossing; their number.

    A value counts where its lead is far above its own rounding error, which is some 1e-15 of it.
    """
    found = crossings(evaluator, a, b - a, domain=(0, 1))
    edges = np.array([crossing.t for crossing in found])
    ts = np.concatenate([np.linspace(0, 1, points), (edges[1:] + edges[:-1]) / 2, edges - 1e-9, edges + 1e-9])
    ts = np.clip(ts, 0, 1)
    logits = evaluator([a + ts.reshape(-1, 1, 1, 1) * (b - a)])
    second, first = np.sort(logits, axis=1)[:, -2:].T
    clear = first - second > 1e-12 * np.abs(logits).max(axis=1)
    assert clear.mean() > 0.9
    start = found[0].before if found else logits[0].argmax()
    owners = np.array([start, *(crossing.after for crossing in found)])[np.searchsorted(edges, ts)]
    assert (owners == logits.argmax(axis=1))[clear].all()
    return len(found)


def test_no_crossing_is_missed_and_none_invented_between_real_images(classifier):
    model, card, images = classifier
    evaluator, rng = Evaluator(model), np.random.default_rng(0)
    lines = next(lines for macs, lines in LINES.items() if card["macs"] <= macs)
    pairs = [rng.choice(len(images), 2, replace=False) for _ in range(lines)]
    assert sum(_scan(evaluator, images[i], images[j], 49) for i, j in pairs) >= lines / 2


def test_no_crossing_is_missed_and_none_invented_on_the_way_to_images_unlike_the_training_set(classifier):
    """There the logits reach 1e76, whose rounding error is far above all leads between real images."""
    model, card, images = classifier
    evaluator, image, is_heavy = Evaluator(model), images[0], card["macs"] * card["degree"] > HEAVY
    noise = np.random.default_rng(0).integers(0, 256, image.shape).astype("float64")
    checkerboard = np.broadcast_to(255.0 * (np.indices(image.shape[:2]).sum(axis=0)[..., None] % 2), image.shape)
    ends = [noise, checkerboard, np.full(image.shape, 255.0), np.zeros(image.shape)]
    for end in ends[:3] if is_heavy else ends:
        _scan(evaluator, image, end, 49 if is_heavy else 201)


def test_the_folded_model_gives_the_same_logits_on_real_images(shipped):
    model, card = shipped
    images = sample_inputs(card)
    expected, found = model.predict(images, verbose=0), fold(model).predict(images, verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
