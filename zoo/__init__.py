"""The zoo: trained polynomial networks by name.

`zoo.list_models()` names them, `zoo.card(name)` tells what is known of one, `zoo.load(name)` gives the `keras.Model`.
Importing this package imports neither Keras nor a backend; the first `load` does.
"""

from zoo.registry import card, list_models


def load(name, weights="pretrained", num_classes=None, include_top=True):
    """Load a trained model. See `zoo.loading.load`, which this calls (and whose import brings Keras in)."""
    from zoo.loading import load as load_model

    return load_model(name, weights=weights, num_classes=num_classes, include_top=include_top)


__all__ = ["card", "list_models", "load"]
