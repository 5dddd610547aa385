"""The README.md of a model on the Hugging Face Hub, in the format of its model cards."""

from pathlib import Path

from zoo.card_types import Card
from zoo.publishing.formatting import (
    human_count,
    human_interval,
    human_metrics,
    human_shape,
    human_size,
    human_tier,
    markdown_table,
)
from zoo.tasks import TASKS

# Licences that the Hub knows by these names; any other is named in words.
LICENCES = (
    "agpl-3.0",
    "apache-2.0",
    "bsd-2-clause",
    "bsd-3-clause",
    "cc-by-4.0",
    "cc-by-nc-4.0",
    "cc-by-nc-sa-4.0",
    "cc-by-sa-4.0",
    "cc0-1.0",
    "gpl-3.0",
    "isc",
    "lgpl-3.0",
    "mit",
    "mpl-2.0",
    "unlicense",
)
TIERS = {
    1: "It has no activation function, but something that is not a polynomial.",
    2: "At inference it is an exact polynomial of its input.",
    3: "At inference it is an exact polynomial of its input, of a multiplicative depth of at most 8.",
}


def hub_card(card: Card, address: str) -> str:
    """Metadata in YAML, and what a reader needs to know.

    Args:
        card: of the model.
        address: `hf://user/model`, where it will be.
    """
    from huggingface_hub import ModelCardData

    tags = ["pinet-keras", "polynomial-network", card["tier_name"].replace(" ", "-"), card["architecture"]]
    results = _results(card)
    data = ModelCardData(
        **_licence(card["license"]),
        library_name="keras",
        pipeline_tag=TASKS[card["task"]].pipeline_tag,
        tags=tags,
        **({"model_name": card["name"], "eval_results": results} if results else {}),
    )
    return f"---\n{data.to_yaml()}\n---\n\n{_text(card, address)}"


def _licence(licence):
    if licence is None:
        return {}
    known = licence.lower()
    return {"license": known} if known in LICENCES else {"license": "other", "license_name": known}


def _results(card):
    """What was measured, as the Hub's `model-index`."""
    from huggingface_hub import EvalResult

    metrics: dict = {}
    if "accuracy" in card:
        metrics = {"accuracy": card["accuracy"]["test"]}
        if "ece_calibrated" in card["calibration"]:
            metrics["expected_calibration_error"] = card["calibration"]["ece_calibrated"]
    elif "quality" in card:
        metrics = {key: value for key, value in card["quality"].items() if isinstance(value, float)}
    name = _data(card) or "data of one's own"
    return [
        EvalResult(
            task_type=TASKS[card["task"]].pipeline_tag,
            dataset_type=name,
            dataset_name=name,
            dataset_split="test",
            metric_type=key,
            metric_value=value,
        )
        for key, value in metrics.items()
    ]


def _text(card, address):
    degree = "" if card["degree"] is None else f", degree {card['degree']}"
    depth = card["multiplicative_depth"]
    depth = "" if depth is None else f", multiplicative depth {depth}"
    rows = [
        ("Task", card["task"]),
        ("Data set", _data(card) or "not recorded"),
        ("Input", TASKS[card["task"]].input.format(shape=" × ".join(map(str, card["input_shape"])))),
        *([("Output", f"{human_shape(card)} pixels")] if "output_shape" in card else []),
        ("Classes", ", ".join(card["class_names"]) or "none"),
        ("Tier", f"{human_tier(card)}{degree}{depth}{TASKS[card['task']].certified}"),
        ("Architecture", f"{card['architecture']} {card['architecture_arguments']}"),
        ("Size", human_size(card)),
        *_measured(card),
        ("Licence", card["license"] or "not stated"),
    ]
    table = markdown_table(("", ""), [(name, _cell(value)) for name, value in rows])
    note = f"\n{card['note']}\n" if "note" in card else ""
    run = TASKS[card["task"]].command
    return f"""# {card["name"]}

{card["description"]}

{TIERS.get(card["tier"], "It is not a polynomial.")}
`pinet certify {address}` proves tier and degree again, layer by layer.

{table}
{note}
## Use

`pip install 'pinet-keras[tensorflow,hub]'`, or with `jax` or `torch` for the backend, and in Python:

```python
import zoo

model = zoo.load("{address}")  # an uncompiled keras.Model
```

`pinet {run} {address}` runs it on the command line. The card, `cards/{card["name"]}.json`, holds the checksum of
the weights, {human_count(card["parameters"])} numbers in HDF5, which are read without running code.
"""


def _data(card):
    """The name of the data set; of a folder of this machine, without the path to it."""
    name = card["dataset"]["name"]
    return Path(name).name if name and Path(name).is_absolute() else name


def _measured(card):
    if "accuracy" in card:
        accuracy = card["accuracy"]
        interval = human_interval(*accuracy["interval_95"])
        measured = f"{accuracy['test'] * 100:.2f} % (95 %: {interval})"
        yield "Test accuracy", f"{measured} on {accuracy['test_examples']:,} examples"
        if "ece_calibrated" in card["calibration"]:
            yield "Calibration error", f"{card['calibration']['ece_calibrated'] * 100:.2f} %"
    if "quality" in card:
        yield "Metrics", human_metrics(card["quality"]).replace("[bold]", "").replace("[/]", "")


def _cell(value):
    return " ".join(str(value).split()).replace("|", "\\|")
