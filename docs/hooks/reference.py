"""Checks that the pages of the reference hold every public name: what cannot be found is left out without a word."""

from importlib import import_module
from pathlib import Path

from mkdocs.exceptions import PluginError

PAGES = {
    "layers": "pinet_keras",
    "analysis": "pinet_keras.analysis",
    "tropical": "pinet_keras.analysis.tropical",
    "zoo": "zoo",
    "losses": "zoo.losses",
    "verification": "zoo.verification",
    "tuning": "tuning",
}


def on_post_build(config):
    """MkDocs calls this when the site is written.

    Raises:
        PluginError: a name in the `__all__` of a package is not on its page.
    """
    for page, package in PAGES.items():
        text = (Path(config["site_dir"]) / "reference" / page / "index.html").read_text(encoding="utf-8")
        names = [f"{package}.{name}" for name in import_module(package).__all__]
        missing = [name for name in names if f'id="{name}"' not in text]
        if missing:
            raise PluginError(f"docs/reference/{page}.md does not show {', '.join(missing)}")
