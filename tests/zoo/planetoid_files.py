"""A small made graph in the files of Planetoid."""

import pickle
from pathlib import Path

import numpy as np
from scipy import sparse

TRAIN, KNOWN, TEST, WORDS, CLASSES = 12, 530, 20, 9, 3
# Pickles of 2016 name these modules. Protocol 3 is the oldest that holds bytes, and writes names as Python 2 did.
FORMER = {b"numpy._core.multiarray": b"numpy.core.multiarray", b"scipy.sparse._csr": b"scipy.sparse.csr"}


def write_graph(folder: Path, name: str = "cora", **changed) -> np.ndarray:
    """Write a graph whose neighbours have the same class, and words that tell it; gives the labels of all nodes.

    Args:
        folder: is made if it is not there.
        name: of the graph.
        **changed: other contents for a file, by its part, such as `tx`.
    """
    rng = np.random.default_rng(0)
    nodes = KNOWN + TEST
    labels = np.arange(nodes) % CLASSES
    words = rng.random((nodes, WORDS)) < 0.1
    words[np.arange(nodes), labels * 3 + rng.integers(0, 3, nodes)] = True
    order = KNOWN + rng.permutation(TEST)  # row i of the test is node order[i]
    links = {node: [(node + CLASSES) % nodes, (node - CLASSES) % nodes] for node in range(nodes)}
    one_hot, rows = np.eye(CLASSES, dtype="int32")[labels], sparse.csr_matrix(words.astype("float32"))
    parts = {
        "allx": rows[:KNOWN],
        "ally": one_hot[:KNOWN],
        "tx": rows[order],
        "ty": one_hot[order],
        "y": one_hot[:TRAIN],
        "graph": links,
        **{part: value for part, value in changed.items() if part != "test.index"},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for part, value in parts.items():
        text = pickle.dumps(value, protocol=3)
        for now, then in FORMER.items():
            text = text.replace(b"c" + now + b"\n", b"c" + then + b"\n")
        (folder / f"ind.{name}.{part}").write_bytes(text)
    np.savetxt(folder / f"ind.{name}.test.index", changed.get("test.index", order), fmt="%d")
    return labels
