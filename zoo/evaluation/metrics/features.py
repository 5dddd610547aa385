"""Features of images, the space in which sets of images are compared."""

import numpy as np

from zoo.registry import list_models
from zoo.tasks import CLASSIFICATION

INCEPTION = "inception_v3"


class Features:
    """Features of images: the last layer before the logits of a named network.

    Args:
        net: name of a classifier of the zoo, or `"inception_v3"` for `keras.applications.InceptionV3` trained on
            ImageNet, in whose features the Fréchet distance is the FID. Its 2,048 features come from images resized
            to 299×299 by bilinear interpolation, so the FID is close to that of the original graph of 2015, but not
            the same.

    Raises:
        ValueError: no classifier of the zoo has that name.
        FileNotFoundError: Inception's weights are not here and could not be downloaded.

    Example:
        >>> from zoo.evaluation.metrics import Features
        >>> features = Features("pinet_mnist_tiny")
        >>> features(np.zeros((5, 28, 28, 1), "uint8")).shape[0]
        5
    """

    def __init__(self, net: str):
        self.net, classifiers = net, list_models(task=CLASSIFICATION)
        if net == INCEPTION:
            self._model = _inception()
        elif net in classifiers:
            from zoo.loading import load

            self._model = load(net, include_top=False)
        else:
            known = ", ".join([*classifiers, INCEPTION])
            raise ValueError(f"`net` must be one of {known}. Received: net={net!r}")

    def __call__(self, images: np.ndarray, batch_size: int = 250) -> np.ndarray:
        """Features of images.

        Args:
            images: `[n, height, width, channels]` pixels 0..255, of the size that the network takes; any size of at
                least 75 pixels or any smaller one, which is enlarged, for Inception.
            batch_size: images at a time.

        Returns:
            float32 `[n, d]`.
        """
        prepare = _for_inception if self.net == INCEPTION else lambda batch: batch
        starts = range(0, len(images), batch_size)
        rows = [self._model.predict_on_batch(prepare(images[start : start + batch_size])) for start in starts]
        return np.concatenate([np.asarray(part) for part in rows])


def _inception():
    import keras

    try:
        return keras.applications.InceptionV3(include_top=False, weights="imagenet", pooling="avg")
    except Exception as error:  # Keras' downloader raises what the network gives: URLError, OSError, bare Exception
        raise FileNotFoundError(
            f"The weights of InceptionV3 are not in Keras' cache and could not be downloaded ({error}). On a machine "
            "with a network, keras.applications.InceptionV3(include_top=False) fetches them to ~/.keras/models, from "
            "where they may be copied; or name a classifier of the zoo, which needs no download."
        ) from error


def _for_inception(images: np.ndarray) -> np.ndarray:
    import keras

    images = np.broadcast_to(images, (*images.shape[:3], 3)).astype("float32")
    large = keras.ops.image.resize(images, (299, 299), interpolation="bilinear", data_format="channels_last")
    return keras.ops.convert_to_numpy(large) / 127.5 - 1
