"""A polynomial autoencoder of meshes on a fixed template."""

import keras

from pinet_keras import PolyDense, PolyGraphConv


def mesh_autoencoder(inputs, adjacency, latent_size, channels=8, degree=3, rank=64):
    """One-ring polynomials of the vertices → latent vector → polynomials of it → one-ring sums → vertices.

    Tier 3: the template is constant, so each output coordinate is a polynomial of degree 2·`degree` of the inputs.

    Args:
        inputs: `[batch, vertices, 3]`, differences from the mean mesh, of a standard deviation about 1.
        adjacency: SciPy sparse matrix `[vertices, vertices]` of the template's edges, normalised.
        latent_size: length of the latent vector, the layer `latent`.
        channels: features of each vertex next to the latent vector.
        degree: degree of the decoder.
        rank: rank of the decoder.

    Returns:
        `[batch, vertices, 3]`, in the units of the inputs.
    """
    vertices = adjacency.shape[0]
    x = PolyGraphConv(channels, adjacency, degree=2, name="encoder")(inputs)
    latent = keras.layers.Dense(latent_size, name="latent")(keras.layers.Flatten(name="all_vertices")(x))
    x = PolyDense(vertices * channels, degree=degree, rank=rank, name="decoder")(latent)
    x = keras.layers.Reshape((vertices, channels), name="each_vertex")(x)
    return PolyGraphConv(3, adjacency, degree=1, name="vertices")(x)
