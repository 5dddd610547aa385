"""What makes two searches the same."""

import shutil

from tuning import PinetHyperModel
from tuning.fingerprint import PACKAGES, code_sha256, fingerprint
from tuning.space import Space
from zoo.registry import card


def test_a_change_of_any_file_of_code_is_another_search(tmp_path):
    assert [package.name for package in PACKAGES] == ["pinet_keras", "zoo", "tuning"]
    copies = [tmp_path / package.name for package in PACKAGES]
    for package, copy in zip(PACKAGES, copies, strict=True):
        shutil.copytree(package, copy, ignore=lambda folder, names: [name for name in names if "." in name[:-3]])
    before = code_sha256(copies)
    assert before == code_sha256(PACKAGES) == code_sha256()
    files = [path for copy in copies for path in copy.rglob("*.py")]
    assert len(files) > 100
    for path in files:
        code = path.read_bytes()
        path.write_bytes(code + b"#")
        assert code_sha256(copies) != before, path
        path.write_bytes(code)
    files[0].rename(files[0].with_stem("renamed"))
    assert code_sha256(copies) != before


def test_the_same_lines_in_other_files_are_other_code(tmp_path):
    def checksum(**files):
        package = tmp_path / "_".join(files) / str(len(files["a"])) / "package"
        package.mkdir(parents=True)
        for name, code in files.items():
            (package / f"{name}.py").write_text(code)
        return code_sha256([package])

    found = {checksum(a="x = 1\n", b="y = 2\n"), checksum(a="x = 1\n", c="y = 2\n"), checksum(a="", b="x = 1\ny = 2\n")}
    assert len(found) == 3


def test_the_weights_of_teachers_are_part_of_it(data):
    values = {"dataset": "digits", "validation": 60, "epochs": 3, "batch_size": 60, "learning_rate": 1e-3}
    values["teacher_weight"] = 0.5
    sha256 = {"pinet_digits": card("pinet_digits")["weights"]["sha256"]}
    for teacher, expected in (("pinet_digits", sha256), ({"choices": ["pinet_digits"]}, sha256), (None, {})):
        taught = {**values, "teacher": teacher} if teacher else {**values, "teacher_weight": 0.0}
        hypermodel = PinetHyperModel(Space.from_dict(taught), data=data)
        mark = fingerprint(hypermodel, tuner="grid", objective="val_accuracy", budget={}, executions=1, seed=0)
        assert mark["teachers"] == expected
