"""Metrics of generated images: distances to real images in the features of an evaluation classifier."""

import numpy as np

from zoo.evaluation.metrics import Features, density_coverage, frechet_distance, kernel_distance, precision_recall
from zoo.generation.sampling import sample
from zoo.loading import load

RARE = 0.01  # fraction of the real images beyond either end of a feature's range


class ImageMetrics:
    """Compares generated images with the real ones of a data set, by an evaluation classifier.

    Each feature is clipped to its range in the real images, from the 1st to the 99th percentile. A classifier of the
    zoo is a polynomial: a few images can make its features very large (docs/robustness.md), and would dominate every
    mean and covariance. The predicted classes are computed from the features before clipping.

    Args:
        classifier: name of the evaluation classifier, one of the zoo. It has no part in the generator's training.
        images: real images, uint8 `[n, height, width, channels]`.
        labels: their labels, `[n]`.
    """

    def __init__(self, classifier, images, labels):
        self._kernel, self._bias = map(np.asarray, load(classifier).get_layer("logits").get_weights())
        self._extract, self.labels = Features(classifier), labels
        features = self._extract(images)
        self._range = np.quantile(features, (RARE, 1 - RARE), axis=0)
        self.real_features = np.clip(features, *self._range)

    def features(self, images) -> np.ndarray:
        """Clipped features, `[m, d]`, of images."""
        return np.clip(self._extract(images), *self._range)

    def compute(self, images, labels=None) -> dict:
        """All metrics of a set of images.

        Args:
            images: uint8 `[m, height, width, channels]`.
            labels: the classes that the generator was given, `[m]`; `None` leaves out `class_accuracy`.

        Returns:
            `class_accuracy`, the fraction of images that the evaluation classifier assigns to the class that the
            generator was given; `frechet_distance`; `kernel_distance` and its standard error; `precision`, `recall`,
            `density` and `coverage`.
        """
        features, accuracy = self._features_and_accuracy(images, labels)
        distance, error = kernel_distance(self.real_features, features)
        precision, recall = precision_recall(self.real_features, features)
        density, coverage = density_coverage(self.real_features, features)
        return {
            **accuracy,
            "frechet_distance": frechet_distance(self.real_features, features),
            "kernel_distance": distance,
            "kernel_distance_error": error,
            "precision": precision,
            "recall": recall,
            "density": density,
            "coverage": coverage,
        }

    def compute_quick(self, images, labels=None) -> dict:
        """The metrics of every epoch: `class_accuracy`, `frechet_distance` and `diversity`.

        Diversity is the standard deviation of the features within a class, relative to that of the real images. Near 0
        the generator draws almost the same image every time.
        """
        features, accuracy = self._features_and_accuracy(images, labels)
        real_std = _std_within_classes(self.real_features, None if labels is None else self.labels)
        return {
            **accuracy,
            "frechet_distance": frechet_distance(self.real_features, features),
            "diversity": _std_within_classes(features, labels) / real_std,
        }

    def of_generator(self, model, count, seed) -> dict:
        """All metrics of a generator, with classes as frequent as among the real images."""
        labels = None if model.num_classes is None else np.resize(self.labels, count)
        return self.compute(sample(model, count, seed, labels)[0], labels)

    def _features_and_accuracy(self, images, labels):
        """Clipped features, and the class accuracy if there are labels."""
        features = self._extract(images)
        clipped = np.clip(features, *self._range)
        if labels is None:
            return clipped, {}
        predicted = (features @ self._kernel + self._bias).argmax(axis=1)
        return clipped, {"class_accuracy": float((predicted == labels).mean())}


def _std_within_classes(features, labels):
    labels = np.zeros(len(features)) if labels is None else labels
    return float(np.mean([features[labels == label].std(axis=0).mean() for label in np.unique(labels)]))
