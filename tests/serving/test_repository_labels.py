"""The preview assigns labels as TensorFlow Serving does: before it loads versions, and all or nothing."""

import logging

import pytest

from zoo.serving.preview import repository

CONFIG = """
model_config_list {{
  config {{
    name: "a" base_path: "/models/a" model_platform: "tensorflow"
    model_version_policy {{ specific {{ {versions} }} }}
    {labels}
  }}
  {others}
}}
"""


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A repository over empty versions; `put` writes models.config and looks at it once."""
    monkeypatch.setattr(repository, "Servable", lambda name, version, folder: (name, version))
    for version in (1, 2, 3):
        (tmp_path / "a" / str(version)).mkdir(parents=True)
    (tmp_path / "b" / "1").mkdir(parents=True)
    found = repository.Repository(tmp_path)

    def put(versions, others="", **labels):
        text = CONFIG.format(
            versions=" ".join(f"versions: {version}" for version in versions),
            labels=" ".join(f'version_labels {{ key: "{key}" value: {value} }}' for key, value in labels.items()),
            others=others,
        )
        (tmp_path / "models.config").write_text(text)
        found.refresh()
        return found

    return put


def test_the_first_file_may_label_what_is_yet_to_be_loaded(served):
    assert served([1, 2], stable=2, old=1).find("a", label="stable") == ("a", 2)


def test_a_label_in_use_does_not_move_to_a_version_that_is_not_loaded(served, caplog):
    served([1], stable=1)
    with caplog.at_level(logging.ERROR):
        found = served([1, 2], 'config { name: "b" base_path: "/models/b" }', stable=2)
    assert "moves the label 'stable' of a from version 1 to version 2, which is not loaded" in caplog.text
    assert found.find("a", label="stable") == ("a", 1)
    assert found.names() == ["a"] and list(found.states("a")) == [1]  # nothing of the file takes effect


def test_the_same_in_two_steps_is_accepted(served):
    served([1], stable=1)
    served([1, 2], stable=1)
    assert served([1, 2], stable=2).find("a", label="stable") == ("a", 2)
    assert served([2], stable=2, canary=3).find("a", label="stable") == ("a", 2)  # an unused label may point anywhere
    with pytest.raises(repository.RequestError, match="Servable not found"):
        served([2], stable=2, canary=3).find("a", label="canary")


def test_a_label_that_was_removed_is_unused_again(served):
    served([1], stable=1)
    served([1])
    assert served([1, 2], stable=2).find("a", label="stable") == ("a", 2)
