"""A functional model that validates its latents and labels."""

import keras
import numpy as np

from zoo.architectures.parts.built_model import BuiltModel
from zoo.data.noise import check_label, check_latent


@keras.saving.register_keras_serializable(package="pinet_keras")
class GeneratorModel(BuiltModel):
    """`keras.Model` from noise, and a label if it is conditional, to pixels. Invalid inputs raise a ValueError.

    NumPy arrays and lists given to a call, `predict` or `predict_on_batch` are checked; tensors pass unchecked, and
    there the noise is clipped.

    Input shape:
        `[latent, label]`, or `{"latent": ..., "label": ...}`: noise `[batch, d]` in −1..1 and labels `[batch]`; the
        latent alone for an unconditional model.

    Output shape:
        `[batch, height, width, channels]`, floats near 0..255. A polynomial does not clip: round and clip them before
        writing an image.

    Raises:
        ValueError: wrong shapes, a latent outside −1..1, a label that is no class.
    """

    computes_its_graph = True  # for the certificate: what follows checks inputs and changes none

    def __call__(self, inputs, *args, **kwargs):
        return super().__call__(self._checked(inputs), *args, **kwargs)

    def predict(self, x, *args, **kwargs):
        return super().predict(self._checked(x), *args, **kwargs)

    def predict_on_batch(self, x):
        return super().predict_on_batch(self._checked(x))

    @property
    def latent_size(self) -> int:
        """Length d of the noise."""
        return self.inputs[0].shape[-1]

    @property
    def num_classes(self) -> int | None:
        """Number of labels; None for an unconditional model."""
        return self.get_layer("label_embedding").num_classes if len(self.inputs) == 2 else None

    def _checked(self, inputs):
        if isinstance(inputs, dict):
            inputs = [inputs.get(tensor.name) for tensor in self.inputs]
            inputs = inputs if len(self.inputs) == 2 else inputs[0]
        if self.num_classes is None:
            if inputs is None:
                raise ValueError(f"{self.name} takes a latent. Received: None")
            if isinstance(inputs, np.ndarray):
                check_latent(inputs, self.latent_size)
            return inputs
        if not isinstance(inputs, list | tuple) or len(inputs) != 2 or any(part is None for part in inputs):
            raise ValueError(f"{self.name} takes [latent, label]. Received: {type(inputs).__name__}")
        latent, label = inputs
        if isinstance(latent, np.ndarray):
            check_latent(latent, self.latent_size)
            label = np.asarray(label) if isinstance(label, list | tuple) else label
        if isinstance(label, np.ndarray):
            check_label(label, len(latent), self.num_classes)
        return [latent, label]
