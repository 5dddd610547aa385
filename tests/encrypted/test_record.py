"""An evaluation that continues where it ended."""

import json

import pytest

from zoo.encrypted.evaluation import summary
from zoo.encrypted.record import Record

ABOUT = {"model": "a", "plan": "1"}


def test_a_record_continues_where_it_ended(tmp_path):
    path = tmp_path / "new" / "record.jsonl"
    Record(path, ABOUT).add({"examples": [3, 4]})
    again = Record(path, ABOUT)
    assert again.answered == {3, 4}
    again.add({"examples": [7]})
    whole = path.read_text()
    path.write_text(whole + '{"examples": [8')  # ended while it was written
    assert Record(path, ABOUT).answered == {3, 4, 7} and path.read_text() == whole
    with pytest.raises(ValueError, match="it differs in plan. Received"):
        Record(path, {**ABOUT, "plan": "2"})
    for text in ("", "no JSON\n", "[]\n", json.dumps(ABOUT) + '\n{"a": 1}\n'):
        path.write_text(text)
        with pytest.raises(ValueError, match="This is not a record"):
            Record(path, ABOUT)
    assert Record(None, ABOUT).answered == set()


def test_an_evaluation_continues_where_it_ended(pinet, tmp_path):
    pytest.importorskip("tenseal.sealapi", reason="needs TenSEAL: pip install '.[encrypted]'")
    command = ("encrypted", "evaluate", "pinet_digits", "--record", tmp_path / "record.jsonl")
    code, out, _ = pinet(*command, "--examples", "3", "--together", "2")
    assert code == 0 and out.index("ring size N") < out.index("same decision")  # the plan comes first
    assert "100.00% of 3 examples" in out
    code, out, _ = pinet(*command, "--examples", "4", "--json")
    lines = [json.loads(line) for line in (tmp_path / "record.jsonl").read_text().splitlines()]
    found = json.loads(out)
    assert code == 0 and found["examples"] == 4 and found["agreement"] == 1
    assert len({row["examples"][0] for row in lines[1:]}) == 4 and [row["first"] for row in lines[1:]] == [1, 1, 0, 1]
    code, out, _ = pinet(*command, "--examples", "9", "--minutes", "0", "--json")
    assert code == 0 and json.loads(out)["examples"] == 4
    code, _, error = pinet("encrypted", "evaluate", "pinet_digits", "--simulate", "--minutes", "1")
    assert code == 1 and "A simulation has no record" in error


def test_what_was_not_answered_has_no_summary():
    with pytest.raises(ValueError, match="No request was answered"):
        summary([])
