import pytest

from benchmarks.cli import main
from benchmarks.running.suites import UsageError, load_suite

FIRST = '# Mine.\ntasks = ["lagged_sine"]\nseeds = 1\n'
WRONG = {
    "tasks = 1": "or one of all, dysts, noise, reconstruction, got 1",
    "tasks = [1]": r"tasks must be a list of names.*got \[1\]",
    "tasks = []": "tasks must be a list of names",
    'tasks = "everything"': "one of all, dysts, noise, reconstruction, got 'everything'",
    'tasks = ["sine_claen"]': "no task .*sine_claen.*did you mean sine_clean",
    'methods = "esn"': "methods must be a list of names, got 'esn'",
    "methods = [[]]": "methods must be a list of names",
    'methods = ["esnn"]': "no method .*did you mean esn",
    'seeds = "5"': "seeds must be a positive whole number, got '5'",
    "seeds = true": "seeds must be a positive whole number, got True",
    "seeds = 0": "seeds must be a positive whole number, got 0",
    "seeds = 1.5": "seeds must be a positive whole number",
    'timeout = "5"': "timeout must be a positive number of seconds, got '5'",
    "timeout = nan": "timeout must be a positive number",
    "timeout = [5]": "timeout must be a positive number",
    "track = 5": "track must be default, stored, trials:N or seconds:N, got 5",
    'track = "hours:2"': "track must be default, stored, trials:N or seconds:N, got 'hours:2'",
    "expected = 1": "expected must be positive numbers by task and method, got 1",
    'expected = {lagged_sine = {esn = "1"}}': "expected must be positive numbers",
    "expected = {lagged_sine = 1}": "expected must be positive numbers",
    "expected = {lagged = {esn = 1}}": "no task .*expected.* 'lagged'",
    "expected = {lagged_sine = {esnn = 1}}": "no method .*expected.* 'esnn'",
    "sedes = 2": "no key of a suite .*'sedes'; did you mean seeds",
    "tasks": "cannot be read",
}


def suite(line):
    """Return a suite with a line of its own, in place of the same key's."""
    key = line.split(" ")[0]
    return "".join(f"{kept}\n" for kept in FIRST.splitlines() if not kept.startswith(key)) + line


def test_a_suite_with_a_wrong_value_is_refused_with_what_is_right(tmp_path):
    path = tmp_path / "mine.toml"
    for line, message in WRONG.items():
        path.write_text(suite(line))

        with pytest.raises(UsageError, match=message) as refused:
            load_suite(str(path))

        assert "mine.toml" in str(refused.value), line


@pytest.mark.parametrize("command", ["run", "status"])
def test_every_command_that_takes_a_suite_ends_with_two(command, tmp_path, capsys):
    path, out = tmp_path / "mine.toml", tmp_path / "out"
    for line in WRONG:
        path.write_text(suite(line))

        code = main([command, str(path), "--out", str(out)])

        assert code == 2, line
        assert "mine.toml" in "".join(capsys.readouterr().err.split()), line
        assert not out.exists(), line


@pytest.mark.parametrize("name", ["a b", "<script>", ".hidden", "ä"])
def test_a_suite_whose_name_cannot_name_a_folder_is_refused(name, tmp_path):
    path = tmp_path / f"{name}.toml"
    path.write_text(FIRST)

    with pytest.raises(UsageError, match="name of a suite.*rename"):
        load_suite(str(path))


def test_bytes_that_are_not_text_are_refused(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe" + FIRST.encode())

    with pytest.raises(UsageError, match="cannot be read"):
        load_suite(str(path))


def test_groups_of_tasks_are_spelt_out(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('# Mine.\ntasks = "all"\nseeds = 1\nmethods = ["esn"]')

    assert {"sine_clean", "lorenz63"} <= set(load_suite(str(path)).tasks)
