"""`pinet generate`."""

import re
from pathlib import Path
from typing import Annotated

import typer

from zoo import registry
from zoo.cli.app import app
from zoo.cli.console import escaped, new_console, waiting
from zoo.cli.options import Engine, EngineName
from zoo.files import check_file, check_folder, naming_file
from zoo.finished_run import list_runs
from zoo.tasks import GENERATION

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A generator of the zoo, a folder that `train` or `zoo.save` wrote, or hf://USER/MODEL.",
        autocompletion=lambda: [*registry.list_models(task=GENERATION), *list_runs()],
    ),
]

COLUMNS, MOST_COLUMNS = 8, 12


@app.command()
def generate(
    name: Name,
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=10_000, help="How many images.")] = 64,
    label: Annotated[
        str | None, typer.Option(help="The class of all images, its name or number [all classes in turn].")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the noise: the same seed draws the same images.")] = 0,
    interpolate: Annotated[
        int | None, typer.Option(min=0, metavar="SEED", help="Interpolate from --seed's first image to this seed's.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="File of the sheet.")] = Path("generated.png"),
    out_dir: Annotated[Path | None, typer.Option(help="Also write each image to this folder.")] = None,
    columns: Annotated[int | None, typer.Option(min=1, help="Images per row [one of each class, else 8].")] = None,
    engine: Engine = EngineName.auto,
):
    """Draw images from noise."""
    card = registry.card_for(name, GENERATION)
    check_file(out)
    if out_dir is not None:
        check_folder(out_dir)
    names = card["class_names"]
    only = None if label is None else _class_number(label, names)
    with waiting(f"drawing with {name}", backend=False):
        import numpy as np

        from zoo import predictor
        from zoo.generation.latents import draw_latents
        from zoo.generation.latents import interpolate as latents_on_line
        from zoo.generation.sampling import generate as run
        from zoo.generation.sheets import grid, sheet

        model = predictor(name, engine.value)
        if interpolate is None:
            latents = draw_latents(count, model.latent_size, seed)
        else:
            start, end = (draw_latents(1, model.latent_size, which)[0] for which in (seed, interpolate))
            latents = latents_on_line(start, end, count)
        # Without a label the classes take turns; an interpolation changes the noise alone.
        turns = names and only is None and interpolate is None
        chosen = np.arange(count) % len(names) if turns else np.full(count, only or 0)
        labels = chosen if names else None
        images = run(model, latents, labels)
        captions = [names[index] for index in chosen] if turns else None
        columns = columns or (len(names) if turns and len(names) <= MOST_COLUMNS else COLUMNS)
        title = f"{card['name']}, " + (f"seed {seed}" if interpolate is None else f"from seed {seed} to {interpolate}")
        title += f", class {names[only or 0]}" if names and not turns else ""
        page = sheet(images, min(columns, count), title, captions=captions)
        with naming_file(out):
            page.save(out, format="png")
        if out_dir is not None:
            out_dir.mkdir(parents=True, exist_ok=True)
            for index, image in enumerate(images):
                file_name = f"{card['name']}_{seed}_{index:04}" + (
                    f"_{_file_part(names[chosen[index]])}" if names else ""
                )
                with naming_file(out_dir / f"{file_name}.png"):
                    grid(image[None], 1).save(out_dir / f"{file_name}.png")
    console = new_console()
    console.print(f"{count} images: [bold]{escaped(str(out))}")
    if out_dir is not None:
        console.print(f"single images: [bold]{escaped(str(out_dir))}")


def _file_part(name):
    """A class name within a file name: a card may come from anybody, and name a class ../../x."""
    return re.sub(r"[^\w.-]", "_", name)


def _class_number(label, names):
    if label in names:
        return names.index(label)
    if label.isdecimal() and int(label) < len(names):
        return int(label)
    known = f"one of {', '.join(names)}, or a number below {len(names)}"
    allowed = known if names else "left out: the generator takes no label"
    raise ValueError(f"`label` must be {allowed}. Received: label={label!r}")
