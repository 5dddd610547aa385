"""The data sets by name: what their arrays cannot say of themselves. Imports no backend."""

DIGITS = tuple("0123456789")
# Means and standard deviations are those of the training split, in grey levels; of audio, in the decibels of the
# spectrogram. `source` is a file that TFDS downloads for the set, and `download` the size of all of them;
# `light_on_dark` tells of digits that are lighter than their background.
SETS: dict[str, dict] = {
    "mnist": {
        "shape": (28, 28, 1),
        "classes": DIGITS,
        "mean": [33.32],
        "std": [78.57],
        "light_on_dark": True,
        "source": "https://storage.googleapis.com/cvdf-datasets/mnist/train-images-idx3-ubyte.gz",
        "download": "12 MB",
    },
    "digits": {"shape": (8, 8, 1), "classes": DIGITS, "mean": [77.89], "std": [95.87], "light_on_dark": True},
    "cifar10": {
        "shape": (32, 32, 3),
        "classes": ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        "mean": [125.31, 122.95, 113.87],
        "std": [62.99, 62.09, 66.70],
        "source": "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "download": "170 MB",
    },
    "spoken_digit": {
        "shape": (8192,),
        "classes": DIGITS,
        "mean": [15.6],
        "std": [21.4],
        "source": "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/v1.0.9.tar.gz",
        "download": "12 MB",
    },
}
