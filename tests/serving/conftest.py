"""Exports that the tests share."""

import pytest

import zoo


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """A folder with two models: `pinet_digits` in one version, `polynet_mnist` with the MNIST client's signature."""
    folder = tmp_path_factory.mktemp("models")
    zoo.export("pinet_digits", folder)
    zoo.export("polynet_mnist", folder, mnist_example_signature=True)
    return folder


@pytest.fixture
def empty_exports(monkeypatch):
    """Exports write no network, which takes seconds: for tests of where a version goes and the messages about it."""
    from zoo.serving import exporting

    def write(model, card, name, folder, mnist_example):
        (folder / "saved_model.pb").write_bytes(name.encode())

    monkeypatch.setattr(exporting, "_write_saved_model", write)
