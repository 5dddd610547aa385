"""The page on the experiments: its tables are the results, and the trials are those that were run."""

import re

import pytest

from benchmarks.experiments import read_trials, trials
from benchmarks.experiments_page import PAGE, results, written_from_results
from benchmarks.page import between

TEXT = PAGE.read_text(encoding="utf-8")


def test_tables_are_those_of_results_and_cards():
    assert written_from_results(TEXT, read_trials()) == TEXT, "`python -m benchmarks.experiments --page` writes them"


def test_every_trial_has_the_settings_that_were_run():
    found = results()
    for name, settings in trials(read_trials()).items():
        run = found[name]["recipe"] | {"examples": found[name]["examples"]}
        same = {key: run[key] for key in settings if key != "description"}
        assert same == {key: value for key, value in settings.items() if key != "description"}, name


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
