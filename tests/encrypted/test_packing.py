"""Packed and batched circuits compute what the program computes, and the plan counts what they do."""

import keras
import numpy as np
import pytest
from scipy import sparse

import pinet_keras
import zoo
from zoo.data.samples import sample_inputs
from zoo.encrypted.batched_program import BatchedProgram
from zoo.encrypted.compiling import compile_encrypted, simulate
from zoo.encrypted.diagonals import Entries, best_split, origin, sum_rotations
from zoo.encrypted.layouts import input_layout, layout_of
from zoo.encrypted.lowering import lower
from zoo.encrypted.packed_map import doubling_steps, equal_columns
from zoo.encrypted.packed_program import pack_program, with_own_factors
from zoo.encrypted.parameters import parameters_for
from zoo.encrypted.plan import plan_of
from zoo.encrypted.program import measured, normalised
from zoo.encrypted.simulation import SimulatedEngine
from zoo.encrypted.unit_costs import UnitCosts

from .models import randomised, residual

RING = 8192


class Counting(SimulatedEngine):
    """A simulation without errors that counts operations and notes rotations."""

    def __init__(self, parameters):
        super().__init__(parameters, seed=None)
        self.counts = {"rotations": 0, "plain_products": 0, "products": 0, "rescalings": 0}
        self.steps = set()

    def rotate(self, ciphertext, steps):
        if steps % self.parameters.slots:
            self.counts["rotations"] += 1
            self.steps.add(steps % self.parameters.slots)
        return super().rotate(ciphertext, steps)

    def multiply_plain(self, ciphertext, plain):
        self.counts["plain_products"] += 1
        return super().multiply_plain(ciphertext, plain)

    def multiply(self, left, right):
        self.counts["products"] += 1
        return super().multiply(left, right)

    def rescale(self, ciphertext):
        self.counts["rescalings"] += 1
        return super().rescale(ciphertext)


def digits():
    return zoo.load("pinet_digits"), sample_inputs(zoo.card("pinet_digits"))[:3]


def dense(decomposition="ccp"):
    layers = [
        pinet_keras.PolyDense(9, degree=3, rank=11, decomposition=decomposition),
        pinet_keras.PolyDense(4, degree=2, rank=20),
    ]
    return randomised(keras.Sequential([keras.Input((13,)), *layers])), np.random.default_rng(0).normal(size=(3, 13))


@pytest.fixture
def few_weights(request, monkeypatch):
    if request.node.callspec.params["make"] is residual:
        monkeypatch.setattr("zoo.encrypted.forms.MOST_WEIGHTS", 80)


def products_of_products():
    """Factors that were both made before, and stand in other slots."""
    inputs = keras.Input((6,))
    first = keras.layers.Dense(20)(inputs) * keras.layers.Dense(20)(inputs)
    second = keras.layers.Dense(20)(first) * keras.layers.Dense(20)(first)
    model = keras.Model(inputs, keras.layers.Dense(3)(first * second))
    return randomised(model), np.random.default_rng(0).normal(size=(3, 6))


def pooled():
    layers = [
        pinet_keras.PolyConv2D(6, 3, degree=2, padding="same"),
        keras.layers.AveragePooling2D(2),
        pinet_keras.PolyConv2D(5, 3, degree=2, padding="same"),
        keras.layers.AveragePooling2D(2),
        keras.layers.Flatten(),
        keras.layers.Dense(3),
    ]
    return randomised(keras.Sequential([keras.Input((40, 42, 1)), *layers])), np.random.default_rng(0).random(
        (2, 40, 42, 1)
    )


@pytest.mark.parametrize("ring", [RING, 4 * RING], ids=["many ciphertexts", "few ciphertexts"])
@pytest.mark.parametrize(
    "make",
    [digits, dense, lambda: dense("ncp_skip"), pooled, products_of_products, residual],
    ids=["digits", "ccp", "ncp", "pooled", "products of products", "residual"],
)
def test_a_packed_program(make, ring, few_weights):
    model, examples = make()
    program = normalised(with_own_factors(measured(lower(model), [examples])))
    assert bool(program.addends()) == (make is residual)
    circuit = pack_program(program, ring // 2, UnitCosts(ring), program.depth + 1)
    parameters = parameters_for(4 * RING, program.depth, 16.0)
    engine = Counting(parameters)
    object.__setattr__(parameters, "ring", ring)  # without errors: no matter that the moduli are for another ring
    logits = simulate(circuit, engine, examples)
    np.testing.assert_allclose(logits, program.run(examples), atol=1e-9 * np.abs(logits).max())
    plan = plan_of("it", circuit, parameters, 0.0, "samples", 1, 1, 10**9)
    assert engine.counts == {name: getattr(plan, name) for name in engine.counts}
    assert engine.steps == circuit.rotation_steps() and plan.rotation_keys == len(engine.steps)


@pytest.mark.parametrize(
    "make", [digits, dense, lambda: dense("ncp_skip"), residual], ids=["digits", "ccp", "ncp", "residual"]
)
def test_a_batched_program(make, few_weights):
    model, examples = make()
    program = normalised(measured(lower(model), [examples]))
    assert bool(program.addends()) == (make is residual)
    circuit, parameters = BatchedProgram(program, RING // 2), parameters_for(4 * RING, program.depth, 16.0)
    engine = Counting(parameters)
    logits = simulate(circuit, engine, examples)
    np.testing.assert_allclose(logits, program.run(examples), atol=1e-6 * np.abs(logits).max())
    plan = plan_of("it", circuit, parameters, 0.0, "samples", 1, 1, 10**9)
    assert engine.counts == {name: getattr(plan, name) for name in engine.counts}
    assert engine.steps == set() == circuit.rotation_steps()


def test_factors_that_were_both_made_before_are_noticed():
    model, _ = products_of_products()
    program = lower(model)
    with pytest.raises(ValueError, match="Use `with_own_factors`"):
        pack_program(program, 2048, UnitCosts(4096), 8)
    assert with_own_factors(program).depth == program.depth + 1
    assert compile_encrypted(model, np.ones((2, 6))).plan.depth == program.depth + 1


def test_a_map_with_too_many_plaintexts_is_refused_before_they_are_made(monkeypatch):
    model, examples = dense()
    monkeypatch.setattr("zoo.encrypted.packed_map.MOST_VALUES", 2 * 2048)
    with pytest.raises(ValueError, match=r"of [\d,]+ weights takes \d+ products with .* 2,048 slots.* At most 2 such"):
        pack_program(normalised(measured(lower(model), [examples])), 2048, UnitCosts(4096), 8)


def test_the_windows_of_a_pooling_are_added_before_they_are_multiplied():
    model, examples = pooled()
    program = normalised(measured(lower(model), [examples]))
    sums = [packed.sums for packed in pack_program(program, 2048, UnitCosts(4096), 8).maps.values()]
    assert {steps for each in sums for steps in each.values()} >= {(1, 42)}
    batched = BatchedProgram(program, 2048)
    first_product = next(k for k in batched.reads if k)
    assert {len(group) for group in batched.reads[first_product].groups} == {4}


def test_a_feature_map_keeps_its_positions_and_channels_share_blocks():
    layout = layout_of((2, 2, 5), (4, 6, 1), 64)
    at = layout.slot.reshape(2, 2, 5)
    assert at[1, 1, 0] - at[0, 0, 0] == 2 * 6 + 3
    assert len({*zip(layout.ciphertext.tolist(), layout.slot.tolist(), strict=True)}) == 20
    assert layout.count == 1 and layout_of((4, 6, 5), (4, 6, 1), 64).count == 3
    packed = layout.moved(50).pack(np.arange(20.0)[None])
    np.testing.assert_array_equal(layout.moved(50).unpack(packed)[0], np.arange(20.0))


def test_the_input_is_repeated():
    layout = input_layout((3,), 16)
    assert (layout.period, layout.copies) == (4, 4)
    np.testing.assert_array_equal(layout.pack(np.array([[1.0, 2, 3]]))[0, 0], [1, 2, 3, 0] * 4)
    target = layout_of((16,), (3,), 16)
    assert set(layout.difference(target, np.arange(16), np.zeros(16, dtype=int)).tolist()) <= {0, 1, 2, 14, 15}


@pytest.mark.parametrize("shape", [(3,), (4, 6, 1)], ids=["around the circle", "as often as it fits"])
def test_every_value_of_a_repeated_input_is_found_from_every_slot(shape):
    layout, target, values = input_layout(shape, 64), layout_of((64,), shape, 64), 1 + np.arange(np.prod(shape))
    row, column = map(np.ravel, np.meshgrid(np.arange(64), np.arange(len(values))))
    at = (target.slot[row] + layout.difference(target, row, column)) % 64
    np.testing.assert_array_equal(layout.pack(values[None])[0, 0][at], values[column])


def test_the_split_of_a_dense_layer_takes_few_rotations():
    """784 to 10: each diagonal on its own would be 793 rotations."""
    row, column = map(np.ravel, np.meshgrid(np.arange(10), np.arange(784)))
    ahead = (column - row) % 4096
    ahead = (ahead - origin(ahead, 4096)) % 4096
    assert ahead.max() == 792
    entries = Entries(np.zeros_like(ahead), np.zeros_like(ahead), ahead).distinct()
    occupied = np.zeros((1, 4096), dtype=bool)
    occupied[0, :10] = True
    split = best_split(entries, occupied, (), rotation=16.0, product=1.0)
    assert split.rotations < 20 and split.products < 40


@pytest.mark.parametrize("members", [1, 2, 3, 7, 8, 51])
def test_sums_by_doubling(members):
    reached, rotations = [1], 0
    for bit in bin(members)[3:]:
        reached.append(2 * reached[-1] + int(bit))
        rotations += 1 + int(bit)
    assert reached[-1] == members and sum_rotations(members) == rotations


def test_equal_columns_are_found():
    matrix = sparse.csr_array(np.array([[1.0, 2, 0, 1, 2, 0], [3, 4, 0, 3, 5, 0]]))
    assert sorted(map(list, equal_columns([matrix]))) == [[0, 3], [1], [4]]
    other = sparse.csr_array(np.array([[1.0, 2, 0, 3, 2, 1]]))
    for matrices in ([matrix, other], [other, matrix]):
        assert sorted(map(list, equal_columns(matrices))) == [[0], [1], [3], [4], [5]]
    assert sorted(map(list, equal_columns([matrix, matrix]))) == [[0, 3], [1], [4]]


def test_offsets_that_are_sums_of_steps():
    assert doubling_steps((0, 1, 28, 29)) == (1, 28)
    assert doubling_steps((0,)) == ()
    assert doubling_steps((0, 1, 28)) is None
    assert doubling_steps((0, 1, 2, 28)) is None


def test_a_sum_of_unequal_scales_is_an_error():
    parameters = parameters_for(RING, 3, 16.0)
    engine = SimulatedEngine(parameters, seed=None)
    fresh = engine.encrypt(np.ones((1, parameters.slots)))
    with pytest.raises(ValueError, match="one depth and scale"):
        engine.add(fresh, engine.multiply(fresh, fresh))
    with pytest.raises(ValueError, match="one depth"):
        engine.multiply(fresh, engine.at_depth(fresh, 1))
