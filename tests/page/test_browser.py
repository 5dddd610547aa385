"""The pages in a browser."""

import base64
import json

import numpy as np
import pytest
from PIL import Image, ImageOps
from scipy import ndimage, special

import zoo
from pinet_keras.analysis import crossings
from tests.page.conftest import MODELS
from zoo.data.samples import sample_inputs
from zoo.page.building import STORY
from zoo.paths import SAMPLES

PAGES = (
    *("index", "digits", "images", "line", "noise", "encrypted", "check"),
    *("models/pinet_mnist_encrypted", "models/pinet_mnist_generator"),
)
READY = {
    "index": "#scatter svg",
    "digits": "#samples img",
    "images": "#samples img",
    "line": "#relu-plot svg",
    "noise": "#classes canvas",
    "encrypted": "#story [data-class]",
    "check": "#start",
}


def test_the_zoo_is_sorted_and_filtered(visit):
    page = visit("index.html")
    page.wait_for_selector("#scatter svg")
    names = lambda: page.locator("#zoo tbody tr td:first-child").all_inner_texts()  # noqa: E731
    assert names() == zoo.list_models()
    macs = sorted(zoo.card(name)["macs"] for name in zoo.list_models())
    for expected in (macs, macs[::-1]):
        page.get_by_role("button", name="MACs").click()
        assert [zoo.card(name)["macs"] for name in names()] == expected
    page.get_by_label("Tier").select_option("3 low-depth")
    page.get_by_label("Data").select_option("mnist")
    page.get_by_label("Name").fill("tiny")
    assert names() == ["pinet_mnist_tiny"]
    assert page.locator("#count").inner_text() == f"1 of {len(zoo.list_models())} models"
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


def test_the_page_of_a_model_draws_calibration_and_training(visit):
    card = zoo.card("pinet_mnist_encrypted")
    page = visit("models/pinet_mnist_encrypted.html")
    page.wait_for_selector(".golden")
    bins = []
    for name, key in (("as the logits are", "reliability"), ("with the temperature", "reliability_calibrated")):
        columns = [card["calibration"][key][column] for column in ("confidence", "accuracy", "examples")]
        bins += [(name, *row) for row in zip(*columns, strict=True) if row[2]]
    page.get_by_text("The bins as a table").click()
    rows = [f"{name}\t{100 * x:.1f} %\t{100 * y:.1f} %\t{count:,}" for name, x, y, count in bins]
    assert page.locator("#bins tbody tr").all_inner_texts() == rows
    circles = page.locator("#reliability [aria-label=dot] circle").evaluate_all(CENTRES)
    drawn, expected = np.array(sorted(circles)), np.array(sorted(row[1:3] for row in bins))
    for axis in (0, 1):  # in pixels, of which y counts down
        slope, _ = found = np.polyfit(expected[:, axis], drawn[:, axis], 1)
        assert (slope > 300, slope < -300)[axis]
        np.testing.assert_allclose(np.polyval(found, expected[:, axis]), drawn[:, axis], atol=0.01)
    curves = page.locator(".curve")
    assert curves.evaluate_all("all => all.map(({dataset}) => dataset.metric)") == ["accuracy", "loss"]
    for figure in curves.all():
        assert figure.locator("[aria-label=dot] circle").count() == 2 * card["training"]["epochs"]
    assert page.locator("#no-curve").count() == 0
    page = visit("models/pinet_mnist_shallow.html")
    page.wait_for_selector("#reliability svg")
    assert "were not kept" in page.inner_text("#no-curve") and page.locator(".curve").count() == 0


CENTRES = "all => all.map(({cx, cy}) => [cx.baseVal.value, cy.baseVal.value])"
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
    page.wait_for_selector('[data-model=pinet_mnist_tiny][data-class="7"]')
    missing = page.locator("[data-model=polynet_mnist]")
    assert "polynet_mnist is not in this site" in missing.inner_text()
    y, x = ndimage.center_of_mass(np.reshape(page.evaluate(IMAGE, "pixels"), (28, 28)))
    assert abs(x - 13.5) <= 0.75 and abs(y - 13.5) <= 3  # the tail of a 7 leaves no room for more
    page.get_by_alt_text("test image: 3").click()
    page.wait_for_selector('[data-model=pinet_mnist_tiny][data-class="3"]')
    page.context.set_offline(True)  # what is loaded needs no network
    page.get_by_role("button", name="Clear").click()
    page.mouse.move(box["x"] + 140, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 240, steps=6)
    page.mouse.up()
    page.wait_for_selector('[data-model=pinet_mnist_tiny][data-class="1"]')


def test_an_image_is_classified(visit):
    page = visit("images.html")
    page.get_by_alt_text("test image: horse").click()
    page.wait_for_selector("[data-class=horse]")
    assert "used as it is" in page.inner_text("#changes")
    card = zoo.card("polynet_cifar10")
    logits = card["golden"]["logits"][card["golden"]["images"].index("cifar10_horse_0.png")]
    calibrated = special.softmax(np.array(logits) / card["calibration"]["temperature"])
    shown = page.locator(".bars li").first.inner_text().split("\n")
    assert shown == ["horse", f"{100 * calibrated.max():.1f} %"]
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


def test_models_can_be_compared_once_the_answers_of_keras_are_there(visit):
    page, held = visit("check.html"), []
    page.route("**/data/expected.json", lambda route: held.append(route))  # playwright takes no builtin
    with page.expect_request("**/data/expected.json"):
        page.reload()
    button = page.get_by_role("button", name="Compare all")
    assert button.is_disabled()
    held[0].continue_()
    button.click()  # waits until it can be clicked
    page.wait_for_selector("#verdict:not(:empty)")


def changes(page):
    """What the page lists: t, and the classes before and after."""
    rows = page.locator("#changes li").evaluate_all("rows => rows.map(({dataset}) => ({...dataset}))")
    return [(float(row["t"]), int(row["before"]), int(row["after"])) for row in rows]


def test_the_changes_on_a_line_are_those_that_python_computes(visit, site):
    page = visit("line.html")
    page.get_by_label("Model").select_option("pinet_mnist_tiny")
    page.wait_for_selector("#fit[data-same=true]")
    lines = json.loads((site / "data" / "lines.json").read_text(encoding="utf-8"))
    line = next(each for each in lines if (each["model"], each["start"]) == ("pinet_mnist_tiny", "mnist_3_0"))
    assert line["crossings"]
    for (t, *classes), expected in zip(changes(page), line["crossings"], strict=True):
        assert abs(t - expected["t"]) < 1e-4 and classes == [expected["before"], expected["after"]]
    first = line["crossings"][0]
    for step, predicted in ((-0.005, first["before"]), (0.005, first["after"])):
        page.get_by_role("slider").fill(f"{first['t'] + step:.3f}")
        page.get_by_text(f"the prediction is {predicted};").wait_for()


def test_an_end_that_is_moved_gives_another_line(visit):
    page = visit("line.html")
    page.get_by_label("Model").select_option("pinet_mnist_tiny")
    page.wait_for_selector("#fit[data-same=true]")
    page.locator("#end-image").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.locator("#start").select_option("5")
    page.wait_for_selector("#fit:not([data-same])")
    images = sample_inputs(zoo.card("pinet_mnist_tiny")).astype("float64")
    last = np.zeros_like(images[8])
    last[1:, 1:] = images[8][:-1, :-1]
    expected = crossings(zoo.load("pinet_mnist_tiny"), images[5], last - images[5], domain=(0, 1))
    page.wait_for_function("count => document.querySelectorAll('#changes li').length === count", arg=len(expected))
    for (t, *classes), change in zip(changes(page), expected, strict=True):
        assert abs(t - change.t) < 1e-4 and classes == [change.before, change.after]


def test_the_pieces_of_the_relu_network_are_those_that_python_computes(visit, site):
    page = visit("line.html")
    page.wait_for_selector("#relu-plot svg")
    line = json.loads((site / "data" / "relu.json").read_text(encoding="utf-8"))["lines"][0]
    assert len(line["ts"]) > 10
    assert int(page.locator("#relu").get_attribute("data-pieces")) == len(line["ts"]) - 1
    found = page.evaluate(
        """async ([start, end]) => {
            const [{ decodeLayers, pieces }, { decode, pixelsOf }, { readData }] = await Promise.all(
                ["relu", "pixels", "site"].map((name) => import(`./js/${name}.js`)));
            const read = async (name) => pixelsOf(await decode(`samples/${name}.png`, name), 1).data;
            const { ts, rows } = pieces(decodeLayers(await readData("relu")), await read(start), await read(end));
            return [ts, rows.map((row) => [...row])];
        }""",
        [line["start"], line["end"]],
    )
    for values, expected in zip(found, (line["ts"], line["values"]), strict=True):
        np.testing.assert_allclose(values, expected, atol=1e-5)


def test_noise_becomes_an_image(visit):
    page = visit("noise.html")
    page.wait_for_selector("[data-drawn='pinet_mnist_generator 0 0']")
    first = page.evaluate(IMAGE, "drawn")
    assert max(first) > 200
    page.get_by_role("button", name="Another seed").click()
    page.wait_for_selector("[data-drawn='pinet_mnist_generator 0 1']")
    assert page.evaluate(IMAGE, "drawn") != first
    page.get_by_label("Seed", exact=True).fill("0")
    page.wait_for_selector("[data-drawn='pinet_mnist_generator 0 0']")
    assert page.evaluate(IMAGE, "drawn") == first
    page.get_by_label("First direction").fill("0.5")
    page.wait_for_function(f"first => ({IMAGE})('drawn').join() !== first", arg=",".join(map(str, first)))


def test_the_story_of_an_encrypted_request_has_its_bytes_sizes_and_times(visit):
    story = json.loads(STORY.read_text(encoding="utf-8"))
    page = visit("encrypted.html")
    page.wait_for_selector('#story [data-model=pinet_mnist_encrypted][data-class="3"]')
    canvases = page.locator("#story canvas").evaluate_all(
        "all => all.map((each) => [...each.getContext('2d').getImageData(0, 0, each.width, each.height).data])"
    )
    image = sample_inputs(zoo.card(story["model"]))[3].ravel().tolist()
    shown = [image, *(list(base64.b64decode(story[key])) for key in ("request", "answer"))]
    assert [canvas[::4] for canvas in canvases] == shown
    steps = page.locator("#story > li").all_inner_texts()
    rows = [row.split("\t")[2:] for row in page.locator("#costs tr").all_inner_texts()]
    for kind, place in (("request", 1), ("answer", 2)):
        words = f"{story['bytes'][kind] / 1e3:.0f} kB"
        assert words in steps[place] and rows[place][0] == words
    for (_, shown), seconds in zip(rows, story["seconds"].values(), strict=True):
        value, unit = shown.split()
        assert unit == "ms" and float(value) == pytest.approx(1000 * seconds, abs=0.5)


def test_a_browser_without_javascript_is_told_so(visit):
    page = visit("index.html", java_script_enabled=False)
    assert "these pages need JavaScript" in page.inner_text("main")


IMAGE = """id => [...document.getElementById(id).getContext("2d").getImageData(0, 0, 28, 28).data]
    .filter((_, index) => index % 4 === 0)"""


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
    page.set_input_files("#file", str(SAMPLES / "cifar10_horse_0.png"))
    page.wait_for_selector("[data-class=horse]")  # nothing of the failure is kept
    visit.problems.clear()  # the browser's own line about the request
