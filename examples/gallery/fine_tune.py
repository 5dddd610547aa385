"""Fine-tune a trained model to classes of your own.

`num_classes=2` keeps the trained layers of `pinet_digits` and puts a new head on them: here it learns to tell even
digits from odd ones. The fine-tuned model is still a polynomial.
"""

import keras
import matplotlib.pyplot as plt

import zoo
from pinet_keras.analysis import certify
from zoo.data.loading import load_set

keras.utils.set_random_seed(0)
digits = load_set("digits")  # with the test images that pinet_digits was not trained on
train_labels, test_labels = digits.y_train % 2, digits.y_test % 2

model = zoo.load("pinet_digits", num_classes=2)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(0.002), loss, metrics=["accuracy"])
test = (digits.x_test, test_labels)
history = model.fit(digits.x_train, train_labels, epochs=8, validation_data=test, verbose=0).history

print(f"accuracy on {len(test_labels)} test images: {history['val_accuracy'][-1]:.1%}")
print("degree:", certify(model).degree)

plt.figure(figsize=(6, 3), layout="constrained")
plt.plot(range(1, 9), history["accuracy"], label="training")
plt.plot(range(1, 9), history["val_accuracy"], label="test")
plt.xlabel("epoch")
plt.ylabel("accuracy")
plt.legend()
plt.show()
