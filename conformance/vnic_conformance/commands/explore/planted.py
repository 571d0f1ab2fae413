"""``vnickit explore --mutants --operators semantic``: which errors of design the proof notices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

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
from vnic_conformance.exit_codes import ExitCode
from vnic_model.mutants.ground import Ground
from vnic_model.mutants.obligations import GUARDS, Fate, Ruling, rule_on
from vnic_model.mutants.operators import Operator
from vnic_model.mutants.planted import all_planted

#: Instances with more states than this are not looked at: one step from each state is taken with every error.
AT_MOST = 8_000

_COLUMNS: Columns[Ruling] = Columns(
    {
        "errors": lambda _: True,
        "property": lambda r: r.fate is Fate.PROPERTY,
        "lemma": lambda r: r.fate is Fate.LEMMA,
        "guard": lambda r: r.fate is Fate.GUARD,
        "equivalent": lambda r: r.fate is Fate.EQUIVALENT,
        "same": lambda r: r.fate is Fate.SAME,
        "unseen": lambda r: r.fate is Fate.UNSEEN,
        "survivors": lambda r: r.fate is Fate.SURVIVOR,
    },
    {
        "property": "killed: a step breaks a property, so its proof fails",
        "lemma": "killed: such a step breaks no property, but a lemma",
        "guard": "killed: the guard is not when the action may be taken, which is proved of every guard",
        "equivalent": "proved to do the same as the specification, history variables apart, for any number of servers",
        "same": "the same steps from every reachable state, wherever it was looked, and nothing is proved or refuted",
        "unseen": "differs only in history variables, or in steps that change nothing and answer nothing",
        "survivors": "can be told from the specification, and no proof fails",
    },
)


@dataclass(frozen=True)
class Ruled:
    """All rulings, and where they were found."""

    grounds: tuple[tuple[str, int], ...]
    rulings: tuple[Ruling, ...]
    sample: int | None = None  #: so many places were looked at, not all

    @property
    def survivors(self) -> list[Ruling]:
        """The errors that no proof notices."""
        return [r for r in self.rulings if r.fate is Fate.SURVIVOR]

    @property
    def code(self) -> ExitCode:
        """What it means to a script."""
        if not self.grounds:
            return ExitCode.INCONCLUSIVE
        return ExitCode.VIOLATION if self.survivors else ExitCode.CONFORMS


def rule_on_all(grounds: Iterable[Ground], tell: Callable[[str], None], sample: int | None = None) -> Ruled:
    """Judge every error of design, or those of a ``sample`` of places, on grounds, the smallest first."""
    looked = [g for g in grounds if len(g.order) <= AT_MOST]
    rulings: list[Ruling] = []
    if looked:
        put_to_proof = _proof()
        for planted in all_planted(sample):
            rulings.append(put_to_proof(rule_on(planted, looked)))
            if len(rulings) % 100 == 0:
                tell(f"{len(rulings)} errors of design judged")
    return Ruled(tuple((g.label, len(g.order)) for g in looked), tuple(rulings), sample)


def _proof() -> Callable[[Ruling], Ruling]:
    """What decides an error that the instances leave undecided, if there is a solver."""
    try:
        from vnic_conformance.commands.prove.erring import put_to_proof  # here, because z3 is optional
    except ImportError as error:
        if error.name != "z3":
            raise
        return lambda ruling: ruling
    return put_to_proof


# --- figures -------------------------------------------------------------------------------------------------------


def _rows(ruled: Ruled) -> Iterator[Row]:
    for operator in Operator:
        yield operator.value, _COLUMNS.counts(r for r in ruled.rulings if r.planted.operator is operator)
    yield "all", _COLUMNS.counts(ruled.rulings)


def _killers(ruled: Ruled) -> list[tuple[str, int]]:
    return ranked(Counter(GUARDS if r.fate is Fate.GUARD else r.by for r in ruled.rulings if r.fate.killed))


def sentence(ruled: Ruled) -> str:
    """The result in one line."""
    if not ruled.grounds:
        return "NOTHING JUDGED: no instance was exhausted within the bound. That is no verdict."
    killed, left = sum(r.fate.killed for r in ruled.rulings), len(ruled.survivors)
    of = _COLUMNS.by_name(ruled.rulings)
    share = f"{100 * killed / (killed + left):.1f} %" if killed + left else "none"
    return (
        f"{'SURVIVORS' if left else 'NOTICED'}: {of['errors']:,} errors of design: {killed:,} killed, which is {share} of those "
        f"that can be seen; {of['equivalent']:,} proved to be none, {of['same']:,} the same wherever it was looked, "
        f"{of['unseen']:,} that nobody could see, "
        f"{left:,} unnoticed.{'' if ruled.sample is None else f' That is of a sample of {ruled.sample:,} places.'}"
    )


# --- text, JSON, Markdown ------------------------------------------------------------------------------------------


def lines(ruled: Ruled) -> Iterator[str]:
    """The report as text."""
    yield from judged_on(ruled.grounds)
    yield ""
    yield from _COLUMNS.as_text("error of design", 52, _rows(ruled))
    yield ""
    yield from killed_by(_killers(ruled))
    for r in ruled.survivors:
        yield ""
        yield from wrapped(f"SURVIVES   {r.planted.name}")
        yield from wrapped(f"           differs: {', '.join(r.differs)}", " " * 11)
    yield ""
    yield from wrapped(sentence(ruled), "")


def plain(ruled: Ruled) -> dict[str, object]:
    """The report as JSON."""
    return {
        "grounds": [{"name": label, "states": states} for label, states in ruled.grounds],
        "counts": _COLUMNS.by_name(ruled.rulings),
        "errors": [
            {
                "name": r.planted.name,
                "function": r.planted.function,
                "operator": r.planted.operator.name.lower(),
                "outcome": r.fate.value,
                "by": r.by or None,
                "action": r.action or None,
                "ground": r.ground or None,
                "differs_on": list(r.differs),
            }
            for r in ruled.rulings
        ],
    }


def document(ruled: Ruled) -> str:
    """The report as Markdown."""
    return "\n".join(_document(ruled)) + "\n"


def _document(ruled: Ruled) -> Iterator[str]:
    yield "# Errors of design planted in the specification"
    yield ""
    yield "Made by `vnickit explore --mutants --operators semantic`; `--json` says the same of every single error."
    yield ""
    yield "Each operator is applied at every place of every rule and action where the outcome types, and the rule errs in every"
    yield "action that uses it. Then each action takes one step from every reachable state of the specification. All properties"
    yield "and lemmas hold there, so a step that breaks one refutes an obligation of its proof for any number of servers. What no"
    yield "instance decides is put to z3: it is proved to do the same, or an obligation of it is refuted, or neither."
    yield ""
    yield from _COLUMNS.outcomes()
    yield ""
    yield "**Result.** " + sentence(ruled)
    yield ""
    yield "## Where errors were looked for"
    yield ""
    yield from places(ruled.grounds)
    yield ""
    yield from _COLUMNS.as_markdown("operator", _rows(ruled))
    yield ""
    yield "## Who refutes errors of design"
    yield ""
    yield from table("killer", "errors", _killers(ruled), numbers=True)
    yield ""
    yield "## Errors of design that survive"
    yield ""
    if not ruled.survivors:
        yield "None."
        return
    yield from table("error", "differs", ((f"`{r.planted.name}`", ", ".join(r.differs)) for r in ruled.survivors))
