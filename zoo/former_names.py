"""Names in files written before the first release, and what they are called now, so that such files still load."""

TASKS = {"sound classification": "audio classification"}
ENTRIES = {"levels": "multiplicative_depth"}
GOLDEN = {"sounds": "audio"}
LAYERS = {"sounds": "audio"}  # in weights files


def rename_entries(card: object) -> None:
    """Give the entries of a card, in place, the names that they have now.

    Args:
        card: what its file holds; left as it is where it is no object, which the caller refuses.
    """
    if not isinstance(card, dict):
        return
    if isinstance(card.get("task"), str):
        card["task"] = TASKS.get(card["task"], card["task"])
    _rename_keys(card, ENTRIES)
    _rename_keys(card.get("golden"), GOLDEN)


def _rename_keys(entries, names):
    if isinstance(entries, dict):
        for former in names.keys() & entries.keys():
            entries[names[former]] = entries.pop(former)
