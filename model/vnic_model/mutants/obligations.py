"""Planted errors judged by the obligations of the proof: one step from each reachable state of the specification.

Every property and lemma is proved for any number of servers by an obligation for each action: if all hold before a step, the one
in question holds after it. In a reachable state all hold. So a step of the erring action from there that breaks one refutes an
obligation, and ``vnickit prove`` fails; no run of the erring machine has to be found. The same holds of each guard, which is
proved to be when its action may be taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from enum import Enum
from itertools import product

from vnic_model.codegen import predicate
from vnic_model.direct import domain
from vnic_model.expression import Node
from vnic_model.mutants.ground import Difference, Ground
from vnic_model.mutants.planted import Planted
from vnic_model.mutants.single import Kind, Mutant
from vnic_model.traced import Traced, Tracer
from vnic_spec.catalogue import ACTIONS
from vnic_spec.properties.occasions import OCCASIONS, may_be_chosen, may_be_full
from vnic_spec.property import Step

#: Who kills where a guard is not when its action may be taken.
GUARDS = "guards"
#: Where an error is decided that no instance decides.
ANY = "any N"


class Fate(Enum):
    """What becomes of a planted error."""

    PROPERTY = "property"  #: an obligation of a property is refuted
    LEMMA = "lemma"  #: one of a lemma is
    GUARD = "guard"  #: the guard is too strong or too weak
    EQUIVALENT = "equivalent"  #: proved to do the same, history variables apart, for any number of servers
    SAME = "same"  #: the same steps from every reachable state, wherever it was looked
    UNSEEN = "unseen"  #: it differs only in history variables, or in steps that change nothing and answer nothing
    SURVIVOR = "survivor"

    @property
    def killed(self) -> bool:
        """The proof notices the error."""
        return self in (Fate.PROPERTY, Fate.LEMMA, Fate.GUARD)


@dataclass(frozen=True)
class Ruling:
    """What became of a planted error, and where."""

    planted: Planted
    fate: Fate
    by: str = ""  #: the property, lemma or guard whose obligation is refuted
    action: str = ""  #: whose step refutes it
    ground: str = ""
    differs: tuple[str, ...] = ()  #: where else it can be told from the specification


def rule_on(planted: Planted, grounds: Iterable[Ground]) -> Ruling:
    """Judge one error on grounds in the order given, until an obligation is refuted."""
    differs: list[str] = []
    visible = False
    for ground in grounds:
        for action, effect in planted.effects.items():
            if action not in ground.instance.actions:
                continue
            mutant = Mutant(planted.name, action, Kind.NEGATE, planted.sentence, effect)
            difference = ground.difference(mutant)
            if difference is None:
                continue
            visible = visible or difference.visible
            differs.append(f"{action} in {ground.label}")
            fate, by = _refuted(ground, mutant, difference)
            if by:
                return Ruling(planted, fate, by, action, ground.label)
    fate = Fate.SURVIVOR if visible else Fate.UNSEEN if differs else Fate.SAME
    return Ruling(planted, fate, differs=tuple(differs))


def _refuted(ground: Ground, mutant: Mutant, difference: Difference) -> tuple[Fate, str]:
    """The first obligation that a step of the mutant refutes, of a property if there is one."""
    lemma = ""
    for name in _broken(ground, mutant, difference):
        if not name.startswith("lemma "):
            return Fate.PROPERTY, name
        lemma = lemma or name
    if flaw := guard_flaw(ground, mutant):
        return Fate.GUARD, flaw
    return Fate.LEMMA, lemma


def _broken(ground: Ground, mutant: Mutant, difference: Difference) -> Iterator[str]:
    """Every property and lemma that a step of the mutant from a reachable state breaks, as it is met."""
    group = ground.swapped(mutant.action, difference)
    from_here = [s for s in ground.order if s & difference.mask in difference.keys]
    met: set[int] = set()
    for s in from_here:
        if s & group.mask not in met:
            met.add(s & group.mask)
            for step in group.steps(s):
                yield from (ground.step_properties[mark].name for mark in step[4] if mark < ground.laws)
    after: set[int] = set()
    for s in from_here:
        for _, keep, add, _, _ in group.steps(s):
            t = s & keep | add
            if t not in ground.known_states and t not in after:
                after.add(t)
                yield from (p.name for p in ground.violated(t))


def guard_flaw(ground: Ground, mutant: Mutant) -> str:
    """How the guard of a mutant differs from when its action may be taken, in some reachable state; empty: not at all."""
    strong, weak = _flaws(ground, mutant)
    for words, nodes in (("too strong", strong), ("too weak", weak)):
        no = ground.tracer.ops.builder.no
        compiled = predicate(ground.layout, "guard", [no(node) for node in nodes])
        if any(compiled.call(key) for key in {s & compiled.mask for s in ground.order}):
            return f"guard of {mutant.action} {words}"
    return ""


def _flaws(ground: Ground, mutant: Mutant) -> tuple[list[Node], list[Node]]:
    """When the action may be taken and its guard forbids it; when the guard lets it be taken that may not be."""
    ops = copy(ground.tracer.ops)
    ops.roomy = True  # that an instance's queues end is no flaw
    tracer = Tracer(replace(ground.instance, effects={mutant.action: mutant.effect}), ops)
    action, o, s = ACTIONS[mutant.action], ops.of_the_specification(), tracer.state
    strong: list[Node] = []
    weak: list[Node] = []
    for values in product(*(domain(ground.instance, action, p) for p in action.parameters)):
        taken: Traced = tracer.taken(action, values)
        step = Step(action.name, {p: o.node(v) for p, v in zip(action.parameters, values, strict=True)}, taken.answer)
        may = o.node(OCCASIONS[action.name](o, s, step))
        chosen = may_be_chosen(o, s, taken.after, step) if "b" in step.parameters else o.true
        given = o.all_of(may, may_be_full(o, s, taken.after, step), chosen)
        strong.append(o.all_of(given, o.no(taken.guard)))
        weak.append(o.all_of(taken.guard, o.no(may)))
    return strong, weak
