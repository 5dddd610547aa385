"""Augmentation that gradients pass through, of the images that a discriminator sees."""

from keras import ops

NUMBERS = 7  # random numbers an image
SHIFT, CUTOUT = 1 / 8, 1 / 2  # fractions of height and width


def augment(images, numbers):
    """Change colours, shift, and cover a square: real and generated images alike.

    The discriminator then cannot memorise the real images, and what it sees of both is changed in the same way, so the
    generator need not generate changed images. All of it is affine in the pixels.

    Args:
        images: `[batch, height, width, channels]` in −1..1.
        numbers: `[batch, 7]`, uniform in 0..1: brightness, saturation, contrast, two for the shift by at most an eighth
            of the size, two for the position of the covered square, half as high and wide as the image.

    Returns:
        `[batch, height, width, channels]`; 0 where the image was shifted away from, and in the square.

    Reference:
        Zhao et al., Differentiable Augmentation for Data-Efficient GAN Training, arXiv 2006.10738.
    """
    brightness, saturation, contrast, *places = ops.split(numbers[:, :, None, None], NUMBERS, axis=1)
    x = images + (brightness - 0.5)
    x = _stretched(x, 2 * saturation, axis=-1)
    x = _stretched(x, contrast + 0.5, axis=(1, 2, 3))
    for axis in (1, 2):
        x = _shifted(x, places[axis - 1], axis)
    height, width = images.shape[1:3]
    rows, columns = _in_square(height, places[2]), _in_square(width, places[3])
    covered = ops.logical_and(rows[:, :, None, None], columns[:, None, :, None])
    return ops.where(covered, ops.zeros_like(x), x)


def _stretched(x, factor, axis):
    """Distances from the mean multiplied by a factor."""
    mean = ops.mean(x, axis=axis, keepdims=True)
    return (x - mean) * factor + mean


def _shifted(x, number, axis):
    """The images shifted along an axis, as a product with a matrix of zeros and ones: its gradient is one too."""
    size = x.shape[axis]
    most = int(size * SHIFT)
    shift = ops.cast(ops.floor(number[:, :, 0, 0] * (2 * most + 1)), "int32") - most  # [batch, 1]
    positions = ops.arange(size, dtype="int32")
    matrix = ops.cast(positions[None, None, :] == positions[None, :, None] - shift[:, :, None], x.dtype)
    return ops.einsum("bij,bjwc->biwc" if axis == 1 else "bij,bhjc->bhic", matrix, x)


def _in_square(size, number):
    """Whether each row or column is covered, `[batch, size]`."""
    half = int(size * CUTOUT) // 2
    centre = ops.cast(ops.floor(number[:, :, 0, 0] * (size + 1)), "int32")
    positions = ops.arange(size, dtype="int32")[None]
    return ops.logical_and(positions >= centre - half, positions < centre + half)
