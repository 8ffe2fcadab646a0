"""What the page makes of hostile text, in every place that text can come from."""

import re
from dataclasses import fields, replace

import numpy as np
import pytest

from benchmarks.methods.registry import METHODS
from benchmarks.report.page import write_page
from benchmarks.results import published, records
from benchmarks.results.published import Entry
from benchmarks.tasks import TASKS

HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>$\\frac{$"
PROVENANCE = ("python", "numpy", "scipy", "sklearn", "torch", "machine", "cpu", "blas", "n_cpu")


def hostile_record(method, **more):
    """Return a record whose every text is hostile, but for the names that are looked up."""
    return {
        "schema": records.SCHEMA,
        "key": HOSTILE,
        "task": "sine_clean",
        "task_version": 1,
        "method": method,
        "settings": {HOSTILE: HOSTILE},
        "seed": 0,
        "track": HOSTILE,
        "search": None,
        "status": "ok",
        "reason": HOSTILE,
        "tail": [HOSTILE],
        "metrics": {HOSTILE: 0.5, "free200": 0.5},
        "costs": {HOSTILE: 1.0, "t_fit": 1.0, "n_params_trained": 2},
        "provenance": {**dict.fromkeys(PROVENANCE, HOSTILE), HOSTILE: HOSTILE, "started": 1.0},
        "t_total": 1.0,
        **more,
    }


def hostile_entry():
    text = {f.name: HOSTILE for f in fields(Entry) if f.type == "str"}
    number = {"value": 1.0, "source": HOSTILE, "tag": HOSTILE}
    ours = {"median": 1.0, "low": 1.0, "high": 1.0, "n": HOSTILE, "failed": HOSTILE}
    return Entry(**text, published=[number], ours=ours, aim=0.5)


@pytest.fixture
def page(tmp_path, monkeypatch):
    task = replace(TASKS["sine_clean"], title=HOSTILE, note=HOSTILE)
    monkeypatch.setitem(TASKS, "sine_clean", task)
    monkeypatch.setitem(TASKS, "sine_noisy_0.1", replace(TASKS["sine_noisy_0.1"], title=HOSTILE))
    for name in ("esn", "linear", "mean"):
        monkeypatch.setitem(METHODS, name, replace(METHODS[name], title=HOSTILE))
    monkeypatch.setattr(published, "entries", lambda names: [hostile_entry()])
    monkeypatch.setattr("benchmarks.report.page.load_arrays", lambda folder, record: ARRAYS)
    cells = [hostile_record(method) for method in ("esn", "linear")]
    cells += [hostile_record("mean", status=HOSTILE)]
    cells += [hostile_record(method, task="sine_noisy_0.1") for method in ("esn", "linear")]

    write_page(tmp_path / "report.html", tmp_path, cells, f"reservoirs-bench: {HOSTILE}")
    return (tmp_path / "report.html").read_text(encoding="utf-8")


WAVE = np.sin(np.arange(50.0))
ARRAYS = {
    "truth": WAVE[:, None], "prediction": WAVE[:, None], "error": np.abs(WAVE) + 0.1,
    HOSTILE: WAVE,
}  # fmt: skip


def test_no_hostile_text_becomes_a_tag_or_leaves_an_attribute(page):
    from html.parser import HTMLParser

    class Tags(HTMLParser):
        found = []

        def handle_starttag(self, tag, attributes):
            self.found.append((tag, tuple(name for name, _ in attributes)))

    parser = Tags()
    parser.feed(page)

    assert not re.search(r"<\s*script", page, re.IGNORECASE)
    assert {tag for tag, _ in parser.found} <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "i", "nav", "a", "table",
        "tr", "th", "td", "div", "span", "img", "footer", "code",
    }  # fmt: skip
    assert {name for _, names in parser.found for name in names} <= {
        "lang", "charset", "name", "content", "href", "id", "class", "alt", "src",
    }  # fmt: skip
    assert page.count("<img ") >= 3
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 20


def test_a_page_of_records_without_provenance_is_written(tmp_path):
    cell = hostile_record("esn", provenance={"started": 1.0})

    write_page(tmp_path / "report.html", tmp_path, [cell], "x")

    assert "python ?" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_full_disk_leaves_the_old_page(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")
    monkeypatch.setattr("os.fsync", lambda file: (_ for _ in ()).throw(OSError(28, "full")))

    with pytest.raises(OSError, match="full"):
        write_page(path, tmp_path, [hostile_record("esn")], "x")

    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["report.html"]
