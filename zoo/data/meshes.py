"""Meshes on a fixed template: its one-ring neighbourhoods, and a family of meshes drawn by a formula."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull

LENGTH = 1.5  # half of the axis of the bodies, along which they are tapered, twisted and bent


@dataclass(frozen=True)
class MeshSet:
    """Meshes with the vertices of one template, in the same order.

    Attributes:
        train: `[meshes, vertices, 3]`, float32.
        test: likewise, held out.
        faces: `[triangles, 3]`, the vertices of each triangle.
    """

    train: np.ndarray
    test: np.ndarray
    faces: np.ndarray


def edges_of(faces: np.ndarray) -> np.ndarray:
    """The edges of triangles, each once: `[edges, 2]`, for `normalized_adjacency`, whose rows are then one-rings.

    Args:
        faces: `[triangles, 3]`, integers.

    Raises:
        ValueError: another shape, or no integers.
    """
    faces = np.asarray(faces)
    if faces.ndim != 2 or faces.shape[1] != 3 or not np.issubdtype(faces.dtype, np.integer):
        raise ValueError(f"`faces` must be integers of the shape [triangles, 3]. Received: {faces.dtype} {faces.shape}")
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    return np.unique(np.sort(pairs, axis=1), axis=0)


def sphere(subdivisions: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """An icosphere: vertices of an icosahedron and of its edges' midpoints, again and again, on the unit sphere.

    Args:
        subdivisions: how often edges are halved; there are 10·4^subdivisions + 2 vertices.

    Returns:
        Vertices `[vertices, 3]` and triangles `[triangles, 3]`.
    """
    golden = (1 + 5**0.5) / 2
    plane = np.array([(0, first, second * golden) for first in (-1, 1) for second in (-1, 1)])
    vertices = np.concatenate([np.roll(plane, shift, axis=1) for shift in range(3)])
    for _ in range(subdivisions):
        edges = edges_of(_triangles(vertices))
        vertices = np.concatenate([_on_sphere(vertices), _on_sphere(vertices)[edges].mean(axis=1)])
    return _on_sphere(vertices), _triangles(vertices)


def made_bodies(count: int, seed: int, template: np.ndarray) -> np.ndarray:
    """Bodies drawn by a formula: ellipsoids that are tapered, twisted and bent, with five random parameters each.

    With (x, y, z) on the unit sphere: x and y are scaled by a and b, z by 1.5; then (x, y) by 1 + t·z; then (x, y) are
    turned by θ·z; then the axis becomes an arc of the curvature κ in the plane of x and z. All are uniform: a and b in
    0.6..1.2, t in ±0.3, θ in ±1, κ in ±0.8.

    Args:
        count: number of bodies.
        seed: of the random numbers.
        template: `[vertices, 3]`, on the unit sphere.

    Returns:
        `[count, vertices, 3]`, float32.
    """
    rng = np.random.default_rng(seed)
    low, high = np.array([(0.6, 1.2), (0.6, 1.2), (-0.3, 0.3), (-1, 1), (-0.8, 0.8)]).T
    a, b, taper, twist, bend = rng.uniform(low, high, (count, 5)).T[..., None]
    bend = np.where(np.abs(bend) < 1e-6, 1e-6, bend)
    z = LENGTH * template[:, 2]
    x, y = (scale * column * (1 + taper * z) for scale, column in ((a, template[:, 0]), (b, template[:, 1])))
    x, y = x * np.cos(twist * z) - y * np.sin(twist * z), x * np.sin(twist * z) + y * np.cos(twist * z)
    radius = 1 / bend - x
    return np.stack([1 / bend - radius * np.cos(bend * z), y, radius * np.sin(bend * z)], axis=-1).astype("float32")


def made_set(train: int = 1000, test: int = 200, subdivisions: int = 2) -> MeshSet:
    """The family of `made_bodies` on an icosphere. It is synthetic.

    Args:
        train: number of meshes to train on.
        test: number of held-out meshes.
        subdivisions: as for `sphere`.
    """
    template, faces = sphere(subdivisions)
    return MeshSet(made_bodies(train, 0, template), made_bodies(test, 1, template), faces)


def _on_sphere(vertices):
    return vertices / np.linalg.norm(vertices, axis=-1, keepdims=True)


def _triangles(vertices):
    return ConvexHull(_on_sphere(vertices)).simplices.astype("int64")
