"""Proving what was asked for, and saying what came out."""

from __future__ import annotations

import json
import sys
import textwrap
import time
from collections.abc import Callable, Sequence

import click

from vnic_conformance.commands.explore import request_of, run
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.terminal import progress_ends, show
from vnic_model.goals import GOALS, PLANS
from vnic_model.prover.counterexample import Counterexample, counterexample
from vnic_model.prover.induction import PROVED, REFUTED, UNKNOWN, Verdict
from vnic_model.prover.picture import lines_of as picture_of
from vnic_model.prover.run import Result, machine, plan_of, prove, z3_version
from vnic_model.trace_text import WIDTH
from vnic_model.trace_text import lines_of as trace_lines
from vnic_spec.mutations import MUTATIONS

ANY = "any N"


def prove_all(
    wanted: Sequence[str], *, servers: int | None, mutate: str | None, jobs: int, as_json: bool, report: bool
) -> ExitCode:
    """Prove goals and everything that their proofs rest on; print a table, or JSON."""
    unproved = [name for name in wanted if not PLANS[name].any_number]
    goals = plan_of(name for name in wanted if PLANS[name].any_number)
    start = time.monotonic()
    results = prove(goals, mutation=mutate or "", jobs=jobs, report=reporter(report))
    progress_ends()
    seconds = time.monotonic() - start
    verdicts = {r.goal: verdict_of(r.goal, results) for r in results}
    refutation = _refutation(wanted, results, mutate)
    if as_json:
        click.echo(json.dumps(plain(wanted, results, verdicts, mutate, refutation), indent=2, ensure_ascii=False))
    else:
        _text(wanted, results, verdicts, mutate, seconds)
        if refutation is not None:
            click.echo()
            for line in picture_of(refutation):
                click.echo(line)
        if mutate is not None and REFUTED in verdicts.values():
            _shortest(mutate)
    return _code(wanted, verdicts, unproved)


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


def verdict_of(name: str, results: Sequence[Result]) -> str:
    """A goal is proved if it and all that its proof rests on are."""
    found = {r.goal: r.verdict for r in results}
    rests = plan_of([name])
    own = {found[x] for x in rests}
    if found[name] == REFUTED or own == {PROVED}:
        return found[name]
    return REFUTED if REFUTED in own else UNKNOWN


def _refutation(wanted: Sequence[str], results: Sequence[Result], mutate: str | None) -> Counterexample | None:
    """A picture of the first refuted obligation, of what was asked for if possible."""
    bad = [v for r in sorted(results, key=lambda r: r.goal not in wanted) for v in r.verdicts if v.verdict == REFUTED]
    return counterexample(machine(mutate or ""), bad[0].obligation) if bad else None


def _code(wanted: Sequence[str], verdicts: dict[str, str], unproved: Sequence[str]) -> ExitCode:
    found = {verdicts[name] for name in wanted if name in verdicts}
    if REFUTED in found:
        return ExitCode.VIOLATION
    if not found or UNKNOWN in found:
        return ExitCode.INCONCLUSIVE
    return ExitCode.CONFORMS


def _shortest(mutate: str) -> None:
    click.echo()
    trace = run(request_of(mutate=mutate)).trace
    if trace is None:
        click.echo("vnickit explore finds no run to a violation in the instance of this mutation.")
        return
    click.echo("The shortest run from the beginning:")
    click.echo()
    show(trace_lines(trace))


# --- text ----------------------------------------------------------------------------------------------------------


def _text(
    wanted: Sequence[str], results: Sequence[Result], verdicts: dict[str, str], mutate: str | None, seconds: float
) -> None:
    if mutate is not None:
        mutation = MUTATIONS[mutate]
        click.echo(textwrap.fill(f"misreading {mutation.name}: {mutation.sentence}", WIDTH, subsequent_indent="  "))
        click.echo()
    click.echo(f"{'':<36}{'':<10}{'obligations':>12}{'time':>10}   rests on")
    for lemma in (False, True):
        for r in results:
            if GOALS[r.goal].lemma is lemma:
                _row(r, verdicts[r.goal])
        if not lemma and any(GOALS[r.goal].lemma for r in results):
            click.echo()
    for name in wanted:
        if not PLANS[name].any_number:
            click.echo()
            click.echo(
                textwrap.fill(f"{name}: not proved for any N. {PLANS[name].reason}", WIDTH, subsequent_indent="  ")
            )
    click.echo()
    click.echo(textwrap.fill(_sentence(results, verdicts, seconds), WIDTH))


def _row(r: Result, verdict: str) -> None:
    using = PLANS[r.goal].using
    rests = f"{len(using)}" if using else "itself" if GOALS[r.goal].of_state else "nothing"
    shown = verdict if verdict == PROVED else verdict.upper()
    click.echo(f"{r.goal:<36}{shown:<10}{len(r.verdicts):>12}{r.seconds:>8.1f} s   {rests}")
    for v in r.verdicts:
        if v.verdict != PROVED:
            why = f": {v.why}" if v.why else ""
            click.echo(f"    {v.verdict:<10}{v.obligation.action or 'initially'}{why}")


def _sentence(results: Sequence[Result], verdicts: dict[str, str], seconds: float) -> str:
    number = sum(len(r.verdicts) for r in results)
    bad = [name for name, verdict in verdicts.items() if verdict != PROVED]
    what = f"{number} obligations in {seconds:.1f} s with z3 {z3_version()}"
    if bad:
        return f"NOT PROVED: {', '.join(bad)}. {what}."
    properties = [r for r in results if not GOALS[r.goal].lemma]
    lemmas = len(results) - len(properties)
    return (
        f"PROVED for any number of servers, any depth of queues and every profile: {len(properties)} properties with "
        f"{lemmas} lemmas, {what}."
    )


# --- JSON ----------------------------------------------------------------------------------------------------------


def plain(
    wanted: Sequence[str],
    results: Sequence[Result],
    verdicts: dict[str, str],
    mutate: str | None,
    refutation: Counterexample | None,
) -> dict[str, object]:
    """Everything that came out, as plain data."""
    listed = [_plain_goal(r, verdicts[r.goal]) for r in results]
    listed += [
        {
            "id": n,
            "verdict": UNKNOWN,
            "method": "none",
            "reason": PLANS[n].reason,
            "obligations": [],
            "seconds": 0.0,
            "lemmas": [],
        }
        for n in wanted
        if not PLANS[n].any_number
    ]
    return {
        "z3": z3_version(),
        "mutation": mutate,
        "asked": list(wanted),
        "properties": listed,
        "counterexample": list(picture_of(refutation)) if refutation else None,
    }


def _plain_goal(r: Result, verdict: str) -> dict[str, object]:
    return {
        "id": r.goal,
        "lemma": GOALS[r.goal].lemma,
        "verdict": verdict,
        "method": ANY,
        "lemmas": list(PLANS[r.goal].using),
        "seconds": round(r.seconds, 3),
        "obligations": [_plain_verdict(v) for v in r.verdicts],
    }


def _plain_verdict(v: Verdict) -> dict[str, object]:
    found: dict[str, object] = {
        "action": v.obligation.action or None,
        "verdict": v.verdict,
        "seconds": round(v.seconds, 3),
    }
    return found | ({"why": v.why} if v.why else {})
