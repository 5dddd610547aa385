"""Convolution kernels that start by passing their input on."""

import keras


@keras.saving.register_keras_serializable(package="pinet_keras")
class PartialIdentity(keras.initializers.Initializer):
    """He's normal start, but the first min(in, out) filters copy the channel of their number.

    Args:
        seed: of the other filters.

    Reference:
        Jordan, arXiv 2404.00498, section 3.3.
    """

    def __init__(self, seed=None):
        self.seed = seed
        self.start = keras.initializers.HeNormal(seed)

    def __call__(self, shape, dtype=None):
        height, width, channels, filters = shape
        shared, middle = min(channels, filters), (height // 2, width // 2)
        kernel = keras.ops.convert_to_numpy(self.start(shape, dtype="float32")).copy()
        kernel[..., :shared] = 0
        kernel[*middle, range(shared), range(shared)] = 1
        return keras.ops.convert_to_tensor(kernel, dtype=dtype)

    def get_config(self):
        return {"seed": self.seed}
