"""What was read of a data set: counts, sizes, files that were left out."""

from dataclasses import dataclass, field

LISTED = 5  # names of files or classes in a sentence; the rest is counted


@dataclass(frozen=True)
class Summary:
    """What `zoo.open_data` found, for people.

    Args:
        source: what was read, such as "folder of images".
        counts: number of examples by split and class: `counts["train"]["cat"]`. The validation split is counted apart
            from the training split, though it is its end in the arrays.
        sizes: how many files have which size, the most frequent first, such as `{"640×480": 120}`.
        unreadable: the reason for each file that was left out because it cannot be read.
        notes: sentences on whatever else a person should know of.
        seconds: what reading and decoding took; 0 if a cache was read.
    """

    source: str
    counts: dict[str, dict[str, int]]
    sizes: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def lines(self) -> list[str]:
        """The summary as lines of text."""
        found = []
        for split, counts in self.counts.items():
            classes = ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:20])
            more = f", and {len(counts) - 20} more classes" if len(counts) > 20 else ""
            found.append(f"{split}: {sum(counts.values()):,} ({classes}{more})")
        if self.sizes:
            found.append("sizes: " + listed([f"{size} in {count:,}" for size, count in self.sizes.items()]))
        if self.unreadable:
            found.append(f"{len(self.unreadable):,} files could not be read and are left out:")
            found += [f"  {name}: {reason}" for name, reason in list(self.unreadable.items())[:LISTED]]
            if len(self.unreadable) > LISTED:
                found.append(f"  and {len(self.unreadable) - LISTED:,} more")
        return found + self.notes


def listed(words) -> str:
    """The first of some words, and the number of the others."""
    words = list(words)
    more = f" and {len(words) - LISTED:,} more" if len(words) > LISTED else ""
    return ", ".join(words[:LISTED]) + more
