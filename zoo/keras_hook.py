"""Registers our classes with Keras as soon as it and the zoo are imported, in either order. Imports no backend."""

import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder, SourceFileLoader


def register_with_keras() -> None:
    """Import `zoo.serialisable` now where Keras is imported already, and else right after Keras."""
    if "keras" in sys.modules:
        import_module("zoo.serialisable")
    else:
        sys.meta_path.insert(0, _AfterKeras())


class _AfterKeras(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target) if name == "keras" else None
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _KerasLoader(spec.loader.name, spec.loader.path)
        return spec


class _KerasLoader(SourceFileLoader):
    def exec_module(self, module):
        super().exec_module(module)
        # Where it is pixel_model that imports Keras, audio_model could not import what it does not hold yet.
        if "zoo.architectures.parts.pixel_model" not in sys.modules:
            import_module("zoo.serialisable")
