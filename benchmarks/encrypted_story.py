"""One encrypted request, step by step, for the page "Encrypted": python -m benchmarks.encrypted_story

Writes zoo/page/web/encrypted.json: what is sent and answered, with sizes, and the processor time of each step, so that
it hardly matters what else the machine does. One request after the other; the first is not counted.
"""

import base64
import statistics
import time

import numpy as np

from benchmarks.who_sees_what import shown_bytes
from zoo import card
from zoo.data.samples import sample_inputs, samples
from zoo.encrypted.bundle import ANSWER, REQUEST
from zoo.encrypted.evaluation import compile_by_name
from zoo.encrypted.owner import Owner
from zoo.encrypted.service import Service
from zoo.environment import environment
from zoo.files import write_json
from zoo.loading import load
from zoo.page.building import STORY

NAME, SAMPLE = "pinet_mnist_encrypted", 3
REPEATS = 11
PLAN = ("security", "depth", "ring", "rotations", "plain_products", "products")


def main() -> None:
    """Write the story."""
    write_json(STORY, story(), indent=1)
    print(f"wrote {STORY}")


def story(name: str = NAME, repeats: int = REPEATS) -> dict:
    """Ask a server in this process, as over HTTP.

    Args:
        name: a classifier that `compile_by_name` takes.
        repeats: requests; of each step the median of all but the first counts.

    Returns:
        What the page needs: the image, some bytes of both ciphertexts in base64, sizes, seconds, logits.
    """
    the_card = card(name)
    images = sample_inputs(the_card)[SAMPLE : SAMPLE + 1]
    model = compile_by_name(name)
    owner, keys = _timed(lambda: Owner(name, model))
    service = Service(name, model)
    service.add_keys(owner.public)
    times: dict[str, list[float]] = {"encrypt": [], "compute": [], "decrypt": []}
    for _ in range(repeats):
        request, seconds = _timed(lambda: owner.request(images))
        times["encrypt"].append(seconds)
        answer, seconds = _timed(lambda request=request: service.answer(request))
        times["compute"].append(seconds)
        logits, seconds = _timed(lambda answer=answer: owner.logits(answer))
        times["decrypt"].append(seconds)
    found = environment()
    return {
        "model": the_card["name"],
        "weights_sha256": the_card["weights"]["sha256"],
        "image": samples(the_card["dataset"]["name"])[SAMPLE][0].name,
        "plan": {key: getattr(model.plan, key) for key in PLAN},
        "request": _base64(shown_bytes(request, REQUEST)),
        "answer": _base64(shown_bytes(answer, ANSWER)),
        "bytes": {"keys": len(owner.public), "request": len(request), "answer": len(answer)},
        "seconds": {"keys": keys, **{step: statistics.median(found[1:] or found) for step, found in times.items()}},
        "logits": logits[0].tolist(),
        "plain_logits": load(name).predict(images, verbose=0)[0].tolist(),
        "requests": repeats,
        "machine": found["cpu"] or found["machine"],
    }


def _timed(work):
    """What a function gives, and the seconds that it kept the processor busy."""
    started = time.process_time()
    return work(), time.process_time() - started


def _base64(values: np.ndarray) -> str:
    return base64.b64encode(values.tobytes()).decode()


if __name__ == "__main__":
    main()
