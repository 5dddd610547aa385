"""Imports every class of ours that a `.keras` file can name, so that Keras finds them there.

`zoo` imports this module together with Keras, whichever comes first (`zoo.keras_hook`), and what reads a `.keras` file
imports it as well. It imports no backend but Keras' own.
"""

# ruff: noqa: F401 each import registers its class
import pinet_keras.layers
import zoo.architectures.partial_identity
import zoo.generation.generator_model
import zoo.generation.label_embedding
import zoo.generation.latent_scaling
import zoo.kernel_muon
import zoo.layers
import zoo.pixel_model
import zoo.sound_model
