"""Derived initial scale of the factors of a polynomial layer.

The derivation, for a standardised input z of fan-in d (zero mean, unit variance, so |z|² is about d), rank k and
degree N. Write q_n for the mean square of an entry of x_n over the weights and over z, and let every factor be drawn
with zero mean and variance g²/fan-in, g being its *gain*. A factor of gain g that sees a vector of mean square q
returns one of mean square g²q, whatever the rank.

*With a skip (CCP, NCP-Skip).* CCP is x_N = u_1 ∗ (1 + u_2) ∗ … ∗ (1 + u_N). One step multiplies the mean square by
1 + g², so a gain of 1 would multiply it by 2^(N-1), almost all of that in rare huge values. With g² = 1/N for every
n ≥ 2 the whole product multiplies it by q_N = (1 + 1/N)^(N-1) < e: each step is a small perturbation of the identity,
whose logarithms add up to a variance below one at any degree. NCP-Skip obeys the same law when S_n has gain 1, V_n is a
random orthogonal matrix (it keeps the mean square, and mixing the channels at each step averages their tails away),
b_1 = 1 and b_n = 0 for n ≥ 2. The output factor C has gain q_N^(-1/2), so that q = 1 at the output. The gradient with
respect to x_n passes through factors 1 + u_m of the same kind, and keeps its scale for the same reason.

*Without a skip (NCP).* x_n = a_n ∗ (S_n x_{n-1} + b_n) has only products in it: what reaches x_N from step j is
homogeneous of degree N-j+1 in z, and so is its part of the gradient. With A_n of gain 1 and S_n of gain σ,
q_n = σ² q_{n-1} + b_n²; b_1 = 1, σ² = 1 - 1/N and b_n² = 1/N for n ≥ 2 hold q_n at 1, and the oldest step still
carries (1 - 1/N)^(N-1) > 1/e of the mean square, so the first factor's gradient does not vanish. That counts |z|² as
constant. Over Gaussian z a term of degree m is larger by E(|z|²/d)^m = Π_{i<m} (1 + 2i/d), which is
what makes high powers heavy-tailed; the m-th product therefore has its σ² divided by 1 + 2m/d, d being the fan-in of A.

With batch normalisation of the branches the gains move from the kernels to the initial γ of the normalisation, which
would otherwise undo them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral

import keras
import numpy as np


@keras.saving.register_keras_serializable(package="pinet_keras")
class PolyInitializer(keras.initializers.LecunNormal):
    """Draws every factor of a polynomial layer so that output and gradient keep their scale at any degree and rank.

    `kernel ~ truncated normal(0, g² / fan_in)`, with the gain g given by the factor's place in the recursion
    (see the derivation above); `"poly"` as a `kernel_initializer` stands for `PolyInitializer()`. Called on its own,
    outside a polynomial layer, it has gain 1.

    Args:
        seed: Integer, `keras.random.SeedGenerator` or `None`. With an integer each factor gets a seed derived from it
            and from its place, so that factors differ and a layer can be drawn again.

    Example:
        >>> initializer = pinet_keras.PolyInitializer(seed=1)
        >>> layer = pinet_keras.PolyDense(64, degree=16, kernel_initializer=initializer)
        >>> y = keras.ops.convert_to_numpy(layer(np.random.default_rng(0).normal(size=(1000, 64))))
        >>> bool(0.1 < y.std() < 10)  # at degree 16 as at degree 1
        True
    """

    def __init__(self, seed: int | keras.random.SeedGenerator | None = None):
        super().__init__(seed=seed)

    def get_config(self) -> dict:
        return {"seed": super().get_config()["seed"]}

    @classmethod
    def from_config(cls, config: dict) -> PolyInitializer:
        # Files from before this class had an `__init__` also hold the other arguments of Keras' initializer, all None.
        return cls(**{name: value for name, value in config.items() if value is not None})


@dataclass(frozen=True)
class Gains:
    """Initial gains of the factors, in the order of the steps; see the derivation at the top of the module."""

    inputs: tuple[float, ...]  # U_1..U_N, or A_1..A_N
    states: tuple[float, ...]  # S_2..S_N
    constants: tuple[float, ...]  # every entry of b_1..b_N
    output: float  # C


def derived_gains(decomposition: str, degree: int, fan_in: int) -> Gains:
    """Gains of the "poly" initialisation for a recursion of this degree on an input of this fan-in."""
    later = degree - 1
    if decomposition == "ncp":
        states = tuple(math.sqrt((1 - 1 / degree) / (1 + 2 * m / fan_in)) for m in range(1, degree))
        return Gains((1.0,) * degree, states, (1.0,) + (1 / math.sqrt(degree),) * later, 1.0)
    perturbation = 1 / math.sqrt(degree)
    output = (1 + 1 / degree) ** (-later / 2)
    return Gains((1.0,) + (perturbation,) * later, (1.0,) * later, (1.0,) + (0.0,) * later, output)


def get_initializer(identifier):
    """`keras.initializers.get`, which also knows "poly"."""
    if identifier == "poly":
        return PolyInitializer()
    return keras.initializers.get(identifier)


def factor_initializer(initializer, index: int):
    """A copy of `initializer` for factor number `index`, whose draw differs from that of every other factor.

    A Keras initializer draws the same values at every call, seeded or not, so that sharing one instance would give
    equal factors. One with a `SeedGenerator` draws new values at each call, and one without randomness draws none.
    """
    config = initializer.get_config() if isinstance(initializer, keras.initializers.Initializer) else {}
    if "seed" not in config:
        return initializer
    seed = config["seed"]
    if seed is None:
        return initializer.clone()
    if not isinstance(seed, Integral):
        return initializer
    sequence = np.random.SeedSequence(int(seed) % 2**32, spawn_key=(index,))
    # Shifted to 31 bits: the seeds of some backends are signed.
    return type(initializer).from_config({**config, "seed": int(sequence.generate_state(1)[0]) >> 1})


def scaled(initializer, gain: float):
    """An initializer whose draws are those of `initializer` times `gain`."""
    return lambda shape, dtype=None: gain * keras.ops.convert_to_tensor(initializer(shape, dtype=dtype))
