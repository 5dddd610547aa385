"""Pages whose tables a command writes."""

from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def write_between(path, name, text) -> None:
    """Put text between `<!-- NAME -->` and `<!-- end of NAME -->` of a page, in the place of what stood there."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, rest = path.read_text(encoding="utf-8").split(begin)
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{rest.split(end)[1]}", encoding="utf-8")
