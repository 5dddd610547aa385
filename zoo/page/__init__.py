"""The static site that shows the zoo and runs its models in the browser: `pinet page`."""

from zoo.page.building import build_site

__all__ = ["build_site"]
