"""Zonotopes: the Newton polytopes of networks with one hidden layer."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from pinet_keras.analysis.tropical.exact import exact, floats
from pinet_keras.analysis.tropical.network import ReLUNetwork

FLAT = 1e-9  # a polytope this thin, relatively, is flat


class Zonotope:
    """A Minkowski sum of segments: all `offset + Σ_i t_i · generators[i]` with 0 ≤ t_i ≤ 1.

    Args:
        generators: `[segments, d]`, integers, fractions, floats, or strings such as "1/3".
        offset: `[d]`.

    Attributes:
        generators: `[segments, d]`, fractions: those given, parallel ones joined and zeros left out.
        offset: `[d]`, fractions; parallel generators of opposite directions move it.

    Raises:
        ValueError: wrong shapes, or a value that is not a finite number.

    Example:
        >>> from pinet_keras.analysis import tropical
        >>> hexagon = tropical.Zonotope([[1, 0], [0, 1], [1, 1]], offset=[0, 0])
        >>> hexagon.vertices().astype(int).tolist()
        [[0, 0], [0, 1], [1, 0], [1, 2], [2, 1], [2, 2]]
    """

    def __init__(self, generators: Any, offset: Any):
        segments, self.offset = exact(generators, "generators", 2), exact(offset, "offset", 1)
        if segments.shape[1] != len(self.offset):
            raise ValueError(
                f"Generators and offset must have the same length. Received: generators of shape {segments.shape}, "
                f"offset of shape {self.offset.shape}"
            )
        joined: dict[tuple, Fraction] = {}
        for segment in segments:
            if any(segment):
                first = next(filter(None, segment))
                if first < 0:  # the same segment from its other end
                    self.offset = self.offset + segment
                direction = _direction(segment)
                joined[direction] = joined.get(direction, Fraction(0)) + abs(first)
        rows = [[length * x for x in direction] for direction, length in joined.items()]
        self.generators = np.array(rows, dtype=object).reshape(len(rows), len(self.offset))

    def vertices(self) -> np.ndarray:
        """The vertices.

        Qhull proposes them in float64. A direction in which a vertex is the only farthest point then proves it in
        exact arithmetic, and gives its exact coordinates; and the exact number of vertices shows that none is missing.

        Returns:
            `[vertices, d]`, fractions, in lexicographic order.

        Raises:
            ValueError: float64 did not find them all, because the zonotope is too close to a degenerate one.
        """
        try:
            directions = _directions(floats(self.generators))
        except QhullError:
            directions = np.zeros((1, len(self.offset)))  # which prove nothing
        found = set()
        for direction in directions:
            products = self.generators @ exact(direction, "direction", 1)
            if all(products):
                found.add(tuple(self.offset + self.generators[products > 0].sum(axis=0)))
        count = _vertex_count(frozenset(map(_direction, self.generators)))
        if len(found) != count:
            raise ValueError(
                f"The zonotope is too close to a degenerate one for float64, which finds {len(found)} of its {count} "
                f"vertices; round its generators. Received: generators={floats(self.generators).tolist()}"
            )
        return np.array(sorted(found), dtype=object)


def hidden_zonotopes(network: ReLUNetwork, output: int = 0) -> tuple[Zonotope, Zonotope]:
    """The Newton polytopes of f and g, where one output of a network with one hidden layer is f − g.

    Unit i is the larger of w_i·x + b_i and 0. Its Newton polytope is a segment of direction (w_i, b_i), and weights and
    sums of units are multiples and Minkowski sums of polytopes: units with positive weights make the zonotope of f,
    those with negative weights that of g.

    Args:
        network: a network with one hidden layer.
        output: index of the output.

    Returns:
        The zonotopes of f and g, in d + 1 dimensions: the exponents of a monomial, then its coefficient. The monomials
        of `tropical_rational_map` are the vertices of their upper sides.

    Raises:
        ValueError: another number of hidden layers.

    Reference:
        Zhang, Naitzat, Lim, Tropical Geometry of Deep Neural Networks, ICML 2018, arXiv 1805.07091, section 6.

    Example:
        >>> from pinet_keras.analysis import tropical
        >>> network = tropical.ReLUNetwork([([[1, 2]], [0, 1]), ([[1], [-3]], [0])])  # ReLU(x) − 3 ReLU(2x + 1)
        >>> f, g = tropical.hidden_zonotopes(network)
        >>> f.vertices().astype(int).tolist(), g.vertices().astype(int).tolist()  # (exponent, coefficient)
        ([[0, 0], [1, 0]], [[0, 0], [6, 3]])
    """
    if len(network.widths) != 1:
        raise ValueError(f"The network must have one hidden layer. Received: {len(network.widths)} hidden layers")
    (kernel, bias), (weights, constants) = network.layers
    scales = weights[:, output]
    units = np.vstack([kernel, bias]).T * np.abs(scales)[:, None]
    # The paper writes w·x + b with w = w⁺ − w⁻ as (w⁺·x + b) − w⁻·x, which moves both polytopes by w⁻.
    shift = (np.maximum(-kernel, 0) * np.abs(scales)).sum(axis=1)
    return (
        Zonotope(units * (scales > 0)[:, None], [*shift, constants[output]]),
        Zonotope(units * (scales < 0)[:, None], [*shift, 0]),
    )


def _direction(segment: Iterable[Fraction]) -> tuple[Fraction, ...]:
    """A segment that is not 0, scaled to begin with a 1 after its zeros: equal for parallel segments."""
    values = tuple(segment)
    first = next(filter(None, values))
    return tuple(value / first for value in values)


def _vertex_count(directions: frozenset[tuple]) -> int:
    """The exact number of vertices of a zonotope whose generators have these directions, by deletion and contraction.

    Vertices correspond to the parts into which the hyperplanes orthogonal to the generators cut the space. One more
    hyperplane adds as many parts as the others cut that hyperplane into, and their normals there are the others modulo
    the one.
    """
    if not directions:
        return 1
    one, *others = directions
    pivot = one.index(1)  # its first entry that is not 0
    projected = [tuple(y - other[pivot] * x for x, y in zip(one, other, strict=True)) for other in others]
    return _vertex_count(frozenset(others)) + _vertex_count(frozenset(map(_direction, projected)))


def _directions(generators: np.ndarray) -> np.ndarray:
    """For each vertex of a zonotope a direction in which it is the farthest point."""
    if not len(generators):
        return np.zeros((1, generators.shape[1]))
    _, sizes, axes = np.linalg.svd(generators, full_matrices=False)
    axes = axes[sizes > FLAT * sizes[0]]  # the space that the generators span
    if len(axes) == 1:
        return np.vstack([axes, -axes])
    points = np.zeros((1, len(axes)))
    for count, segment in enumerate(generators @ axes.T, start=1):
        points = np.vstack([points, points + segment])
        if count >= len(axes) and np.linalg.matrix_rank(points - points[0], rtol=FLAT) == len(axes):
            points = points[ConvexHull(points).vertices]
    hull = ConvexHull(points)
    normals = np.zeros_like(points)
    for simplex, equation in zip(hull.simplices, hull.equations, strict=True):
        normals[simplex] += equation[:-1]
    return normals[hull.vertices] @ axes
