"""Measuring classifiers, and the metrics of generated images."""
