"""Measuring any model of the zoo on its test split."""

from zoo.registry import card as read_card
from zoo.tasks import task_function


def evaluate(name, *, data=None, data_dir=None, engine="auto", progress=None) -> dict:
    """Measure a trained model on the test split of its data set, and compare with its card.

    Args:
        name: name of a shipped model, or folder of a run.
        data: what `zoo.open_data` takes, in place of the card's data set; it needs the same classes.
        data_dir: where TFDS keeps its data sets.
        engine: as for `zoo.predictor`.
        progress: called with (done, all) examples, for a task that counts them.

    Returns:
        A dict of the metrics, what the card says of them, `same_data_as_card` by checksum, and `reproduces_card`: same
        data, and the metrics of the card: the accuracy to four digits, those of generated images to a thousandth. Both
        are false where the card holds no metrics.

    Raises:
        ValueError: unknown model, or data that are not its data set's kind.
        FileNotFoundError: the data set is not there.
    """
    card = read_card(name)
    data_set = task_function(card["task"], "data")(card, data, data_dir)
    measured = task_function(card["task"], "measure")(name, card, data_set, engine, progress)
    as_on_card = measured.pop("as_on_card")
    same_data = as_on_card is not None and data_set.sha256 == card["dataset"]["sha256"]
    return {
        "model": card["name"],
        "dataset": card["dataset"]["name"],
        "same_data_as_card": same_data,
        "split": "test",
        **measured,
        "reproduces_card": bool(same_data and as_on_card),
    }
