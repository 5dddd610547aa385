"""The gallery of the reference site: its scripts run, and a page is made of each."""

import io
import os
import re
import resource

import numpy as np
import pytest
from PIL import Image

import zoo
from docs.hooks import gallery

# What each script must print, whatever the rounding of the processor.
PRINTED = {
    "certify_own_model": r"degree 12\n[\s\S]*\nholds: 8 lines",
    "classify_image": r"^cat .*\n[\s\S]*degree 16,777,216\ntest accuracy "
    + re.escape(f"{zoo.card('pinet_cifar10')['accuracy']['test']:.2%}"),
    "decision_boundary": r"^at t = 0\.\d+ the prediction changes from 3 [\s\S]* to 8$",
    "expand_polynomial": r"(.* · x\^\d · y\^\d\n){10}[\s\S]*accuracy of the formula: (9[5-9]\.|100)",
    "fine_tune": r"test images: (9[5-9]\.|100)[\s\S]*degree: 4$",
    "generate_images": r"of degree 22\n\(50, 28, 28, 1\) uint8",
}


TUTORIALS_PRINTED = {
    "photographs_to_serving": (
        r"train: 136 \(circle 34[\s\S]*shapes\.toml is written[\s\S]*dataset = \"photos\"[\s\S]*"
        r"pinet train shapes\.toml\nshapes  test accuracy (9[0-9]|100)\.[\s\S]*\$ pinet runs\n[\s\S]*"
        r"finished   50/50[\s\S]*card's metrics are reproduced[\s\S]*holds \(degree 64[\s\S]*models/shapes/1[\s\S]*"
        r"the server classifies [78] of 8 photographs"
    ),
    "smallest_polynomial": (
        r"^( *[\d,]+ parameters: \d+\.\d% of the validation images\n){3}smallest: tier 3, degree 4, depth 5\n"
        r"[\d,]+ parameters, test accuracy [6-9]\d\.\d%$"
    ),
    "read_decision_boundary": (
        r"degree: 4\n[\s\S]*changes from 3 to 9\nat t = 0\.\d+ the prediction changes from 9 to 8\n"
        r"toward the 9 [\s\S]*is not a polynomial of degree 4$"
    ),
}


def children_seconds():
    """Processor time of all processes that this one has started: on two cores more than the time that passes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_each_script_is_tested_and_has_its_page():
    assert sorted(PRINTED) == [script.stem for script in gallery.SCRIPTS]
    assert sorted(TUTORIALS_PRINTED) == [script.stem for script in gallery.TUTORIALS]
    pages = (gallery.ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for script in (*gallery.SCRIPTS, *gallery.TUTORIALS):
        assert f"{script.parent.name}/{script.stem}.md" in pages


@pytest.mark.parametrize("script", [*gallery.SCRIPTS, *gallery.TUTORIALS], ids=lambda script: script.stem)
def test_the_scripts_run(script):
    printed, lines = (TUTORIALS_PRINTED, 80) if script in gallery.TUTORIALS else (PRINTED, 40)
    assert len(script.read_text(encoding="utf-8").splitlines()) <= lines
    before, width = children_seconds(), os.environ["COLUMNS"]
    example = gallery.run(script)
    assert children_seconds() - before < 120
    assert os.environ["COLUMNS"] == width, "tests that follow would see other tables"
    assert re.search(printed[script.stem], example.output)
    assert np.asarray(Image.open(io.BytesIO(example.figure)).convert("L")).std() > 10, "an empty plot"
    assert example.title in gallery.index([example])
    page = gallery.page(example)
    assert example.output in page
    assert example.code in page
    assert '"""' not in example.code


def test_a_script_without_a_plot_is_refused(tmp_path):
    script = tmp_path / "nothing.py"
    script.write_text('"""Draw nothing."""\n\nprint(1)\n', encoding="utf-8")
    with pytest.raises(ValueError, match="nothing.py must draw one plot. Received: 0 plots"):
        gallery.run(script)
