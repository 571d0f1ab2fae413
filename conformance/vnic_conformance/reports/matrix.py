"""The matrix as text of 100 columns and as one page of HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import groupby

from vnic_conformance.reports.page import page
from vnic_conformance.reports.summary import label
from vnic_conformance.reports.traceability import COLUMNS, EMPTY, Matrix, Traced
from vnic_conformance.running.plan import Case
from vnic_conformance.running.verdicts import Verdict
from vnic_model.lines import WIDTH, Line
from vnic_spec.requirements import GROUPS

#: Columns of the text; ``witness`` is the instance in which it is found.
_WIDTHS = {
    "requirement": 8,
    "property": 17,
    "proof": 16,
    "witness": 10,
    "mutation": 22,
}


def matrix_lines(made: Matrix) -> Iterator[Line]:
    """The whole matrix: a table per group of requirements, and what is missing in all."""
    yield from _from_what(made)
    group = ""
    for row in made.rows:
        if row.entry.group != group:
            group = row.entry.group
            yield Line("")
            yield Line(f"{group}: {GROUPS[group]}", "verdict")
            yield Line(
                _columns("", "property", "proof", "witness", "mutation") + _tail("cases", "tested", "verdict"), "head"
            )
        yield from _row(row)
    yield Line("")
    yield from _last(made)


def _from_what(made: Matrix) -> Iterator[Line]:
    if made.run is None:
        yield Line("no run: cases are not exercised; vnickit check --adapter ... --log FILE makes one", "proof")
    else:
        header = made.run.header
        yield Line(f"run: {label(header) or 'an implementation that did not greet'} ({header.adapter})")
    if made.proofs is None:
        yield Line("no proofs: vnickit prove --json > FILE, then --proofs FILE", "proof")


def _columns(*cells: str) -> str:
    widths = list(_WIDTHS.values())
    return "".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=False))


def _tail(cases: str, tested: str, verdict: str) -> str:
    return f"{cases:>5}{tested:>7}  {verdict}"


def _row(row: Traced) -> Iterator[Line]:
    """A requirement; below the first line one more for each further property and mutation."""
    cells: list[tuple[str, str, str, str]] = []
    for formal in row.formal:
        proof = EMPTY if formal.proof is None else formal.proof.words
        names = [mutation.name for mutation in formal.mutations] or [EMPTY]
        cells.append((formal.claim.name, proof, formal.claim.instance, names[0]))
        cells += [("", "", "", name) for name in names[1:]]
    cells = cells or [(EMPTY, EMPTY, EMPTY, "" if row.misread else EMPTY)]
    cells += [("", "", "", mutation.name) for mutation in row.misread]
    room = _WIDTHS["mutation"] - 1
    if len(cells[0][3]) > room:
        # A long name stands where no other column follows it.
        cells = [(*cells[0][:3], ""), ("", "", "", cells[0][3]), *cells[1:]]
    tail = _tail(
        str(len(row.cases) or EMPTY),
        EMPTY if row.exercised is None or not row.cases else f"{row.exercised}",
        EMPTY if row.verdict is None else row.verdict.words,
    )
    unproved = any(f.proof is not None and f.proof.failed for f in row.formal)
    role = "bad" if unproved or row.verdict in (Verdict.FAIL, Verdict.BROKEN) else "plain"
    for number, four in enumerate(cells):
        text = _columns(row.entry.id if number == 0 else "", *four)
        yield Line(text + tail if number == 0 else text, role)
    yield from _note(row)


def _note(row: Traced) -> Iterator[Line]:
    entry = row.entry
    if entry.elsewhere is not None:
        part = "" if entry.elsewhere.whole else " a part of it"
        words = f"elsewhere{part}: {row.reason}"
    elif row.reason and set(row.empty) & {"cases", "property", "verdict"}:
        words = row.reason
    else:
        return
    indent = " " * _WIDTHS["requirement"]
    for line in textwrap.wrap(words, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False):
        yield Line(line, "proof")


def _last(made: Matrix) -> Iterator[Line]:
    many = len(made.rows)
    found = made.empty()
    words = ", ".join(f"{column} {found[column]}" for column in COLUMNS)
    aside = sum(row.entry.elsewhere is not None and row.entry.elsewhere.whole for row in made.rows)
    text = f"empty cells of {many} requirement{'' if many == 1 else 's'}: {words}; wholly elsewhere: {aside}"
    for line in textwrap.wrap(text, WIDTH, subsequent_indent="  "):
        yield Line(line, "verdict")


# --- HTML ----------------------------------------------------------------------------------------------------------


def matrix_html(made: Matrix) -> str:
    """The matrix as a page that needs nothing else."""
    grouped = groupby(made.rows, key=lambda row: row.entry.group)
    return page(
        "matrix.html.j2",
        notes=[line.text for line in (*_from_what(made), *_last(made))],
        columns=("requirement", *COLUMNS),
        groups=[(group, GROUPS[group], list(rows)) for group, rows in grouped],
        nothing=EMPTY,
        said=_said,
        kind=_kind,
    )


def _said(row: Traced, case: Case) -> str:
    """What the run says of a case; empty: nothing."""
    return next((result.words for result in row.results if result.case == case.id), "")


def _kind(row: Traced) -> str:
    """The class of the cell that holds a verdict."""
    return "" if row.verdict is None or "verdict" in row.empty else row.verdict.name.lower()
