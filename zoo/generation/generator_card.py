"""The entries of a generator's card."""

import numpy as np

from zoo.generation.quality import Judge
from zoo.generation.sampling import sample
from zoo.loading import load

SAMPLES = 10_000
SEED = 0
GOLDEN = 10  # images


def generator_entries(model, recipe, data_set) -> dict:
    """What the card of a generator holds beside the entries of every card.

    Beside the metrics of its images stand those of as many training images, which no generator can be expected to beat,
    and those of the shipped generators that the recipe names.

    Args:
        model: the trained `GeneratorModel`, with the weights that are shipped.
        recipe: the `GeneratorRecipe` it was trained by.
        data_set: the `DataSet` it was trained on.
    """
    return {
        "task": recipe.task,
        "latent_size": recipe.latent_size,
        "label_size": recipe.label_size,
        "input_shape": [recipe.latent_size],
        "output_shape": list(model.output_shape[1:]),
        "class_names": list(data_set.class_names) if recipe.label_size else [],
        **measured(model, recipe.classifier, recipe.beside, data_set),
        "golden": golden(model),
    }


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
