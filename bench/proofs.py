"""Time and memory of the proofs for any number of servers, beside their targets.

Run it by hand: ``python bench/proofs.py``. Wall time is with two processes; CPU time does not depend on what else runs.
"""

from __future__ import annotations

import platform
import resource
import time

from vnic_model.goals import GOALS, PLANS
from vnic_model.prover.induction import PROVED
from vnic_model.prover.run import Result, plan_of, prove, z3_version


def timed(what: str, names: list[str], target: float) -> tuple[Result, ...]:
    """Prove some goals and print how long it took; a target in seconds of wall time."""
    start = time.perf_counter()
    results = prove(plan_of(names))
    wall = time.perf_counter() - start
    assert {r.verdict for r in results} == {PROVED}, "a proof failed; vnickit prove says which"
    number = sum(len(r.verdicts) for r in results)
    cpu = sum(r.seconds for r in results)
    print(
        f"{what:<34}{number:>6} obligations {wall:>8.1f} s wall {cpu:>8.1f} s CPU   target {target:.0f} s: {wall / target:.2f}"
    )
    return results


def main() -> None:
    print(f"Python {platform.python_version()}, z3 {z3_version()}, {platform.machine()}\n")
    timed("headline: INV-1, INV-2", ["INV-1", "INV-2"], 10)
    results = timed("everything", [name for name, plan in PLANS.items() if plan.any_number], 60)
    memory = (
        resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        + resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    )
    print(
        f"{'memory of the largest process, and this':<60}{memory:>8.0f} MiB          target 2048 MiB: {memory / 2048:.2f}"
    )
    print("\nslowest:")
    verdicts = sorted((v for r in results for v in r.verdicts), key=lambda v: -v.seconds)
    for v in verdicts[:5]:
        print(f"  {v.seconds:6.2f} s  {v.obligation}")
    lemmas = sum(r.seconds for r in results if GOALS[r.goal].lemma) / sum(r.seconds for r in results)
    print(f"\nshare of the lemmas: {lemmas:.0%}")


if __name__ == "__main__":
    main()
