"""The registered faces of COMA, read from its folder of PLY files."""

import os
from pathlib import Path

import numpy as np

from zoo.data.download import data_folder
from zoo.data.meshes import MeshSet
from zoo.files import naming_damaged_file

SOURCE = "https://coma.is.tue.mpg.de (COMA_data.zip, after registration)"
OF_100, TESTED = 100, 10  # of each 100 frames in a row the first 10 are held out, as in the article
TYPES = {"float": "f4", "float32": "f4", "double": "f8", "float64": "f8", "uchar": "u1", "uint8": "u1"}
TYPES |= {"int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "short": "i2", "ushort": "u2", "char": "i1"}
ADVICE = "Copy it again from the data set."


def read_coma(data: str | os.PathLike[str] | None = None, every: int = 1) -> MeshSet:
    """Read the faces of COMA with the split of its interpolation experiment: 10 of every 100 frames are held out.

    Args:
        data: folder that holds the folders of the subjects, `SUBJECT/EXPRESSION/FRAME.ply`; default the folder `coma`
            among the data sets of TFDS (`TFDS_DATA_DIR`, otherwise `~/tensorflow_datasets`).
        every: keep each so many frames of both splits only, for a shorter training.

    Returns:
        A `MeshSet` in metres, centred by nothing: vertices are as the files have them.

    Raises:
        FileNotFoundError: there are no such files.
        ValueError: a file is not a PLY of triangles, or has another template than the first.

    Reference:
        Ranjan et al., Generating 3D Faces using Convolutional Mesh Autoencoders, arXiv 1807.10267.
    """
    base = Path(data).expanduser() if data else data_folder() / "coma"
    files = sorted(base.glob("*/*/*.ply"))
    if not files:
        raise FileNotFoundError(
            f"COMA is not on this machine: its meshes must be in {base}, as SUBJECT/EXPRESSION/FRAME.ply. They are at "
            f"{SOURCE}; their licence does not allow to pass them on. Set TFDS_DATA_DIR to the folder that holds "
            "`coma`, or name their own folder."
        )
    splits: dict[bool, list[np.ndarray]] = {False: [], True: []}
    template = read_ply(files[0])[1]
    for number, path in enumerate(files):
        if number % every:
            continue
        vertices, faces = read_ply(path)
        if not np.array_equal(faces, template):
            raise ValueError(f"{path} has other triangles than {files[0]}: all meshes need one template.")
        splits[number % OF_100 < TESTED].append(vertices)
    if not all(splits.values()):
        raise ValueError(f"{base} holds too few meshes for a training and a test split. Received: {len(files)}")
    return MeshSet(np.stack(splits[False]), np.stack(splits[True]), template)


def read_ply(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Vertices `[vertices, 3]` float32 and triangles `[triangles, 3]` of a PLY file, ASCII or little-endian.

    Raises:
        ValueError: it is none, or has other faces than triangles.
    """
    with naming_damaged_file(path, ADVICE):
        header, _, body = Path(path).read_bytes().partition(b"end_header\n")
        words = [line.split() for line in header.decode("ascii").splitlines()]
        if words[0] != ["ply"] or words[1][1] not in ("ascii", "binary_little_endian"):
            raise ValueError("it is not a PLY file, ASCII or little-endian")
        counts = {line[1]: int(line[2]) for line in words if line[0] == "element"}
        properties = [line for line in words if line[0] == "property"]
        columns = [(line[2], f"<{TYPES[line[1]]}") for line in properties if line[1] != "list"]
        ((count_type, index_type),) = ((TYPES[line[2]], TYPES[line[3]]) for line in properties if line[1] == "list")
        triangle = np.dtype([("corners", f"<{count_type}"), ("faces", f"<{index_type}", 3)])
        if words[1][1] == "ascii":
            rows = [line.split() for line in body.decode("ascii").splitlines()]
            points = np.array([tuple(row) for row in rows[: counts["vertex"]]], columns)
            corners = np.array(rows[counts["vertex"] : counts["vertex"] + counts["face"]], "int64")
            sizes, faces = corners[:, 0], corners[:, 1:]
        else:
            points = np.frombuffer(body, columns, counts["vertex"])
            found = np.frombuffer(body, triangle, counts["face"], offset=points.nbytes)
            sizes, faces = found["corners"], found["faces"].astype("int64")
        if (sizes != 3).any() or faces.min() < 0 or faces.max() >= len(points):
            raise ValueError("it has faces that are no triangles of its vertices")
        return np.stack([points[axis] for axis in "xyz"], axis=1).astype("float32"), faces
