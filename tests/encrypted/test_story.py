"""What `python -m benchmarks.encrypted_story` writes for the page "Encrypted"."""

import base64
import json

import numpy as np
import pytest

import zoo
from zoo.data.samples import sample_inputs
from zoo.page.building import STORY


def test_the_story_is_of_a_request_that_is_answered():
    pytest.importorskip("tenseal.sealapi", reason="needs TenSEAL: pip install '.[encrypted]'")
    from benchmarks.encrypted_story import story

    found = story("pinet_digits", repeats=1)
    shipped = json.loads(STORY.read_text(encoding="utf-8"))
    assert found.keys() == shipped.keys() and found["seconds"].keys() == shipped["seconds"].keys()
    card = zoo.card("pinet_digits")
    assert found["weights_sha256"] == card["weights"]["sha256"]
    plain = zoo.load("pinet_digits").predict(sample_inputs(card)[3:4], verbose=0)[0]
    np.testing.assert_allclose(found["plain_logits"], plain, rtol=1e-5)
    assert 0 < np.abs(np.subtract(found["logits"], plain)).max() < 1e-3 * np.abs(plain).max()
    assert 20e6 < found["bytes"]["keys"] < 27e6 and 200e3 < found["bytes"]["request"] < 250e3
    assert all(seconds > 0 for seconds in found["seconds"].values())
    assert [len(base64.b64decode(found[key])) for key in ("request", "answer")] == [48**2, 48**2]
