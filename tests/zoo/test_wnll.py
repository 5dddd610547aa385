"""WNLLHead against a dense solve, scikit-learn's checks of estimators, and the input that it refuses."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs, make_moons
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import check_estimator

from zoo.wnll import WNLLHead, neighbours
from zoo.wnll.interpolation import graph_weights, interpolate


def dense(points, labels, queries, n_neighbors, scale_neighbor):
    """The minimiser of the sum that `WNLLHead` documents, term by term and without a sparse matrix."""
    nodes, known = np.concatenate([points, queries]), len(points)
    form = np.zeros((len(nodes), len(nodes)))
    for x, node in enumerate(nodes):
        distances = np.linalg.norm(nodes - node, axis=1)
        distances[x] = np.inf
        nearest = np.argsort(distances)[:n_neighbors]
        factor = len(nodes) / known if x < known else 1.0
        for y in nearest:
            weight = np.exp(-(distances[y] ** 2) / distances[nearest[scale_neighbor - 1]] ** 2)
            difference = np.zeros(len(nodes))
            difference[[x, y]] = 1, -1
            form += factor * weight * np.outer(difference, difference)
    values = np.eye(labels.max() + 1)[labels]
    return np.linalg.solve(form[known:, known:], -form[known:, :known] @ values)


@pytest.mark.parametrize("n_neighbors, scale_neighbor, templates", [(15, 8, 20), (4, 1, 9), (6, 6, 70)])
def test_probabilities_are_those_of_a_dense_solve(n_neighbors, scale_neighbor, templates):
    x, y = make_blobs(120, n_features=3, centers=3, cluster_std=3.0, random_state=0)
    head = WNLLHead(n_neighbors, scale_neighbor).fit(x[:templates], y[:templates])
    wanted = dense(x[:templates], y[:templates], x[templates:], n_neighbors, scale_neighbor)
    found = head.predict_proba(x[templates:])
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert np.array_equal(head.predict(x[templates:]), wanted.argmax(axis=1))


def test_it_passes_the_checks_of_scikit_learn_but_one():
    reason = "the points to classify are a part of the graph, so a subset of them makes another one"
    allowed = {"check_methods_subset_invariance": reason}
    results = check_estimator(WNLLHead(5, 3), expected_failed_checks=allowed, on_fail=None, on_skip=None)
    failed = {result["check_name"] for result in results if result["status"] == "failed"}
    assert not failed
    assert {each["check_name"] for each in results if each["status"] == "xfail"} == set(allowed)
    assert sum(result["status"] == "passed" for result in results) > 40


def test_points_at_hand_without_a_label_help():
    x, y = make_moons(600, noise=0.05, random_state=1)
    head = WNLLHead().fit(x[:20], y[:20])
    alone = np.concatenate([head.predict(point[None]) for point in x[20:120]])
    together = head.predict(x[20:])[:100]
    assert (together == y[20:120]).mean() > 0.97 > (alone == y[20:120]).mean()


def test_labels_of_any_kind_come_back():
    x, y = make_blobs(60, centers=2, cluster_std=0.3, random_state=0)
    names = np.array(["cat", "dog"])[y]
    head = WNLLHead(5, 3, classes=["dog", "cat"]).fit(x[:20], names[:20])
    assert head.classes_.tolist() == ["cat", "dog"]
    assert np.array_equal(head.predict(x[20:]), names[20:])


@pytest.fixture
def blobs():
    return make_blobs(60, centers=3, random_state=0)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"n_neighbors": 21}, "at least as many as the neighbours.*n_samples=20, n_neighbors=21"),
        ({"n_neighbors": 0}, "`n_neighbors` must be an integer of at least 1"),
        ({"scale_neighbor": 2.5}, "`scale_neighbor` must be an integer"),
        ({"n_neighbors": 5}, "at most `n_neighbors`. Received: scale_neighbor=8, n_neighbors=5"),
        ({"search": "fast"}, "`search` must be one of 'auto', 'exact', 'approximate'"),
        ({"tolerance": 0}, "`tolerance` must lie between 0 and 1"),
        ({"tolerance": "1e-3"}, "`tolerance` must lie between 0 and 1"),
        ({"classes": range(5)}, "A class has no template.*Received: 3, 4"),
        ({"classes": [0, 2]}, "A template's class is not among `classes`. Received: 1"),
    ],
)
def test_fit_refuses(blobs, changes, words):
    x, y = blobs
    with pytest.raises(ValueError, match=words):
        WNLLHead(**changes).fit(x[:20], y[:20])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_must_be_numbers(blobs, value):
    x, y = blobs
    damaged = x.copy()
    damaged[3, 1] = value
    with pytest.raises(ValueError, match="NaN|infinity"):
        WNLLHead().fit(damaged, y)
    with pytest.raises(ValueError, match="NaN|infinity"):
        WNLLHead().fit(x, y).predict(damaged)


def test_another_number_of_features_and_an_unfitted_head_are_refused(blobs):
    x, y = blobs
    with pytest.raises(ValueError, match="features"):
        WNLLHead().fit(x, y).predict(x[:, :1])
    with pytest.raises(NotFittedError):
        WNLLHead().predict(x)


def test_points_without_a_path_to_a_template_are_named(blobs):
    x, y = blobs
    far = np.random.default_rng(0).normal(size=(20, 2)) + 1000
    head = WNLLHead().fit(x, y)
    with pytest.raises(ValueError, match="No path leads from a template to 20 of .*indices 2, 3, 4, 5, 6, …"):
        head.predict(np.concatenate([x[:2], far]))
    assert head.predict(far[:5]).shape == (5,)  # fewer points than neighbours are neighbours of templates


def test_points_that_almost_nothing_connects_get_no_answer(blobs):
    """Weights of 1e-300 are a path, and rounding decides what comes out at its end."""
    x, y = blobs
    weights = graph_weights(np.concatenate([x, x[:15] + 0.01, x[:15] + 1000]), 14, 8, "exact").tolil()
    weights[80, 0] = 1e-300
    targets = np.eye(3)[y]
    with pytest.raises(ValueError, match="too little weight for 15 of the points.*indices 15, 16"):
        interpolate(weights.tocsr(), targets, 1e-8)


def test_weights_reach_as_far_as_the_neighbours():
    points = np.array([[0.0], [1.0], [3.0], [7.0]])
    weights = graph_weights(points, 2, 1, "exact").toarray()
    wanted = np.exp(-(np.array([[0, 1, 9, 0], [1, 0, 4, 0], [9 / 4, 1, 0, 0], [0, 36 / 16, 1, 0]])))
    np.testing.assert_allclose(weights, np.where([[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 0], [0, 1, 1, 0]], wanted, 0))


def test_equal_points_have_weights_all_the_same():
    points = np.array([0.0, 0, 0, 0, 1, 2, 4])[:, None]
    weights = graph_weights(points, 4, 2, "exact").toarray()
    assert np.isfinite(weights).all()
    assert np.allclose(weights[0], [0, 1, 1, 1, np.exp(-1), 0, 0])  # σ is the distance to the first other point
    x, y = np.repeat([[0.0], [1.0]], 20, axis=0), np.repeat([0, 1], 20)
    assert np.array_equal(WNLLHead(5, 3).fit(x, y).predict([[0.0], [1.0]]), [0, 1])


def test_approximate_neighbours_are_nearly_the_exact_ones():
    pytest.importorskip("usearch")
    x, y = make_blobs(2000, n_features=16, centers=20, cluster_std=4.0, random_state=0)
    x[1000:1040] = x[0]  # more equal points than neighbours
    distances, indices = neighbours.nearest(x, 15, "approximate")
    exact, wanted = neighbours.nearest(x, 15, "exact")
    assert (indices != np.arange(len(x))[:, None]).all()
    others = np.setdiff1d(np.arange(2000), [0, *range(1000, 1040)])
    shared = [len({*indices[row]} & {*wanted[row]}) / 15 for row in others]
    assert np.mean(shared) > 0.95
    assert (np.abs(distances - exact) < 1e-3 * exact.max()).mean() > 0.95
    np.testing.assert_allclose(
        distances[others], np.linalg.norm(x[others][:, None] - x[indices[others]], axis=2), rtol=1e-3
    )
    heads = [WNLLHead(search=search).fit(x[:200], y[:200]) for search in ("exact", "approximate")]
    assert (heads[0].predict(x[200:]) == heads[1].predict(x[200:])).mean() > 0.97


def test_large_sets_are_searched_approximately_where_a_library_is_installed(monkeypatch):
    monkeypatch.setattr(neighbours, "EXACT_UP_TO", 50)
    monkeypatch.setattr(neighbours, "_approximate", lambda points, count: "approximate")
    x = np.random.default_rng(0).normal(size=(60, 2))
    monkeypatch.setattr(neighbours, "find_spec", lambda name: object())
    assert neighbours.nearest(x, 5, "auto") == "approximate"
    assert len(neighbours.nearest(x[:50], 5, "auto")) == 2  # exact, with distances and indices
    monkeypatch.setattr(neighbours, "find_spec", lambda name: None)
    with pytest.warns(UserWarning, match=r"60 points are searched exactly.*'\.\[neighbours\]'"):
        found = neighbours.nearest(x, 5, "auto")
    assert np.array_equal(found[1], neighbours.nearest(x, 5, "exact")[1])


def test_an_approximate_search_says_what_it_needs(monkeypatch, blobs):
    x, y = blobs
    monkeypatch.setattr("zoo.extras.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"usearch.*'\.\[neighbours\]'"):
        WNLLHead(search="approximate").fit(x, y).predict(x)
