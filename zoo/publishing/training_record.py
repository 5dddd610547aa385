"""The training entries of a card."""

from dataclasses import asdict

from zoo.environment import completed
from zoo.epochs import best_epoch, curve
from zoo.pretrained import card_weights, sha256
from zoo.registry import card


def training_record(recipe, checkpoint) -> dict:
    """The training entry of a card: the recipe, how long it ran, its metrics after each epoch, and where it ran.

    For a run that was resumed on another machine, or with other versions, it describes the last epoch. What an older
    checkpoint did not record is `None`.
    """
    return {
        "recipe": asdict(recipe),
        **models_record(recipe),
        "seed": recipe.seed,
        "epochs": len(checkpoint.history),
        **({"best_epoch": best_epoch(checkpoint.history)} if getattr(recipe, "early_stopping", 0) else {}),
        "seconds": round(sum(row["seconds"] for row in checkpoint.history), 1),
        "curve": curve(checkpoint.history),
        **completed(checkpoint.environment),
    }


def models_record(recipe) -> dict:
    """What runs and cards keep of the models that a recipe names, checksums of weights: `{"teacher_sha256": ...}`."""
    initial = getattr(recipe, "initial", "")  # a generator's recipe has neither
    names = {"teacher": getattr(recipe, "teachers", ()), "initial": (initial,) if initial else ()}
    checksums = {key: [sha256(card_weights(name, card(name))) for name in each] for key, each in names.items()}
    return {f"{key}_sha256": " + ".join(each) for key, each in checksums.items() if each}
