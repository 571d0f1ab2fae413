"""``vnickit explore --mutants``: which changes of the specification its properties notice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from vnic_conformance.commands.explore import planted
from vnic_conformance.commands.explore.figures import (
    Columns,
    Row,
    judged_on,
    killed_by,
    places,
    ranked,
    table,
    wrapped,
)
from vnic_conformance.commands.explore.operators import Operators
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.terminal import refusal, say, show_json
from vnic_conformance.writing import put
from vnic_model.instances import SCENARIOS
from vnic_model.mutants.explained import REASONS
from vnic_model.mutants.ground import Ground, grounds
from vnic_model.mutants.judged import Outcome, Verdict, judge
from vnic_model.mutants.single import mutants_of
from vnic_spec.catalogue import ACTIONS

#: An instance with more states than this judges nothing; the larger ones would take most of the time.
AT_MOST = 40_000
#: How many servers, where that is not asked for.
SERVERS = (1, 2)

_COLUMNS: Columns[Verdict] = Columns(
    {
        "mutants": lambda _: True,
        "property": lambda v: v.outcome is Outcome.VIOLATION and not v.by[0].startswith("lemma "),
        "lemma": lambda v: v.outcome is Outcome.VIOLATION and v.by[0].startswith("lemma "),
        "missing": lambda v: v.outcome is Outcome.MISSING,
        "goal": lambda v: v.outcome is Outcome.STUCK,
        "same": lambda v: v.outcome is Outcome.EQUIVALENT,
        "unseen": lambda v: v.outcome is Outcome.UNSEEN,
        "explained": lambda v: v.outcome is Outcome.EXPLAINED,
        "survivors": lambda v: v.outcome is Outcome.SURVIVOR,
    },
    {
        "property": "killed: a property is violated",
        "lemma": "killed: no property is violated, but a lemma, so that the proof for any number of servers fails",
        "missing": "killed: nothing is violated, but a witness is not met, an answer not given or an action not taken any more",
        "goal": "killed: the client cannot get logged in any more (LIV-3), or need not (LIV-1)",
        "same": "equivalent: the same states and the same labelled steps wherever it was looked",
        "unseen": "differs only in history variables, or in steps that change nothing and answer nothing",
        "explained": "survives, for a reason that is given; where the reason speaks of the graph it is looked up there",
        "survivors": "survives, and nobody has said why: a hole in the specification",
    },
)


@dataclass(frozen=True)
class Judged:
    """All verdicts, and where they were found."""

    grounds: tuple[tuple[str, int], ...]  #: label and states of those that were exhausted
    skipped: tuple[str, ...]  #: labels of those that were too large
    verdicts: tuple[Verdict, ...]

    def of(self, *outcomes: Outcome) -> list[Verdict]:
        """The verdicts with one of these outcomes."""
        return [v for v in self.verdicts if v.outcome in outcomes]

    @property
    def code(self) -> ExitCode:
        """What it means to a script."""
        if not self.verdicts:
            return ExitCode.INCONCLUSIVE
        return ExitCode.VIOLATION if self.of(Outcome.SURVIVOR) else ExitCode.CONFORMS


def exhausted(
    names: Sequence[str], servers: Iterable[int], at_most: int, tell: Callable[[str], None]
) -> tuple[list[Ground], list[str]]:
    """The named instances that are exhausted, the smallest first, and the labels of those that are too large."""
    made: list[Ground] = []
    skipped: list[str] = []
    for ground in grounds(names, servers, at_most):
        if ground.complete:
            made.append(ground)
        else:
            skipped.append(ground.label)
        tell(f"{ground.label}: {len(ground.order):,} states{'' if ground.complete else ' and more; left out'}")
    made.sort(key=lambda g: len(g.order))
    return made, skipped


def judge_on(made: Sequence[Ground], skipped: Sequence[str], tell: Callable[[str], None]) -> Judged:
    """Judge every mutant of the actions that occur in some grounds."""
    actions: frozenset[str] = frozenset().union(*(g.instance.actions for g in made))
    mutants = [m for name in ACTIONS if name in actions for m in mutants_of(name)]
    verdicts = []
    for mutant in mutants:
        verdicts.append(judge(mutant, made))
        if len(verdicts) % 100 == 0:
            tell(f"{len(verdicts)} of {len(mutants)} mutants judged")
    return Judged(tuple((g.label, len(g.order)) for g in made), tuple(skipped), tuple(verdicts))


def show_mutants(
    *,
    names: str | None,
    servers: int | None,
    at_most: int | None,
    operators: Operators,
    sample: int | None,
    out: Path | None,
    as_json: bool,
    report: bool,
) -> ExitCode:
    """Carry out the command.

    Args:
        names: instances, separated by commas; None: all.
        servers: how many; None: one, then two.
        at_most: bound on the states of an instance; None: :data:`AT_MOST`, or that of :mod:`~.planted` where it suffices.
        operators: which mutants: single changes of actions, errors of design, or both.
        sample: errors of design at so many places only.
        out: where the document is written, if anywhere.
        as_json: every verdict, as JSON.
        report: tell on standard error how far it is.

    Raises:
        click.ClickException: an instance that nobody knows, a number of servers that makes no machine, a file that cannot be
            written.
    """
    asked = list(SCENARIOS) if names is None else [n.strip() for n in names.split(",")]
    for name in asked:
        if name not in SCENARIOS:
            raise refusal("instance", name, SCENARIOS)
    if servers is not None and not 1 <= servers <= 6:
        raise click.ClickException(f"servers is {servers}; a vNIC has 1 to 6 (ADM-1)")
    if out is not None and not out.parent.is_dir():
        raise click.ClickException(f"--out {out}: there is no directory {out.parent}")
    many = SERVERS if servers is None else (servers,)
    tell: Callable[[str], None] = (lambda words: say(words, err=True)) if report else lambda _: None
    semantic_only = operators is Operators.SEMANTIC
    made, skipped = exhausted(asked, many, at_most or (planted.AT_MOST if semantic_only else AT_MOST), tell)
    judged = None if semantic_only else judge_on(made, skipped, tell)
    ruled = None if operators is Operators.SYNTACTIC else planted.rule_on_all(made, tell, sample)
    if out is not None:
        parts = ([] if judged is None else [document(judged)]) + ([] if ruled is None else [planted.document(ruled)])
        put(out, "\n".join(parts))
    if as_json:
        found: dict[str, object] = {"too_large": skipped} if judged is None else plain(judged)
        show_json(found if ruled is None else found | {"semantic": planted.plain(ruled)})
    else:
        texts = ([] if judged is None else [lines(judged)]) + ([] if ruled is None else [planted.lines(ruled)])
        for number, text in enumerate(texts):
            for line in ("", *text) if number else text:
                say(line)
    codes = [one.code for one in (judged, ruled) if one is not None]
    return next((c for c in (ExitCode.VIOLATION, ExitCode.INCONCLUSIVE) if c in codes), ExitCode.CONFORMS)


# --- figures -------------------------------------------------------------------------------------------------------


def _rows(judged: Judged) -> Iterator[Row]:
    for action in ACTIONS:
        mine = [v for v in judged.verdicts if v.mutant.action == action]
        if mine:
            yield action, _COLUMNS.counts(mine)
    yield "all", _COLUMNS.counts(judged.verdicts)


def _killers(judged: Judged) -> list[tuple[str, int]]:
    """Who killed, the one that killed most first. Only the first that is found counts."""
    found = Counter(v.by[0] for v in judged.of(Outcome.VIOLATION, Outcome.STUCK))
    found["what is pinned"] = len(judged.of(Outcome.MISSING))
    return ranked(found)


def _sentence(judged: Judged) -> str:
    everything = _COLUMNS.by_name(judged.verdicts)
    killed = sum(everything[c] for c in ("property", "lemma", "missing", "goal"))
    figures = (
        f"{everything['mutants']:,} mutants: {killed:,} killed, {everything['same']} equivalent, {everything['unseen']} that "
        f"nobody could see, {everything['explained']} explained, {everything['survivors']} unexplained."
    )
    if not judged.verdicts:
        return "NOTHING JUDGED: no instance was exhausted within the bound. That is no verdict."
    if everything["survivors"]:
        return f"SURVIVORS: {figures} Other instances or more servers may kill what survives here."
    return f"NOTICED: {figures}"


# --- text ----------------------------------------------------------------------------------------------------------


def lines(judged: Judged) -> Iterator[str]:
    """The report as text."""
    yield from judged_on(judged.grounds)
    if judged.skipped:
        yield from wrapped(f"too large: {', '.join(judged.skipped)}")
    yield ""
    yield from _COLUMNS.as_text("action", 28, _rows(judged))
    yield ""
    yield from killed_by(_killers(judged))
    for v in judged.of(Outcome.EXPLAINED):
        yield ""
        yield from wrapped(f"explained  {v.mutant.action} {v.mutant.sentence}")
        yield from wrapped(f"           because {REASONS[v.mutant.name].text}", " " * 11)
    for v in judged.of(Outcome.SURVIVOR):
        yield ""
        yield from wrapped(f"SURVIVES   {v.mutant.action} {v.mutant.sentence}")
        yield from wrapped(f"           differs in {', '.join(v.differs)}; its name is {v.mutant.name!r}", " " * 11)
    yield ""
    yield from wrapped(_sentence(judged), "")


def plain(judged: Judged) -> dict[str, object]:
    """The report as JSON."""
    return {
        "grounds": [{"name": label, "states": states} for label, states in judged.grounds],
        "too_large": list(judged.skipped),
        "counts": _COLUMNS.by_name(judged.verdicts),
        "mutants": [
            {
                "name": v.mutant.name,
                "action": v.mutant.action,
                "kind": v.mutant.kind.value,
                "sentence": v.mutant.sentence,
                "outcome": v.outcome.value,
                "by": list(v.by),
                "ground": v.ground or None,
                "same_on": list(v.same),
                "differs_on": list(v.differs),
                "reason": REASONS[v.mutant.name].text if v.outcome is Outcome.EXPLAINED else None,
            }
            for v in judged.verdicts
        ],
    }


# --- docs/spec-mutants.md ------------------------------------------------------------------------------------------


def document(judged: Judged) -> str:
    """The report as Markdown."""
    return "\n".join(_document(judged)) + "\n"


def _document(judged: Judged) -> Iterator[str]:
    yield "# Mutants of the specification"
    yield ""
    yield "Made by `vnickit explore --mutants --out docs/spec-mutants.md`; `--json` says the same of every single mutant."
    yield ""
    yield "Every single mutation of every action: one conjunct of its guard is dropped, or its contrary asked for; one variable"
    yield "is not set where it should be; or the action never happens. Each mutant takes the place of the action in the instances"
    yield "named below, and then there are these outcomes, of which the first that applies counts:"
    yield ""
    yield from _COLUMNS.outcomes()
    yield ""
    yield "**Result.** " + _sentence(judged)
    yield ""
    yield "## Where it was looked"
    yield ""
    yield from places(judged.grounds)
    if judged.skipped:
        yield ""
        yield f"Too large, hence left out: {', '.join(judged.skipped)}."
    yield ""
    yield from _COLUMNS.as_markdown("action", _rows(judged))
    yield ""
    yield "## Who kills"
    yield ""
    yield "Properties, lemmas and goals by the mutants that they were the first to kill."
    yield ""
    yield from table("killer", "mutants", _killers(judged), numbers=True)
    yield ""
    yield "## Equivalent mutants"
    yield ""
    yield "By what they change, and in how many actions. Equivalent means: on all of the instances above in which the action"
    yield "occurs; it is no claim about other profiles, more servers or deeper queues. Most are parts of the end of a step"
    yield "(`conclude`) that the action cannot bring about, or that the instances with this action have no use for."
    yield ""
    yield "| change | actions |"
    yield "|---|---|"
    alike: dict[str, list[str]] = {}
    for v in judged.of(Outcome.EQUIVALENT):
        alike.setdefault(v.mutant.name.partition(": ")[2], []).append(v.mutant.action)
    for change, where in sorted(alike.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        yield f"| {change} | {', '.join(where) if len(where) < 4 else len(where)} |"
    for title, outcome in (("Explained survivors", Outcome.EXPLAINED), ("Unexplained survivors", Outcome.SURVIVOR)):
        found = judged.of(outcome)
        yield ""
        yield f"## {title}"
        yield ""
        if not found:
            yield "None."
            continue
        yield "| mutant | reason | looked up |"
        yield "|---|---|---|"
        for v in found:
            reason = REASONS.get(v.mutant.name) if outcome is Outcome.EXPLAINED else None
            yield (
                f"| {v.mutant.action} {v.mutant.sentence} | {reason.text if reason else ''} "
                f"| {'yes' if reason and reason.checked else ''} |"
            )
