"""Draw small photographs: shapes of random colour, size and place on a noisy background, a folder for each class.

`python examples/shapes.py FOLDER` draws 200 files of four classes, for trying commands on data of one's own.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

CLASSES = ("circle", "cross", "square", "triangle")


def draw_shapes(folder: Path, count: int = 200, seed: int = 0) -> Path:
    """Write `count` JPEG files of different sizes to `folder`/CLASS/NUMBER.jpg, the same for the same seed.

    Args:
        folder: is made if it is not there.
        count: number of files; each class gets a quarter.
        seed: of everything that is random.

    Returns:
        The folder.
    """
    generator = np.random.default_rng(seed)
    for index in range(count):
        name = CLASSES[index % len(CLASSES)]
        path = Path(folder) / name / f"{index:04}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        _photograph(name, generator).save(path, quality=90)
    return Path(folder)


def _photograph(name, generator):
    width, height = (int(n) for n in generator.integers(36, 64, 2))
    low, high = generator.permutation([60, 190])  # a dark shape on a bright background, or the other way round
    background, colour = (np.clip(level + generator.integers(-50, 50, 3), 0, 255) for level in (low, high))
    noise = generator.normal(0, 12, (height, width, 3))
    image = Image.fromarray(np.clip(background + noise, 0, 255).astype("uint8"))
    radius = generator.uniform(0.22, 0.38) * min(width, height)
    middle = np.array([width, height]) / 2 + generator.uniform(-0.12, 0.12, 2) * min(width, height)
    turn = generator.uniform(-0.25, 0.25)  # radians
    points = [tuple(middle + radius * _rotated(np.array(corner), turn)) for corner in CORNERS[name]]
    fill = tuple(int(each) for each in colour)
    pencil = ImageDraw.Draw(image)
    if name == "circle":
        pencil.ellipse([*(middle - radius), *(middle + radius)], fill=fill)
    elif name == "cross":
        pencil.line(points[:2], fill=fill, width=round(radius / 2))
        pencil.line(points[2:], fill=fill, width=round(radius / 2))
    else:
        pencil.polygon(points, fill=fill)
    return image


CORNERS = {
    "circle": (),
    "cross": ((-1, -1), (1, 1), (-1, 1), (1, -1)),
    "square": ((-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)),
    "triangle": ((0, -1), (0.9, 0.7), (-0.9, 0.7)),
}


def _rotated(point, turn):
    return np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ point


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) == 2 else "shapes")
    print(f"200 images in {draw_shapes(folder)}")
