"""A functional model that knows by which architecture it was built."""

from dataclasses import asdict, dataclass

import keras


@dataclass(frozen=True)
class Origin:
    """The function in `zoo.architectures` that built a model, and the keyword arguments it was given."""

    architecture: str
    arguments: dict


class BuiltModel(keras.Model):
    """`keras.Model` whose `origin` goes into its `.keras` file and comes back from there; `zoo.save` reads it."""

    origin: Origin | None = None

    def get_config(self):
        config = super().get_config()
        return config if self.origin is None else {**config, "origin": asdict(self.origin)}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        origin = config.pop("origin", None)
        model = super().from_config(config, custom_objects)
        model.origin = None if origin is None else Origin(**origin)
        return model
