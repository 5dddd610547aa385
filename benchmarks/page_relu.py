"""Train the ReLU network of the page "Walk a line": `python -m benchmarks.page_relu` writes zoo/page/relu_mnist.npz.

It is dense, so that a browser can follow it exactly along a line, and has about as many parameters as the polynomial
network that it stands next to, `pinet_mnist_shallow`. It is not in the zoo.
"""

import keras
import numpy as np

from zoo.data.loading import load_set
from zoo.page.lines import RELU, UNITS, relu_model

EPOCHS, BATCH = 12, 128


def train() -> keras.Model:
    """The trained network; prints its accuracies."""
    data = load_set("mnist")
    keras.utils.set_random_seed(0)
    model = relu_model(UNITS)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, EPOCHS * 60_000 // BATCH)), loss)
    model.fit(data.x_train, data.y_train, batch_size=BATCH, epochs=EPOCHS, verbose=2)
    accuracy = np.mean(model.predict(data.x_test, verbose=0).argmax(axis=1) == data.y_test)
    print(f"{model.count_params()} parameters, test accuracy {accuracy:.2%}")
    return model, float(accuracy)


if __name__ == "__main__":
    trained, accuracy = train()
    weights = {f"weight_{index}": value for index, value in enumerate(trained.get_weights())}
    np.savez_compressed(RELU, accuracy=accuracy, **weights)
