"""The entries of a generator's card."""

import numpy as np

from zoo.generation.image_metrics import ImageMetrics
from zoo.generation.sampling import sample
from zoo.loading import load

SAMPLES = 10_000
SEED = 0
GOLDEN = 10  # images


def generator_entries(model, recipe, data_set) -> dict:
    """The entries of a generator's card that other cards do not have.

    Next to the metrics of its images, `baselines` holds those of as many training images, an upper bound for any
    generator, and those of the shipped generators that the recipe names.

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
        **evaluation_entries(model, recipe, data_set),
        "golden": golden(model),
    }


def evaluation_entries(model, recipe, data_set) -> dict:
    """The `quality_entries` in the features of a recipe's classifier, and of its second one if it names one.

    Args:
        model: the `GeneratorModel`.
        recipe: its `GeneratorRecipe`.
        data_set: the `DataSet`.
    """
    entries = quality_entries(model, recipe.classifier, recipe.baselines, data_set)
    if recipe.second_classifier:
        second = quality_entries(model, recipe.second_classifier, recipe.baselines, data_set)
        entries["second_evaluation"] = second
    return entries


def quality_entries(model, classifier, baselines, data_set) -> dict:
    """The metrics of the images: `quality`, and `baselines`, the same metrics of what the card compares them with.

    Args:
        model: the `GeneratorModel`.
        classifier: name of the evaluation classifier, one of the zoo.
        baselines: names of other generators of the zoo.
        data_set: the `DataSet`; images are compared with its test split.
    """
    image_metrics = ImageMetrics(classifier, data_set.x_test, data_set.y_test)
    count = min(SAMPLES, len(data_set.x_train))
    training_images, training_labels = data_set.x_train[:count], data_set.y_train[:count]
    return {
        "quality": {
            "classifier": classifier,
            "against": "test",
            "samples": count,
            "seed": SEED,
            **image_metrics.of_generator(model, count, SEED),
        },
        "baselines": {
            "training images": image_metrics.compute(training_images, training_labels),
            **{name: image_metrics.of_generator(load(name), count, SEED) for name in baselines},
        },
    }


def golden(model) -> dict:
    """Images of a seed, their pixels in hexadecimal. Every backend must reproduce each pixel to within 2 of 255."""
    images, _ = sample(model, GOLDEN, SEED)
    return {"seed": SEED, "pixels": [np.ascontiguousarray(image).tobytes().hex() for image in images]}
