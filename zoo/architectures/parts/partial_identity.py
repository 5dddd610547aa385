"""Convolution kernels that are initialised as a partial identity."""

import keras


@keras.saving.register_keras_serializable(package="pinet_keras")
class PartialIdentity(keras.initializers.Initializer):
    """He normal initialisation, except that the first min(in, out) filters copy the channel of the same index.

    If the kernel size is even, the copy is the average of the central positions.

    Args:
        seed: of the other filters.

    Reference:
        Jordan, arXiv 2404.00498, section 3.3.
    """

    def __init__(self, seed=None):
        self.seed = seed
        self.he_normal = keras.initializers.HeNormal(seed)

    def __call__(self, shape, dtype=None):
        height, width, channels, filters = shape
        shared = min(channels, filters)
        rows, columns = slice((height - 1) // 2, height // 2 + 1), slice((width - 1) // 2, width // 2 + 1)
        kernel = keras.ops.convert_to_numpy(self.he_normal(shape, dtype="float32")).copy()
        kernel[..., :shared] = 0
        middle = kernel[rows, columns]  # a view
        middle[..., range(shared), range(shared)] = 1 / (middle.shape[0] * middle.shape[1])
        return keras.ops.convert_to_tensor(kernel, dtype=dtype)

    def get_config(self):
        return {"seed": self.seed}
