"""The plan of an encrypted computation: what it needs and costs, known before a key is made."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass

from zoo.encrypted.batched_program import BatchedProgram
from zoo.encrypted.packed_program import PackedProgram
from zoo.encrypted.parameters import LARGEST_MODULUS, Parameters
from zoo.encrypted.program import Program
from zoo.encrypted.unit_costs import UnitCosts, ciphertext_bytes, key_bytes, key_memory, plaintext_memory
from zoo.environment import free_memory as total_free
from zoo.publishing.formatting import human_bytes, human_seconds

FREE = 0.75  # of the memory that is free, this fraction may be used
PROCESS = 900_000_000  # bytes of a process with Keras, TensorFlow and TenSEAL
SOURCE = "Homomorphic Encryption Security Standard, HomomorphicEncryption.org, 2018, table 1: ternary secret"


@dataclass(frozen=True)
class Plan:
    """What an encrypted computation needs and costs. Sizes are bytes; a request is computed by one thread.

    Attributes:
        model: name of the model.
        batch: "one" example with its values in the slots, or "many" examples in them.
        security: bits of security.
        depth: rescalings, one for each affine map and each product in turn.
        ring: ring size N.
        moduli_bits: sizes of the moduli; of the first, one for each rescaling, and of the special one.
        largest_bits: what the table of secure parameters allows for their sum.
        scale_bits: size of the scale.
        rotation_keys: how many rotations have a key of their own.
        key_bytes: size of all public keys in files.
        ciphertext_bytes: largest size of a ciphertext of a request.
        examples_per_request: examples of a request at most.
        request_ciphertexts: ciphertexts of a request.
        request_bytes: size of a request.
        answer_bytes: size of the answer.
        rotations: on the server, as all that follow.
        plain_products: products with plaintexts or numbers.
        products: products of ciphertexts.
        rescalings: rescalings of ciphertexts.
        together: requests that are computed together.
        seconds: of a request, once the plaintexts that are kept are ready.
        setup_seconds: to make these ready, once.
        workers: processes that compute a request each, or as many as are computed together.
        plaintext_bytes: of the plaintexts that a process keeps; what there is no room for is made again in each run.
        kept: fraction of the plaintexts that are kept.
        memory: bytes, of all processes; or while it is planned, if that takes more.
        free_memory: bytes that may be used.
        logit_error: largest error of a logit in a simulation on the samples.
        largest_logit: the largest logit that was measured, see `Range`.
        beyond: fraction of the measured examples whose logits are so large that they may not fit.
        measured_on: on which examples, in words.
    """

    model: str
    batch: str
    security: int
    depth: int
    ring: int
    moduli_bits: tuple[int, ...]
    largest_bits: int
    scale_bits: float
    rotation_keys: int
    key_bytes: int
    ciphertext_bytes: int
    examples_per_request: int
    request_ciphertexts: int
    request_bytes: int
    answer_bytes: int
    rotations: int
    plain_products: int
    products: int
    rescalings: int
    together: int
    seconds: float
    setup_seconds: float
    workers: int
    plaintext_bytes: int
    kept: float
    memory: int
    free_memory: int
    logit_error: float
    largest_logit: float
    beyond: float
    measured_on: str

    @property
    def examples_per_second(self) -> float:
        """Of all workers together, while there are requests for all of them."""
        return self.workers * self.examples_per_request / self.seconds

    def check_memory(self) -> None:
        """Refuse what does not fit.

        Raises:
            ValueError: more memory is needed than may be used.
        """
        if self.memory > self.free_memory:
            raise ValueError(
                f"{self.model}, encrypted, needs {human_bytes(self.memory)} of memory with {self.workers} "
                f"worker{'s'[: self.workers - 1]}, and {human_bytes(self.free_memory)} may be used. Fewer workers, "
                "fewer requests together and narrower layers need less."
            )

    def as_dict(self) -> dict:
        """The plan as plain numbers and strings."""
        return {**asdict(self), "moduli_bits": list(self.moduli_bits)}

    def rows(self) -> list[tuple[str, str]]:
        """Names and values for a reader."""
        first, *middle, special = self.moduli_bits
        counts = ", ".join(f"{count} × {bits}" for bits, count in Counter(middle).items())
        ciphertexts = f"{self.request_ciphertexts:,} ciphertext{'s'[: self.request_ciphertexts - 1]}"
        per_example = human_bytes(round(self.request_bytes / self.examples_per_request))
        rate = f"{self.examples_per_second:,.2f} examples a second"
        if self.workers > 1:
            rate += f" with {self.workers} workers, a request each"
        if self.together > 1:
            rate += f", {self.together} requests together"
        beyond = f"; {self.beyond:.1%} have larger logits, which may not fit" if self.beyond else ""
        memory = human_bytes(self.memory)
        if self.kept < 1:
            memory += f" of {human_bytes(self.free_memory)} that may be used; "
            memory += f"{1 - self.kept:.0%} of the plaintexts are made again in each run"
        return [
            ("packing", "one example a request" if self.batch == "one" else "many examples in the slots"),
            ("security", f"{self.security} bits ({SOURCE})"),
            ("depth", f"{self.depth} rescalings"),
            ("ring size N", f"{self.ring:,}"),
            ("moduli", f"{first}, {counts}, special {special} bits: {sum(self.moduli_bits)} of {self.largest_bits}"),
            ("scale", f"2^{self.scale_bits:g}"),
            ("ranges", f"measured on {self.measured_on}{beyond}"),
            ("public keys", f"{human_bytes(self.key_bytes)}, {self.rotation_keys} rotations"),
            (
                "request",
                f"{human_bytes(self.request_bytes)} in {ciphertexts} for at most {self.examples_per_request:,}: "
                f"{per_example} an example",
            ),
            ("answer", human_bytes(self.answer_bytes)),
            (
                "operations",
                f"{self.rotations:,} rotations, {self.plain_products:,} plain products, {self.products:,} products, "
                f"{self.rescalings:,} rescalings",
            ),
            ("time", f"{human_seconds(self.seconds)} a request, {rate}"),
            ("time once", human_seconds(self.setup_seconds)),
            ("memory", memory),
            ("error of logits", f"{self.logit_error:.1e}, of logits up to {self.largest_logit:.1f}"),
        ]

    def __str__(self) -> str:
        """A table of lines."""
        lines = [f"  {name:<16} {value}" for name, value in self.rows()]
        return "\n".join([f"{self.model}, encrypted", *lines])


def may_be_used(free_memory: int | None) -> int:
    """Bytes that may be used: those given, or `FREE` of what this machine has left."""
    return int(FREE * total_free()) if free_memory is None else free_memory


def check_planning(name: str, program: Program, free_memory: int) -> None:
    """Refuse a program before it is planned where not even its weights would fit, once as a matrix and once in slots.

    Args:
        name: of the model.
        program: the program.
        free_memory: bytes that may be used.

    Raises:
        ValueError: planning needs more.
    """
    least = PROCESS + program.memory + 8 * program.weights
    if least > free_memory:
        raise ValueError(
            f"To plan {name}, encrypted, takes at least {human_bytes(least)} of memory, for {program.weights:,} "
            f"weights, and {human_bytes(free_memory)} may be used. Narrower layers need less."
        )


def plan_of(
    name: str,
    circuit: PackedProgram | BatchedProgram,
    parameters: Parameters,
    logit_error: float,
    measured_on: str,
    workers: int,
    together: int,
    free_memory: int,
) -> Plan:
    """Count the operations of a circuit and estimate its cost.

    Args:
        name: of the model.
        circuit: the packed or batched program.
        parameters: those that it runs with.
        logit_error: see `Plan`.
        measured_on: see `Plan`.
        workers: see `Plan`.
        together: see `Plan`.
        free_memory: see `Plan`.
    """
    is_packed = isinstance(circuit, PackedProgram)
    costs, fresh = UnitCosts(parameters.ring), parameters.primes_at(0)
    totals = Counter[str]()
    seconds = setup = 0.0
    plaintexts = 0
    for depth, rotations, plain, products, made in circuit.rescalings():
        primes = parameters.primes_at(depth - 1)
        totals.update(rotations=rotations, plain_products=plain, products=products, rescalings=made)
        seconds += rotations * costs.rotation(primes) + products * costs.product(primes)
        seconds += plain * (costs.plain_product(primes) if is_packed else costs.scalar_product(primes))
        seconds += 0 if products else made * costs.rescaling(primes)
        if is_packed:  # numbers are made ready in passing
            encoded = plain + (0 if products else made)  # diagonals, and the constants of a map's results
            setup += encoded * costs.encoding(primes)
            plaintexts += encoded * plaintext_memory(parameters, primes)
    keys = 1 + len(circuit.rotation_steps())
    key_ring = keys * key_memory(parameters)
    size = ciphertext_bytes(parameters, fresh, seeded=True)
    ciphertexts = together * circuit.largest_number_alive * 2 * plaintext_memory(parameters, fresh)
    fixed = PROCESS + circuit.memory + key_ring + ciphertexts
    # Workers are other processes than the one that asks them, which has a copy of all, and writes another to start one.
    others = PROCESS + 2 * circuit.memory + key_ring if workers > 1 else 0
    room = max(0, (free_memory - others) // workers - fixed)
    kept = min(1.0, room / plaintexts) if plaintexts else 1.0
    seconds += (1 - kept) * setup / together
    return Plan(
        model=name,
        batch="one" if is_packed else "many",
        security=parameters.security,
        depth=parameters.depth,
        ring=parameters.ring,
        moduli_bits=tuple(parameters.bits),
        largest_bits=LARGEST_MODULUS[parameters.security][parameters.ring],
        scale_bits=math.log2(parameters.scale),
        rotation_keys=keys - 1,
        key_bytes=keys * key_bytes(parameters),
        ciphertext_bytes=size,
        examples_per_request=circuit.examples_per_request,
        request_ciphertexts=circuit.request_ciphertexts,
        request_bytes=circuit.request_ciphertexts * size,
        answer_bytes=circuit.answer_ciphertexts * ciphertext_bytes(parameters, 1),
        rotations=totals["rotations"],
        plain_products=totals["plain_products"],
        products=totals["products"],
        rescalings=totals["rescalings"],
        together=together,
        seconds=seconds,
        setup_seconds=kept * setup,
        workers=workers,
        plaintext_bytes=min(plaintexts, room),
        kept=kept,
        memory=max(others + workers * (fixed + min(plaintexts, room)), PROCESS + circuit.planning_memory),
        free_memory=free_memory,
        logit_error=logit_error,
        largest_logit=circuit.program.ranges[-1].largest,
        beyond=circuit.program.ranges[-1].beyond,
        measured_on=measured_on,
    )
