"""From a trained generator to the weights and the card that stand in the zoo."""

import numpy as np

from zoo.generation.quality import Judge
from zoo.generation.sampling import sample
from zoo.loading import load
from zoo.publishing import ship_weights, structure, training_record, weights_record, write_card

SAMPLES = 10_000
SEED = 0
GOLDEN = 10  # pictures


def publish(model, recipe, data_set, checkpoint, out_dir) -> dict:
    """Write the weights as float16, measure just those against the test split, and write the card.

    Beside the figures stand those of as many training images, which no generator can be expected to beat, and those of
    the shipped generators that the recipe names.

    Args:
        model: the trained `GeneratorModel`; its weights become the rounded ones.
        recipe: the `GeneratorRecipe` it was trained by.
        data_set: the `DataSet` it was trained on.
        checkpoint: the run's `Checkpoint`: its epochs, and where they were trained.
        out_dir: gets `weights/NAME.weights.h5` and `cards/NAME.json`.

    Returns:
        The card.
    """
    weights = ship_weights(model, recipe.name, out_dir)
    card = {
        "name": recipe.name,
        "description": recipe.description,
        "task": recipe.task,
        "dataset": {"name": data_set.name, "sha256": data_set.sha256},
        "architecture": recipe.architecture,
        "architecture_arguments": recipe.architecture_arguments,
        "latent_size": recipe.latent_size,
        "label_size": recipe.label_size,
        "input_shape": [recipe.latent_size],
        "output_shape": list(model.output_shape[1:]),
        "class_names": list(data_set.class_names) if recipe.label_size else [],
        **structure(model),
        **({"note": recipe.note} if recipe.note else {}),
        **measured(model, recipe.classifier, recipe.beside, data_set),
        "training": training_record(recipe, checkpoint),
        "weights": weights_record(weights),
        "golden": golden(model),
        "license": "Apache-2.0",
    }
    write_card(card, out_dir)
    return card


def measured(model, classifier, beside, data_set) -> dict:
    """What a card says of the pictures: `quality`, and `beside`, the same figures of what they are compared with.

    Args:
        model: the `GeneratorModel`.
        classifier: name of the classifier of the zoo that judges.
        beside: names of other generators of the zoo.
        data_set: the `DataSet`; judged is against its test split.
    """
    judge = Judge(classifier, data_set.x_test, data_set.y_test)
    count = min(SAMPLES, len(data_set.x_train))
    training_images, training_labels = data_set.x_train[:count], data_set.y_train[:count]
    return {
        "quality": {
            "classifier": classifier,
            "against": "test",
            "samples": count,
            "seed": SEED,
            **judge.of_generator(model, count, SEED),
        },
        "beside": {
            "training images": judge.figures(training_images, training_labels),
            **{name: judge.of_generator(load(name), count, SEED) for name in beside},
        },
    }


def golden(model) -> dict:
    """Pictures of a seed as hexadecimal grey levels, which every backend must give to two levels."""
    images, _ = sample(model, GOLDEN, SEED)
    return {"seed": SEED, "pixels": [np.ascontiguousarray(image).tobytes().hex() for image in images]}
