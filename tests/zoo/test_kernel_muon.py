"""The optimizer of kernels."""

import keras
import numpy as np
import pytest

from zoo.optimizers.kernel_muon import KernelMuon


@pytest.mark.parametrize("shape", [(3, 3, 4, 8), (3, 3, 8, 4), (16, 8)])
def test_a_kernel_moves_by_a_nearly_orthogonal_matrix_of_its_gradient(shape):
    rng = np.random.default_rng(0)
    start, gradient = (rng.normal(size=shape).astype("float32") for _ in range(2))
    kernel, optimizer = keras.Variable(start), KernelMuon(learning_rate=0.1, weight_decay=0.0)
    optimizer.apply([keras.ops.convert_to_tensor(gradient)], [kernel])
    step = (start - keras.ops.convert_to_numpy(kernel)).reshape(-1, shape[-1])
    left, _, right = np.linalg.svd(gradient.reshape(-1, shape[-1]), full_matrices=False)
    along = np.diag(left.T @ step @ right.T) / (0.1 * 0.2 * np.sqrt(max(step.shape)))
    assert (along > 0.6).all() and (along < 1.3).all()  # five steps of Newton and Schulz come so near to 1
    np.testing.assert_allclose(left.T @ step @ right.T, np.diag(np.diag(left.T @ step @ right.T)), atol=1e-4)


@pytest.mark.parametrize("shape", [(40, 200), (200, 40), (30, 30)])
def test_the_iteration_on_the_square_is_the_one_on_the_whole_matrix(shape):
    left, _, right = np.linalg.svd(np.random.default_rng(0).normal(size=shape), full_matrices=False)
    matrix = keras.ops.convert_to_tensor((left * np.logspace(0, -3, min(shape)) @ right).astype("float32"))
    ours, theirs = (kind().zeropower_via_newtonschulz5(matrix, 5) for kind in (KernelMuon, keras.optimizers.Muon))
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(ours), keras.ops.convert_to_numpy(theirs), atol=1e-3 * float(keras.ops.max(theirs))
    )


def test_vectors_and_the_head_are_left_to_adamw():
    optimizer = KernelMuon(exclude_layers=["logits"])
    bias, kernel = keras.Variable(np.zeros(4, "float32")), keras.Variable(np.zeros((2, 4), "float32"), name="kernel")
    head = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, name="logits")])
    assert [optimizer._should_use_adamw(each) for each in (bias, kernel, head.layers[0].kernel)] == [True, False, True]
