"""The optimizer that a recipe names."""

import keras

from zoo.optimizers.kernel_muon import KernelMuon
from zoo.recipes.recipe import Recipe


def recipe_optimizer(recipe: Recipe, steps: int, model: keras.Model) -> keras.optimizers.Optimizer:
    """The optimizer of a recipe, its schedule over all steps of the run; weight decay is for kernels only.

    Args:
        recipe: the `Recipe`.
        steps: steps an epoch.
        model: the built model that it will train.
    """
    warmup = int(recipe.warmup_epochs * steps)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=recipe.learning_rate / 20 if warmup else recipe.learning_rate,
        decay_steps=max(1, recipe.epochs * steps - warmup),
        warmup_target=recipe.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
    common = {
        "learning_rate": schedule,
        "weight_decay": recipe.weight_decay,
        "global_clipnorm": recipe.clip_norm,
        "use_ema": recipe.ema_momentum > 0,
        "ema_momentum": recipe.ema_momentum or 0.99,
    }
    if recipe.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(momentum=0.9, nesterov=True, **common)
    elif recipe.optimizer == "muon":
        optimizer = KernelMuon(
            exclude_layers=["logits"], adam_beta_2=0.99, adam_weight_decay=recipe.weight_decay, **common
        )
    else:
        optimizer = keras.optimizers.AdamW(beta_2=0.99, **common)
    optimizer.exclude_from_weight_decay([each for each in model.trainable_variables if each.name != "kernel"])
    return optimizer
