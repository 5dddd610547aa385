"""The recipe of a classifier."""

from dataclasses import dataclass, field, replace
from typing import ClassVar

from zoo.data.catalog import SETS
from zoo.data.source_kinds import Shape, kind_of
from zoo.recipes.checks import check_kind, check_values
from zoo.registry import card_for
from zoo.tasks import CLASSIFICATION, CLASSIFIERS

OPTIMIZERS = ("adamw", "muon", "sgd")
LOSSES = ("crossentropy", "focal", "flsd53")
COEFFICIENT_TRAININGS = ("together", "after", "alternate")


@dataclass(frozen=True)
class Recipe:
    """Every hyperparameter of one training run.

    Args:
        name: name of the model that it makes.
        description: one sentence for `pinet list`.
        dataset: `"mnist"`, `"cifar10"`, `"digits"` or `"spoken_digit"`; or any other that `zoo.open_data` opens by
            its name: a folder, a `.csv`, an `.npz`, a data set of TFDS, `"hf:NAME"`.
        architecture: name of a function in `zoo.architectures`.
        architecture_arguments: its keyword arguments.
        epochs: passes over the training examples.
        batch_size: examples a step; the last, incomplete batch of an epoch is dropped.
        learning_rate: peak of the schedule: linear warm-up, then cosine decay to 0.
        optimizer: `"adamw"` (β₁ = 0.9, β₂ = 0.99), `"muon"` (kernels by Muon, everything else by AdamW at the same
            learning rate) or `"sgd"` (momentum 0.9, Nesterov).
        warmup_epochs: epochs of the warm-up.
        weight_decay: decoupled weight decay, on kernels only.
        clip_norm: bound on the norm of the whole gradient.
        ema_momentum: momentum of the average of the weights that is shipped; 0 ships the last weights.
        loss: `"crossentropy"`, `"focal"` (focal loss with the γ of `focal_gamma`) or `"flsd53"` (focal loss with γ = 5
            where the probability of the true class is below 0.2, and 3 elsewhere); with focal loss a network is less
            overconfident.
        focal_gamma: γ of the loss `"focal"`, above 0.
        label_smoothing: fraction of the target that is spread over all classes.
        flip: mirror half of the images left to right.
        shift: largest shift of an image in pixels, in each direction, edges repeated; of an audio clip in samples.
        rotate: largest rotation of an image in degrees, in either direction.
        zoom: largest relative change of an image's size, smaller or larger, drawn for each axis; of an audio clip's
            speed and pitch.
        cutout: width in pixels of a grey square at a random position of each image.
        jpeg: fraction of the images that are recompressed as JPEG, at a quality from 30 to 95 at random. A teacher sees
            them before.
        augmented_versions: number of shifted, rotated and scaled versions of each example that a teacher sees, once;
            the mean of its predictions belongs to the example however it is augmented. 0: the teacher sees each batch.
        mixed_versions: with `augmented_versions`, number of versions in which each image is mixed with another one, by
            CutMix (version 0, 2, ...) or mixup with α = 1 (1, 3, ...), that a teacher sees, once. Half of the images of
            each epoch are from one of these versions, the next epoch takes the next one.
        mixup: parameter α of the proportion in which each image is mixed with another, Beta(α, α).
        gain: largest change of an audio clip's loudness in decibels, louder or quieter.
        teacher: name of a trained classifier of the same data set, or folder of its run, whose predictions for the same
            augmented examples become part of the targets; of several, `"NAME + NAME"`, the mean of their predictions.
        teacher_weight: weight of the teacher's prediction in the target; that of the label is 1 − teacher_weight.
        initial: name of a trained classifier, or folder of its run, whose weights the training starts from; its network
            has the same weights, and may have other activation functions. Examples get its size and its scaling. For
            another data set or other classes than its own the head is new, and the statistics of batch normalisation
            are computed again.
        frozen_epochs: epochs at the beginning in which the head alone is trained, and the layers below it stay as the
            initial model has them, batch normalisation in inference mode.
        frozen_learning_rate: the learning rate of these epochs, which decays to 0 as a cosine; `learning_rate` and
            `warmup_epochs` are for those that follow.
        coefficient_training: when the coefficients of `PolynomialActivation` layers are learned: `"together"` with the
            weights; `"after"`: the weights first, the coefficients as they were initialised, then the coefficients
            alone, each on a schedule of its own; `"alternate"`: weights and coefficients in turn, beginning with the
            weights, on one schedule.
        coefficient_epochs: with `"after"`, the last epochs, in which the coefficients are learned; with `"alternate"`,
            the epochs of each turn.
        early_stopping: epochs without an improvement on the validation split after which the training ends; the weights
            of the best epoch are shipped. 0 trains all epochs and ships the last weights. Frozen epochs do not count.
        validation: examples at the end of the training split that are held out; 0 takes the validation split that
            `zoo.open_data` finds or makes.
        image_size: width and height to which images are resized; 0 keeps those that are found.
        samples: length to which audio clips are cut or padded, 8,000 a second; 0 keeps the one that is found.
        jit: compile the training step with XLA on TensorFlow; on JAX it always is, on PyTorch never. Measure: with an
            approximation of degree 16 in place of ReLU one CPU core trains nearly twice as fast, two cores may train
            an ordinary convolutional network slower.
        bfloat16: compute images in bfloat16 in training, but products, normalisation and logits in float32; weights are
            float32, and what is shipped computes in float32. One core with AVX512_BF16 trains 1.2 to 1.4 times as fast;
            processors without it take several times as long.
        seed: seed of weights, order and augmentation.
        note: what a reader of the card should know besides its metrics, such as a requirement that was not met.

    Raises:
        ValueError: a value out of its range, keys that exclude or need each other, a teacher for another data set, or
            no such model.
    """

    name: str
    description: str
    dataset: str
    architecture: str
    epochs: int
    batch_size: int
    learning_rate: float
    validation: int
    architecture_arguments: dict = field(default_factory=dict)
    optimizer: str = "adamw"
    warmup_epochs: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float = 1.0
    ema_momentum: float = 0.0
    loss: str = "crossentropy"
    focal_gamma: float = 0.0
    label_smoothing: float = 0.0
    flip: bool = False
    shift: int = 0
    rotate: float = 0.0
    zoom: float = 0.0
    cutout: int = 0
    jpeg: float = 0.0
    augmented_versions: int = 0
    mixed_versions: int = 0
    mixup: float = 0.0
    gain: float = 0.0
    teacher: str = ""
    initial: str = ""
    frozen_epochs: int = 0
    frozen_learning_rate: float = 0.0
    coefficient_training: str = "together"
    coefficient_epochs: int = 0
    early_stopping: int = 0
    teacher_weight: float = 0.0
    image_size: int = 0
    samples: int = 0
    jit: bool = False
    bfloat16: bool = False
    seed: int = 0
    note: str = ""

    task: ClassVar[str] = CLASSIFICATION

    def __post_init__(self):
        check_values(
            self,
            above_0=("epochs", "batch_size", "learning_rate", "clip_norm"),
            from_0=(
                "validation",
                "image_size",
                "samples",
                "warmup_epochs",
                "weight_decay",
                "shift",
                "rotate",
                "cutout",
                "jpeg",
                "augmented_versions",
                "mixed_versions",
                "mixup",
                "gain",
                "focal_gamma",
                "frozen_epochs",
                "frozen_learning_rate",
                "coefficient_epochs",
                "early_stopping",
                "seed",
            ),
            fractions=("ema_momentum", "label_smoothing", "zoom", "teacher_weight"),
        )
        if kind_of(self.dataset) == "known":
            check_kind(self, is_audio=len(SETS[self.dataset]["shape"]) == 1)
            if not self.validation and self.shape in (None, tuple(SETS[self.dataset]["shape"])):
                raise ValueError(f"Recipe key 'validation' must be above 0 for {self.dataset}. Received: validation=0")
        for key, allowed in (("optimizer", OPTIMIZERS), ("loss", LOSSES)):
            if (value := getattr(self, key)) not in allowed:
                raise ValueError(
                    f"Recipe key {key!r} must be one of {', '.join(map(repr, allowed))}. Received: {value!r}"
                )
        if (self.loss == "focal") != (self.focal_gamma > 0):
            raise ValueError(
                "Recipe keys 'focal_gamma' and 'loss = \"focal\"' need each other. "
                f"Received: loss={self.loss!r}, focal_gamma={self.focal_gamma!r}"
            )
        if self.jpeg > 1:
            raise ValueError(f"Recipe key 'jpeg' is a fraction, 0 to 1. Received: {self.jpeg!r}")
        if self.augmented_versions and not self.teacher:
            raise ValueError(
                "Recipe key 'augmented_versions' needs a 'teacher'. "
                f"Received: augmented_versions={self.augmented_versions!r}"
            )
        if self.mixed_versions and not self.augmented_versions:
            raise ValueError(
                "Recipe key 'mixed_versions' needs 'augmented_versions'. "
                f"Received: mixed_versions={self.mixed_versions!r}"
            )
        if self.mixup and self.augmented_versions:
            raise ValueError(
                "Recipe keys 'mixup' and 'augmented_versions' exclude each other. "
                f"Received: mixup={self.mixup!r}, augmented_versions={self.augmented_versions!r}"
            )
        if self.teacher or self.teacher_weight:
            self._check_teacher()
        if self.initial:
            self._check_initial()
        if self.frozen_epochs or self.frozen_learning_rate:
            self._check_frozen_epochs()
        if self.coefficient_training != "together" or self.coefficient_epochs:
            self._check_coefficient_training()
        self._check_no_average()

    @property
    def teachers(self) -> tuple[str, ...]:
        """The names in `teacher`."""
        return tuple(self.teacher.split(" + ")) if self.teacher else ()

    @property
    def untaught(self) -> "Recipe":
        """This recipe without a teacher."""
        return replace(self, augmented_versions=0, mixed_versions=0, teacher="", teacher_weight=0.0)

    @property
    def shape(self) -> Shape | None:
        """The shape of examples that the recipe asks for, as `zoo.open_data` takes it; `None` where it is found."""
        if self.initial:
            return tuple(card_for(self.initial, *CLASSIFIERS)["input_shape"])
        if self.samples:
            return (self.samples,)
        return (self.image_size, self.image_size, None) if self.image_size else None

    def _check_teacher(self):
        if not (self.teacher and self.teacher_weight):
            raise ValueError(
                "Recipe keys 'teacher' and 'teacher_weight' need each other. "
                f"Received: teacher={self.teacher!r}, teacher_weight={self.teacher_weight!r}"
            )
        for name in self.teachers:
            taught = card_for(name, *CLASSIFIERS)["dataset"]["name"]
            if taught != self.dataset:
                raise ValueError(
                    f"Recipe key 'teacher' must name a model for {self.dataset}. Received: {name!r}, for {taught}"
                )

    def _check_initial(self):
        shape = card_for(self.initial, *CLASSIFIERS)["input_shape"]
        for key in ("image_size", "samples"):
            value = getattr(self, key)
            if value and value != shape[0]:
                raise ValueError(
                    f"Examples get the size that the initial model takes, {shape}: leave out recipe key {key!r}. "
                    f"Received: {key}={value!r}"
                )

    def _check_frozen_epochs(self):
        given = f"frozen_epochs={self.frozen_epochs!r}, frozen_learning_rate={self.frozen_learning_rate!r}"
        if not (self.initial and self.frozen_epochs and self.frozen_learning_rate):
            raise ValueError(
                "Recipe keys 'frozen_epochs' and 'frozen_learning_rate' need each other and 'initial'. "
                f"Received: {given}, initial={self.initial!r}"
            )
        if self.frozen_epochs > self.epochs:
            raise ValueError(
                f"Recipe key 'frozen_epochs' is at most 'epochs', which counts them too. "
                f"Received: {given}, epochs={self.epochs!r}"
            )

    def _check_coefficient_training(self):
        given = (
            f"coefficient_training={self.coefficient_training!r}, coefficient_epochs={self.coefficient_epochs!r}, "
            f"epochs={self.epochs!r}"
        )
        if self.coefficient_training not in COEFFICIENT_TRAININGS:
            allowed = ", ".join(map(repr, COEFFICIENT_TRAININGS))
            raise ValueError(f"Recipe key 'coefficient_training' must be one of {allowed}. Received: {given}")
        if self.coefficient_training == "together" or not 0 < self.coefficient_epochs < self.epochs:
            raise ValueError(
                'Recipe key \'coefficient_epochs\' is for coefficient_training = "after" or "alternate", which need '
                f"it: at least 1, and fewer than 'epochs'. Received: {given}"
            )
        for key in ("frozen_epochs", "early_stopping"):
            if getattr(self, key):
                raise ValueError(
                    f"Recipe keys 'coefficient_epochs' and {key!r} exclude each other: the coefficients might not be "
                    f"learned. Received: {given}, {key}={getattr(self, key)!r}"
                )

    def _check_no_average(self):
        """An average over the weights of several phases would be of no network; of the best epoch there is none."""
        for key in ("frozen_epochs", "coefficient_epochs", "early_stopping"):
            if getattr(self, key) and self.ema_momentum:
                raise ValueError(
                    f"Recipe keys {key!r} and 'ema_momentum' exclude each other. "
                    f"Received: {key}={getattr(self, key)!r}, ema_momentum={self.ema_momentum!r}"
                )
