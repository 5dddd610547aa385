"""Find the smallest polynomial for a task.

Homomorphic encryption and small devices pay for every multiplication. So the question is not which network is the most
accurate, but how small one can be that is accurate enough. This tutorial lets the tuner search for the answer: which
of the tried networks that separate circles, crosses, squares and triangles has the fewest parameters?
"""

import runpy
from pathlib import Path

import matplotlib.pyplot as plt

import tuning
import zoo
from tuning.new_space import new_space
from tuning.promotion import promote
from zoo.recipes import read_recipe
from zoo.training.classifiers import train

draw_shapes = runpy.run_path(str(Path(__file__).parents[1] / "shapes.py"))["draw_shapes"]
draw_shapes(Path("photos"), 800)  # your own folder takes its place

# The space of `pinet tune --data photos`. It is a dict, so any of its values can be changed: smaller images and fewer
# epochs keep this page short, and one kind of block shows the effect of rank and width.
photos = zoo.open_data("photos", shape=(16, 16, 3))
space = new_space("photos", photos) | {"epochs": 20, "image_size": 16, "learning_rate": 0.01, "weight_decay": 0.05}
space["network"] |= {"block": "residual", "stages": 2, "width": [4, 8, 16], "blocks": 1}

# A grid tries every point; "random" and "bayesian" choose among more than can be tried. A network over the budget is
# not trained. The test split has no part in a search.
space["network"]["growth"], space["network"]["alpha"], space["label_smoothing"] = 2.0, 1.0, 0.1
results = tuning.search(space, tuner="grid", max_params=40_000, out="search")
for result in results:
    record = result.record
    print(f"{record['parameters']:>6,} parameters: {record['val_accuracy']:.1%} of the validation images")

# The smallest of those that come within five points of the best. Its recipe is written, and trained for longer.
enough = max(result.record["val_accuracy"] for result in results) - 0.05
smallest = min((r for r in results if r.record["val_accuracy"] >= enough), key=lambda r: r.record["parameters"])
promote("search", "smallest.toml", trial=smallest.trial, epochs=30)
card = train(read_recipe("smallest.toml"))
print(f"{card['name']}: tier {card['tier']}, degree {card['degree']}, depth {card['multiplicative_depth']}")
print(f"{card['parameters']:,} parameters, test accuracy {card['accuracy']['test']:.1%}")

plt.figure(figsize=(6, 3.2), layout="constrained")
for result in results:
    plt.scatter(result.record["parameters"], 100 * result.record["val_accuracy"], color="tab:blue")
plt.scatter(card["parameters"], 100 * smallest.record["val_accuracy"], s=150, facecolors="none", edgecolors="tab:red")
plt.axhline(100 * enough, color="gray", linewidth=1, linestyle="--")
plt.xscale("log")
plt.xlabel("parameters")
plt.ylabel("validation accuracy (%)")
plt.show()
