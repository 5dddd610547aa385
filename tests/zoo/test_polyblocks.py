"""The image network out of PolyBlock2D and PolyDense: its layers, its degree, its start, and what it refuses."""

import numpy as np
import pytest

from pinet_keras import PolyBlock2D, PolyDense
from pinet_keras.analysis import certify
from zoo.architectures import build

SHAPE = (12, 12, 1)


def network(num_classes=10, **arguments):
    return build("polyblocks", {"width": 4, "units": 6, **arguments}, SHAPE, [33.0], [78.0], num_classes)


@pytest.mark.parametrize(
    ("stages", "blocks", "degree", "decomposition", "expected"),
    [(2, 1, 2, "ccp", 8), (1, 2, 3, "ncp", 12), (2, 1, 3, "ncp_skip", 12)],
)
def test_it_is_made_of_as_many_layers_and_of_the_degree_that_is_asked_for(
    stages, blocks, degree, decomposition, expected
):
    model = network(stages=stages, blocks=blocks, degree=degree, decomposition=decomposition)
    assert (certify(model).tier, certify(model).degree) == (2 if expected > 8 else 3, expected)
    assert sum(isinstance(layer, PolyBlock2D) for layer in model.layers) == stages * blocks
    (head,) = (layer for layer in model.layers if isinstance(layer, PolyDense))
    assert (head.decomposition, head.degree, head.rank) == (decomposition, degree, 6)


def test_widths_grow_by_stage_and_the_head_has_its_rank_and_units():
    features = network(None, stages=3, growth=1.5, rank=5)
    assert [features.get_layer(f"stage_{stage}_block_0").filters for stage in range(3)] == [4, 6, 9]
    assert (features.output_shape, features.get_layer("features").rank) == ((None, 6), 5)


def test_at_the_start_only_the_head_has_products():
    """α of every block is 0: a PolyDense of degree 1 makes the initial network affine."""
    images = np.random.default_rng(0).integers(0, 256, (2, *SHAPE)).astype("float32")
    for degree, is_affine in ((1, True), (2, False)):
        model = network(degree=degree)
        first, second, middle = model.predict(np.stack([*images, images.mean(axis=0)]), verbose=0)
        assert (np.abs(middle - (first + second) / 2).max() < 1e-5) == is_affine


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"decomposition": "cp"}, "`decomposition` must be one of 'ccp', 'ncp', 'ncp_skip'. Received: decomp"),
        ({"stages": 4}, "12×12 has too few pixels. Received: stages=4"),
    ],
)
def test_wrong_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        network(**arguments)
