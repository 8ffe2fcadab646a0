"""Keep compiled code on disk for as long as the text that it was compiled from stays the same.

numba's cache watches the file of a function alone. Our loops are written in the words of other
files, which the compiler writes into them: an edit there must compile them anew too.
"""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path
from types import FunctionType

from numba.core.caching import FunctionCache, IndexDataCacheFile

FOLDER = Path(__file__).parent

Stamp = tuple[tuple[str, int], ...]


def source_files(function: FunctionType) -> set[Path]:
    """Return the files that a compiled function is written in.

    Its own file, the files of this folder, and those of the compiled functions that its module has
    imported, theirs included.

    The function is taken as it was before it was compiled.
    """
    files = {Path(function.__code__.co_filename), *FOLDER.glob("*.py")}
    for value in function.__globals__.values():
        imported = getattr(value, "py_func", None)
        if imported is not None and imported.__module__ != function.__module__:
            files |= source_files(imported)
    return files


def source_stamp(files: set[Path]) -> Stamp:
    """Return what changes with the text of any file, and with nothing else.

    That is the name of each file and the checksum of its text.
    """
    return tuple(sorted((path.name, _checksum(path)) for path in files))


@cache
def _checksum(path: Path) -> int:
    return zlib.crc32(path.read_bytes())


class SourceCache(FunctionCache):
    """numba's cache of one function, in whatever folder numba finds writable.

    The function is taken as it was before it was compiled.
    """

    def __init__(self, function: FunctionType) -> None:
        super().__init__(function)
        self._cache_file = IndexDataCacheFile(
            cache_path=self._cache_path,
            filename_base=self._impl.filename_base,
            source_stamp=source_stamp(source_files(function)),
        )
