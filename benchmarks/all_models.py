"""A process that holds every installed model: time to load each, and memory. python -m benchmarks.all_models ENGINE

With the engines `litert` and `onnx` the networks are compiled already, into the cache that `PINET_CACHE` names, where
this was run once before.
"""

import json
import sys
import time
import zlib

import numpy as np

from benchmarks.memory import megabytes_now
from zoo.data.cache import cache_folder
from zoo.paths import WEIGHTS


def main():
    """Load them one by one and print JSON."""
    import zoo
    from zoo.registry import has_weights
    from zoo.tasks import TASKS

    engine = sys.argv[1]
    cards = map(zoo.card, zoo.list_models())
    names = [card["name"] for card in cards if TASKS[card["task"]].arrays and has_weights(card["name"])]
    zoo.predictor(names[0], engine=engine)  # the imports are no model's
    before, seconds, held = megabytes_now(), {}, []
    for name in names:
        started = time.perf_counter()
        predictor = zoo.predictor(name, engine=engine)
        predictor.predict(one_input(predictor.card))
        seconds[name] = time.perf_counter() - started
        held.append(predictor)
    after = megabytes_now()
    found = {"seconds": seconds, "before": before, "after": after}
    if engine == "litert":
        found["files_megabytes"] = sizes_of_files(names)
    print(json.dumps(found, allow_nan=False))


def sizes_of_files(names) -> dict[str, float]:
    """Megabytes of the networks compiled for LiteRT, also compressed as in a wheel, and of the models' weights."""
    contents = [path.read_bytes() for path in cache_folder().rglob("*.tflite")]
    return {
        "compiled": sum(map(len, contents)) / 1e6,
        "compressed": sum(len(zlib.compress(each)) for each in contents) / 1e6,
        "weights": sum((WEIGHTS / f"{name}.weights.h5").stat().st_size for name in names) / 1e6,
    }


def one_input(card):
    """An example of zeros: the first prediction belongs to loading, as engines prepare more at it."""
    if "latent_size" not in card:
        return np.zeros((1, *card["input_shape"]), "uint8" if len(card["input_shape"]) == 3 else "int16")
    noise = np.zeros((1, card["latent_size"]), "float32")
    return [noise, np.zeros(1, "int64")] if card["class_names"] else noise


if __name__ == "__main__":
    main()
