"""What does not fit in memory: plaintexts are made again in each run, or the model is refused."""

import tracemalloc
from collections import Counter

import keras
import numpy as np
import pytest

from zoo.encrypted.compiling import compile_encrypted
from zoo.encrypted.lowering import lower
from zoo.encrypted.packed_program import PackedProgram, pack_program
from zoo.encrypted.plan import PROCESS
from zoo.encrypted.program import measured, normalised
from zoo.encrypted.unit_costs import UnitCosts

from .models import randomised

EXAMPLES = np.random.default_rng(0).normal(size=(4, 6))


@pytest.fixture(scope="module")
def network():
    dense = [keras.layers.Dense(6, "linear") for _ in range(2)]
    inputs = keras.Input((6,))
    return randomised(keras.Model(inputs, keras.layers.Dense(3)(dense[0](inputs) * dense[1](inputs))))


def planned(network, **arguments):
    return compile_encrypted(network, EXAMPLES, **arguments).plan


def test_the_plan_says_what_is_kept_and_what_is_refused(network):
    whole = planned(network)
    assert whole.kept == 1 and whole.plaintext_bytes > 0 and "made again" not in str(whole)
    whole.check_memory()
    needed = whole.memory - whole.plaintext_bytes
    half = planned(network, free_memory=needed + whole.plaintext_bytes // 2)
    half.check_memory()
    assert half.kept == pytest.approx(0.5, abs=1e-3) and half.memory <= half.free_memory < whole.memory
    assert half.seconds == pytest.approx(whole.seconds + whole.setup_seconds / 2, rel=1e-3)
    assert half.setup_seconds == pytest.approx(whole.setup_seconds / 2, rel=1e-3)
    assert "50% of the plaintexts are made again in each run" in str(half)
    asking = planned(network, workers=2, free_memory=10**11).memory - 2 * whole.memory  # the process that asks both
    assert asking > PROCESS
    two = planned(network, free_memory=asking + 2 * needed + whole.plaintext_bytes, workers=2)
    assert two.kept == pytest.approx(0.5, abs=1e-3)  # each keeps plaintexts of its own
    four = planned(network, free_memory=whole.memory - whole.plaintext_bytes // 2, together=4)
    assert four.kept < 0.5  # ciphertexts of four requests leave less room
    assert four.seconds == pytest.approx(whole.seconds + (1 - four.kept) * whole.setup_seconds / 4)
    assert "4 requests together" in str(four)
    none = planned(network, free_memory=needed - 1)
    assert none.kept == 0
    with pytest.raises(ValueError, match=r"needs .* of memory with 1 worker, and .* may be used"):
        none.check_memory()
    with pytest.raises(ValueError, match="with 2 workers"):
        planned(network, free_memory=needed, workers=2).check_memory()


def test_only_single_images_are_computed_together(network):
    with pytest.raises(ValueError, match="Received: together=2"):
        planned(network, batch="many", together=2)


def test_the_command_refuses_what_does_not_fit_after_its_plan(pinet):
    code, out, error = pinet("encrypted", "plan", "pinet_digits", "--memory", "1")
    assert code == 1 and "ring size N" in out and "1.00 GB may be used" in error


def test_what_cannot_even_be_planned_is_refused_before(network, pinet, monkeypatch):
    monkeypatch.setattr("zoo.encrypted.compiling.pack_program", lambda *arguments: pytest.fail("it is planned"))
    code, out, error = pinet("encrypted", "plan", "pinet_digits", "--memory", "0.3")
    assert code == 1 and "ring size N" not in out and "300 MB may be used" in error
    with pytest.raises(ValueError, match=r"takes at least 90\d MB of memory, for \d+ weights, and 900 MB may be used"):
        planned(network, free_memory=PROCESS)


def test_what_planning_takes_counts(network, monkeypatch):
    monkeypatch.setattr(PackedProgram, "planning_memory", 10**12)
    assert planned(network).memory == PROCESS + 10**12


def test_the_memory_that_planning_takes():
    """NumPy reports what it allocates."""
    inputs = keras.Input((700,))
    dense = [keras.layers.Dense(900) for _ in range(2)]
    model = randomised(keras.Model(inputs, keras.layers.Dense(3)(dense[0](inputs) * dense[1](inputs))))
    examples = np.random.default_rng(0).normal(size=(4, 700))
    program = normalised(measured(lower(model), [examples]))
    weights = 700 * 900 * 2 + 900 * 3
    assert program.memory == pytest.approx(12 * weights, rel=0.01)  # a number and its column
    tracemalloc.start()
    circuit = pack_program(program, 8192, UnitCosts(16384), program.depth + 1)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert circuit.memory == pytest.approx(program.memory + kept, rel=0.05)
    assert 0.8 < circuit.planning_memory / (program.memory + peak) < 1.3


def test_requests_together_share_the_plaintexts_that_are_made_again(network, monkeypatch):
    pytest.importorskip("tenseal.sealapi", reason="needs TenSEAL: pip install '.[encrypted]'")
    from zoo.encrypted.client import Client
    from zoo.encrypted.seal import Plaintexts, SealEngine
    from zoo.encrypted.server import Server

    made = Counter()
    encode = SealEngine._encode

    def counted(self, values, *where):
        made["plaintexts"] += 1
        return encode(self, values, *where)

    monkeypatch.setattr(SealEngine, "_encode", counted)
    model = compile_encrypted(network, EXAMPLES)
    client = Client(model)
    keys, requests = client.public_keys(), [client.encrypt(example[None]) for example in EXAMPLES[:3]]
    found = {}
    whole = model.plan.plaintext_bytes
    for name, room in (("none", 0), ("one", 8 * model.parameters.ring * model.parameters.primes_at(0)), ("all", whole)):
        server = Server(model, keys, Plaintexts(room))
        answers = [client.decrypt(answer)[0] for answer in server.answers(requests)]
        np.testing.assert_allclose(answers, model.circuit.program.run(EXAMPLES[:3]), atol=1e-2)
        first = made.pop("plaintexts")
        server.answer(requests[0])
        found[name] = first, made.pop("plaintexts", 0)
    (once, each), (_, less), (_, again) = found["none"], found["one"], found["all"]
    constants = sum(len(each.constants) for each in model.circuit.maps.values() if each)
    assert each == model.plan.plain_products + constants and again == 0  # of one request
    assert less == each - 1
    assert once <= model.plan.plain_products + 3 * constants  # of three


def test_a_server_keeps_what_the_plan_has_room_for(network, monkeypatch):
    pytest.importorskip("tenseal.sealapi", reason="needs TenSEAL: pip install '.[encrypted]'")
    from zoo.encrypted import server as module
    from zoo.encrypted.client import Client

    whole = planned(network)
    model = compile_encrypted(network, EXAMPLES, free_memory=whole.memory - whole.plaintext_bytes)
    rooms = []
    monkeypatch.setattr(module, "Plaintexts", lambda room: rooms.append(room))
    keys = Client(model).public_keys()
    module.Server(model, keys)
    assert rooms == [0]
    small = compile_encrypted(network, EXAMPLES, free_memory=whole.memory - whole.plaintext_bytes - 1)
    with pytest.raises(ValueError, match="may be used"):
        module.Server(small, keys)
