"""The zoo: trained polynomial networks by name.

`zoo.list_models()` names them, `zoo.card(name)` tells what is known of one, `zoo.load(name)` gives the `keras.Model`.
`zoo.predictor(name)` gives the same network for prediction alone, much faster on single images.
`zoo.predict(name, files)` classifies files in one call; `zoo.preprocess` and `zoo.decode_predictions` do the same for
the inputs and logits of a model that you loaded. `zoo.export(name, directory)` writes what TensorFlow Serving loads.

Importing this package imports neither Keras nor a backend; the first use of `load`, `predict` and the like does.

A model that was saved as `.keras`, fine-tuned or not, comes back with `keras.saving.load_model`: importing this
package, before Keras or after it, registers every class that such a file names.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from zoo.card_types import Card
from zoo.extras import missing_package
from zoo.keras_hook import register_with_keras
from zoo.registry import card, list_models

if TYPE_CHECKING:
    from zoo.data.opening import open_data
    from zoo.evaluation.prediction import decode_predictions, predict, preprocess
    from zoo.inference.predictor import predictor
    from zoo.loading import load
    from zoo.serving.exporting import export
    from zoo.sharing.pulling import pull
    from zoo.sharing.pushing import push
    from zoo.sharing.saving import save
    from zoo.training.finetuning import finetune

register_with_keras()

# Imported when they are first asked for (PEP 562): their modules bring Keras in.
LAZY = {
    "decode_predictions": "zoo.evaluation.prediction",
    "export": "zoo.serving.exporting",
    "finetune": "zoo.training.finetuning",
    "load": "zoo.loading",
    "open_data": "zoo.data.opening",
    "predict": "zoo.evaluation.prediction",
    "predictor": "zoo.inference.predictor",
    "preprocess": "zoo.evaluation.prediction",
    "pull": "zoo.sharing.pulling",
    "push": "zoo.sharing.pushing",
    "save": "zoo.sharing.saving",
}


def __getattr__(name: str) -> object:
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found = getattr(import_module(LAZY[name]), name)
    except ImportError as error:
        if (words := missing_package(error)) is None:
            raise
        raise ImportError(words, name=error.name) from error
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *LAZY})


__all__ = [
    "Card",
    "card",
    "decode_predictions",
    "export",
    "finetune",
    "list_models",
    "load",
    "open_data",
    "predict",
    "predictor",
    "preprocess",
    "pull",
    "push",
    "save",
]
