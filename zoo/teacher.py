"""Learning from a trained model's answers beside the labels."""

import numpy as np
from scipy.special import softmax

from zoo import weights_file
from zoo.loading import card_weights, load
from zoo.registry import card


class Teacher:
    """A trained classifier that says what it sees in the very pictures, changed by chance, that a student learns from.

    y ← s softmax(teacher(x)) + (1 − s) y, with the recipe's `teacher_share` as s.

    Args:
        recipe: the student's `Recipe`, which names the teacher.

    Reference:
        Hinton et al., Distilling the Knowledge in a Neural Network, arXiv 1503.02531; the same changed pictures for
        both: Beyer et al., Knowledge distillation: A good teacher is patient and consistent, arXiv 2106.05237.
    """

    def __init__(self, recipe):
        self.model, self.share = load(recipe.teacher), recipe.teacher_share

    def __call__(self, examples, targets):
        """What to learn instead of the targets, float32 `[n, classes]`."""
        answers = softmax(np.asarray(self.model.predict_on_batch(examples)), axis=-1)
        return (self.share * answers + (1 - self.share) * targets).astype("float32")


def teacher_record(recipe) -> dict:
    """What runs and cards keep of a teacher: `{"teacher_sha256": ...}`, of its weights; empty if there is none."""
    name = getattr(recipe, "teacher", "")  # generators learn from none
    return {"teacher_sha256": weights_file.sha256(card_weights(name, card(name)))} if name else {}
