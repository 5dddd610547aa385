"""Reading and checking recipes. Imports nothing heavy."""

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import ClassVar

from zoo.data_sets import SETS
from zoo.paths import ARCHITECTURES, RECIPES
from zoo.registry import CLASSIFICATION, SOUND_CLASSIFICATION, card_for, suggestion

OPTIMIZERS = ("adamw", "muon", "sgd")


@dataclass(frozen=True)
class Recipe:
    """Every hyperparameter of one training run.

    Args:
        name: name of the model that it makes.
        description: one sentence for `pinet list`.
        dataset: `"mnist"`, `"cifar10"`, `"digits"` or `"spoken_digit"`.
        architecture: name of a function in `zoo.architectures`.
        architecture_arguments: its keyword arguments.
        epochs: passes over the training part.
        batch_size: examples a step; the last, incomplete batch of an epoch is dropped.
        learning_rate: peak of the schedule: linear warm-up, then a cosine down to 0.
        optimizer: `"adamw"` (β₁ = 0.9, β₂ = 0.99), `"muon"` (kernels by Muon, everything else by AdamW at the same
            rate) or `"sgd"` (momentum 0.9, Nesterov).
        warmup_epochs: epochs of the warm-up.
        weight_decay: decoupled weight decay, on kernels only.
        clip_norm: bound on the norm of the whole gradient.
        ema_momentum: momentum of the average of the weights that is shipped; 0 ships the last weights.
        label_smoothing: share of the target spread over all classes.
        flip: mirror half of the images left to right.
        shift: largest shift of an image in pixels, each way, edges repeated; of a sound in samples.
        rotate: largest turn of an image in degrees, each way.
        zoom: largest change of an image's size as a fraction, smaller and larger, each axis by its own; of a sound's
            speed, and pitch with it.
        cutout: side in pixels of a grey square laid on a random place of each image.
        jpeg: fraction of the images that are recompressed as JPEG, at a quality from 30 to 95 at random.
        augmented_versions: augmented versions of each example, one for each epoch in turn, and a teacher's answers to
            them computed once; 0 augments anew in every epoch.
        mixup: parameter α of the shares in which each image is mixed with another, Beta(α, α).
        gain: largest change of a sound's loudness in decibels, each way.
        teacher: name of a trained classifier of the same data set, or folder of its run, from whose answers to the same
            changed examples this one learns as well.
        teacher_share: share of the target that is the teacher's answer; the label is the rest.
        validation: examples at the end of the training split that are kept out of training.
        seed: seed of weights, order and augmentation.
        note: what a reader of the card should know besides its figures, such as a bar that was missed, and why.

    Raises:
        ValueError: a value out of its range, or a teacher that cannot teach this.
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
    label_smoothing: float = 0.0
    flip: bool = False
    shift: int = 0
    rotate: float = 0.0
    zoom: float = 0.0
    cutout: int = 0
    jpeg: float = 0.0
    augmented_versions: int = 0
    mixup: float = 0.0
    gain: float = 0.0
    teacher: str = ""
    teacher_share: float = 0.0
    seed: int = 0
    note: str = ""

    task: ClassVar[str] = CLASSIFICATION

    def __post_init__(self):
        check_values(
            self,
            above_0=("epochs", "batch_size", "learning_rate", "validation", "clip_norm"),
            from_0=(
                "warmup_epochs",
                "weight_decay",
                "shift",
                "rotate",
                "cutout",
                "jpeg",
                "augmented_versions",
                "mixup",
                "gain",
                "seed",
            ),
            shares=("ema_momentum", "label_smoothing", "zoom", "teacher_share"),
        )
        other_kind = ("flip", "rotate", "cutout", "jpeg", "mixup") if self.dataset == "spoken_digit" else ("gain",)
        for key in other_kind:
            if getattr(self, key):
                raise ValueError(
                    f"Recipe key {key!r} has no meaning for {self.dataset}. Received: {getattr(self, key)!r}"
                )
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(
                f"Recipe key 'optimizer' must be one of {', '.join(map(repr, OPTIMIZERS))}. "
                f"Received: {self.optimizer!r}"
            )
        if self.jpeg > 1:
            raise ValueError(f"Recipe key 'jpeg' is a fraction, 0 to 1. Received: {self.jpeg!r}")
        if self.mixup and self.augmented_versions:
            raise ValueError(
                "Recipe keys 'mixup' and 'augmented_versions' exclude each other. "
                f"Received: mixup={self.mixup!r}, augmented_versions={self.augmented_versions!r}"
            )
        if self.teacher or self.teacher_share:
            self._check_teacher()

    def _check_teacher(self):
        if not (self.teacher and self.teacher_share):
            raise ValueError(
                "Recipe keys 'teacher' and 'teacher_share' need each other. "
                f"Received: teacher={self.teacher!r}, teacher_share={self.teacher_share!r}"
            )
        taught = card_for(self.teacher, CLASSIFICATION, SOUND_CLASSIFICATION)["dataset"]["name"]
        if taught != self.dataset:
            raise ValueError(
                f"Recipe key 'teacher' must name a model for {self.dataset}. Received: {self.teacher!r}, for {taught}"
            )


def check_values(recipe, above_0, from_0, shares):
    """Refuse a recipe whose values are of another type than its fields say, or out of range.

    Args:
        recipe: a dataclass with a `name`.
        above_0: keys whose values must be above 0.
        from_0: keys whose values must be 0 or more.
        shares: keys whose values must be at least 0 and below 1.
    """
    for item in fields(recipe):
        value, allowed = getattr(recipe, item.name), (int, float) if item.type is float else item.type
        if not isinstance(value, allowed) or (isinstance(value, bool) and item.type is not bool):
            raise ValueError(f"Recipe key {item.name!r} must be of type {item.type.__name__}. Received: {value!r}")
    _check_names(recipe)
    for keys, holds, words in (
        (above_0, lambda value: value > 0, "above 0"),
        (from_0, lambda value: value >= 0, "0 or more"),
        (shares, lambda value: 0 <= value < 1, "at least 0 and below 1"),
        (("name",), str.isidentifier, "a plain name of letters, digits and _"),
    ):
        for key in keys:
            if not holds(getattr(recipe, key)):
                raise ValueError(f"Recipe key {key!r} must be {words}. Received: {key}={getattr(recipe, key)!r}")


def _check_names(recipe):
    """Now, and not when a backend has been imported and data have been read."""
    architectures = {path.stem for path in ARCHITECTURES.glob("[!_]*.py")}
    for key, known in (("dataset", SETS), ("architecture", architectures)):
        value = getattr(recipe, key)
        if value not in known:
            near = suggestion(value, sorted(known))
            raise ValueError(f"Recipe key {key!r} names nothing that is here{near} Received: {key}={value!r}")


def list_recipes() -> list[str]:
    """Names of the recipes that are shipped, sorted."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def read_recipe(name_or_path):
    """Read a recipe by the name of a shipped one or from a TOML file.

    Returns:
        A `Recipe`; a `GeneratorRecipe` where the file says `task = "image generation"`.

    Raises:
        ValueError: no such recipe, no TOML, an unknown or missing key, a value out of its range.
    """
    from zoo.recipes.generator_recipe import GeneratorRecipe  # which itself needs what this module defines

    path, values = read_named_toml(name_or_path, RECIPES, "recipe")
    kinds = {kind.task: kind for kind in (Recipe, GeneratorRecipe)}
    task = values.pop("task", CLASSIFICATION)
    if task not in kinds:
        raise ValueError(f"Recipe key 'task' must be one of {', '.join(map(repr, kinds))}. Received: {task!r}")
    kind = kinds[task]
    known_keys = [item.name for item in fields(kind)]
    for key in values:
        if key not in known_keys:
            raise ValueError(f"Unknown key in {path.name}{suggestion(key, known_keys)} Received: {key!r}")
    try:
        return kind(**values)
    except TypeError as error:  # a key without a default is missing
        raise ValueError(f"{path.name} is incomplete: {str(error).split('__() ')[-1]}") from error


def read_named_toml(name_or_path, folder, kind) -> tuple[Path, dict]:
    """Read a TOML file by the name of a shipped one or by its path.

    Args:
        name_or_path: a path that ends in `.toml`, or a name.
        folder: where the shipped ones are.
        kind: what such a file is called in messages.

    Returns:
        The path and the values.

    Raises:
        ValueError: no such file, or no TOML.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = folder / f"{name_or_path}.toml"
        if not path.is_file():
            known = suggestion(str(name_or_path), sorted(other.stem for other in folder.glob("*.toml")))
            raise ValueError(f"No {kind} has that name{known} Received: {str(name_or_path)!r}")
    try:
        return path, tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"There is no {kind} file of that name. Received: {str(path)!r}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is no valid TOML: {error}") from error
