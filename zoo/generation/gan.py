"""A generator and its critic, trained against each other."""

import keras
from keras import ops


class GAN(keras.Model):
    """Hinge losses of generator G and critic D in one backward pass, on every backend of Keras.

        L_D = mean max(0, 1 − D(x)) + mean max(0, 1 + D(G(z)))      L_G = −mean D(G(z))

    Each loss must move its own network alone. D sees images whose gradient is stopped; and G is judged by a copy of D
    with the gradient stopped at D's weights. So the gradient of L_D + L_G is that of either loss in its own weights,
    `fit` needs no training step of its own for each backend, and one optimizer does for both networks.

    D sees G's images clipped to 0..255, as whoever writes a picture clips them. Without that a polynomial, which never
    stays at one value for long, is told from real images by their flat black alone, and learns little else.

    Args:
        generator: `GeneratorModel`.
        critic: model of images in −1..1, and labels if the generator takes them.

    Input shape:
        A dict: `images` `[batch, height, width, channels]` uint8, `latents` `[batch, d]`, and `labels` `[batch]` where
        the generator takes them.

    Reference:
        Hinge loss: Miyato et al., arXiv 1802.05957, eqs. 16 and 17.
    """

    def __init__(self, generator, critic):
        super().__init__(name=f"{generator.name}_gan")
        self.generator, self.critic = generator, critic
        self.critic_loss = keras.metrics.Mean(name="critic_loss")
        self.generator_loss = keras.metrics.Mean(name="generator_loss")

    def build(self, input_shape):
        self.built = True  # both networks are

    def call(self, inputs, training=False):
        labels = inputs.get("labels")
        real = _unit(ops.cast(inputs["images"], self.compute_dtype))
        noise = inputs["latents"] if labels is None else [inputs["latents"], labels]
        fake = _unit(ops.clip(self.generator(noise, training=training), 0, 255))
        both = ops.concatenate([real, ops.stop_gradient(fake)])
        opinions = self.critic(_pair(both, labels, repeat=2), training=training)
        frozen = [ops.stop_gradient(ops.convert_to_tensor(variable)) for variable in self.critic.trainable_variables]
        judged, _ = self.critic.stateless_call(
            frozen, self.critic.non_trainable_variables, _pair(fake, labels), training=False
        )
        of_real, of_fake = ops.split(opinions, 2)
        return {"real": of_real, "fake": of_fake, "judged": judged}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        critic_loss = ops.mean(ops.relu(1 - y_pred["real"])) + ops.mean(ops.relu(1 + y_pred["fake"]))
        generator_loss = -ops.mean(y_pred["judged"])
        self.critic_loss.update_state(critic_loss)
        self.generator_loss.update_state(generator_loss)
        return critic_loss + generator_loss


def _unit(pixels):
    return pixels / 127.5 - 1


def _pair(images, labels, repeat=1):
    return images if labels is None else [images, ops.tile(labels, [repeat])]
