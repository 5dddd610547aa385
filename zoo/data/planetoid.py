"""The citation graphs of Planetoid, such as Cora, read from its files. Imports no backend."""

import hashlib
import os
import pickle
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy import sparse

from zoo.card_types import Card
from zoo.data.download import data_folder
from zoo.files import naming_damaged_file

SOURCE = "https://github.com/kimiyoung/planetoid, folder data"
GRAPHS = ("cora", "citeseer", "pubmed")
KINDS: dict[str, type] = {"tx": sparse.csr_matrix, "allx": sparse.csr_matrix, "graph": dict}  # others are arrays
PARTS = ("tx", "allx", "y", "ty", "ally", "graph", "test.index")
VALIDATION_NODES = 500
# Planetoid numbers the classes; these are the names of Cora's in that order, by the number of nodes of each.
CORA_CLASSES = (
    "theory",
    "reinforcement learning",
    "genetic algorithms",
    "neural networks",
    "probabilistic methods",
    "case based",
    "rule learning",
)
# What the pickled files may name: arrays, sparse matrices, and a dict of lists. The names are those of 2016.
ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("scipy.sparse.csr", "csr_matrix"): sparse.csr_matrix,
    ("collections", "defaultdict"): defaultdict,
    ("__builtin__", "list"): list,
}


@dataclass(frozen=True)
class CitationGraph:
    """A graph with features and labels at its nodes, and the standard split.

    Attributes:
        name: `"cora"`, `"citeseer"` or `"pubmed"`.
        features: `[nodes, words]`, float32, each row with the sum 1, or 0 for a node without words.
        labels: `[nodes]`, integers.
        edges: `[edges, 2]`, integers.
        train: nodes for training.
        validation: the 500 nodes after these.
        test: nodes for the test.
    """

    name: str
    features: np.ndarray
    labels: np.ndarray
    edges: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes in the order of the labels; numbers where Planetoid has no names."""
        count = int(self.labels.max()) + 1
        return CORA_CLASSES if (self.name, count) == ("cora", 7) else tuple(map(str, range(count)))

    @cached_property
    def sha256(self) -> str:
        """Checksum over features, labels, edges and split."""
        digest = hashlib.sha256()
        for each in (self.features, self.labels, self.edges, self.train, self.validation, self.test):
            digest.update(np.ascontiguousarray(each).data)
        return digest.hexdigest()


def planetoid_folder(data: str | os.PathLike[str] | None = None, data_dir=None) -> Path:
    """Where the files are: `data`, else the folder `planetoid` among the data sets of TFDS (`TFDS_DATA_DIR`)."""
    return Path(data).expanduser() if data else data_folder(data_dir) / "planetoid"


def read_planetoid(name: str, data: str | os.PathLike[str] | None = None, data_dir=None) -> CitationGraph:
    """Read a graph of Planetoid with its standard split.

    Args:
        name: `"cora"`, `"citeseer"` or `"pubmed"`.
        data: folder that holds the files ind.NAME.tx, .allx, .y, .ty, .ally, .graph and .test.index; default the folder
            `planetoid` in `data_dir`.
        data_dir: where TFDS keeps its data sets; default `TFDS_DATA_DIR`, then `~/tensorflow_datasets`.

    Returns:
        `CitationGraph`.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: another name, a damaged file, or files that do not belong together.

    Reference:
        Yang, Cohen, Salakhutdinov, Revisiting Semi-Supervised Learning with Graph Embeddings, arXiv 1603.08861.
    """
    if name not in GRAPHS:
        raise ValueError(f"The graphs of Planetoid are {', '.join(GRAPHS)}. Received: {name!r}")
    base = planetoid_folder(data, data_dir)
    paths = {part: base / f"ind.{name}.{part}" for part in PARTS}
    missing = [path.name for path in paths.values() if not path.is_file()]
    if missing:
        raise FileNotFoundError(
            f"The graph {name} is not on this machine: {', '.join(missing)} must be in {base}. They are in {SOURCE}. "
            "Copy them there, set TFDS_DATA_DIR to the folder that holds `planetoid`, or give their own folder with "
            "--data."
        )
    parts = {part: _read(path, part) for part, path in paths.items()}
    return _assembled(name, parts, base)


def _assembled(name, parts, base):
    tx, allx, y, ty, ally = (parts[part] for part in ("tx", "allx", "y", "ty", "ally"))
    test, links = parts["test.index"], parts["graph"]
    edges = np.array([(node, other) for node, others in links.items() for other in others], "int64").reshape(-1, 2)
    nodes = max(len(ally), *(test + 1))
    fits = (
        (allx.shape[0], tx.shape[0]) == (len(ally), len(ty)) == (len(ally), len(test))
        and allx.shape[1] == tx.shape[1]
        and y.shape[1] == ally.shape[1] == ty.shape[1]
        and len(np.unique(test)) == len(test)
        and test.min() >= len(ally)
        and len(y) + VALIDATION_NODES <= len(ally)
        and len(edges)
        and 0 <= edges.min() <= edges.max() < nodes
    )
    if not fits:
        raise ValueError(
            f"The files of {name} in {base} do not fit together: {allx.shape[0]} and {tx.shape[0]} rows of features, "
            f"{len(ally)} and {len(ty)} of labels, {len(y)} nodes for training, {len(test)} for the test, "
            f"{len(edges)} links. Copy all of them again from {SOURCE}."
        )
    features, labels = np.zeros((nodes, allx.shape[1]), "float32"), np.zeros(nodes, "int64")
    features[: len(ally)], labels[: len(ally)] = allx.toarray(), ally.argmax(axis=1)
    features[test], labels[test] = tx.toarray(), ty.argmax(axis=1)  # row i is node test[i]
    features /= np.maximum(features.sum(axis=1, keepdims=True), 1e-9)
    validation = np.arange(len(y), len(y) + VALIDATION_NODES)
    return CitationGraph(name, features, labels, edges, np.arange(len(y)), validation, np.sort(test))


def open_for(card: Card, data=None, data_dir=None) -> CitationGraph:
    """The graph of a model's card, or the files of the same name from another folder.

    Args:
        card: of a model for nodes.
        data: as for `read_planetoid`.
        data_dir: likewise.

    Raises:
        FileNotFoundError: it is not there.
        ValueError: as of `read_planetoid`, or other words or classes than the model's.
    """
    graph = read_planetoid(str(card["dataset"]["name"]), data, data_dir)
    words, classes = card["input_shape"][-1], len(card["class_names"])
    if (graph.features.shape[1], len(graph.class_names)) != (words, classes):
        raise ValueError(
            f"{card['name']} takes {words} features of each node and knows {classes} classes. Received: a graph with "
            f"{graph.features.shape[1]} features and {len(graph.class_names)} classes"
        )
    return graph


def sample_graph(features: int, nodes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """A small made graph for golden outputs: a ring with one chord, and random words, the same on every machine.

    Args:
        features: number of features of a node.
        nodes: number of nodes.

    Returns:
        Features `[1, nodes, features]`, each row with the sum 1, and edges `[edges, 2]`.
    """
    words = np.random.default_rng(0).random((1, nodes, features)) < 0.02
    words[..., 0] = True  # no node without words
    ring = np.arange(nodes)
    edges = np.concatenate([np.stack([ring, (ring + 1) % nodes], axis=1), [[0, nodes // 2]]])
    return (words / words.sum(axis=-1, keepdims=True)).astype("float32"), edges


class _Unpickler(pickle.Unpickler):
    """Reads data only: a pickled file could otherwise run any code."""

    def find_class(self, module: str, name: str):
        if (module, name) not in ALLOWED:
            raise ValueError(f"a file of Planetoid holds arrays and lists, and this one names {module}.{name}")
        return ALLOWED[module, name]


def _read(path: Path, part: str):
    with naming_damaged_file(path, f"Copy it again from {SOURCE}."):
        if path.suffix == ".index":
            return np.loadtxt(path, dtype="int64", ndmin=1)
        with path.open("rb") as file:
            found = _Unpickler(file, encoding="latin1").load()
        kind, values = KINDS.get(part, np.ndarray), getattr(found, "data", ())
        if not isinstance(found, kind) or getattr(found, "ndim", 2) != 2 or not np.isfinite(values).all():
            raise ValueError(
                f"it holds {type(found).__name__}, and a {kind.__name__} of two axes and finite numbers is needed"
            )
        return found
