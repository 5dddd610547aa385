import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import zoo
from zoo.data.loading import load_set


@pytest.fixture(scope="session")
def trained():
    """pinet_digits with a head for two classes, even and odd digits, by least squares on its features."""
    model, data = zoo.load("pinet_digits", num_classes=2), load_set("digits")
    features = zoo.load("pinet_digits", include_top=False).predict(data.x_train, verbose=0)
    features = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    head = np.linalg.lstsq(features, np.eye(2)[data.y_train % 2], rcond=None)[0]
    model.get_layer("logits").set_weights([head[:-1], head[-1]])
    return model


@pytest.fixture(scope="session")
def saved_once(tmp_path_factory, trained):
    folder = tmp_path_factory.mktemp("saved") / "even_or_odd"
    zoo.save(trained, folder, class_names=["even [2]", "odd / ñ"], license="MIT", description="even or odd")
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def saved(here, saved_once):
    """`models/even_or_odd`, a copy to be damaged."""
    shutil.copytree(saved_once, "models/even_or_odd")
    return "models/even_or_odd"


@pytest.fixture
def change_card(saved):
    """Writes other values to the card of the saved model: `change_card(name="x")`, or a function of the card."""

    def change(function=None, **values):
        path = Path(saved, "cards", "even_or_odd.json")
        card = json.loads(path.read_text())
        if function is not None:
            function(card)
        card.update(values)
        path.write_text(json.dumps(card))  # NaN and infinity too
        return saved

    return change
