"""What a training would take, without training: shapes, size, memory, and the time of an epoch."""

import math
import resource
import sys
import time

import keras

from pinet_keras.analysis.graph import calls_of, graph_of, is_keras_layer, is_keras_op, trace
from pinet_keras.analysis.operation_kinds import MOVES as MOVING_OPS
from zoo.data.batches import Batches
from zoo.publishing.publish import structure
from zoo.recipes import Recipe
from zoo.training.fitting import prepare, split, untrained
from zoo.training.fused_norms import fused_norms
from zoo.training.matrix_convolutions import matrix_convolutions
from zoo.training.recipe_data import recipe_data

MOVES = MOVING_OPS | {"Cast"}  # which stands in our layers where mixed precision would need it
STEPS = 10
AT_A_TIME = 500  # validation examples, as in a training


def dry_run(recipe: Recipe, *, data=None, data_dir=None) -> dict:
    """Build a recipe's network, and train it for some steps to measure their time. Writes nothing.

    Args:
        recipe: the `Recipe`.
        data: as for `zoo.training.classifiers.train`.
        data_dir: likewise.

    Returns:
        A dict: `data` (shape, number of classes and of training, validation and test examples), `layers` (name, output
        shape without the batch, parameters), `structure` (tier, degree, multiplicative depth, parameters, MACs),
        `memory_bytes` and `time_seconds`.

        `memory_bytes` has `weights`; `gradients`; `optimizer`, all that it keeps, averages of the weights included;
        `activations` of a batch, an estimate: the outputs of all layers, and of the operations inside of ours, in
        float32; `training_examples`; and `process`, the most that this process has taken, measured.

        `time_seconds` has `step`, the mean of ten steps after the first; `epoch`, all steps of an epoch and its
        validation; `training`, all epochs. What a teacher's answers take is not in them.

    Raises:
        ValueError: there is less than a batch to train on; the network cannot be built.
        FileNotFoundError: the data set is not there.
    """
    recipe, data_set = recipe_data(recipe, data, data_dir)
    model = prepare(recipe, data_set, recipe.frozen_epochs)  # the whole network is trained
    images, targets, held_images, held_targets = split(recipe, data_set)
    found = {
        "data": {
            "shape": list(images.shape[1:]),
            "classes": targets.shape[1],
            "training": len(images),
            "validation": len(held_images),
            "test": len(data_set.x_test),
        },
        "layers": [(layer.name, _shape_of(layer), layer.count_params()) for layer in model.layers],
        "structure": structure(untrained(recipe, data_set)),
    }
    batches = Batches(images, targets, recipe.untaught)
    with fused_norms(model), matrix_convolutions(model):
        step = _seconds_a_step(model, batches)
    epoch = step * len(batches) + _validation_seconds(model, held_images, held_targets)
    found["memory_bytes"] = {
        "weights": _bytes(model.weights),
        "gradients": _bytes(model.trainable_weights),
        "optimizer": _bytes(model.optimizer.variables),
        "activations": 4 * recipe.batch_size * _values(graph_of(model)),
        "training_examples": images.nbytes,
        "process": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    }
    found["time_seconds"] = {"step": step, "epoch": epoch, "training": epoch * recipe.epochs}
    return found


class _StepTimes(keras.callbacks.Callback):
    """When each step ended, over as many epochs as it takes."""

    def __init__(self, batches):
        super().__init__()
        self.batches, self.times = batches, []

    def on_epoch_begin(self, epoch, logs=None):
        self.batches.start_epoch(epoch)

    def on_train_batch_end(self, batch, logs=None):
        self.times.append(time.perf_counter())


def _seconds_a_step(model, batches):
    times = _StepTimes(batches)
    steps = min(len(batches), STEPS + 1)  # the first one compiles
    epochs = math.ceil((STEPS + 1) / steps)
    model.fit(batches, steps_per_epoch=steps, epochs=epochs, shuffle=False, verbose=0, callbacks=[times])
    return (times.times[-1] - times.times[0]) / (len(times.times) - 1)


def _validation_seconds(model, images, targets):
    part = slice(0, AT_A_TIME)
    model.evaluate(images[part], targets[part], batch_size=AT_A_TIME, verbose=0)  # compiles
    started = time.perf_counter()
    model.evaluate(images[part], targets[part], batch_size=AT_A_TIME, verbose=0)
    return (time.perf_counter() - started) * len(images) / len(images[part])


def _values(graph):
    """How many values the operations of a graph compute for one example; moving values computes none."""
    total = 0
    for call in calls_of(graph):
        if type(call.operation).__name__ in MOVES:
            continue
        inner = _inner_graph(call)
        total += _values(inner) if inner else sum(math.prod(output.shape[1:]) for output in call.outputs)
    return total


def _inner_graph(call):
    operation = call.operation
    if isinstance(operation, keras.Model):
        return graph_of(operation)
    if is_keras_op(operation) or is_keras_layer(operation):
        return None
    try:
        return trace(operation, [tensor.shape for tensor in call.tensors])
    except ValueError:  # it cannot be opened: its output is all that is known
        return None


def _shape_of(layer):
    shape = layer.output.shape if isinstance(layer.output, keras.KerasTensor) else layer.output[0].shape
    return list(shape[1:])


def _bytes(variables):
    return sum(keras.ops.convert_to_numpy(each).nbytes for each in variables)
