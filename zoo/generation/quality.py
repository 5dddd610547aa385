"""How good a generator's images are, in the eyes of a classifier that had no part in its training."""

import numpy as np

from zoo.generation.sampling import sample
from zoo.loading import load
from zoo.metrics import Features, density_coverage, frechet_distance, kernel_distance, precision_recall


class Judge:
    """Compares images with the real ones of a data set, in the features and by the decisions of one classifier.

    Args:
        classifier: name of a classifier of the zoo.
        images: real images, uint8 `[n, height, width, channels]`.
        labels: their labels, `[n]`.
    """

    def __init__(self, classifier, images, labels):
        self._kernel, self._bias = map(np.asarray, load(classifier).get_layer("logits").get_weights())
        self.features, self.labels = Features(classifier), labels
        self.real = self.features(images)

    def figures(self, images, labels=None) -> dict:
        """All figures of a set of images.

        Args:
            images: uint8 `[m, height, width, channels]`.
            labels: what they were asked to be, `[m]`; `None` leaves out `as_asked`.

        Returns:
            `as_asked`, the share of images that the classifier takes for what they were asked to be;
            `frechet_distance`; `kernel_distance` and its standard error; `precision`, `recall`, `density` and
            `coverage`.
        """
        seen = self.features(images)
        distance, error = kernel_distance(self.real, seen)
        precision, recall = precision_recall(self.real, seen)
        density, coverage = density_coverage(self.real, seen)
        return {
            **({} if labels is None else {"as_asked": self.as_asked(seen, labels)}),
            "frechet_distance": frechet_distance(self.real, seen),
            "kernel_distance": distance,
            "kernel_distance_error": error,
            "precision": precision,
            "recall": recall,
            "density": density,
            "coverage": coverage,
        }

    def quick_figures(self, images, labels=None) -> dict:
        """What is worth knowing after every epoch: `as_asked`, `frechet_distance` and `diversity`.

        Diversity is the mean spread of the features within a class, as a share of the real images': near 0 a generator
        draws the same picture again and again.
        """
        seen = self.features(images)
        return {
            **({} if labels is None else {"as_asked": self.as_asked(seen, labels)}),
            "frechet_distance": frechet_distance(self.real, seen),
            "diversity": _spread(seen, labels) / _spread(self.real, None if labels is None else self.labels),
        }

    def as_asked(self, seen, labels) -> float:
        """Share of images that the classifier takes for what they were asked to be.

        Args:
            seen: their features, `[m, d]`.
            labels: `[m]`.
        """
        return float(((seen @ self._kernel + self._bias).argmax(axis=1) == labels).mean())

    def of_generator(self, model, count, seed) -> dict:
        """All figures of a generator, on labels that are as frequent as among the real images."""
        labels = None if model.num_classes is None else np.resize(self.labels, count)
        return self.figures(sample(model, count, seed, labels)[0], labels)


def _spread(features, labels):
    labels = np.zeros(len(features)) if labels is None else labels
    return float(np.mean([features[labels == label].std(axis=0).mean() for label in np.unique(labels)]))
