"""Losses that Keras does not have."""
