"""Makes a page of each script in examples/gallery: its code, what it prints, and the figure that it draws.

The scripts are run in the build, so a script that fails ends the build.
"""

import ast
import contextlib
import io
import runpy
import warnings
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = sorted((ROOT / "examples" / "gallery").glob("*.py"))


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
    """Run a script as `python SCRIPT` does, without a window for its figure.

    Raises:
        ValueError: the script draws no plot, or several.
    """
    plt.switch_backend("agg")
    plt.close("all")
    printed, figure = io.StringIO(), io.BytesIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")  # plt.show() has no window here
        runpy.run_path(str(script), run_name="__main__")
    if len(plt.get_fignums()) != 1:
        raise ValueError(f"{script.name} must draw one plot. Received: {len(plt.get_fignums())} plots")
    plt.savefig(figure, dpi=110)
    plt.close("all")
    source = script.read_text(encoding="utf-8")
    title, _, text = ast.get_docstring(ast.parse(source)).partition("\n")
    code = source[source.index('"""\n', 3) + 4 :].strip()
    return Example(script, title.rstrip("."), text.strip(), code, printed.getvalue().strip("\n"), figure.getvalue())


def page(example: Example) -> str:
    """The page of an example, in Markdown."""
    name = example.script.stem
    return (
        f"# {example.title}\n\n{example.text}\n\n![{example.title}]({name}.png)\n\n"
        f"```python\n{example.code}\n```\n\nIt prints:\n\n```text\n{example.output}\n```\n\n"
        f"In a checkout: `python examples/gallery/{name}.py`.\n"
    )


def index(examples: list[Example]) -> str:
    """The page that shows all examples."""
    cards = "\n".join(
        f"-   [![{each.title}]({each.script.stem}.png)]({each.script.stem}.md)\n\n"
        f"    [{each.title}]({each.script.stem}.md)\n"
        for each in examples
    )
    return (
        "# Gallery\n\nShort scripts that run in seconds on a CPU, with the models and images that come with the "
        "package. Each page shows the code, what it prints and the figure that it draws; all are made when this site "
        f'is built.\n\n<div class="grid cards" markdown>\n\n{cards}\n</div>\n'
    )


def on_files(files, config):
    """MkDocs calls this when it has found the pages; it adds those of the gallery."""
    from mkdocs.structure.files import File  # here: the tests of the scripts need no MkDocs

    examples = [run(script) for script in SCRIPTS]
    contents = {"index.md": index(examples)}
    for example in examples:
        contents[f"{example.script.stem}.md"] = page(example)
        contents[f"{example.script.stem}.png"] = example.figure
    for name, content in contents.items():
        files.append(File.generated(config, f"gallery/{name}", content=content))
    return files
