"""Find the decision boundary between two images.

On the line from one image to another, each logit is a polynomial of one variable t. `crossings` finds every t where the
predicted class changes, and no others.
"""

import matplotlib.pyplot as plt
import numpy as np

import zoo
from pinet_keras.analysis import crossings
from zoo.data.samples import sample_inputs
from zoo.evaluation.probabilities import probabilities

card = zoo.card("pinet_mnist_tiny")
model = zoo.load("pinet_mnist_tiny")
images = sample_inputs(card).astype("float64")  # one of each class, in order
start, end = images[3], images[8]

found = crossings(model, start, end - start, domain=(0, 1))
for crossing in found:
    print(f"at t = {crossing.t:.6f} the prediction changes from {crossing.before} to {crossing.after}")

t = np.linspace(0, 1, 200)
between = start + t[:, None, None, None] * (end - start)
rows = probabilities(model, card, between)
figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
for label in np.flatnonzero(rows.max(axis=0) > 0.05):
    axes.plot(t, rows[:, label], label=str(label))
for crossing in found:
    axes.axvline(crossing.t, color="black", linewidth=1)
axes.set_xlabel("t, from a 3 (0) to an 8 (1)")
axes.set_ylabel("probability, calibrated")
axes.legend(title="class")
plt.show()
