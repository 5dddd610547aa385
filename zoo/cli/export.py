"""`pinet export`. Imports no backend until it is needed."""

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from zoo import registry
from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, new_table, quiet_start, waiting
from zoo.cli.labels import format_labels, print_line
from zoo.files import check_folder
from zoo.publishing.formatting import human_bytes
from zoo.tasks import TASKS


class Format(StrEnum):
    saved_model = "saved_model"
    litert = "litert"
    onnx = "onnx"


@app.command()
def export(
    targets: Annotated[
        list[str],
        typer.Argument(metavar="[NAME] DIR", help="A model, as for `predict`, and the folder of the models."),
    ],
    all_models: Annotated[bool, typer.Option("--all", help="Every model of the zoo that has this format.")] = False,
    version: Annotated[int | None, typer.Option(min=1, help="Number of the version [the next free one].")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    served_name: Annotated[str | None, typer.Option("--name", help="Name on the server [the model's name].")] = None,
    stage: Annotated[bool, typer.Option("--stage", help="Write the version; servers load it at `pinet load`.")] = False,
    urls: Annotated[
        list[str] | None,
        typer.Option(
            "--url",
            metavar="URL",
            help="REST address of a server that reads DIR: wait until it has loaded the version, and label it canary "
            "where there is a stable one. Repeat for each server.",
        ),
    ] = None,
    mnist_example_signature: Annotated[
        bool,
        typer.Option("--mnist-example-signature", help="Add predict_images, for TensorFlow Serving's MNIST client."),
    ] = False,
    format: Annotated[Format, typer.Option(help="What to write.")] = Format.saved_model,
):
    """Export a model, or all of them, for TensorFlow Serving."""
    if len(targets) != (1 if all_models else 2):
        raise ValueError(f"Give a model and a folder, or --all and a folder. Received: {' '.join(targets)}")
    if all_models and served_name is not None:
        raise ValueError(f"--name is for one model, not for --all. Received: --name {served_name}")
    if urls and (stage or format is not Format.saved_model):
        raise ValueError("--url waits for a version to be loaded; it goes with neither --stage nor --format.")
    names, left_out = _all_for(format) if all_models else (targets[:1], [])
    directory = Path(targets[-1])
    served = [served_name or registry.card(name)["name"] for name in names]
    check_folder(directory)
    for url in urls or ():
        from zoo.serving.model_status import version_states

        version_states(url, served[0])  # a server that does not answer is better known before than after the export
    rows = []
    with waiting("exporting"):
        import zoo.serving.exporting  # so that the seconds below are those of the export

        for name in names:
            started = time.perf_counter()
            path = zoo.export(
                name,
                directory,
                name=served_name,
                version=version,
                force=force,
                stage=stage,
                mnist_example_signature=mnist_example_signature,
                format=format.value,
            )
            row = (name, path, time.perf_counter() - started)
            rows.append(row if format is Format.saved_model else (*row, _difference(name, path)))
    columns = ["model", "written", "size", "time"] + ["difference"] * (format is not Format.saved_model)
    table = new_table(*columns, right=(2, 3, 4))
    for name, path, seconds, *difference in rows:
        cells = (escaped(str(path)), human_bytes(_size(path)), f"{seconds:.1f} s", *difference)
        table.add_row(f"[bold cyan]{escaped(name)}", *cells)
    new_console().print(table)
    for name, why in left_out:
        print_line(f"left out: {name}, {why}")
    if format is Format.saved_model:
        for _, path, *_ in rows:
            _roll_out(directory, path.parent.name, int(path.name), urls)


def _roll_out(directory, name, version, urls):
    """Label a new version if servers are given; otherwise print the commands that remain."""
    from zoo.serving.configs import MODELS, find_model, read_models
    from zoo.serving.rollout import WAIT, load_version, set_labels, unlabelled

    entry = find_model(read_models(directory / MODELS), name)
    if entry is None or version not in entry.model_version_policy.specific.versions:
        return print_line(f"{name} {version} is not loaded yet: pinet load {directory} {name} {version}")
    labels = dict(entry.version_labels)
    label = "canary" if "stable" in labels else "stable"
    if urls:
        with quiet_start() as terminal, terminal.status(f"waiting for {name} {version}"):
            load_version(directory, name, version, urls, WAIT)
            if version in unlabelled(directory, name):
                labels = set_labels(directory, name, {label: version}, urls)
        print_line(format_labels(name, labels))
    elif version in unlabelled(directory, name):
        print_line(f"{name} {version} has no label yet: pinet label {directory} {name} {label}={version}")


def _all_for(format):
    """The models that have an export of this format, and the others with the reason."""
    reasons = {}
    for name in registry.list_models():
        task = registry.card(name)["task"]
        formats = TASKS[task].formats
        to = f" to {format.value}" if formats else ""
        reasons[name] = None if format.value in formats else f"since models for {task} have no export{to}"
    for name, reason in reasons.items():
        if reason is None and not registry.has_weights(name):
            reasons[name] = "since its weights are not installed (a wheel leaves out those of the baselines)"
    names = [name for name, reason in reasons.items() if reason is None]
    return names, [(name, reason) for name, reason in reasons.items() if reason]


def _difference(name, path):
    from zoo import load
    from zoo.data.samples import sample_inputs
    from zoo.serving.formats import difference

    return f"{difference(path, load(name), sample_inputs(registry.card(name))):.0e}"


def _size(path):
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())
