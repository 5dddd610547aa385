"""Distances between a set of real and a set of generated images, in the features of a named network."""

from zoo.evaluation.metrics.features import Features
from zoo.evaluation.metrics.frechet import frechet_distance
from zoo.evaluation.metrics.kernel import kernel_distance
from zoo.evaluation.metrics.manifolds import density_coverage, precision_recall

__all__ = ["Features", "density_coverage", "frechet_distance", "kernel_distance", "precision_recall"]
