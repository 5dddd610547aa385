"""The page on the experiments: its tables are the results, and the trials are those that were run."""

import re

import pytest

from benchmarks.experiments import read_trials
from benchmarks.experiments_page import PAGE, RESULTS, written_from_results
from benchmarks.experiments_summary import draw_summary
from benchmarks.page import between
from benchmarks.trials import read_results, trials

TEXT = PAGE.read_text(encoding="utf-8")


def test_tables_are_those_of_results_and_cards():
    assert written_from_results(TEXT, read_trials()) == TEXT, "`python -m benchmarks.experiments --page` writes them"


def test_every_trial_has_the_settings_that_were_run():
    found = read_results(RESULTS)
    for name, settings in trials(read_trials()).items():
        run = found[name]["recipe"] | {"examples": found[name]["examples"]}
        same = {key: run[key] for key in settings if key != "description"}
        assert same == {key: value for key, value in settings.items() if key != "description"}, name


def test_the_image_shows_every_trial_that_was_run():
    groups, found = read_trials()["group"], read_results(RESULTS)
    (axis,) = draw_summary(groups, found).axes
    named = [label.get_text().removesuffix(" (not a polynomial)") for label in axis.get_yticklabels()]
    bars = dict(zip(named, (bar.get_width() for bar in axis.patches), strict=False))
    expected = {
        name: 100 * (found[name]["validation"] - found[group["baseline"]]["validation"])
        for group in groups
        for name in group["trials"]
        if name in found and name != group["baseline"]
    }
    assert bars == pytest.approx(expected)
    marked = {label.get_text() for label in axis.get_yticklabels() if "not a polynomial" in label.get_text()}
    assert marked == {f"{name} (not a polynomial)" for name in expected if found[name]["tier"] is None}
    assert "![Points of validation accuracy of each trial against its baseline](experiments/summary.png)" in TEXT


def test_links_within_the_page_lead_somewhere():
    headings = re.findall(r"^#+ (.*)", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = set(re.findall(r"\]\(#([^)]*)\)", TEXT))
    assert len(links) > 13
    assert links <= anchors
    for file in re.findall(r"\]\((experiments/[^)]*)\)", TEXT):
        assert (PAGE.parent / file).is_file(), file


def test_a_page_needs_its_markers():
    with pytest.raises(ValueError, match="must hold the lines '<!-- results -->'"):
        between("nothing here", "results", "a table")
