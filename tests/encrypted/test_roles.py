"""Client and server as separate programs over HTTP: what is refused, and that the server has no secret key."""

import http.client
import json
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from io import BytesIO

import keras
import numpy as np
import pytest

import zoo
from zoo.data.samples import sample_inputs
from zoo.paths import SAMPLES

sealapi = pytest.importorskip("tenseal.sealapi", reason="needs TenSEAL: pip install '.[encrypted]'")

from zoo.encrypted.bundle import KEYS_PATH, PATH, PUBLIC, REQUEST, REQUESTS_PATH, SECRET, key_id, read_bundle  # noqa: E402
from zoo.encrypted.client import Client  # noqa: E402
from zoo.encrypted.compiling import compile_encrypted  # noqa: E402
from zoo.encrypted.evaluation import compile_by_name  # noqa: E402
from zoo.encrypted.http_client import Remote  # noqa: E402
from zoo.encrypted.http_server import MOST_CONNECTIONS, encrypted_app  # noqa: E402
from zoo.encrypted.owner import PUBLIC_FILE, SECRET_FILE, Owner  # noqa: E402
from zoo.encrypted.seal import Plaintexts, context_of, from_bytes  # noqa: E402
from zoo.encrypted.server import Server  # noqa: E402
from zoo.encrypted.service import Service, UnknownKeys  # noqa: E402

from .web import Web  # noqa: E402

NAME = "pinet_digits"
IMAGES = sample_inputs(zoo.card(NAME))


@pytest.fixture(scope="module")
def model():
    return compile_by_name(NAME)


@pytest.fixture(scope="module")
def owner(model):
    return Owner(NAME, model)


@pytest.fixture(scope="module")
def web(model, owner):
    service = Service(NAME, model)
    service.add_keys(owner.public)
    web = Web(encrypted_app(service))
    yield web
    web.stop()


@pytest.fixture(autouse=True)
def it_lives(request):
    """After each test that used the server, it still answers."""
    yield
    if "web" in request.fixturenames:
        owner = request.getfixturevalue("owner")
        assert Remote(request.getfixturevalue("web").url).logits(owner, IMAGES[3:4]).argmax() == 3


def framed(body, compression=0):
    """Bytes as SEAL frames them."""
    return bytes.fromhex("5ea1100403") + bytes([compression, 0, 0]) + struct.pack("<Q", 16 + len(body)) + body


def block(kind, size, body, is_last=False):
    """A block of Zstandard: as it is (kind 0), or one byte repeated (1)."""
    return (is_last | kind << 1 | size << 3).to_bytes(3, "little") + body


def ciphertext(model, polynomials, values, tail=b""):
    """A fresh ciphertext made by hand: it claims so many polynomials, and holds zeros for `values` of them."""
    parameters = model.parameters
    ids, primes = context_of(parameters).first_parms_id(), parameters.primes_at(0)
    zeros, size = 8 * values * parameters.ring * primes, 2**17
    head = struct.pack("<4QBQQQdQ", *ids, 1, polynomials, parameters.ring, primes, parameters.scale, 1)
    head += framed(b"")[:8] + struct.pack("<QQ", 24 + zeros, zeros // 8)
    blocks = [block(0, len(head), head), *[block(1, size, b"\0")] * (zeros // size), block(1, zeros % size, b"\0")]
    frame = bytes.fromhex("28b52ffd0058") + b"".join(blocks) + block(0, len(tail), tail, is_last=True)
    return framed(frame, compression=2)


def changed(data, kind, **values):
    return replace(read_bundle(data, kind, ""), **values).to_bytes()


def test_images_are_classified_without_being_seen(web, owner):
    logits = Remote(web.url).logits(owner, IMAGES[:2])
    np.testing.assert_allclose(logits, owner.model.circuit.program.run(IMAGES[:2]), atol=1e-2)
    assert Remote(web.url).about["model"] == NAME


EXAMPLES = np.array([[1.0, -1.0], [-1.0, 1.0]])


def two_numbers():
    """A network whose logits are a − b + 0.5 and 2 a + b."""
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    network.layers[0].set_weights([np.array([[1.0, 2.0], [-1.0, 1.0]]), np.array([0.5, 0.0])])
    return network


@pytest.fixture(scope="module")
def other_plan():
    """That network under the name of another, for many examples at once."""
    return compile_encrypted(two_numbers(), EXAMPLES, batch="many")


def test_many_examples_in_one_request(other_plan):
    owner, web = Owner(NAME, other_plan), Web(encrypted_app(Service(NAME, other_plan)))
    try:
        logits = Remote(web.url).logits(owner, np.array([[0.5, 0.25], [-0.5, 1.0], [1.0, 1.0]]))
    finally:
        web.stop()
    np.testing.assert_allclose(logits, [[0.75, 1.25], [-1.0, 0.0], [0.5, 3.0]], atol=1e-2)


def test_a_secret_key_is_refused(web, owner, tmp_path):
    owner.save(tmp_path / "keys")
    secret = (tmp_path / "keys" / SECRET_FILE).read_bytes()
    for path in (KEYS_PATH, REQUESTS_PATH):
        status, words = web.post(path, secret)
        assert (status, "secret key must not leave its owner" in words) in ((400, True), (413, False))
    assert web.post(KEYS_PATH, secret)[0] == 400
    key = read_bundle(secret, SECRET, "").parts["secret"]
    public = read_bundle(owner.public, PUBLIC, "")
    for parts in ({**public.parts, "secret": key}, {**public.parts, "relinearisation": key}):
        status, words = web.post(KEYS_PATH, replace(public, parts=parts, keys=key_id(parts)).to_bytes())
        assert status == 400 and ("must be relinearisation, rotations" in words or "is damaged" in words)


def test_a_context_of_tenseal_is_refused_with_and_without_its_secret_key(web):
    code = (
        "import sys, tenseal; context = tenseal.context(tenseal.SCHEME_TYPE.CKKS, 8192, coeff_mod_bit_sizes=[40, 40]);"
    )
    code += "sys.stdout.buffer.write(context.serialize(save_secret_key=sys.argv[1] == 'True', save_relin_keys=False))"
    for has_secret in (True, False):  # in a process of its own: with TensorFlow in it, `serialize` once crashed
        made = subprocess.run([sys.executable, "-c", code, str(has_secret)], capture_output=True, check=True).stdout
        status, words = web.post(KEYS_PATH, made)
        assert status == 400 and "must hold public keys" in words and len(made) > 100


@pytest.mark.parametrize("path", [KEYS_PATH, REQUESTS_PATH])
def test_damaged_bodies_are_refused(web, owner, path):
    data = owner.public if path == KEYS_PATH else owner.request(IMAGES[:1])
    rng = np.random.default_rng(0)
    for damaged in (b"", b"PK", data[: len(data) // 2], data[:-9], bytes(reversed(data))):
        status, words = web.post(path, damaged)
        assert status == 400 and "is damaged, or is no file of this kind" in words
    for place in [*rng.integers(100, 400, 10), *rng.integers(400, len(data) - 400, 10)]:
        flipped = bytearray(data)
        flipped[place] ^= 1 << rng.integers(8)
        status, words = web.post(path, bytes(flipped))
        assert status == 400, (place, words)


@pytest.mark.parametrize("path", [KEYS_PATH, REQUESTS_PATH])
def test_a_body_that_is_too_large_is_refused_before_it_is_read(web, path):
    most = Remote(web.url).about["most_key_bytes" if path == KEYS_PATH else "most_request_bytes"]
    connection = http.client.HTTPConnection(web.url.removeprefix("http://"), timeout=30)
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()  # and no body
    reply = connection.getresponse()
    assert reply.status == 413 and f"more than {most:,} bytes" in json.load(reply)["error"]
    connection.close()


def test_a_body_without_a_length_ends_at_the_limit(owner, model):
    from tests.serving.helpers import ask_app

    service = Service(NAME, model)
    chunk = bytes(service.most_request_bytes // 2 + 1)
    status, text = ask_app(encrypted_app(service, 10), REQUESTS_PATH, chunk, chunk, whole=False)
    assert status == 413 and "more than" in text
    status, text = ask_app(encrypted_app(service, 0.1), REQUESTS_PATH, chunk, whole=False)
    assert status == 408 and "within 0.1 seconds" in text


def test_ciphertexts_made_by_hand_are_refused(web, owner, model):
    """With checksums that hold: SEAL's own checks count, and its C++ exceptions become messages."""
    request = read_bundle(owner.request(IMAGES[:1]), REQUEST, "")
    (valid,) = request.ciphertexts
    seed = framed(bytes([1]) + bytes(64))
    for data, wanted in [
        (b"", "is damaged"),
        (b"x" * 500, "is damaged"),
        (valid[: len(valid) // 2], "is damaged"),
        (ciphertext(model, 0, 1, seed), "poly_index"),  # an IndexError of SEAL's
        (ciphertext(model, 2, 20_000), "is damaged"),  # 8 GB of zeros in 240 kB
        (ciphertext(model, 3, 3), "must be fresh"),
        (ciphertext(model, 2, 2), "hides nothing"),
    ]:
        status, words = web.post(REQUESTS_PATH, replace(request, parts={"0": data}).to_bytes())
        assert status == 400 and wanted in words, words


def test_ciphertexts_that_cancel_are_refused(other_plan):
    """The same one twice: in their difference only the plaintext is left, which SEAL refuses in the middle."""
    client = Client(other_plan)
    server = Server(other_plan, client.public_keys())
    data, _ = client.encrypt(np.array([[1.0, 1.0]]))
    with pytest.raises(ValueError, match="Nothing can be computed with these ciphertexts: result ciphertext is trans"):
        server.answer([data, data])


def test_public_keys_without_any_key_are_refused(web, owner, model):
    public = read_bundle(owner.public, PUBLIC, "")
    none = framed(struct.pack("<5Q", *context_of(model.parameters).key_parms_id(), 0))
    for name in public.parts:
        parts = {**public.parts, name: none}
        status, words = web.post(KEYS_PATH, replace(public, parts=parts, keys=key_id(parts)).to_bytes())
        assert status == 400 and f"key '{name}' lacks" in words


def test_the_plaintexts_of_a_model_are_made_once_for_all_clients():
    model = compile_encrypted(two_numbers(), EXAMPLES)
    plaintexts = Plaintexts()
    made = []
    for _ in range(2):
        client = Client(model)
        server = Server(model, client.public_keys(), plaintexts)
        np.testing.assert_allclose(client.decrypt(server.answer(client.encrypt(EXAMPLES[:1]))), [[2.5, 1]], atol=0.02)
        made.append(len(plaintexts))
    assert 0 < made[0] == made[1]


def test_what_belongs_to_other_keys_or_plans_is_refused(web, owner, model):
    other = Owner(NAME, model)
    status, words = web.post(REQUESTS_PATH, other.request(IMAGES[:1]))
    assert status == 404 and "send them first" in words
    request = owner.request(IMAGES[:1])
    for changes in ({"plan": "0" * 32}, {"model": "pinet_mnist_tiny"}):
        status, words = web.post(REQUESTS_PATH, changed(request, REQUEST, **changes))
        assert status == 400 and f"This server computes {NAME}" in words
    for examples in (0, 2, -1, 10**9):
        status, words = web.post(REQUESTS_PATH, changed(request, REQUEST, examples=examples))
        assert status == 400 and "1 to 1 examples" in words
    (data,) = read_bundle(request, REQUEST, "").ciphertexts
    status, words = web.post(REQUESTS_PATH, changed(request, REQUEST, parts={}))
    assert status == 400 and "has 1 ciphertexts. Received: 0" in words
    assert web.post(REQUESTS_PATH, changed(request, REQUEST, parts={"0": data, "x": data}))[0] in (400, 413)
    status, words = web.post(KEYS_PATH, request)
    assert status == 400 and "must hold public keys. Received: a request" in words
    status, words = web.post(KEYS_PATH, changed(owner.public, PUBLIC, keys="0" * 32))
    assert status == 400 and "not those that their description names" in words
    answer = Remote(web.url).answer(request)
    with pytest.raises(ValueError, match="was not made with these keys"):
        other.logits(answer)
    with pytest.raises(ValueError, match="is damaged"):
        owner.logits(answer[: len(answer) // 2])


def test_archives_that_are_not_ours_are_refused(web, owner):
    request = owner.request(IMAGES[:1])
    about = zipfile.ZipFile(BytesIO(request)).read("about.json")
    for entries, compression in [
        ([("about.json", about), ("0", bytes(10**7))], zipfile.ZIP_DEFLATED),
        ([("0", b"x")], zipfile.ZIP_STORED),
        ([("about.json", b"[]")], zipfile.ZIP_STORED),
        ([("about.json", b"{}")], zipfile.ZIP_STORED),
        ([("about.json", about.replace(b": 1}", b": true}"))], zipfile.ZIP_STORED),
        ([("about.json", b"[" * 10**5)], zipfile.ZIP_STORED),
        ([("about.json", about.replace(b"request", b"else"))], zipfile.ZIP_STORED),
    ]:
        file = BytesIO()
        with zipfile.ZipFile(file, "w", compression) as archive:
            for name, data in entries:
                archive.writestr(name, data)
        status, words = web.post(REQUESTS_PATH, file.getvalue())
        assert status == 400 and "is damaged, or is no file of this kind" in words
    directory, end = request[:-22], request[-22:]  # all parts listed a hundred times, and there once
    count, size, start = struct.unpack("<10xHII2x", end)
    many = (
        directory[:start]
        + 100 * directory[start:]
        + struct.pack("<4s4xHHII2x", end[:4], *[100 * count] * 2, 100 * size, start)
    )
    status, words = web.post(REQUESTS_PATH, many)
    assert status == 400 and "the parts are larger than the whole" in words


def test_the_keys_that_were_not_used_for_longest_are_dropped(other_plan):
    service, owners = Service(NAME, other_plan, most_clients=2), [Owner(NAME, other_plan) for _ in range(3)]
    for owner in owners[:2]:
        service.add_keys(owner.public)
    service.answer(owners[0].request(EXAMPLES))
    service.add_keys(owners[2].public)
    assert [service.has_keys(owner.keys) for owner in owners] == [True, False, True]
    with pytest.raises(UnknownKeys):
        service.answer(owners[1].request(EXAMPLES))


def test_other_paths_and_methods_get_json(web):
    assert web.post("/v1/other")[0] == 404 and web.post(PATH, method="PUT")[0] == 405
    assert web.post(f"{KEYS_PATH}/{'0' * 32}") == (404, "These public keys are not here.")


def test_more_connections_than_allowed_get_503(web):
    sockets = [socket.create_connection(web.socket.getsockname()) for _ in range(MOST_CONNECTIONS)]
    try:
        with pytest.raises(ValueError, match="503"):
            Remote(web.url)
    finally:
        for each in sockets:
            each.close()


def test_a_bug_ends_no_server(web, owner):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Service, "answer", lambda self, data: 1 // 0)
        assert web.post(REQUESTS_PATH, b"x") == (500, "ZeroDivisionError: integer division or modulo by zero")


def test_the_client_refuses_what_is_no_such_server(web, owner, other_plan):
    for url, words in (("ftp://x", "A URL is http"), ("http://127.0.0.1:1", "No answer")):
        with pytest.raises(ValueError, match=words):
            Remote(url)
    with pytest.raises(ValueError, match="404: Not Found"):
        Remote(web.url + "/other")
    other = Owner(NAME, other_plan)
    with pytest.raises(ValueError, match="need the same model and the same version"):
        Remote(web.url).logits(other, IMAGES[:1])
    with pytest.raises(ValueError, match=r"takes at most [\d,]+ bytes"):
        Remote(web.url).answer(owner.public)


def test_keys_in_a_folder(owner, tmp_path, monkeypatch):
    monkeypatch.setattr("zoo.encrypted.owner.compile_by_name", lambda *named: {(NAME, "one", 128): owner.model}[named])
    folder = tmp_path / "keys"
    owner.save(folder)
    assert (folder / SECRET_FILE).stat().st_mode & 0o777 == 0o600 and folder.stat().st_mode & 0o777 == 0o700
    before = (folder / SECRET_FILE).read_bytes()
    with pytest.raises(ValueError, match="There are keys in .* already"):
        owner.save(folder)
    assert (folder / SECRET_FILE).read_bytes() == before
    again = Owner.from_folder(folder)
    assert (again.keys, again.plan, again.model_name) == (owner.keys, owner.plan, NAME)
    (folder / PUBLIC_FILE).write_bytes(Owner(NAME, owner.model).public)
    with pytest.raises(ValueError, match="do not belong together"):
        Owner.from_folder(folder)
    (folder / SECRET_FILE).write_bytes(changed(before, SECRET, plan="0" * 32))
    with pytest.raises(ValueError, match="another plan"):
        Owner.from_folder(folder)
    (folder / SECRET_FILE).write_bytes(before[:-9])
    with pytest.raises(ValueError, match=r"secret\.key is damaged"):
        Owner.from_folder(folder)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="needs files in memory")
def test_a_secret_key_gets_to_no_temporary_file(owner, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    Owner(NAME, owner.model, owner._client.secret_key(), owner.public)


class Program:
    """`pinet encrypted serve` as its users start it."""

    def __init__(self):
        command = [sys.executable, "-m", "zoo.cli.commands", "encrypted", "serve", NAME, "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.lines = []
        for line in self.process.stderr:
            self.lines.append(line)
            if found := re.search(rf"{NAME} on (http://\S+)", line):
                self.url = found[1]
                break
        else:
            raise AssertionError("".join(self.lines))
        threading.Thread(target=self.lines.extend, args=(self.process.stderr,), daemon=True).start()

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def program():
    program = Program()
    yield program
    assert program.stop() == 0


def in_memory(process, sequences):
    """Which of these sequences of numbers are in the memory that a process can write to."""
    found, size = set(), 2**24
    with open(f"/proc/{process}/maps") as maps, open(f"/proc/{process}/mem", "rb", 0) as memory:
        for line in maps:
            place, permissions, *_ = line.split()
            start, end = (int(each, 16) for each in place.split("-"))
            for at in range(start, end, size) if permissions.startswith("rw") else ():
                try:
                    memory.seek(at)
                    words = np.frombuffer(memory.read(min(end - at, size + 64)), "uint64")
                except OSError:  # a mapping of a device
                    break
                for name, numbers in sequences.items():
                    places = np.flatnonzero(words == numbers[0])
                    if any((words[place : place + len(numbers)].tolist() == numbers) for place in places):
                        found.add(name)
    return found


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="reads the memory of a process in /proc")
def test_the_process_of_the_server_holds_no_secret_key(program, owner, tmp_path):
    """Its memory after an answer is searched for numbers of the secret key, and for those of a public key."""
    assert Remote(program.url).logits(owner, IMAGES[7:8]).argmax() == 7
    context = context_of(owner.model.parameters)
    owner.save(tmp_path / "keys")
    file = (tmp_path / "keys" / SECRET_FILE).read_bytes()
    secret = from_bytes(sealapi.SecretKey, context, read_bundle(file, SECRET, "").parts["secret"], "secret key")
    data = read_bundle(owner.public, PUBLIC, "").parts["relinearisation"]
    public = from_bytes(sealapi.RelinKeys, context, data, "key")
    array = public.key(2)[0].data().dyn_array()
    numbers = {}
    for start in (8, owner.model.parameters.ring + 8):  # of two moduli
        numbers[f"secret {start}"] = [secret.data().data(i) for i in range(start, start + 4)]
        numbers[f"public {start}"] = [array.at(i) for i in range(start, start + 4)]
    assert in_memory(program.process.pid, numbers) == {name for name in numbers if name.startswith("public")}
    assert in_memory(os.getpid(), numbers) == set(numbers)


def test_the_commands_of_client_and_server(program, pinet, tmp_path):
    folder, request, answer = tmp_path / "keys", tmp_path / "request", tmp_path / "answer"
    image = SAMPLES / "digits_4_0.png"
    code, out, _ = pinet("encrypted", "keys", NAME, folder)
    assert code == 0 and "only you may read it" in out and "cannot decrypt" in out
    code, out, _ = pinet("encrypted", "encrypt", folder, image, "-o", request)
    assert code == 0 and "kB" in out
    code, _, error = pinet("encrypted", "send", program.url, request, "-o", answer)
    assert code == 1 and "send them first" in error and not answer.exists()
    code, _, error = pinet("encrypted", "send", program.url, folder / SECRET_FILE)
    assert code == 1 and "must hold public keys. Received: a secret key" in error
    code, out, _ = pinet("encrypted", "send", program.url, folder / PUBLIC_FILE)
    assert code == 0 and "has the keys" in out
    code, _, _ = pinet("encrypted", "send", program.url, request, "-o", answer)
    assert code == 0
    code, out, _ = pinet("encrypted", "decrypt", folder, answer, "--json")
    assert code == 0 and json.loads(out)[0]["predictions"][0]["class"] == "4"
    code, _, error = pinet("encrypted", "decrypt", folder, request)
    assert code == 1 and "must hold an answer. Received: a request" in error
    code, out, _ = pinet("encrypted", "ask", program.url, NAME, image, SAMPLES / "digits_6_0.png", "--keys", folder)
    assert code == 0 and re.search(r"digits_4_0\S+ +4 ", out) and re.search(r"digits_6_0\S+ +6 ", out)
    code, _, error = pinet("encrypted", "ask", program.url, "pinet_mnist_tiny", image, "--keys", folder)
    assert code == 1 and f"are for {NAME}" in error
    code, _, error = pinet("encrypted", "ask", program.url, NAME, tmp_path / "nothing.png")
    assert code == 1 and "nothing.png" in error
    code, _, error = pinet("encrypted", "encrypt", folder, image, image, "-o", request)
    assert code == 1 and "1 to 1 examples. Received: 2" in error


def test_asking_makes_keys_that_are_kept(program, pinet, tmp_path):
    image = SAMPLES / "digits_2_0.png"
    code, out, _ = pinet("encrypted", "ask", program.url, NAME, image, "--keys", tmp_path / "new", "--json")
    assert code == 0 and json.loads(out)[0]["predictions"][0]["class"] == "2"
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [PUBLIC_FILE, SECRET_FILE]
