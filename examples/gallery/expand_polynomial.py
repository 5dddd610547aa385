"""Write a small model as an explicit polynomial.

A network of degree 3 with two inputs is trained on two classes of points, then expanded into its ten monomials. The
formula alone, without Keras, then gives the same logits and draws the decision boundary.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from pinet_keras import PolyDense
from pinet_keras.analysis import expand

keras.utils.set_random_seed(0)
points, labels = make_moons(500, noise=0.1, random_state=0)
model = keras.Sequential([keras.Input((2,)), PolyDense(1, degree=3, rank=16)])
loss = keras.losses.BinaryCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(0.02), loss)
model.fit(points, labels, batch_size=100, epochs=60, verbose=0)

polynomial = expand(model, low=-2, high=3)
for (i, j), (coefficient,) in zip(polynomial.exponents, polynomial.coefficients, strict=True):
    print(f"{coefficient:+8.3f} · x^{i} · y^{j}")
error = np.abs(polynomial(points) - model.predict(points, verbose=0)).max()
print(f"largest difference between the formula and the model: {error:.0e}")
print(f"accuracy of the formula: {np.mean((polynomial(points)[:, 0] > 0) == labels):.1%}")

x, y = np.meshgrid(np.linspace(-1.5, 2.5, 200), np.linspace(-1, 1.5, 200))
logits = polynomial(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(x.shape)
plt.figure(figsize=(6, 3.6), layout="constrained")
plt.contour(x, y, logits, levels=[0], colors="black")
plt.scatter(*points.T, c=labels, s=8, cmap="coolwarm")
plt.title("the curve where the polynomial is zero")
plt.show()
