"""What the pages show of a card. Imports no backend."""

from zoo.card_types import Card
from zoo.publishing.formatting import (
    human_bytes,
    human_count,
    human_degree,
    human_environment,
    human_interval,
    human_result,
    human_seconds,
    human_shape,
    human_size,
    human_tier,
)


def summary(card: Card) -> dict:
    """What every page needs of a card, and its values in words, as `pinet` and the README print them.

    Golden outputs, training and calibration but for its temperature are on the page of the model alone, which reads
    the whole card.

    Args:
        card: the card of a model of the zoo.

    Returns:
        What JSON can hold.
    """
    kept: dict = {key: value for key, value in card.items() if key not in ("golden", "training", "calibration")}
    if "calibration" in card:
        kept["calibration"] = {"temperature": card["calibration"]["temperature"]}
    accuracy = card.get("accuracy")
    words = {
        "data": f"{card['dataset']['name']}, {human_shape(card)}",
        "tier": human_tier(card),
        "degree": human_degree(card),
        "parameters": human_count(card["parameters"]),
        "macs": human_count(card["macs"]),
        "result": human_result(card),
        "interval": human_interval(*accuracy["interval_95"]) if accuracy else "",
        "weights": human_bytes(card["weights"]["bytes"]),
        "size": human_size(card),
        "seconds": human_seconds(card["training"]["seconds"]),
        "environment": human_environment(card["training"]),
    }
    return {**kept, "words": words}
