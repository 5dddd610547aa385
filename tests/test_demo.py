"""`pinet demo`: real images, right classes, a table and a contact sheet."""

import io

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

import zoo
from zoo.cli import demo_sheets as demo


@pytest.fixture(scope="module")
def results():
    return demo.run_demo()


def test_every_model_classifies_the_images_of_its_data(results):
    assert [card["name"] for card, _ in results] == [
        *zoo.list_models(task="image classification"),
        *zoo.list_models(task="audio classification"),
    ]
    for card, guesses in results:
        assert len(guesses) == 10
        assert {guess.truth for guess in guesses} == set(card["class_names"])


def test_most_guesses_are_right(results):
    for card, guesses in results:
        right = np.mean([guess.right for guess in guesses])
        # Ten images are few: three standard deviations below the card's accuracy.
        accuracy = card["accuracy"]["test"]
        assert right >= accuracy - 3 * np.sqrt(accuracy * (1 - accuracy) / 10) - 0.05, card["name"]


def test_probabilities_are_calibrated_by_the_card():
    card = zoo.card("pinet_digits")
    images = demo.sample_inputs(card)
    rows = zoo.predictor("pinet_digits").probabilities(images)
    assert rows.sum(axis=1) == pytest.approx(np.ones(10), abs=1e-5)
    logits = np.array(card["golden"]["logits"])  # of the same images, in the same order
    ratio = np.log(rows[:, 0] / rows[:, 1]) * card["calibration"]["temperature"]
    assert ratio == pytest.approx(logits[:, 0] - logits[:, 1], abs=1e-2)


def test_the_generators_sheet_has_a_band_for_each(tmp_path):
    names = zoo.list_models(task="image generation")
    demo.draw_generated(tmp_path / "g.png", rows=1)
    sheet = np.asarray(Image.open(tmp_path / "g.png").convert("L"))
    assert sheet.shape[1] > 1500 and sheet.shape[0] > 200 * len(names)
    assert (sheet < 30).any() and 0.05 < (sheet < 128).mean() < 0.9


def test_table_names_every_image_and_verdict(results):
    for result in results:  # several models are shown the same images
        stream = io.StringIO()
        Console(file=stream, width=160).print(demo.table([result]))
        for guess in result[1]:
            line = next(line for line in stream.getvalue().splitlines() if guess.file in line)
            assert ("right" if guess.right else f"wrong, is {guess.truth}") in line


def test_contact_sheet_shows_right_in_green_and_wrong_in_red(results, tmp_path):
    card, guesses = results[0]
    wrong = demo.Guess(guesses[0].file, guesses[0].pixels, guesses[0].truth, "something else", 0.5)
    right = demo.Guess(guesses[0].file, guesses[0].pixels, guesses[0].truth, guesses[0].truth, 0.9)
    found = {}
    for name, guess in (("right", right), ("wrong", wrong)):
        demo.draw([(card, [guess])], tmp_path / f"{name}.png")
        pixels = np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB")).reshape(-1, 3)
        found[name] = [np.any(np.all(pixels == colour, axis=1)) for colour in ((0x1A, 0x7F, 0x4B), (0xC0, 0x35, 0x2B))]
    assert found == {"right": [True, False], "wrong": [False, True]}
    demo.draw(results, tmp_path / "all.png")
    width, height = Image.open(tmp_path / "all.png").size
    assert width > 1500
    assert height > 250 * len(results)
