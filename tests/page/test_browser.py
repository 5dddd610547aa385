"""The pages in a browser."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.page.conftest import MODELS
from zoo.paths import SAMPLES

PAGES = ("index", "digits", "images", "check", "models/pinet_mnist", "models/pinet_mnist_generator")
READY = {"index": "#scatter svg", "digits": "#samples img", "images": "#samples img", "check": "#start"}


def test_the_zoo_is_sorted_and_filtered(visit):
    page = visit("index.html")
    page.wait_for_selector("#scatter svg")
    names = lambda: page.locator("#zoo tbody tr td:first-child").all_inner_texts()  # noqa: E731
    assert len(names()) == 20 and names() == sorted(names())
    page.get_by_role("button", name="MACs").click()
    assert names()[0] == "pinet_digits" and names()[-1].startswith("pinet_cifar10")
    page.get_by_role("button", name="MACs").click()
    assert names()[-1] == "pinet_digits"
    page.get_by_label("Tier").select_option("3 low-depth")
    page.get_by_label("Data").select_option("mnist")
    page.get_by_label("Name").fill("tiny")
    assert names() == ["pinet_mnist_tiny"]
    assert page.locator("#count").inner_text() == "1 of 20 models"
    assert page.locator("#scatter a").count() == 1


def test_the_page_of_a_model_says_what_its_card_says(visit):
    page = visit("models/pinet_mnist_shallow.html")
    page.wait_for_selector(".golden")
    text = page.inner_text("main")
    for words in ("3 low-depth", "99.57 %", "pinet train pinet_mnist_shallow", "2.13 M MACs", "0.28 %"):
        assert words in text
    assert page.locator(".golden li").all_inner_texts() == [str(digit) for digit in range(10)]
    page = visit("models/pinet_mnist_generator.html")
    page.wait_for_selector(".golden canvas")
    assert page.evaluate(BRIGHTEST, ".golden canvas") == 255


BRIGHTEST = """selector => Math.max(...document.querySelector(selector).getContext("2d").getImageData(0, 0, 28, 28).data
    .filter((_, index) => index % 4 < 3))"""


def test_a_drawn_digit_is_recognised(visit):
    page = visit("digits.html")
    box = page.locator("#board").bounding_box()
    page.mouse.move(box["x"] + 70, box["y"] + 60)
    page.mouse.down()
    for x, y in ((215, 60), (120, 240)):  # a 7
        page.mouse.move(box["x"] + x, box["y"] + y, steps=6)
    page.mouse.up()
    for name in MODELS[:2]:
        page.wait_for_selector(f'[data-model={name}][data-class="7"]')
    missing = page.locator("[data-model=polynet_mnist]")
    assert "polynet_mnist is not in this site" in missing.inner_text()
    page.get_by_alt_text("test image: 3").click()
    page.wait_for_selector('[data-model=pinet_mnist][data-class="3"]')


def test_an_image_is_classified(visit):
    page = visit("images.html")
    page.get_by_alt_text("test image: dog").click()
    page.wait_for_selector("[data-class=dog]")
    assert "used as it is" in page.inner_text("#changes")
    page.set_input_files("#file", str(SAMPLES / "cifar10_ship_0.png"))
    page.wait_for_selector("[data-class=ship]")


def test_what_is_no_image_or_too_large_is_refused_in_words(visit, tmp_path):
    page = visit("images.html")
    page.wait_for_selector("#samples img")
    words = tmp_path / "words.png"
    words.write_text("no image")
    page.set_input_files("#file", str(words))
    page.get_by_text("words.png is not an image that this browser can read.").wait_for()
    Image.new("1", (10_000, 10_000)).save(tmp_path / "large.png")
    page.set_input_files("#file", str(tmp_path / "large.png"))
    page.get_by_text("large.png has 10000×10000 pixels; at most 64 megapixels are read.").wait_for()
    assert page.locator("[data-class]").count() == 0


@pytest.mark.parametrize("size", [(100, 75), (75, 100), (21, 50), (24, 20)])
def test_images_are_resized_as_pillow_does_it(visit, size):
    # Between 50 and 205 nothing is clipped: where something is, Pillow's order of the two directions matters.
    pixels = np.random.default_rng(0).integers(50, 206, (*size[::-1], 3), dtype="uint8")
    expected = np.asarray(ImageOps.fit(Image.fromarray(pixels), (32, 32), Image.Resampling.BICUBIC))
    page = visit("images.html")
    found = page.evaluate(
        """async ([data, width, height]) => {
            const { middlePart, resize } = await import("./js/resize.js");
            const image = { data, width, height, channels: 3 };
            return [...resize(image, middlePart(width, height, 32, 32), 32, 32).data];
        }""",
        [pixels.ravel().tolist(), *size],
    )
    assert np.abs(np.reshape(found, expected.shape) - expected.astype(int)).max() <= 1


def test_the_models_equal_keras(visit):
    page = visit("check.html")
    page.get_by_role("button", name="Compare all").click()
    page.get_by_text(f"All {len(MODELS)} models equal Keras").wait_for()
    rows = page.locator("#rows tr")
    assert rows.count() == len(MODELS)
    assert all(float(row.split("\t")[2]) < 1e-4 for row in rows.all_inner_texts())


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_accessible_in_both_colour_schemes_and_fits_a_phone(visit, axe, name):
    page = visit(f"{name}.html")
    page.wait_for_selector(READY.get(name, ".golden"))
    page.evaluate(axe)
    for scheme, run in (("light", "axe.run()"), ("dark", "axe.run({runOnly: ['color-contrast']})")):
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate(run)
        assert found["passes"]
        assert not [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]]
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_server_that_is_gone_is_reported(visit):
    page = visit("images.html")
    page.wait_for_selector("#samples img")
    page.context.route("**/models/*.gz", lambda route: route.abort())
    page.set_input_files("#file", str(SAMPLES / "cifar10_cat_0.png"))
    page.get_by_text("cannot be loaded: is the server of this page still there?").wait_for()
    page.context.unroute("**/models/*.gz")
    page.set_input_files("#file", str(SAMPLES / "cifar10_dog_0.png"))
    page.wait_for_selector("[data-class=dog]")  # nothing of the failure is kept
    visit.problems.clear()  # the browser's own line about the request
