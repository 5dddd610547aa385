"""Meshes on a fixed template: icosphere, made bodies, the reader of COMA, and the autoencoders of benchmarks.meshes."""

import keras
import numpy as np
import pytest

from benchmarks import meshes as page
from pinet_keras import normalized_adjacency
from pinet_keras.analysis import certify
from zoo.architectures.mesh_autoencoder import mesh_autoencoder
from zoo.data.coma import read_coma, read_ply
from zoo.data.meshes import MeshSet, edges_of, made_bodies, made_set, sphere

HEADER = "ply\nformat {}\nelement vertex {}\n{}element face {}\nproperty list uchar int vertex_indices\nend_header\n"
AXES = "".join(f"property float {axis}\n" for axis in "xyz")


@pytest.mark.parametrize("subdivisions", [0, 1, 2])
def test_the_icosphere_is_a_closed_surface_of_unit_radius(subdivisions):
    vertices, faces = sphere(subdivisions)
    edges = edges_of(faces)
    assert len(vertices) == 10 * 4**subdivisions + 2 and len(faces) == 20 * 4**subdivisions
    assert len(vertices) - len(edges) + len(faces) == 2  # Euler
    np.testing.assert_allclose(np.linalg.norm(vertices, axis=1), 1)
    neighbours = np.bincount(edges.ravel())
    assert sorted(neighbours)[:12] == [5] * 12 and set(neighbours[neighbours > 5]) <= {6}


def test_edges_are_those_of_the_triangles_once():
    assert edges_of(np.array([[0, 1, 2], [2, 1, 3]])).tolist() == [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]]
    for wrong in (np.zeros((2, 4), int), np.zeros((2, 3))):
        with pytest.raises(ValueError, match=r"integers of the shape \[triangles, 3\]. Received"):
            edges_of(wrong)


def test_made_bodies_follow_the_formula():
    """Bending and twisting keep the axis' length, and each body is another one."""
    axis = np.stack([np.zeros(201), np.zeros(201), np.linspace(-1, 1, 201)], axis=1)
    bodies = made_bodies(5, 0, axis)
    lengths = np.linalg.norm(np.diff(bodies, axis=1), axis=-1).sum(axis=1)
    np.testing.assert_allclose(lengths, 3, rtol=1e-4)
    straight = np.linalg.norm(bodies[:, -1] - bodies[:, 0], axis=-1)
    assert np.ptp(straight) > 0.05 and straight.max() <= 3.001
    equator = made_bodies(200, 0, np.array([[1.0, 0, 0], [0, 1, 0]]))
    assert (equator[:, 0, 0] >= 0.6).all() and (equator[:, 0, 0] <= 1.2).all()
    np.testing.assert_allclose(equator[:, 1, 0], 0, atol=1e-5)
    assert (made_set(3, 2, 0).train != made_set(3, 2, 0).test[:1]).any()


def write_ply(path, vertices, faces, form):
    path.parent.mkdir(parents=True, exist_ok=True)
    header = HEADER.format(f"{form} 1.0", len(vertices), AXES, len(faces)).encode()
    if form == "ascii":
        rows = [" ".join(map(str, row)) for row in [*vertices.tolist(), *([3, *face] for face in faces.tolist())]]
        return path.write_bytes(header + "\n".join(rows).encode())
    corners = np.zeros(len(faces), [("corners", "u1"), ("faces", "<i4", 3)])
    corners["corners"], corners["faces"] = 3, faces
    return path.write_bytes(header + vertices.astype("<f4").tobytes() + corners.tobytes())


@pytest.mark.parametrize("form", ["ascii", "binary_little_endian"])
def test_coma_is_read_with_ten_of_a_hundred_frames_held_out(tmp_path, form):
    vertices, faces = sphere(0)
    for frame in range(15):
        write_ply(tmp_path / "FaceTalk_1" / "mouth" / f"f.{frame:06}.ply", vertices + frame, faces, form)
    meshes = read_coma(tmp_path)
    assert meshes.test.shape == (10, 12, 3) and meshes.train.shape == (5, 12, 3)
    np.testing.assert_allclose(meshes.train[2], vertices + 12, rtol=1e-6)
    assert (meshes.faces == faces).all()
    write_ply(tmp_path / "FaceTalk_1" / "mouth" / "f.000007.ply", vertices, faces[::-1], form)
    with pytest.raises(ValueError, match="f.000007.ply has other triangles than .*f.000000.ply"):
        read_coma(tmp_path)


def test_what_is_not_coma_is_refused_in_words(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "data"))
    with pytest.raises(FileNotFoundError, match=f"must be in {tmp_path}/data/coma, as SUBJECT.*coma.is.tue.mpg.de"):
        read_coma()
    path = tmp_path / "s" / "e" / "1.ply"
    vertices, faces = sphere(0)
    write_ply(path, vertices, faces + 1, "ascii")
    with pytest.raises(ValueError, match="1.ply is damaged.*no triangles of its vertices"):
        read_ply(path)
    for text in (b"", b"solid", path.read_bytes()[:300]):
        path.write_bytes(text)
        with pytest.raises(ValueError, match="1.ply is damaged"):
            read_coma(tmp_path)
    write_ply(path, vertices, faces, "ascii")
    with pytest.raises(ValueError, match="too few meshes.*Received: 1"):
        read_coma(tmp_path)


def test_the_autoencoder_is_of_low_depth_and_learns_what_principal_components_cannot():
    """A circle of angles: one latent number, which a linear map of one number cannot bend."""
    angles, template = np.random.default_rng(0).uniform(-1.5, 1.5, (2, 120, 1)), sphere(0)
    train, test = (template[0] + np.stack([np.cos(a), np.sin(a), 0 * a], axis=-1) for a in angles)
    meshes = MeshSet(train.astype("float32"), test.astype("float32"), template[1])
    model, error = page.trained(meshes, 1, 40, seed=0)
    assert error < 0.6 * page.linear_error(meshes, 1)
    certificate = certify(model)
    assert (certificate.tier, certificate.degree) == (3, 6)
    assert certificate.verify(model, np.random.default_rng(1).normal(size=(4, 12, 3))).verdict == "holds"


def test_the_error_of_principal_components_is_that_of_a_projection():
    meshes = made_set(40, 10, 0)
    flat, held_out = (each.reshape(len(each), -1) for each in (meshes.train, meshes.test))
    mean = flat.mean(axis=0)
    directions = np.linalg.svd(flat - mean, full_matrices=False)[2][:3]
    left = (held_out - mean) - (held_out - mean) @ directions.T @ directions
    expected = np.linalg.norm(left.reshape(10, -1, 3), axis=-1).mean()
    assert page.linear_error(meshes, 3) == pytest.approx(expected, rel=1e-4)


def test_every_vertex_sees_its_one_ring():
    vertices, faces = sphere(1)
    ring = normalized_adjacency(edges_of(faces), len(vertices))
    inputs = keras.Input((len(vertices), 3))
    model = keras.Model(inputs, mesh_autoencoder(inputs, ring, latent_size=2))
    assert model.output_shape == (None, len(vertices), 3) and model.get_layer("latent").output.shape == (None, 2)
    assert np.array_equal(np.diff(ring.tocsr().indptr), 1 + np.bincount(edges_of(faces).ravel()))
