"""``vnickit prove --servers N``: the same proofs for a fixed number of servers and bounded queues, by the finite reading."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from vnic_conformance.commands.prove.cut_off import cut_off
from vnic_conformance.commands.prove.proving import Outcome, conclude, reporter, shortest_run, vacuous
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.stopping import stoppable
from vnic_conformance.terminal import progress_ends
from vnic_model.goals import PLANS
from vnic_model.prover.counterexample import Counterexample
from vnic_model.prover.finite_induction import DEPTHS, FiniteInduction, decide, decide_action
from vnic_model.prover.induction import Obligation, Verdict
from vnic_model.prover.run import plan_of, prove, refute


def method(servers: int) -> str:
    """What was assumed of the size of the system, for tables and JSON."""
    depths = " and ".join(str(depth) for depth in DEPTHS)
    return f"{servers} server{'s' if servers > 1 else ''}, queues of {depths}"


def prove_all(
    wanted: Sequence[str], servers: int, *, jobs: int, html: Path | None, as_json: bool, report: bool
) -> ExitCode:
    """Prove goals and everything that their proofs rest on; print a table, or JSON."""
    start = time.monotonic()
    goals = plan_of(name for name in wanted if PLANS[name].any_number)
    decided: dict[Obligation, Verdict] = {}
    try:
        with stoppable():
            own = partial(decide_action, servers)
            results = prove(goals, jobs=jobs, report=reporter(report), decide=own, decided=decided)
            progress_ends()
            hollow = vacuous(wanted)
    except KeyboardInterrupt:
        return cut_off(wanted, goals, decided, time.monotonic() - start, as_json=as_json)
    seconds = time.monotonic() - start
    outcome = Outcome(tuple(wanted), results, seconds, method=method(servers), servers=servers, vacuous=hollow)
    return conclude(outcome, lambda: (_picture(outcome, servers), None), html=html, as_json=as_json)


def refute_misreading(
    wanted: Sequence[str], servers: int, mutate: str, *, html: Path | None, as_json: bool
) -> ExitCode:
    """Find what a misreading breaks: a step that a proof does not survive, and the shortest run from the beginning."""
    start = time.monotonic()
    machines = [FiniteInduction(servers, depth, mutate) for depth in DEPTHS]
    goals = tuple(name for name in wanted if PLANS[name].any_number)
    results = refute(goals, mutate, partial(decide, machines))
    outcome = Outcome(tuple(wanted), results, time.monotonic() - start, mutate, method(servers), servers)
    return conclude(outcome, lambda: (_picture(outcome, servers), shortest_run(outcome)), html=html, as_json=as_json)


def _picture(outcome: Outcome, servers: int) -> Counterexample | None:
    """The counterexample of the first refutation, for the smallest depth that has one."""
    if outcome.refuted is None:
        return None
    machines = (FiniteInduction(servers, depth, outcome.mutate) for depth in DEPTHS)
    found = (machine.counterexample(outcome.refuted.obligation) for machine in machines)
    return next((picture for picture in found if picture is not None), None)
