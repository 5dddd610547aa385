"""Encrypted answers are the plain ones, and what is damaged or foreign is refused. Needs TenSEAL."""

import keras
import numpy as np
import pytest

import pinet_keras
import zoo
from pinet_keras.analysis import Evaluator
from zoo.data.samples import sample_inputs
from zoo.encrypted.compiling import compile_encrypted

from .models import randomised

sealapi = pytest.importorskip("tenseal.sealapi", reason="needs TenSEAL: pip install '.[encrypted]'")

from zoo.encrypted.client import Client  # noqa: E402
from zoo.encrypted.seal import SealEngine, context_of, from_bytes, to_bytes  # noqa: E402
from zoo.encrypted.server import Server  # noqa: E402


@pytest.fixture(scope="module")
def digits():
    model, images = zoo.load("pinet_digits"), sample_inputs(zoo.card("pinet_digits"))
    compiled = compile_encrypted(model, images)
    client = Client(compiled)
    return (
        compiled,
        client,
        Server(compiled, client.public_keys()),
        images,
        Evaluator(model)([images.astype("float64")]),
    )


@pytest.fixture(scope="module")
def small():
    """A model of a few numbers, with requests that take a fraction of a second."""
    layers = [pinet_keras.PolyDense(3, degree=2, rank=4)]
    model = randomised(keras.Sequential([keras.Input((5,)), *layers]))
    examples = np.random.default_rng(0).normal(size=(6, 5))
    compiled = compile_encrypted(model, examples)
    client = Client(compiled)
    return compiled, client, Server(compiled, client.public_keys()), examples, Evaluator(model)([examples])


def test_an_encrypted_image_gets_the_plain_answer(digits):
    compiled, client, server, images, plain = digits
    request = client.encrypt(images[3:4])
    assert sum(map(len, request)) == pytest.approx(compiled.plan.request_bytes, rel=0.1) and len(request) == 1
    logits = client.decrypt(server.answer(request))
    simulated = np.abs(compiled.simulate(images) - plain).max()
    assert logits.shape == (1, 10)
    assert simulated / 20 < np.abs(logits - plain[3:4]).max() < 3 * simulated < 1e-2
    keys = client.public_keys()
    assert sum(map(len, keys.values())) == pytest.approx(compiled.plan.key_bytes, rel=0.1)


def test_many_examples_at_once(small):
    _, _, _, examples, plain = small
    model = randomised(keras.Sequential([keras.Input((5,)), pinet_keras.PolyDense(3, degree=2, rank=4)]))
    compiled = compile_encrypted(model, examples, batch="many")
    client = Client(compiled)
    keys = client.public_keys()
    assert set(keys) == {"relinearisation"}
    logits = client.decrypt(Server(compiled, keys).answer(client.encrypt(examples)), count=len(examples))
    np.testing.assert_allclose(logits, plain, atol=2e-3 * np.abs(plain).max())
    limit = compiled.plan.examples_per_request
    with pytest.raises(ValueError, match=f"1 to {limit:,} examples. Received: {limit + 1:,}"):
        client.encrypt(np.zeros((limit + 1, 5)))


def test_the_simulated_error_is_of_the_measured_size(small):
    compiled, client, server, examples, plain = small
    examples, plain = np.tile(examples, (10, 1)), np.tile(plain, (10, 1))  # of few, the ratio scatters
    measured = np.concatenate([client.decrypt(server.answer(client.encrypt(each[None]))) for each in examples])
    simulated = compiled.simulate(np.tile(examples, (10, 1)), seed=1)
    ratio = np.std(measured - plain) / np.std(simulated - np.tile(plain, (10, 1)))
    assert 1 / 2 < ratio < 2


def test_other_ciphertexts_are_refused_and_the_server_lives(small):
    _, client, server, examples, plain = small
    (data,) = client.encrypt(examples[:1])
    middle = len(data) // 2
    for damaged in (b"", data[:middle], b"x" * len(data), bytes(reversed(data))):
        with pytest.raises(ValueError, match="ciphertext is damaged, or was made for other parameters"):
            server.answer([damaged])
    with pytest.raises(ValueError, match="at most"):
        server.answer([data + bytes(len(data))])
    with pytest.raises(ValueError, match=r"has 1 ciphertexts. Received: 2"):
        server.answer([data, data])
    (answer,) = server.answer([data])
    with pytest.raises(ValueError, match="must be fresh"):
        server.answer([answer])
    other = Client(compile_encrypted(zoo.load("pinet_digits"), sample_inputs(zoo.card("pinet_digits"))))
    with pytest.raises(ValueError, match="at most|other parameters"):
        server.answer(other.encrypt(np.zeros((1, 8, 8, 1))))
    np.testing.assert_allclose(client.decrypt([answer]), plain[:1], atol=2e-3 * np.abs(plain).max())


def test_a_ciphertext_of_another_scale_or_depth_is_refused(small, monkeypatch):
    compiled, client, server, examples, _ = small
    context = context_of(compiled.parameters)
    (data,) = client.encrypt(examples[:1])
    scaled, lowered = (from_bytes(sealapi.Ciphertext, context, data, "ciphertext") for _ in range(2))
    scaled.scale = 2 * scaled.scale
    sealapi.Evaluator(context).mod_switch_to_next_inplace(lowered)
    monkeypatch.setattr("zoo.encrypted.server.MARGIN", 3)  # they have no seed, so they are larger
    for other in (scaled, lowered):
        with pytest.raises(ValueError, match=r"must be fresh and of scale .*Received: \d+ moduli, scale"):
            server.answer([to_bytes(other)])


def test_keys_that_lack_something_are_refused(small):
    compiled, client, _, _, _ = small
    keys = client.public_keys()
    with pytest.raises(ValueError, match=r"must be relinearisation, rotations. Received: rotations"):
        Server(compiled, {"rotations": keys["rotations"]})
    with pytest.raises(ValueError, match="key 'rotations' is damaged"):
        Server(compiled, {**keys, "rotations": keys["rotations"][:-9]})
    maker = sealapi.KeyGenerator(context_of(compiled.parameters))
    with pytest.raises(ValueError, match="lacks rotations. Needed are those by"):
        Server(compiled, {**keys, "rotations": to_bytes(maker.create_galois_keys([pow(3, 5, 2 * compiled.plan.ring)]))})


def test_nothing_that_the_server_gets_decrypts(small):
    """The keys of a client, tried in the place of its secret key, and the answer decrypted with another's."""
    compiled, client, server, examples, plain = small
    context = context_of(compiled.parameters)
    for data in client.public_keys().values():
        with pytest.raises(ValueError, match="damaged, or was made"):
            from_bytes(sealapi.SecretKey, context, data, "secret key")
    logits = Client(compiled).decrypt(server.answer(client.encrypt(examples[:1])))
    assert np.abs(logits - plain[:1]).max() > 1  # uniform noise; with the right key the error is below 1e-3


def test_a_product_with_zeros_is_computed(small):
    compiled = small[0]
    keys = sealapi.KeyGenerator(context_of(compiled.parameters))
    engine = SealEngine(compiled.parameters, keys.create_relin_keys())
    plain = engine.encode(np.zeros(compiled.parameters.slots), 0, 2.0**20)
    assert not plain.is_zero()
    decoded = np.array(sealapi.CKKSEncoder(engine.context).decode_double(plain))
    assert np.abs(decoded).max() < 2**-19
