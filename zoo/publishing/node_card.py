"""The entries of the card of a model for nodes."""

from zoo.evaluation.nodes import node_logits, sample_logits
from zoo.publishing.classifier_card import scores_of_logits
from zoo.tasks import NODE_CLASSIFICATION


def node_entries(model, recipe, graph) -> dict:
    """The entries of the card of a model for nodes that other cards do not have. Reads the test labels once.

    Args:
        model: the trained model, with the weights that are shipped.
        recipe: the `NodeRecipe` it was trained by.
        graph: the `CitationGraph` it was trained on.
    """
    logits = node_logits(model, graph.features)
    features, names = graph.features.shape[1], graph.class_names
    validation, test = ((logits[nodes], graph.labels[nodes]) for nodes in (graph.validation, graph.test))
    arguments = (recipe.architecture, recipe.architecture_arguments, features, len(names))
    golden = sample_logits(model.get_weights(), *arguments)
    return {
        "task": NODE_CLASSIFICATION,
        "input_shape": list(graph.features.shape),
        "class_names": list(names),
        "preprocessing": {"mean": [0.0], "std": [1.0]},
        **scores_of_logits(names, validation, test),
        "golden": {"nodes": len(golden), "logits": golden.round(5).tolist()},
    }
