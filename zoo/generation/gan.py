"""A generator and its discriminator, trained against each other."""

import keras
from keras import ops

from pinet_keras.arguments import one_of
from zoo.generation.augmentation import augment
from zoo.recipes.generator_recipe import LOSSES


class GAN(keras.Model):
    """Losses of generator G and discriminator D in one backward pass, on every backend of Keras.

        hinge:         L_D = mean max(0, 1 − D(x)) + mean max(0, 1 + D(G(z)))      L_G = −mean D(G(z))
        relativistic:  L_D = mean softplus(D(G(z)) − D(x))                         L_G = mean softplus(D(x) − D(G(z)))

    x and G(z) of a relativistic pair are of the same class. D may give several scores of an image: the losses are means
    over all of them.

    What the generator's layers add to the loss, such as `RangeControl`, is a part of L_G.

    Each loss must update its own network only. For L_D the gradient is stopped at G's images; for L_G it is stopped at
    D's weights. So the gradient of L_D + L_G in the weights of a network is that of its own loss, `fit` needs no
    training step per backend, and one optimizer updates both networks.

    D sees G's images clipped to 0..255, as they are in an image file. Without clipping, D would tell real images by
    their constant black areas alone, which a polynomial cannot produce exactly, and G would learn little else.

    Args:
        generator: `GeneratorModel`.
        discriminator: model of what `maps` gives, and labels if the generator takes them, to scores `[batch, n]`.
        maps: frozen model of images in −1..1 to a list of feature maps; `None` shows D the images themselves.
        loss: `"hinge"` or `"relativistic"`.
        range_penalty: weight, in L_G, of the mean square of what lies beyond −1..1, where the clip has no gradient.

    Input shape:
        A dict: `images` `[batch, height, width, channels]` uint8, `latents` `[batch, d]`, `labels` `[batch]` where
        the generator takes them, and `augmentation` `[batch, 2, 7]` where images are augmented: random numbers for each
        real and each generated image.

    Reference:
        Hinge loss: Miyato et al., arXiv 1802.05957, eqs. 16 and 17. Relativistic pairs: Jolicoeur-Martineau, arXiv
        1807.00734; Huang et al., arXiv 2501.05441.
    """

    def __init__(self, generator, discriminator, maps=None, loss="hinge", range_penalty=0.0):
        super().__init__(name=f"{generator.name}_gan")
        self.generator, self.discriminator, self.maps = generator, discriminator, maps
        self.form, self.range_penalty = one_of("loss", loss, LOSSES), range_penalty
        self.discriminator_loss = keras.metrics.Mean(name="discriminator_loss")
        self.generator_loss = keras.metrics.Mean(name="generator_loss")

    def build(self, input_shape):
        self.built = True  # both networks are

    def call(self, inputs, training=False):
        labels = inputs.get("labels")
        real = _unit(ops.cast(inputs["images"], self.compute_dtype))
        noise = inputs["latents"] if labels is None else [inputs["latents"], labels]
        pixels = _unit(self.generator(noise, training=training))
        fake = ops.clip(pixels, -1, 1)
        if "augmentation" in inputs:
            real = augment(real, inputs["augmentation"][:, 0])
            fake = augment(fake, inputs["augmentation"][:, 1])
        of_real, of_fake = self._seen(real), self._seen(fake)
        both = [ops.concatenate([x, ops.stop_gradient(y)]) for x, y in zip(of_real, of_fake, strict=True)]
        scores = self.discriminator(_joined(both, labels, repeat=2), training=training)
        frozen = [
            ops.stop_gradient(ops.convert_to_tensor(variable)) for variable in self.discriminator.trainable_variables
        ]
        for_generator, _ = self.discriminator.stateless_call(
            frozen, self.discriminator.non_trainable_variables, _joined(of_fake, labels), training=False
        )
        real_scores, fake_scores = ops.split(scores, 2)
        beyond = ops.mean(ops.square(pixels - ops.clip(pixels, -1, 1)))
        return {"real": real_scores, "fake": fake_scores, "fake_for_generator": for_generator, "beyond": beyond}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        real, fake, for_generator = (y_pred[key] for key in ("real", "fake", "fake_for_generator"))
        if self.form == "hinge":
            discriminator_loss = ops.mean(ops.relu(1 - real)) + ops.mean(ops.relu(1 + fake))
            generator_loss = -ops.mean(for_generator)
        else:
            discriminator_loss = ops.mean(ops.softplus(fake - real))
            generator_loss = ops.mean(ops.softplus(ops.stop_gradient(real) - for_generator))
        if self.range_penalty:
            generator_loss += self.range_penalty * y_pred["beyond"]
        generator_loss += sum(self.losses)  # of each `RangeControl` of the generator; the discriminator has none
        self.discriminator_loss.update_state(discriminator_loss)
        self.generator_loss.update_state(generator_loss)
        return discriminator_loss + generator_loss

    def _seen(self, images):
        return [images] if self.maps is None else self.maps(images, training=False)


def _unit(pixels):
    return pixels / 127.5 - 1


def _joined(maps, labels, repeat=1):
    inputs = maps if labels is None else [*maps, ops.tile(labels, [repeat])]
    return inputs if len(inputs) > 1 else inputs[0]
