"""Ranges of values: measured on training examples, shipped with a model, and what plans are made by."""

import dataclasses
import json
import math

import keras
import numpy as np
import pytest

import zoo
from pinet_keras.analysis import Evaluator
from zoo.architectures import build
from zoo.encrypted.compiling import compile_encrypted
from zoo.encrypted.evaluation import compile_by_name, measure_by_name
from zoo.encrypted.lowering import lower
from zoo.encrypted.parameters import parameters_for
from zoo.encrypted.program import ROOM, Choices, Product, Range
from zoo.encrypted.ranges import measure_ranges, ranges_path, read_ranges, rounded_up, with_ranges
from zoo.encrypted.simulation import SimulatedEngine
from zoo.paths import ROOT

from .models import randomised

SHIPPED = sorted(path.stem for path in (ROOT / "ranges").glob("*.json"))
EXAMPLES = np.random.default_rng(0).normal(size=(200, 6))


def network():
    """Its square has a linear part, so it may be completed."""
    inputs = keras.Input((6,))
    first = keras.layers.Dense(6)(inputs)
    return randomised(keras.Model(inputs, keras.layers.Dense(3)(keras.ops.square(first) + first)))


def test_the_shipped_ranges_are_what_the_command_measures():
    shipped, found = read_ranges("pinet_digits"), measure_by_name("pinet_digits")
    assert (shipped.source, shipped.examples) == (found.source, found.examples)
    assert (shipped.choices, shipped.structure) == (found.choices, found.structure)
    numbers = [[(each.rms, each.largest) for each in ranges.values] for ranges in (shipped, found)]
    assert shipped.values[-1].beyond == 0
    np.testing.assert_allclose(*numbers, rtol=0.011)  # three digits, the largest rounded up


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_ranges_are_of_the_shipped_weights(name):
    assert name in zoo.list_models() and read_ranges(name).examples >= 1000


def test_ranges_are_the_sizes_of_the_values():
    model, wanted = network(), Evaluator(network())([EXAMPLES])
    ranges = measure_ranges(model, EXAMPLES, "examples")
    for found, values in ((ranges.values[0], EXAMPLES), (ranges.values[-1], wanted)):
        assert found.rms == pytest.approx(np.sqrt(np.median(np.mean(values**2, axis=1))), rel=1e-5)
        assert found.largest == pytest.approx(sorted(np.abs(values).max(axis=1))[-2], rel=1e-5)  # of 99 % of 200
        assert found.beyond == np.mean(np.abs(values).max(axis=1) > ROOM * found.largest)


def test_an_example_with_far_larger_values_does_not_decide_for_all():
    """Polynomials of high degree have such: `pinet_cifar10_encrypted` one of 1,000 images."""
    far = EXAMPLES.copy()
    far[40] *= 1000
    ranges, others = (measure_ranges(network(), each, "training examples") for each in (far, EXAMPLES))
    assert ranges.choices == others.choices
    for found, wanted in zip(ranges.values, others.values, strict=True):
        assert found.rms == pytest.approx(wanted.rms, rel=0.05) and wanted.beyond == 0
        assert wanted.largest <= found.largest < 1.5 * wanted.largest and found.beyond == 1 / 200
    compiled = compile_encrypted(network(), EXAMPLES[:5], ranges=ranges)
    assert "200 training examples; 0.5% have larger logits, which may not fit" in str(compiled.plan)
    assert "may not fit" not in str(compile_encrypted(network(), EXAMPLES[:5], ranges=others).plan)
    assert np.isnan(compiled.simulate(far)).all(axis=1).tolist() == [i == 40 for i in range(200)]


def test_a_plan_with_ranges_does_not_depend_on_the_machine():
    """Machines and backends give samples, spectrograms above all, that differ in their last digits."""
    model = network()
    ranges = measure_ranges(model, EXAMPLES, "training examples")
    assert ranges.choices.shifted
    samples = (EXAMPLES[:5], EXAMPLES[:5] * (1 + 1e-6))
    with_them = [compile_encrypted(model, each, ranges=ranges) for each in samples]
    without = [compile_encrypted(model, each) for each in samples]
    for count, found in ((1, with_them), (2, without)):
        parameters = {(each.parameters.moduli, each.parameters.output_scale) for each in found}
        assert len({each.fingerprint() for each in found}) == len(parameters) == count
    assert with_them[0].plan.measured_on == "200 training examples" and without[0].plan.measured_on == "5 samples"
    assert "measured on 200 training examples" in str(with_them[0].plan)


def test_logits_as_large_as_measured_fit_twice():
    """The first class has the largest logits, and the last the smallest."""
    inputs = keras.Input((6,))
    model = randomised(keras.Model(inputs, keras.layers.Dense(3)(keras.ops.square(keras.layers.Dense(6)(inputs)))))
    *others, kernel, bias = model.get_weights()
    model.set_weights([*others, kernel * [30, 5, 1], bias])
    for batch in ("one", "many"):
        compiled = compile_encrypted(model, EXAMPLES, batch=batch)
        parameters, largest = compiled.parameters, sorted(np.abs(Evaluator(model)([EXAMPLES])).max(axis=1))[-2]
        assert parameters.moduli[0] >= 4 * ROOM * largest * parameters.output_scale * (1 - 1e-5)
    larger = measure_ranges(model, EXAMPLES, "examples")
    *first, last = larger.values
    larger = dataclasses.replace(larger, values=(*first, Range(last.rms, 8 * last.largest)))
    wide = compile_encrypted(model, EXAMPLES, ranges=larger)
    assert wide.parameters.moduli[0] >= 32 * ROOM * largest * wide.parameters.output_scale * (1 - 1e-5)
    assert wide.plan.largest_logit == pytest.approx(8 * largest, rel=1e-5)


def test_the_largest_slot_of_all_answers_counts():
    engine = SimulatedEngine(parameters_for(4096, 1, 16.0), seed=None)
    for values in ([[1.0, -5.0]], [[2.0, 3.0]]):
        engine.rescale(engine.encrypt(np.array(values)))
    assert engine.largest == 5.0


def test_a_value_that_would_wrap_around_is_refused():
    model = network()
    ranges = measure_ranges(model, EXAMPLES, "examples")
    (product,) = [k for k, step in enumerate(lower(model, EXAMPLES).steps, start=1) if isinstance(step, Product)]
    values = list(ranges.values)
    values[product] = Range(values[product].rms, 1e30)
    with pytest.raises(ValueError, match="differ too much: the largest is .* times their root mean square"):
        compile_encrypted(model, EXAMPLES, ranges=dataclasses.replace(ranges, values=tuple(values)))


def test_ranges_of_another_model_are_refused():
    ranges = measure_ranges(network(), EXAMPLES, "examples")
    inputs = keras.Input((6,))
    other = randomised(keras.Model(inputs, keras.layers.Dense(4)(keras.ops.square(keras.layers.Dense(6)(inputs)))))
    with pytest.raises(ValueError, match="on another model, or by another version"):
        with_ranges(lower(other), ranges)
    with pytest.raises(ValueError, match="on another model"):  # the square is not completed, so its vectors are others
        compile_encrypted(network(), EXAMPLES, ranges=dataclasses.replace(ranges, choices=Choices()))


@pytest.fixture
def folder(tmp_path):
    def save(seed):
        arguments = {"width": 2, "kernel_size": 3, "units": 3}
        model = build("cryptonet", arguments, (4, 4, 1), [120.0], [70.0], 2, name="blobs")
        zoo.save(randomised(model, seed), tmp_path / "blobs", class_names=["a", "b"], overwrite=True)
        return tmp_path / "blobs"

    return save


def test_ranges_of_other_weights_are_not_used(folder, pinet, tmp_path):
    rng, data = np.random.default_rng(0), tmp_path / "data.npz"
    images, labels = rng.integers(0, 256, (60, 4, 4, 1), "uint8"), np.arange(60) % 2
    np.savez(data, x_train=images, y_train=labels, x_test=images, y_test=labels, class_names=["a", "b"])
    name = str(folder(seed=0))
    assert compile_by_name(name).plan.measured_on == "10 samples"  # none were measured
    code, out, _ = pinet("encrypted", "measure", name, "--data", data)
    assert code == 0 and "60 training examples of" in out and "0.0% have logits more than 2 times as large" in out
    assert compile_by_name(name).plan.measured_on.startswith("60 training examples of")
    folder(seed=1)
    code, _, error = pinet("encrypted", "plan", name)
    assert code == 1 and "measured with other weights" in error and f"`pinet encrypted measure {name}`" in error
    assert pinet("encrypted", "measure", name, "--data", data, "--examples", "50")[0] == 0
    assert compile_by_name(name).plan.measured_on.startswith("50 training examples of")
    path = ranges_path(name)
    kept = json.loads(path.read_text())
    for changed in ({"rms": kept["rms"][1:]}, {"largest": [math.inf, *kept["largest"][1:]]}, {"shifted": None}):
        path.write_text(json.dumps(kept | changed))
        with pytest.raises(ValueError, match="is damaged, or is no file of this kind.*measure"):
            compile_by_name(name)


def test_largest_values_are_rounded_up():
    assert [rounded_up(x) for x in (0.0, 255.0, 1.2341, 0.000999, 7.44, 99.91)] == [0, 255, 1.24, 0.000999, 7.44, 100]
    assert rounded_up(1 + 1e-12) == 1
