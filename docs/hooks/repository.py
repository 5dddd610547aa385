"""Brings the pages outside docs/ into the site, and the files that pages link to.

Pages link each other, and files of the repository, by relative paths that work on a code host. README.md, CHANGELOG.md
and CONTRIBUTING.md become pages of the site; other files that a page links to are copied to the site. A link to what
does not exist is left as it is, and `mkdocs build --strict` reports it.
"""

import os
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parent.parent.parent
PAGES = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
SOURCES = {page: source for source, page in PAGES.items()}
LINK = re.compile(r"(?<=\]\()(?!#|\w+:)([^)#\s]+)")


def on_files(files, config):
    """MkDocs calls this when it has found the pages in docs/; it adds the others."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown, page, config, files):
    """MkDocs calls this for each page; it turns links to files of the repository into links within the site."""
    place = page.file.src_uri
    if place.startswith("gallery/"):
        return markdown
    source = SOURCES.get(place, f"docs/{place}")

    def on_site(link):
        path = os.path.normpath(os.path.join(os.path.dirname(source), link[1]))
        target = PAGES.get(path, path.removeprefix("docs/") if path.startswith("docs/") else f"repository/{path}")
        if path.startswith("..") or not (ROOT / path).is_file():
            return link[1]
        if target.startswith("repository/") and files.get_file_from_path(target) is None:
            files.append(File.generated(config, target, abs_src_path=str(ROOT / path)))
        return os.path.relpath(target, os.path.dirname(place))

    return LINK.sub(on_site, markdown)
