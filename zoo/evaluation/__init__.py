"""Evaluation of classifiers, and the metrics of generated images."""
