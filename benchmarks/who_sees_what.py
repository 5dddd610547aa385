"""What client and server see of an encrypted image, drawn from a request that is really answered:
python -m benchmarks.who_sees_what [-o docs/encrypted.png]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from zoo import card
from zoo.data.samples import sample_inputs
from zoo.encrypted.bundle import ANSWER, REQUEST, read_bundle
from zoo.encrypted.evaluation import compile_by_name
from zoo.encrypted.owner import Owner
from zoo.encrypted.service import Service
from zoo.publishing.formatting import human_bytes

NAME, SAMPLE = "pinet_digits", 3
CLIENT, SERVER = "#dcebf7", "#f7e6d5"
SKIPPED, SIDE = 1024, 48  # bytes of headers; side of the square of bytes that is shown


def main() -> None:
    """Write the drawing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--out", default="docs/encrypted.png")
    out = parser.parse_args().out
    image = sample_inputs(card(NAME))[SAMPLE : SAMPLE + 1]
    model = compile_by_name(NAME)
    owner, service = Owner(NAME, model), Service(NAME, model)
    service.add_keys(owner.public)
    request = owner.request(image)
    answer = service.answer(request)
    draw(image[0, :, :, 0], request, answer, owner.logits(answer)[0]).savefig(out, dpi=110)
    print(f"wrote {out}")


def draw(image: np.ndarray, request: bytes, answer: bytes, logits: np.ndarray) -> Figure:
    """The image, the ciphertexts as the server sees them, and the decrypted logits.

    Args:
        image: `[height, width]`.
        request: as the client sends it.
        answer: as the server sends it back.
        logits: decrypted.
    """
    figure = Figure(figsize=(9.6, 3.1))
    for left, width, colour, words in (
        (0.01, 0.22, CLIENT, "client"),
        (0.27, 0.46, SERVER, "server: computes, and sees this"),
        (0.77, 0.22, CLIENT, "client"),
    ):
        box = FancyBboxPatch(
            (left, 0.03), width, 0.94, "round,pad=0,rounding_size=0.02", facecolor=colour, edgecolor="none", zorder=-1
        )
        figure.add_artist(box)
        figure.text(left + width / 2, 0.91, words, ha="center", va="center", weight="bold")
    for centre in (0.25, 0.75):
        figure.text(centre, 0.5, "→", ha="center", va="center", size=20)
    panels = [figure.add_axes((left, 0.19, 0.18, 0.6)) for left in (0.03, 0.30, 0.52, 0.80)]
    panels[0].imshow(image, cmap="gray")
    panels[1].imshow(shown_bytes(request, REQUEST), cmap="gray")
    panels[2].imshow(shown_bytes(answer, ANSWER), cmap="gray")
    best = int(logits.argmax())
    panels[3].barh(range(len(logits)), logits, color=["tab:green" if i == best else "tab:gray" for i in range(10)])
    panels[3].set_yticks(range(len(logits)), range(len(logits)), fontsize=7)
    panels[3].invert_yaxis()
    panels[3].set_facecolor("none")
    panels[3].spines[["top", "right", "bottom"]].set_visible(False)
    panels[3].set_xticks([])
    for panel in panels[:3]:
        panel.set_axis_off()
    words = (
        "image, secret key",
        f"request, {human_bytes(len(request))}",
        f"answer, {human_bytes(len(answer))}",
        f"decrypted logits: {best}",
    )
    for panel, text in zip(panels, words, strict=True):
        box = panel.get_position()
        figure.text((box.x0 + box.x1) / 2, 0.1, text, ha="center", va="center", size=9)
    return figure


def shown_bytes(data: bytes, kind: str) -> np.ndarray:
    """Some bytes of a ciphertext, behind its headers, uint8 `[SIDE, SIDE]`.

    Args:
        data: the file of a request or an answer.
        kind: `REQUEST` or `ANSWER`.
    """
    ciphertext = read_bundle(data, kind, kind).ciphertexts[0]
    return np.frombuffer(ciphertext, "uint8")[SKIPPED : SKIPPED + SIDE * SIDE].reshape(SIDE, SIDE)


if __name__ == "__main__":
    main()
