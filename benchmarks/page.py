"""Pages whose tables a command writes."""

from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def between(page: str, name: str, text: str) -> str:
    """The page with `text` between `<!-- NAME -->` and `<!-- end of NAME -->`, in the place of what stood there.

    Raises:
        ValueError: a marker is missing, or stands there twice.
    """
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    if page.count(begin) != 1 or page.count(end) != 1:
        raise ValueError(f"The page must hold the lines {begin!r} and {end!r} once each.")
    before, rest = page.split(begin)
    return f"{before}{begin}\n\n{text}\n\n{end}{rest.split(end)[1]}"


def write_between(path: Path, name: str, text: str) -> None:
    """Write `text` between two markers of a page (see `between`)."""
    path.write_text(between(path.read_text(encoding="utf-8"), name, text), encoding="utf-8")
