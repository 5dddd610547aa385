"""The recipe of a generator."""

from dataclasses import dataclass, field
from typing import ClassVar

from zoo.data.catalog import SETS
from zoo.recipes.checks import check_known, check_values
from zoo.tasks import GENERATION

LOSSES = ("hinge", "relativistic")  # zoo.generation.gan.GAN


@dataclass(frozen=True)
class GeneratorRecipe:
    """Every hyperparameter of one training of a generator against a discriminator.

    Args:
        name: name of the model that it makes.
        description: one sentence for `pinet list`.
        dataset: `"mnist"`, `"cifar10"` or `"digits"`.
        architecture: name of a generator's function in `zoo.architectures`.
        classifier: the evaluation classifier, one of the zoo: the metrics on the card use its features and its
            predicted classes. It has no part in the training.
        epochs: passes over the training images.
        batch_size: images a step; the last, incomplete batch of an epoch is dropped.
        learning_rate: of Adam (β₁ = 0, β₂ = 0.99) for both networks; cosine decay to 0.
        validation: examples at the end of the training split that are held out.
        architecture_arguments: the function's keyword arguments.
        discriminator_arguments: keyword arguments of `zoo.architectures.discriminator.discriminator`, or of
            `projected_discriminator` where there are `feature_maps`.
        feature_maps: a classifier of the zoo; the discriminator sees its feature maps besides the pixels. Its weights
            stay as they are. Empty: the discriminator sees the pixels alone.
        loss: `"hinge"` or `"relativistic"`, see `zoo.generation.gan.GAN`.
        augment: whether the discriminator sees augmented images, real and generated: colours, shifts, covered squares.
        range_penalty: weight of the mean square of generated values beyond −1..1 in the generator's loss.
        validation_classifier: of the metrics on the validation split after every epoch, by which a run is chosen.
            Empty: `classifier`.
        second_classifier: a second evaluation classifier, of another kind: a generator may fool one. Empty: none.
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
    feature_maps: str = ""
    loss: str = "hinge"
    augment: bool = False
    range_penalty: float = 0.0
    validation_classifier: str = ""
    second_classifier: str = ""
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
            from_0=("label_size", "seed", "range_penalty"),
            fractions=("ema_momentum",),
        )
        check_known("dataset", self.dataset, SETS)
        check_known("loss", self.loss, LOSSES)
        self._check_evaluation()

    def classifiers(self) -> list[str]:
        """The names of all classifiers that have a part in training or measuring."""
        names = (self.classifier, self.second_classifier, self.feature_maps, self.validation_classifier)
        return [name for name in names if name]

    def _check_evaluation(self):
        parts = {key: getattr(self, key) for key in ("feature_maps", "validation_classifier")}
        for key in ("classifier", "second_classifier"):
            name = getattr(self, key)
            if name and name in parts.values():
                raise ValueError(
                    f"Recipe key {key!r} must be a classifier without a part in training the run or choosing it. "
                    f"Received: {key}={name!r}, {parts}"
                )
