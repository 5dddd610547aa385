"""The training entries of a card."""

from dataclasses import asdict

from zoo import weights_file
from zoo.environment import completed
from zoo.loading import card_weights
from zoo.registry import card


def training_record(recipe, checkpoint) -> dict:
    """The training entry of a card: the recipe, how long it ran, and where.

    For a run that was resumed on another machine, or with other versions, it describes the last epoch. What an older
    checkpoint did not record is `None`.
    """
    return {
        "recipe": asdict(recipe),
        **teacher_record(recipe),
        "seed": recipe.seed,
        "epochs": len(checkpoint.history),
        "seconds": round(sum(row["seconds"] for row in checkpoint.history), 1),
        **completed(checkpoint.environment),
    }


def teacher_record(recipe) -> dict:
    """What runs and cards keep of a teacher: `{"teacher_sha256": ...}`, of its weights; empty if there is none."""
    name = getattr(recipe, "teacher", "")  # generators learn from none
    return {"teacher_sha256": weights_file.sha256(card_weights(name, card(name)))} if name else {}
