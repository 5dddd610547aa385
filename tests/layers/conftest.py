import keras
import numpy as np
import pytest
from keras.src.backend.common import dtypes


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def float64(monkeypatch):
    """True float64: Keras' type promotion ends at float32 on every backend but TensorFlow, and so does JAX."""
    monkeypatch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")
    if keras.backend.backend() != "jax":
        yield
        return
    import jax

    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)
