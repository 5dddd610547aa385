import keras_tuner

from tuning.oracles.search_oracle import SearchOracle


class HyperbandOracle(SearchOracle, keras_tuner.oracles.HyperbandOracle):
    """Trains many points for few epochs, and the better ones for more, round by round.

    Args:
        max_trials: a bound on the trials of all rounds together; `None` for as many as the method asks for.
        **kwargs: of `SearchOracle` and of `keras_tuner.oracles.HyperbandOracle`.

    Reference:
        Li et al., Hyperband, JMLR 18 (2018).
    """

    def __init__(self, *args, max_trials=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.max_trials = max_trials

    @property
    def planned(self) -> int:
        """How many trials there will be."""
        brackets = range(self._get_num_brackets())
        rounds = [(b, r) for b in brackets for r in range(self._get_num_rounds(b))]
        method = int(self.hyperband_iterations * sum(self._get_size(b, r) for b, r in rounds))
        return min(method, self.max_trials or method)
