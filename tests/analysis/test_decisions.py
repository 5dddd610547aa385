"""The largest of several polynomials, known only to within an error: what is claimed must hold for all within it."""

import numpy as np
import pytest
from numpy.polynomial import chebyshev

from pinet_keras.analysis.chebyshev import Piece, chebyshev_coefficients, chebyshev_nodes
from pinet_keras.analysis.decisions import Crossing, changes, decide


def _piece(*columns, error=1e-14, low=-1.0, high=1.0):
    coefficients = np.zeros((max(map(len, columns)), len(columns)))
    for k, column in enumerate(columns):
        coefficients[: len(column), k] = column
    return Piece(low, high, coefficients, error)


def test_several_crossings_inside_one_step_of_a_scan_are_found():
    # T_40 against 0: forty roots, with many more of them near the ends than a uniform scan can see.
    found = changes(decide(_piece([0] * 40 + [1], [0])))
    np.testing.assert_allclose([c.t for c in found], np.sort(np.cos(np.pi * (np.arange(40) + 0.5) / 40)), atol=1e-12)
    assert [(c.before, c.after) for c in found] == [(0, 1), (1, 0)] * 20


def test_a_third_class_takes_over():
    # −t, t and a hump in between
    found = changes(decide(_piece([0, -1], [0, 1], [0.5])))
    assert [(c.before, c.after, round(c.t, 12)) for c in found] == [(0, 2, -0.5), (2, 1, 0.5)]


@pytest.mark.parametrize("columns", [([0.5, 0, 0.5], [0]), ([0], [-0.5, 0, -0.5]), ([1], [1]), ([0, 1, 1], [0, 1, 1])])
def test_a_touch_and_a_tie_stay_undecided(columns):
    assert not all(segment.resolved for segment in decide(_piece(*columns)))


def test_three_at_one_point_stay_undecided():
    assert not all(segment.resolved for segment in decide(_piece([0, -1], [0, 1], [0])))


def test_two_roots_are_told_apart_only_above_the_error():
    # t² − d² has two roots; an error of d² could take both away.
    near = [0.5 - 1e-8, 0, 0.5]
    assert [round(c.t, 9) for c in changes(decide(_piece(near, [0], error=1e-12)))] == [-1e-4, 1e-4]
    assert not all(segment.resolved for segment in decide(_piece(near, [0], error=1e-8)))


def test_whatever_is_claimed_holds_for_every_polynomial_within_the_error():
    rng, claimed, refused = np.random.default_rng(0), 0, 0
    grid = np.cos(np.linspace(np.pi, 0, 4001))
    for _ in range(30):
        degree, error = int(rng.integers(1, 13)), 10.0 ** rng.uniform(-5, -0.5)
        piece = Piece(-1.0, 1.0, rng.normal(size=(degree + 1, 4)), error)
        segments = decide(piece)
        if not all(segment.resolved for segment in segments):
            refused += 1
            continue
        try:
            found = changes(segments)
        except ValueError:
            refused += 1
            continue
        claimed += 1
        for _ in range(5):
            moves = rng.normal(size=piece.coefficients.shape) * (rng.random((degree + 1, 1)) < 0.4)
            moves[-1] += rng.choice([-3, 3], 4)
            moves *= error / np.abs(chebyshev.chebval(grid, moves)).max()
            owners = chebyshev.chebval(grid, piece.coefficients + moves).argmax(axis=0)
            after = np.flatnonzero(np.diff(owners)) + 1
            assert [(owners[i - 1], owners[i]) for i in after] == [(c.before, c.after) for c in found]
    assert claimed > 10
    assert refused > 2


def test_a_noisy_part_is_left_undecided_at_once():
    # 1 to 1e20 on one piece, known to 1e7: the small end is unknown, the large end is not.
    nodes = chebyshev_nodes(65)
    values = np.stack([((nodes + 1) / 2) ** 64 * 1e20, 1 + 0 * nodes, 2 - 0.1 * nodes], axis=1)
    segments = decide(Piece(0.0, 1.0, chebyshev_coefficients(values, 64), 1e7))
    assert [segment.resolved for segment in segments] == [False, True]
    assert 0.5 < segments[1].low < 0.8
    assert segments[1].before == segments[1].after == 0


def test_a_crossing_at_an_end_is_refused_and_one_next_to_it_is_found():
    with pytest.raises(ValueError, match="t = -1 classes"):
        changes(decide(_piece([1, 1], [0])))
    (near_the_end,) = changes(decide(_piece([1 - 1e-9, 1], [0])))
    assert (near_the_end.before, near_the_end.after) == (1, 0)
    assert near_the_end.t == pytest.approx(-1 + 1e-9, abs=1e-13)


def test_a_crossing_where_two_pieces_meet_counts_once():
    left = _piece([-0.5, 0.5], [0], low=-1.0, high=0.0)
    right = _piece([0.5, 0.5], [0], low=0.0, high=1.0)
    assert changes(decide(left) + decide(right)) == [Crossing(pytest.approx(0, abs=1e-13), 1, 0)]


def test_fitting_loses_no_digits_at_high_degree():
    nodes = chebyshev_nodes(513)
    coefficients = chebyshev_coefficients(np.cos(400 * np.arccos(nodes))[:, None], 512)
    assert np.abs(coefficients - np.eye(513)[:, [400]]).max() < 1e-13
