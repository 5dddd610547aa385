"""One search: from a space to trials."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import keras_tuner
from rich.console import Console

from tuning import distributed as distribution
from tuning import oracles
from tuning.budget import Budget
from tuning.fingerprint import fingerprint
from tuning.hyper_model import PinetHyperModel
from tuning.results import DAMAGED, DIRECTIONS, Result, best_first, find_settings, read_results
from tuning.search_display import SearchDisplay
from tuning.search_tuner import SearchTuner
from tuning.settings import check_settings
from tuning.space import Space
from zoo.files import folder_lock, write_json


def search(
    space: str | Path | dict | Space,
    *,
    tuner: str = "random",
    out: str | Path | None = None,
    max_trials: int | None = None,
    max_params: int | None = None,
    max_macs: int | None = None,
    max_latency_ms: float | None = None,
    max_encrypted_seconds: float | None = None,
    minutes: float | None = None,
    executions_per_trial: int = 1,
    objective: str = "val_accuracy",
    seed: int = 0,
    keep_checkpoints: int = 3,
    fresh: bool = False,
    data: str | Path | None = None,
    data_dir: str | Path | None = None,
    distributed: str | None = None,
    oracle: str | None = None,
    worker_id: str | None = None,
    trial_timeout: float = 600.0,
    after_crash: bool = False,
    console: Console | None = None,
) -> list[Result]:
    """Search for networks. A search that was stopped is resumed.

    Args:
        space: name of a shipped search, path of a search file, a dict of the same form, or a `Space`.
        tuner: `"random"`, `"bayesian"`, `"hyperband"` or `"grid"`.
        out: folder of the search; default `runs/tune/NAME`.
        max_trials: how many trials; default 30, for Hyperband as many as the method asks for, for a grid all.
        max_params: most parameters of a network; over it, it is not trained and is no trial.
        max_macs: most multiply-accumulates of one image.
        max_latency_ms: most milliseconds for one image, measured on the machine that proposes trials.
        max_encrypted_seconds: most seconds for one encrypted image, planned by `zoo.encrypted` and not measured.
        minutes: no trial begins later than so many minutes from now.
        executions_per_trial: trainings a trial, of different seeds; the score is their mean.
        objective: `"val_accuracy"`, the larger the better, or `"val_loss"`, the smaller the better.
        seed: of the proposals.
        keep_checkpoints: how many trials keep their checkpoints; with Hyperband, of each round.
        fresh: delete an earlier search in the folder.
        data: what `zoo.open_data` takes, in place of the space's data set.
        data_dir: where TFDS keeps its data sets.
        distributed: `"chief"`, `"worker"`, or `None` for a search on its own.
        oracle: `"HOST:PORT"` of the chief; for the chief the address to listen on.
        worker_id: name of this worker, the same each time it is started.
        trial_timeout: seconds without a heartbeat after which the chief gives a trial to another worker.
        after_crash: the process of this search or worker has just died of its trial, by a signal; a trial of which it
            dies twice fails. Set by `pinet tune`, which restarts its process; leave it out in your own.
        console: `rich.console.Console` for the progress; default standard error.

    Returns:
        The completed trials, the best first.

    Raises:
        ValueError: an impossible argument; the folder holds another search, or one that is running; no network is
            within the budget.
        FileNotFoundError: the data set is not there.

    Example:
        >>> import tuning
        >>> values = {"dataset": "digits", "validation": 300, "epochs": 1, "batch_size": 64, "learning_rate": 0.01}
        >>> space = {**values, "network": {"stages": 1, "width": [2, 4]}}
        >>> [best] = tuning.search(space, max_trials=1, out="widths")
        >>> best.values["width"] in (2, 4), best.record["val_accuracy"] > 0.05
        (True, True)
    """
    check_settings(tuner, objective, max_trials, executions_per_trial, keep_checkpoints, minutes, trial_timeout)
    with distribution.environment(distributed, oracle, worker_id):
        hypermodel = PinetHyperModel(space, data=data, data_dir=data_dir)
        folder = Path(out or Path("runs") / "tune" / _name(space))
        budget = Budget(max_params, max_macs, max_latency_ms, max_encrypted_seconds)
        mark = fingerprint(
            hypermodel,
            tuner=tuner,
            objective=objective,
            budget=asdict(budget),
            executions=executions_per_trial,
            seed=seed,
        )
        proposer = _oracle(
            tuner,
            hypermodel.space,
            affordable=_affordable(hypermodel, budget),
            objective=keras_tuner.Objective(objective, DIRECTIONS[objective]),
            max_trials=max_trials,
            minutes=minutes,
            seed=seed,
            keep_checkpoints=keep_checkpoints,
            trial_timeout=trial_timeout,
        )
        display = proposer._display = SearchDisplay(proposer, console)
        start = lambda: SearchTuner(  # noqa: E731
            proposer,
            hypermodel,
            folder,
            executions=executions_per_trial,
            measured=(max_latency_ms is not None, max_encrypted_seconds is not None),
            after_crash=after_crash,
            console=console,
        )
        if distributed == "worker":
            _run_worker(folder, mark, start)
            return best_first(read_results(folder), objective)
        with folder_lock(folder, "search"):
            _open(folder, mark, fresh)
            runner = start()
            try:
                if distributed == "chief":
                    distribution.serve(proposer)
                else:
                    runner.search()
            except KeyboardInterrupt:
                display.on_interrupt(folder)
                raise
        display.on_search_end()
    results = best_first(read_results(folder), objective)
    if not results and not proposer.trials:
        raise ValueError(f"No network was tried: {proposer.stop_reason}. Received: {budget}")
    return results


def _name(space):
    return Path(space).stem if isinstance(space, str | Path) else "search"


def _affordable(hypermodel, budget):
    bounds = [name for name, bound in asdict(budget).items() if bound is not None]

    def affordable(values):
        if not bounds:
            return True
        try:
            recipe = hypermodel.space.recipe(values)
            costs = hypermodel.costs(recipe, "latency_ms" in bounds, "encrypted_seconds" in bounds)
        except Exception:  # a network that cannot be built fails as a trial, where it is seen
            return True
        return budget.allows(costs)

    return affordable


def _oracle(tuner, space, *, max_trials, seed, **settings):
    settings["seed"] = seed + 1  # Keras Tuner takes 0 for "any"
    if tuner == "grid":
        return oracles.GridOracle(max_trials=max_trials, **settings)
    if tuner == "hyperband":
        if any(dimension.name == "epochs" for dimension in space.dimensions):
            raise ValueError(
                "Hyperband chooses the epochs itself; give them one value. Received: epochs as a dimension"
            )
        return oracles.HyperbandOracle(max_epochs=space.fixed["epochs"], max_trials=max_trials, **settings)
    max_trials = max_trials or 30
    if tuner == "random":
        return oracles.RandomOracle(max_trials=max_trials, **settings)
    return oracles.BayesianOracle(max_trials=max_trials, num_initial_points=max(4, max_trials // 3), **settings)


def _open(folder, mark, fresh):
    """Check that the folder holds this search or none."""
    if fresh:
        for path in (*folder.glob("trial_*"), *folder.glob("*.json")):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    earlier = find_settings(folder)
    if earlier is None:
        if any(folder.glob("trial_*")):
            raise ValueError(f"{folder} holds trials of unknown origin. Give another --out, or --fresh to delete them.")
        write_json(folder / "search.json", mark)
        return
    for name in ("oracle.json", "tuner.json"):
        if any(folder.glob("trial_*")) and not (folder / name).exists():
            raise ValueError(f"{folder} holds trials, and no {name} any more. {DAMAGED}")
    _refuse_another(folder, earlier, mark)


def _refuse_another(folder, earlier, mark):
    differing = sorted(key for key in mark if earlier.get(key) != json.loads(json.dumps(mark[key], allow_nan=False)))
    if differing:
        raise ValueError(
            f"{folder} holds a search that differs in {', '.join(differing)}: its trials would not be comparable. Give "
            "another --out, or start over with --fresh (which deletes those trials)."
        )


def _run_worker(folder, mark, start):
    """Run a worker: wait for the chief, check that its search is the same, and run trials."""
    with distribution.naming_missing_chief():
        runner = start()
        distribution.ask_again(runner.oracle)
        runner.oracle.get_space()
        earlier = find_settings(folder)
        if earlier is None:
            raise ValueError(
                f"The chief answers, but its search is not in {folder}: chief and workers must share that folder."
            )
        _refuse_another(folder, earlier, mark)
        runner.search()
