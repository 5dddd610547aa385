"""Distillation: learning from the predictions of a trained model as well as from the labels."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from scipy.special import softmax

from zoo.files import naming_damaged_file, replacing
from zoo.loading import load
from zoo.recipes.recipe import Recipe


class Teacher:
    """Trained classifiers whose predictions on the same augmented examples become part of the targets.

    y ← s p(x) + (1 − s) y, with the recipe's `teacher_weight` as s and p the mean of the teachers' probabilities.

    Args:
        recipe: the student's `Recipe`, which names the teachers.
        cache: folder of the answers to augmented versions; `None` computes them each time.

    Reference:
        Hinton et al., Distilling the Knowledge in a Neural Network, arXiv 1503.02531; the same augmented images for
        both: Beyer et al., Knowledge distillation: A good teacher is patient and consistent, arXiv 2106.05237.
    """

    def __init__(self, recipe: Recipe, cache: str | Path | None = None):
        self.models = [load(name) for name in recipe.teachers]
        self.weight, self.cache = recipe.teacher_weight, cache

    def __call__(self, examples: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """The targets mixed with the teachers' probabilities, float32 `[n, classes]`."""
        return self.mix(_mean(model.predict_on_batch(examples) for model in self.models), targets)

    def mix(self, answers: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Answers and targets in the recipe's proportion, float32 `[n, classes]`."""
        return (self.weight * answers + (1 - self.weight) * targets).astype("float32")

    def answers(self, examples: np.ndarray, name: str) -> np.ndarray:
        """Probabilities for all examples of a named version, float32 `[n, classes]`; kept for a resumed run."""
        # `answers_N.npy`, which earlier versions wrote, belong to images that were mirrored and covered.
        path = Path(self.cache) / f"answers_to_{name}.npy" if self.cache else None
        if path and path.exists():
            with naming_damaged_file(path, "Delete it: the answers are then computed again."):
                return _read(path, (len(examples), self.models[0].output_shape[-1])).astype("float32")
        logits = (model.predict(examples, batch_size=500, verbose=0) for model in self.models)
        found = _mean(logits).astype("float16")
        if path:
            with replacing(path) as partial:
                np.save(partial, found)
        return found.astype("float32")


def _mean(logits: Iterable[np.ndarray]) -> np.ndarray:
    return np.mean([softmax(np.asarray(each), axis=-1) for each in logits], axis=0)


def _read(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    found = np.load(path, allow_pickle=False)
    if found.shape != shape:
        raise ValueError(f"its shape is {found.shape}, not {shape}")
    return found
