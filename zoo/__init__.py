"""The zoo: trained polynomial networks by name.

`zoo.list_models()` names them, `zoo.card(name)` tells what is known of one, `zoo.load(name)` gives the `keras.Model`.
`zoo.export(name, directory)` writes what TensorFlow Serving loads.
Importing this package imports neither Keras nor a backend; the first `load` or `export` does.

A model that was saved as `.keras`, fine-tuned or not, comes back with `keras.saving.load_model`: importing this
package, before Keras or after it, registers every class that such a file names.
"""

from zoo.keras_hook import register_with_keras
from zoo.registry import card, list_models

register_with_keras()


def load(name, weights="pretrained", num_classes=None, include_top=True, calibrated=False):
    """Load a trained model. See `zoo.loading.load`, which this calls (and whose import brings Keras in)."""
    from zoo.loading import load as load_model

    return load_model(name, weights=weights, num_classes=num_classes, include_top=include_top, calibrated=calibrated)


def export(name_or_model, directory, **options):
    """Export a model for TensorFlow Serving. See `zoo.serving.exporting.export`, which this calls."""
    from zoo.serving.exporting import export as export_model

    return export_model(name_or_model, directory, **options)


__all__ = ["card", "export", "list_models", "load"]
