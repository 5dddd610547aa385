"""Generate images from noise.

A generator takes noise and a class. Each pixel that it gives is a polynomial of the noise, and `certify` proves its
degree. The same seed gives the same images.
"""

import matplotlib.pyplot as plt

import zoo
from pinet_keras.analysis import certify
from zoo.generation.sampling import sample
from zoo.generation.sheets import grid

model = zoo.load("pinet_mnist_generator")
print("each pixel is a polynomial of the noise, of degree", certify(model).degree)

images, labels = sample(model, 50, seed=0)  # the classes in turn
print(images.shape, images.dtype, "classes", labels[:10])

plt.figure(figsize=(7, 3.6), layout="constrained")
plt.imshow(grid(images, 10), cmap="gray")
plt.axis("off")
plt.show()
