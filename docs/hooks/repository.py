"""Brings the pages outside docs/ into the site, and the files that pages link to.

Pages link each other, and files of the repository, by relative paths that work on a code host. README.md, CHANGELOG.md
and CONTRIBUTING.md become pages of the site; other files that a page links to are added under repository/. A link to
what does not exist is left as it is, and `mkdocs build --strict` reports it.
"""

import os
import re
from pathlib import Path

from mkdocs.structure.files import File, InclusionLevel

ROOT = Path(__file__).parent.parent.parent
PAGES = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
SOURCES = {page: source for source, page in PAGES.items()}
LINK = re.compile(r"(?<=\]\()(?!#|\w+:)([^)#\s]+)")


def on_files(files, config):
    """MkDocs calls this when it has found the pages in docs/; it adds what is outside."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    for page in list(files.documentation_pages()):
        for link in LINK.findall(page.content_string):
            path = linked(link, source_of(page.src_uri))
            place = path and place_of(path)
            if place and place.startswith("repository/") and not files.get_file_from_path(place):
                arguments = {"abs_src_path": str(ROOT / path), "inclusion": InclusionLevel.NOT_IN_NAV}
                files.append(File.generated(config, place, **arguments))
    return files


def on_page_markdown(markdown, page, config, files):
    """MkDocs calls this for each page; it turns links to files of the repository into links within the site."""
    place = page.file.src_uri

    def on_site(link):
        path = linked(link[1], source_of(place))
        return os.path.relpath(place_of(path), os.path.dirname(place)) if path else link[1]

    return LINK.sub(on_site, markdown)


def linked(link: str, source: str) -> str | None:
    """The file of the repository that a link in `source` leads to, by its path; None where there is none."""
    path = os.path.normpath(os.path.join(os.path.dirname(source), link))
    return path if not path.startswith("..") and (ROOT / path).is_file() else None


def place_of(path: str) -> str:
    """Where a file of the repository is in the site."""
    return PAGES.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else f"repository/{path}")


def source_of(place: str) -> str:
    """The inverse of `place_of`."""
    return SOURCES.get(place) or (
        place.removeprefix("repository/") if place.startswith("repository/") else f"docs/{place}"
    )
