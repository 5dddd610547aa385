"""Imports every class of ours that a `.keras` file can name, so that Keras finds them there.

`zoo` imports this module together with Keras, whichever comes first (`zoo.keras_hook`), and what reads a `.keras` file
imports it as well. It imports no backend but Keras' own.
"""

# ruff: noqa: F401 each import registers its class
import pinet_keras.layers
import zoo.architectures.parts.audio_model
import zoo.architectures.parts.cosine_dense
import zoo.architectures.parts.generator_model
import zoo.architectures.parts.label_embedding
import zoo.architectures.parts.latent_scaling
import zoo.architectures.parts.partial_identity
import zoo.architectures.parts.pixel_model
import zoo.architectures.parts.pixel_scaling
import zoo.losses
import zoo.optimizers.kernel_muon
