"""A functional model that validates its input waveforms."""

import keras

from zoo.architectures.parts.pixel_model import PixelModel
from zoo.data.audio import check_audio, scale_warning


@keras.saving.register_keras_serializable(package="pinet_keras")
class AudioModel(PixelModel):
    """`keras.Model` over audio clips that raises a ValueError for arrays that are not a batch of waveforms.

    NumPy arrays are checked wherever `PixelModel` checks them: rank, length, an empty batch, NaN and values outside
    the range of 16 bits. Tensors, data sets and generators are not. Samples in −1..1 cause one warning.

    Input shape:
        `[batch, samples]`, int16 or float in −32768..32767, 8,000 samples a second.

    Output shape:
        As the functional graph says; `[batch, classes]` logits for classifiers.

    Raises:
        ValueError: the array is no batch of waveforms of the model's length.
    """

    def _check_array(self, examples):
        check_audio(examples, self.input_shape[1:])

    def _doubt(self, examples):
        return scale_warning(examples)


keras.saving.get_custom_objects()["pinet_keras>SoundModel"] = AudioModel  # its name in files before the first release
