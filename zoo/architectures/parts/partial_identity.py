"""Convolution kernels that start by passing their input on."""

import keras


@keras.saving.register_keras_serializable(package="pinet_keras")
class PartialIdentity(keras.initializers.Initializer):
    """He's normal start, but the first min(in, out) filters copy the channel of their number.

    Where the kernel has two places in the middle of an axis, the copy is their average.

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
        shared = min(channels, filters)
        rows, columns = slice((height - 1) // 2, height // 2 + 1), slice((width - 1) // 2, width // 2 + 1)
        kernel = keras.ops.convert_to_numpy(self.start(shape, dtype="float32")).copy()
        kernel[..., :shared] = 0
        middle = kernel[rows, columns]  # a view
        middle[..., range(shared), range(shared)] = 1 / (middle.shape[0] * middle.shape[1])
        return keras.ops.convert_to_tensor(kernel, dtype=dtype)

    def get_config(self):
        return {"seed": self.seed}
