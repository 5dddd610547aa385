"""Generators under a new judge: python -m benchmarks.rejudge NAME... [--data FILE.npz]

When a classifier has been trained anew, the figures of the generators that it judges are others. This measures them
again and writes their cards; `pinet evaluate` must agree with those.
"""

import argparse

import zoo
from zoo.data.loading import load_set
from zoo.generation.generator_card import measured
from zoo.paths import ROOT
from zoo.publishing.publish import write_card


def main():
    """Measure each generator again, and write its card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--data", help="uint8 .npz instead of TFDS")
    options = parser.parse_args()
    for name in options.names:
        card = zoo.card(name)
        rivals = card["training"]["recipe"]["beside"]
        data_set = load_set(card["dataset"]["name"], options.data)
        card |= measured(zoo.load(name), card["quality"]["classifier"], rivals, data_set)
        write_card(card, ROOT)
        quality = card["quality"]
        print(f"{name}: Fréchet distance {quality['frechet_distance']:.4g} in features of {quality['classifier']}")


if __name__ == "__main__":
    main()
