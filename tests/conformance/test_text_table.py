"""Tables of text: one width for all, figures end below each other, and only the column that may be is shortened."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vnic_conformance.reports.table import Column, table
from vnic_model.lines import WIDTH

COLUMNS = (Column("name"), Column("what it is", rest=True), Column("steps", least=7, right=True))
WORDS = st.lists(st.text("abc", min_size=1, max_size=12), max_size=30).map(" ".join)
ROWS = st.lists(st.tuples(st.text("xyz", max_size=20), WORDS, st.integers(0, 10**9)), max_size=8)


@given(ROWS)
def test_a_table_fits_the_line(rows: list[tuple[str, str, int]]) -> None:
    lines = list(table(COLUMNS, [((name, words, f"{steps:,}"), "plain") for name, words, steps in rows]))
    assert [line.role for line in lines] == ["head"] + ["plain"] * len(rows)
    assert {len(line.text) for line in lines} == {WIDTH}
    for line, (name, words, steps) in zip(lines[1:], rows, strict=True):
        assert line.text.startswith(name)
        assert line.text.endswith(f" {steps:,}")
        assert words in line.text or "…" in line.text
