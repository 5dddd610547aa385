"""Training of an embedding by ArcFace."""

import keras
import numpy as np

from zoo.architectures import build
from zoo.architectures.parts.cosine_dense import CosineDense
from zoo.data.batches import Batches
from zoo.data.pixel_statistics import pixel_statistics
from zoo.losses import AdditiveAngularMargin
from zoo.recipes import Recipe
from zoo.training.backend import set_up_backend
from zoo.training.optimizer import recipe_optimizer
from zoo.verification.identities import Identities


def train_embedding(
    recipe: Recipe, people: Identities, margin: float = 0.5, scale: float = 30.0, callbacks: tuple = ()
) -> keras.Model:
    """Train any architecture of the zoo as an embedding, by ArcFace.

    The features of the architecture are trained with a `CosineDense` head and the loss `AdditiveAngularMargin`. At the
    end an affine head takes its place, whose columns are the directions of the people times `scale`: the model is then
    a classifier of these people like any other of the zoo, a polynomial if its architecture gives one. `zoo.save` saves
    it, and `embeddings` takes the folder.

    Args:
        recipe: of the network, optimizer, epochs, batches and augmentation. Its data set is not read, and keys that
            are about other losses, teachers and initial models have no effect: they must have their defaults.
        people: the images; a batch must not be larger than all of them.
        margin: as for `AdditiveAngularMargin`.
        scale: likewise.
        callbacks: of Keras.

    Returns:
        An uncompiled model: pixels in, logits `[batch, people]` out, whose last layer is `logits`.

    Raises:
        ValueError: a recipe with keys that have no effect, fewer images than a batch, one person only, or a loss that
            becomes NaN.

    Reference:
        Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, arXiv 1801.07698.

    Example:
        >>> from zoo.recipes import Recipe
        >>> from zoo.verification import Identities, embeddings, train_embedding
        >>> images = np.random.default_rng(0).integers(0, 256, (16, 8, 8, 1), dtype="uint8")
        >>> people = Identities(images, np.repeat([0, 1], 8), ("Ada", "Emmy"))
        >>> recipe = Recipe(
        ...     name="faces", description="two people", dataset="people", architecture="pinet",
        ...     architecture_arguments={"width": 4, "stages": 1}, epochs=1, batch_size=8, learning_rate=0.01,
        ...     validation=0,
        ... )
        >>> model = train_embedding(recipe, people)
        >>> model.output_shape, embeddings(keras.Model(model.input, model.layers[-2].output), images).shape
        ((None, 2), (16, 4))
    """
    _check(recipe, people)
    set_up_backend(recipe.seed)
    classes = len(people.names)
    whole = _build(recipe, people, mirrored=False)  # an image is mirrored at random in training, for half the cost
    head = CosineDense(classes, name="cosines")
    trained = keras.Model(whole.input, head(whole.layers[-2].output))  # shares all layers but the head
    batches = Batches(people.images, np.eye(classes, dtype="float32")[people.labels], recipe)
    trained.compile(
        recipe_optimizer(recipe, len(batches), trained),
        AdditiveAngularMargin(margin, scale),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        jit_compile=keras.backend.backend() == "jax",
    )
    order = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: batches.start_epoch(epoch))
    history = trained.fit(batches, epochs=recipe.epochs, shuffle=False, verbose=0, callbacks=[order, *callbacks])
    loss = history.history["loss"][-1]
    if not np.isfinite(loss):
        raise ValueError(
            f"The loss is {loss}: the training diverged; take a lower learning_rate or clip_norm. "
            f"Received: learning_rate={recipe.learning_rate!r}"
        )
    directions = keras.ops.convert_to_numpy(head.directions())
    whole.get_layer("logits").set_weights([scale * directions, np.zeros(classes, "float32")])
    found = _build(recipe, people)
    found.set_weights(whole.get_weights())
    return found


def _build(recipe, people, **changes):
    arguments, scaling = {**recipe.architecture_arguments, **changes}, pixel_statistics(people.images)
    return build(recipe.architecture, arguments, people.images.shape[1:], *scaling, len(people.names), name=recipe.name)


def _check(recipe: Recipe, people: Identities) -> None:
    defaults = {
        "loss": "crossentropy",
        "focal_gamma": 0.0,
        "label_smoothing": 0.0,
        "mixup": 0.0,
        "augmented_versions": 0,
        "mixed_versions": 0,
        "teacher": "",
        "initial": "",
        "early_stopping": 0,
        "ema_momentum": 0.0,
        "validation": 0,
    }
    given = [f"{key}={getattr(recipe, key)!r}" for key, value in defaults.items() if getattr(recipe, key) != value]
    if given:
        raise ValueError(f"Recipe keys without effect on an embedding must be left out. Received: {', '.join(given)}")
    if len(people.names) < 2 or len(people.images) < recipe.batch_size:
        raise ValueError(
            "An embedding is trained on images of two people or more, and on a batch of images at least. "
            f"Received: {len(people.names)} people, {len(people.images)} images, batch_size={recipe.batch_size}"
        )
