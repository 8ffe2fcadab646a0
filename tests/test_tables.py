"""Numbers of the pages that stem from records are those of the records."""

import re
import runpy
from pathlib import Path

import pytest

from benchmarks.results.published import Entry, entries

TABLES = runpy.run_path(str(Path(__file__).resolve().parent.parent / ".ci" / "tables.py"))
renewed = TABLES["renewed"]
ENTRY = Entry("lorenz63", "esn", "vpt", ours={"median": 0.000123456, "n": 10})


@pytest.mark.parametrize("page", TABLES["PAGES"], ids=lambda path: path.stem)
def test_a_page_has_the_numbers_of_the_records(page):
    text = page.read_text(encoding="utf-8")

    assert renewed(text, entries()) == text, "run python .ci/tables.py"


def test_the_table_of_published_numbers_is_marked():
    page = next(page for page in TABLES["PAGES"] if page.stem == "echo-state-networks")

    assert len(re.findall(TABLES["NUMBER"], page.read_text(encoding="utf-8"))) >= 15


@pytest.mark.parametrize(
    ("form", "shown"), [("", "1.23e-4"), (" n", "10"), (" log10", "-3.91")], ids=str
)
def test_a_number_is_written_between_its_comments(form, shown):
    text = f"a <!--lorenz63 esn vpt{form}-->old<!----> b"

    assert renewed(text, [ENTRY]) == f"a <!--lorenz63 esn vpt{form}-->{shown}<!----> b"


def test_an_entry_that_is_not_there_is_refused():
    with pytest.raises(KeyError):
        renewed("<!--nothing esn vpt-->1<!---->", [ENTRY])
