"""Networks for CIFAR-10 and averages of their logits, on the validation images: python -m benchmarks.averages

Each sees an image and its mirror image. Written to docs/experiments.md.
"""

import argparse
from functools import cache

import numpy as np

import zoo
from benchmarks.converted import cell
from benchmarks.page import DOCS, write_between
from zoo.data.loading import load_set
from zoo.evaluation.classifiers import predict_logits
from zoo.publishing.formatting import human_count, markdown_table

GROUPS = (
    ("pinet_cifar10", "pinet_cifar10_lite"),
    ("pinet_cifar10", "pinet_cifar10_shallow"),
    ("pinet_cifar10_shallow", "pinet_cifar10_encrypted"),
    ("pinet_cifar10_activated", "pinet_cifar10_narrow_activated"),
    ("pinet_cifar10_activated", "pinet_cifar10_products_activated"),
    ("pinet_cifar10_activated", "pinet_cifar10_products_activated", "pinet_cifar10_distilled_activated"),
)


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", help="where TFDS keeps its data sets [TFDS_DATA_DIR]")
    data, count = load_set("cifar10", data_dir=parser.parse_args().data_dir), 3000
    images, labels = data.x_train[-count:], data.y_train[-count:]

    @cache
    def logits(name):
        model = zoo.load(name)
        return (predict_logits(model, images) + predict_logits(model, images[:, :, ::-1])) / 2

    rows = []
    for names in GROUPS:
        parameters = sum(zoo.card(name)["parameters"] for name in names)
        each = [cell(logits(name), labels) for name in names]
        mean = cell(np.mean([logits(name) for name in names], axis=0), labels)
        rows.append([" and ".join(f"`{name}`" for name in names), human_count(parameters), " and ".join(each), mean])
        print(*rows[-1], sep="  ", flush=True)
    head = ["Networks", "Parameters", "Each", "Average"]
    write_between(DOCS / "experiments.md", "averages", markdown_table(head, rows))


if __name__ == "__main__":
    main()
