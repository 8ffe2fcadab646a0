import pytest

from benchmarks import Method, Task
from benchmarks.tasks.names import check_name

BAD = [
    "",
    ".",
    "..",
    "my/../x",
    "a b",
    "a\n",
    "<script>",
    ".hidden",
    "ä",
    "a\\b",
    "x" * 101,
    None,
    3,
]


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_name_a_file_names_neither_task_nor_method(name):
    with pytest.raises(ValueError, match="name of a task"):
        Task(name, "A task", lambda seed: None)
    with pytest.raises(ValueError, match="name of a method"):
        Method(name, "A method", lambda *about: None)


@pytest.mark.parametrize("name", ["sine_noisy_0.1", "a-b", "A.b", "0", "_"])
def test_letters_digits_and_a_few_signs_are_a_name(name):
    assert check_name(name, "suite") == name
