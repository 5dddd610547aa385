"""The phases of a training: runs of epochs in which a part of the network is learned."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import keras

from pinet_keras import PolynomialActivation
from zoo.recipes import Recipe
from zoo.training.initial_weights import freeze_body, unfreeze

ALL, HEAD, WEIGHTS, COEFFICIENTS = "all", "head", "weights", "coefficients"


@dataclass(frozen=True)
class Phase:
    """Epochs `start` to `end`, the last one left out.

    Args:
        start: first epoch, counted from 0.
        end: epoch after the last one.
        learns: `"all"`; `"head"`; `"coefficients"`, those of every `PolynomialActivation`; or `"weights"`, all others.
    """

    start: int
    end: int
    learns: str


def phases(recipe: Recipe) -> list[Phase]:
    """All phases of a recipe, in order."""
    last = recipe.epochs
    if recipe.frozen_epochs:
        head, rest = Phase(0, recipe.frozen_epochs, HEAD), Phase(recipe.frozen_epochs, last, ALL)
        return [head, rest] if recipe.frozen_epochs < last else [head]
    length = recipe.coefficient_epochs
    if recipe.coefficient_training == "after":
        return [Phase(0, last - length, WEIGHTS), Phase(last - length, last, COEFFICIENTS)]
    if recipe.coefficient_training == "alternate":
        starts = range(0, last, length)
        return [
            Phase(start, min(start + length, last), COEFFICIENTS if index % 2 else WEIGHTS)
            for index, start in enumerate(starts)
        ]
    return [Phase(0, last, ALL)]


def phase_at(recipe: Recipe, epoch: int) -> Phase:
    """The phase in which an epoch is; of those after the last one, the last phase."""
    return next((phase for phase in phases(recipe) if epoch < phase.end), phases(recipe)[-1])


def remaining(recipe: Recipe, first: int, last: int) -> Iterator[tuple[Phase, int, int]]:
    """The phases that have epochs from `first` to `last`, each with the first and the last of them.

    Of a finished run the last phase, with none: fitting no epoch still replaces the weights by their averages.
    """
    if first >= last:
        yield phase_at(recipe, first), first, first
    for phase in phases(recipe):
        start, end = max(first, phase.start), min(last, phase.end)
        if start < end:
            yield phase, start, end


def schedule(recipe: Recipe, phase: Phase) -> tuple[Recipe, int]:
    """A recipe of the schedule of a phase, and the number of epochs of it that are over when the phase begins.

    Alternating phases share the schedule of the whole run; others have one of their own.
    """
    plain = replace(
        recipe, frozen_epochs=0, frozen_learning_rate=0.0, coefficient_training="together", coefficient_epochs=0
    )
    if recipe.coefficient_training == "alternate":
        return plain, phase.start
    if phase.learns == HEAD:
        return replace(
            plain, epochs=recipe.frozen_epochs, learning_rate=recipe.frozen_learning_rate, warmup_epochs=0.0
        ), 0
    return replace(plain, epochs=phase.end - phase.start), 0


def learn_only(model: keras.Model, phase: Phase, untrained: keras.Model) -> None:
    """Make trainable what a phase learns, of what is trainable in the untrained network.

    Coefficients and weights are fixed as variables, not as layers: batch normalisation uses the statistics of the batch
    in every phase, so that its moving statistics are those of the network as it is.

    Args:
        model: the recipe's network.
        phase: the `Phase`.
        untrained: the same, newly built.

    Raises:
        ValueError: the phase learns coefficients apart from weights, and there are none.
    """
    if phase.learns == HEAD:
        return freeze_body(model)
    unfreeze(model, untrained)
    if phase.learns == ALL:
        return None
    coefficients = {id(each) for each in _coefficients(model)}
    if not coefficients:
        raise ValueError(
            "Recipe key 'coefficient_training' is for networks with learned polynomials as activation functions, such "
            f"as those of the architecture 'slaf'. Received: {model.name}, without a PolynomialActivation"
        )
    for variable, fresh in zip(model.weights, untrained.weights, strict=True):
        learned = (id(variable) in coefficients) == (phase.learns == COEFFICIENTS)
        variable.trainable = fresh.trainable and learned
    return None


def _coefficients(model):
    layers = [layer for layer in model._flatten_layers() if isinstance(layer, PolynomialActivation)]
    return [each for layer in layers for each in layer.coefficients]
