import warnings

import keras_tuner
import numpy as np
from keras_tuner.engine.hyperparameters import Choice
from keras_tuner.engine.trial import TrialStatus
from scipy.stats import norm, rankdata
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor, kernels

from tuning.oracles.search_oracle import ENDED, SearchOracle

CANDIDATES, NEAR_THE_BEST = 300, 200


class BayesianOracle(SearchOracle, keras_tuner.oracles.BayesianOptimizationOracle):
    """Proposes the point that a Gaussian process expects to improve most on the best so far, within the budget.

    Keras Tuner's oracle maximises its acquisition function over a continuous cube, which knows no budget, and
    lets one diverged trial set the scale of all scores. Here the process sees normal quantiles of the scores' ranks, a
    failed trial being the worst, and chooses among points of the space: some at random, some near the best trials.

    Args:
        *args: of `SearchOracle`.
        **kwargs: of `SearchOracle` and of `keras_tuner.oracles.BayesianOptimizationOracle`.
    """

    def populate_space(self, trial_id) -> dict:
        """Random at first, then the candidate of the largest expected improvement that is within the budget."""
        if len(self.end_order) < self.num_initial_points:
            return self._random_populate_space()
        generator = np.random.default_rng([self.seed, int(trial_id)])
        candidates = self._candidates(generator)
        vectors = np.array([self._vector(values) for values in candidates])
        for index in np.argsort(-self._expected_improvement(vectors)):
            if self._time_is_up():
                break
            if not self._duplicate(candidates[index]) and self._is_affordable(candidates[index]):
                return {"status": TrialStatus.RUNNING, "values": candidates[index]}
        return self._random_populate_space()

    def _candidates(self, generator):
        best = sorted((self.trials[trial_id] for trial_id in self.end_order), key=self.badness)[:5]
        points = [self._draw(generator) for _ in range(CANDIDATES)]
        points += [
            self._draw(generator, best[index % len(best)].hyperparameters.values) for index in range(NEAR_THE_BEST)
        ]
        return points

    def _draw(self, generator, near=None):
        """A random point; with `near`, one that keeps most of its values."""
        point = keras_tuner.HyperParameters()
        for hp in self.hyperparameters.space:
            point.merge([hp])
            if not point.is_active(hp):
                continue
            keep = near is not None and hp.name in near and generator.random() < 0.75
            point.values[hp.name] = near[hp.name] if keep else hp.prob_to_value(generator.random())
        return point.values

    def _vector(self, values):
        """A point as numbers in 0..1: one per number, one-hot for choices; inactive dimensions are 0.5."""
        vector = []
        for hp in self.hyperparameters.space:
            if isinstance(hp, Choice) and not hp.ordered:
                vector += [float(values.get(hp.name) == choice) for choice in hp.values]
            else:
                vector.append(hp.value_to_prob(values[hp.name]) if hp.name in values else 0.5)
        return vector

    def _expected_improvement(self, vectors):
        ended = [trial for trial in self.trials.values() if trial.status in ENDED]
        ranks = rankdata([self.badness(trial) for trial in ended])
        goals = norm.ppf(1 - (ranks - 0.5) / len(ended))
        # A trial that is still running counts as a middling one, so that its neighbourhood is left alone.
        ongoing = list(self.ongoing_trials.values())
        seen = np.array([self._vector(trial.hyperparameters.values) for trial in ended + ongoing])
        goals = np.concatenate([goals, np.zeros(len(ongoing))])
        process = GaussianProcessRegressor(
            kernels.ConstantKernel() * kernels.Matern(1.0, (0.2, 20.0), nu=2.5) + kernels.WhiteKernel(0.1, (1e-3, 1.0)),
            n_restarts_optimizer=3,
            random_state=self.seed,
        )
        with warnings.catch_warnings():  # of a length scale at its bound, which does no harm
            warnings.simplefilter("ignore", ConvergenceWarning)
            process.fit(seen, goals)
        mean, deviation = process.predict(vectors, return_std=True)
        gain = mean - process.predict(seen).max()  # the scores are noisy: compare with what is believed of the best
        ratio = gain / np.maximum(deviation, 1e-9)
        return gain * norm.cdf(ratio) + deviation * norm.pdf(ratio)
