"""``vnickit explore --liveness``: which of LIV-1, LIV-2, LIV-3 hold of an instance, under which assumptions."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from vnic_conformance.exit_codes import ExitCode
from vnic_model import describe
from vnic_model.instance import Instance
from vnic_model.liveness import LivenessError, TooManyStatesError, Verdict, decide
from vnic_model.machine import Move
from vnic_model.progress import DeadEnds, dead_ends
from vnic_model.replay import plain, trace_of_lasso
from vnic_model.trace import Trace
from vnic_model.trace_text import WIDTH, Line, lines_of
from vnic_spec.liveness import GOALS, Assumption
from vnic_spec.mutations import Mutation
from vnic_spec.requirements import REQUIREMENTS

DEAD_ENDS = "LIV-3"
HOLDS, REFUTED, UNDECIDED, MEANINGLESS = "holds", "refuted", "not decided", "means nothing here"


@dataclass(frozen=True)
class Decided:
    """One requirement and what came out.

    Attributes:
        requirement: its ID.
        word: ``holds``, ``refuted``, ``not decided`` or ``means nothing here``.
        words: the figures behind it, or why there is no answer.
        assumed: what was assumed of endless runs.
        trace: the endless run that refutes it.
        dead_end: the steps into a dead end (LIV-3).
        seconds: how long it took.
    """

    requirement: str
    word: str
    words: str
    assumed: tuple[Assumption, ...] = ()
    trace: Trace | None = None
    dead_end: tuple[Move, ...] = ()
    seconds: float = 0.0


def questions(mutation: Mutation | None, *, all_of_them: bool) -> tuple[str, ...]:
    """What is decided: all three, or under a misreading that has a goal to refute that goal."""
    if mutation is not None and mutation.refutes in GOALS and not all_of_them:
        return (mutation.refutes,)
    return (*GOALS, DEAD_ENDS)


def decided(
    machine: Instance,
    asked: tuple[str, ...],
    *,
    mutation: Mutation | None = None,
    without: frozenset[str] = frozenset(),
    at_most: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Decided]:
    """Decide what is asked, each of the instance as a whole.

    Args:
        machine: the instance.
        asked: IDs of requirements.
        mutation: the misreading that is in force, for the traces.
        without: assumptions that are not made, where a goal makes them.
        at_most: bound on the states.
        tell: told what is being decided, for it may take a while.
    """
    found = []
    for name in asked:
        tell(f"deciding {name}")
        start = time.monotonic()
        one = _dead_ends(machine, at_most) if name == DEAD_ENDS else _goal(machine, name, mutation, without, at_most)
        found.append(Decided(**{**vars(one), "seconds": time.monotonic() - start}))
    return found


def _goal(
    machine: Instance, name: str, mutation: Mutation | None, without: frozenset[str], at_most: int | None
) -> Decided:
    goal = GOALS[name]
    dropped = without & {a.name for a in goal.assumptions}
    assumed = tuple(a for a in goal.assumptions if a.name not in dropped)
    try:
        verdict = decide(machine, name, without=dropped, at_most=at_most)
    except TooManyStatesError as error:
        return Decided(name, UNDECIDED, str(error), assumed)
    except LivenessError as error:
        return Decided(name, MEANINGLESS, str(error))
    trace = None if verdict.holds else trace_of_lasso(verdict, mutation=mutation)
    return Decided(name, HOLDS if verdict.holds else REFUTED, _figures(verdict), assumed, trace)


def _figures(verdict: Verdict) -> str:
    counted = ""
    if verdict.goal.steady is not None and verdict.machine.instance.servers > 1:
        counted = ", counted once for each server that may stay"
    refuting = "none" if verdict.holds else f"{verdict.refuting:,}"
    return (
        f"{verdict.states:,} states; a run that misses it could stay in {verdict.candidates:,} of them{counted}; of their "
        f"{verdict.components:,} components {refuting} can hold one"
    )


def _dead_ends(machine: Instance, at_most: int | None) -> Decided:
    if at_most is not None:
        return Decided(DEAD_ENDS, UNDECIDED, "it needs the whole graph; leave --at-most out")
    try:
        found = dead_ends(machine)
    except ValueError as error:
        return Decided(DEAD_ENDS, MEANINGLESS, str(error))
    return Decided(DEAD_ENDS, REFUTED if found.dead else HOLDS, _dead_figures(found), dead_end=tuple(found.path))


def _dead_figures(found: DeadEnds) -> str:
    return f"{found.states:,} states, {found.logged_in:,} of them logged in; dead ends: {found.dead:,}"


def code_of(found: list[Decided]) -> ExitCode:
    """What a script is told: the worst."""
    words = {one.word for one in found}
    if REFUTED in words:
        return ExitCode.VIOLATION
    return ExitCode.CONFORMS if HOLDS in words and UNDECIDED not in words else ExitCode.INCONCLUSIVE


def lines_of_decided(found: list[Decided]) -> Iterator[Line]:
    """What a reader sees: the verdicts, what is assumed, and the runs that refute."""
    for one in found:
        yield Line(f"{one.requirement}  {one.word.upper()}", "bad" if one.word == REFUTED else "verdict")
        yield from _wrapped(REQUIREMENTS[one.requirement].text)
        yield from _wrapped(f"{one.words} ({one.seconds:.1f} s)" if one.word != MEANINGLESS else one.words)
        for assumption in one.assumed:
            yield from _wrapped(f"assumed: {assumption.name}: {assumption.sentence}", "  ")
        yield Line("")
    for one in found:
        if one.trace is not None:
            yield from lines_of(one.trace)
            yield Line("")
        if one.dead_end:
            yield Line(f"{one.requirement}: the steps into a dead end", "verdict")
            for number, move in enumerate(one.dead_end, 1):
                yield from _wrapped(f"{number:>4}  {describe.phrase(move.action.name, _named(move))}", "      ")
            yield Line("")


def _wrapped(words: str, indent: str = "") -> Iterator[Line]:
    rows = textwrap.wrap(
        words, WIDTH, initial_indent="  ", subsequent_indent=f"  {indent}", break_on_hyphens=False, drop_whitespace=True
    )
    for row in rows:
        yield Line(row)


def _named(move: Move) -> Mapping[str, object]:
    return {name: plain(value) for name, value in zip(move.action.parameters, move.parameters, strict=True)}


def plain_decided(one: Decided) -> dict[str, object]:
    """One verdict as plain data."""
    return {
        "requirement": one.requirement,
        "verdict": one.word,
        "figures": one.words,
        "assumed": [{"name": a.name, "sentence": a.sentence} for a in one.assumed],
        "seconds": round(one.seconds, 3),
        "trace": None if one.trace is None else one.trace.dump().splitlines(),
        "dead_end": [{"action": m.action.name, "parameters": dict(_named(m))} for m in one.dead_end],
    }
