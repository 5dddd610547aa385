"""`pinet demo`: every classifier classifies the bundled samples of its data set, every generator draws images."""

from dataclasses import dataclass

import numpy as np

from zoo.card_types import Card
from zoo.data.samples import sample_inputs, samples
from zoo.inference.predictor import predictor
from zoo.publishing import formatting
from zoo.registry import card as read_card
from zoo.registry import has_weights, list_models
from zoo.tasks import CLASSIFIERS, GENERATION

RIGHT, WRONG, QUIET = "#1a7f4b", "#c0352b", "#555555"
COLUMNS = 10
# inches on the contact sheet
MARGIN, TITLE, HEADLINE, CELL, IMAGE_SIZE, CELL_HEIGHT = 0.35, 0.95, 0.38, 1.3, 1.14, 1.72


@dataclass(frozen=True)
class Guess:
    """The prediction for one sample: its pixels, the true class, the predicted one and its probability.

    The pixels of an audio clip are those of its spectrogram.
    """

    file: str
    pixels: np.ndarray
    truth: str
    predicted: str
    probability: float

    @property
    def right(self) -> bool:
        """Whether the prediction is the true class."""
        return self.predicted == self.truth


def run_demo(report=None, engine="auto") -> list[tuple[Card, list[Guess]]]:
    """Classify the bundled images and audio clips with every shipped classifier.

    Args:
        report: called with (models done, all models).
        engine: as for `zoo.predictor`.

    Returns:
        One pair per model: its card and its predictions.
    """
    names, results = _installed(*CLASSIFIERS), []
    for done, name in enumerate(names):
        if report:
            report(done, len(names))
        card = read_card(name)
        results.append((card, _guesses(predictor(name, engine))))
    return results


def table(results):
    """The results as a `rich` table, one row per sample."""
    from rich import box
    from rich.table import Table

    shown = Table(box=box.SIMPLE_HEAD)
    for column in ("model", "tier", "degree", "parameters", "sample", "predicted", "probability", ""):
        shown.add_column(column, justify="right" if column in ("degree", "parameters", "probability") else "left")
    for card, guesses in results:
        about = [f"[bold cyan]{card['name']}", formatting.human_tier(card), formatting.human_degree(card)]
        about.append(formatting.human_count(card["parameters"]))
        for guess in guesses:
            verdict = "[green]right" if guess.right else f"[red]wrong, is {guess.truth}"
            shown.add_row(*about, guess.file, guess.predicted, f"{guess.probability:.1%}", verdict)
            about = [""] * 4
        shown.add_section()
    return shown


def draw(results, out) -> None:
    """Draw the contact sheet: a row of images per model, each with prediction and probability.

    Args:
        results: what `run_demo` returned.
        out: path of the image to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    bands = [HEADLINE + CELL_HEIGHT * -(-len(guesses) // COLUMNS) for _, guesses in results]
    width, height = 2 * MARGIN + COLUMNS * CELL, TITLE + sum(bands) + MARGIN
    figure = Figure(figsize=(width, height), facecolor="white")
    left, top = MARGIN / width, height - MARGIN
    figure.text(left, top / height, "Polynomial networks", size=20, weight="bold", va="top")
    subtitle = "Where a tier is named, each prediction is a polynomial of the pixels (or of the spectrogram)"
    figure.text(1 - left, (top - 0.09) / height, subtitle, size=12, color=QUIET, va="top", ha="right")
    top = height - TITLE
    for band, (card, guesses) in zip(bands, results, strict=True):
        figure.text(left, top / height, card["name"], size=13, weight="bold", va="top")
        figure.text(1 - left, top / height, _headline(card, guesses), size=11, color=QUIET, va="top", ha="right")
        for index, guess in enumerate(guesses):
            row, column = divmod(index, COLUMNS)
            x = MARGIN + column * CELL + (CELL - IMAGE_SIZE) / 2
            y = top - HEADLINE - row * CELL_HEIGHT - IMAGE_SIZE
            _draw_guess(figure.add_axes((x / width, y / height, IMAGE_SIZE / width, IMAGE_SIZE / height)), guess)
        top -= band
    FigureCanvasAgg(figure).print_figure(out, format="png", dpi=130)


def draw_generated(out, rows=3, engine="auto") -> None:
    """Draw images of each generator, one class per column if it is conditional.

    Args:
        out: path of the image to write.
        rows: rows of images per generator.
        engine: as for `zoo.predictor`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from zoo.generation.sampling import sample
    from zoo.generation.sheets import grid

    cards = [read_card(name) for name in _installed(GENERATION)]
    band = HEADLINE + rows * CELL + MARGIN
    width, height = 2 * MARGIN + COLUMNS * CELL, TITLE + len(cards) * band
    figure = Figure(figsize=(width, height), facecolor="white")
    left, top = MARGIN / width, height - MARGIN
    figure.text(left, top / height, "Drawn from noise", size=20, weight="bold", va="top")
    top = height - TITLE
    for card in cards:
        figure.text(left, top / height, card["name"], size=13, weight="bold", va="top")
        about = [f"{formatting.human_tier(card)}" + (f", degree {card['degree']}" if card["degree"] else "")]
        about += [f"{formatting.human_count(card['parameters'])} parameters", formatting.human_result(card)]
        figure.text(1 - left, top / height, "  ·  ".join(about), size=11, color=QUIET, va="top", ha="right")
        images, _ = sample(predictor(card["name"], engine), rows * COLUMNS)
        place = (left, (top - band + MARGIN) / height, COLUMNS * CELL / width, rows * CELL / height)
        axis = figure.add_axes(place)
        axis.imshow(grid(images, COLUMNS), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axis.axis("off")
        top -= band
    FigureCanvasAgg(figure).print_figure(out, format="png", dpi=130)


def _installed(*tasks):
    """The models whose weights are here: a wheel leaves out those of the baselines."""
    return [name for task in tasks for name in list_models(task=task) if has_weights(name)]


def _guesses(model):
    card, guesses = model.card, []
    examples = sample_inputs(card)
    rows = model.probabilities(examples)
    images = examples if examples.ndim == 4 else _spectrograms(card["name"], examples)
    for (path, truth), pixels, row in zip(samples(card["dataset"]["name"]), images, rows, strict=True):
        best = int(row.argmax())
        guesses.append(Guess(path.name, pixels, truth, card["class_names"][best], float(row[best])))
    return guesses


def _spectrograms(name, clips):
    """Spectrograms of audio clips as images, high frequencies at the top; 96 dB are white."""
    from zoo.architectures.parts.spectrogram import certified_inputs
    from zoo.loading import load

    return np.clip(certified_inputs(load(name), clips)[:, ::-1] * (255 / 96), 0, 255).astype("uint8")


def _headline(card, guesses):
    right = sum(guess.right for guess in guesses)
    return "  ·  ".join(
        [
            f"{card['dataset']['name']}, {card['accuracy']['test'] * 100:.1f} % on the test split",
            f"tier {card['tier']} ({card['tier_name']})" if card["tier"] else card["tier_name"],
            *([f"degree {card['degree']}"] if card["degree"] else []),
            f"{formatting.human_count(card['parameters'])} parameters",
            f"{right} of {len(guesses)} right here",
        ]
    )


def _draw_guess(axis, guess):
    colour = RIGHT if guess.right else WRONG
    axis.imshow(guess.pixels.squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_color(colour)
        spine.set_linewidth(3)
    caption = f"{guess.predicted}  {guess.probability * 100:.0f} %"
    axis.set_xlabel(caption if guess.right else f"{caption}\nis {guess.truth}", color=colour, size=9.5)
