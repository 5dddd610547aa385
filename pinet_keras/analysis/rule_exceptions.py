"""Calls that compute something else than the rule for the class of their layer says."""

import keras

from pinet_keras.analysis.graph import Call, class_name, is_keras_layer, names, replaced_methods, torch_hooks

# Layers of Keras that change values at random in training and return them unchanged at inference.
RANDOM_IN_TRAINING = names(
    "Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianNoise GaussianDropout AlphaDropout AugMix "
    "CutMix MixUp RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast "
    "RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert "
    "RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear "
    "RandomTranslation RandomZoom"
)
# Layers of Keras whose output depends on the mask, not only their training or the mask that they pass on.
MASKED = names("GlobalAveragePooling1D Softmax TimeDistributed")
# Operations of `keras.ops` that reach over their `axis`, or all axes if that is None.
OVER_AN_AXIS = names("Sum Mean Cumsum Diff Flip Roll")
# Steps of these kinds, and sums by these operations, compute; others return values as they are.
COMPUTING = names("affine product scaling")
ADDING = names("Add Subtract Negative Sum Cumsum Diff Trace")


def rule_exception(call: Call) -> tuple[str, str] | None:
    """Kind and reason of a call that the rule for its layer does not cover, or None."""
    operation = call.operation
    replaced = replaced_methods(operation)
    if replaced:
        return "unknown", f"{', '.join(replaced)} was replaced after construction"
    hooks = torch_hooks(operation)
    if hooks:
        return "unknown", hooks
    if not isinstance(operation, keras.Layer):
        return ("not polynomial", "mixes the inputs of a batch") if _mixes_batch(call) else None
    mode = _quantization(operation)
    if mode:
        return "not polynomial", f"quantised to {mode}: rounds its weights or inputs"
    if call.training:
        return _in_training(operation)
    uses_mask = isinstance(operation, keras.Model) or (is_keras_layer(operation) and class_name(operation) in MASKED)
    if call.mask is not None and uses_mask:
        return "not polynomial", "its mask depends on the input"
    return None


def _mixes_batch(call: Call) -> bool:
    """Whether an operation of `keras.ops` reaches over the batch axis: one answer then depends on the other inputs."""
    tensors = [x for x in call.tensors if None in x.shape]
    if not tensors:
        return False
    if not any(None in x.shape for x in call.outputs):  # summed over, or contracted
        return True
    first = tensors[0]
    if type(call.operation).__name__ not in OVER_AN_AXIS or first.shape[0] is not None:
        return False
    axis = call.operation.axis
    axes = range(len(first.shape)) if axis is None else axis if isinstance(axis, list | tuple) else [axis]
    return any(a in (0, -len(first.shape)) for a in axes)


def _in_training(layer: keras.layers.Layer) -> tuple[str, str] | None:
    if not is_keras_layer(layer):
        return "unknown", "called with training=True, and its rule is about inference"
    name = class_name(layer)
    if name == "BatchNormalization":
        return "not polynomial", "called with training=True: divides by a spread measured on the batch"
    if name == "SpectralNormalization":
        return "not polynomial", "called with training=True: changes its weights at every call"
    if name in RANDOM_IN_TRAINING or name == "RandomCrop":
        # Keras' augmentation layers have True as their default, which a call of the model keeps and `predict` does not.
        return "not polynomial", "called with training=True, as image augmentation is by default: random at every call"
    return None


def _quantization(layer: keras.layers.Layer) -> str | None:
    modes = (getattr(part, "quantization_mode", None) for part in layer._flatten_layers())
    return next((str(mode) for mode in modes if mode), None)


def rounding(call: Call, kind: str) -> str | None:
    """Why a step of this kind does not compute in the real numbers, or None.

    The rounding of floating-point numbers of 16 bits and more is left out of the certificate.
    """
    before, after = {str(x.dtype) for x in call.tensors}, str(call.outputs[0].dtype)
    computes = kind in COMPUTING or type(call.operation).__name__ in ADDING
    if isinstance(call.operation, keras.layers.Layer) and before and not any(map(is_real, before)):
        # Keras' layers without weights keep to such a dtype, even where the graph says another.
        computes = computes and kind != "scaling" and not call.operation.weights
        return f"computes in {', '.join(sorted(before))}, which rounds or wraps around" if computes else None
    if is_real(after) or (before == {after} and not computes):
        return None
    if any("float" in dtype for dtype in before):
        return f"rounds to {after}"
    return f"computes in {after}, which rounds or wraps around"


def is_real(dtype) -> bool:
    """Whether numbers of this dtype stand for real ones: those of 16 bits and more do, integers wrap around."""
    return "float" in str(dtype) and "float8" not in str(dtype)
