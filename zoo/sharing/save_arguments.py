"""Checks of what `zoo.save` is given with a model."""

import numpy as np

from zoo.architectures.parts.generator_model import GeneratorModel


def checked_names(model, class_names) -> list[str]:
    """The names of a model's classes, `"0"`, `"1"`, … where none are given.

    Args:
        model: a classifier with its head, or a `GeneratorModel`.
        class_names: a sequence of strings, or `None`.

    Raises:
        ValueError: another number of names than classes, or a name that occurs twice.
    """
    count = (model.num_classes or 0) if isinstance(model, GeneratorModel) else model.output_shape[1]
    if class_names is None:
        return [str(index) for index in range(count)]
    names = [] if isinstance(class_names, str) else [str(each) for each in class_names]
    if len(names) != count or len(set(names)) != count:
        raise ValueError(f"`class_names` must be {count} different names. Received: class_names={class_names!r}")
    return names


def checked_pair(pair, model, name) -> tuple[np.ndarray, np.ndarray] | None:
    """Examples and labels as arrays; the model itself checks the examples when it is called.

    Args:
        pair: examples and integer labels, or `None`.
        model: the classifier that they are for.
        name: of the argument.

    Raises:
        ValueError: the model is a generator, this is no pair, or the labels are not those of its classes.
    """
    if pair is None:
        return None
    if isinstance(model, GeneratorModel):
        raise ValueError(f"`{name}` is for classifiers: a generator has no accuracy. Received: {model.name}")
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise ValueError(f"`{name}` must be a pair of examples and labels. Received: {type(pair).__name__}")
    examples, labels = map(np.asarray, pair)
    if labels.shape != (len(examples),) or not np.issubdtype(labels.dtype, np.integer) or not len(labels):
        raise ValueError(
            f"The labels of `{name}` must be {len(examples)} integers, at least one. "
            f"Received: shape={labels.shape}, dtype={labels.dtype}"
        )
    classes = model.output_shape[1]
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"The labels of `{name}` must lie in 0..{classes - 1}. Received: {labels.min()}..{labels.max()}"
        )
    return examples, labels
