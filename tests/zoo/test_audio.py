"""From WAV files and waveforms to the input of an audio model."""

import io
from dataclasses import replace

import keras
import numpy as np
import pytest
from scipy.io import wavfile

import zoo
from pinet_keras.analysis import certify
from zoo.architectures import build
from zoo.architectures.parts.spectrogram import certified_inputs, certified_part
from zoo.data.audio import RATE, check_audio, fit_length, read_audio
from zoo.data.batches import augment_audio
from zoo.data.loading import load_set
from zoo.recipes import read_recipe

LENGTH = 2048
RECIPE = replace(read_recipe("pinet_spoken_digit"), shift=0, zoom=0.0, gain=0.0)


def tone(hertz=1000, amplitude=10_000, samples=LENGTH, rate=RATE):
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(samples) / rate)


def wav(samples, rate=RATE):
    file = io.BytesIO()
    wavfile.write(file, rate, samples)
    return file.getvalue()


def notes_of(source):
    notes = []
    read_audio(source, LENGTH, notes)
    return notes


def model(num_classes=10):
    return build("pinet", {"width": 4, "stages": 2}, (LENGTH,), [15.0], [20.0], num_classes, name="audio_model")


@pytest.mark.parametrize(
    "samples",
    [
        tone().astype("int16"),
        (tone() / 32767).astype("float32"),
        (tone() * 65536).astype("int32"),
        (tone() / 256 + 128).round().astype("uint8"),
    ],
    ids=["16 bits", "float", "32 bits", "8 bits"],
)
def test_samples_of_every_kind_come_to_one_scale(samples):
    found = read_audio(wav(samples), LENGTH)
    assert found.dtype == np.int16
    assert np.abs(found - tone()).max() <= (130 if samples.dtype == np.uint8 else 1)


def test_channels_and_rates_are_brought_to_the_models(tmp_path):
    notes, path = [], tmp_path / "stereo.wav"
    both = np.stack([tone(500, 8000, 4096, 16_000), np.zeros(4096)], axis=1).astype("int16")
    wavfile.write(path, 16_000, both)
    found = read_audio(path, LENGTH, notes)
    assert notes == ["averaged 2 channels", "resampled from 16000 to 8000 samples a second"]
    inner = slice(100, -100)  # the ends of a resampled clip ring
    assert np.abs(found - tone(500, 4000))[inner].max() < 40


def test_long_audio_clips_lose_their_ends_and_short_ones_lie_in_silence():
    notes = []
    np.testing.assert_array_equal(read_audio(wav(np.arange(10, dtype="int16")), 4, notes), [3, 4, 5, 6])
    assert notes == ["kept the middle 0.00 of 0.00 seconds"]
    np.testing.assert_array_equal(fit_length(np.array([1, 2, 3]), 6), [0, 1, 2, 3, 0, 0])


def test_a_clip_that_is_too_short_is_reported():
    assert notes_of(wav(tone(samples=512).astype("int16"))) == [
        "laid 0.06 seconds in the middle of 0.26, the rest silence"
    ]
    assert notes_of(wav(tone().astype("int16"))) == []


@pytest.mark.parametrize("on_disk", [True, False])
def test_half_a_file_says_that_it_is_cut_off(tmp_path, on_disk):
    whole, notes, path = wav(tone().astype("int16")), [], tmp_path / "half.wav"
    half = whole[: len(whole) // 2]
    path.write_bytes(half)
    found = read_audio(path if on_disk else half, LENGTH, notes)
    np.testing.assert_array_equal(found, fit_length(tone().astype("int16")[: (2070 - 44) // 2], LENGTH))
    assert notes[0] == "the file is cut off: 2,070 of the 4,140 bytes that its header declares are there"
    path.write_bytes(whole + b"LIST")
    assert notes_of(path if on_disk else path.read_bytes()) == []


def test_a_stream_promises_no_length():
    whole = wav(tone().astype("int16"))
    for endless in (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f"):  # as FFmpeg and SoX write to a pipe
        piped = whole[:4] + endless + whole[8:40] + endless + whole[44:]
        np.testing.assert_array_equal(read_audio(piped, LENGTH), read_audio(whole, LENGTH))
        assert notes_of(piped) == []


def test_float_samples_beyond_full_scale_are_reported():
    assert notes_of(wav((tone() / 10_000).astype("float32"))) == []
    assert notes_of(wav(tone().astype("float32"))) == ["cut the peaks of samples beyond full scale"]


@pytest.mark.parametrize(
    "source, words",
    [
        (b"", "no WAV file that can be read.*Received: the bytes given"),
        (b"RIFF but no more", "no WAV file that can be read"),
        (wav(np.zeros(0, "int16")), "no samples|no WAV file"),
        (wav(np.array([np.nan, 0], "float32")), "no known scale. Received: the bytes given with float32"),
    ],
)
def test_what_is_not_audio_is_refused(source, words):
    with pytest.raises(ValueError, match=words):
        read_audio(source, LENGTH)


def test_a_file_that_is_not_there_is_reported(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_audio(tmp_path / "absent.wav", LENGTH)


@pytest.mark.parametrize(
    "clips, words",
    [
        (np.zeros(LENGTH), r"shape \[batch, 2048\], 0.256 s at 8 kHz.*fit_length"),
        (np.zeros((2, 100)), "shape=\\(2, 100\\)"),
        (np.zeros((0, LENGTH)), "shape=\\(0, 2048\\)"),
        (np.full((1, LENGTH), 40_000), "-32768..32767. Received: values from 40000 to 40000"),
        (np.full((1, LENGTH), np.nan), "-32768..32767. Received: values from nan"),
        (np.full((1, LENGTH), "a"), "must be integers or floats"),
    ],
)
def test_arrays_are_validated(clips, words):
    with pytest.raises(ValueError, match=words):
        check_audio(clips, (LENGTH,))
    audio_model = model()
    for call in (audio_model, audio_model.predict_on_batch, lambda x: audio_model.predict(x, verbose=0)):
        with pytest.raises(ValueError, match=words):
            call(clips)


def test_the_spectrogram_is_loudness_by_frequency():
    audio_model = model()
    clips = np.stack([tone(500), tone(3000), tone(500, 1000), tone(500) * 0]).astype("int16")
    levels = certified_inputs(audio_model, clips)[..., 0].mean(axis=2)  # over time
    low, high, quiet, silence = levels
    assert low.argmax() < 15 < 30 < high.argmax()
    assert low.max() - quiet.max() == pytest.approx(20, abs=0.5)  # a tenth of the amplitude
    assert (silence == 0).all() and levels.max() < 100
    alone = certified_inputs(audio_model, clips[2:3])[0, ..., 0].mean(axis=1)
    np.testing.assert_allclose(alone, quiet, atol=1e-3)  # who is louder in the batch does not matter


def test_a_certificate_is_about_what_follows_the_spectrogram():
    audio_model = model()
    assert certify(audio_model).tier is None
    certified = certified_part(audio_model)
    certificate = certify(certified)
    assert (certificate.tier, certificate.degree) == (3, 4)
    clips = np.random.default_rng(0).normal(0, 1000, (5, LENGTH)).astype("int16")
    expected = audio_model.predict(clips, verbose=0)
    np.testing.assert_allclose(certified.predict(certified_inputs(audio_model, clips), verbose=0), expected, atol=1e-4)
    assert certified_part(image_model := zoo.load("pinet_digits")) is image_model


def test_an_audio_model_survives_a_file(tmp_path):
    audio_model = model()
    audio_model.save(tmp_path / "audio_model.keras")
    again = keras.saving.load_model(tmp_path / "audio_model.keras")
    clips = tone()[None].astype("int16")
    np.testing.assert_allclose(again.predict(clips, verbose=0), audio_model.predict(clips, verbose=0), atol=1e-5)
    with pytest.raises(ValueError, match="Audio clips must have the shape"):
        again.predict(clips[:, :5], verbose=0)


def test_audio_clips_are_moved_made_louder_and_faster():
    clips, default_rng = np.stack([tone(200)] * 50).astype("int16"), np.random.default_rng
    same = augment_audio(clips, RECIPE, default_rng(0))
    np.testing.assert_array_equal(same, clips)
    moved = augment_audio(clips, replace(RECIPE, shift=3), default_rng(0))
    inner = [row[10:-10].tolist() for row in moved]
    copies = [clips[0][10 - move : LENGTH - 10 - move].tolist() for move in range(-3, 4)]
    assert all(row in copies for row in inner) and all(copy in inner for copy in copies)
    assert moved.dtype == np.int16
    loud = augment_audio(clips, replace(RECIPE, gain=6.0), default_rng(0))
    gains = np.abs(loud).max(axis=1) / np.abs(clips).max(axis=1)
    assert 0.5 < gains.min() < 0.6 < 1.7 < gains.max() < 2.0
    fast = augment_audio(clips, replace(RECIPE, zoom=0.2), default_rng(0))
    peaks = np.abs(np.fft.rfft(fast * np.hanning(LENGTH), axis=1)).argmax(axis=1) * RATE / LENGTH
    assert 158 < peaks.min() < 175 < 225 < peaks.max() < 242
    np.testing.assert_array_equal(fast, augment_audio(clips, replace(RECIPE, zoom=0.2), default_rng(0)))


def test_the_test_split_is_the_first_five_recordings_of_every_speaker(tfds_dir):
    data_set = load_set("spoken_digit", data_dir=tfds_dir("spoken_digit"))
    assert data_set.x_train.shape == (2700, 8192) and data_set.x_test.shape == (300, 8192)
    assert data_set.x_train.dtype == np.int16
    assert np.bincount(data_set.y_test).tolist() == [30] * 10
    assert np.bincount(data_set.y_train[-300:]).tolist() == [30] * 10  # recordings 45 to 49: the validation part
    assert data_set.sha256 == zoo.card("pinet_spoken_digit")["dataset"]["sha256"]


@pytest.mark.parametrize(
    "change", [{"flip": True}, {"rotate": 5.0}, {"cutout": 4}, {"mixup": 0.2}, {"mixed_versions": 2}]
)
def test_what_is_done_to_images_is_not_done_to_audio_clips(change):
    with pytest.raises(ValueError, match="has no meaning for spoken_digit"):
        replace(RECIPE, **change)
    with pytest.raises(ValueError, match="'gain' has no meaning for digits"):
        replace(read_recipe("pinet_digits"), gain=3.0)
