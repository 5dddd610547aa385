"""The folder of a training run."""

import contextlib
from dataclasses import asdict

import keras

from zoo.epochs import has_ended
from zoo.files import naming_damaged_file, read_json, write_json
from zoo.publishing.formatting import printable
from zoo.publishing.training_record import models_record
from zoo.tasks import CLASSIFICATION

COMPARED = ("dataset_sha256", "backend", "teacher_sha256", "initial_sha256")
NOT_COMPARED = {"description", "note", "baselines", "second_classifier"}  # keys of a recipe that no step depends on
START_OVER = (
    "Restore it from a copy, give another run folder, or start over with --fresh (which deletes the checkpoint)."
)


def open_run(run_dir, recipe, data_set, fresh):
    """Check that a run's folder holds this run or none; description, note and baselines may differ.

    Where no epoch is done, the teachers' answers are kept if they are of this very run.

    Args:
        run_dir: the folder, locked by the caller.
        recipe: the `Recipe` or `GeneratorRecipe`.
        data_set: the `DataSet`.
        fresh: delete an earlier run's checkpoint and its teachers' answers.

    Raises:
        ValueError: the folder holds a checkpoint of another run, or one without `run.json`.
    """
    path, checkpoint, log = (run_dir / file for file in ("run.json", "checkpoint.npz", "log.csv"))
    record = {
        "task": recipe.task,
        "recipe": asdict(recipe),
        "dataset_sha256": data_set.sha256,
        "backend": keras.backend.backend(),
        **models_record(recipe),
    }
    if fresh:
        checkpoint.unlink(missing_ok=True)
    if not checkpoint.exists():  # the earlier run was refused, or stopped in its first epoch
        log.unlink(missing_ok=True)  # it says how far the run in the folder is
        if fresh or not _tells_of(path, recipe, record):
            for answers in run_dir.glob("answers_*.npy"):  # perhaps another teacher's, or to other examples
                answers.unlink()
        write_json(path, record)
        return
    differing = _differing(_read_earlier(path, recipe), record)
    if differing:
        raise ValueError(
            f"{run_dir} holds a run that differs in {', '.join(differing)}. Give another run folder, or start over "
            "with --fresh (which deletes that run)."
        )


def _tells_of(path, recipe, record):
    """Whether a `run.json`, of a run without a checkpoint, is of this very run."""
    try:
        return not _differing(_read_earlier(path, recipe), record)
    except ValueError:  # missing, damaged, or of another task
        return False


def _differing(earlier, record):
    """The names of what two runs' records differ in."""
    return sorted(
        [key for key in record["recipe"].keys() - NOT_COMPARED if earlier["recipe"][key] != record["recipe"][key]]
        + [key for key in COMPARED if earlier.get(key) != record.get(key)]
    )


def _read_earlier(path, recipe):
    """The record of the run that is in the folder."""
    earlier = read_json(path, START_OVER)
    if earlier is None:
        raise ValueError(f"{path.parent} holds a checkpoint, and no run.json that says of which run. {START_OVER}")
    with naming_damaged_file(path, START_OVER):
        earlier = {"task": CLASSIFICATION, **earlier}  # older runs name no task
        if earlier["task"] == recipe.task:
            # a key that is younger than the run has its default
            return {**earlier, "recipe": asdict(type(recipe)(**earlier["recipe"]))}
    raise ValueError(f"{path.parent} holds a run of another task, {earlier['task']}. Give another run folder.")


def report_earlier_epochs(history, recipe, run_dir, console):
    """Print whether a run is resumed, or finished already, by the history of its checkpoint."""
    done = len(history)
    if has_ended(history, asdict(recipe)):
        which = f"all of its {done} epochs" if done >= recipe.epochs else f"stopped early after {done} epochs"
        words = f"{run_dir} holds a finished run, {which}: card and weights are written again. Start over with --fresh."
    elif done:
        words = f"resuming {run_dir} after epoch {done} of {recipe.epochs}"
    else:
        return
    console.print(printable(words), highlight=False, soft_wrap=True, markup=False)


@contextlib.contextmanager
def reporting_interruption(checkpoint, progress):
    """A context for training: Ctrl-C prints which epochs are kept, and the progress bar is always closed.

    Args:
        checkpoint: the run's `Checkpoint`.
        progress: its `TrainingProgress`.
    """
    try:
        yield
    except KeyboardInterrupt:
        done, folder = len(checkpoint.history), checkpoint.path.parent
        words = f"stopped before the end of its first epoch: no epoch is kept in {folder}"
        if done:
            words = f"stopped; {done} of {progress.recipe.epochs} epochs are kept in {folder}: the same command resumes"
        progress.console.print(printable(words), highlight=False, soft_wrap=True, markup=False)
        raise
    finally:
        progress.bar.stop()
