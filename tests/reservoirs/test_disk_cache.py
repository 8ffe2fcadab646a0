"""Compiled code is kept on disk while the text that it was compiled from stays the same."""

import importlib.util
import shutil

import pytest

from reservoirs.compiled import disk_cache, moments, reservoir_loops, simd

LOOPS = """
from reservoirs.compiled.simd import compiled

@compiled
def double(x):
    return 2 * x
"""


@pytest.fixture
def compiled_folder(tmp_path, monkeypatch):
    """A copy of the folder of compiled loops, which takes its place in the stamps."""
    folder = tmp_path / "compiled"
    shutil.copytree(disk_cache.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(disk_cache, "FOLDER", folder)
    yield folder
    disk_cache._checksum.cache_clear()


def edit(path):
    path.write_text(path.read_text() + "# edited\n")
    disk_cache._checksum.cache_clear()


def loaded(path):
    """Import a module anew, call its function, and return it."""
    spec = importlib.util.spec_from_file_location("loops_of_a_test", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.double(3) == 6
    return module.double


def test_a_compiled_function_is_written_in_its_own_file_and_the_words_of_the_loops():
    files = disk_cache.source_files(reservoir_loops._states.py_func)

    assert {path.name for path in files} >= {"simd.py", "storage.py", "reservoir_loops.py"}


def test_the_file_of_an_imported_loop_counts_too(compiled_folder, tmp_path):
    path = tmp_path / "loops.py"
    path.write_text(LOOPS + "\n\nfrom reservoirs.compiled.moments import centre_rows\n")

    files = disk_cache.source_files(loaded(path).py_func)

    assert {str(path), moments.__file__} <= {str(file) for file in files}


@pytest.mark.parametrize("name", ["simd.py", "storage.py"])
def test_an_edit_of_the_words_changes_the_stamp(compiled_folder, name):
    files = disk_cache.source_files(reservoir_loops._states.py_func)
    before = disk_cache.source_stamp(files)

    edit(compiled_folder / name)

    assert disk_cache.source_stamp(files) != before


def test_loops_are_loaded_from_disk_until_the_words_are_edited(compiled_folder, tmp_path):
    path = tmp_path / "loops.py"
    path.write_text(LOOPS)

    first, second = loaded(path), loaded(path)
    edit(compiled_folder / "simd.py")
    third = loaded(path)

    hits = [sum(one.stats.cache_hits.values()) for one in (first, second, third)]
    assert hits == [0, 1, 0]


def test_loops_compile_where_no_folder_is_writable(tmp_path, monkeypatch):
    def refuse(function):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(simd, "SourceCache", refuse)
    path = tmp_path / "loops.py"
    path.write_text(LOOPS)

    assert not loaded(path).stats.cache_hits
