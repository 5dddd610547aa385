"""`pinet encrypted`: inference on encrypted images."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from zoo import registry
from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, new_table, print_json, progress, waiting
from zoo.cli.data_sets import ensure_card_data
from zoo.cli.options import AsJson, DataDir, DataSource, ModelName
from zoo.files import check_folder
from zoo.publishing.formatting import human_bytes, human_seconds

encrypted = typer.Typer(
    help="Classify images that nobody but their owner can see.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(encrypted, name="encrypted")


class Batch(StrEnum):
    one = "one"
    many = "many"


class Security(StrEnum):
    bits_128 = "128"
    bits_192 = "192"
    bits_256 = "256"


Packing = Annotated[
    Batch,
    typer.Option("--batch", help="One image a request, for a quick answer, or many, for the most images a second."),
]
WorkerCount = Annotated[
    int | None,
    typer.Option(
        "--workers", min=1, help="Processes that compute a request each [one; with many, one for each processor]."
    ),
]
Together = Annotated[
    int,
    typer.Option(
        "--together",
        min=1,
        help="Requests of one image that a process computes together; they share plaintexts that do not fit in memory.",
    ),
]
Memory = Annotated[
    float | None,
    typer.Option("--memory", min=0.1, help="Gigabytes that may be used [three quarters of what is free]."),
]
Bits = Annotated[Security, typer.Option("--security", help="Bits of security.")]


@encrypted.command()
def plan(
    name: ModelName,
    batch: Packing = Batch.one,
    security: Bits = Security.bits_128,
    workers: WorkerCount = None,
    together: Together = 1,
    memory: Memory = None,
    json: AsJson = False,
):
    """Show what the encrypted inference of a model needs and costs; no key is made."""
    registry.card(name)
    with waiting(f"planning {name}"):
        from zoo.encrypted.evaluation import compile_by_name

        found = compile_by_name(name, batch.value, int(security.value), workers, together, bytes_of(memory)).plan
    if json:
        print_json(found.as_dict())
    else:
        _print_plan(found)
    found.check_memory()


@encrypted.command()
def evaluate(
    name: ModelName,
    examples: Annotated[int, typer.Option(min=1, help="How many test images or audio clips.")] = 10,
    batch: Packing = Batch.one,
    security: Bits = Security.bits_128,
    workers: WorkerCount = None,
    together: Together = 1,
    memory: Memory = None,
    record: Annotated[
        Path | None,
        typer.Option(help="A file that each answer is written to; a later run with it continues where this one ended."),
    ] = None,
    minutes: Annotated[float | None, typer.Option(min=0, help="Begin no request after so long [no limit].")] = None,
    simulate: Annotated[bool, typer.Option(help="Simulate encryption: quicker, and without TenSEAL.")] = False,
    data: DataSource = None,
    data_dir: DataDir = None,
    json: AsJson = False,
):
    """Classify test images or audio clips encrypted and plain, and compare."""
    ensure_card_data(registry.card(name), data, data_dir)
    with progress(f"evaluating {name}, encrypted") as report:
        from zoo.encrypted.evaluation import evaluate_encrypted

        result = evaluate_encrypted(
            name,
            examples,
            batch.value,
            int(security.value),
            simulate,
            data=data,
            data_dir=data_dir,
            workers=workers,
            together=together,
            free_memory=bytes_of(memory),
            record=record,
            minutes=minutes,
            planned=None if json or simulate else _print_plan,
            progress=report,
        )
    if json:
        return print_json(result)
    rows = [
        ("accuracy", f"{result['accuracy']:.2%} encrypted, {result['plain_accuracy']:.2%} plain"),
        ("same decision", f"{result['agreement']:.2%} of {result['examples']:,} examples"),
        ("error of logits", f"{result['logit_error']:.1e} at most"),
    ]
    if "workers" in result:
        count = result["workers"]
        median, processor, first = (
            human_seconds(result[key]) for key in ("median_seconds", "median_processor_seconds", "first_seconds")
        )
        rows += [
            ("server", f"{median} a request ({processor} of processor time), the first in {first}"),
            ("all", f"{result['examples_per_second']:,.1f} examples a second, {count} worker{'s'[: count - 1]}"),
            ("request", human_bytes(result["request_bytes"])),
            ("public keys", f"{human_bytes(result['key_bytes'])}, once, in {human_seconds(result['key_seconds'])}"),
        ]
    how = "simulated" if simulate else "encrypted"
    _print_rows(f"{result['model']}, {how}, on the test split of {result['dataset']}", rows)


@encrypted.command()
def measure(
    name: ModelName,
    examples: Annotated[int, typer.Option(min=1, help="How many training images or audio clips.")] = 1000,
    data: DataSource = None,
    data_dir: DataDir = None,
):
    """Measure how large all values of a model are on training images; plans are then made for these."""
    ensure_card_data(registry.card(name), data, data_dir)
    with progress(f"measuring {name}") as report:
        from zoo.encrypted.evaluation import measure_by_name
        from zoo.encrypted.program import ROOM
        from zoo.encrypted.ranges import ranges_path, write_ranges

        check_folder(ranges_path(name).parent)
        found = measure_by_name(name, examples, data, data_dir, report)
        path = write_ranges(name, found)
    logits = found.values[-1]
    rows = [
        ("measured on", f"{found.examples:,} {found.source}"),
        ("vectors", f"{len(found.values)}"),
        ("logits", f"up to {logits.largest:.3g} on 99 % of them, {logits.rms:.3g} as root mean square"),
        ("larger", f"{logits.beyond:.1%} have logits more than {ROOM:g} times as large, which may not fit"),
        ("file", str(path)),
    ]
    _print_rows(f"{registry.card(name)['name']}, ranges of all values", rows)


@encrypted.command()
def demo():
    """Classify a handwritten digit encrypted: who sees what, in under a minute."""
    with waiting("classifying an encrypted digit"):
        from zoo.encrypted.demo import run_demo

        result = run_demo()
    console = new_console()
    console.print("[bold]The client has this image, which is never sent:")
    console.print(_indented(result.image))
    console.print(f"It sends {human_bytes(result.request_bytes)} of ciphertext, such as {result.excerpt},")
    console.print(f"and, once, {human_bytes(result.key_bytes)} of keys with which nobody can decrypt.")
    console.print(f"The server computes for {human_seconds(result.seconds)} without seeing image or answer,")
    console.print(f"and sends back {human_bytes(result.answer_bytes)}, which only the client decrypts:")
    console.print(
        f"  the digit is [bold]{result.decision}[/], the logits are within {result.error:.1e} of the plain ones."
    )
    same = result.decision == result.plain_decision
    words = "The plain model's answer is the same." if same else f"The plain model's answer is {result.plain_decision}."
    console.print(words, style="green" if same else "bold red")
    raise typer.Exit(int(not same))


def bytes_of(gigabytes: float | None) -> int | None:
    """Bytes, where a number of gigabytes is given."""
    return None if gigabytes is None else int(1e9 * gigabytes)


def _print_plan(found) -> None:
    _print_rows(f"{found.model}, encrypted", found.rows())


def _indented(lines: list[str]) -> str:
    return "\n".join(f"    {escaped(line)}" for line in lines)


def _print_rows(title: str, rows) -> None:
    table = new_table("", "", title=escaped(title))
    table.show_header = False
    for name, value in rows:
        table.add_row(f"[bold]{name}", escaped(value))
    new_console().print(table)
