import re
import shutil
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from benchmarks.cli import main


def test_run_prints_a_table_and_writes_an_offline_report(smoke_run):
    page = (smoke_run.folder / "report.html").read_text()

    assert "Echo state" in smoke_run.printed
    assert "free200" in smoke_run.printed
    assert page.count("<img ") >= 3
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert "http" not in page


def test_a_second_run_only_draws_again(smoke_run, tmp_path, capsys):
    shutil.copytree(smoke_run.out, tmp_path, dirs_exist_ok=True)
    (tmp_path / "smoke" / "report.html").unlink()

    code = main([*smoke_run.arguments, "--out", str(tmp_path)])

    assert code == 0
    assert "[1/" in smoke_run.printed
    assert "[1/" not in capsys.readouterr().out
    assert (tmp_path / "smoke" / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "-t", "sine_claen"], "no task 'sine_claen'; did you mean sine_clean"),
        (["run", "-m", "gpt"], "no method 'gpt'"),
        (
            ["run", "everything"],
            "no suite .everything.*full, labels, memory, noise, oscillators, .*smoke",
        ),
        (["run", "--seeds", "0"], "--seeds must be positive, got 0"),
        (["run", "--timeout", "-1"], "--timeout must be positive"),
        (["run", "--memory", "0"], "--memory must be positive"),
        (["run", "--shard", "5/4"], "--shard takes I/N with 1 <= I <= N .*got '5/4'"),
        (["run", "--track", "hours:2"], "a track is default, stored, trials:N or seconds:N"),
        (["run", "--plugin", "absent.py"], "--plugin needs a Python file"),
        (["run", "absent.toml"], "suite absent.toml cannot be read"),
        (["tune", "-m", "mean"], "no method with a search space 'mean'"),
        (["info", "sine_cleen"], "no task, method or suite 'sine_cleen'; did you mean sine_clean"),
        (["report", "absent"], "absent holds no results"),
        (["merge", "absent", "--out", "all"], "absent holds no results"),
        (["compare", "absent", "absent"], "absent holds no results"),
    ],
)
def test_bad_usage_ends_with_two_and_writes_nothing(
    arguments, message, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)

    code = main(arguments)

    error = " ".join(capsys.readouterr().err.split())
    assert code == 2
    assert re.search(message, error)
    assert not list(tmp_path.iterdir())


def test_an_empty_selection_ends_with_two_and_says_what_would_run(tmp_path, capsys):
    code = main(["run", "-t", "sine_clean", "-m", "nag_0", "--out", str(tmp_path)])

    error = " ".join(capsys.readouterr().err.split())
    assert code == 2
    assert "nothing would run: nag_0 does not run on sine_clean:" in error
    assert re.search("sine_clean runs .*esn, .*mean", error)
    assert not list(tmp_path.iterdir())


def test_the_page_shows_the_whole_folder_whatever_was_asked_for(smoke_run, tmp_path, capsys):
    shutil.copytree(smoke_run.out, tmp_path, dirs_exist_ok=True)
    whole = (tmp_path / "smoke" / "report.html").read_text()

    code = main([*smoke_run.arguments[:4], "--seeds", "1", "--out", str(tmp_path)])

    page = (tmp_path / "smoke" / "report.html").read_text()
    assert code == 0
    assert "Linear" not in capsys.readouterr().out
    assert page.count("<tr") == whole.count("<tr")
    assert page.count("<img ") == whole.count("<img ")
    assert "8 cells" in page


def test_the_version_is_an_option(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])

    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("reservoirs-bench 0.")


def test_a_wrong_option_ends_with_two(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["run", "--speed", "9"])

    assert stop.value.code == 2


def test_a_failed_cell_ends_with_one(tmp_path):
    code = main(["run", "smoke", "-m", "notes_rnn", "--timeout", "0.05", "--out", str(tmp_path)])

    assert code == 1


def test_list_names_tasks_methods_and_suites(capsys):
    assert main(["list"]) == 0

    printed = capsys.readouterr().out
    for name in ("sine_clean", "oscillator ...", "list oscillator", "hessian_free", "smoke"):
        assert name in printed


def test_a_family_that_list_folds_is_named_one_by_one_by_its_word(capsys):
    assert main(["list", "oscillator"]) == 0

    printed = capsys.readouterr().out
    assert "oscillator_eta0.1_hold" in printed
    assert "unidentifiable" in printed


def test_a_results_folder_that_cannot_be_written_is_named(smoke_run, tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("")

    code = main([*smoke_run.arguments, "--out", str(blocked)])

    assert code == 2
    assert "file" in capsys.readouterr().err


def loaded(module):
    code = f"import sys, {module}; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return set(found.stdout.split())


def test_the_command_loads_little():
    (command,) = entry_points(group="console_scripts", name="reservoirs-bench")

    assert "benchmarks.cli" not in loaded(command.module)  # each cell's process imports it again


def test_help_and_list_load_neither_torch_nor_matplotlib():
    code = (
        "import sys; from benchmarks.cli import main\n"
        "main(['list'])\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'matplotlib', 'optuna'} & set(sys.modules)))"
    )

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert run.stdout.splitlines()[-1] == "[]"
