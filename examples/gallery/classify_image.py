"""Classify an image and read the model's card.

`zoo.predict` gives labels and calibrated probabilities in one call. The card says what is known of the model: here the
degree of its polynomial, and its accuracy on the test split with the 95 % interval.
"""

import matplotlib.pyplot as plt

import zoo
from zoo.data.samples import samples

path = next(path for path, label in samples("cifar10") if label == "cat")
predictions = zoo.predict("pinet_cifar10", path)  # the five likeliest classes
for name, probability in predictions:
    print(f"{name:10} {probability:.1%}")

card = zoo.card("pinet_cifar10")
low, high = card["accuracy"]["interval_95"]
print(f"{card['name']}: tier {card['tier']} ({card['tier_name']}), degree {card['degree']:,}")
print(f"test accuracy {card['accuracy']['test']:.2%}, 95 % interval {low:.1%} to {high:.1%}")

figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), layout="constrained")
left.imshow(plt.imread(path))
left.set_title(path.name)
left.axis("off")
right.barh(*zip(*predictions, strict=True))
right.invert_yaxis()
right.set_xlim(0, 1)
right.set_xlabel("probability, calibrated")
plt.show()
