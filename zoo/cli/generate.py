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
    morph: Annotated[
        str | None, typer.Option(metavar="LABEL", help="Interpolate from the class of --label to this one.")
    ] = None,
    truncation: Annotated[
        float, typer.Option(min=0, max=1, help="Noise in ± this: images closer to typical ones, and to each other.")
    ] = 1.0,
    out: Annotated[Path, typer.Option("--out", "-o", help="File of the sheet.")] = Path("generated.png"),
    out_dir: Annotated[Path | None, typer.Option(help="Also write each image to this folder.")] = None,
    columns: Annotated[int | None, typer.Option(min=1, help="Images per row [one of each class, else 8].")] = None,
    scale: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Factor of width and height [the sheet: to 64 pixels]."),
    ] = None,
    smooth: Annotated[bool, typer.Option("--smooth", help="Enlarge smoothly, not by repeating pixels.")] = False,
    engine: Engine = EngineName.auto,
):
    """Draw images from noise."""
    card = registry.card_for(name, GENERATION)
    check_file(out)
    if out_dir is not None:
        check_folder(out_dir)
    names = card["class_names"]
    only, last = (None if each is None else _class_number(each, names) for each in (label, morph))
    if morph is not None and (label is None or interpolate is not None):
        raise ValueError(
            "`morph` needs `label`, the class that it starts from, and one noise, so no `interpolate`. "
            f"Received: morph={morph!r}, label={label!r}, interpolate={interpolate!r}"
        )
    with waiting(f"drawing with {name}", backend=False):
        from zoo.generation.sheets import grid, sheet

        # Without a label the classes take turns; an interpolation changes the noise alone.
        turns = bool(names) and only is None and interpolate is None
        chosen = [index % len(names) if turns else only or 0 for index in range(count)]
        noise = {"seed": seed, "truncation": truncation}
        if last is not None:
            images = _morphed(name, count, noise, only, last)
        else:
            images = _drawn(name, count, noise, interpolate, chosen if names else None, engine.value)
        title = f"{card['name']}, " + (f"seed {seed}" if interpolate is None else f"from seed {seed} to {interpolate}")
        title += f", class {names[only or 0]}" if names and not turns else ""
        title += "" if last is None else f" to {names[last]}"
        page = sheet(
            images,
            min(columns or (len(names) if turns and len(names) <= MOST_COLUMNS else COLUMNS), count),
            title,
            captions=[names[index] for index in chosen] if turns else None,
            enlarge=scale,
            smooth=smooth,
        )
        with naming_file(out):
            page.save(out, format="png")
        if out_dir is not None:
            out_dir.mkdir(parents=True, exist_ok=True)
            for index, image in enumerate(images):
                class_part = f"_{_file_part(names[chosen[index]])}" if names and last is None else ""
                path = out_dir / f"{card['name']}_{seed}_{index:04}{class_part}.png"
                with naming_file(path):
                    grid(image[None], 1, scale or 1, smooth=smooth).save(path)
    console = new_console()
    console.print(f"{count} images: [bold]{escaped(str(out))}")
    if out_dir is not None:
        console.print(f"single images: [bold]{escaped(str(out_dir))}")


def _drawn(name, count, noise, interpolate, labels, engine):
    """Images of noise, or of the line between the first noise of two seeds."""
    import numpy as np

    from zoo import predictor
    from zoo.generation.latents import draw_latents
    from zoo.generation.latents import interpolate as latents_on_line
    from zoo.generation.sampling import generate as run

    model = predictor(name, engine)
    latents = draw_latents(count, model.latent_size, **noise)
    if interpolate is not None:
        end = draw_latents(1, model.latent_size, **{**noise, "seed": interpolate})[0]
        latents = latents_on_line(latents[0], end, count)
    return run(model, latents, None if labels is None else np.array(labels))


def _morphed(name, count, noise, start, end):
    """Images of one noise between two classes, drawn by Keras: the other engines take whole labels only."""
    from zoo import load
    from zoo.generation.latents import draw_latents
    from zoo.generation.morphs import morph as run

    model = load(name)
    return run(model, draw_latents(1, model.latent_size, **noise), start, end, count)


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
