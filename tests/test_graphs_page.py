"""docs/graphs.md: blocks of Python run, and its tables are those of the card and of the command."""

import re

import zoo
from benchmarks import graphs_page, meshes
from benchmarks.page import DOCS

TEXT = (DOCS / "graphs.md").read_text(encoding="utf-8")


def test_every_block_runs():
    names: dict = {}
    blocks = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, "graphs.md", "exec"), names)


def test_the_table_of_cora_is_that_of_the_card():
    assert graphs_page.cora_table(zoo.card("polygraph_cora")) in TEXT


def test_the_polynomial_autoencoder_has_the_lower_error_on_meshes():
    rows = {cells[1].strip(): cells for line in TEXT.splitlines() if len(cells := line.split("|")) == 7}
    linear, polynomial = (float(rows[name][4].split()[0]) for name in ("linear (PCA)", "polynomial"))
    lowest, highest = (float(value) for value in rows["polynomial"][5].split(","))
    assert lowest <= polynomial <= highest < linear
    found = 1000 * meshes.linear_error(meshes.made_set(), meshes.LATENT)
    assert abs(found - linear) < 0.06  # computed again
