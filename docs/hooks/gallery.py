"""Makes a page of each script in examples/gallery and examples/tutorials: its code, what it prints, and its figure.

The scripts are run in the build, so a script that fails ends the build. With `EXAMPLES=code` in the environment they
are not, and the pages have an empty output and figure: for a check of everything else.
"""

import ast
import contextlib
import io
import os
import runpy
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = sorted((ROOT / "examples" / "gallery").glob("*.py"))
TUTORIALS = sorted((ROOT / "examples" / "tutorials").glob("*.py"))
INTRODUCTIONS = {
    "gallery": "Short scripts that run in seconds on a CPU, with the models and images that come with the package.",
    "tutorials": "Longer scripts, from data to a result, that run in minutes on a CPU.",
}


@dataclass(frozen=True)
class Example:
    """A script that has been run: what it printed, and its figure as a PNG file."""

    script: Path
    title: str
    text: str
    code: str
    output: str
    figure: bytes


def run(script: Path) -> Example:
    """Run a script as `python SCRIPT` does, without a window for its figure. A tutorial runs in an empty folder.

    Its figure is the plot that pyplot holds at its end, or its variable `figure`.

    Raises:
        ValueError: the script draws no plot, or several.
    """
    plt.switch_backend("agg")
    plt.close("all")
    printed, image = io.StringIO(), io.BytesIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder if script in TUTORIALS else Path.cwd()),  # tutorials write files
        contextlib.redirect_stdout(printed),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")  # plt.show() has no window here
        names = runpy.run_path(str(script), run_name="__main__")
    figures = [plt.figure(number) for number in plt.get_fignums()] or [
        names[key] for key in ("figure",) if key in names
    ]
    if len(figures) != 1:
        raise ValueError(f"{script.name} must draw one plot. Received: {len(figures)} plots")
    figures[0].savefig(image, dpi=110)
    plt.close("all")
    return _example(script, printed.getvalue().strip("\n"), image.getvalue())


def _example(script, output, figure):
    source = script.read_text(encoding="utf-8")
    title, _, text = ast.get_docstring(ast.parse(source)).partition("\n")
    code = source[source.index('"""\n', 3) + 4 :].strip()
    return Example(script, title.rstrip("."), text.strip(), code, output, figure)


def page(example: Example) -> str:
    """The page of an example, in Markdown."""
    name = example.script.stem
    return (
        f"# {example.title}\n\n{example.text}\n\n![{example.title}]({name}.png)\n\n"
        f"```python\n{example.code}\n```\n\nIt prints:\n\n```text\n{example.output}\n```\n\n"
        f"In a checkout: `python {example.script.relative_to(ROOT)}`.\n"
    )


def index(examples: list[Example], kind: str = "gallery") -> str:
    """The page that shows all examples of a kind, a key of INTRODUCTIONS."""
    cards = "\n".join(
        f"-   [![{each.title}]({each.script.stem}.png)]({each.script.stem}.md)\n\n"
        f"    [{each.title}]({each.script.stem}.md)\n"
        for each in examples
    )
    return (
        f"# {kind.capitalize()}\n\n{INTRODUCTIONS[kind]} Each page shows the code, what it prints and the figure that "
        f'it draws; all are made when this site is built.\n\n<div class="grid cards" markdown>\n\n{cards}\n</div>\n'
    )


def on_files(files, config):
    """MkDocs calls this when it has found the pages; it adds those of the gallery and the tutorials."""
    from mkdocs.structure.files import File  # here: the tests of the scripts need no MkDocs

    code_alone = os.environ.get("EXAMPLES") == "code"
    for kind, scripts in (("gallery", SCRIPTS), ("tutorials", TUTORIALS)):
        examples = [_example(script, "", b"") if code_alone else run(script) for script in scripts]
        contents: dict = {"index.md": index(examples, kind)}
        for example in examples:
            contents[f"{example.script.stem}.md"] = page(example)
            contents[f"{example.script.stem}.png"] = example.figure
        for name, content in contents.items():
            files.append(File.generated(config, f"{kind}/{name}", content=content))
    return files
