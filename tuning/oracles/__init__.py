"""Keras Tuner's oracles, which propose trials, with corrections and a budget."""

from tuning.oracles.bayesian_oracle import BayesianOracle
from tuning.oracles.grid_oracle import GridOracle
from tuning.oracles.hyperband_oracle import HyperbandOracle
from tuning.oracles.random_oracle import RandomOracle
from tuning.oracles.search_oracle import SearchOracle

__all__ = ["BayesianOracle", "GridOracle", "HyperbandOracle", "RandomOracle", "SearchOracle"]
