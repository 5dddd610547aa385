"""A generator and its discriminator, trained against each other."""

import keras
from keras import ops


class GAN(keras.Model):
    """Hinge losses of generator G and discriminator D in one backward pass, on every backend of Keras.

        L_D = mean max(0, 1 − D(x)) + mean max(0, 1 + D(G(z)))      L_G = −mean D(G(z))

    Each loss must update its own network only. For L_D the gradient is stopped at G's images; for L_G it is stopped at
    D's weights. So the gradient of L_D + L_G in the weights of a network is that of its own loss, `fit` needs no
    training step per backend, and one optimizer updates both networks.

    D sees G's images clipped to 0..255, as they are in an image file. Without clipping, D would tell real images by
    their constant black areas alone, which a polynomial cannot produce exactly, and G would learn little else.

    Args:
        generator: `GeneratorModel`.
        discriminator: model of images in −1..1, and labels if the generator takes them.

    Input shape:
        A dict: `images` `[batch, height, width, channels]` uint8, `latents` `[batch, d]`, and `labels` `[batch]` where
        the generator takes them.

    Reference:
        Hinge loss: Miyato et al., arXiv 1802.05957, eqs. 16 and 17.
    """

    def __init__(self, generator, discriminator):
        super().__init__(name=f"{generator.name}_gan")
        self.generator, self.discriminator = generator, discriminator
        self.discriminator_loss = keras.metrics.Mean(name="discriminator_loss")
        self.generator_loss = keras.metrics.Mean(name="generator_loss")

    def build(self, input_shape):
        self.built = True  # both networks are

    def call(self, inputs, training=False):
        labels = inputs.get("labels")
        real = _unit(ops.cast(inputs["images"], self.compute_dtype))
        noise = inputs["latents"] if labels is None else [inputs["latents"], labels]
        fake = _unit(ops.clip(self.generator(noise, training=training), 0, 255))
        both = ops.concatenate([real, ops.stop_gradient(fake)])
        scores = self.discriminator(_pair(both, labels, repeat=2), training=training)
        frozen = [
            ops.stop_gradient(ops.convert_to_tensor(variable)) for variable in self.discriminator.trainable_variables
        ]
        for_generator, _ = self.discriminator.stateless_call(
            frozen, self.discriminator.non_trainable_variables, _pair(fake, labels), training=False
        )
        of_real, of_fake = ops.split(scores, 2)
        return {"real": of_real, "fake": of_fake, "fake_for_generator": for_generator}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        discriminator_loss = ops.mean(ops.relu(1 - y_pred["real"])) + ops.mean(ops.relu(1 + y_pred["fake"]))
        generator_loss = -ops.mean(y_pred["fake_for_generator"])
        self.discriminator_loss.update_state(discriminator_loss)
        self.generator_loss.update_state(generator_loss)
        return discriminator_loss + generator_loss


def _unit(pixels):
    return pixels / 127.5 - 1


def _pair(images, labels, repeat=1):
    return images if labels is None else [images, ops.tile(labels, [repeat])]
