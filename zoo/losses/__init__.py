"""Losses that Keras does not have."""

from zoo.losses.additive_angular_margin import AdditiveAngularMargin
from zoo.losses.focal_crossentropy import FocalCrossentropy

__all__ = ["AdditiveAngularMargin", "FocalCrossentropy"]
