"""`pinet encrypted`: plans, evaluations, and the demo."""

import importlib.util
import json

import numpy as np
import pytest

import zoo
from zoo.architectures import build
from zoo.architectures.parts.spectrogram import certified_inputs
from zoo.data.samples import sample_inputs
from zoo.encrypted.compiling import EncryptedModel
from zoo.encrypted.evaluation import compile_by_name

from .models import randomised

HAS_TENSEAL = importlib.util.find_spec("tenseal") is not None
needs_tenseal = pytest.mark.skipif(not HAS_TENSEAL, reason="needs TenSEAL: pip install '.[encrypted]'")


def test_a_plan_is_printed_before_any_key_is_made(pinet):
    code, out, _ = pinet("encrypted", "plan", "pinet_digits")
    assert code == 0
    for words in ("5 rescalings", "8,192", "of 218", "Security Standard", "rotations", "error of logits", "a request"):
        assert words in out
    code, out, _ = pinet("encrypted", "plan", "pinet_digits", "--batch", "many", "--json")
    found = json.loads(out)
    assert code == 0 and (found["batch"], found["rotations"], found["examples_per_request"]) == ("many", 0, 4096)


def test_a_simulated_evaluation(pinet, monkeypatch):
    simulate = EncryptedModel.simulate

    def with_one_lost(self, images):
        logits = simulate(self, images)
        logits[np.flatnonzero(logits.argmax(axis=1) == 0)[0]] = np.nan  # an image of a 0 does not fit
        return logits

    monkeypatch.setattr(EncryptedModel, "simulate", with_one_lost)
    code, out, _ = pinet("encrypted", "evaluate", "pinet_digits", "--examples", "40", "--simulate", "--json")
    found = json.loads(out)
    assert code == 0 and found["examples"] == 40 and found["simulated"]
    assert found["agreement"] == 39 / 40 and found["accuracy"] == found["plain_accuracy"] - 1 / 40 >= 0.9
    assert 0 < found["logit_error"] < 1e-2
    assert "median_seconds" not in found


def test_an_audio_model_begins_after_its_spectrogram(tmp_path):
    arguments = {"width": 3, "stages": 1, "kernel_size": 3}
    model = randomised(build("temporal", arguments, (1024,), [40.0], [30.0], 3, name="clicks"))
    clips = sample_inputs(zoo.save(model, tmp_path, name="clicks"))
    compiled, model = compile_by_name(str(tmp_path)), zoo.load(tmp_path)
    plain = model.predict_on_batch(clips)
    spectrograms = certified_inputs(model, clips)
    assert spectrograms.shape[1:] == compiled.circuit.program.input_shape
    nearly = compiled.simulate(spectrograms)
    np.testing.assert_allclose(nearly, plain, atol=5e-3 * np.abs(plain).max())
    assert compiled.plan.model == "clicks"


@needs_tenseal
def test_an_evaluation(pinet):
    code, out, _ = pinet("encrypted", "evaluate", "pinet_digits", "--examples", "2")
    assert code == 0
    for words in ("same decision", "100.00% of 2 examples", "processor time", "public keys"):
        assert words in out


@needs_tenseal
def test_the_demo_shows_who_sees_what(pinet):
    code, out, _ = pinet("encrypted", "demo")
    assert code == 0 and "the digit is 3" in out and "The plain model's answer is the same." in out
    assert "@@" in out and "ciphertext" in out


@pytest.mark.skipif(HAS_TENSEAL, reason="TenSEAL is installed")
def test_without_tenseal_the_extra_is_named(pinet):
    code, _, error = pinet("encrypted", "demo")
    assert code == 1 and "pip install '.[encrypted]'" in error


def test_what_is_no_polynomial_is_refused_with_the_certificates_reasons(pinet):
    code, _, error = pinet("encrypted", "plan", "pinet_cifar10_activated")
    assert code == 1 and "tier 2 or 3" in error and "activation relu" in error
    code, _, error = pinet("encrypted", "plan", "pinet_mnist_generator")
    assert code == 1 and "a model for image generation" in error
