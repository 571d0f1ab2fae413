"""A score as text, as data, and as the page of the documentation that a test compares with the next run."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.foreign import as_code, in_comment, in_markdown
from vnic_conformance.reports.summary import many
from vnic_conformance.reports.table import Column, table
from vnic_conformance.scoring.score import Kill, Row, Score
from vnic_model.lines import WIDTH, Line

_FAULTS = (
    Column("fault"),
    Column("hurts"),
    Column("found by"),
    Column("case", rest=True),
    Column("steps", right=True),
    Column("s", least=5, right=True),
)
_VARIANTS = (
    Column("variant"),
    Column("steps", least=9, right=True),
    Column("s", least=7, right=True),
    Column("verdict"),
)


def verdict(score: Score) -> str:
    """The score in a sentence."""
    said = []
    if score.faults:
        said.append(f"{len(score.killed)} of {many(len(score.faults), 'fault')} found")
    if score.variants:
        alarms = len(score.false_alarms)
        said.append(
            f"{alarms or 'no'} false alarm{'' if alarms == 1 else 's'} on {many(len(score.variants), 'variant')}"
        )
    if score.broken:
        said.append(f"could not be asked: {', '.join(row.entry.name for row in score.broken)}")
    if score.idle:
        said.append(f"no verdict on: {', '.join(row.entry.name for row in score.idle)}")
    sentence = "; ".join(said)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _found_by(row: Row) -> tuple[str, str]:
    """Requirement and case, as tables have them."""
    trial = row.shown
    if row.broken:
        return "-", f"could not be asked: {trial.why}"
    if not row.killed:
        survived = sum(not t.killed for t in row.trials)
        return "-", f"SURVIVES with {survived} of {many(len(row.trials), 'seed')}"
    if trial.code is ExitCode.ADAPTER_BROKEN and not trial.requirement:
        return "-", f"broke in {trial.case or 'a session'}: {trial.why}"
    case = trial.case if trial.phase in ("scripted", "tour") else f"{trial.case} ({trial.phase})"
    return trial.requirement, case


# --- text ------------------------------------------------------------------------------------------------------------


def text(score: Score) -> Iterator[Line]:
    """The whole report, in lines of at most 100 columns."""
    for name in dict.fromkeys(row.roster for row in (*score.faults, *score.variants)):
        faults = [row for row in score.faults if row.roster == name]
        variants = [row for row in score.variants if row.roster == name]
        yield Line(f"{name}: {many(len(faults), 'fault')}, {many(len(variants), 'variant')}", "verdict")
        yield Line("")
        if faults:
            yield from _table(faults)
            yield Line("")
        if variants:
            yield from _variants(variants)
            yield Line("")
    yield from _requirements(score)
    yield Line("")
    yield from _wrapped(f"{many(score.steps, 'step')} in all. {verdict(score)}", "verdict")


def _table(rows: Sequence[Row]) -> Iterator[Line]:
    return table(_FAULTS, [(_cells(row), "plain" if row.killed else "bad") for row in rows])


def _cells(row: Row) -> tuple[str, ...]:
    requirement, case = _found_by(row)
    return row.entry.name, row.entry.requirement or "-", requirement, case, f"{row.steps:,}", f"{row.seconds:.2f}"


def _variants(rows: Sequence[Row]) -> Iterator[Line]:
    cells = [(row.entry.name, f"{row.steps:,}", f"{row.seconds:.2f}", _said_of_variant(row)) for row in rows]
    return table(_VARIANTS, [(each, "plain" if row.passed else "bad") for each, row in zip(cells, rows, strict=True)])


def _said_of_variant(row: Row) -> str:
    if row.passed:
        return "passes"
    trial = next(t for t in row.trials if t.code is not ExitCode.CONFORMS)
    if trial.code is ExitCode.VIOLATION:
        return f"FALSE ALARM: {trial.requirement}, {trial.case}, seed {trial.seed}"
    return f"{trial.code}: {trial.why or 'nothing was exercised'}"


def _requirements(score: Score) -> Iterator[Line]:
    if not score.faults:
        return
    effective = len(score.effective)
    said = f"{many(effective, 'requirement')} effectively tested: a case about it found a fault."
    if score.ineffective:
        said += f" None did for {', '.join(score.ineffective)}."
    if score.chosen:
        hurt = dict.fromkeys(row.entry.requirement for row in score.faults if row.entry.requirement)
        tried = f"{many(len(score.faults), 'fault')} that hurt{'s' if len(score.faults) == 1 else ''}"
        said += f" Only what was chosen was tried: {tried} {', '.join(hurt) or 'no requirement by name'}."
    yield from _wrapped(said)


def _wrapped(words: str, role: str = "plain") -> Iterator[Line]:
    for line in textwrap.wrap(words, WIDTH, subsequent_indent="  ", break_on_hyphens=False):
        yield Line(line, role)


# --- data ------------------------------------------------------------------------------------------------------------


def plain(score: Score) -> dict[str, object]:
    """Everything that the text says, and every trial, as data."""
    return {
        "verdict": score.code.name,
        "exit": int(score.code),
        "sentence": verdict(score),
        "found": len(score.killed),
        "faults": [_plain(row) | {"found": row.killed} for row in score.faults],
        "survivors": [row.entry.name for row in score.survivors],
        "variants": [_plain(row) | {"passed": row.passed} for row in score.variants],
        "false_alarms": [row.entry.name for row in score.false_alarms],
        "not_asked": [row.entry.name for row in score.broken],
        "requirements": {
            **{name: {"fault": kill.fault, "case": kill.case} for name, kill in sorted(score.effective.items())},
            **dict.fromkeys(score.ineffective),
        },
        "steps": score.steps,
    }


def _plain(row: Row) -> dict[str, object]:
    requirement, case = _found_by(row)
    return {
        "roster": row.roster,
        "name": row.entry.name,
        "adapter": row.entry.adapter,
        "profile": dict(row.entry.profile),
        "hurts": row.entry.requirement,
        "description": row.entry.description,
        "requirement": requirement if row.killed else "",
        "case": case if row.killed else "",
        "steps": row.steps,
        "seconds": round(row.seconds, 3),
        "trials": [
            {
                "seed": t.seed,
                "exit": int(t.code),
                "requirement": t.requirement,
                "case": t.case,
                "phase": t.phase,
                "steps": t.steps,
                "seconds": round(t.seconds, 3),
                "why": t.why,
            }
            for t in row.trials
        ],
    }


# --- the page --------------------------------------------------------------------------------------------------------


def page(score: Score, words: str) -> str:
    """The score as a page of the documentation. It has no times, so that it changes only if the kit or a fault does.

    Args:
        score: what came out.
        words: the command line that made it.
    """
    lines = [
        "# The kit's own score",
        "",
        f"<!-- Written by: {in_comment(words)} -->",
        "",
        "How good is this kit? Each row is an implementation with one fault, and says which case of `vnickit check` finds it,",
        "which requirement is blamed, and after how many steps. The cases of the requirement that a fault hurts are played",
        "first, then all. A *variant* does what it may, otherwise than the reference does, and has to pass. A test runs all",
        "faults again and compares.",
        "",
        f"**{in_markdown(verdict(score))}**",
        "",
    ]
    for name in dict.fromkeys(row.roster for row in (*score.faults, *score.variants)):
        lines += [f"## {in_markdown(name)}", ""]
        faults = [row for row in score.faults if row.roster == name]
        if faults:
            lines += ["| fault | what it does | hurts | found by | case | steps |", "|---|---|---|---|---|---:|"]
            for row in faults:
                requirement, case = _found_by(row)
                e = row.entry
                lines.append(
                    f"| {as_code(e.name)} | {in_markdown(e.description)} | {e.requirement} | {requirement} "
                    f"| {in_markdown(case)} | {row.steps:,} |"
                )
            lines.append("")
        variants = [row for row in score.variants if row.roster == name]
        if variants:
            lines += ["| variant | what it does | verdict | steps |", "|---|---|---|---:|"]
            lines += [
                f"| {as_code(row.entry.name)} | {in_markdown(row.entry.description)} "
                f"| {in_markdown(_said_of_variant(row))} | {row.steps:,} |"
                for row in variants
            ]
            lines.append("")
    lines += [
        "## Requirements that are effectively tested",
        "",
        "A requirement counts if a case about it finds a fault: one that is named after it, or, where there is none, one that is",
        "about it among others.",
        "",
        "| requirement | fault | case |",
        "|---|---|---|",
    ]
    lines += [f"| {name} | {as_code(kill.fault)} | {in_markdown(kill.case)} |" for name, kill in _in_order(score)]
    if score.ineffective:
        lines += ["", f"Not effectively tested by these faults: {', '.join(score.ineffective)}."]
    return "\n".join(lines) + "\n"


def _in_order(score: Score) -> list[tuple[str, Kill]]:
    def key(name: str) -> tuple[str, int]:
        group, _, number = name.partition("-")
        return group, int(number) if number.isdigit() else 0

    return sorted(score.effective.items(), key=lambda item: key(item[0]))
