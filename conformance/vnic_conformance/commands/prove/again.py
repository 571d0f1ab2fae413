"""``vnickit prove --naive``: the same obligations for any number of servers, proved again by the second reading."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from vnic_conformance.commands.prove.cut_off import cut_off
from vnic_conformance.commands.prove.proving import AGAIN, Outcome, conclude, reporter, vacuous
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.stopping import stoppable
from vnic_conformance.terminal import progress_ends
from vnic_model.goals import PLANS
from vnic_model.prover.induction import Obligation, Verdict
from vnic_model.prover.naive.deciding import decide_action
from vnic_model.prover.run import plan_of, prove


def prove_again(wanted: Sequence[str], *, jobs: int, html: Path | None, as_json: bool, report: bool) -> ExitCode:
    """Prove goals and everything that their proofs rest on, by the naive reading; print a table, or JSON.

    A refutation has no picture: the first reading draws it, or there is none.
    """
    start = time.monotonic()
    goals = plan_of(name for name in wanted if PLANS[name].any_number)
    decided: dict[Obligation, Verdict] = {}
    try:
        with stoppable():
            results = prove(goals, jobs=jobs, report=reporter(report), decide=decide_action, decided=decided)
            progress_ends()
            hollow = vacuous(wanted)
    except KeyboardInterrupt:
        return cut_off(wanted, goals, decided, time.monotonic() - start, as_json=as_json)
    outcome = Outcome(tuple(wanted), results, time.monotonic() - start, method=AGAIN, vacuous=hollow)
    return conclude(outcome, lambda: (None, None), html=html, as_json=as_json)
