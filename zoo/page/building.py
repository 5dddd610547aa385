"""The site: cards as JSON, models as ONNX files, HTML pages, and what they need from npm."""

import gzip
import html
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from string import Template

from zoo import registry
from zoo.data.samples import samples
from zoo.files import write_json
from zoo.page.lines import LINES, lines_of, relu_network
from zoo.page.npm import packages
from zoo.page.onnx_files import expected_outputs, onnx_file
from zoo.page.summary import summary
from zoo.paths import SAMPLES

WEB = Path(__file__).parent / "web"
# What runs on which page: `pinet page --models` leaves out some of them.
PAGES = {
    "digits": ("pinet_mnist", "pinet_mnist_tiny", "polynet_mnist"),
    "images": (
        "pinet_cifar10_lite",
        "pinet_cifar10",
        "pinet_cifar10_encrypted",
        "polynet_cifar10",
        "pinet_cifar10_activated",
    ),
    "line": tuple(LINES),
    "noise": ("pinet_mnist_generator", "pinet_cifar10_generator"),
}
TITLES = {
    "index": "The zoo",
    "digits": "Draw a digit",
    "images": "Classify an image",
    "line": "Walk a line",
    "noise": "Draw from noise",
    "encrypted": "Encrypted",
    "check": "Compare with Keras",
}
# From npm to the folder `vendor`.
VENDORED = (
    "onnxruntime-web/dist/ort.wasm.bundle.min.mjs",
    "d3/dist/d3.min.js",
    "@observablehq/plot/dist/plot.umd.min.js",
)
WASM = "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"
# One encrypted request, as benchmarks/encrypted_story.py wrote it down.
STORY = WEB / "encrypted.json"
MARKER = "site.json"  # in `data`: a folder that has it is an earlier site


def build_site(
    out: str | Path, patterns: Sequence[str] = ("*",), report: Callable[[int, int], None] | None = None
) -> Path:
    """Write the static site, whose pages run the models in the browser.

    It needs no server but one for files, and none of its pages sends a request anywhere else. ONNX files, computed
    lines and the packages of npm are kept in the cache, so that a second build takes seconds.

    Args:
        out: folder of the site; an earlier site in it is replaced.
        patterns: shell patterns: which of the models of `PAGES` run in the browser. The zoo's table has all.
        report: a function (done, all) that is told how far it is.

    Returns:
        The folder.

    Raises:
        ValueError: the folder holds something else, no model matches, npm is missing or cannot fetch the packages, or
            the ONNX converter is not installed.
    """
    out = Path(out)
    _check_replaceable(out)
    running = running_models(patterns)
    tell = report or (lambda done, total: None)
    total = 2 * len(running) + 1
    tell(0, total)
    modules = packages()
    files, expected, lines = {}, {}, []
    for step, name in enumerate(running):
        files[name] = onnx_file(name)
        tell(2 * step + 2, total)
        expected[name] = expected_outputs(name)
        lines += lines_of(name)
        tell(2 * step + 3, total)
    _clear(out)
    shutil.copytree(WEB / "js", out / "js")
    shutil.copy(WEB / "style.css", out / "style.css")
    _vendor(modules, out / "vendor")
    _copy_samples(out / "samples")
    sizes = {name: _compress(path, out / "models" / f"{path.name}.gz") for name, path in files.items()}
    _write_pages(out)
    _write_data(out / "data", sizes, expected, lines)
    return out


def running_models(patterns: Sequence[str] = ("*",)) -> list[str]:
    """The models that run in the browser: those of `PAGES` whose weights are installed and whose name matches."""
    matching = {name for pattern in patterns for name in registry.list_models(pattern)}
    wanted = dict.fromkeys(name for names in PAGES.values() for name in names)
    found = [name for name in wanted if name in matching and registry.has_weights(name)]
    if not found:
        raise ValueError(
            f"No model of the pages matches; they have {', '.join(wanted)}. Received: {', '.join(patterns)}"
        )
    return found


def _check_replaceable(out):
    if out.is_dir() and any(out.iterdir()) and not (out / "data" / MARKER).is_file():
        raise ValueError(f"The folder holds something else than an earlier site; name another. Received: {out}")


def _clear(out):
    """Remove what an earlier build wrote, and nothing else."""
    for name in ("js", "vendor", "samples", "models", "data"):
        shutil.rmtree(out / name, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)


def _vendor(modules, folder):
    folder.mkdir()
    for path in VENDORED:
        shutil.copy(modules / path, folder)
        package = path.removeprefix("@observablehq/").split("/")[0]
        for licence in (modules / path.split("/dist/")[0]).glob("LICENSE*"):
            shutil.copy(licence, folder / f"{package}.LICENSE.txt")
    _compress(modules / WASM, folder / f"{Path(WASM).name}.gz")


def _compress(path, target) -> dict[str, int]:
    """Write a file compressed, the same bytes each time; its sizes. The page itself decompresses it."""
    target.parent.mkdir(exist_ok=True)
    data = path.read_bytes()
    target.write_bytes(gzip.compress(data, 6, mtime=0))
    return {"bytes": len(data), "download": target.stat().st_size}


def _copy_samples(folder):
    folder.mkdir()
    for dataset in ("mnist", "cifar10", "digits"):
        for path, _ in samples(dataset):
            shutil.copy(path, folder)
    shutil.copy(SAMPLES / "NOTICE.md", folder)


def _write_pages(out):
    frame = Template((WEB / "frame.html").read_text(encoding="utf-8"))
    contents = {name: (WEB / "pages" / f"{name}.html").read_text(encoding="utf-8") for name in TITLES}
    for name, title in TITLES.items():
        text = _page(frame, title, contents[name], root="", script=name, current=name)
        (out / f"{name}.html").write_text(text, encoding="utf-8")
    for model in registry.list_models():
        main = f'<article id="model" data-plot data-model="{html.escape(model)}"></article>'
        text = _page(frame, model, main, root="../", script="model", current="index")
        (out / "models").mkdir(exist_ok=True)
        (out / "models" / f"{model}.html").write_text(text, encoding="utf-8")


def _page(frame, title, main, root, script, current):
    marks = {name: ' aria-current="page"' if name == current else "" for name in TITLES}
    links = (f'<li><a href="{root}{name}.html"{marks[name]}>{words}</a></li>' for name, words in TITLES.items())
    needs_plot = "data-plot" in main
    scripts = ("d3.min.js", "plot.umd.min.js") if needs_plot else ()
    return frame.substitute(
        title=html.escape(title),
        navigation="\n".join(links),
        main=main,
        root=root,
        plot="\n".join(f'<script defer src="{root}vendor/{name}"></script>' for name in scripts),
        script=script,
    )


def _write_data(folder, sizes, expected, lines):
    folder.mkdir()
    cards = [registry.card(name) for name in registry.list_models()]
    for card in cards:
        write_json(folder / "cards" / f"{card['name']}.json", card)
    write_json(folder / "expected.json", expected, indent=None)
    write_json(folder / "lines.json", lines, indent=None)
    write_json(folder / "relu.json", relu_network(), indent=None)
    shutil.copy(STORY, folder)
    site = {
        "models": [summary(card) for card in cards],
        "pages": PAGES,
        "files": sizes,
    }
    write_json(folder / MARKER, site, indent=None)
