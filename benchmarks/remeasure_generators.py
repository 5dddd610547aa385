"""Metrics of generators by their recipes' classifiers: python -m benchmarks.remeasure_generators NAME...

When a classifier has been retrained, or another one evaluates, the metrics that are computed in its features change.
This measures generators again and writes their cards; `pinet evaluate` must reproduce those.
"""

import argparse

import zoo
from zoo.card_entries import qualities
from zoo.data.loading import load_set
from zoo.generation.generator_card import evaluation_entries
from zoo.paths import ROOT
from zoo.publishing.publish import write_card
from zoo.recipes import read_recipe


def main():
    """Measure each generator again, and write its card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--data", help="uint8 .npz instead of TFDS")
    options = parser.parse_args()
    for name in options.names:
        card = zoo.card(name)
        data_set = load_set(card["dataset"]["name"], options.data)
        card |= evaluation_entries(zoo.load(name), read_recipe(name), data_set)
        write_card(card, ROOT)
        for quality in qualities(card):
            print(f"{name}: Fréchet distance {quality['frechet_distance']:.4g} in features of {quality['classifier']}")


if __name__ == "__main__":
    main()
