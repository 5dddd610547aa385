"""The head that classifies by a weighted nonlocal Laplacian."""

from collections.abc import Iterable
from numbers import Real
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from pinet_keras.arguments import one_of, positive_integer
from zoo.wnll.interpolation import graph_weights, interpolate
from zoo.wnll.neighbours import SEARCHES


class WNLLHead(ClassifierMixin, BaseEstimator):
    """Classification by interpolation between labelled points, the templates, in place of a linear head.

    Templates S and points to classify are the nodes X of a graph, with weights w(x, y) = exp(−‖x − y‖² / σ(x)²) between
    each node and its nearest others. The probabilities u of a class are 1 and 0 at the templates, and elsewhere
    minimise

        Σ_{x ∉ S} Σ_y w(x, y) (u(x) − u(y))² + (|X| / |S|) Σ_{x ∈ S} Σ_y w(x, y) (u(x) − u(y))²

    so that points which are close to each other get similar probabilities. The points to classify are a part of the
    graph: what `predict` says of one depends on the others that are given with it, and many at once are classified
    better than one at a time.

    It is an estimator of scikit-learn, and works in its pipelines and searches.

    Args:
        n_neighbors: neighbours of each node; at most the number of templates.
        scale_neighbor: σ(x) is the distance from x to this neighbour, counted from 1.
        classes: labels that must each have a template; `None` takes those of the templates.
        search: of the neighbours: `"exact"` by scikit-learn; `"approximate"` by usearch
            (`pip install '.[neighbours]'`); `"auto"` is exact up to 100,000 nodes.
        tolerance: residual at which the conjugate gradients end, relative to the right side.

    Attributes:
        classes_: the classes, sorted.
        n_features_in_: d, the number of features.
        templates_: `[n, d]` features of the templates.
        targets_: `[n, classes]`, 1 for the class of each template.

    Reference:
        Wang et al., Deep Neural Nets with Interpolating Function as Output Activation, arXiv 1802.00168; Shi, Osher,
        Zhu, Weighted Nonlocal Laplacian on Interpolation from Sparse Data, Journal of Scientific Computing 73, 2017.

    Example:
        >>> from zoo.wnll import WNLLHead
        >>> from sklearn.datasets import make_moons
        >>> x, y = make_moons(500, noise=0.05, random_state=0)
        >>> head = WNLLHead().fit(x[:20], y[:20])
        >>> head.predict_proba(x[20:]).shape
        (480, 2)
        >>> bool(head.score(x[20:], y[20:]) > 0.95)
        True
    """

    def __init__(
        self,
        n_neighbors: int = 15,
        scale_neighbor: int = 8,
        classes: Iterable | None = None,
        search: str = "auto",
        tolerance: float = 1e-8,
    ):
        self.n_neighbors = n_neighbors
        self.scale_neighbor = scale_neighbor
        self.classes = classes
        self.search = search
        self.tolerance = tolerance

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Keep the templates.

        Args:
            X: `[n, d]` features of the labelled points, n at least `n_neighbors`.
            y: `[n]` their classes.

        Returns:
            The head itself.

        Raises:
            ValueError: NaN or infinite features, fewer templates than `n_neighbors`, a class of `classes` without a
                template or a template of another class, or a parameter out of its range.
        """
        self._check_parameters()
        templates, labels = validate_data(self, X, y, dtype="float64")
        check_classification_targets(labels)
        if len(templates) < self.n_neighbors:
            raise ValueError(
                "The templates must be at least as many as the neighbours of a node. Received: "
                f"n_samples={len(templates)}, n_neighbors={self.n_neighbors!r}"
            )
        self.classes_, indices = np.unique(labels, return_inverse=True)
        self._check_classes()
        self.templates_ = templates
        self.targets_ = np.eye(len(self.classes_))[indices]
        return self

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Probabilities of the classes.

        Args:
            X: `[m, d]` features; together with the templates they make the graph.

        Returns:
            float64 `[m, classes]`, in the order of `classes_`; each row sums up to 1.

        Raises:
            ValueError: NaN or infinite features, another number of features than the templates have, or points that
                no path in the graph connects with a template.
            sklearn.exceptions.NotFittedError: before `fit`.
        """
        check_is_fitted(self)
        queries = validate_data(self, X, dtype="float64", reset=False)
        nodes = np.concatenate([self.templates_, queries])
        weights = graph_weights(nodes, self.n_neighbors, self.scale_neighbor, self.search)
        return interpolate(weights, self.targets_, self.tolerance)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The class with the highest probability.

        Args:
            X: as for `predict_proba`, whose errors it raises.

        Returns:
            `[m]` classes.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def _check_parameters(self):
        for name in ("n_neighbors", "scale_neighbor"):
            positive_integer(name, getattr(self, name))
        one_of("search", self.search, SEARCHES)
        if self.scale_neighbor > self.n_neighbors:
            raise ValueError(
                "`scale_neighbor` is one of the neighbours, at most `n_neighbors`. Received: "
                f"scale_neighbor={self.scale_neighbor!r}, n_neighbors={self.n_neighbors!r}"
            )
        if not isinstance(self.tolerance, Real) or not 0 < self.tolerance < 1:
            raise ValueError(f"`tolerance` must lie between 0 and 1. Received: tolerance={self.tolerance!r}")

    def _check_classes(self):
        if self.classes is None:
            return
        wanted = np.unique(np.asarray(list(self.classes)))
        for found, words in (
            (np.setdiff1d(wanted, self.classes_), "a class has no template, and could never be predicted"),
            (np.setdiff1d(self.classes_, wanted), "a template's class is not among `classes`"),
        ):
            if found.size:
                raise ValueError(f"{words.capitalize()}. Received: {', '.join(map(repr, found.tolist()))}")
