"""The tables of docs/encrypted.md: python -m benchmarks.encrypted_page

From what `make bench ARGS=encrypted` measured, and from the records in docs/encrypted of evaluations that take longer:
pinet encrypted evaluate NAME --record docs/encrypted/NAME.jsonl
"""

import json
from pathlib import Path

from benchmarks.page import DOCS, between
from benchmarks.performance_page import RESULTS
from zoo.encrypted.evaluation import costs, summary
from zoo.publishing.formatting import human_bytes, markdown_table

PAGE, RECORDS = DOCS / "encrypted.md", DOCS / "encrypted"


def main() -> None:
    """Write the tables."""
    measured = json.loads(RESULTS.read_text(encoding="utf-8"))["encrypted"]
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(written_from_results(page, measured, sorted(RECORDS.glob("*.jsonl"))), encoding="utf-8")


def written_from_results(page: str, measured: dict, records: list[Path]) -> str:
    """The page with its tables rewritten.

    Args:
        page: its text.
        measured: the part `encrypted` of the results of `make bench`.
        records: files that evaluations wrote.
    """
    found = measured["found"]
    rows = [*found["one"].values(), *found["many"].values(), *map(of_record, records)]
    simulated = [row["simulated"] for row in found["one"].values()]
    return between(page, "results", f"{_measured(rows)}\n\nSimulated, one image a request:\n\n{_simulated(simulated)}")


def of_record(path: Path) -> dict:
    """What an evaluation gives, from its record."""
    about, *rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return about | summary(rows) | costs(rows)


def _measured(rows: list[dict]) -> str:
    head = ["Model", "Packing", "Examples", "Accuracy", "Same decision", "Error of logits"]
    head += ["Processor time a request", "Request"]
    lines = [
        [
            f"`{row['model']}`",
            row["batch"],
            f"{row['examples']:,}",
            f"{row['accuracy']:.2%}",
            f"{row['agreement']:.2%}",
            f"{row['logit_error']:.1e}",
            f"{row['median_processor_seconds']:.2f} s",
            human_bytes(row["request_bytes"]),
        ]
        for row in rows
    ]
    return markdown_table(head, lines)


def _simulated(rows: list[dict]) -> str:
    head = ["Model", "Examples", "Accuracy, plain", "Simulated", "Same decision", "Error of logits"]
    lines = [
        [
            f"`{row['model']}`",
            f"{row['examples']:,}",
            f"{row['plain_accuracy']:.2%}",
            f"{row['accuracy']:.2%}",
            f"{row['agreement']:.2%}",
            f"{row['logit_error']:.1e}",
        ]
        for row in rows
    ]
    return markdown_table(head, lines)


if __name__ == "__main__":
    main()
