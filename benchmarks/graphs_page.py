"""The table of Cora in docs/graphs.md, from the card: python -m benchmarks.graphs_page

The table of meshes on that page is written by `python -m benchmarks.meshes`.
"""

from benchmarks.page import DOCS, write_between
from zoo.card_types import Card
from zoo.publishing.formatting import human_count, human_degree, human_tier, markdown_table
from zoo.registry import card

HEADER = ["Model", "Tier", "Degree", "Parameters", "Validation accuracy", "Test accuracy", "Over ten seeds"]


def cora_table(shipped: Card) -> str:
    """The table of `polygraph_cora`."""
    accuracy, seeds = shipped["accuracy"], shipped["seeds"]
    cells = [
        f"`{shipped['name']}`",
        human_tier(shipped),
        human_degree(shipped),
        human_count(shipped["parameters"]),
        f"{accuracy['validation']:.1%}",
        f"{accuracy['test']:.1%}",
        f"{seeds['mean']:.2%} ± {seeds['std']:.2%}, {min(seeds['accuracy'].values()):.1%} to "
        f"{max(seeds['accuracy'].values()):.1%}",
    ]
    return markdown_table(HEADER, [cells])


if __name__ == "__main__":
    write_between(DOCS / "graphs.md", "cora", cora_table(card("polygraph_cora")))
