"""What `pinet train --dry-run` prints."""

from zoo.cli.console import new_console, new_table, waiting
from zoo.publishing.formatting import human_bytes, human_count, human_seconds, human_tier

MEMORY = {
    "weights": "weights",
    "gradients": "gradients",
    "optimizer": "optimizer",
    "activations": "activations of a batch (estimated: the outputs of all layers, as float32)",
    "training_examples": "training examples",
    "process": "all that this process has taken at most (measured, with libraries and ten steps)",
}


def print_dry_run(recipe, data, data_dir) -> None:
    """Measure a recipe without training it, and print the result."""
    with waiting(f"ten steps of {recipe.name}"):
        from zoo.training.dry_run import dry_run

        found = dry_run(recipe, data=data, data_dir=data_dir)
    console = new_console()
    layers = new_table("layer", "output", "parameters", right=(2,))
    for name, shape, parameters in found["layers"]:
        layers.add_row(name, _shape(shape), f"{parameters:,}" if parameters else "–")
    console.print(layers)
    facts = new_table("", "", title=f"{recipe.name}, dry run: nothing is trained and nothing is written")
    facts.show_header = False
    for label, value in _facts(recipe, found):
        facts.add_row(f"[bold]{label}", value)
    console.print(facts)


def _shape(sizes):
    return "×".join(map(str, sizes))


def _facts(recipe, found):
    data, structure, times = found["data"], found["structure"], found["time_seconds"]
    yield (
        "data",
        f"{recipe.dataset}: {data['training']:,} training, {data['validation']:,} validation and {data['test']:,} test "
        f"examples of {_shape(data['shape'])}, {data['classes']} classes",
    )
    degree = f", degree {structure['degree']}" if structure["degree"] else ""
    depth = f", multiplicative depth {structure['multiplicative_depth']}" if structure["degree"] else ""
    yield "tier", f"{human_tier(structure)}{degree}{depth}"
    yield "size", f"{structure['parameters']:,} parameters, {human_count(structure['macs'])} MACs an example"
    for key, words in MEMORY.items():
        yield ("memory" if key == "weights" else ""), f"{human_bytes(found['memory_bytes'][key])}  {words}"
    teacher = ", without its teacher's answers" if recipe.teacher else ""
    yield (
        "time",
        f"{human_seconds(times['epoch'])} an epoch (measured on ten steps of {recipe.batch_size}, "
        f"{1000 * times['step']:.3g} ms each{teacher}), {human_seconds(times['training'])} for {recipe.epochs} epochs",
    )
