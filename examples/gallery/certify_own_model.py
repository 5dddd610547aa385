"""Certify a model of your own, then check the certificate.

`certify` computes the degree from the layers alone. `verify` measures it: on lines between images, the logits must be
polynomials of that degree. The plot shows how the degree grows from layer to layer.
"""

import keras
import matplotlib.pyplot as plt

import zoo
from pinet_keras import PolyConv2D, PolyDense
from pinet_keras.analysis import certify
from zoo.data.samples import sample_inputs

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        keras.layers.Rescaling(1 / 255),
        PolyConv2D(8, 3, degree=2, strides=2, normalization="batch"),
        PolyConv2D(16, 3, degree=3, strides=2, normalization="batch"),
        keras.layers.GlobalAveragePooling2D(),
        PolyDense(10, degree=2),
    ]
)
certificate = certify(model)
print(f"tier {certificate.tier} ({certificate.tier_name}), degree {certificate.degree}")
for row in certificate.rows:
    print(f"{row.name:25} {row.degree_in:3} -> {row.degree_out:3}  {row.why}")

measured = certificate.verify(model, sample_inputs(zoo.card("pinet_mnist")))
print(f"{measured.verdict}: {measured.lines} lines, largest error {measured.error:.0e} of the largest logit")

names = [row.name for row in certificate.rows]
figure, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
axes.barh(names, [row.degree_out for row in certificate.rows])
axes.invert_yaxis()
axes.set_xlabel("degree after this layer")
plt.show()
