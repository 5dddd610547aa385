"""Encrypted inference: seconds a request, images a second, and equal decisions; `make bench ARGS=encrypted`."""

import statistics

from zoo.encrypted.evaluation import evaluate_encrypted

ONE = ("pinet_digits", "pinet_mnist_encrypted", "pinet_mnist_tiny", "pinet_mnist_shallow")
MANY = ("pinet_mnist_encrypted",)
SIMULATED = 1000  # test images whose decisions are compared
MANY_EXAMPLES = 8192  # two requests of 4,096 slots: one for each of two processors


def measure(repeats: int, one=ONE, many=MANY, simulated=SIMULATED, many_examples=MANY_EXAMPLES) -> dict:
    """Requests of one image and of many, on test images.

    Args:
        repeats: requests of one image after the first, and runs of many images.
        one: models that answer one image a request.
        many: models that answer many.
        simulated: test images whose decisions are compared in a simulation.
        many_examples: images of a run of many.

    Returns:
        For each packing and model what `evaluate_encrypted` gives; with "many" quartiles of the images a second.
    """
    found: dict = {"repeats": repeats, "one": {}, "many": {}}
    for name in one:
        nearly = evaluate_encrypted(name, simulated, simulated=True)
        found["one"][name] = _of(evaluate_encrypted(name, 1 + repeats)) | {"simulated": _of(nearly)}
        print(name, flush=True)
    for name in many:
        runs = [evaluate_encrypted(name, many_examples, batch="many") for _ in range(repeats)]
        rates = [run["examples_per_second"] for run in runs]
        slots = runs[0]["plan"]["examples_per_request"]
        found["many"][name] = _of(runs[0]) | {"rates": _quartiles(rates), "slots": slots}
        print(name, "many", flush=True)
    return found


def _of(result: dict) -> dict:
    return {key: value for key, value in result.items() if key != "plan"}


def _quartiles(values: list[float]) -> list[float]:
    return statistics.quantiles(values, n=4) if len(values) > 1 else 3 * values
