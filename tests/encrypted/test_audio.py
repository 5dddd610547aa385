"""Encrypted inference of audio clips: the client computes the spectrogram, and encrypts it. Needs TenSEAL."""

import json

import pytest

import zoo
from zoo.architectures import build
from zoo.paths import SAMPLES

from .models import randomised

pytest.importorskip("tenseal.sealapi", reason="needs TenSEAL: pip install '.[encrypted]'")

from zoo.encrypted.evaluation import compile_by_name
from zoo.encrypted.http_server import encrypted_app
from zoo.encrypted.service import Service

from .web import Web

CLIP = SAMPLES / "spoken_digit_7_0.wav"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A saved model of clips of an eighth of a second."""
    arguments = {"width": 3, "stages": 1, "kernel_size": 3}
    model = randomised(build("temporal", arguments, (1024,), [40.0], [30.0], 3, name="clicks"))
    folder = tmp_path_factory.mktemp("audio") / "clicks"
    zoo.save(model, folder, class_names=["a", "b", "c"])
    return folder


def test_a_wav_file_is_classified_over_http(folder, pinet, tmp_path):
    model = compile_by_name(str(folder))
    assert model.circuit.program.input_shape == (40, 9, 1)
    web = Web(encrypted_app(Service("clicks", model)))
    try:
        code, out, error = pinet("encrypted", "ask", web.url, folder, CLIP, "--keys", tmp_path / "keys", "--json")
        assert code == 0 and "kept the middle 0.13" in error
        (result,) = json.loads(out)
        code, out, _ = pinet("predict", folder, CLIP, "--json", "--top", "3")
        (plain,) = json.loads(out)
        assert result["audio"] == str(CLIP)
        found, wanted = ({each["class"]: each["probability"] for each in row["predictions"]} for row in (result, plain))
        assert found == pytest.approx(wanted, abs=1e-2) and 0.02 < max(wanted.values()) < 0.98
        request, answer = tmp_path / "request", tmp_path / "answer"
        assert pinet("encrypted", "encrypt", tmp_path / "keys", CLIP, "-o", request)[0] == 0
        assert pinet("encrypted", "send", web.url, request, "-o", answer)[0] == 0
        code, out, _ = pinet("encrypted", "decrypt", tmp_path / "keys", answer, "--json")
        (stepwise,) = json.loads(out)
        assert code == 0 and stepwise["audio"] == "1"
        again = {each["class"]: each["probability"] for each in stepwise["predictions"]}
        assert again == pytest.approx(wanted, abs=1e-2)
        code, _, error = pinet("encrypted", "ask", web.url, folder, SAMPLES / "digits_4_0.png")
        assert code == 1 and "no WAV file" in error
    finally:
        web.stop()
