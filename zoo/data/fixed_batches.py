"""Batches of examples in their order."""

import keras
import numpy as np


class FixedBatches(keras.utils.PyDataset):
    """Examples in their order, read batch by batch.

    Keras would copy an array as a whole; a memory-mapped one may be larger than the memory.

    Args:
        examples: `[n, ...]`.
        targets: `[n, classes]`, or `None`.
        batch_size: examples a batch; the last one may have fewer.
    """

    def __init__(self, examples, targets, batch_size):
        super().__init__()
        self.examples, self.targets, self.batch_size = examples, targets, batch_size

    def __len__(self):
        return -(-len(self.examples) // self.batch_size)

    def __getitem__(self, step):
        rows = slice(step * self.batch_size, (step + 1) * self.batch_size)
        examples = np.array(self.examples[rows])
        return (examples,) if self.targets is None else (examples, self.targets[rows])


def streamed(examples, targets, batch_size):
    """`FixedBatches` of a memory-mapped array; of others what Keras takes: the array, or a pair with its targets.

    Args:
        examples: `[n, ...]`.
        targets: `[n, classes]`, or `None`.
        batch_size: examples a batch.
    """
    if isinstance(examples, np.memmap):
        return FixedBatches(examples, targets, batch_size)
    return examples if targets is None else (examples, targets)
