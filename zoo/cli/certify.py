"""`pinet certify`."""

import math
from typing import Annotated

import typer

from zoo import registry
from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, new_table, print_json, waiting
from zoo.cli.options import AsJson
from zoo.tasks import CLASSIFIERS, TASKS

MOST = 2**20  # numbers in the features of a graph for `--verify`, which computes many inputs in float64 at once


@app.command()
def certify(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME_OR_FILE", help="A model, as for `predict`, or a .keras file."),
    ],
    verify: Annotated[bool, typer.Option("--verify", help="Check the certificate by measurement.")] = False,
    json: AsJson = False,
):
    """Prove the degree of a model, layer by layer. Exit code 1: a claim does not hold, or measuring refutes it."""
    claim = None if name.endswith(".keras") else registry.card(name)
    with waiting(f"certifying {name}"):
        from pinet_keras.analysis import certify as prove
        from zoo.architectures.parts.spectrogram import certified_part
        from zoo.keras_file import read_keras_file
        from zoo.loading import load

        model = read_keras_file(name) if claim is None else load(name)
        part = certified_part(model)
        certificate = prove(part)
        if verify and claim and not TASKS[claim["task"]].arrays:
            _check_size(claim)
        measured = certificate.verify(part, _valid_inputs(model, claim)) if verify else None
    holds = claim is None or (_reaches(certificate.tier, claim["tier"]) and certificate.degree == claim["degree"])
    if json:
        report = certificate.as_dict()
        if claim:
            report["claim"] = {"tier": claim["tier"], "degree": claim["degree"], "holds": holds}
        if measured:
            report["verification"] = measured.as_dict()
        print_json(report)
    else:
        title = name if part is model else f"{name}, from the spectrogram on"
        _print_certificate(title, certificate, claim, holds, measured)
    raise typer.Exit(int(not holds or (measured is not None and measured.verdict == "refuted")))


def _check_size(card):
    """Refuse to measure a model of a graph so large that the process would run out of memory."""
    numbers = math.prod(card["input_shape"])
    if numbers > MOST:
        raise ValueError(
            f"--verify computes many inputs in float64 at once, and one of {card['name']} has {numbers:,} numbers: "
            f"more than {MOST:,} would need too much memory. The certificate is proven without it."
        )


def _valid_inputs(model, card):
    """Inputs to draw lines between: bundled examples for a classifier of the zoo's making, uniform noise and one label
    for a generator, normal noise for any other model."""
    import numpy as np

    from zoo.architectures.parts.generator_model import GeneratorModel
    from zoo.architectures.parts.pixel_model import PixelModel

    if isinstance(model, GeneratorModel):
        from zoo.generation.latents import draw_latents

        latents = draw_latents(16, model.latent_size, seed=0)
        return latents if model.num_classes is None else [latents, np.zeros(16)]
    rng = np.random.default_rng(0)
    if isinstance(model, PixelModel):
        from zoo.architectures.parts.spectrogram import certified_inputs
        from zoo.data.samples import sample_inputs

        card = card or _card_of_shape(model.input_shape[1:])
        pixels = sample_inputs(card) if card else rng.integers(0, 256, (16, *model.input_shape[1:]), dtype="uint8")
        return certified_inputs(model, pixels)
    shapes = [[size or 8 for size in tensor.shape[1:]] for tensor in model.inputs]
    inputs = [rng.normal(size=(16, *shape)) for shape in shapes]
    return inputs if len(inputs) > 1 else inputs[0]


def _card_of_shape(shape):
    """The card of a classifier that takes such examples, or None."""
    names = [name for task in CLASSIFIERS for name in registry.list_models(task=task)]
    return next((card for card in map(registry.card, names) if card["input_shape"] == [*shape]), None)


def _reaches(tier, claimed):
    return tier == claimed if None in (tier, claimed) else tier >= claimed


def _print_certificate(name, certificate, claim, holds, measured):
    table = new_table("layer", "kind", "degree in", "degree out", "depth", "why", right=(2, 3, 4), title=escaped(name))
    for row in certificate.rows:
        cells = [row.name, row.kind, row.degree_in, row.degree_out, row.multiplicative_depth, row.why]
        table.add_row(*("–" if cell is None else escaped(str(cell)) for cell in cells))
    console = new_console()
    console.print(table)
    if certificate.tier is None:
        console.print(f"[bold]{certificate.tier_name}[/]")
    else:
        depth = f"multiplicative depth {certificate.multiplicative_depth}"
        degree = "" if certificate.degree is None else f", degree {certificate.degree}, {depth}"
        console.print(f"[bold]tier {certificate.tier} {certificate.tier_name}{degree}[/]")
    for reason in certificate.reasons:
        console.print(f"  {escaped(reason)}", style="yellow")
    if measured is not None:
        style = "bold red" if measured.verdict == "refuted" else "green" if measured.holds else "yellow"
        console.print(f"measured on {measured.lines} lines: {measured.verdict} ({escaped(measured.why)})", style=style)
    if claim:
        words = "holds" if holds else "does not hold"
        style = "green" if holds else "bold red"
        claimed = claim["tier_name"] if claim["tier"] is None else f"tier {claim['tier']}, degree {claim['degree']}"
        console.print(f"the card's claim ({claimed}) {words}", style=style)
