"""The recipe of a model for the nodes of a graph."""

from dataclasses import dataclass, field
from typing import ClassVar

from zoo.recipes.checks import check_values
from zoo.tasks import NODE_CLASSIFICATION


@dataclass(frozen=True)
class NodeRecipe:
    """Every hyperparameter of one training on the labelled nodes of a graph.

    Args:
        name: name of the model that it makes.
        description: one sentence for `pinet list`.
        dataset: `"cora"`, `"citeseer"` or `"pubmed"`, whose files of Planetoid the user provides.
        architecture: name of a function in `zoo.architectures` that takes a graph.
        epochs: steps, each on the whole graph.
        learning_rate: of Adam, constant.
        architecture_arguments: the function's keyword arguments; dropout and weight decay are among them.
        seed: seed of weights and dropout.
        note: what a reader of the card should know besides its metrics.

    Raises:
        ValueError: a value out of its range.
    """

    name: str
    description: str
    dataset: str
    architecture: str
    epochs: int
    learning_rate: float
    architecture_arguments: dict = field(default_factory=dict)
    seed: int = 0
    note: str = ""

    task: ClassVar[str] = NODE_CLASSIFICATION
    batch_size: ClassVar[int] = 1  # an example is the whole graph

    def __post_init__(self):
        check_values(self, above_0=("epochs", "learning_rate"), from_0=("seed",), fractions=())
