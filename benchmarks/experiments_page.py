"""The tables and the curves of docs/experiments.md, from the results of the trials, the long runs and the cards."""

import tomllib
from pathlib import Path

from benchmarks.experiments_summary import draw_summary
from benchmarks.page import DOCS, between
from benchmarks.trials import draw_curves, read_results
from zoo.publishing.formatting import human_count, human_seconds, markdown_table
from zoo.registry import card

PAGE, FOLDER = DOCS / "experiments.md", DOCS / "experiments"
RESULTS, LONG_RUNS = FOLDER / "results.json", Path(__file__).with_name("long_runs.toml")
IMAGES = 47_000  # of each epoch of a long run


def write_page(groups: dict) -> None:
    """Write every table of the page, draw the curves of each group of trials, and a summary of all trials."""
    PAGE.write_text(written_from_results(PAGE.read_text(encoding="utf-8"), groups), encoding="utf-8")
    found = read_results(RESULTS)
    measured = [group for group in groups["group"] if _done(group, found)]
    for group in measured:
        _draw(_done(group, found), FOLDER / f"{group['name']}.png")
    draw_summary(measured, found).savefig(FOLDER / "summary.png", dpi=110)


def written_from_results(page: str, groups: dict) -> str:
    """The page with all its tables, and the text of each group of trials, rewritten."""
    found, long_runs = read_results(RESULTS), tomllib.loads(LONG_RUNS.read_text(encoding="utf-8"))
    measured = [group for group in groups["group"] if _done(group, found)]
    page = between(page, "summary", _summary(measured, found))
    page = between(page, "results", "\n\n".join(_section(group, found) for group in measured))
    page = between(page, "long runs", _long_runs(long_runs["run"]))
    return between(page, "readings", _readings(long_runs["reading"]))


def _done(group, found):
    """The results of a group: its baseline first."""
    if not any(name in found for name in group["trials"]):
        return {}
    return {name: found[name] for name in dict.fromkeys([group["baseline"], *group["trials"]]) if name in found}


def _summary(groups, found):
    rows = []
    for group in groups:
        better, other = group["compared"]
        anchor = "".join(each for each in group["question"].lower() if each.isalnum() or each in " -").replace(" ", "-")
        points = _points(found[better], found[other])
        rows.append([f"[{group['question']}](#{anchor})", group["answer"], f"`{better}` − `{other}`", points])
    return markdown_table(["Question", "Answer", "Trials compared", "Points"], rows)


def _section(group, found):
    done = _done(group, found)
    baseline = done[group["baseline"]]
    rows = [
        [
            f"`{name}`",
            _changes(group["trials"].get(name, {})),
            _percent(result["validation"], 2),
            "–" if result is baseline else _points(result, baseline),
            _percent(result["training_accuracy"], 1),
            human_count(result["parameters"]),
            human_count(result["macs"]),
            human_seconds(result["seconds"]),
        ]
        for name, result in done.items()
    ]
    head = ["Trial", "Changed", "Validation", "Points", "Training", "Parameters", "MACs", "Time"]
    curves = f"[Validation accuracy by epoch]({FOLDER.name}/{group['name']}.png)"
    tried, finding = group["tried"].strip(), group["finding"].strip()
    return f"### {group['question']}\n\n{tried}\n\n{markdown_table(head, rows)}\n\n{finding}\n{curves}."


def _points(result, other):
    """A difference of two validation accuracies, in percentage points with its sign."""
    return f"{100 * (result['validation'] - other['validation']):+.1f}".replace("-", "−")


def _percent(fraction, digits):
    return f"{100 * fraction:.{digits}f} %"


def _changes(settings):
    """What a trial changes, as its recipe says it."""
    flat = {key: value for key, value in settings.items() if key != "architecture_arguments"}
    flat |= settings.get("architecture_arguments", {})
    return ", ".join(f"`{key} = {_value(value)}`" for key, value in flat.items()) or "–"


def _value(value):
    return "-".join(map(str, value)) if isinstance(value, list) else value


def _long_runs(runs):
    head = ["Run", "Network and recipe", "Epochs", "Parameters", "MACs", "10¹⁵ FLOP", "Time", "Training", "Validation"]
    return markdown_table(head, [_long_run(run) for run in runs])


def _long_run(run):
    if run.get("card"):
        made = card(run["name"])
        run = run | {key: made[key] for key in ("parameters", "macs")}
        run |= {key: made["training"][key] for key in ("epochs", "seconds")}
        run |= {"validation": made["accuracy"]["validation"]}
        run |= {"mirrored": made["architecture_arguments"].get("mirrored", False)}
    counts = [human_count(each) for each in (run["parameters"], run["macs"])]
    # A step computes three times what inference does; of a mirrored network only one of both images.
    flop = 6 * run["macs"] * IMAGES * run["epochs"] / (2 if run.get("mirrored") else 1)
    cost = [f"{flop / 1e15:.2f}", human_seconds(run["seconds"])]
    accuracies = [_percent(run["training"], 1), _percent(run["validation"], 1)]
    return [f"`{run['name']}`", run["changes"], run["epochs"], *counts, *cost, *accuracies]


def _readings(readings):
    rows = []
    for reading in readings:
        accuracy = card(reading["model"])["accuracy"]
        cells = [
            ", ".join(reading[split]).replace("CARD", f"**{_percent(accuracy[split], 2)}**")
            for split in ("validation", "test")
        ]
        of = f", {reading['of']}" if "of" in reading else ""
        rows.append([f"`{reading['model']}`{of}", *cells])
    return markdown_table(["Model", "Validation accuracy of each training", "Test accuracy of each training"], rows)


def _draw(done, path):
    from matplotlib.ticker import PercentFormatter

    figure, axis = draw_curves(done, "validation accuracy")
    axis.yaxis.set_major_formatter(PercentFormatter(1.0))
    figure.savefig(path, dpi=110)
