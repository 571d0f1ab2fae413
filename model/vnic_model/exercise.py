"""Vacuity of properties: one whose witness occurs in no reachable step holds without ever being tested."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vnic_model.codegen import Step
from vnic_model.explorer import witness_missing
from vnic_model.instances import instance
from vnic_model.machine import Group, Machine
from vnic_model.search import Reached, Visitor, breadth_first
from vnic_spec.property import Property

#: Servers with which a witness is looked for, and the states that are looked at: every property is exercised within these.
SERVERS, AT_MOST = 2, 200_000


@dataclass(frozen=True)
class Exercise:
    """Where a property is put to the test.

    Attributes:
        claim: the property.
        steps: the length of a shortest run whose last step exercises it; None: there is none within the bound.
        complete: every state of the instance has been looked at.
    """

    claim: Property
    steps: int | None
    complete: bool

    @property
    def vacuous(self) -> bool:
        """Nothing exercises it where it says that something does."""
        return self.steps is None

    def __str__(self) -> str:
        where = f"{self.claim.instance} with {SERVERS} servers"
        if self.steps is not None:
            return f"{self.claim.name} is put to the test after {self.steps} steps in {where}"
        looked = "no step" if self.complete else f"no step among {AT_MOST:,} states"
        return f"{self.claim.name} is vacuous: {looked} of {where} puts it to the test ({self.claim.witness_sentence})"


class _Occasions(Visitor):
    """Notes after how many steps each watched law is first met, and stops when all have been."""

    def __init__(self, laws: int) -> None:
        self.laws = laws
        self.first: dict[int, int] = {}
        self.depth = 0

    def level(self, reached: Reached) -> None:
        """The next steps are longer by one."""
        self.depth = reached.depth + 1

    def met(self, state: int, group: Group, steps: tuple[Step, ...]) -> bool:
        """What the steps exercise is in their marks."""
        for step in steps:
            for law in step[4]:
                self.first.setdefault(law, self.depth)
        return len(self.first) == self.laws


def exercised(claims: Iterable[Property], *, servers: int = SERVERS, at_most: int = AT_MOST) -> tuple[Exercise, ...]:
    """Look for the witness of each property, for all of one instance at once."""
    wanted = tuple(claims)
    found: dict[str, Exercise] = {}
    for name in dict.fromkeys(p.instance for p in wanted):
        own = [p for p in wanted if p.instance == name]
        machine = Machine(instance(name, servers), watched=[witness_missing(p) for p in own])
        occasions = _Occasions(len(own))
        reached = breadth_first(machine.groups, [machine.initial], occasions, at_most=at_most)
        for number, p in enumerate(own):
            found[p.name] = Exercise(p, occasions.first.get(number), reached.complete)
    return tuple(found[p.name] for p in wanted)
