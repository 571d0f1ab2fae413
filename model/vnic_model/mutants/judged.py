"""The verdict on a mutant: killed, equivalent, or survived."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from vnic_model.liveness import decide
from vnic_model.mutants.explained import REASONS
from vnic_model.mutants.ground import Difference, Ground
from vnic_model.mutants.single import Mutant
from vnic_model.progress import dead_ends

#: New states that are looked at; states of a ground that is walked wholly for what no longer happens in it, and for dead ends.
NEW_STATES, WALKED, DEAD_ENDS = 100_000, 20_000, 3_000


class Outcome(Enum):
    """What becomes of a mutant."""

    VIOLATION = "violation"  #: a property is violated, or a lemma, so that the proof fails
    MISSING = "missing"  #: nothing is violated, but something that tests pin does not happen any more
    STUCK = "stuck"  #: the client cannot get logged in any more (LIV-3), or need not (LIV-1)
    EQUIVALENT = "equivalent"  #: the same states and the same labelled steps, wherever it was looked
    UNSEEN = "unseen"  #: it differs only in history variables, or in steps that change nothing and answer nothing
    EXPLAINED = "explained"  #: it survives, and there is a reason that is not refuted
    SURVIVOR = "survivor"

    @property
    def killed(self) -> bool:
        """The specification notices the mutant."""
        return self in (Outcome.VIOLATION, Outcome.MISSING, Outcome.STUCK)


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant, and where."""

    mutant: Mutant
    outcome: Outcome
    by: tuple[str, ...] = ()  #: the property that is violated, or what does not happen any more
    ground: str = ""  #: where
    same: tuple[str, ...] = ()  #: the grounds on which nothing differs
    differs: tuple[str, ...] = ()  #: those on which something does


def judge(mutant: Mutant, grounds: Iterable[Ground]) -> Verdict:
    """Judge one mutant on every ground in which its action occurs, in the order given, until one kills it."""
    same: list[str] = []
    differing: list[tuple[Ground, Difference]] = []
    for ground in grounds:
        if mutant.action not in ground.instance.actions:
            continue
        difference = ground.difference(mutant)
        if difference is None:
            same.append(ground.label)
            continue
        differing.append((ground, difference))
        violated = _violated(ground, mutant, difference) if difference.added else ""
        if violated:
            return Verdict(mutant, Outcome.VIOLATION, (violated,), ground.label, tuple(same))
    differs = tuple(ground.label for ground, _ in differing)
    if not differing:
        return Verdict(mutant, Outcome.EQUIVALENT, same=tuple(same))
    if not any(difference.visible for _, difference in differing):
        return Verdict(mutant, Outcome.UNSEEN, same=tuple(same), differs=differs)
    for ground, difference in differing:
        # What only adds steps takes nothing away.
        if difference.removed and len(ground.order) <= WALKED:
            lost = _lost(ground, mutant, difference)
            if lost:
                return Verdict(mutant, Outcome.MISSING, lost, ground.label, tuple(same), differs)
    for ground, difference in differing:
        if ground.dialogue and len(ground.order) <= DEAD_ENDS:
            goal = _stuck(ground, mutant, difference)
            if goal:
                return Verdict(mutant, Outcome.STUCK, (goal,), ground.label, tuple(same), differs)
    reason = REASONS.get(mutant.name)
    explained = reason is not None and all(reason.holds(ground, mutant, difference) for ground, difference in differing)
    return Verdict(mutant, Outcome.EXPLAINED if explained else Outcome.SURVIVOR, same=tuple(same), differs=differs)


def _violated(ground: Ground, mutant: Mutant, difference: Difference) -> str:
    group = ground.swapped(mutant.action, difference)
    if not ground.suspicious(group, difference, NEW_STATES):
        return ""
    return ground.walk(group, len(ground.order) + NEW_STATES).violated


def _lost(ground: Ground, mutant: Mutant, difference: Difference) -> tuple[str, ...]:
    walk = ground.walk(ground.swapped(mutant.action, difference, witnesses=True), WALKED + NEW_STATES)
    return tuple(ground.coverage.lost(walk.coverage)) if walk.complete else ()


def _stuck(ground: Ground, mutant: Mutant, difference: Difference) -> str:
    """The goal that fails: there is a dead end, or an endless run that is fair and in which the client never logs in."""
    mutated = replace(ground.instance, effects={mutant.action: mutant.effect})
    try:
        if difference.removed and dead_ends(mutated).dead:
            return "LIV-3"
    except ValueError:  # nobody ever logs in
        return "LIV-3"
    return "" if decide(mutated, "LIV-1").holds else "LIV-1"
