"""A search on data of one's own, without a search file. Imports no backend."""

import math
import tomllib
from typing import Any

from zoo.data.data_set import DataSet
from zoo.recipes.new_recipe import new_recipe, stages_for

KEPT = ("dataset", "validation", "image_size", "samples", "batch_size", "warmup_epochs", "ema_momentum")
STEPS = 500
AUGMENTATION = ("flip", "shift", "zoom", "gain")


def new_space(source: str, data_set: DataSet) -> dict[str, Any]:
    """What a search file for a data set would hold: the recipe of `pinet new`, with its network and rates searched.

    Args:
        source: what `zoo.open_data` was given.
        data_set: what it gave.

    Returns:
        A dict for `tuning.search`. The networks are those of the architecture `pinet`, of few channels, because a
        search is for small ones; trials have a third of the epochs that `pinet new` would give, and 500 steps if
        those are more.

    Example:
        >>> from tuning.new_space import new_space
        >>> space = new_space("digits", zoo.open_data("digits"))
        >>> space["epochs"], space["network"]["stages"]
        (25, 2)
    """
    recipe = tomllib.loads(new_recipe("trial", source, data_set))
    steps = max(1, (len(data_set.x_train) - (recipe["validation"] or data_set.validation)) // recipe["batch_size"])
    network: dict[str, Any] = {
        "block": ["poly", "residual"],
        "width": {"min": 4, "max": 24, "step": 4},
        "stages": 4 if data_set.is_audio else stages_for(recipe["image_size"] or min(data_set.shape[:2])),
        "blocks": [1, 2],
        "growth": [1.0, 1.5, 2.0],
        "degree": {"choices": [2, 3], "where": {"block": "poly"}},
        "rank": {"min": 4, "max": 24, "step": 4, "where": {"block": "poly"}},
        "decomposition": {"choices": ["ccp", "ncp", "ncp_skip"], "where": {"block": "poly"}},
        "alpha": {"choices": [0.3, 1.0], "where": {"block": "residual"}},
    }
    if data_set.is_audio:
        network["stem"] = True
    return {
        **{key: recipe[key] for key in (*KEPT, *AUGMENTATION) if key in recipe},
        "epochs": min(recipe["epochs"], max(recipe["epochs"] // 3, math.ceil(STEPS / steps))),
        "learning_rate": {"min": 2e-3, "max": 3e-2, "log": True},
        "weight_decay": {"min": 1e-3, "max": 0.3, "log": True},
        "label_smoothing": [0.0, 0.1],
        "network": network,
    }
