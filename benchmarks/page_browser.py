"""The pages of `pinet page` in Chromium: screenshots for docs/page, what each page loads, and how long it takes.

    python -m benchmarks.page_browser SITE [PAGE ...]

prints, for each page or for those that are named, with an empty cache, the bytes it has loaded when it has answered,
the time until something is painted, and the time until the first answer of a model. Measure on a machine that does
nothing else.
"""

import io
import shutil
import sys
import threading
from collections.abc import Collection
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from zoo.page.serving import site_server

OUT = Path(__file__).parent.parent / "docs" / "page"
SIZE = {"width": 1080, "height": 810}
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"


def draw_seven(page):
    """A stroke on the page of digits."""
    box = page.locator("#board").bounding_box()
    page.mouse.move(box["x"] + 70, box["y"] + 60)
    page.mouse.down()
    for x, y in ((215, 60), (120, 240)):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=12)
    page.mouse.up()


def choose_dog(page):
    """A test image on the page of images."""
    page.get_by_alt_text("test image: dog").click()


def scroll_to_diagrams(page):
    """The page of a model, at its calibration."""
    page.set_viewport_size({"width": 1080, "height": 1500})
    page.wait_for_selector("#reliability svg")
    page.get_by_role("heading", name="Calibration").evaluate("heading => heading.scrollIntoView()")


def compare(page):
    """All models on the page that compares them with Keras."""
    page.get_by_role("button", name="Compare all").click()


# Of each page: what is done on it, and the selector of its first answer.
ACTIONS = {
    "index": (None, "#scatter svg"),
    "models/pinet_mnist": (None, ".golden img"),
    "models/pinet_mnist_encrypted": (scroll_to_diagrams, ".curve svg"),
    "digits": (draw_seven, "#answers [data-class]"),
    "images": (choose_dog, "#answers [data-class]"),
    "line": (None, "#plot svg"),
    "noise": (None, "#classes canvas"),
    "encrypted": (None, "#story [data-class]"),
    "check": (compare, "#verdict[data-failed]"),
}


def main(site: str, names: Collection[str] = ()) -> None:
    """Visit pages once.

    Args:
        site: its folder.
        names: of pages; none are all.
    """
    OUT.mkdir(exist_ok=True)
    with sync_playwright() as playwright, site_server(site, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for name in names or ACTIONS:
            act, answer = ACTIONS[name]
            context = browser.new_context(viewport=SIZE)
            page = context.new_page()
            page.set_default_timeout(300_000)  # the comparison runs every model
            loaded: list[int] = []
            page.on("response", lambda response, loaded=loaded: loaded.append(len(response.body())))
            page.goto(f"http://127.0.0.1:{server.server_address[1]}/{name}.html")
            if act:
                act(page)
            page.wait_for_selector(answer)
            answered = page.evaluate("performance.now()")
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(1500)
            save(page.screenshot(), OUT / f"{Path(name).name}.png")
            painted = page.evaluate(PAINTED)
            print(
                f"{name}: {sum(loaded) / 1e6:.2f} MB, painted after {painted:.0f} ms, answered after {answered:.0f} ms"
            )
            context.close()
        browser.close()
        server.shutdown()


def save(screenshot: bytes, path: Path) -> None:
    """A screenshot as a small file of 128 colours."""
    Image.open(io.BytesIO(screenshot)).convert("RGB").quantize(128).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
