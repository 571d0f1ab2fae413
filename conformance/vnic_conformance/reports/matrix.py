"""The matrix as text of 100 columns and as one page of HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from vnic_conformance.foreign import in_html
from vnic_conformance.reports.summary import label
from vnic_conformance.reports.traceability import COLUMNS, EMPTY, Formal, Matrix, Traced
from vnic_conformance.running.verdicts import Verdict
from vnic_model.lines import WIDTH, Line
from vnic_spec.mutations import Mutation
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

_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 2em; color: #222; background: #fff; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #ccc; padding: .3em .5em; text-align: left; vertical-align: top; }
thead th { position: sticky; top: 0; background: #eee; }
tr.group th { background: #f6f6f6; font-size: 1.1em; }
td.empty { background: #fdf3d8; } td.fail, td.broken { background: #f8d0d0; } td.pass { background: #dcf2dc; }
code { font-size: .95em; } small { color: #555; } details { cursor: pointer; }
"""


def matrix_html(made: Matrix) -> str:
    """The matrix as a page that needs nothing else."""
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Requirements matrix</title>',
        f"<style>{_STYLE}</style></head><body><h1>Requirements matrix</h1>",
        "".join(f"<p>{in_html(line.text)}</p>" for line in (*_from_what(made), *_last(made))),
        "<table><thead><tr>",
        *(f"<th>{column}</th>" for column in ("requirement", *COLUMNS)),
        "</tr></thead><tbody>",
    ]
    group = ""
    for row in made.rows:
        if row.entry.group != group:
            group = row.entry.group
            heading = f"{group}: {GROUPS[group]}"
            parts.append(f'<tr class="group"><th colspan="{len(COLUMNS) + 1}">{in_html(heading)}</th></tr>')
        parts.append(_html_row(row))
    parts.append("</tbody></table></body></html>\n")
    return "\n".join(parts)


def _html_row(row: Traced) -> str:
    """A requirement: as many rows as it has properties, each with its proof, witness and misreadings."""
    rest = _mutations(row.misread)
    formal = [(_claim(f), _proof(f), _witness(f), _mutations(f.mutations)) for f in row.formal] or [("", "", "", "")]
    formal[-1] = (*formal[-1][:3], "<br>".join(part for part in (formal[-1][3], rest) if part))
    span = f' rowspan="{len(formal)}"'
    note = (
        f"<br><small>{'elsewhere: ' if row.entry.elsewhere else ''}{in_html(row.reason)}</small>" if row.reason else ""
    )
    first = f'<td{span}><b id="{row.entry.id}">{row.entry.id}</b> {in_html(row.entry.text)}{note}</td>'
    exercised = "" if row.exercised is None or not row.cases else f"{row.exercised} of {len(row.cases)}"
    verdict = "" if row.verdict is None else row.verdict.words
    kind = "" if row.verdict is None or "verdict" in row.empty else row.verdict.name.lower()
    last = _cell(_cases(row), span) + _cell(exercised, span) + _cell(verdict, span, kind)
    rows = ["".join(map(_cell, cells)) for cells in formal]
    rows[0] = first + rows[0] + last
    return "".join(f"<tr>{cells}</tr>" for cells in rows)


def _cell(text: str, span: str = "", kind: str = "") -> str:
    return f'<td{span} class="{kind if text else "empty"}">{text or EMPTY}</td>'


def _claim(formal: Formal) -> str:
    return f"<code>{in_html(formal.claim.name)}</code> {in_html(formal.claim.sentence)}"


def _proof(formal: Formal) -> str:
    return "" if formal.proof is None else in_html(formal.proof.words)


def _witness(formal: Formal) -> str:
    return f"{in_html(formal.claim.witness_sentence)} <small>({in_html(formal.claim.instance)})</small>"


def _mutations(found: Sequence[Mutation]) -> str:
    return "<br>".join(f"<code>{in_html(m.name)}</code> {in_html(m.sentence)}" for m in found)


def _cases(row: Traced) -> str:
    if not row.cases:
        return ""
    said = {result.case: result.words for result in row.results}
    names = "<br>".join(f"<code>{in_html(c.id)}</code> <small>{in_html(said.get(c.id, ''))}</small>" for c in row.cases)
    return f"<details><summary>{len(row.cases)}</summary>{names}</details>"
