"""Proving the chosen properties, and the report."""

from __future__ import annotations

import json
import sys
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click

from vnic_conformance.commands.explore.request import request_of
from vnic_conformance.commands.explore.running import run
from vnic_conformance.commands.prove.cut_off import cut_off
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.stopping import stoppable
from vnic_conformance.terminal import progress_ends, show, show_json, text_of
from vnic_conformance.writing import verdict_stands, with_file
from vnic_model.exercise import Exercise, exercised
from vnic_model.goals import GOALS, PLANS
from vnic_model.lines import WIDTH
from vnic_model.prover.counterexample import Counterexample, counterexample
from vnic_model.prover.induction import PROVED, REFUTED, UNKNOWN, Obligation, Verdict
from vnic_model.prover.needs import HYPOTHESES, Needed, needs_of
from vnic_model.prover.needs import counted as needs_counted
from vnic_model.prover.picture import lines_of as picture_of
from vnic_model.prover.receptive import Finding, findings_of, subjects
from vnic_model.prover.run import Result, crew, decide_action, machine, plan_of, prove, refute, z3_version
from vnic_model.trace import Trace
from vnic_model.trace_text import lines_of as trace_lines
from vnic_spec.mutations import MUTATIONS
from vnic_spec.properties import PROPERTIES
from vnic_spec.properties.of_itself import OF_ITSELF

#: How it is proved where no number of servers is given.
ANY = "any N"
#: How it is proved by the second reading.
AGAIN = "any N, naive reading"
#: More goals than these are counted in the title of a page.
_NAMED = 4


def prove_all(
    wanted: Sequence[str],
    *,
    jobs: int,
    as_json: bool,
    report: bool,
    explain: bool = False,
    cached: bool = False,
    html: Path | None = None,
) -> ExitCode:
    """Prove goals and everything that their proofs rest on; print a table, or JSON.

    ``explain``: and what each step needs. ``cached``: what is in the cache of earlier proofs is not proved again.
    """
    start = time.monotonic()
    goals = plan_of(name for name in wanted if PLANS[name].any_number)
    decided: dict[Obligation, Verdict] = {}
    try:
        with stoppable():
            outcome = _proved(wanted, goals, decided, start, jobs=jobs, report=report, explain=explain, cached=cached)
    except KeyboardInterrupt:
        return cut_off(wanted, goals, decided, time.monotonic() - start, as_json=as_json)
    return conclude(outcome, lambda: (_picture(outcome), None), html=html, as_json=as_json)


def _proved(
    wanted: Sequence[str],
    goals: tuple[str, ...],
    decided: dict[Obligation, Verdict],
    start: float,
    *,
    jobs: int,
    report: bool,
    explain: bool,
    cached: bool,
) -> Outcome:
    # The guards are looked at where everything is: they belong to no property.
    guarded = subjects() if set(wanted) >= set(PROPERTIES) else ()
    with crew(jobs) as each:
        # What takes longest is begun first, and nobody waits for one kind to end before the next begins.
        exercises = each(vacuous, together(wanted))
        own = partial(decide_action, cached=cached)
        results = prove(goals, report=reporter(report), decide=own, decided=decided, each=each)
        guards = tuple(x for several in each(partial(findings_of, cached=cached), guarded) for x in several)
        progress_ends()
        hollow = tuple(x for several in exercises for x in several)
    proved = tuple(r.goal for r in results if r.verdict == PROVED)
    needs = needs_of(proved, jobs=jobs) if explain else {}
    seconds = time.monotonic() - start
    return Outcome(tuple(wanted), results, seconds, vacuous=hollow, guards=guards, needs=needs)


def together(wanted: Sequence[str]) -> list[tuple[str, ...]]:
    """Properties among some goals by the instance in which they are put to the test."""
    found: dict[str, tuple[str, ...]] = {}
    for name in wanted:
        if name in PROPERTIES:
            where = PROPERTIES[name].instance
            found[where] = (*found.get(where, ()), name)
    return list(found.values())


def vacuous(wanted: Sequence[str]) -> tuple[Exercise, ...]:
    """The properties among some goals that no reachable step puts to the test. Lemmas need not be put to any."""
    return tuple(e for e in exercised(PROPERTIES[name] for name in wanted if name in PROPERTIES) if e.vacuous)


def refute_misreading(wanted: Sequence[str], mutate: str, *, html: Path | None, as_json: bool) -> ExitCode:
    """Find what a misreading breaks: a step that a proof does not survive, and the shortest run from the beginning."""
    start = time.monotonic()
    results = refute(tuple(name for name in wanted if PLANS[name].any_number), mutate)
    outcome = Outcome(tuple(wanted), results, time.monotonic() - start, mutate)
    return conclude(outcome, lambda: (_picture(outcome), shortest_run(outcome)), html=html, as_json=as_json)


def _picture(outcome: Outcome) -> Counterexample | None:
    """The step that is refuted."""
    refuted = outcome.refuted
    return counterexample(machine(outcome.mutate), refuted.obligation) if refuted else None


def shortest_run(outcome: Outcome) -> Trace | None:
    """The shortest run from the beginning to what a misreading breaks."""
    trace = run(request_of(mutate=outcome.mutate)).trace if outcome.refuted else None
    progress_ends()
    return trace


@dataclass(frozen=True)
class Outcome:
    """What was asked for and what came out."""

    wanted: tuple[str, ...]
    results: tuple[Result, ...]
    seconds: float
    mutate: str = ""
    method: str = ANY  #: for which systems: any, or so many servers with such queues
    servers: int | None = None  #: how many servers, if not any number
    vacuous: tuple[Exercise, ...] = ()  #: properties that nothing puts to the test, so that their proof says nothing
    guards: tuple[Finding, ...] = ()  #: every guard, and every call, compared with when it may be taken
    needs: Mapping[str, tuple[Needed, ...]] = field(default_factory=dict)  #: of each proved goal, if that was asked for

    @property
    def empty(self) -> tuple[str, ...]:
        """Properties no step of which needs a hypothesis, and that do not say why they are worth saying."""
        return tuple(
            name
            for name, steps in self.needs.items()
            if name in PROPERTIES and name not in OF_ITSELF and not any(x.hypotheses for x in steps)
        )

    @property
    def kept(self) -> int:
        """How many questions z3 was not asked, because it had proved them before."""
        return sum(v.kept for r in self.results for v in r.verdicts) + sum(x.kept for x in self.guards)

    @property
    def refuted(self) -> Verdict | None:
        """The first refutation, of what was asked for if possible."""
        ordered = sorted(self.results, key=lambda r: r.goal not in self.wanted)
        return next((v for r in ordered for v in r.verdicts if v.verdict == REFUTED), None)

    @property
    def refutes(self) -> tuple[str, ...]:
        """Every goal with a refutation."""
        return tuple(r.goal for r in self.results if any(v.verdict == REFUTED for v in r.verdicts))

    def verdict(self, name: str) -> str:
        """A goal is proved if it and all that its proof rests on are."""
        found = {r.goal: r.verdict for r in self.results}
        own = {found.get(x, UNKNOWN) for x in plan_of([name])}
        return REFUTED if REFUTED in own else UNKNOWN if UNKNOWN in own else PROVED

    @property
    def code(self) -> ExitCode:
        """What it means to a script; what nobody has a proof of does not count."""
        found = {self.verdict(name) for name in self.wanted if PLANS[name].any_number}
        found |= {f.verdict for f in self.guards}
        if REFUTED in found or self.vacuous or self.empty:
            return ExitCode.VIOLATION
        return ExitCode.CONFORMS if found == {PROVED} else ExitCode.INCONCLUSIVE


#: What a refutation shows: the step, and of a misreading the shortest run.
Shown = tuple[Counterexample | None, Trace | None]


def conclude(outcome: Outcome, look: Callable[[], Shown], *, html: Path | None, as_json: bool) -> ExitCode:
    """Print an outcome, and write its page; ``look`` finds what is shown of a refutation."""
    shown: Shown = (None, None)
    with verdict_stands(outcome.code, outcome.refutes):
        shown = look()
        if as_json:
            show_json(plain(outcome, *shown))
        else:
            _tell(outcome, *shown)
    return with_file(outcome.code, html, lambda: _page(outcome, *shown))


def _page(outcome: Outcome, picture: Counterexample | None, trace: Trace | None) -> str:
    # Here, because most proofs write no page.
    from vnic_conformance.pictures.page import report_page
    from vnic_conformance.pictures.story import story_of_trace

    wanted = ", ".join(outcome.wanted) if len(outcome.wanted) <= _NAMED else _many(len(outcome.wanted), "goal", "goals")
    misread = f", {outcome.mutate}" if outcome.mutate else ""
    stories = [] if trace is None else [story_of_trace(trace)]
    report = text_of(lambda: _tell(outcome, picture, trace))
    return report_page(f"prove: {wanted}{misread}, for {outcome.method}", report, stories)


def _tell(outcome: Outcome, picture: Counterexample | None, trace: Trace | None) -> None:
    if outcome.mutate:
        _misreading(outcome)
    else:
        _table(outcome)
    if picture is not None:
        click.echo()
        for line in picture_of(picture):
            click.echo(line)
        click.echo()
        click.echo(f"again       {_again(outcome, picture.obligation.goal)}")
    if trace is not None:
        click.echo()
        click.echo("The shortest run from the beginning:")
        click.echo()
        show(trace_lines(trace))


def _again(outcome: Outcome, goal: str) -> str:
    """The command that refutes the same again: of the same misreading, for as many servers."""
    words = ["vnickit", "prove", goal]
    words += ["--mutate", outcome.mutate] if outcome.mutate else []
    return " ".join(words + ([] if outcome.servers is None else ["--servers", str(outcome.servers)]))


def reporter(wanted: bool) -> Callable[[int, int], None] | None:
    """Progress on standard error: one line that changes on a terminal, else a line now and then."""
    terminal = sys.stderr.isatty()
    if not (wanted or terminal):
        return None
    last = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal last
        if not terminal and time.monotonic() - last < 2:
            return
        last = time.monotonic()
        line = f"{done} of {total} obligations decided"
        click.echo(f"\r{line:<78}" if terminal else line, err=True, nl=not terminal)

    return report


# --- text ----------------------------------------------------------------------------------------------------------


def _misreading(outcome: Outcome) -> None:
    mutation = MUTATIONS[outcome.mutate]
    click.echo(textwrap.fill(f"misreading {mutation.name}: {mutation.sentence}", WIDTH, subsequent_indent="  "))
    decided = sum(len(r.verdicts) for r in outcome.results)
    refuted = outcome.refuted
    if refuted is None:
        words = (
            f"NOT REFUTED: {decided} obligations of {', '.join(outcome.wanted)} and what it rests on hold all the same."
        )
    else:
        where = refuted.obligation.goal
        rests = "" if where in outcome.wanted else f", on which the proof of {', '.join(outcome.wanted)} rests"
        words = f"REFUTED after {decided} obligations in {outcome.seconds:.1f} s: {where}{rests}."
    if outcome.method != ANY:
        words += f" That is for {outcome.method}."
    click.echo(textwrap.fill(words, WIDTH, subsequent_indent="  "))


def _table(outcome: Outcome) -> None:
    click.echo(f"{'':<36}{'':<10}{'obligations':>12}{'CPU time':>10}   rests on")
    for lemma in (False, True):
        for r in outcome.results:
            if GOALS[r.goal].lemma is lemma:
                _row(r, outcome.verdict(r.goal))
        if not lemma and any(GOALS[r.goal].lemma for r in outcome.results):
            click.echo()
    for name in outcome.wanted:
        if not PLANS[name].any_number:
            click.echo()
            click.echo(
                textwrap.fill(f"{name}: not proved for any N. {PLANS[name].reason}", WIDTH, subsequent_indent="  ")
            )
    if outcome.needs:
        click.echo()
        _needs(outcome)
    for exercise in outcome.vacuous:
        click.echo()
        click.echo(textwrap.fill(f"VACUOUS: {exercise}.", WIDTH, subsequent_indent="  "))
    for guard in outcome.guards:
        if guard.verdict != PROVED:
            click.echo()
            click.echo(textwrap.fill(f"GUARD: {guard}.", WIDTH, subsequent_indent="  "))
    click.echo()
    click.echo(textwrap.fill(_sentence(outcome), WIDTH))


def _row(r: Result, verdict: str) -> None:
    using = PLANS[r.goal].using
    rests = f"{len(using)}" if using else "itself" if GOALS[r.goal].of_state else "nothing"
    shown = verdict if verdict == PROVED else verdict.upper()
    click.echo(f"{r.goal:<36}{shown:<10}{len(r.verdicts):>12}{r.seconds:>8.1f} s   {rests}")
    for v in r.verdicts:
        if v.verdict != PROVED:
            why = f": {v.why}" if v.why else ""
            click.echo(f"    {v.verdict:<10}{v.obligation.action or 'initially'}{why}")


def _needs(outcome: Outcome) -> None:
    """How many steps of each goal need which hypothesis."""
    click.echo(f"{'steps that need':<36}{''.join(f'{x:>10}' for x in HYPOTHESES)}{'none':>10}{'in all':>10}")
    for name, steps in outcome.needs.items():
        counts = needs_counted(steps)
        click.echo(f"{name:<36}{''.join(f'{n:>10}' for n in counts.values())}{len(steps):>10}")
    for name, steps in outcome.needs.items():
        if name in PROPERTIES and not any(x.hypotheses for x in steps):
            why = OF_ITSELF.get(name, "and nothing says why it is worth saying")
            kind = "EMPTY" if name in outcome.empty else "of itself"
            click.echo()
            click.echo(textwrap.fill(f"{kind}: no step of {name} needs a hypothesis: {why}.", WIDTH))


def _sentence(outcome: Outcome) -> str:
    number = sum(len(r.verdicts) for r in outcome.results)
    hollow = {e.claim.name for e in outcome.vacuous}
    bad = [r.goal for r in outcome.results if outcome.verdict(r.goal) != PROVED or r.goal in hollow]
    bad += [name for name in outcome.empty if name not in bad]
    bad += [f.subject for f in outcome.guards if f.verdict != PROVED]
    idle = sum(v.idle for r in outcome.results for v in r.verdicts)
    trivial = f", {idle} of them trivial," if idle else ""
    what = f"{number} obligations{trivial} in {outcome.seconds:.1f} s with z3 {z3_version()}{_cached(outcome, number - idle)}"
    if bad:
        proved = "NOT PROVED AGAIN by the naive reading" if outcome.method == AGAIN else "NOT PROVED"
        return f"{proved}: {', '.join(bad)}. {what}."
    properties = [r for r in outcome.results if not GOALS[r.goal].lemma]
    lemmas = len(outcome.results) - len(properties)
    claims = f"{_many(len(properties), 'property', 'properties')} with {_many(lemmas, 'lemma', 'lemmas')}"
    if outcome.guards:
        claims += f", and that no guard of {len({f.subject for f in outcome.guards})} actions and calls is too strong or too weak"
    any_size = outcome.servers is None
    size = "any number of servers, any depth of queues and" if any_size else f"{outcome.method}, under"
    proved = "PROVED AGAIN by the naive reading" if outcome.method == AGAIN else "PROVED"
    return f"{proved} for {size} every profile: {claims}, {what}."


def _cached(outcome: Outcome, asked: int) -> str:
    """What was not proved today."""
    if not outcome.kept:
        return ""
    now = asked + len(outcome.guards) - outcome.kept
    guards = " (guards included)" if outcome.guards else ""
    return f": {outcome.kept:,} taken from the cache of earlier proofs, {now:,} proved now{guards}"


def _many(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


# --- JSON ----------------------------------------------------------------------------------------------------------


def plain(outcome: Outcome, picture: Counterexample | None, trace: Trace | None) -> dict[str, object]:
    """Everything that came out, as plain data."""
    listed = [_plain_goal(r, outcome) for r in outcome.results]
    listed += [
        {"id": name, "verdict": UNKNOWN, "method": "none", "reason": PLANS[name].reason, "obligations": []}
        for name in outcome.wanted
        if not PLANS[name].any_number
    ]
    return {
        "z3": z3_version(),
        "mutation": outcome.mutate or None,
        "asked": list(outcome.wanted),
        "seconds": round(outcome.seconds, 3),
        "from_cache": outcome.kept,
        "properties": listed,
        "vacuous": [{"id": e.claim.name, "why": str(e)} for e in outcome.vacuous],
        "empty": list(outcome.empty),
        "guards": [{"subject": f.subject, "flaw": f.flaw, "verdict": f.verdict} for f in outcome.guards],
        "counterexample": list(picture_of(picture)) if picture else None,
        "trace": [json.loads(line) for line in trace.dump().splitlines()] if trace else None,
    }


def _plain_goal(r: Result, outcome: Outcome) -> dict[str, object]:
    return {
        "id": r.goal,
        "lemma": GOALS[r.goal].lemma,
        "verdict": outcome.verdict(r.goal),
        "method": outcome.method,
        "lemmas": list(PLANS[r.goal].using),
        "seconds": round(r.seconds, 3),
        "trivial": sum(v.idle for v in r.verdicts),
        "obligations": [_plain_verdict(v) for v in r.verdicts],
    } | ({"needs": needs_counted(outcome.needs[r.goal])} if r.goal in outcome.needs else {})


def _plain_verdict(v: Verdict) -> dict[str, object]:
    found: dict[str, object] = {
        "action": v.obligation.action or None,
        "verdict": v.verdict,
        "seconds": round(v.seconds, 3),
    }
    return found | ({"why": v.why} if v.why else {}) | ({"from_cache": True} if v.kept else {})
