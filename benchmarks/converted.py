"""What polynomials in place of ReLU cost without training: python -m benchmarks.converted [--data-dir DIR]

`pinet_cifar10_narrow_activated` with `ReLUApproximation` in place of its ReLU, on its validation images. Written to
docs/experiments.md.
"""

import argparse

import numpy as np

import zoo
from benchmarks.page import DOCS, write_between
from zoo.architectures import build
from zoo.data.loading import load_set
from zoo.evaluation.classifiers import predict_logits
from zoo.publishing.formatting import markdown_table
from zoo.training.batch_norm import recompute_statistics

RELU = "pinet_cifar10_narrow_activated"
DEGREES, BOUNDS = (4, 8, 12, 16), (3.0, 5.0, 7.0)


def main() -> None:
    """Convert, measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", help="where TFDS keeps its data sets [TFDS_DATA_DIR]")
    data, held = load_set("cifar10", data_dir=parser.parse_args().data_dir), zoo.card(RELU)["training"]["recipe"]
    count, trained = held["validation"], zoo.load(RELU)
    images, labels = data.x_train[-count:], data.y_train[-count:]
    rows = [["ReLU itself", *[cell(predict_logits(trained, images), labels)] * len(BOUNDS)]]
    for degree in DEGREES:
        models = [converted(trained, degree, bound, data.x_train[:-count]) for bound in BOUNDS]
        rows.append([str(degree), *(cell(predict_logits(model, images), labels) for model in models)])
        print(*rows[-1], sep="  ", flush=True)
    head = ["Degree", *(f"on ±{bound:g}" for bound in BOUNDS)]
    write_between(DOCS / "experiments.md", "converted", markdown_table(head, rows))


def converted(trained, degree: int, bound: float, images: np.ndarray):
    """The network with polynomials, and with the statistics of batch normalisation that it has then."""
    card = zoo.card(RELU)
    arguments = card["architecture_arguments"] | {"activation_degree": degree}
    # A polynomial on less than the values are kept within needs a smaller bound for them as well.
    arguments |= {"bound": min(bound, arguments["bound"]), "approximation_bound": bound}
    scaling = card["preprocessing"]["mean"], card["preprocessing"]["std"]
    model = build(card["architecture"], arguments, tuple(card["input_shape"]), *scaling, len(card["class_names"]))
    model.set_weights(trained.get_weights())
    recompute_statistics(model, images[:10_000])
    return model


def cell(logits: np.ndarray, labels: np.ndarray) -> str:
    """Accuracy, infinite logits counted as wrong, and in how many images there are any."""
    finite = np.isfinite(logits).all(axis=1)
    accuracy = ((logits.argmax(axis=1) == labels) & finite).mean()
    infinite = f" ({(~finite).sum():,} infinite)" if not finite.all() else ""
    return f"{100 * accuracy:.1f} %{infinite}"


if __name__ == "__main__":
    main()
