"""Accuracy for unseen speakers: python -m benchmarks.speakers [RECIPE] [--only NAME...] [--data-dir DIR]

Trains the recipe of an audio model once for each speaker, without that speaker, and prints the accuracy on all of their
recordings: leave-one-speaker-out.
"""

import argparse

import numpy as np
import tensorflow_datasets as tfds

from zoo.data.data_set import DataSet
from zoo.data.spoken_digit import split_recordings, spoken_recordings
from zoo.recipes import read_recipe
from zoo.training.onednn import train_with_onednn


def main():
    """Train and measure, speaker by speaker."""
    train_with_onednn()
    from zoo.evaluation.classifiers import predict_logits
    from zoo.evaluation.scores import accuracy_interval
    from zoo.training.fitting import fit, prepare

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", nargs="?", default="pinet_spoken_digit")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="speakers to leave out [each in turn]")
    parser.add_argument("--data-dir", help="where TFDS keeps its data [TFDS_DATA_DIR]")
    options = parser.parse_args()
    recipe = read_recipe(options.recipe)
    builder = tfds.builder(recipe.dataset, data_dir=options.data_dir)
    builder.download_and_prepare()
    recordings, accuracies = spoken_recordings(builder), []
    speakers = sorted({name for _, name, *_ in recordings})
    if not set(options.only or []) <= set(speakers):
        parser.error(f"--only takes some of {', '.join(speakers)}. Received: {' '.join(options.only)}")
    for speaker in options.only or speakers:
        parts = split_recordings(recordings, lambda index, name, left_out=speaker: name == left_out)
        data_set = DataSet(recipe.dataset, **parts)
        model = prepare(recipe, data_set)
        fit(model, recipe, data_set)
        accuracy, (low, high) = accuracy_interval(predict_logits(model, data_set.x_test), data_set.y_test)
        accuracies.append(accuracy)
        print(f"{speaker:10} {accuracy:7.2%}  (95 %: {low:.1%} to {high:.1%})", flush=True)
    if len(accuracies) > 1:
        print(f"{'mean':10} {np.mean(accuracies):7.2%}  spread {np.std(accuracies, ddof=1):.2%}")


if __name__ == "__main__":
    main()
