"""Read a decision boundary.

Where does a classifier change its mind? For most networks that is sampled: one tries points and hopes that nothing
happens between them. The logits of a polynomial network are polynomials on every line, so all changes can be computed.
This tutorial reads them for `pinet_digits`, which has degree 4, from a 3.
"""

import numpy as np

import zoo
from pinet_keras.analysis import certify, crossings, margin, plane, restrict
from zoo.data.samples import sample_inputs

model = zoo.load("pinet_digits")
images = sample_inputs(zoo.card("pinet_digits")).astype("float64")  # one image of each digit, in order
three, eight = images[3], images[8]

# The certificate says of which degree the logits are. On a line they are polynomials of that degree in one variable t:
# `restrict` computes them, from five points.
print("degree:", certify(model).degree)
logits = restrict(model, three, eight - three, domain=(0, 1))
print(f"logit of 3 minus logit of 8 at t = 0, 0.5 and 1: {(logits[3] - logits[8])(np.array([0, 0.5, 1])).round(2)}")

# `crossings` finds every point of the line where the prediction changes. Read: up to the first t it is a 3.
found = crossings(model, three, eight - three, domain=(0, 1))
for crossing in found:
    print(f"at t = {crossing.t:.6f} the prediction changes from {crossing.before} to {crossing.after}")

# It is that point and no other: a step before it and a step behind it the model says just this.
for crossing in found:
    either = [three + (crossing.t + step) * (eight - three) for step in (-1e-3, 1e-3)]
    assert model.predict(np.array(either), verbose=0).argmax(axis=1).tolist() == [crossing.before, crossing.after]

# `margin` is the distance to the first change: nothing happens before it. Toward which digit is it the smallest?
margins = {digit: margin(model, three, images[digit] - three, domain=(0, 1)) for digit in range(10) if digit != 3}
for digit, distance in sorted(margins.items(), key=lambda pair: pair[1]):
    print(f"toward the {digit} the prediction is 3 up to t = {distance:.3f}")

# The line must stay within valid inputs, here pixels from 0 to 255: beyond them the model clips, and a clip is no
# polynomial. Asked for t up to 2, `margin` refuses in words, in place of an answer for another function.
try:
    margin(model, three, eight - three, domain=(0, 2))
except ValueError as error:
    print(str(error).split(":")[0])

# Between three images the boundary is a curve. Each point of the triangle is a mean of its corners; the colour is the
# prediction there. The region of the 8 has no corner: a mean of a 3, a 9 and a 6 looks like one, to this model.
nearest, second = sorted(margins, key=margins.get)[:2]
steps = images[nearest] - three, images[second] - three
corners = ["a 3", f"a {nearest}", f"a {second}"]
figure = plane(model, three, *steps, triangle=True, corners=corners, title="pinet_digits between three images")
figure.savefig("boundary.png", dpi=150)
