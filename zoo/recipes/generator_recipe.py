"""The recipe of a generator."""

from dataclasses import dataclass, field
from typing import ClassVar

from zoo.data.catalog import SETS
from zoo.recipes.checks import check_known, check_values
from zoo.tasks import GENERATION


@dataclass(frozen=True)
class GeneratorRecipe:
    """Every hyperparameter of one training of a generator against a discriminator.

    Args:
        name: name of the model that it makes.
        description: one sentence for `pinet list`.
        dataset: `"mnist"`, `"cifar10"` or `"digits"`.
        architecture: name of a generator's function in `zoo.architectures`.
        classifier: the evaluation classifier, one of the zoo: the metrics use its features and its predicted classes.
            It has no part in the training.
        epochs: passes over the training images.
        batch_size: images a step; the last, incomplete batch of an epoch is dropped.
        learning_rate: of Adam (β₁ = 0, β₂ = 0.99) for both networks; cosine decay to 0.
        validation: examples at the end of the training split that are held out.
        architecture_arguments: the function's keyword arguments.
        discriminator_arguments: keyword arguments of `zoo.architectures.discriminator.discriminator`.
        latent_size: length of the noise.
        label_size: length of a label's vector; 0 makes an unconditional generator.
        ema_momentum: momentum of the average of the generator's weights that is shipped; 0 ships the last weights.
        flip: mirror half of the images left to right.
        jit: compile the training step with XLA on TensorFlow; on JAX it always is, on PyTorch never. Measure:
            compilation takes time, and not every network gets faster.
        baselines: shipped generators whose metrics the card lists for comparison.
        seed: seed of weights, noise and order.
        note: what a reader of the card should know besides its metrics.

    Raises:
        ValueError: a value out of its range.
    """

    name: str
    description: str
    dataset: str
    architecture: str
    classifier: str
    epochs: int
    batch_size: int
    learning_rate: float
    validation: int
    architecture_arguments: dict = field(default_factory=dict)
    discriminator_arguments: dict = field(default_factory=dict)
    latent_size: int = 64
    label_size: int = 16
    ema_momentum: float = 0.0
    flip: bool = False
    jit: bool = False
    baselines: list = field(default_factory=list)
    seed: int = 0
    note: str = ""

    task: ClassVar[str] = GENERATION

    def __post_init__(self):
        check_values(
            self,
            above_0=("epochs", "batch_size", "learning_rate", "validation", "latent_size"),
            from_0=("label_size", "seed"),
            fractions=("ema_momentum",),
        )
        check_known("dataset", self.dataset, SETS)
