"""README's images/s of a polynomial network and the same one with ReLU: what was measured, and how."""

import pytest

import zoo
from benchmarks import comparison, readme_tables
from benchmarks.readme_tables import POLYNOMIAL, RELU


def test_the_two_take_turns_and_the_first_round_does_not_count(monkeypatch):
    calls, clock = [], iter(range(1000))

    class Model:
        def __init__(self, name):
            self.name = name

        def predict_on_batch(self, images):
            calls.append(self.name)
            assert images.shape == (comparison.BATCH, 8, 8, 1) and images.dtype == "uint8"
            for _ in range({"pinet_digits": 1, "other": 3}[self.name] if len(calls) > 2 else 99):
                next(clock)

    monkeypatch.setattr(zoo, "load", Model)
    monkeypatch.setattr(comparison.time, "perf_counter", lambda: next(clock))
    found = comparison.measure(("pinet_digits", "other"))
    # a tick of the clock for its second reading, and those of the prediction
    assert found["images_per_second"] == {"pinet_digits": [128.0] * 11, "other": [64.0] * 11}
    rounds = [set(calls[start : start + 2]) for start in range(0, len(calls), 2)]
    assert rounds == [{"pinet_digits", "other"}] * 12 and calls[2:6] == [
        "pinet_digits",
        "other",
        "other",
        "pinet_digits",
    ]


def test_the_fastest_round_stands_in_the_table():
    assert comparison.rate({"images_per_second": {"a": [1200.4, 1300.6, 900.0]}}, "a") == "1,301"


@pytest.mark.parametrize(
    "accuracy, words", [(0.9391, "0.1 percentage points higher"), (0.929, "0.9 percentage points lower")]
)
def test_the_sentence_says_which_network_is_more_accurate(accuracy, words):
    polynomial, relu = ({**zoo.card(name)} for name in (POLYNOMIAL, RELU))
    for card, value in ((polynomial, accuracy), (relu, 0.9379)):
        card["accuracy"] = {**card["accuracy"], "test": value}
    assert f"of the polynomial is {words}" in readme_tables.comparison(polynomial, relu, comparison.read_rates())


def test_the_networks_that_are_compared_are_of_one_size():
    one, other = zoo.card(POLYNOMIAL), zoo.card(RELU)
    assert abs(one["parameters"] / other["parameters"] - 1) < 0.01
    assert one["macs"] == pytest.approx(other["macs"], rel=0.03)  # those of the polynomials are 2.9 %
    assert comparison.read_rates()["images_per_second"].keys() == {POLYNOMIAL, RELU}
