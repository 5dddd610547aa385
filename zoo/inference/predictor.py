"""The fastest way to predict with a trained network. Imports no backend where the network is compiled already."""

import hashlib
import warnings
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.arguments import check_count
from zoo.card_types import Card
from zoo.evaluation.probabilities import likeliest, softmax_or_nan
from zoo.extras import require
from zoo.inference.cache import cache_file, compiled_once, read_network
from zoo.inference.engines import COMPILED, NotCompiled, WrongBackend
from zoo.pretrained import checked_weights
from zoo.registry import card as read_card
from zoo.registry import card_path
from zoo.tasks import CLASSIFIERS, TASKS, task_function

if TYPE_CHECKING:
    import keras

ENGINES = ("auto", *COMPILED, "keras")
FORM = "2"  # of compiled networks: another one where `zoo.inference.compiling` or `fold` writes other networks


class Predictor:
    """A trained network that does nothing but predict. `zoo.predictor` makes it; calls from several threads are safe.

    Args:
        network: function of the network's input arrays.
        card: its card; of it name, task, input shape or latent size, class names and temperature are used.

    Attributes:
        card: likewise.
        engine: `"litert"`, `"onnx"` or `"keras"`, what it runs on.
    """

    def __init__(self, network, card: Card):
        self._network, self.card = network, card
        self.engine: str = network.engine
        self._told = ""

    def predict(self, inputs: Any, batch_size: int = 32) -> np.ndarray:
        """Logits of images or audio clips, or pixels of noise.

        Args:
            inputs: what the model of `zoo.load` takes: `[batch, height, width, channels]` pixels 0..255; for an audio
                model `[batch, samples]` of 16 bits; for a generator `[latent, label]`, or the latent alone.
            batch_size: at most so many are computed at once. More need more memory, and are slower for convolutional
                networks on LiteRT; small dense networks are faster with more.

        Returns:
            float32 `[batch, classes]`, or of a generator `[batch, height, width, channels]`.

        Raises:
            ValueError: inputs of another shape, an empty batch, NaN, values out of range, or `batch_size` below 1.
        """
        check_count("batch_size", batch_size)
        arrays, doubt = task_function(self.card["task"], "arrays")(inputs, self.card)
        if doubt and doubt != self._told:
            self._told = doubt
            warnings.warn(doubt, stacklevel=2)
        starts = range(0, len(arrays[0]), batch_size)
        outputs = [self._network([array[start : start + batch_size] for array in arrays]) for start in starts]
        return outputs[0] if len(outputs) == 1 else np.concatenate(outputs)

    def probabilities(self, inputs: Any) -> np.ndarray:
        """Calibrated class probabilities `[batch, classes]`; NaN in a row whose logits are beyond float32.

        Args:
            inputs: as for `predict`, of a classifier.

        Raises:
            ValueError: as of `predict`, or a generator.
        """
        if self.card["task"] not in CLASSIFIERS:
            raise ValueError(f"A generator has no classes to choose from. Received: {self.card['name']}")
        return softmax_or_nan(self.predict(inputs), self.card["calibration"]["temperature"])

    def classify(self, inputs: Any) -> tuple[list[str | None], np.ndarray]:
        """The likeliest class of each image or audio clip.

        Args:
            inputs: as for `predict`, of a classifier.

        Returns:
            Names of the classes, `None` where a logit is beyond float32; and the calibrated probabilities of all
            classes, `[batch, classes]`, in the order of `card["class_names"]`.

        Raises:
            ValueError: as of `probabilities`.
        """
        rows = self.probabilities(inputs)
        best = [likeliest(row, self.card["class_names"], 1) for row in rows]
        return [pairs[0][0] if pairs else None for pairs in best], rows

    @property
    def latent_size(self) -> int:
        """Length of a generator's noise."""
        return self.card["latent_size"]

    @property
    def num_classes(self) -> int | None:
        """Number of a generator's labels; `None` for an unconditional one."""
        return len(self.card["class_names"]) or None


def predictor(name_or_model: "str | Path | keras.Model", engine: str = "auto", threads: int | None = None) -> Predictor:
    """Make a trained network ready to predict, as fast as this machine can: checked inputs in, logits out.

    The network is folded and compiled for LiteRT or ONNX Runtime. The first use of a model compiles it, which takes
    seconds and needs `pip install '.[litert]'` or `'.[onnx]'`; the compiled network is kept in the folder that
    `PINET_CACHE` names, otherwise in `~/.cache/pinet-keras`, under the checksum of card and weights. From then on
    neither Keras nor TensorFlow is imported.

    Args:
        name_or_model: as for `zoo.load`; or a `keras.Model` that takes pixels and gives logits, or a `GeneratorModel`,
            which is compiled again at each call.
        engine: `"litert"` is LiteRT, `"onnx"` ONNX Runtime, `"keras"` the folded network on Keras' backend. `"auto"`
            takes the first of them that is installed and for which the network is compiled or can be compiled here:
            they are in the order of their speed.
        threads: of LiteRT and ONNX Runtime: how many a call may use; `None` is one for each core. 1 leaves the other
            cores to other requests, in a server that answers several at once.

    Returns:
        A `Predictor`.

    Raises:
        ValueError: unknown name, engine or number of threads; a damaged weights file, or what else `zoo.load` refuses.
        ImportError: what `engine` needs is not installed; the message names the extra.

    Example:
        >>> from zoo.paths import SAMPLES  # a folder of images
        >>> images = zoo.preprocess("pinet_digits", [SAMPLES / "digits_5_0.png", SAMPLES / "digits_7_0.png"])
        >>> predictor = zoo.predictor("pinet_digits")
        >>> labels, probabilities = predictor.classify(images)
        >>> labels
        ['5', '7']
    """
    if engine not in ENGINES:
        raise ValueError(f"`engine` must be one of {', '.join(ENGINES)}. Received: engine={engine!r}")
    check_count("threads", threads, or_none=True)
    if isinstance(name_or_model, str | Path):
        name, card = name_or_model, read_card(name_or_model)
        if not TASKS[card["task"]].arrays:
            raise ValueError(
                f"A model for {card['task']} runs on its own graph: `zoo.load` gives it. Received: {name!r}"
            )
        checked_weights(name, card)
        checksum = hashlib.sha256(FORM.encode() + card_path(name).read_bytes()).hexdigest()
        cache = partial(cache_file, card["name"], checksum)
        return Predictor(_network(lambda: import_module("zoo.loading").load(name), cache, engine, threads), card)
    from zoo.inference.own_models import card_of

    card = card_of(name_or_model)
    return Predictor(_network(lambda: name_or_model, lambda suffix: None, engine, threads), card)


def _network(load, cache: Callable[[str], Path | None], engine, threads):
    """What runs the network.

    Args:
        load: function that gives the `keras.Model`, which is not asked for where the network is compiled already.
        cache: function of an engine's suffix that gives the file of the compiled network, `None` where it is kept in
            no cache.
        engine: one of `ENGINES`.
        threads: of the engine.
    """
    refused = None
    for name in COMPILED if engine == "auto" else [engine] if engine in COMPILED else []:
        try:
            require(COMPILED[name].package)
            return COMPILED[name].network(_contents(load, cache(COMPILED[name].suffix), name), threads)
        except (ImportError, NotCompiled, WrongBackend) as error:
            if engine != "auto":
                raise
            refused = error if isinstance(error, NotCompiled) else refused
    if refused:
        warnings.warn(f"{refused}; it runs on Keras", stacklevel=3)
    from zoo.inference.keras_network import KerasNetwork

    return KerasNetwork(load())


def _contents(load, file, engine):
    """The contents of the compiled network."""
    if file and (contents := read_network(file)) is not None:
        return contents
    require(*COMPILED[engine].converters)
    import keras

    if keras.backend.backend() != "tensorflow":
        raise WrongBackend(
            "A network is compiled from TensorFlow's graph; start Python with KERAS_BACKEND=tensorflow once. "
            f"Received: engine={engine!r}, KERAS_BACKEND={keras.backend.backend()}"
        )
    from zoo.inference.compiling import compiled

    return compiled_once(file, lambda: compiled(load(), engine))
