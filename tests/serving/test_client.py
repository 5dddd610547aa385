"""What `pinet client` sends: large requests in parts."""

import socket
import threading

import pytest

from zoo.serving import client, model_status


@pytest.fixture
def sent(monkeypatch):
    """Requests as the server gets them; the answer to an image is its length, and an image b"bad" is refused."""
    requests = []

    def ask(url, name, images, version, label):
        requests.append(list(images))
        if b"bad" in images:
            raise ValueError("The server answered 400: not an image")
        sizes = [len(image) for image in images]
        return {"class_id": sizes, "class_name": [str(size) for size in sizes], "probability": [1.0] * len(sizes)}

    monkeypatch.setattr(client, "_ask_rest", ask)
    monkeypatch.setattr(client, "_ask_grpc", ask)
    return requests


def ask(images, url="http://localhost:8501"):
    return [answer["class_id"] for answer in client.classify_images(url, "a", images)]


@pytest.mark.parametrize("url", ["http://localhost:8501", "grpc://localhost:8500"])
def test_a_large_request_is_sent_in_parts_and_answered_in_order(sent, url):
    images = [b"x" * size for size in range(1, 71)]
    assert ask(iter(images), url) == list(range(1, 71))
    assert [len(request) for request in sent] == [32, 32, 6]
    assert [image for request in sent for image in request] == images


def test_parts_have_few_bytes_and_a_large_file_goes_alone(sent):
    megabytes = [3, 3, 3, 3, 20, 1]
    assert ask([b"x" * size * 1_000_000 for size in megabytes]) == [size * 1_000_000 for size in megabytes]
    assert [[len(image) // 1_000_000 for image in request] for request in sent] == [[3, 3], [3, 3], [20], [1]]


def test_a_refusal_says_which_images_were_sent(sent):
    with pytest.raises(ValueError, match="^Images 33 to 40 of 40: The server answered 400"):
        ask([b"x"] * 39 + [b"bad"])
    with pytest.raises(ValueError, match="^The server answered 400"):
        ask([b"bad"])
    assert ask([]) == []


def test_another_kind_of_server_is_reported():
    """One that speaks no HTTP, such as SSH: urllib lets the error of http.client through."""

    def greet(listener):
        with listener.accept()[0] as other:
            other.recv(1000)
            other.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")

    for question in (
        lambda url: client.classify_images(url, "a", [b"x"]),
        lambda url: model_status.version_states(url, "a"),
    ):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=greet, args=(listener,), daemon=True).start()
            with pytest.raises(ValueError, match="No answer of a model server: .*SSH"):
                question(f"http://127.0.0.1:{listener.getsockname()[1]}")
