"""`pinet encrypted keys`, `encrypt`, `serve`, `send`, `decrypt` and `ask`: client and server as separate programs."""

from pathlib import Path
from typing import Annotated

import typer

from zoo import registry
from zoo.cli.console import escaped, new_console, new_table, print_error, print_json, print_notes, waiting
from zoo.cli.encrypted import Batch, Bits, Memory, Packing, Security, bytes_of, encrypted
from zoo.cli.options import AsJson, ModelName, source
from zoo.files import check_file, replacing
from zoo.publishing.formatting import human_bytes
from zoo.serving.ports import check_port
from zoo.tasks import CLASSIFIERS, TASKS

Url = Annotated[str, typer.Argument(metavar="URL", help="http://HOST:PORT of `pinet encrypted serve`.")]
Keys = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the keys.")]
Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Images, or WAV files; folders of them; - is standard input.")
]
Out = Annotated[Path, typer.Option("--out", "-o", help="The file to write.")]


@encrypted.command()
def keys(name: ModelName, directory: Keys, batch: Packing = Batch.one, security: Bits = Security.bits_128):
    """The client makes keys for a model: secret.key, which stays with it, and public.keys for the server."""
    registry.card(name)
    with waiting(f"making keys for {name}"):
        from zoo.encrypted.evaluation import compile_by_name
        from zoo.encrypted.owner import PUBLIC_FILE, SECRET_FILE, Owner

        owner = Owner(name, compile_by_name(name, batch.value, int(security.value)))
        owner.save(directory)
    console = new_console()
    console.print(f"{escaped(str(directory / SECRET_FILE))}: decrypts; only you may read it, and nobody else needs it")
    size = human_bytes((directory / PUBLIC_FILE).stat().st_size)
    console.print(
        f"{escaped(str(directory / PUBLIC_FILE))}: {size} for the server, which computes with it and cannot decrypt"
    )


@encrypted.command()
def encrypt(directory: Keys, files: Files, out: Out):
    """The client encrypts an image or audio clip, or with packing "many" several: a request for the server."""
    check_file(out)
    with waiting("encrypting"):
        from zoo.encrypted.evaluation import encrypted_inputs
        from zoo.encrypted.owner import Owner

        owner = Owner.from_folder(directory)
        _, examples = _read(files, owner.name)
        request = owner.request(encrypted_inputs(owner.name, examples))
    _write(out, request)


@encrypted.command("serve")
def serve_encrypted(
    name: ModelName,
    batch: Packing = Batch.one,
    security: Bits = Security.bits_128,
    workers: Annotated[
        int, typer.Option(min=1, help="Requests that are computed at the same time, each in a process of its own.")
    ] = 1,
    memory: Memory = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any.")] = 8502,
    clients: Annotated[int, typer.Option(min=1, help="Keys of how many clients are kept in memory.")] = 8,
):
    """The server classifies encrypted images or audio clips over HTTP, with the model and public keys."""
    from zoo.serving.engines import exposure_warning

    found = registry.card(name)
    check_port(host, port)
    if words := exposure_warning(host):
        new_console(stderr=True).print(words, style="yellow", soft_wrap=True, markup=False)
    with waiting(f"planning {name}"):
        from zoo.encrypted.evaluation import compile_by_name
        from zoo.encrypted.http_server import serve
        from zoo.encrypted.service import Service
        from zoo.encrypted.service_pool import ServicePool

        model = compile_by_name(name, batch.value, int(security.value), workers, free_memory=bytes_of(memory))
        service = (ServicePool if workers > 1 else Service)(found["name"], model, clients)
    serve(service, host, port)


@encrypted.command()
def send(
    url: Url,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="public.keys, or a request.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file to write the answer of a request to.")
    ] = None,
):
    """The client sends its public keys, once, or a request; needs no secret key."""
    if out is not None:
        check_file(out)
    data = file.read_bytes()
    with waiting(f"sending {file.name}"):
        from zoo.encrypted.bundle import PUBLIC, REQUEST, read_bundle
        from zoo.encrypted.http_client import Remote

        read_bundle(data, PUBLIC if out is None else REQUEST, str(file))  # a secret key is not sent
        remote = Remote(url)
        if out is None:
            name = remote.send_keys(data)
        else:
            answer = remote.answer(data)
    if out is None:
        new_console().print(f"The server has the keys {escaped(name)}.")
    else:
        _write(out, answer)


@encrypted.command()
def decrypt(
    directory: Keys,
    answer: Annotated[Path, typer.Argument(metavar="ANSWER", help="What the server answered.")],
    json: AsJson = False,
):
    """The client decrypts an answer."""
    data = answer.read_bytes()
    with waiting("decrypting"):
        from zoo.encrypted.owner import Owner

        owner = Owner.from_folder(directory)
        logits = owner.logits(data, str(answer))
    _print_classes([str(i) for i in range(1, len(logits) + 1)], logits, owner.name, json)


@encrypted.command()
def ask(
    url: Url,
    name: ModelName,
    files: Files,
    keep: Annotated[
        Path | None,
        typer.Option("--keys", help="The folder of the keys; made if it is not there [keys for this once]."),
    ] = None,
    json: AsJson = False,
):
    """The client encrypts images or audio clips, asks the server, and decrypts the answers."""
    found, examples = _read(files, name)
    with waiting(f"asking {url}"):
        from zoo.encrypted.evaluation import compile_by_name, encrypted_inputs
        from zoo.encrypted.http_client import Remote
        from zoo.encrypted.owner import SECRET_FILE, Owner

        remote = Remote(url)
        if keep is not None and (keep / SECRET_FILE).exists():
            owner = Owner.from_folder(keep)
            if owner.model_name != registry.card(name)["name"]:
                raise ValueError(f"The keys in {keep} are for {owner.model_name}. Received: {name}")
        else:
            owner = Owner(name, compile_by_name(name, remote.about["batch"], remote.about["security"]))
            remote.check(owner)
            if keep is not None:
                owner.save(keep)
        logits = remote.logits(owner, encrypted_inputs(name, examples))
    _print_classes(found, logits, name, json)


def _read(files: list[str], name: str):
    """The files and the examples in them; none is sent if one cannot be read."""
    import numpy as np

    from zoo.data import inputs

    card = registry.card_for(name, *CLASSIFIERS)
    found = [inputs.read(file, source(file), card) for file in inputs.find(files, card["input_shape"])]
    for each in found:
        print_notes(each.file, each.notes)
    if errors := [each.error for each in found if each.error]:
        for error in errors[:-1]:
            print_error(error)
        raise ValueError(errors[-1])
    return [each.file for each in found], np.stack([each.example for each in found if each.example is not None])


def _write(out: Path, data: bytes) -> None:
    with replacing(out) as partial:
        partial.write_bytes(data)
    new_console().print(f"{escaped(str(out))}: {human_bytes(len(data))}")


def _print_classes(files: list[str], logits, name: str, json: bool) -> None:
    from zoo.evaluation.probabilities import likeliest, softmax_or_nan

    card = registry.card(name)
    kind = TASKS[card["task"]].example
    rows = softmax_or_nan(logits, card["calibration"]["temperature"])
    answers = [likeliest(row, card["class_names"], 3) for row in rows]
    if json:
        results = [
            {kind: file, "predictions": [{"class": label, "probability": p} for label, p in answer]}
            for file, answer in zip(files, answers, strict=True)
        ]
        return print_json(results)
    table = new_table(kind, "class", "probability", right=(2,))
    for file, answer in zip(files, answers, strict=True):
        for rank, (label, probability) in enumerate(answer):
            style = "bold" if rank == 0 else "dim"
            table.add_row(
                escaped(file) if rank == 0 else "", f"[{style}]{escaped(label)}", f"[{style}]{probability:.1%}"
            )
        table.add_section()
    new_console().print(table)
