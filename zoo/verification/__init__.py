"""Face verification: whether two images show the same person, by the angle between their embeddings.

`read_identities` reads images by person, `train_embedding` trains a network that maps them to vectors, `embeddings`
gives these. `fold_pairs` and `all_pairs` choose pairs of images, `similarities` are the cosines, and `roc`,
`tar_at_far` and `fold_accuracy` measure how well a threshold tells pairs of one person from pairs of two. `verify`
compares two images.
"""

from zoo.verification.embedding import embeddings, similarities
from zoo.verification.identities import Identities, read_identities
from zoo.verification.pairs import Pairs, all_pairs, fold_pairs
from zoo.verification.scores import fold_accuracy, roc, tar_at_far
from zoo.verification.training import train_embedding
from zoo.verification.verifying import verify

__all__ = [
    "Identities",
    "Pairs",
    "all_pairs",
    "embeddings",
    "fold_accuracy",
    "fold_pairs",
    "read_identities",
    "roc",
    "similarities",
    "tar_at_far",
    "train_embedding",
    "verify",
]
