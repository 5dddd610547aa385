"""What a discriminator sees besides the pixels: the feature maps of a trained classifier."""

import keras

from zoo.loading import load


def feature_maps(classifier) -> keras.Model:
    """The feature maps of a classifier of the zoo, with its weights frozen: of each resolution the last one.

    The classifier's clip of pixels is left out, as augmented images lie outside their range.

    Args:
        classifier: name of a classifier of images.

    Returns:
        A model from images in −1..1 to a list: the image itself, in place of the maps that are as large, then maps from
        large to small.
    """
    model = load(classifier, include_top=False)
    model.trainable = False
    scaling = model.get_layer("pixels")
    last = {layer.output.shape[1]: layer.output for layer in model.layers if _is_map(layer)}
    height = model.inputs[0].shape[1]
    body = keras.Model(scaling.output, [maps for size, maps in last.items() if size <= height // 2])
    image = keras.Input(model.inputs[0].shape[1:], name="unit_image")
    scale = [127.5 / std for std in scaling.std]
    shift = [(127.5 - mean) / std for mean, std in zip(scaling.mean, scaling.std, strict=True)]
    scaled = keras.layers.Rescaling(scale, shift, name="scaled")(image)
    return keras.Model(image, [image, *body(scaled, training=False)], name=f"{classifier}_maps")


def _is_map(layer):
    return not isinstance(layer, keras.layers.InputLayer) and len(layer.output.shape) == 4
