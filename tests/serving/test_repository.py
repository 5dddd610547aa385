"""The preview follows its folder: what fails is reported and tried again, and what is loaded is read once."""

import logging

import pytest

from zoo.serving.preview import repository
from zoo.serving.preview.repository import AVAILABLE, END, Repository


@pytest.fixture
def loaded(monkeypatch):
    """Servables that read nothing; a folder with a file `broken` fails. The folders that were tried, in order."""
    tried = []

    def servable(name, version, folder):
        tried.append(str(folder.relative_to(folder.parents[1])))
        if (folder / "broken").exists():
            raise OSError((folder / "broken").read_text())
        return (name, version, folder)

    monkeypatch.setattr(repository, "Servable", servable)
    return tried


def version(folder, broken=None):
    folder.mkdir(parents=True)
    if broken:
        (folder / "broken").write_text(broken)


def test_a_version_that_failed_is_reported_and_tried_again(tmp_path, loaded, caplog):
    version(tmp_path / "a" / "1")
    version(tmp_path / "a" / "2", broken="no variables yet")
    found = Repository(tmp_path, retry_seconds=0)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            found.refresh()
    assert found.states("a")[2] == (END, "OSError: no variables yet")
    assert caplog.text.count("a version 2 cannot be loaded: no variables yet") == 1  # reported once
    (tmp_path / "a" / "2" / "broken").unlink()
    found.refresh()
    assert found.states("a")[2] == (AVAILABLE, "") and found.find("a")[1] == 2


def test_it_is_not_tried_at_every_look(tmp_path, loaded):
    version(tmp_path / "a" / "1", broken="damaged")
    found = Repository(tmp_path, retry_seconds=1000)
    for _ in range(3):
        found.refresh()
    assert loaded == ["a/1"]


def test_what_is_loaded_is_not_read_again(tmp_path, loaded):
    version(tmp_path / "a" / "1")
    found = Repository(tmp_path, retry_seconds=0)
    for _ in range(3):
        found.refresh()
    assert loaded == ["a/1"]


def test_the_old_version_stays_where_the_new_one_fails(tmp_path, loaded):
    version(tmp_path / "a" / "1")
    found = Repository(tmp_path, retry_seconds=0)
    found.refresh()
    version(tmp_path / "a" / "2", broken="damaged")
    found.refresh()
    assert found.find("a")[1] == 1 and found.states("a")[1] == (AVAILABLE, "")
    (tmp_path / "a" / "2" / "broken").unlink()
    found.refresh()
    assert found.find("a")[1] == 2 and found.states("a")[1] == (END, "")


def test_a_file_that_is_no_saved_model_is_reported(tmp_path, caplog):
    """It was skipped without a word, and so was a folder without the file."""
    version(tmp_path / "a" / "1")
    (tmp_path / "a" / "1" / "saved_model.pb").write_bytes(b"\xff" * 100)
    version(tmp_path / "b" / "1")
    found = Repository(tmp_path)
    with caplog.at_level(logging.ERROR):
        found.refresh()
    for name in "ab":
        assert f"{name} version 1 cannot be loaded" in caplog.text
        assert found.states(name)[1][0] == END and found.states(name)[1][1]
    assert found.names() == []


def test_the_folder_is_the_last_part_of_base_path(tmp_path, loaded, caplog):
    for place in ("mnist", "small"):
        version(tmp_path / place / "1")
    entry = 'config {{ name: "mnist" base_path: "{}" model_platform: "tensorflow" }}'
    config = tmp_path / "models.config"
    config.write_text(f"model_config_list {{ {entry.format('/models/small/')} }}")
    found = Repository(tmp_path)
    found.refresh()
    assert found.find("mnist") == ("mnist", 1, tmp_path / "small" / "1")
    config.write_text(f"model_config_list {{ {entry.format('')} }}")
    with caplog.at_level(logging.ERROR):
        found.refresh()
    assert "a model without a base_path" in caplog.text and found.names() == ["mnist"]
