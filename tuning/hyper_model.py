"""The search space as a hypermodel, for any Keras Tuner."""

import math
import statistics
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
from keras_tuner import errors

from pinet_keras.analysis import count_macs
from tuning.space import Space, read_space
from zoo.encrypted.compiling import compile_encrypted
from zoo.recipes import Recipe
from zoo.training import fitting
from zoo.training.recipe_data import recipe_data


class PinetHyperModel(keras_tuner.HyperModel):
    """Polynomial networks and the recipes that train them, as a `keras_tuner.HyperModel`.

    It holds its data, so `tuner.search()` needs none; the test split is left out of what it holds.

    Args:
        space: name of a shipped search (`"digits"`), path of a search file, a dict of the same form, or a `Space`.
        data: what `zoo.open_data` takes, such as a folder of class folders or a `DataSet`, in place of the space's data
            set; `None` for that.
        data_dir: where TFDS keeps its data sets.

    Raises:
        ValueError: no such search, or one that makes no recipe.
        FileNotFoundError: the data set is not there.

    Example:
        >>> import keras_tuner, tuning
        >>> hypermodel = tuning.PinetHyperModel("digits")
        >>> tuner = keras_tuner.RandomSearch(hypermodel, objective="val_accuracy", directory="search")
        >>> "width" in tuner.oracle.get_space().values  # `tuner.search()` trains
        True
    """

    def __init__(
        self,
        space: str | Path | dict | Space,
        *,
        data: Any = None,
        data_dir: str | Path | None = None,
    ):
        super().__init__()
        if isinstance(space, dict):
            space = Space.from_dict(space)
        self.space = space if isinstance(space, Space) else read_space(space)
        first, whole = recipe_data(self.space.first_recipe(), data, data_dir)
        self.dataset, self.validation = first.dataset, first.validation
        self.dataset_sha256 = whole.sha256
        self.data_set = replace(whole, x_test=whole.x_test[:0], y_test=whole.y_test[:0])

    def recipe(self, hp: keras_tuner.HyperParameters) -> Recipe:
        """The `Recipe` of a point of the space.

        Args:
            hp: `keras_tuner.HyperParameters`.
        """
        recipe = self.space.recipe(self.space.declare(hp))
        return replace(recipe, dataset=self.dataset, validation=self.validation)

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """Build and compile the network of a point of the space.

        Args:
            hp: `keras_tuner.HyperParameters`.
        """
        return fitting.prepare(self.recipe(hp), self.data_set)

    def fit(
        self,
        hp: keras_tuner.HyperParameters,
        model: keras.Model,
        *args,
        epochs: int | None = None,
        initial_epoch: int = 0,
        callbacks: Iterable[keras.callbacks.Callback] = (),
        verbose: int | str = 0,
        **kwargs,
    ) -> keras.callbacks.History:
        """Train a model from `build` as its recipe says.

        Args:
            hp: `keras_tuner.HyperParameters`.
            model: from `build(hp)`.
            *args: refused: the hypermodel holds its data.
            epochs: the epoch to stop after; default the recipe's.
            initial_epoch: epochs that are done already.
            callbacks: of the tuner.
            verbose: taken and not used; the tuners pass it.
            **kwargs: refused, as `*args`.

        Returns:
            Keras' history, with `val_accuracy` and `val_loss`.
        """
        if args or kwargs:
            raise errors.FatalValueError(
                "PinetHyperModel holds its data: give them to it as `data=`, and to `search` none. "
                f"Received: {len(args)} positional arguments, {', '.join(kwargs)}"
            )
        recipe = self.recipe(hp)
        steps = fitting.steps_per_epoch(recipe, self.data_set)
        # Hyperband loads the weights of an earlier trial, and not where on its schedule it was.
        model.optimizer.iterations.assign(initial_epoch * steps)
        return fitting.fit(
            model, recipe, self.data_set, initial_epoch=initial_epoch, epochs=epochs, callbacks=list(callbacks)
        )

    def costs(self, recipe: Recipe, latency: bool = False, encrypted: bool = False) -> dict:
        """What a recipe's network costs, known without training it.

        Args:
            recipe: the `Recipe`.
            latency: also measure the time for one image on this machine.
            encrypted: also plan the time for one encrypted image, which is infinite where there is no plan.

        Returns:
            `parameters`, `macs` and, if asked for, `latency_ms` and `encrypted_seconds`.
        """
        network = fitting.untrained(recipe, self.data_set)
        costs = {"parameters": network.count_params(), "macs": count_macs(network)}
        if latency:
            costs["latency_ms"] = _latency_ms(network)
        if encrypted:
            costs["encrypted_seconds"] = self._encrypted_seconds(network)
        return costs

    def _encrypted_seconds(self, network: keras.Model) -> float:
        samples = np.stack([self.data_set.x_train[i] for i in range(min(16, len(self.data_set.x_train)))])
        try:
            return compile_encrypted(network, samples).plan.seconds
        except ValueError:  # it is not a polynomial, too deep, or not exact enough
            return math.inf


def _latency_ms(network, repeats=30):
    image = np.zeros((1, *network.input_shape[1:]), "uint8")
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        network.predict_on_batch(image)
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times[5:])  # the first ones compile
