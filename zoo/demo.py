"""The demonstration: every classifier classifies the bundled pictures of its data set, every generator draws some."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import softmax

from zoo import tables
from zoo.front_end import before_certificate
from zoo.loading import load
from zoo.paths import SAMPLES
from zoo.registry import CLASSIFICATION, GENERATION, SOUND_CLASSIFICATION, list_models
from zoo.registry import card as read_card
from zoo.sounds import read_example

RIGHT, WRONG, QUIET = "#1a7f4b", "#c0352b", "#555555"
COLUMNS = 10
# inches on the contact sheet
MARGIN, TITLE, HEADLINE, CELL, PICTURE, CELL_HEIGHT = 0.35, 0.95, 0.38, 1.3, 1.14, 1.72


@dataclass(frozen=True)
class Guess:
    """What a model says of one picture: the pixels, the true class, the predicted one and its probability.

    The pixels of a sound are those of its spectrogram.
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


def probabilities(model, card, examples) -> np.ndarray:
    """Class probabilities: softmax(logits / T), with the temperature T that the card's validation data gave.

    Args:
        model: a classifier of the zoo.
        card: its card.
        examples: `[batch, height, width, channels]` pixels, or `[batch, samples]` waveforms.

    Returns:
        float32 `[batch, classes]`; a row of NaN where a logit is beyond float32, and so no class is the answer.
    """
    logits = np.asarray(model.predict_on_batch(examples)) / card["calibration"]["temperature"]
    finite = np.isfinite(logits).all(axis=1, keepdims=True)
    return np.where(finite, softmax(np.where(finite, logits, 0), axis=1), np.nan)


def samples(dataset) -> list[tuple[Path, str]]:
    """The bundled pictures or sounds of a data set, each with its true class (`DATASET_CLASS_INDEX.png`)."""
    return [
        (path, path.stem.removeprefix(f"{dataset}_").split("_")[0]) for path in sorted(SAMPLES.glob(f"{dataset}_*"))
    ]


def sample_inputs(card) -> np.ndarray:
    """The bundled pictures, uint8 `[n, height, width, channels]`, or sounds, int16 `[n, samples]`, of a card's set."""
    return np.stack([read_example(path, card["input_shape"]) for path, _ in samples(card["dataset"]["name"])])


def run_demo(report=None) -> list[tuple[dict, list[Guess]]]:
    """Classify the bundled pictures and sounds with every shipped classifier.

    Args:
        report: called with (models done, all models).

    Returns:
        One pair a model: its card and its guesses.
    """
    names, results = list_models(task=CLASSIFICATION) + list_models(task=SOUND_CLASSIFICATION), []
    for done, name in enumerate(names):
        if report:
            report(done, len(names))
        card = read_card(name)
        results.append((card, _guesses(load(name), card)))
    return results


def table(results):
    """The results as a `rich` table, one row a picture."""
    from rich import box
    from rich.table import Table

    shown = Table(box=box.SIMPLE_HEAD)
    for column in ("model", "tier", "degree", "parameters", "picture", "predicted", "probability", ""):
        shown.add_column(column, justify="right" if column in ("degree", "parameters", "probability") else "left")
    for card, guesses in results:
        about = [f"[bold cyan]{card['name']}", tables.human_tier(card), tables.human_degree(card)]
        about.append(tables.human_count(card["parameters"]))
        for guess in guesses:
            verdict = "[green]right" if guess.right else f"[red]wrong, is {guess.truth}"
            shown.add_row(*about, guess.file, guess.predicted, f"{guess.probability:.1%}", verdict)
            about = [""] * 4
        shown.add_section()
    return shown


def draw(results, out) -> None:
    """Draw the contact sheet: a band of pictures a model, each with prediction and probability.

    Args:
        results: what `run_demo` returned.
        out: path of the picture to write.
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
            x = MARGIN + column * CELL + (CELL - PICTURE) / 2
            y = top - HEADLINE - row * CELL_HEIGHT - PICTURE
            _draw_guess(figure.add_axes((x / width, y / height, PICTURE / width, PICTURE / height)), guess)
        top -= band
    FigureCanvasAgg(figure).print_figure(out, format="png", dpi=130)


def draw_generated(out, rows=3) -> None:
    """Draw what the generators make of noise: a band of pictures each, a class a column where they know classes.

    Args:
        out: path of the picture to write.
        rows: rows of pictures a generator.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from zoo.generation.sampling import sample
    from zoo.generation.sheets import grid

    cards = [read_card(name) for name in list_models(task=GENERATION)]
    band = HEADLINE + rows * CELL + MARGIN
    width, height = 2 * MARGIN + COLUMNS * CELL, TITLE + len(cards) * band
    figure = Figure(figsize=(width, height), facecolor="white")
    left, top = MARGIN / width, height - MARGIN
    figure.text(left, top / height, "Drawn from noise", size=20, weight="bold", va="top")
    top = height - TITLE
    for card in cards:
        figure.text(left, top / height, card["name"], size=13, weight="bold", va="top")
        about = [f"{tables.human_tier(card)}" + (f", degree {card['degree']}" if card["degree"] else "")]
        about += [f"{tables.human_count(card['parameters'])} parameters", tables.human_result(card)]
        figure.text(1 - left, top / height, "  ·  ".join(about), size=11, color=QUIET, va="top", ha="right")
        images, _ = sample(load(card["name"]), rows * COLUMNS)
        place = (left, (top - band + MARGIN) / height, COLUMNS * CELL / width, rows * CELL / height)
        axis = figure.add_axes(place)
        axis.imshow(grid(images, COLUMNS), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axis.axis("off")
        top -= band
    FigureCanvasAgg(figure).print_figure(out, format="png", dpi=130)


def _guesses(model, card):
    examples = sample_inputs(card)
    rows, guesses = probabilities(model, card, examples), []
    pictures = examples if examples.ndim == 4 else _loudness(model, examples)
    for (path, truth), pixels, row in zip(samples(card["dataset"]["name"]), pictures, rows, strict=True):
        best = int(row.argmax())
        guesses.append(Guess(path.name, pixels, truth, card["class_names"][best], float(row[best])))
    return guesses


def _loudness(model, sounds):
    """The spectrograms that a sound model hears, high tones above; 96 dB are white."""
    return np.clip(before_certificate(model, sounds)[:, ::-1] * (255 / 96), 0, 255).astype("uint8")


def _headline(card, guesses):
    right = sum(guess.right for guess in guesses)
    return "  ·  ".join(
        [
            f"{card['dataset']['name']}, {card['accuracy']['test'] * 100:.1f} % on the test split",
            f"tier {card['tier']} ({card['tier_name']})" if card["tier"] else card["tier_name"],
            *([f"degree {card['degree']}"] if card["degree"] else []),
            f"{tables.human_count(card['parameters'])} parameters",
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
