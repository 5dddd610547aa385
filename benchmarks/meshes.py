"""Autoencoders of meshes: a polynomial one and a linear one (PCA) of the same latent size. python -m benchmarks.meshes

Without an argument: on bodies drawn by a formula, three seeds, in some minutes on a CPU; writes the table of
docs/graphs.md. `python -m benchmarks.meshes coma [FOLDER]` trains on the faces of COMA, which the user provides
(zoo/data/coma.py), and prints its table.
"""

import sys

import keras
import numpy as np
from sklearn.decomposition import PCA

from benchmarks.page import DOCS, write_between
from pinet_keras import normalized_adjacency
from pinet_keras.analysis import certify
from zoo.architectures.mesh_autoencoder import mesh_autoencoder
from zoo.data.coma import read_coma
from zoo.data.meshes import MeshSet, edges_of, made_set
from zoo.publishing.formatting import human_count, markdown_table

SEEDS = (0, 1, 2)
LATENT, EPOCHS, BATCH, LEARNING_RATE = 5, 40, 16, 3e-3
STEPS = 9  # batches in one call of the backend, which saves Python's time
COMA_LATENT, COMA_EPOCHS = 8, 100  # 8 as in the article
HEADER = ["Autoencoder", "Tier, degree", "Parameters", "Mean distance of a vertex", "Lowest, highest of the seeds"]


def main() -> None:
    """Train, measure, and write or print the table."""
    if sys.argv[1:2] == ["coma"]:
        print(table(read_coma(*sys.argv[2:3]), COMA_LATENT, COMA_EPOCHS, scale=1000, unit="mm"))
    else:
        text = table(made_set(), LATENT, EPOCHS, scale=1000, unit="‰ of the sphere's radius")
        write_between(DOCS / "graphs.md", "meshes", text)


def table(meshes: MeshSet, latent: int, epochs: int, scale: float, unit: str) -> str:
    """The table of both autoencoders on the held-out meshes.

    Args:
        meshes: training and held-out meshes.
        latent: length of the latent vector.
        epochs: passes over the training meshes.
        scale: by which distances are multiplied.
        unit: what they are then.
    """
    linear = scale * linear_error(meshes, latent)
    found = []
    for seed in SEEDS:
        model, error = trained(meshes, latent, epochs, seed)
        found.append(scale * error)
        print(f"seed {seed}: {found[-1]:.1f} {unit}; linear {linear:.1f}", flush=True)
    certificate, size = certify(model), meshes.train[0].size
    rows = [
        ["linear (PCA)", "3, 1", human_count(size * (2 * latent + 1)), f"{linear:.1f} {unit}", "–"],
        [
            "polynomial",
            f"{certificate.tier}, {certificate.degree}",
            human_count(model.count_params()),
            f"{np.mean(found):.1f} ± {np.std(found, ddof=1):.1f} {unit}",
            f"{min(found):.1f}, {max(found):.1f}",
        ],
    ]
    return markdown_table(HEADER, rows)


def linear_error(meshes: MeshSet, latent: int) -> float:
    """The mean distance of a vertex of a held-out mesh from its reconstruction by principal components."""
    flat = meshes.train.reshape(len(meshes.train), -1)
    components = PCA(latent, random_state=0).fit(flat)
    again = components.inverse_transform(components.transform(meshes.test.reshape(len(meshes.test), -1)))
    return distance(again.reshape(meshes.test.shape), meshes.test)


def trained(meshes: MeshSet, latent: int, epochs: int, seed: int) -> tuple[keras.Model, float]:
    """The polynomial autoencoder after its training, and the same distance of its reconstructions."""
    keras.utils.set_random_seed(seed)
    mean, deviation = meshes.train.mean(axis=0), meshes.train.std(axis=0).mean()
    train, test = ((each - mean) / deviation for each in (meshes.train, meshes.test))
    adjacency = normalized_adjacency(edges_of(meshes.faces), train.shape[1])
    inputs = keras.Input(train.shape[1:])
    model = keras.Model(inputs, mesh_autoencoder(inputs, adjacency, latent))
    schedule = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, epochs * -(-len(train) // BATCH))
    model.compile(keras.optimizers.Adam(schedule), "mse", steps_per_execution=STEPS)
    model.fit(train, train, batch_size=BATCH, epochs=epochs, verbose=0)
    again = np.asarray(model.predict(test, verbose=0)) * deviation + mean
    return model, distance(again, meshes.test)


def distance(found: np.ndarray, meshes: np.ndarray) -> float:
    """The mean Euclidean distance of a vertex from where it should be."""
    return float(np.linalg.norm(found - meshes, axis=-1).mean())


if __name__ == "__main__":
    main()
