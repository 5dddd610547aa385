"""The choice of oneDNN for TensorFlow's convolutions on a CPU."""

import os


def train_with_onednn() -> None:
    """Let TensorFlow train with oneDNN's convolutions, unless the environment decides it: call before its import.

    TensorFlow leaves oneDNN off where the processor has no AVX-512. Training is 1.4 to 1.9 times as fast with it,
    inference hardly faster (docs/performance.md), so only commands that train call this.
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
