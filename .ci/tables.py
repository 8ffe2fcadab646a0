"""Put our numbers of benchmarks/published into the pages: `python .ci/tables.py`.

A number of a page that stems from records stands between two comments, which no reader sees:
`<!--lorenz63 esn vpt-->18.7<!---->` is the median of that entry, three digits of it. A fourth word
is `log10` or `n`, the number of runs. `reservoirs-bench records --update FOLDER` renews the
entries, this script the pages; tests/test_tables.py says where they differ.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from benchmarks.results.published import Entry, entries

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NUMBER = re.compile(r"<!--([\w.]+) (\w+) (\w+)(?: (log10|n))?-->(.*?)<!---->")


def number_text(value: float) -> str:
    """Return three digits of a number, with an exponent as people write it."""
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:.3g}"
    return re.sub(r"e([+-])0*(\d)", r"e\1\2", f"{value:.2e}").replace("e+", "e")


def renewed(text: str, known: list[Entry]) -> str:
    """Return a page with the numbers of the entries; one that is not there is a KeyError."""
    ours = {(entry.task, entry.method, entry.metric): entry.ours for entry in known}

    def replace(match: re.Match[str]) -> str:
        task, method, metric, form, _ = match.groups()
        entry = ours[task, method, metric]
        number = number_text(entry["median"])
        if form == "n":
            number = str(entry["n"])
        elif form == "log10":
            number = f"{np.log10(entry['median']):.2f}"
        opening = " ".join(filter(None, (task, method, metric, form)))
        return f"<!--{opening}-->{number}<!---->"

    return NUMBER.sub(replace, text)


if __name__ == "__main__":
    for page in PAGES:
        before = page.read_text(encoding="utf-8")
        after = renewed(before, entries())
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"{page.relative_to(ROOT)} renewed")
