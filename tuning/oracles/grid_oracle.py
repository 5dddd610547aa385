import keras_tuner
from keras_tuner.engine.trial import TrialStatus

from tuning.oracles.search_oracle import SearchOracle


class GridOracle(SearchOracle):
    """Proposes every point of the space in order, the last dimension first; numbers without a step count as ten values.

    Keras Tuner's own grid does not keep its place in its state, and ends silently when a search is resumed.

    Args:
        *args: of `SearchOracle`.
        **kwargs: of `SearchOracle` and of `keras_tuner.Oracle`.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._place = 0

    def populate_space(self, trial_id) -> dict:
        """The next point that is new and within the budget."""
        while (values := self._point(self._place)) is not None:
            if self._time_is_up():
                return {"status": TrialStatus.STOPPED}
            self._place += 1
            if not self._duplicate(values) and self._is_affordable(values):
                return {"status": TrialStatus.RUNNING, "values": values}
        self.stop_reason = "the grid is done"
        return {"status": TrialStatus.STOPPED}

    def _point(self, place):
        """Point number `place` with its active values only, or `None` behind the last one."""
        chosen = {}
        for hp in reversed(self.hyperparameters.space):
            values = sorted(hp.values) if isinstance(hp.values, tuple) else list(hp.values)
            place, index = divmod(place, len(values))
            chosen[hp.name] = values[index]
        if place:
            return None
        active = keras_tuner.HyperParameters()
        for hp in self.hyperparameters.space:
            active.merge([hp])
            if active.is_active(hp):
                active.values[hp.name] = chosen[hp.name]
        return active.values

    def get_state(self) -> dict:
        """The state for JSON."""
        return {**super().get_state(), "place": self._place}

    def set_state(self, state) -> None:
        """Take the state from JSON."""
        super().set_state(state)
        self._place = state["place"]
