"""From a certified model to an encrypted computation with a plan."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import ArrayLike

from pinet_keras.arguments import one_of, positive_integer
from zoo.encrypted.batched_program import BatchedProgram
from zoo.encrypted.lowering import lower
from zoo.encrypted.packed_program import PackedProgram, pack_program, with_own_factors
from zoo.encrypted.parameters import LARGEST_MODULUS, Parameters, deepest, parameters_for
from zoo.encrypted.plan import Plan, check_planning, may_be_used, plan_of
from zoo.encrypted.program import ROOM, Program, normalised
from zoo.encrypted.ranges import Ranges, measured_program, rounded_up, with_ranges
from zoo.encrypted.simulation import SimulatedEngine
from zoo.encrypted.unit_costs import UnitCosts
from zoo.environment import processors

BATCHES = ("one", "many")
SIMULATED = 32  # samples on which errors are simulated


@dataclass(frozen=True, eq=False)
class EncryptedModel:
    """A model as a computation on encrypted examples. Made by `compile_encrypted`.

    Attributes:
        plan: what it needs and costs.
        parameters: of CKKS.
        circuit: the operations.
    """

    plan: Plan
    parameters: Parameters
    circuit: PackedProgram | BatchedProgram

    def fingerprint(self) -> str:
        """What is equal where client and server understand each other: a hash of the parameters, the rotations, and the
        slots in which values are sent and logits come back."""
        size, slots = int(np.prod(self.circuit.program.input_shape)), self.parameters.slots
        probe = np.arange(1.0, size + 1).reshape(1, *self.circuit.program.input_shape)
        places = [slots * i + np.arange(slots)[None] for i in range(self.circuit.answer_ciphertexts)]
        parts = [
            repr((self.plan.batch, self.plan.security, self.parameters.ring, self.parameters.moduli)).encode(),
            repr((self.parameters.scale, sorted(self.circuit.rotation_steps()))).encode(),
            *(np.ascontiguousarray(each).tobytes() for each in self.circuit.pack(probe)),
            self.circuit.unpack(places).tobytes(),
        ]
        return hashlib.sha256(b"".join(parts)).hexdigest()[:32]

    def simulate(self, examples: ArrayLike, seed: int | None = 0) -> np.ndarray:
        """The logits with errors as encryption makes them, in float64 and without encryption.

        Args:
            examples: `[n, *input_shape]`.
            seed: of the errors; None for none: then these are the plain model's logits.

        Returns:
            `[n, classes]`.
        """
        examples = np.asarray(examples)
        return simulate(self.circuit, SimulatedEngine(self.parameters, seed), examples)


def compile_encrypted(
    model: keras.Model,
    samples: ArrayLike,
    security: int = 128,
    batch: str = "one",
    tolerance: float = 2e-3,
    workers: int | None = None,
    together: int = 1,
    free_memory: int | None = None,
    ranges: Ranges | None = None,
) -> EncryptedModel:
    """Plan the encrypted computation of a polynomial network.

    The model is written as affine maps and products, which cost a rescaling each. The smallest ring is taken in which
    they fit at the wanted security and the simulated error of the logits is within the tolerance.

    Args:
        model: a certified model of tier 2 or 3, with one input of fixed size.
        samples: valid inputs, `[n, ...]`, such as training images: errors are simulated on the first 32, and scales are
            chosen so that logits twice as large as those of 99 % of the samples fit.
        security: 128, 192 or 256 bits.
        batch: "one" example a request, its values in the slots of few ciphertexts: the quickest answer. Or "many", one
            ciphertext for each value with an example in each slot: the most examples a second.
        tolerance: largest error of a logit, as a fraction of the largest logit of the samples.
        workers: processes that compute a request each. None: with packing "many" one for each processor, else one.
        together: with packing "one", requests that a process computes together. They share the plaintexts that are made
            again in each run because there is no room to keep them.
        free_memory: bytes that may be used on the server. None: three quarters of what is free here.
        ranges: how large values are, as `measure_ranges` found on many examples; scales are then chosen by these, and
            not by the samples.

    Returns:
        `EncryptedModel`, with its `plan`.

    Raises:
        ValueError: the model is not of tier 2 or 3, has an operation without a rule, or is too deep; or the ranges are
            of another model, or hold a value that fits no modulus; or there is too little memory to plan it.

    Example:
        >>> import zoo
        >>> from zoo.data.samples import sample_inputs
        >>> compiled = compile_encrypted(zoo.load("pinet_digits"), sample_inputs(zoo.card("pinet_digits")))
        >>> compiled.plan.depth, compiled.plan.ring
        (5, 8192)
    """
    one_of("batch", batch, BATCHES)
    one_of("security", security, tuple(LARGEST_MODULUS))
    workers = positive_integer("workers", workers, or_none=True) or (processors() if batch == "many" else 1)
    if positive_integer("together", together) > 1 and batch != "one":
        raise ValueError(f'Only requests with packing "one" are computed together. Received: together={together}')
    samples, free = np.asarray(samples), may_be_used(free_memory)  # before planning takes a part of it
    if ranges is None:
        program = measured_program(model, samples)
    else:
        program = with_ranges(lower(model, choices=ranges.choices), ranges)
    check_planning(model.name, program, free)
    source = f"{len(samples):,} samples" if ranges is None else f"{ranges.examples:,} {ranges.source}"
    samples = samples[:SIMULATED]
    if batch == "one":
        program = with_own_factors(program)  # which may make it deeper
    program = normalised(program)
    plain, largest = program.run(samples), program.ranges[-1].largest
    tried: list[tuple[float, PackedProgram | BatchedProgram, Parameters]] = []
    for ring in LARGEST_MODULUS[security]:
        start = parameters_for(ring, program.depth, ROOM * largest, security)
        if start is None:
            continue
        circuit = _circuit(program, ring, batch)
        for parameters in _candidates(circuit, start, samples, plain):
            error = float(np.abs(simulate(circuit, SimulatedEngine(parameters), samples) - plain).max())
            tried.append((error, circuit, parameters))
        if not tried:
            continue
        error, circuit, parameters = min(tried, key=lambda each: each[0])
        if error <= tolerance * largest:
            _check_room(model.name, circuit.program, parameters)
            plan = plan_of(model.name, circuit, parameters, error, source, workers, together, free)
            return EncryptedModel(plan, parameters, circuit)
    raise ValueError(_too_deep(model.name, program.depth, security, min((each[0] for each in tried), default=None)))


def simulate(
    circuit: PackedProgram | BatchedProgram, engine: SimulatedEngine, examples: np.ndarray, at_once: int = 16
) -> np.ndarray:
    """Run a circuit on a simulated engine; packed examples go through it `at_once`.

    Args:
        circuit: the operations.
        engine: the engine.
        examples: `[n, ...]`.
        at_once: how many requests.
    """
    step = at_once * circuit.examples_per_request
    logits = []
    for start in range(0, len(examples), step):
        inputs = [engine.encrypt(slots) for slots in circuit.pack(examples[start : start + step])]
        logits.append(circuit.unpack([each.values for each in circuit.run(engine, engine.parameters, inputs)]))
    return np.concatenate(logits)[: len(examples)]


def _circuit(program: Program, ring: int, batch: str) -> PackedProgram | BatchedProgram:
    if batch == "many":
        return BatchedProgram(program, ring // 2)
    return pack_program(program, ring // 2, UnitCosts(ring), program.depth + 1)


def _candidates(
    circuit: PackedProgram | BatchedProgram, start: Parameters, samples: np.ndarray, plain: np.ndarray
) -> Iterator[Parameters]:
    """Parameters in which the largest logit fits, and so does what stands in slots that hold none.

    Args:
        circuit: the operations.
        start: parameters in which the logits fit.
        samples: the samples.
        plain: their logits.
    """
    engine = SimulatedEngine(start, seed=None)
    simulate(circuit, engine, samples)
    others = max(1.0, rounded_up(engine.largest / (np.abs(plain).max() or 1.0)))  # partial sums may be larger
    for extra in circuit.extra_bits:
        most = ROOM * circuit.program.ranges[-1].largest * others
        found = parameters_for(start.ring, start.depth, most, start.security, extra)
        if found is not None:
            yield found


def _check_room(name: str, program: Program, parameters: Parameters) -> None:
    """Refuse a program with a value that is so much larger than others of its vector that it would wrap around."""
    depths, scales = program.depths(), parameters.vector_scales(program)
    for depth, scale, found in zip(depths, scales, program.ranges, strict=True):
        modulus = math.prod(parameters.moduli[: parameters.primes_at(depth)])
        if ROOM * found.largest * scale >= modulus / 2:
            raise ValueError(
                f"The values of {name} after {depth} rescalings differ too much: the largest is "
                f"{found.largest / found.rms:.2g} times their root mean square, and would not fit."
            )


def _too_deep(name: str, depth: int, security: int, error: float | None) -> str:
    if error is not None:
        return (
            f"In no ring are the logits of {name} exact enough: their error is {error:.2g}. A larger `tolerance` "
            "allows it, and fewer layers make it smaller."
        )
    return (
        f"{name} is too deep: it needs {depth} rescalings, one for each product and each affine map between products. "
        f"At {security} bits of security at most {deepest(security)} fit in the largest ring, "
        f"{max(LARGEST_MODULUS[security]):,}. Fewer layers, or layers of lower degree, fit."
    )
