"""Tropical geometry of ReLU networks, against networks evaluated exactly, enumeration, and random directions."""

import functools
import itertools
from fractions import Fraction

import keras
import numpy as np
import pytest
import sympy
from scipy.optimize import linprog

from pinet_keras.analysis import tropical
from pinet_keras.analysis.tropical.hull import solve
from pinet_keras.analysis.tropical.polygons import borders

RNG = np.random.default_rng


def random_network(seed, *sizes, denominator=1, high=4):
    """A network of these sizes, inputs and outputs included, with random weights: many of them 0 or equal."""
    rng = RNG(seed)
    layers = [
        (rng.integers(-high, high + 1, (n, m)), rng.integers(-high, high + 1, m)) for n, m in itertools.pairwise(sizes)
    ]
    return tropical.ReLUNetwork(
        [tuple(each.astype(object) * Fraction(1, denominator) for each in pair) for pair in layers]
    )


def random_points(seed, d, count=100):
    return RNG(seed).integers(-60, 61, (count, d)).astype(object) * Fraction(1, 7)


SIZES = [(1, 5, 2), (2, 6, 1), (3, 4, 2), (1, 3, 3, 1), (2, 4, 4, 2), (3, 3, 2, 1), (4, 1, 1), (2, 3, 1, 2, 1), (2, 1)]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("denominator", [1, 3])
def test_the_rational_map_is_the_network(sizes, denominator):
    for seed in range(2):
        network = random_network(seed, *sizes, denominator=denominator)
        points = random_points(seed, sizes[0])
        quotients = tropical.tropical_rational_map(network)
        assert len(quotients) == network.outputs
        values = np.stack([quotient(points) for quotient in quotients], axis=1)
        assert (values == network(points)).all()
        assert all(type(value) is Fraction for value in values.ravel())


def test_floats_are_taken_as_they_are():
    rng = RNG(0)
    layers = [
        (rng.normal(size=(n, m)).astype("float32"), rng.normal(size=m).astype("float32"))
        for n, m in ((2, 5), (5, 3), (3, 1))
    ]
    network = tropical.ReLUNetwork(layers)
    assert network.rounding == 0 and float(network.layers[0][0][1, 2]) == layers[0][0][1, 2]
    points = random_points(1, 2)
    [quotient] = tropical.tropical_rational_map(network)
    assert (quotient(points) == network(points)[:, 0]).all()
    values = points.astype("float64")
    for position, (kernel, bias) in enumerate(layers):
        values = (np.maximum(values, 0) if position else values) @ kernel + bias
    np.testing.assert_allclose(network(points).astype("float64"), values, rtol=1e-6)


def test_rounding_is_reported():
    network = tropical.ReLUNetwork([([[0.30, -1.0]], [0, 0]), ([["1/3"], [2]], [0.5])], denominator=4)
    assert network.layers[0][0].tolist() == [[Fraction(1, 4), -1]] and network.layers[1][0][0, 0] == Fraction(1, 4)
    assert network.rounding == Fraction(1, 3) - Fraction(1, 4)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_only_needless_monomials_are_left_out(d):
    for seed in range(12):
        rng = RNG(seed)
        count, height = int(rng.integers(3, 40)), int(rng.integers(1, 8))
        rows, values = rng.integers(0, 5, (count, d)), rng.integers(0, height, count)
        points = random_points(seed, d)
        largest = (points @ rows.T + values.astype(object)).max(axis=1)
        assert (tropical.TropicalPolynomial(rows, values).reduced()(points) == largest).all()


def test_monomials_in_the_plane_are_those_with_an_area():
    fewer = 0
    for seed in range(30):
        rng = RNG(seed)
        rows, values = rng.integers(0, 6, (40, 2)), -rng.integers(0, 30, 40)
        whole = tropical.TropicalPolynomial(rows, values)
        reduced = whole.reduced()
        curve = tropical.tropical_hypersurface(whole)
        assert set(curve.monomials) <= set(reduced.monomials) and curve.monomials
        fewer += len(whole.coefficients) > len(reduced.coefficients)
        assert len(reduced.coefficients) == len(curve.monomials)
    assert fewer > 20


def test_flat_polytopes_are_reduced_too():
    # Without biases all coefficients are 0; on the line x = y the exponents have one dimension.
    corners = tropical.TropicalPolynomial(list(itertools.product(range(3), range(3))), [0] * 9).reduced()
    assert set(corners.monomials) == {(0, 0, 0), (0, 2, 0), (2, 0, 0), (2, 2, 0)}
    ends = tropical.TropicalPolynomial([[0, 0], [1, 1], [2, 2]], [0, 0, 0]).reduced()
    assert set(ends.monomials) == {(0, 0, 0), (2, 2, 0)}


@pytest.mark.parametrize(
    "exponents, coefficients",
    [
        # Higher than the mean of its neighbours by less than float64 can see.
        ([[0], [1], [2]], [0, Fraction(1, 10**30), 0]),
        # Outside of the others by less than that: the largest where x is very large.
        ([[0], [1], [2], [2 + Fraction(1, 10**30)]], [0, 1, 0, -1]),
        # The same in a direction in which the others have no extent.
        ([[0, 0], [2, 0], [1, Fraction(1, 10**30)]], [0, 0, -1]),
    ],
)
def test_monomials_that_float64_would_drop_are_kept(exponents, coefficients):
    assert len(tropical.TropicalPolynomial(exponents, coefficients).reduced().coefficients) == len(coefficients)
    middle = [(x + y) * Fraction(1, 2) for x, y in zip(*exponents[:2], strict=True)]
    with_needless = tropical.TropicalPolynomial([*exponents, middle], [*coefficients, -5]).reduced()
    assert len(with_needless.coefficients) == len(coefficients)


def test_exact_solutions():
    matrix = np.array([[0, 2], [3, 4]], dtype=object) * Fraction(1)
    assert solve(matrix, np.array([Fraction(1), Fraction(1)])).tolist() == [Fraction(-1, 3), Fraction(1, 2)]
    assert solve(np.array([[1, 2], [2, 4]], dtype=object) * Fraction(1), np.array([Fraction(1)] * 2)) is None


# Zonotopes.


def subset_sums(generators, offset):
    for chosen in itertools.product((0, 1), repeat=len(generators)):
        yield tuple(np.array(chosen, dtype=object) @ np.array(generators, dtype=object) + offset)


@pytest.mark.parametrize("seed", range(6))
def test_polygons_have_the_vertices_that_sympy_finds(seed):
    generators, offset = RNG(seed).integers(-3, 4, (6, 2)).astype(object), np.array([1, -2], dtype=object)
    hull = sympy.convex_hull(*(sympy.Point(*point) for point in set(subset_sums(generators, offset))))
    found = tropical.Zonotope(generators, offset).vertices()
    assert {tuple(vertex) for vertex in found} == {(int(p.x), int(p.y)) for p in hull.vertices}


@pytest.mark.parametrize("d", [3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_vertices_are_the_farthest_points_in_some_direction(d, seed):
    generators = RNG(seed).integers(-2, 3, (6, d))  # among them parallel ones, and three in a plane
    sums = np.array(list(set(subset_sums(generators, np.zeros(d, dtype=int)))), dtype=int)
    expected = {tuple(point) for point in sums if farthest(sums, point, [(-1, 1)] * d)}
    assert {tuple(vertex) for vertex in tropical.Zonotope(generators, [0] * d).vertices()} == expected


def farthest(points, point, bounds):
    """Whether a point of integers is the only farthest in a direction within bounds, by linear programming."""
    others = points[(points != point).any(axis=1)]
    # The largest t with (point − other)·direction ≥ t for all others.
    matrix = np.column_stack([others - point, np.ones(len(others))])
    found = linprog([0] * len(point) + [-1], matrix, np.zeros(len(others)), bounds=[*bounds, (None, 1)])
    return found.x[-1] > 1e-7


def test_flat_zonotopes():
    assert tropical.Zonotope([[0, 0]], [1, 2]).vertices().tolist() == [[1, 2]]
    assert tropical.Zonotope([[1, 1], [-2, -2]], [0, 0]).vertices().tolist() == [[-2, -2], [1, 1]]
    square = tropical.Zonotope([[1, 0, 1], [0, 1, 0]], [0, 0, 0]).vertices()
    assert square.tolist() == [[0, 0, 0], [0, 1, 0], [1, 0, 1], [1, 1, 1]]


@pytest.mark.parametrize("seed", range(5))
def test_monomials_are_the_upper_vertices_of_the_zonotopes(seed):
    network = random_network(seed, 2, 7, 1)
    [quotient] = tropical.tropical_rational_map(network)
    for polynomial, zonotope in zip((quotient.f, quotient.g), tropical.hidden_zonotopes(network), strict=True):
        vertices = {tuple(vertex) for vertex in zonotope.vertices()}
        monomials = set(polynomial.monomials)
        assert monomials <= vertices
        # A vertex is on the upper side if it is the farthest in a direction that points upwards.
        points = np.array(list(vertices), dtype=int)
        upper = {tuple(point) for point in points if farthest(points, point, [(-100, 100), (-100, 100), (1, 1)])}
        assert upper == monomials


# Linear regions.


def pattern_and_map(network, point):
    """The signs of all units at a point, and the affine map there, as hashable values."""
    affine = np.column_stack([np.eye(2, dtype=object) * Fraction(1), np.zeros(2, dtype=object)])
    homogeneous, signs = np.append(point, Fraction(1)), []
    for position, (kernel, bias) in enumerate(network.layers):
        if position:
            active = affine @ homogeneous > 0
            signs.append(tuple(active))
            affine = affine * active[:, None]
        affine = kernel.T @ affine
        affine[:, 2] = affine[:, 2] + bias
    return tuple(signs), tuple(affine.ravel())


def all_lines(network):
    """Every line on which a unit can change its sign: of each layer for all patterns of the layers before it."""
    lines, maps = set(), [np.column_stack([np.eye(2, dtype=object), np.zeros(2, dtype=object)])]
    for kernel, bias in network.layers[:-1]:
        units = [kernel.T @ affine for affine in maps]
        for affine in units:
            affine[:, 2] = affine[:, 2] + bias
            lines |= {tuple(row) for row in affine if row[:2].any()}
        maps = [
            affine * np.array(on)[:, None] for affine in units for on in itertools.product((0, 1), repeat=len(bias))
        ]
    return {tuple(x / next(filter(None, line)) for x in line) for line in lines}


def brute_force_count(network):
    """The linear regions by the patterns around every point in which two lines meet: every polygon has such a corner.

    Around a corner neighbouring sectors share an edge; sectors with the same map are then one region.
    """
    corners, lines = {}, all_lines(network)
    for (a, b, c), (d, e, f) in itertools.combinations(lines, 2):
        if determinant := a * e - b * d:
            corner = ((b * f - c * e) / determinant, (c * d - a * f) / determinant)
            corners.setdefault(corner, set()).update({(b, -a), (-b, a), (e, -d), (-e, d)})
    joined = {}

    def root(pattern):
        while joined.setdefault(pattern, pattern) != pattern:
            pattern = joined[pattern]
        return pattern

    epsilon = Fraction(1, 10**12)
    for corner, directions in corners.items():
        around = sorted(directions, key=lambda each: np.arctan2(float(each[1]), float(each[0])))
        sectors = []
        for one, other in zip(around, around[1:] + around[:1], strict=True):
            inside = np.array([x + y for x, y in zip(one, other, strict=True)])
            sectors.append(pattern_and_map(network, np.array(corner) + epsilon * inside))
        for one, other in itertools.pairwise([*sectors, sectors[0]]):
            first, second = root(one[0]), root(other[0])
            if one[1] == other[1]:
                joined[second] = first
    return len({root(pattern) for pattern in list(joined)})


@pytest.mark.parametrize("sizes", [(2, 4, 1), (2, 7, 2), (2, 3, 3, 1), (2, 3, 2, 1), (2, 2, 2, 2, 1)], ids=str)
def test_regions_are_those_of_brute_force(sizes):
    counts = []
    for seed in range(3):
        network = random_network(seed, *sizes, high=9)
        regions = tropical.linear_regions_in_plane(network)
        assert regions.count == brute_force_count(network) <= regions.bound
        counts.append(regions.count)
    assert max(counts) > 4


def test_the_maps_are_the_network_in_every_polygon():
    network = random_network(5, 2, 5, 4, 2)
    regions = tropical.linear_regions_in_plane(network)
    for polygon, region in zip(regions.polygons, regions.region_of, strict=True):
        corners = [np.array([Fraction(x, w), Fraction(y, w)]) for x, y, w in polygon if w]
        directions = [np.array([x, y], dtype=object) for x, y, w in polygon if not w]
        point = sum(corners) * Fraction(1, len(corners)) + functools.reduce(np.add, directions, 0)
        assert (regions.maps[region] @ np.append(point, 1) == network([point])[0]).all()


def test_the_polygons_cover_the_plane_once():
    regions = tropical.linear_regions_in_plane(random_network(1, 2, 6, 3, 1))
    areas = []
    for _, corners in regions.outlines(-3, 5):
        x, y = corners.T
        areas.append((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)
    assert min(areas) > 0 and np.isclose(sum(areas), 64)


def test_polygons_that_share_a_part_of_a_side():
    square, other = ((0, 0, 1), (2, 0, 1), (2, 2, 1), (0, 2, 1)), ((2, 1, 1), (3, 1, 1), (3, 3, 1), (2, 3, 1))
    corner = ((2, 2, 1), (3, 3, 1), (1, 3, 1))  # touches the square in one point
    for polygons in ([square, other], [other, square]):
        [(first, second, p, q)] = borders(polygons)
        assert {first, second} == {0, 1} and {p, q} == {(2, 1, 1), (2, 2, 1)}
    assert not list(borders([square, corner]))


def one_layer(kernel, bias, weights):
    return tropical.ReLUNetwork([(kernel, bias), (np.reshape(weights, (-1, 1)), [0])])


def test_regions_that_share_a_map():
    count = lambda network: tropical.linear_regions_in_plane(network).count  # noqa: E731
    # ReLU(x) − ReLU(x): a line without influence.
    assert count(one_layer([[1, 1], [0, 0]], [0, 0], [1, -1])) == 1
    # A roof over 0 ≤ x ≤ 2: its map on the left is that on the right, but they are two regions.
    assert count(one_layer([[1, 1, 1], [0, 0, 0]], [0, -1, -2], [1, -2, 1])) == 4
    # ReLU(x − ReLU(−y)·4 …): max(0, min(x, −y)) + max(0, min(−x, y)) is 0 in two quadrants, which touch in the origin.
    minimum = [
        ([[1, 1, 0, -1, -1, 0], [0, 1, -1, 0, -1, 1]], [0] * 6),
        ([[1, 0], [-1, 0], [0, 0], [0, 1], [0, -1], [0, 0]], [0, 0]),
    ]
    network = tropical.ReLUNetwork([*minimum, ([[1], [1]], [0])])
    assert (network([[3, -2], [-1, 2], [1, 2], [-3, -1]])[:, 0] == [2, 1, 0, 0]).all()
    assert count(network) == brute_force_count(network) == 6


def test_a_network_with_units_that_are_never_active():
    network = tropical.ReLUNetwork([([[0, 1], [0, 0]], [-1, 0]), ([[5], [1]], [2])])  # 5·ReLU(−1) + ReLU(x) + 2
    assert tropical.linear_regions_in_plane(network).count == 2


# The decision boundary.


def crossings_of(curve, p, q):
    """How often the way from p to q crosses segments of a curve, by signs of exact determinants."""

    def sides(line, ends):
        return [sum(a * x for a, x in zip(line, end, strict=True)) for end in ends]

    way = np.cross([*p, 1], [*q, 1])
    count = 0
    for _, _, start, end in curve.segments:
        line = np.cross(np.array(start, dtype=object), np.array(end, dtype=object))
        one, two = sides(way, (start, end)), sides(line, ([*p, 1], [*q, 1]))
        assert all(one) and all(two), "a point on a line decides nothing"
        count += one[0] * one[1] < 0 and two[0] * two[1] < 0
    return count


@pytest.mark.parametrize("sizes", [(2, 6, 1), (2, 4, 4, 1)], ids=str)
@pytest.mark.parametrize("threshold", [0, Fraction(1, 3)])
def test_the_boundary_is_crossed_where_the_decision_changes(sizes, threshold):
    changes = 0
    for seed in range(3):
        network = random_network(seed, *sizes, high=9)
        [quotient] = tropical.tropical_rational_map(network)
        curve, boundary = tropical.decision_boundary(quotient, threshold)
        assert set(boundary.segments) <= set(curve.segments) and len(boundary.segments) < len(curve.segments)
        points = RNG(seed).integers(-400, 401, (80, 2)).astype(object) * Fraction(1, 97)
        above = network(points)[:, 0] > threshold
        for i in range(0, 80, 2):
            assert crossings_of(boundary, points[i], points[i + 1]) % 2 == (above[i] != above[i + 1])
            changes += above[i] != above[i + 1]
        for _, _, p, q in boundary.segments:
            finite = [np.array([Fraction(x, w), Fraction(y, w)]) for x, y, w in (p, q) if w]
            step = [np.array([x, y], dtype=object) for x, y, w in (p, q) if not w]
            middle = sum(finite) * Fraction(1, len(finite)) + functools.reduce(np.add, step, 0)
            assert network([middle])[0, 0] == threshold
    assert changes > 5


def test_two_logits_by_their_difference():
    network = random_network(3, 2, 5, 3)
    points = random_points(0, 2)
    values = network(points)
    assert (network.difference(0, 2)(points)[:, 0] == values[:, 0] - values[:, 2]).all()


def test_curves_are_drawn_in_a_square():
    line = tropical.TropicalPolynomial([[1, 0], [0, 1], [0, 0]], [0, 0, 0])
    ends = {tuple(map(tuple, np.sort(part, axis=0))) for part in tropical.tropical_hypersurface(line).drawn(-1, 2)}
    areas = {index: len(corners) for index, corners in tropical.tropical_hypersurface(line).outlines(-1, 2)}
    assert areas.keys() == {0, 1, 2}
    assert ends == {((0, 0), (2, 2)), ((0, -1), (0, 0)), ((-1, 0), (0, 0))}


# Keras models.


def keras_model(*layers, inputs=2):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((inputs,)), *layers])
    for layer in model.layers:
        if getattr(layer, "use_bias", False):
            layer.bias.assign(RNG(1).normal(size=layer.bias.shape))
    return model


Dense = keras.layers.Dense


def test_keras_models_are_read():
    model = keras_model(
        Dense(6, activation="relu"),
        keras.layers.Dropout(0.5),
        Dense(5),
        keras.layers.ReLU(),
        Dense(4, use_bias=False),
        Dense(3),  # with the layer before it one affine map
        keras.layers.Activation("relu"),
    )
    network = tropical.ReLUNetwork.from_keras(model)
    assert (network.inputs, network.widths, network.outputs) == (2, (6, 5, 3), 3)
    points = RNG(0).normal(size=(50, 2)).astype("float32")
    np.testing.assert_allclose(network(points).astype("float64"), model.predict(points, verbose=0), atol=1e-5)
    assert network.rounding == 0 < tropical.ReLUNetwork.from_keras(model, denominator=64).rounding <= Fraction(1, 128)


def test_the_softmax_at_the_end_is_left_out():
    model = keras_model(Dense(3, activation="relu"), Dense(2, activation="softmax"))
    network = tropical.ReLUNetwork.from_keras(model)
    kernel, bias = model.layers[-1].get_weights()
    np.testing.assert_allclose(network.layers[-1][0].astype("float64"), kernel)
    assert network.widths == (3,) and (network.layers[-1][1].astype("float64") == bias).all()


@pytest.mark.parametrize(
    "layers, found",
    [
        ([Dense(3, activation="tanh"), Dense(1)], "with tanh"),
        ([Dense(3, activation="softmax"), Dense(1)], "with softmax"),
        ([Dense(3), keras.layers.BatchNormalization(), Dense(1)], "BatchNormalization"),
        ([Dense(3), keras.layers.ReLU(6.0), Dense(1)], "ReLU"),
    ],
)
def test_other_layers_are_refused(layers, found):
    with pytest.raises(ValueError, match=f"made of Dense layers.*{found}"):
        tropical.ReLUNetwork.from_keras(keras_model(*layers))


def test_other_graphs_are_refused():
    x = keras.Input((2,))
    with pytest.raises(ValueError, match="must be in a row"):
        tropical.ReLUNetwork.from_keras(keras.Model(x, keras.layers.Add()([x, Dense(2)(x)])))
    with pytest.raises(ValueError, match="one input vector"):
        tropical.ReLUNetwork.from_keras(keras.Sequential([keras.Input((2, 2)), Dense(1)]))
    with pytest.raises(ValueError, match="made of Dense layers"):
        tropical.ReLUNetwork.from_keras(keras.Model(x, keras.layers.Dropout(0.5)(Dense(2)(x), training=True)))


BAD = [
    (lambda: tropical.ReLUNetwork([]), "at least one layer"),
    (lambda: tropical.ReLUNetwork([([[1, 2]], [0])]), "Layer 0 must have a kernel"),
    (lambda: tropical.ReLUNetwork([([[1, 2]], [0, 0]), ([[1]], [0])]), "Layer 1 must have a kernel \\[2, units\\]"),
    (lambda: tropical.ReLUNetwork([([[float("nan")]], [0])]), "must hold finite numbers"),
    (lambda: tropical.ReLUNetwork([([[float("inf")]], [0])]), "must hold finite numbers"),
    (lambda: tropical.ReLUNetwork([([[1]], [0])], denominator=0), "`denominator` must be"),
    (lambda: tropical.TropicalPolynomial([[1, 2]], [1, 2]), "a coefficient for each row"),
    (lambda: tropical.TropicalPolynomial([1, 2], [1, 2]), "must have 2 axes"),
    (lambda: tropical.TropicalPolynomial([[1]], [1]).power(-1), "must not be negative"),
    (lambda: tropical.TropicalPolynomial([[1]], [1]).plus(tropical.TropicalPolynomial([[1, 2]], [1])), "same number"),
    (lambda: tropical.TropicalPolynomial([[1]], [1]).times(tropical.TropicalPolynomial([[1, 2]], [1])), "same number"),
    (lambda: tropical.linear_regions_in_plane(random_network(0, 3, 2, 1)), "two inputs. Received: 3"),
    (lambda: tropical.tropical_hypersurface(tropical.TropicalPolynomial([[1]], [1])), "two variables. Received: 1"),
    (lambda: tropical.hidden_zonotopes(random_network(0, 2, 2, 2, 1)), "one hidden layer. Received: 2"),
    (lambda: tropical.Zonotope([[1, 2]], [0]), "same length"),
    (lambda: tropical.Zonotope([[1, 0, 0], [0, 1, 0], [1, 1, 1e-30]], [0, 0, 0]).vertices(), "finds 6 of its 8"),
    (lambda: tropical.Zonotope([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1e-30]], [0] * 3).vertices(), "of its 14 vert"),
]


@pytest.mark.parametrize("call, words", BAD)
def test_bad_arguments_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_an_area_without_a_decision_is_refused():
    [quotient] = tropical.tropical_rational_map(one_layer([[1], [0]], [0], [1]))  # ReLU(x)
    with pytest.raises(ValueError, match="equals the threshold on an area, where 0·x \\+ 0·y \\+ 0 is the largest"):
        tropical.decision_boundary(quotient)
    _, boundary = tropical.decision_boundary(quotient, threshold=2)
    assert {point for _, _, p, q in boundary.segments for point in (p, q)} == {(2, 0, 1), (0, 1, 0), (0, -1, 0)}


def test_products_that_are_too_large_are_refused():
    rows = RNG(0).integers(-1000, 1000, (400, 2))
    many = tropical.TropicalPolynomial(rows, -(rows**2).sum(axis=1))
    with pytest.raises(ValueError, match="written out up to 100,000 monomials"):
        many.times(many)
