"""From a folder of photographs to a TensorFlow Serving model.

A folder with a folder of images for each class is all that is needed. The images here are drawn: 200 photographs of
shapes, of different sizes. Put your own folder in their place; with some hundred images of 32 to 64 pixels the whole
takes a quarter of an hour on a CPU, and most of it is training.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
from PIL import Image

CHECKOUT = Path(__file__).parents[2]
PINET = [sys.executable, "-m", "zoo.cli.commands"]  # what the command `pinet` runs
WIDTH = {**os.environ, "COLUMNS": "100"}  # of the tables


# Runs a command of pinet as a shell would, and gives what it prints.
def pinet(*arguments, shown=True):
    command = [*PINET, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8", env=WIDTH)
    if shown:
        print(f"$ pinet {' '.join(map(str, arguments))}\n{done.stdout.rstrip()}\n")
    return done.stdout


subprocess.run([sys.executable, CHECKOUT / "examples" / "shapes.py", "photos"], check=True, stdout=subprocess.DEVNULL)

# A recipe with defaults for these images. It is a text file with comments: read it, and change what you know better.
pinet("new", "shapes", "--data", "photos")
print(Path("shapes.toml").read_text(encoding="utf-8"))

# Training writes weights, card and log to runs/shapes. Stopped at any moment, the same command resumes it; that folder
# then takes the place of a model's name in all other commands.
pinet("train", "shapes.toml")
pinet("runs")
pinet("evaluate", "runs/shapes")

# What no other classifier of photographs offers: a proof that it is a polynomial, and of which degree.
print(*pinet("certify", "runs/shapes", "--verify", shown=False).splitlines()[-3:], sep="\n", end="\n\n")

# The folder models/ is what TensorFlow Serving loads: `pinet serve models` starts it, or its Docker image. The preview
# server, which needs neither, has the same API; port 0 takes one that is free.
pinet("export", "runs/shapes", "models")
serve = [*PINET, "serve", "models", "--engine", "preview", "--rest-port", "0", "--grpc-port", "0"]
with subprocess.Popen(serve, stderr=subprocess.PIPE, encoding="utf-8") as server:
    url = next(line.split()[-1] for line in server.stderr if " REST http" in line)
    photographs = [sorted(folder.iterdir())[number] for number in (0, 1) for folder in sorted(Path("photos").iterdir())]
    answers = json.loads(pinet("client", url, "shapes", *photographs, "--json", shown=False))
    server.terminate()
    server.stderr.read()

right = sum(answer["class_name"] == Path(answer["image"]).parent.name for answer in answers)
print(f"the server classifies {right} of {len(answers)} photographs as their folders do")

figure, axes = plt.subplots(2, 4, figsize=(8, 4.4), layout="constrained")
for axis, answer in zip(axes.flat, answers, strict=True):
    axis.imshow(Image.open(answer["image"]))
    axis.set_title(f"{answer['class_name']} {answer['probability']:.0%}")
    axis.axis("off")
plt.show()
