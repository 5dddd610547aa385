"""Plans: chosen parameters, their words, and what is refused."""

import json

import keras
import numpy as np
import pytest
from keras import layers

import pinet_keras
from pinet_keras.analysis import Evaluator
from zoo.encrypted.compiling import compile_encrypted
from zoo.encrypted.parameters import deepest
from zoo.environment import processors

from .models import randomised

EXAMPLES = np.random.default_rng(0).normal(size=(6, 5))


def small():
    model = randomised(keras.Sequential([keras.Input((5,)), pinet_keras.PolyDense(3, degree=2, rank=4)], name="small"))
    *factors, kernel, bias = model.get_weights()
    model.set_weights([*factors, 0.1 * kernel, 0.1 * bias])  # small logits fit in a small ring
    return model


def test_a_plan_is_made_without_tenseal_and_read_by_people_and_scripts():
    plan = compile_encrypted(small(), EXAMPLES).plan
    assert (plan.depth, plan.batch, plan.security) == (3, "one", 128)
    words = str(plan)
    for expected in ("small, encrypted", "128 bits", "3 rescalings", f"{plan.ring:,}", "rotations", "error of logits"):
        assert expected in words
    assert json.loads(json.dumps(plan.as_dict(), allow_nan=False))["moduli_bits"] == list(plan.moduli_bits)


def test_the_smallest_ring_within_the_tolerance_is_taken():
    rings = [compile_encrypted(small(), EXAMPLES, tolerance=tolerance).plan.ring for tolerance in (0.1, 1e-5)]
    assert rings == sorted(rings) and len(set(rings)) > 1
    assert compile_encrypted(small(), EXAMPLES, security=256).plan.ring > rings[0]
    with pytest.raises(ValueError, match="A larger `tolerance` allows it"):
        compile_encrypted(small(), EXAMPLES, tolerance=1e-14)


def test_many_examples_need_no_rotations():
    plan = compile_encrypted(small(), EXAMPLES, batch="many").plan
    assert plan.rotations == plan.rotation_keys == 0
    assert (plan.examples_per_request, plan.request_ciphertexts) == (plan.ring // 2, 5)


def test_workers_compute_a_request_each():
    plans = [compile_encrypted(small(), EXAMPLES, batch="many", workers=count).plan for count in (1, 3)]
    assert plans[1].seconds == plans[0].seconds and plans[1].memory > 3 * plans[0].memory
    assert plans[1].examples_per_second == pytest.approx(3 * plans[0].ring / 2 / plans[0].seconds)
    assert "3 workers" in str(plans[1]) and "worker" not in str(plans[0])
    assert compile_encrypted(small(), EXAMPLES, batch="many").plan.workers == processors()
    assert compile_encrypted(small(), EXAMPLES).plan.workers == 1
    with pytest.raises(ValueError, match="`workers` must be"):
        compile_encrypted(small(), EXAMPLES, workers=0)


def test_a_simulation_errs_by_what_the_plan_says():
    model = small()
    compiled = compile_encrypted(model, EXAMPLES)
    plain = Evaluator(model)([EXAMPLES])
    np.testing.assert_allclose(compiled.simulate(EXAMPLES, seed=None), plain, atol=1e-6 * np.abs(plain).max())
    errors = [np.abs(compiled.simulate(EXAMPLES, seed) - plain).max() for seed in range(5)]
    assert compiled.plan.logit_error / 4 < np.median(errors) < 4 * compiled.plan.logit_error


def test_values_beyond_the_modulus_are_nan_in_a_simulation():
    """They would be any numbers after decryption."""
    compiled = compile_encrypted(small(), EXAMPLES)
    logits = compiled.simulate(np.concatenate([EXAMPLES, 100 * EXAMPLES[:1]]))
    assert np.isfinite(logits[:-1]).all() and np.isnan(logits[-1]).all()


def test_a_model_that_is_too_deep_is_told_how_deep_it_is():
    model = keras.Sequential([keras.Input((2,)), *[pinet_keras.PolyDense(2, degree=2) for _ in range(25)]], name="deep")
    with pytest.raises(ValueError, match=rf"deep is too deep: it needs 51 rescalings.* at most {deepest()} fit"):
        compile_encrypted(model, np.full((2, 2), 0.1))


@pytest.mark.parametrize(
    "wrong, message", [({"batch": "some"}, "`batch` must be"), ({"security": 100}, "`security` must be")]
)
def test_wrong_arguments(wrong, message):
    with pytest.raises(ValueError, match=message):
        compile_encrypted(small(), EXAMPLES, **wrong)


def test_a_model_with_activations_is_refused():
    model = keras.Sequential([keras.Input((5,)), layers.Dense(3, activation="tanh", name="hidden")])
    with pytest.raises(ValueError, match="hidden: activation tanh"):
        compile_encrypted(model, EXAMPLES)
