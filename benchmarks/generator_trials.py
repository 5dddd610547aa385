"""Trials of training a generator on CIFAR-10: python -m benchmarks.generator_trials [--data FILE.npz] [--page]

Trains each trial of benchmarks/generator_trials.toml that has no result yet, a change of one base recipe on the same
short budget, and measures its images against the validation split. A trial that was stopped resumes. Results go to
docs/generators/trials.json. With --page nothing is trained: the tables of docs/generators.md and its curves are written
from the results.
"""

import tomllib
from dataclasses import asdict
from pathlib import Path

from benchmarks.page import DOCS, between
from benchmarks.trials import command, draw_curves, first_examples, read_results
from zoo.publishing.formatting import human_count, markdown_table

PAGE, FOLDER = DOCS / "generators.md", DOCS / "generators"
TRIALS, RUNS, RESULTS = Path(__file__).with_suffix(".toml"), Path("runs") / "generator_trials", FOLDER / "trials.json"
METRICS = ("class_accuracy", "frechet_distance", "precision", "recall", "coverage")


def read_trials() -> dict:
    """The base recipe and the groups of trials."""
    return tomllib.loads(TRIALS.read_text(encoding="utf-8"))


def run(name, settings, data) -> dict:
    """Train one trial, or the rest of it, and return its result."""
    from rich.console import Console

    from zoo.data.loading import load_set
    from zoo.generation.training import fit, validation_metrics
    from zoo.recipes import GeneratorRecipe
    from zoo.training.run_folder import open_run

    examples = settings.pop("examples")
    recipe = GeneratorRecipe(**settings, name=name)
    data_set = first_examples(load_set(settings["dataset"], data), examples)
    open_run(RUNS / name, recipe, data_set, fresh=False)
    generator, checkpoint = fit(recipe, data_set, RUNS / name, Console(stderr=True))
    quality = validation_metrics(recipe, data_set).of_generator(generator, recipe.validation, seed=0)
    result = {
        "recipe": asdict(recipe),
        "examples": examples,
        **{key: quality[key] for key in METRICS},
        "curve": [row["frechet_distance"] for row in checkpoint.history],
        "seconds": round(sum(row["seconds"] for row in checkpoint.history)),
        "parameters": generator.count_params(),
    }
    print(f"{name}: " + ", ".join(f"{key} {result[key]:.4g}" for key in (*METRICS, "seconds")))
    return result


def write_page(groups: dict) -> None:
    """Write the tables of the page, and draw the curves of the trials."""
    PAGE.write_text(written_from_results(PAGE.read_text(encoding="utf-8"), groups), encoding="utf-8")
    figure, _ = draw_curves(read_results(RESULTS), "Fréchet distance, validation split")
    figure.savefig(FOLDER / "trials.png", dpi=110)


def written_from_results(page: str, groups: dict) -> str:
    """The page with the table of each group of trials rewritten."""
    found = read_results(RESULTS)
    return between(page, "trials", "\n\n".join(_section(group, found) for group in measured(groups, found)))


def measured(groups: dict, found: dict) -> list[dict]:
    """The groups of trials of which one was measured that is not the baseline."""
    return [
        group
        for group in groups["group"]
        if any(name in found for name in group["trials"].keys() - {group["baseline"]})
    ]


def _section(group, found):
    names = [name for name in dict.fromkeys([group["baseline"], *group["trials"]]) if name in found]
    rows = [
        [
            f"`{name}`",
            _percent(found[name]["class_accuracy"]),
            f"{found[name]['frechet_distance']:.3g}",
            *(f"{found[name][key]:.2f}" for key in ("precision", "recall", "coverage")),
            human_count(found[name]["parameters"]),
        ]
        for name in names
    ]
    head = ["Trial", "Class accuracy", "Fréchet distance", "Precision", "Recall", "Coverage", "Parameters"]
    parts = [f"**{group['question']}** {group['tried'].strip()}", markdown_table(head, rows), group.get("finding", "")]
    return "\n\n".join(part.strip() for part in parts if part)


def _percent(fraction):
    return f"{100 * fraction:.1f} %"


if __name__ == "__main__":
    command("benchmarks.generator_trials", read_trials(), RESULTS, run, write_page)
