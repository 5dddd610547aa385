"""Sheets of images are large enough to be looked at, and every label stands where its image is."""

import numpy as np
import pytest

from zoo.generation.sheets import sheet

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("side, factor", [(8, 8), (28, 3), (32, 2), (100, 1)])
def test_images_are_enlarged_to_64_pixels_or_more(side, factor):
    images = RANDOM.integers(0, 200, (3, side, side, 3), dtype="uint8")
    page = np.asarray(sheet(images, 2, "a title"))
    assert page.shape[2] == 3
    step = side * factor + 8
    for index, image in enumerate(images):
        top, left = 34 + index // 2 * step, 8 + index % 2 * step
        shown = page[top : top + side * factor : factor, left : left + side * factor : factor]
        np.testing.assert_array_equal(shown, image)
    assert (page[:26, :60] < 128).any()  # the title


def test_each_caption_and_heading_has_its_place():
    white = np.full((4, 8, 8, 1), 255, "uint8")
    plain = np.asarray(sheet(white, 2, ""))
    assert (plain == 255).all()
    captioned = np.asarray(sheet(white, 2, "", captions=["", "", "", "seven"])) < 128
    rows, columns = np.nonzero(captioned)
    assert rows.min() >= 34 + 64 + 8 + 18 + 64 and columns.min() > 80  # under the last one
    headed = np.asarray(sheet(white, 2, "", headings=["", "right"], split=1)) < 128
    rows, columns = np.nonzero(headed)
    assert rows.max() < 52 and columns.min() >= 96 and columns.max() < 96 + 64


def test_a_long_title_is_not_cut():
    page = np.asarray(sheet(np.zeros((1, 8, 8, 1), "uint8"), 1, "a title that is far wider than the image below it"))
    assert page.shape[1] > 250 and (page[:26, -8:] == 255).all()
