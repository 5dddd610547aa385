"""How good a generator's images are, in the eyes of a classifier that had no part in its training."""

import numpy as np

from zoo.evaluation.metrics import Features, density_coverage, frechet_distance, kernel_distance, precision_recall
from zoo.generation.sampling import sample
from zoo.loading import load

RARE = 0.01  # share of the real images beyond either end of a feature's range


class Judge:
    """Compares images with the real ones of a data set, in the features and by the decisions of one classifier.

    Each feature is clipped to its range in the real images, but for the rarest 1 % at either end. A classifier of the
    zoo is a polynomial itself: the few real images, and the many unreal ones, that make it explode (docs/robustness.md)
    would be all that a mean or a covariance tells. Decisions are those of the features as they are.

    Args:
        classifier: name of a classifier of the zoo.
        images: real images, uint8 `[n, height, width, channels]`.
        labels: their labels, `[n]`.
    """

    def __init__(self, classifier, images, labels):
        self._kernel, self._bias = map(np.asarray, load(classifier).get_layer("logits").get_weights())
        self._net, self.labels = Features(classifier), labels
        seen = self._net(images)
        self._range = np.quantile(seen, (RARE, 1 - RARE), axis=0)
        self.real = np.clip(seen, *self._range)

    def features(self, images) -> np.ndarray:
        """Clipped features, `[m, d]`, of images."""
        return np.clip(self._net(images), *self._range)

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
        seen, asked = self._seen(images, labels)
        distance, error = kernel_distance(self.real, seen)
        precision, recall = precision_recall(self.real, seen)
        density, coverage = density_coverage(self.real, seen)
        return {
            **asked,
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
        seen, asked = self._seen(images, labels)
        return {
            **asked,
            "frechet_distance": frechet_distance(self.real, seen),
            "diversity": _spread(seen, labels) / _spread(self.real, None if labels is None else self.labels),
        }

    def of_generator(self, model, count, seed) -> dict:
        """All figures of a generator, on labels that are as frequent as among the real images."""
        labels = None if model.num_classes is None else np.resize(self.labels, count)
        return self.figures(sample(model, count, seed, labels)[0], labels)

    def _seen(self, images, labels):
        """Clipped features, and the share that is as asked where anything was asked for."""
        seen = self._net(images)
        clipped = np.clip(seen, *self._range)
        if labels is None:
            return clipped, {}
        decisions = (seen @ self._kernel + self._bias).argmax(axis=1)
        return clipped, {"as_asked": float((decisions == labels).mean())}


def _spread(features, labels):
    labels = np.zeros(len(features)) if labels is None else labels
    return float(np.mean([features[labels == label].std(axis=0).mean() for label in np.unique(labels)]))
