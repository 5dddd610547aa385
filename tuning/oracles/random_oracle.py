import keras_tuner

from tuning.oracles.search_oracle import SearchOracle


class RandomOracle(SearchOracle, keras_tuner.oracles.RandomSearchOracle):
    """Proposes random points of the space."""
