import json
import shutil
from pathlib import Path

import pytest

from benchmarks.cells.cell import Cell
from benchmarks.cli import main
from benchmarks.methods.registry import METHODS
from benchmarks.results import published, records, tables
from benchmarks.running.plan import plan_cells

METHOD_NAMES = ["esn", "linear", "persistence", "mean"]
CELLS = plan_cells(["lagged_sine"], METHOD_NAMES, 2)
MEAN = next(cell for cell in CELLS if cell.method == "mean")


WHOLE = {
    "schema": 2, "key": "0123456789ab", "task": "lagged_sine", "task_version": 1, "method": "mean",
    "settings": {}, "seed": 0, "track": "stored", "status": "ok", "reason": "",
}  # fmt: skip
NOT_RECORDS = {
    "torn": '{"schema": 2, "metr',
    "empty": "",
    "a number": "3",
    "a list": "[]",
    "an empty object": "{}",
    "deep": "[" * 100_000,
    **{
        f"without {name}": json.dumps({k: v for k, v in WHOLE.items() if k != name})
        for name in WHOLE
    },
    **{
        f"{name} {value!r}": json.dumps({**WHOLE, name: value})
        for name, value in [
            *((name, ["<script>"]) for name in WHOLE if name != "schema"),
            ("task", "my/../x"), ("method", "../x"), ("key", "../../x"), ("seed", True),
            ("seed", 1.5), ("seed", -1), ("status", "fine"), ("metrics", [1]),
            ("metrics", {"a": "1"}), ("metrics", {"a" * 101: 1}), ("costs", {"t_fit": None}),
            ("costs", {"t_fit": "1"}), ("provenance", []), ("provenance", {"started": "x"}),
            ("provenance", {"started": 1e300}), ("search", {}), ("search", []), ("tail", "x"),
            ("t_total", "1"), ("metrics", {"a": 10**400}),
        ]
    },
}  # fmt: skip
COMMANDS = {
    "run": lambda out, folder: [*SMALL, "--out", out],
    "status": lambda out, folder: ["status", *SMALL[1:-2], "--out", out],
    "report": lambda out, folder: ["report", folder],
    "compare": lambda out, folder: ["compare", folder, folder],
    "export": lambda out, folder: ["export", folder, f"{out}/all.csv"],
    "merge": lambda out, folder: ["merge", folder, "--out", f"{out}/merged"],
    "records": lambda out, folder: ["records", "--update", folder],
}
SMALL = ["run", "smoke", "-m", "mean", "--seeds", "1", "-j", "1"]


@pytest.mark.parametrize("text", NOT_RECORDS.values(), ids=NOT_RECORDS)
def test_a_file_that_is_not_a_record_is_set_aside_and_its_cell_runs_again(text, tmp_path, caplog):
    path = tmp_path / "cells" / f"{CELLS[0].name}.json"
    path.parent.mkdir()
    path.write_text(text)

    assert records.read_record(tmp_path, CELLS[0]) is None
    assert records.finished(tmp_path, CELLS) == {}

    assert [found.name for found in path.parent.iterdir()] == [path.name + ".bad"]
    assert caplog.text.count("is not a record") == 1


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("read_only", [False, True])
def test_every_command_goes_on_without_what_is_not_a_record(
    command, read_only, smoke_run, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("benchmarks.cli.run.write_page", lambda *about: None)
    monkeypatch.setattr("benchmarks.cli.inspect.write_page", lambda *about: None)
    monkeypatch.setattr(published, "replace_file", lambda *about: None)
    folder = tmp_path / "smoke"
    shutil.copytree(smoke_run.folder / "cells", folder / "cells")
    for number, text in enumerate(NOT_RECORDS.values()):
        (folder / "cells" / f"bad{number}.json").write_text(text)
    (folder / "cells" / f"{MEAN.name}.json").write_text("{}")
    if read_only:
        monkeypatch.setattr(Path, "replace", not_allowed)
    if read_only and command in ("export", "merge"):
        expected = 2
    else:
        expected = 0

    code = main(COMMANDS[command](str(tmp_path), str(folder)))

    said = " ".join(capsys.readouterr().err.split())
    assert code == expected
    assert "is not a record" in said
    assert "Traceback" not in said


def not_allowed(path, target):
    raise PermissionError(13, "Permission denied", str(target))


def test_damaged_arrays_are_not_drawn(tmp_path, caplog):
    record = {**WHOLE, "metrics": {"free200": 0.5}}
    path = tmp_path / "cells" / "lagged_sine--mean--0--0123456789ab.npz"
    path.parent.mkdir()
    path.write_bytes(b"PK torn")

    assert records.load_arrays(tmp_path, record) == {}
    assert "damaged and not drawn" in caplog.text


def test_another_schema_is_refused(tmp_path):
    records.write_record(tmp_path, CELLS[0], {"status": "ok", "reason": ""})
    path = tmp_path / "cells" / f"{CELLS[0].name}.json"
    path.write_text(path.read_text().replace('"schema": 2', '"schema": 99'))

    with pytest.raises(ValueError, match="schema 99, this version reads 2"):
        records.read_record(tmp_path, CELLS[0])


def test_the_key_depends_on_everything_that_decides_the_result():
    base = CELLS[0]
    others = [
        Cell(base.task, base.task_version, base.method, base.settings, base.seed + 1),
        Cell(base.task, base.task_version + 1, base.method, base.settings, base.seed),
        Cell(base.task, base.task_version, base.method, {"alpha": 1.0}, base.seed),
    ]

    assert len({base.key, *(cell.key for cell in others)}) == 4
    assert set(METHOD_NAMES) <= set(METHODS)


def test_a_skipped_cell_is_no_failure_and_tried_again(tmp_path):
    records.write_record(tmp_path, CELLS[0], {"status": "skipped", "reason": "not installed"})
    record = records.read_record(tmp_path, CELLS[0])

    (row,) = tables.summarise([record])

    assert row.n_failed == 0
    assert row.reasons == ("skipped: not installed",)
    assert records.finished(tmp_path, CELLS[:1], retry=False) == {}
