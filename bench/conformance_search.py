"""How soon faults are found: tours, Hypothesis guided by the specification, and random walks, against a plain state machine.

Run it by hand: ``python bench/conformance_search.py [--budget STEPS] [--every N] [FAULT ...]``. Each faulty variant of the
reference is hunted by each method in this process, within a budget of stimuli; a fault that is not found counts as the budget.
The plain machine (``plain_machine.py``, beside this file) is what one would write by hand for the same interface; it is judged by
the same oracle, so that only the search differs. Time is CPU time, without the time in which tours are worked out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from statistics import median

from plain_machine import plain_hunt

from vnic_conformance.generation.failure import Runs
from vnic_conformance.generation.stateful import hunt
from vnic_conformance.generation.tours import plan
from vnic_conformance.generation.walk import random_walk
from vnic_reference.adapter import Adapter
from vnic_reference.faults import FAULTS
from vnic_spec.profile import Profile

OURS = Profile()
#: What needs calls that have cases of their own: sub-CRQs, DMA, interrupts, units, longer lists than six.
BESIDE = ("sub_", "dma", "grants", "handles", "indirect", "interrupt", "pairing", "list_has_no_end")


class Direct:
    """An adapter as a target, without the checks of the protocol."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    def request(self, fields: Mapping[str, object]) -> dict[str, object]:
        """One request, one reply."""
        return self._adapter({"seq": 1, **fields})


def by_tours(target: Direct, budget: int) -> int | None:
    runs = Runs(target, OURS, budget)
    for tour in plan(OURS).tours:
        if runs.session(tour.word, tour.servers).failure is not None:
            return runs.steps
    return None


def by_hypothesis(target: Direct, budget: int) -> int | None:
    found = hunt(target, OURS, seed=1, steps=budget)
    return found.first if found.failure is not None else None


def by_walks(target: Direct, budget: int) -> int | None:
    steps = seed = 0
    while steps < budget:
        session = random_walk(target, (2, 3, 2, 4, 1, 6)[seed % 6], OURS, seed=seed, steps=min(400, budget - steps))
        steps += len(session.word) + 1
        if session.failure is not None:
            return steps
        seed += 1
    return None


def by_plain_machine(target: Direct, budget: int) -> int | None:
    return plain_hunt(target, OURS, seed=1, steps=budget)


METHODS: dict[str, Callable[[Direct, int], int | None]] = {
    "tours": by_tours,
    "hypothesis": by_hypothesis,
    "walks": by_walks,
    "plain": by_plain_machine,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=int, default=20_000)
    parser.add_argument("--every", type=int, default=1, help="only every so manyth fault")
    parser.add_argument("faults", nargs="*")
    given = parser.parse_args()
    names = given.faults or [n for n in FAULTS if not any(word in n for word in BESIDE)][:: given.every]
    plan(OURS)
    steps: dict[str, list[int]] = {method: [] for method in METHODS}
    seconds: dict[str, list[float]] = {method: [] for method in METHODS}
    found: dict[str, int] = dict.fromkeys(METHODS, 0)
    print(f"{'fault':<40}" + "".join(f"{method:>12}" for method in METHODS))
    for name in names:
        cells = []
        for method, search in METHODS.items():
            begin = time.process_time()
            result = search(Direct(FAULTS[name].adapter()), given.budget)
            seconds[method].append(time.process_time() - begin)
            steps[method].append(given.budget if result is None else result)
            found[method] += result is not None
            cells.append("-" if result is None else f"{result:,}")
        print(f"{name:<40}" + "".join(f"{cell:>12}" for cell in cells), flush=True)
    row = lambda label, cells: print(f"{label:<40}" + "".join(f"{cell:>12}" for cell in cells))  # noqa: E731
    row(f"found, of {len(names)}", [str(found[m]) for m in METHODS])
    row("median steps", [f"{median(steps[m]):,.0f}" for m in METHODS])
    row("median seconds", [f"{median(seconds[m]):.2f}" for m in METHODS])
    row("plain / method: median of the steps", [f"{median(steps['plain']) / median(steps[m]):.1f}" for m in METHODS])
    row("plain / method: median of the ratios", [f"{median(ratios(steps, m)):.1f}" for m in METHODS])
    row("plain / method: median of the seconds", [f"{median(ratios(seconds, m)):.1f}" for m in METHODS])


def ratios(figures: Mapping[str, list[int]] | Mapping[str, list[float]], method: str) -> list[float]:
    return [plain / max(own, 0.001) for plain, own in zip(figures["plain"], figures[method], strict=True)]


if __name__ == "__main__":
    main()
