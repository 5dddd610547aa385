"""What folding gains: python -m benchmarks.folding

Prints images/s of each model of the zoo, and of a stack with batch normalisation, before and after `fold`, on batches
of 32, in one process and taking turns.
"""

import keras
import numpy as np

import zoo
from benchmarks.serving import alternate
from pinet_keras import PolyConv2D
from pinet_keras.analysis import fold

BATCH = 32


def main():
    """Run the measurements and print them."""
    for model in (*map(zoo.load, zoo.list_models(task="image classification")), stack()):
        images = np.random.default_rng(0).integers(0, 256, (BATCH, *model.input_shape[1:])).astype("float32")
        times = alternate({"before": model.predict_on_batch, "after": fold(model).predict_on_batch}, images)
        rates = [BATCH / times[way] for way in ("before", "after")]
        print(f"{model.name:18} {rates[0]:8.0f} → {rates[1]:8.0f} images/s  {rates[1] / rates[0]:4.2f} ×", flush=True)


def stack():
    """Three polynomial convolutions with batch normalisation, on 32×32×3 images."""
    layers = [PolyConv2D(filters, 3, padding="same", normalization="batch") for filters in (16, 32, 64)]
    head = [keras.layers.Flatten(), keras.layers.Dense(10)]
    return keras.Sequential([keras.Input((32, 32, 3)), *layers, *head], name="stack")


if __name__ == "__main__":
    main()
