"""Checks of the settings of a search that do not depend on its space. Imports no backend."""

from tuning.results import DIRECTIONS

TUNERS = ("random", "bayesian", "hyperband", "grid")


def check_settings(tuner, objective, max_trials, executions, keep, minutes, trial_timeout) -> None:
    """Raise an error for wrong settings of `tuning.search`.

    Raises:
        ValueError: an unknown tuner or objective, or a number that is out of range.
    """
    for name, value, allowed in (("tuner", tuner, TUNERS), ("objective", objective, tuple(DIRECTIONS))):
        if value not in allowed:
            raise ValueError(f"`{name}` must be one of {', '.join(allowed)}. Received: {name}={value!r}")
    counts = {"max_trials": max_trials, "executions_per_trial": executions}
    for name, value in {**counts, "minutes": minutes, "trial_timeout": trial_timeout}.items():
        if value is not None and not value > 0:
            raise ValueError(f"`{name}` must be above 0. Received: {name}={value!r}")
    if keep < 0:
        raise ValueError(f"`keep_checkpoints` must be 0 or more. Received: keep_checkpoints={keep!r}")
