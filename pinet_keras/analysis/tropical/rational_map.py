"""ReLU networks as differences of tropical polynomials."""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike

from pinet_keras.analysis.tropical.network import ReLUNetwork
from pinet_keras.analysis.tropical.polynomial import TropicalPolynomial


@dataclass(frozen=True)
class TropicalRational:
    """A tropical quotient f ⊘ g, the ordinary difference f − g of two tropical polynomials.

    Attributes:
        f: the numerator.
        g: the denominator.

    Example:
        >>> from pinet_keras.analysis import tropical
        >>> f = tropical.TropicalPolynomial([[1], [0]], [0, 0])  # the larger of x and 0
        >>> g = tropical.TropicalPolynomial([[1], [0]], [-1, 0])  # the larger of x − 1 and 0
        >>> tropical.TropicalRational(f, g)([["1/2"], [7]])  # x between 0 and 1
        array([Fraction(1, 2), Fraction(1, 1)], dtype=object)
    """

    f: TropicalPolynomial
    g: TropicalPolynomial

    def __call__(self, points: ArrayLike) -> np.ndarray:
        """The values, exactly.

        Args:
            points: `[n, d]`.

        Returns:
            `[n]`, fractions.
        """
        return self.f(points) - self.g(points)


def tropical_rational_map(network: ReLUNetwork) -> list[TropicalRational]:
    """Write a ReLU network as tropical rational functions: each output as f − g, exactly.

    Layer by layer, as in the paper: with u_i = f_i − g_i for the units of a layer, an affine map with weights w and
    bias b is `f = b + Σ_{w_i>0} w_i f_i + Σ_{w_i<0} |w_i| g_i` and `g = Σ_{w_i>0} w_i g_i + Σ_{w_i<0} |w_i| f_i`, and
    ReLU makes `max(f, g) − g` of f − g. Sums, multiples and maxima of tropical polynomials are tropical polynomials.

    The number of monomials grows fast with depth: two hidden layers of a few units are what can be written out. The
    number of linear regions in the plane needs no monomials, see `linear_regions_in_plane`.

    Args:
        network: a network with any number of hidden layers.

    Returns:
        A `TropicalRational` for each output.

    Raises:
        ValueError: a product of tropical polynomials with more than 100,000 monomials.

    Reference:
        Zhang, Naitzat, Lim, Tropical Geometry of Deep Neural Networks, ICML 2018, arXiv 1805.07091, Proposition 5.1.

    Example:
        >>> from pinet_keras.analysis import tropical
        >>> network = tropical.ReLUNetwork([([[1, -1]], [0, 2]), ([[1], [-1]], [0])])  # ReLU(x) − ReLU(2 − x)
        >>> [quotient] = tropical.tropical_rational_map(network)
        >>> sorted(quotient.f.monomials) == [(1, 0), (2, 0)]  # the larger of x and 2x
        True
        >>> quotient([[5], [-1]]) == network([[5], [-1]])[:, 0]
        array([ True,  True])
    """
    d = network.inputs
    zero = monomial([0] * d, 0)
    units = [TropicalRational(monomial(row, 0), zero) for row in np.eye(d, dtype=int)]
    for position, (kernel, bias) in enumerate(network.layers):
        if position:
            units = [TropicalRational(unit.f.plus(unit.g), unit.g) for unit in units]
        units = [_affine(units, weights, b) for weights, b in zip(kernel.T, bias, strict=True)]
    return units


def monomial(exponents: ArrayLike, coefficient: object) -> TropicalPolynomial:
    """The polynomial that is one affine function."""
    return TropicalPolynomial([exponents], [coefficient])


def _affine(units: list[TropicalRational], weights: np.ndarray, bias: object) -> TropicalRational:
    """One output of an affine map of the units."""
    d = units[0].f.exponents.shape[1]
    f, g = [monomial([0] * d, bias)], [monomial([0] * d, 0)]
    for unit, weight in zip(units, weights, strict=True):
        if weight:
            (f if weight > 0 else g).append(unit.f.power(abs(weight)))
            (g if weight > 0 else f).append(unit.g.power(abs(weight)))
    # The shortest factors first: fewer products are made before all are reduced.
    product = [sorted(factors, key=lambda factor: len(factor.coefficients)) for factors in (f, g)]
    return TropicalRational(*(reduce(TropicalPolynomial.times, factors) for factors in product))
