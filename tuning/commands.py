"""`pinet tune ...`. Imports no backend until a command needs it."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from typer.core import TyperGroup

from tuning.budget import Budget, read_count
from tuning.results import best_first, format_score, format_values, overhead, read_results, read_settings
from tuning.settings import check_settings
from tuning.space import list_searches, read_space
from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, new_table, print_json, waiting
from zoo.cli.data_sets import ensure_source
from zoo.cli.options import AsJson, DataDir, DataSource
from zoo.files import check_file, check_folder
from zoo.publishing.formatting import human_count, human_seconds
from zoo.training.onednn import train_with_onednn


class _SearchUnlessNamed(TyperGroup):
    """`pinet tune digits` means `pinet tune search digits`."""

    def parse_args(self, ctx, args):
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args.insert(0, "search")
        return super().parse_args(ctx, args)


tune = typer.Typer(
    cls=_SearchUnlessNamed,
    help="Search for networks under a budget: pinet tune DATASET_OR_SEARCHFILE [OPTIONS].",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(tune, name="tune")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a search.")]


@tune.command()
def search(
    space: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATASET_OR_SEARCHFILE]",
            help="A shipped search, or a .toml file; without it the space suits --data.",
            autocompletion=list_searches,
        ),
    ] = None,
    tuner: Annotated[
        Literal["random", "bayesian", "hyperband", "grid"], typer.Option(help="How trials are proposed.")
    ] = "random",
    max_trials: Annotated[
        int | None, typer.Option(min=1, help="How many [30; hyperband and grid: as many as there are].")
    ] = None,
    max_params: Annotated[
        int | None, typer.Option(parser=read_count, metavar="COUNT", help="Most parameters, such as 300k.")
    ] = None,
    max_macs: Annotated[
        int | None, typer.Option(parser=read_count, metavar="COUNT", help="Maximum MACs per image, such as 50M.")
    ] = None,
    max_latency_ms: Annotated[
        float | None, typer.Option(help="Most milliseconds for one image, measured here.")
    ] = None,
    max_encrypted_seconds: Annotated[
        float | None, typer.Option(help="Most seconds for one encrypted image, as `pinet encrypted plan` tells them.")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="No trial begins later than so many minutes from now.")] = None,
    executions_per_trial: Annotated[int, typer.Option(min=1, help="Trainings a trial; the score is their mean.")] = 1,
    objective: Annotated[
        Literal["val_accuracy", "val_loss"],
        typer.Option(help="val_accuracy: the larger the better; val_loss: the smaller."),
    ] = "val_accuracy",
    out: Annotated[Path | None, typer.Option(help="Folder of the search [runs/tune/NAME].")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the proposals.")] = 0,
    keep_checkpoints: Annotated[int, typer.Option(min=0, help="How many trials keep theirs.")] = 3,
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete an earlier search in the folder.")] = False,
    data: DataSource = None,
    data_dir: DataDir = None,
    distributed: Annotated[
        Literal["chief", "worker"] | None, typer.Option(help="Take part in a search on several machines.")
    ] = None,
    oracle: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="The chief's address.")] = None,
    worker_id: Annotated[str | None, typer.Option(help="This worker's name, the same at each start.")] = None,
    trial_timeout: Annotated[float, typer.Option(help="Seconds without a message until a trial is reassigned.")] = 600,
):
    """Search. The same command resumes a search that was stopped."""
    from tuning import distributed as distribution
    from tuning import supervision

    # Wrong arguments are reported before a backend is imported.
    check_settings(tuner, objective, max_trials, executions_per_trial, keep_checkpoints, minutes, trial_timeout)
    Budget(max_params, max_macs, max_latency_ms, max_encrypted_seconds)
    distribution.check(distributed, oracle, worker_id)
    check_folder(out or Path("runs") / "tune")
    if space is not None:
        first, name = read_space(space).first_recipe(), space
        ensure_source(data or first.dataset, data_dir, first.shape)
    elif data is not None:
        name = data
        ensure_source(data, data_dir)
    else:
        raise ValueError(f"Name a search ({', '.join(list_searches())}, or a .toml file), or data by --data.")
    folder = out or Path("runs") / "tune" / Path(name).stem
    train_with_onednn()
    supervision.supervise(minutes)
    with waiting("starting the backend"):
        from tuning.searching import search as run

        if space is None:
            from tuning.new_space import new_space
            from zoo.data.opening import open_data

            assert data is not None
            searched: str | dict = new_space(data, open_data(data, data_dir=data_dir))
        else:
            searched = space
    console = new_console(stderr=True)
    results = run(
        searched,
        tuner=tuner,
        out=folder,
        max_trials=max_trials,
        max_params=max_params,
        max_macs=max_macs,
        max_latency_ms=max_latency_ms,
        max_encrypted_seconds=max_encrypted_seconds,
        minutes=minutes,
        executions_per_trial=executions_per_trial,
        objective=objective,
        seed=seed,
        keep_checkpoints=keep_checkpoints,
        fresh=fresh,
        data=data,
        data_dir=data_dir,
        distributed=distributed,
        oracle=oracle,
        worker_id=worker_id,
        trial_timeout=trial_timeout,
        after_crash=supervision.after_crash(),
        console=console,
    )
    _print_trials(results[:5], objective)
    place = escaped(str(folder))
    new_console().print(f"pinet tune report {place}   draws and lists the trials\npinet tune promote {place} NAME.toml")


@tune.command()
def report(
    folder: Folder,
    out: Annotated[Path | None, typer.Option(help="Where drawings and CSV go [DIR].")] = None,
    top: Annotated[int | None, typer.Option(min=1, help="Show the best so many only.")] = None,
    json: AsJson = False,
):
    """List the trials; write them as CSV, and draw accuracy against size, degree and rank, and importances."""
    check_folder(out or folder)
    objective = read_settings(folder)["objective"]
    results = read_results(folder)
    listed = best_first(results, objective)[:top]
    if top is None:
        listed += [result for result in results if not result.completed]
    with new_console(stderr=True).status("drawing"):
        from tuning.report import write_report

        paths = write_report(folder, out)
    if json:
        trials = [{"trial": r.trial, "status": r.status, "values": r.values, **r.record} for r in listed]
        return print_json({"objective": objective, "overhead": overhead(results), "trials": trials, "files": paths})
    _print_trials(listed, objective)
    new_console().print(f"{overhead(results):.1%} of the trials' time was outside of training")
    new_console().print("written: " + escaped(", ".join(map(str, paths))))


@tune.command()
def promote(
    folder: Folder,
    recipe: Annotated[Path, typer.Argument(metavar="NAME.toml", help="The recipe to write.")],
    trial: Annotated[int | None, typer.Option(min=0, help="Number of the trial [the best].")] = None,
    best_under_params: Annotated[
        int | None, typer.Option(parser=read_count, metavar="COUNT", help="The best one that is no larger.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the trial's.")] = None,
    description: Annotated[str | None, typer.Option(help="One sentence for pinet list.")] = None,
):
    """Write the recipe of a trial, for pinet train."""
    from tuning.promotion import promote as write

    check_file(recipe)

    chosen = write(
        folder, recipe, trial=trial, best_under_params=best_under_params, epochs=epochs, description=description
    )
    new_console().print(escaped(f"trial {chosen.trial}: {format_values(chosen.values)}"))
    new_console().print(f"pinet train {escaped(str(recipe))}")


def _print_trials(results, objective):
    table = new_table(
        "trial", objective, "params", "macs", "epochs", "time", "hyperparameters", right=(0, 1, 2, 3, 4, 5)
    )
    for result in results:
        record = result.record
        if not result.completed:
            table.add_row(str(result.trial), result.status.lower(), "", "", "", "", escaped(record.get("message", "")))
            continue
        table.add_row(
            str(result.trial),
            f"[bold]{format_score(objective, record[objective])}",
            human_count(record["parameters"]),
            human_count(record["macs"]),
            str(record["epochs"]),
            human_seconds(record["seconds"]),
            escaped(format_values(result.values)),
        )
    new_console().print(table)
