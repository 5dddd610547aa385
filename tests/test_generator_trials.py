"""The trials on docs/generators.md: its tables are the results, and the trials are those that were run."""

import pytest

from benchmarks.generator_trials import FOLDER, METRICS, PAGE, RESULTS, measured, read_trials, written_from_results
from benchmarks.trials import draw_curves, read_results, trials

GROUPS, FOUND = read_trials(), read_results(RESULTS)


def test_the_tables_are_the_results():
    text = PAGE.read_text(encoding="utf-8")
    assert written_from_results(text, GROUPS) == text, "`python -m benchmarks.generator_trials --page` writes them"
    assert "(generators/trials.png)" in text and (FOLDER / "trials.png").is_file()


@pytest.mark.parametrize("name", FOUND)
def test_a_trial_has_the_settings_that_were_run(name):
    found, settings = FOUND[name], trials(GROUPS)[name]
    run = found["recipe"] | {"examples": found["examples"]}
    assert {key: run[key] for key in settings} == settings
    assert len(found["curve"]) == settings["epochs"] and all(found[metric] >= 0 for metric in METRICS)


def test_each_group_says_what_was_found():
    assert all(group["finding"].strip() for group in measured(GROUPS, FOUND))


def test_the_curves_are_those_of_the_trials():
    _, axis = draw_curves(FOUND, "Fréchet distance")
    drawn = {line.get_label(): list(line.get_ydata()) for line in axis.get_lines()}
    assert drawn == {name: result["curve"] for name, result in FOUND.items()}
