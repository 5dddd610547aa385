"""The search space of a search file in Optuna instead of Keras Tuner, with its pruning of poor trials.

`pip install optuna`, then `python examples/optuna_search.py [TRIALS]`. What is over budget is pruned before it trains,
and a trial is pruned between its epochs when it is behind the median of the earlier ones.
"""

import sys

import keras
import optuna

from tuning import PinetHyperModel
from zoo.training import fitting

MAX_PARAMETERS = 20_000


class Prune(keras.callbacks.Callback):
    """Tells Optuna of each epoch, and ends the trial if Optuna has seen enough."""

    def __init__(self, trial):
        super().__init__()
        self.trial = trial

    def on_epoch_end(self, epoch, logs=None):
        self.trial.report(logs["val_accuracy"], epoch)
        if self.trial.should_prune():
            raise optuna.TrialPruned


def suggest(trial, space):
    """Ask Optuna for a value of every dimension that matters at this point of the space."""
    values = {}
    for dimension in space.dimensions:
        if any(values.get(parent) not in allowed for parent, allowed in dimension.where):
            continue
        if dimension.choices:
            value = trial.suggest_categorical(dimension.name, dimension.choices)
        elif dimension.is_integer:
            value = trial.suggest_int(dimension.name, dimension.low, dimension.high, step=dimension.step or 1)
        else:
            value = trial.suggest_float(dimension.name, dimension.low, dimension.high, log=dimension.log)
        values[dimension.name] = value
    return values


def main(trials, space="digits"):
    hypermodel = PinetHyperModel(space)

    def objective(trial):
        recipe = hypermodel.space.recipe(suggest(trial, hypermodel.space))
        size = hypermodel.costs(recipe)
        trial.set_user_attr("parameters", size["parameters"])
        if size["parameters"] > MAX_PARAMETERS:
            raise optuna.TrialPruned
        keras.backend.clear_session()
        model = fitting.prepare(recipe, hypermodel.data_set)
        fitting.fit(model, recipe, hypermodel.data_set, callbacks=[Prune(trial)])
        _, _, images, targets = fitting.split(recipe, hypermodel.data_set)
        return model.evaluate(images, targets, verbose=0)[1]

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(objective, n_trials=trials)
    states = [trial.state.name.lower() for trial in study.trials]
    print(f"{trials} trials:", ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states))))
    if "complete" in states:
        best = study.best_trial
        print(f"best {best.value:.2%} with {best.user_attrs['parameters']:,} parameters: {best.params}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
