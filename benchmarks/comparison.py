"""How fast a polynomial network and the same network with ReLU predict: `make readme` measures it for the README."""

import json
import os
import time

import numpy as np

from benchmarks.performance_page import FOLDER
from zoo.files import write_json

RATES = FOLDER / "comparison.json"
BATCH, ROUNDS = 256, 11


def measure(names) -> dict:
    """Images/s of each model, one prediction of a batch a round; the models take turns, so that all meet the same load.

    Args:
        names: of classifiers of one data set.

    Returns:
        `images_per_second` of each round by model, and where they were measured.
    """
    import zoo
    from zoo.data.samples import sample_inputs
    from zoo.environment import environment

    load = os.getloadavg()[0]
    models = {name: zoo.load(name) for name in names}
    images = np.resize(sample_inputs(zoo.card(names[0])), (BATCH, *zoo.card(names[0])["input_shape"]))
    rates = {name: [] for name in names}
    for turn in range(ROUNDS + 1):
        for name in names if turn % 2 else reversed(names):
            started = time.perf_counter()
            models[name].predict_on_batch(images)
            if turn:  # the first one traces and warms up
                rates[name].append(round(BATCH / (time.perf_counter() - started), 1))
    here = environment()
    return {
        "images_per_second": rates,
        "batch": BATCH,
        "cpu": here["cpu"],
        "machine": here["machine"],
        "backend": f"{here['backend']} {here['versions'][here['backend']]}",
        "load": round(load, 1),
    }


def write_rates(names) -> None:
    """Measure, and keep what was found."""
    write_json(RATES, measure(names))


def read_rates() -> dict:
    """What `write_rates` kept."""
    return json.loads(RATES.read_text(encoding="utf-8"))


def rate(found: dict, name: str) -> str:
    """The fastest round of a model: what else runs on a machine can only slow the others down."""
    return f"{max(found['images_per_second'][name]):,.0f}"


def how(found: dict) -> str:
    """What was measured and where, in one sentence."""
    rounds = len(next(iter(found["images_per_second"].values())))
    return (
        f"Images/s: the fastest of {rounds} predictions of {found['batch']} images, the two in turn, on "
        f"{found['cpu'] or 'an unknown CPU'}, {found['machine']}, with {found['backend']}; load at the start "
        f"{found['load']}."
    )
