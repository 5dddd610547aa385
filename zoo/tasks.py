"""What differs between tasks: one table, a row a task. Imports no backend.

A new task is a row here, its name in zoo/card.schema.json, and the functions that the row names. They are named as
"module:function" and imported when they are first used: so the table can stand below all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Task:
    """A row of `TASKS`. What is named as "module:function" is a column for `task_function`.

    Args:
        card: the definition in zoo/card.schema.json that its cards fit, `"classifier"` or `"generator"`.
        example: what an example of its data is called.
        input: what a model takes, with `{shape}` for its input shape.
        certified: what the certificate is about, where that is not the whole model.
        command: the command of `pinet` that runs a model.
        options: those options of `pinet` that not every task has.
        formats: what a model can be exported to.
        ensure: function of a card, of `--data` and `--data-dir`; refuses or downloads missing data, without a backend.
        data: function of the same; gives the data set.
        recipe: class of the recipes whose `task` it is; empty where another task's recipes train it.
        train: function of a recipe, of the options and of `pinet train`'s other arguments; trains and gives the card.
        arrays: function of what a user gives to a `Predictor` and of the card; gives the network's inputs, checked, and
            a warning in words; empty where `zoo.predictor` takes none of its models.
        load: function of a name, its card and the other arguments of `zoo.load`; gives the model.
        measure: function of a name, its card, the data set, an engine and a progress report; gives the metrics of the
            test split.
        result: function of a card; gives the result of a training in words.
        facts: function of a card; gives the rows of `pinet info`.
        pipeline_tag: what the Hugging Face Hub calls the task.
        table: function of what was measured and the card; gives the table of `pinet evaluate`.
        signatures: function of a model, its card and whether to add that of TensorFlow Serving's MNIST example; gives
            the functions of the export by signature name; empty where there is no export.
        warmup: function of a file, the name on the server, the signatures, the model and its card; writes the warm-up
            requests of the export; likewise.
    """

    card: str
    example: str
    input: str
    command: str
    formats: tuple[str, ...]
    ensure: str
    data: str
    recipe: str
    train: str
    arrays: str
    load: str
    measure: str
    result: str
    facts: str
    table: str
    pipeline_tag: str
    signatures: str
    warmup: str
    options: tuple[str, ...] = ()
    certified: str = ""


CLASSIFICATION, AUDIO_CLASSIFICATION, GENERATION = "image classification", "audio classification", "image generation"
NODE_CLASSIFICATION = "node classification"
_IMAGES = Task(
    card="classifier",
    example="image",
    input="{shape}, pixels 0..255",
    command="predict",
    formats=("saved_model", "litert", "onnx"),
    options=("--devices", "--seeds", "--dry-run", "--reliability"),
    ensure="zoo.cli.data_sets:ensure_card_data",
    data="zoo.data.opening:open_for",
    recipe="zoo.recipes.recipe:Recipe",
    train="zoo.training.classifiers:train_seeds",
    arrays="zoo.inference.inputs:image_arrays",
    load="zoo.loading:load_classifier",
    measure="zoo.evaluation.classifiers:measure",
    result="zoo.publishing.formatting:human_accuracy",
    facts="zoo.cli.models:classifier_facts",
    table="zoo.cli.evaluate:classifier_table",
    pipeline_tag="image-classification",
    signatures="zoo.serving.signatures:served_signatures",
    warmup="zoo.serving.warmup:write_warmup",
)
TASKS = {
    CLASSIFICATION: _IMAGES,
    AUDIO_CLASSIFICATION: replace(
        _IMAGES,
        example="audio",
        arrays="zoo.inference.inputs:audio_arrays",
        input="{shape} samples of 16 bits, 8,000 a second",
        certified=", from the spectrogram on",
        formats=(),
        pipeline_tag="audio-classification",
        recipe="",
    ),
    NODE_CLASSIFICATION: replace(
        _IMAGES,
        example="node",
        input="{shape}, the features of all nodes",
        command="evaluate",
        formats=(),
        options=("--seeds",),
        ensure="zoo.data.planetoid:open_for",
        data="zoo.data.planetoid:open_for",
        recipe="zoo.recipes.node_recipe:NodeRecipe",
        train="zoo.training.nodes:train_seeds",
        arrays="",
        load="zoo.loading:load_node_classifier",
        measure="zoo.evaluation.nodes:measure",
        pipeline_tag="graph-ml",
        signatures="",
        warmup="",
    ),
    GENERATION: Task(
        card="generator",
        example="image",
        input="{shape} numbers in -1..1",
        command="generate",
        formats=("saved_model",),
        ensure="zoo.cli.data_sets:ensure_card_data",
        data="zoo.data.opening:open_for",
        options=("--sheet",),
        recipe="zoo.recipes.generator_recipe:GeneratorRecipe",
        train="zoo.generation.training:train",
        arrays="zoo.inference.inputs:noise_arrays",
        load="zoo.loading:load_generator",
        measure="zoo.generation.evaluation:measure",
        result="zoo.publishing.formatting:human_quality",
        facts="zoo.cli.models:generator_facts",
        table="zoo.cli.evaluate:generator_table",
        pipeline_tag="unconditional-image-generation",
        signatures="zoo.serving.generator_signatures:generator_signatures",
        warmup="zoo.serving.warmup:write_generator_warmup",
    ),
}
# Those that classify what a user gives them; a model for nodes knows its own graph alone.
CLASSIFIERS = tuple(name for name, task in TASKS.items() if task.card == "classifier" and task.arrays)


def task_function(task: str, column: str) -> Callable[..., Any]:
    """What a column of the table names, imported.

    Args:
        task: one of `TASKS`.
        column: such as `"train"`.
    """
    module, _, name = getattr(TASKS[task], column).partition(":")
    return getattr(import_module(module), name)
