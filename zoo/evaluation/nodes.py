"""Measuring a model for the nodes of a graph, and its golden outputs."""

import time

import numpy as np

from pinet_keras import normalized_adjacency
from zoo.architectures import build_node_classifier
from zoo.card_types import Card
from zoo.data.planetoid import CitationGraph, sample_graph
from zoo.evaluation.classifiers import result
from zoo.loading import load_on_graph


def node_logits(model, features: np.ndarray) -> np.ndarray:
    """Logits of all nodes of a model's graph.

    Args:
        model: a model for nodes.
        features: `[nodes, features]`.

    Returns:
        float32 `[nodes, classes]`.
    """
    return np.asarray(model.predict_on_batch(features[None]))[0]


def measure(name, card: Card, graph: CitationGraph, engine="auto", progress=None) -> dict:
    """Measure a trained model on the test nodes of a graph, for `zoo.measuring.evaluate`.

    Args:
        name: as for `zoo.load`.
        card: its card.
        graph: the graph; the model is built on it.
        engine: `"auto"` or `"keras"`.
        progress: called with (done, all) nodes.

    Returns:
        What `zoo.evaluation.classifiers.measure` gives.

    Raises:
        ValueError: another engine.
    """
    if engine not in ("auto", "keras"):
        raise ValueError(f"Models for nodes run on Keras alone. Received: engine={engine!r}")
    model, total = load_on_graph(name, card, graph), len(graph.test)
    started = time.perf_counter()
    logits = node_logits(model, graph.features)[graph.test]
    seconds = time.perf_counter() - started
    if progress:
        progress(total, total)
    return result(card, logits, graph.labels[graph.test], "keras", seconds)


def sample_logits(weights, architecture: str, arguments: dict, features: int, classes: int) -> np.ndarray:
    """Logits on the made graph of `sample_graph`: no weight depends on the graph, so they check the weights without it.

    Args:
        weights: what `model.get_weights()` gives.
        architecture: of the model.
        arguments: its arguments.
        features: number of features of a node.
        classes: number of classes.

    Returns:
        float32 `[nodes, classes]`.
    """
    words, edges = sample_graph(features)
    adjacency = normalized_adjacency(edges, words.shape[1])
    model = build_node_classifier(architecture, arguments, features, adjacency, classes)
    model.set_weights(weights)
    return node_logits(model, words[0])
