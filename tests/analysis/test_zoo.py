"""Every shipped classifier, certified again, measured, followed along many lines, and folded."""

import numpy as np
import pytest

import zoo
from pinet_keras.analysis import certify, count_macs, fold, restrict
from pinet_keras.analysis.lines import envelope
from pinet_keras.analysis.replay import Evaluator
from zoo.demo import sample_inputs

NAMES = zoo.list_models(task="image classification")
POLYNOMIALS = [name for name in NAMES if zoo.card(name)["tier"]]
# Lines by the multiply-adds up to which: a network of 20 million needs most of a second for one.
LINES = {5e5: 200, 5e7: 20, np.inf: 8}


@pytest.fixture(scope="module", params=NAMES)
def shipped(request):
    return zoo.load(request.param), zoo.card(request.param)


@pytest.fixture(scope="module", params=POLYNOMIALS)
def polynomial(request):
    return zoo.load(request.param), zoo.card(request.param)


def test_the_card_says_what_the_certificate_says(shipped):
    model, card = shipped
    certificate = certify(model)
    assert (certificate.tier, certificate.degree) == (card["tier"], card["degree"])
    assert count_macs(model) == card["macs"]


def test_measuring_supports_the_certificate(polynomial):
    model, card = polynomial
    result = certify(model).verify(model, sample_inputs(card), lines=3)
    assert result.holds, result


def test_no_crossing_is_missed_and_none_invented_between_real_images(polynomial):
    """The owners of the pieces between crossings are the classes found by scanning, also right beside each crossing."""
    model, card = polynomial
    images, evaluator = sample_inputs(card).astype("float64"), Evaluator(model)
    rng, points, expected, changes = np.random.default_rng(0), [], [], 0
    lines = next(lines for macs, lines in LINES.items() if card["macs"] <= macs)
    for _ in range(lines):
        a, b = images[rng.choice(len(images), 2, replace=False)]
        polynomials = restrict(evaluator, a, b - a, domain=(0, 1))
        found = envelope(polynomials)
        edges = np.array([crossing.t for crossing in found])
        first = found[0].before if found else int(np.argmax([p(0.5) for p in polynomials]))
        owners = np.array([first, *(crossing.after for crossing in found)])
        ts = np.concatenate([np.linspace(0, 1, 33), edges - 1e-7, edges + 1e-7])
        points.append(a + ts.reshape(-1, 1, 1, 1) * (b - a))
        expected.append(owners[np.searchsorted(edges, ts)])
        changes += len(found)
    for some, classes in zip(points, expected, strict=True):
        assert (evaluator([some]).argmax(axis=1) == classes).all()
    assert changes >= lines / 2


def test_the_folded_model_gives_the_same_logits_on_real_images(shipped):
    model, card = shipped
    images = sample_inputs(card)
    expected, found = model.predict(images, verbose=0), fold(model).predict(images, verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
