"""What a `keras.Model` without a card takes and gives. Imports Keras."""

from typing import Any, cast

import keras

from zoo.architectures.parts.audio_model import AudioModel
from zoo.architectures.parts.generator_model import GeneratorModel
from zoo.card_types import Card
from zoo.tasks import AUDIO_CLASSIFICATION, CLASSIFICATION, GENERATION


def task_of(model: keras.Model) -> str:
    """The task that the class of a model tells; any other `keras.Model` takes images and gives logits."""
    classes = {AudioModel: AUDIO_CLASSIFICATION, GeneratorModel: GENERATION}
    return next((task for kind, task in classes.items() if isinstance(model, kind)), CLASSIFICATION)


def card_of(model: keras.Model) -> Card:
    """What a `Predictor` reads of a card: classes are named by their numbers, and the temperature is 1.

    Args:
        model: one that takes images or audio clips and gives logits, or a `GeneratorModel`.

    Raises:
        ValueError: it takes or gives anything else.
    """
    if not isinstance(model, keras.Model):
        raise ValueError(f"A predictor is made of a name, a folder or a keras.Model. Received: {model!r}")
    found = {"name": model.name, "task": task_of(model), "calibration": {"temperature": 1.0}}
    if isinstance(model, GeneratorModel):
        names = [str(index) for index in range(model.num_classes or 0)]
        return cast(Card, {**found, "latent_size": model.latent_size, "class_names": names})
    given: Any = getattr(model, "input_shape", None)
    logits: Any = getattr(model, "output_shape", None)
    rank = 2 if isinstance(model, AudioModel) else 4
    if not all(isinstance(shape, tuple) and None not in shape[1:] for shape in (given, logits)) or (
        len(given) != rank or len(logits) != 2
    ):
        raise ValueError(
            "A model to predict with takes images [batch, height, width, channels] and gives logits [batch, classes]. "
            f"Received: {model.name} from {given} to {logits}"
        )
    names = [str(index) for index in range(logits[1])]
    return cast(Card, {**found, "input_shape": list(given[1:]), "class_names": names})
