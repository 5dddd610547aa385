"""`pinet export`, `label`, `load`, `unload`, `serve` and `client`. Nothing heavy is imported before it is needed."""

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from zoo import registry
from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, new_table, print_json, quiet_start, waiting
from zoo.cli.options import source
from zoo.files import check_folder
from zoo.publishing.formatting import human_bytes, printable
from zoo.serving.ports import check_port


class Format(StrEnum):
    saved_model = "saved_model"
    litert = "litert"
    onnx = "onnx"


class Engine(StrEnum):
    auto = "auto"
    tensorflow_model_server = "tensorflow_model_server"
    docker = "docker"
    preview = "preview"


URL = "http://localhost:8501"
NO_ANSWER = "no answer: logits beyond float32"
Models = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the models.")]
Model = Annotated[str, typer.Argument(metavar="NAME", help="A model in it.")]
Version = Annotated[int, typer.Argument(metavar="VERSION", min=1, help="A version in its folder.")]
Urls = Annotated[
    list[str] | None,
    typer.Option("--url", metavar="URL", help=f"REST address of a server that reads DIR; repeat for each [{URL}]."),
]
Offline = Annotated[bool, typer.Option("--offline", help="No server reads DIR now: ask none.")]
Wait = Annotated[float, typer.Option(min=0, metavar="SECONDS", help="The longest wait for a version to load.")]


@app.command()
def export(
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME] DIR", help="A model or the folder of a training run, and the folder of the models."
        ),
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
        _print(f"left out: {name}, {why}")
    if format is Format.saved_model:
        for _, path, *_ in rows:
            _roll_out(directory, path.parent.name, int(path.name), urls)


def _roll_out(directory, name, version, urls):
    """Label a new version where servers can be asked; else say what is left to do."""
    from zoo.serving.configs import MODELS, find_model, read_models
    from zoo.serving.rollout import WAIT, load_version, set_labels, unlabelled

    entry = find_model(read_models(directory / MODELS), name)
    if entry is None or version not in entry.model_version_policy.specific.versions:
        return _print(f"{name} {version} is not loaded yet: pinet load {directory} {name} {version}")
    labels = dict(entry.version_labels)
    label = "canary" if "stable" in labels else "stable"
    if urls:
        with quiet_start() as terminal, terminal.status(f"waiting for {name} {version}"):
            load_version(directory, name, version, urls, WAIT)
            if version in unlabelled(directory, name):
                labels = set_labels(directory, name, {label: version}, urls)
        _print(_sentence(name, labels))
    elif version in unlabelled(directory, name):
        _print(f"{name} {version} has no label yet: pinet label {directory} {name} {label}={version}")


def _print(words):

    new_console().print(printable(words), soft_wrap=True, markup=False)


def _sentence(name, labels):
    return f"{name}: " + (", ".join(f"{key} is version {labels[key]}" for key in sorted(labels)) or "no labels")


def _all_for(format):
    """The models that have an export of this format, and the others with the reason."""
    why = {registry.SOUND_CLASSIFICATION: "since sound models have no export"}
    if format is not Format.saved_model:
        why[registry.GENERATION] = f"since generators have no export to {format.value}"
    tasks = {name: registry.card(name)["task"] for name in registry.list_models()}
    names = sorted(name for name, task in tasks.items() if task not in why)
    return names, [(name, why[task]) for name, task in sorted(tasks.items()) if task in why]


@app.command()
def label(
    directory: Models,
    name: Model,
    labels: Annotated[
        list[str] | None, typer.Argument(metavar="LABEL=VERSION...", help="Such as stable=2 previous=1.")
    ] = None,
    removed: Annotated[list[str] | None, typer.Option("--remove", metavar="LABEL", help="Take a label away.")] = None,
    urls: Urls = None,
    offline: Offline = False,
    wait: Wait = 300,
):
    """Point labels to versions that the server has loaded: roll out, and roll back."""
    from zoo.serving.rollout import remove_labels, set_labels, unlabelled

    wanted = {}
    for text in labels or ():
        key, _, number = text.partition("=")
        if not key.isidentifier() or not number.isdecimal():
            raise ValueError(f"Write it as LABEL=VERSION, such as stable=2. Received: {text}")
        wanted[key] = int(number)
    if not wanted and not removed:
        raise ValueError("Give LABEL=VERSION, such as stable=2, or --remove LABEL.")
    servers = _servers(urls, offline)
    with quiet_start() as terminal, terminal.status("asking the server"):
        if wanted:
            now = set_labels(directory, name, wanted, servers, wait)
        if removed:
            now = remove_labels(directory, name, removed, servers)
        left = unlabelled(directory, name)
    _print(_sentence(name, now))
    for version in left:
        _print(f"version {version} has no label and is loaded; pinet unload {directory} {name} {version} unloads it")


@app.command()
def load(
    directory: Models,
    name: Model,
    version: Version,
    urls: Urls = None,
    offline: Offline = False,
    wait: Wait = 300,
):
    """Let the server load a version, such as one from `pinet export --stage`. The newest loaded one is the default."""
    from zoo.serving.rollout import load_version

    servers = _servers(urls, offline)
    with quiet_start() as terminal, terminal.status("asking the server"):
        load_version(directory, name, version, servers, wait)
    words = "will be loaded by the next server" if offline else "is loaded"
    _print(f"{name}: version {version} {words}")


@app.command()
def unload(directory: Models, name: Model, version: Version, urls: Urls = None, offline: Offline = False):
    """Let the server unload a version that has no label. Its folder stays."""
    from zoo.serving.rollout import unload_version

    servers = _servers(urls, offline)
    with quiet_start() as terminal, terminal.status("asking the server"):
        unload_version(directory, name, version, servers)
    _print(f"{name}: version {version} is unloaded")


def _servers(urls, offline):
    if offline and urls:
        raise ValueError(f"Give --url or --offline, not both. Received: --url {' '.join(urls)}")
    return [] if offline else urls or [URL]


@app.command()
def serve(
    directory: Models,
    engine: Annotated[Engine, typer.Option(help="Which server.")] = Engine.auto,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on [127.0.0.1; tensorflow_model_server has 0.0.0.0 only]."),
    ] = None,
    rest_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of REST; the preview takes 0 for any.")] = 8501,
    grpc_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of gRPC; the preview takes 0 for any.")] = 8500,
    max_megabytes: Annotated[int, typer.Option(min=1, max=1024, help="The preview's largest request.")] = 32,
):
    """Serve a folder of models: TensorFlow Serving, its Docker image, or the preview for development."""
    from zoo.serving import engines

    if not directory.is_dir():
        raise FileNotFoundError(f"There is no such folder. Received: {directory}")
    chosen = engines.choose(engine.value)
    host = engines.listening(chosen, host)
    check_port(host, rest_port)
    check_port(host, grpc_port)
    if words := engines.warning(host):
        new_console(stderr=True).print(words, style="yellow", soft_wrap=True, markup=False)
    if chosen != "preview":
        raise typer.Exit(engines.run(chosen, directory, host, rest_port, grpc_port))
    _have_a_model(directory)
    with waiting("starting the preview server"):
        try:
            from zoo.serving.preview.server import serve as serve_preview
        except ImportError as error:
            raise ValueError(f"The preview needs more packages: pip install '.[serving]' ({error})") from error
    serve_preview(directory, host=host, rest_port=rest_port, grpc_port=grpc_port, max_bytes=max_megabytes * 1_000_000)


def _have_a_model(directory):
    """Before TensorFlow is imported; whether a version can be loaded shows later."""
    from zoo.serving.configs import MODELS

    versions = (path.parent for path in directory.glob("*/*/saved_model.pb*"))
    if not (directory / MODELS).is_file() and not any(version.name.isdecimal() for version in versions):
        raise ValueError(f"There is no model to serve; `pinet export NAME {directory}` puts one there.")


@app.command()
def client(
    url: Annotated[str, typer.Argument(metavar="URL", help="http://HOST:PORT for REST, grpc://HOST:PORT for gRPC.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model on the server.")],
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="PNG or JPEG files; - is standard input.")],
    version: Annotated[int | None, typer.Option(min=1, help="A version by number.")] = None,
    label: Annotated[str | None, typer.Option(help="A version by label.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
):
    """Let a server classify pictures."""
    from zoo.serving.client import classify_pictures

    sources = [source(image) for image in images]
    pictures = [source if isinstance(source, bytes) else Path(source).read_bytes() for source in sources]
    answers = classify_pictures(url, name, pictures, version=version, label=label)
    results = [{"image": image, **answer} for image, answer in zip(images, answers, strict=True)]
    if json:
        return print_json(results)
    table = new_table("picture", "class", "probability", right=(2,))
    for result in results:
        answered = result["class_id"] is not None
        cells = (escaped(result["class_name"]), f"{result['probability']:.1%}") if answered else (NO_ANSWER,)
        table.add_row(escaped(result["image"]), *cells)
    new_console().print(table)


def _difference(name, path):
    from zoo import load
    from zoo.data.samples import sample_inputs
    from zoo.serving.formats import difference

    return f"{difference(path, load(name), sample_inputs(registry.card(name))):.0e}"


def _size(path):
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())
