"""The architectures of classifiers take images of 16 to 256 pixels."""

import numpy as np
import pytest

from pinet_keras.analysis import certify
from zoo.architectures import build

SMALL = {
    "mirror_vgg": {"widths": [2, 2, 2], "depth": 1},
    "pinet": {"width": 2, "stages": 4, "block": "residual", "stem": True},
    "pinet_vgg": {"widths": [2, 2, 2], "depth": 1},
    "polynet": {"width": 1},
    "resnet": {"widths": [2, 2, 2], "blocks": 1},
    "cryptonet": {"width": 2, "units": 4},
}
DEGREES = {"cryptonet": 4, "mirror_vgg": 8, "pinet": 16, "pinet_vgg": 8, "polynet": 32, "resnet": 128}


def network(name, *shape):
    return build(name, SMALL[name], shape, [120.0] * shape[2], [60.0] * shape[2], 5)


@pytest.mark.parametrize("size", [16, 64, 128, 256])
@pytest.mark.parametrize("name", SMALL)
def test_networks_take_images_of_16_to_256_pixels(name, size):
    model = network(name, size, size, 3)
    # little contrast: with untrained statistics a power of 128 overflows for some weights otherwise
    image = np.kron(np.random.default_rng(0).integers(110, 131, (1, 8, 8, 3)), np.ones((1, size // 8, size // 8, 1)))
    logits = model.predict_on_batch(image.astype("uint8"))
    assert logits.shape == (1, 5) and np.isfinite(logits).all() and np.ptp(logits) > 0
    assert certify(model).degree == DEGREES[name]  # which the size does not change


@pytest.mark.parametrize("name", SMALL)
def test_images_need_not_be_square(name):
    assert network(name, 24, 40, 1).predict_on_batch(np.zeros((2, 24, 40, 1), "uint8")).shape == (2, 5)


TOO_SMALL = [("mirror_vgg", 4), ("pinet", 8), ("pinet_vgg", 4), ("polynet", 11), ("resnet", 4), ("cryptonet", 4)]


@pytest.mark.parametrize("name, size", TOO_SMALL)
def test_too_small_images_are_refused_in_words(name, size):
    words = rf"pixels in each direction. Received: {size}×{size}|{size}×{size} has too few pixels|{size}×{size} is too"
    with pytest.raises(ValueError, match=words):
        network(name, size, size, 3)
    assert network(name, 16, 16, 3)
