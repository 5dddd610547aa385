"""Face verification on the AT&T (ORL) faces: python -m benchmarks.faces FOLDER [--choose]

FOLDER holds the 40 folders s1 to s40 with ten images each. An embedding is trained on the subjects s1 to s20 with each
of `SEEDS`, and measured on s21 to s40, next to two baselines: the pixels, and their principal components. Results go to
docs/faces/results.json; table and curve of docs/faces.md are written from them. The model of the first seed becomes the
one that `pinet verify` uses. With --choose nothing of that is done: the choices are compared, trained on s1 to s15 and
measured on s16 to s20.
"""

import argparse
import json
import time
from dataclasses import replace

import keras
import numpy as np
from sklearn.decomposition import PCA

from benchmarks.faces_page import RESULTS, write_page
from zoo.files import write_json
from zoo.recipes import Recipe
from zoo.sharing.saving import save
from zoo.verification import (
    Identities,
    all_pairs,
    embeddings,
    fold_accuracy,
    fold_pairs,
    read_identities,
    roc,
    similarities,
    tar_at_far,
    train_embedding,
)
from zoo.verification.verifying import FACES, THRESHOLD_FILE

SHAPE = (28, 24, 1)
SEEDS = (0, 1, 2)
ARGUMENTS = {
    "width": 12,
    "stages": 3,
    "growth": 1.6,
    "block": "residual",
    "head": "flatten",
    "stem": True,
    "standardized": True,
    "mirrored": True,
}
RECIPE = Recipe(
    name="pinet_faces",
    description="embedding of grey faces for verification, trained on twenty people",
    dataset="orl_faces",
    architecture="pinet",
    architecture_arguments=ARGUMENTS,
    epochs=40,
    batch_size=10,
    learning_rate=0.002,
    warmup_epochs=3.0,
    weight_decay=0.5,
    flip=True,
    shift=3,
    rotate=12.0,
    zoom=0.2,
    validation=0,
)
MARGIN, SCALE = 0.2, 20.0
# Changes of the recipe, and of margin and scale.
CHOICES: dict[str, tuple[dict, dict]] = {
    "as it is": ({}, {}),
    "larger margin": ({}, {"margin": 0.5, "scale": 30.0}),
    "features as they are": ({"architecture_arguments": {**ARGUMENTS, "standardized": False}}, {"margin": 0.1}),
    "less augmentation": ({"shift": 2, "rotate": 8.0, "zoom": 0.1}, {}),
    "two stages": ({"architecture_arguments": {**ARGUMENTS, "stages": 2, "width": 8}}, {}),
}
FARS = (0.01, 0.001)
COMPONENTS = 60  # principal components of the baseline


def main():
    """Choose, or train and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="the folder of the 40 subjects")
    parser.add_argument("--choose", nargs="*", help="compare choices on validation subjects: all, or those named")
    options = parser.parse_args()
    people = read_identities(options.folder, SHAPE)
    if options.choose is not None:
        for name in options.choose or CHOICES:
            print(name, choose(people, *CHOICES[name]), flush=True)
        return
    train, test = part(people, 1, 20), part(people, 21, 40)
    rows = [{"name": name, **scores(vectors, test.labels)} for name, vectors in baselines(train, test).items()]
    for seed in SEEDS:
        started = time.perf_counter()
        model = train_embedding(replace(RECIPE, seed=seed), train, MARGIN, SCALE)
        seconds = round(time.perf_counter() - started)
        rows.append(
            {"name": "embedding", "seed": seed, "seconds": seconds}
            | scores(embeddings(body(model), test.images), test.labels)
        )
        if seed == SEEDS[0]:
            ship(model, train, rows[-1])
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    write_page(rows)


def part(people: Identities, first: int, last: int) -> Identities:
    """The images of the subjects with these numbers."""
    return people.of([f"s{number}" for number in range(first, last + 1)])


def choose(people, recipe_changes, loss_changes) -> dict:
    """Metrics of a choice on the validation subjects s16 to s20."""
    train, held_out = part(people, 1, 15), part(people, 16, 20)
    started = time.perf_counter()
    model = train_embedding(
        replace(RECIPE, **recipe_changes), train, **{"margin": MARGIN, "scale": SCALE} | loss_changes
    )
    found = scores(embeddings(body(model), held_out.images), held_out.labels, folds=2)
    return {key: round(found[key], 4) for key in ("accuracy", "tar_0.01")} | {"seconds": time.perf_counter() - started}


def baselines(train: Identities, test: Identities) -> dict[str, np.ndarray]:
    """Vectors of the test images that no network made: pixels about the mean of the training images, and components."""
    pixels, own = (each.images.reshape(len(each.images), -1).astype("float64") for each in (train, test))
    components = PCA(COMPONENTS, whiten=True, random_state=0).fit(pixels)
    return {"pixels": own - pixels.mean(axis=0), "principal components": components.transform(own)}


def ship(model: keras.Model, train: Identities, row: dict) -> None:
    """Save the model of `pinet verify`, with the threshold of its false acceptance rate."""
    save(
        model,
        FACES,
        name=RECIPE.name,
        description=RECIPE.description,
        class_names=train.names,
        dataset="orl_faces",
        license="Apache-2.0",
        note="Trained on 200 images of 20 people: an example of face verification, and not fit for use on people.",
        overwrite=True,
    )
    facts = {
        key: row[key]
        for key in ("accuracy", "error", *(f"{kind}_{rate}" for rate in FARS for kind in ("tar", "threshold")))
    }
    write_json(FACES / THRESHOLD_FILE, {"threshold": row[f"threshold_{FARS[0]}"], "far": FARS[0], "measured": facts})


def body(model: keras.Model) -> keras.Model:
    """The model without its head."""
    return keras.Model(model.input, model.layers[-2].output, name=model.name)


def scores(vectors: np.ndarray, labels: np.ndarray, folds: int = 10) -> dict:
    """Accuracy over folds, and rates over all pairs."""
    pairs, every = fold_pairs(labels, folds), all_pairs(labels)
    accuracy, error, _, thresholds = fold_accuracy(similarities(vectors, pairs), pairs.same, pairs.folds)
    similarity = similarities(vectors, every)
    far, tar, _ = roc(similarity, every.same)
    found = {"accuracy": accuracy, "error": error, "threshold": float(thresholds.mean()), "pairs": len(pairs.same)}
    for rate in FARS:
        if rate * (~every.same).sum() >= 1:
            found[f"tar_{rate}"], found[f"threshold_{rate}"] = tar_at_far(similarity, every.same, rate)
    kept = np.unique(np.round(np.geomspace(1, len(far), 200)).astype(int)) - 1
    return found | {"curve": [[round(float(far[k]), 5), round(float(tar[k]), 4)] for k in kept]}


if __name__ == "__main__":
    main()
