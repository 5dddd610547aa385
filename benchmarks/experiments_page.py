"""The tables and the curves of docs/experiments.md, from the results of the trials, the long runs and the cards."""

import json
import tomllib
from pathlib import Path

from benchmarks.experiments_summary import draw_summary
from benchmarks.page import DOCS, between
from zoo.publishing.formatting import human_count, human_seconds, markdown_table
from zoo.registry import card

PAGE, FOLDER = DOCS / "experiments.md", DOCS / "experiments"
RESULTS, LONG_RUNS = FOLDER / "results.json", Path(__file__).with_name("long_runs.toml")


def results() -> dict:
    """What was measured so far, by the name of the trial."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def write_page(groups: dict) -> None:
    """Write every table of the page, draw the curves of each group of trials, and a summary of all trials."""
    PAGE.write_text(written_from_results(PAGE.read_text(encoding="utf-8"), groups), encoding="utf-8")
    found = results()
    measured = [group for group in groups["group"] if _done(group, found)]
    for group in measured:
        _draw(_done(group, found), FOLDER / f"{group['name']}.png")
    draw_summary(measured, found).savefig(FOLDER / "summary.png", dpi=110)


def written_from_results(page: str, groups: dict) -> str:
    """The page with all its tables, and the text of each group of trials, rewritten."""
    found, long_runs = results(), tomllib.loads(LONG_RUNS.read_text(encoding="utf-8"))
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
    head = ["Run", "Network and recipe", "Epochs", "Parameters", "MACs", "Time", "Training", "Validation"]
    return markdown_table(head, [_long_run(run) for run in runs])


def _long_run(run):
    if run.get("card"):
        made = card(run["name"])
        run = run | {key: made[key] for key in ("parameters", "macs")}
        run |= {key: made["training"][key] for key in ("epochs", "seconds")}
        run |= {"validation": made["accuracy"]["validation"]}
    counts = [each if isinstance(each, str) else human_count(each) for each in (run["parameters"], run["macs"])]
    accuracies = [_percent(run["training"], 1), _percent(run["validation"], 1)]
    return [f"`{run['name']}`", run["changes"], run["epochs"], *counts, human_seconds(run["seconds"]), *accuracies]


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
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    figure = Figure(figsize=(7, 3.6), layout="tight")
    axis = figure.subplots()
    for name, result in done.items():
        axis.plot(range(1, len(result["curve"]) + 1), result["curve"], marker="o", markersize=3, label=name)
    axis.set_xlabel("epoch")
    axis.set_ylabel("validation accuracy")
    axis.yaxis.set_major_formatter(PercentFormatter(1.0))
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    figure.savefig(path, dpi=110)
