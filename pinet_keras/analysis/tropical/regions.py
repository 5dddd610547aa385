"""The linear regions of a ReLU network in the plane, exactly."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from pinet_keras.analysis.tropical.exact import exact
from pinet_keras.analysis.tropical.network import ReLUNetwork
from pinet_keras.analysis.tropical.polygons import QUADRANTS, Polygon, borders, clipped, line_of, split


@dataclass(frozen=True)
class PlanarRegions:
    """A piecewise linear function of the plane, as `linear_regions_in_plane` finds it.

    Attributes:
        maps: `[regions, outputs, 3]`, fractions: in each region every output is `a·x + b·y + c`.
        polygons: convex polygons that together cover the plane, with exact corners (x, y, w) for (x/w, y/w), where
            w = 0 stands for a direction.
        region_of: the region of each polygon; a region may have several.
        bound: the published upper bound for networks of these widths, see `region_bound`.

    Example:
        >>> from pinet_keras.analysis import tropical
        >>> network = tropical.ReLUNetwork([([[1, 0], [0, 1]], [0, 0]), ([[1], [1]], [0])])  # ReLU(x) + ReLU(y)
        >>> regions = tropical.linear_regions_in_plane(network)
        >>> regions.count, regions.maps[:, 0].astype(int).tolist()
        (4, [[1, 1, 0], [0, 1, 0], [0, 0, 0], [1, 0, 0]])
    """

    maps: np.ndarray
    polygons: list[Polygon]
    region_of: list[int]
    bound: int

    @property
    def count(self) -> int:
        """Number of linear regions."""
        return len(self.maps)

    def outlines(self, low: float, high: float) -> list[tuple[int, np.ndarray]]:
        """The polygons in a square, for drawing.

        Args:
            low: lower end of both coordinates.
            high: upper end.

        Returns:
            A pair for each polygon that reaches into the square: its region, and its corners there, `[corners, 2]`.
        """
        drawn = [(region, clipped(each, low, high)) for region, each in zip(self.region_of, self.polygons, strict=True)]
        return [(region, corners) for region, corners in drawn if len(corners) > 2]


def linear_regions_in_plane(network: ReLUNetwork) -> PlanarRegions:
    """Find the linear regions of a ReLU network with two inputs, in the whole plane and in exact arithmetic.

    Each unit cuts the polygons on which it is a linear function where it changes sign. A linear region is a largest
    connected open set on which all outputs are affine: neighbouring polygons with the same map, such as those on
    both sides of a line of a unit that has no influence there, are one region; polygons that touch in a corner only
    are not neighbours.

    Args:
        network: a network with two inputs, and any number of hidden layers.

    Returns:
        `PlanarRegions`.

    Raises:
        ValueError: a network with another number of inputs.

    Reference:
        Zhang, Naitzat, Lim, Tropical Geometry of Deep Neural Networks, ICML 2018, arXiv 1805.07091.

    Example:
        >>> from pinet_keras.analysis import tropical
        >>> kernel, bias = [[1, 1, 0], [-1, 1, 1]], [0, 0, 1]
        >>> network = tropical.ReLUNetwork([(kernel, bias), ([[1], [1], [1]], [0])])
        >>> regions = tropical.linear_regions_in_plane(network)
        >>> regions.count, regions.bound  # three lines, no two of them parallel, and not all through one point
        (7, 7)
    """
    if network.inputs != 2:
        raise ValueError(f"The network must have two inputs. Received: {network.inputs} inputs")
    identity = exact([[1, 0, 0], [0, 1, 0]], "identity", 2)
    cells = [(quadrant, identity) for quadrant in QUADRANTS]  # polygons, and the affine map of each unit there
    for position, (kernel, bias) in enumerate(network.layers):
        if position:
            cells = [part for cell in cells for part in _relu(*cell)]
        constant = np.column_stack([np.full((len(bias), 2), Fraction(0)), bias])
        cells = [(polygon, kernel.T @ maps + constant) for polygon, maps in cells]
    polygons = [polygon for polygon, _ in cells]
    keys = [tuple(maps.ravel()) for _, maps in cells]
    group = list(range(len(cells)))  # a polygon of the same region, or itself: a union-find forest
    for first, second, _, _ in borders(polygons):
        if keys[first] == keys[second]:
            group[_root(group, second)] = _root(group, first)
    roots = [_root(group, index) for index in range(len(group))]
    order = {root: region for region, root in enumerate(dict.fromkeys(roots))}
    maps = np.array([cells[root][1] for root in order], dtype=object)
    return PlanarRegions(maps, polygons, [order[root] for root in roots], region_bound(2, network.widths))


def region_bound(inputs: int, widths: Sequence[int]) -> int:
    """The published upper bound on the number of linear regions: the product over hidden layers of Σ_{i≤d} C(n, i).

    Args:
        inputs: d, number of inputs.
        widths: n, number of units of each hidden layer.

    Returns:
        The bound.

    Reference:
        Zhang, Naitzat, Lim, Tropical Geometry of Deep Neural Networks, ICML 2018, arXiv 1805.07091, Theorem 6.3.

    Example:
        >>> from pinet_keras.analysis import tropical
        >>> tropical.region_bound(2, [3]), tropical.region_bound(2, [6, 6])
        (7, 484)
    """
    return math.prod(sum(math.comb(width, i) for i in range(inputs + 1)) for width in widths)


def _relu(polygon: Polygon, maps: np.ndarray) -> list[tuple[Polygon, np.ndarray]]:
    """The parts of a polygon on which every unit keeps its sign, and the units' maps there after ReLU."""
    parts: list[tuple[Polygon, list[Any]]] = [(polygon, [])]
    off = np.full(3, Fraction(0))
    for row in maps:
        halves = [(*split(part, line_of(row)), rows) for part, rows in parts]
        parts = [(above, [*rows, row]) for above, _, rows in halves if above]
        parts += [(below, [*rows, off]) for _, below, rows in halves if below]
    return [(part, np.array(rows, dtype=object)) for part, rows in parts]


def _root(group: list[int], index: int) -> int:
    while group[index] != index:
        group[index] = group[group[index]]
        index = group[index]
    return index
