"""All single mutations of the actions.

Of every action: one conjunct of its guard is dropped, or asked for the contrary of; one variable is not set where it should be;
or the action never happens. What is mutated is the function in the specification (:mod:`~vnic_model.mutants.sites`), so a mutant
can be given to every reading in the place of the action, as a misreading is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import product
from typing import Any, Self

from vnic_model.direct import domain
from vnic_model.expression import Node
from vnic_model.instance import Instance
from vnic_model.mutants.sites import Site, argument_text, caller, guard_text, in_specification, keyword_text, site_of
from vnic_model.traced import Tracer
from vnic_spec.action import Action, Effect
from vnic_spec.algebra import Ops, Truth
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import PARAMETERS, Profile
from vnic_spec.state import VARIABLES, State

#: Between them the profiles take every branch that depends on one: the default, and the other way of every choice of two.
_OTHER: dict[str, Any] = {
    p.name: next(c for c in p.choices if c is not p.default)
    for p in PARAMETERS.values()
    if p.choices is not None and len(p.choices) == 2
}
PROFILES = (Profile(), Profile(**_OTHER, preempt_delay_ms=1))
#: A new value is said if it is no longer than this.
_LONG = 60


class Kind(Enum):
    """What is done to an action."""

    DROP = "drop"
    NEGATE = "negate"
    FORGET = "forget"
    NEVER = "never"


@dataclass(frozen=True)
class Mutant:
    """One action with one mutation."""

    name: str  #: stable as long as the specification says the same there
    action: str
    kind: Kind
    sentence: str
    effect: Callable[..., Effect]  #: in the place of the action's own


@dataclass(frozen=True)
class Conjunct:
    """A conjunct of a guard: the n-th argument of ``o.all_of`` at a site; no site: the guard is no conjunction."""

    site: Site | None
    number: int
    text: str


@dataclass(frozen=True)
class Update:
    """A variable that ``s.but`` sets at a site; no site: wherever the action sets it."""

    site: Site | None
    variable: str
    text: str


# --- what there is to mutate ---------------------------------------------------------------------------------------


class _Algebra:
    """An algebra with some operation replaced."""

    def __init__(self, ops: Ops) -> None:
        self.plain: Any = ops

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)


class _Noting(_Algebra):
    """Marks each conjunction that the specification makes, by a variable of its own among the conjuncts."""

    def __init__(self, ops: Ops, action: Action) -> None:
        super().__init__(ops)
        self.action = action.effect.__code__
        self.marks: dict[str, Site] = {}
        self.parts: dict[Site, list[bool]] = {}  #: per argument: it is itself a conjunction that is marked

    def all_of(self, *truths: Truth) -> Truth:
        """Conjunction."""
        frame = caller()
        if not in_specification(frame):
            return self.plain.all_of(*truths)
        site = site_of(frame, self.action)
        name = f"conjunction {len(self.parts)}"
        if site in self.parts:
            name = next(mark for mark, known in self.marks.items() if known == site)
        self.marks[name] = site
        compound = [bool(self.marked(t)) for t in truths]
        known = self.parts.setdefault(site, compound)
        self.parts[site] = [a or b for a, b in zip(known, compound, strict=True)]
        return self.plain.all_of(*truths, self.plain.builder.var(name, True))

    def marked(self, truth: Truth) -> list[Site]:
        """The conjunctions that a truth consists of, at the top."""
        assert isinstance(truth, Node)
        nodes = truth.args if truth.op == "and" else (truth,)
        return [self.marks[str(n.value)] for n in nodes if n.op == "var" and n.value in self.marks]


def _noting_state(s: State, action: Action, found: dict[tuple[Site, str], None]) -> State:
    class Noting(State):
        def but(self, **changes: Any) -> Self:
            site = site_of(caller(), action.effect.__code__)
            found.update(dict.fromkeys((site, name) for name in changes))
            return super().but(**changes)

    noting = object.__new__(Noting)
    noting.__dict__.update(s.__dict__)
    return noting


def _runs(action: Action) -> Iterator[tuple[_Noting, dict[tuple[Site, str], None], Effect]]:
    """The action with every combination of parameters, two servers, under profiles that take every branch."""
    for profile in PROFILES:
        tracer = Tracer(Instance("everything", 2, frozenset(ACTIONS), profile=profile))
        o = _Noting(tracer.ops, action)
        for values in product(*(domain(tracer.instance, action, p) for p in action.parameters)):
            updates: dict[tuple[Site, str], None] = {}
            state = _noting_state(tracer.state, action, updates)
            yield o, updates, action.effect(o, state, *(tracer.ops.node(v) for v in values))


@cache
def anatomy(action: str) -> tuple[tuple[Conjunct, ...], tuple[Update, ...]]:
    """The conjuncts of an action's guard and the variables it sets, as the specification writes them."""
    conjunctions: dict[Site, list[bool]] = {}
    updates: dict[tuple[Site, str], None] = {}
    alone = False  # the guard is no conjunction, but something is needed besides
    for o, set_here, effect in _runs(ACTIONS[action]):
        needed = o.marked(o.plain.all_of(*effect.state.needs))
        asked = o.marked(effect.guard)
        constant = effect.guard is o.plain.true or effect.guard is o.plain.false  # of this profile, or these parameters
        alone = alone or (bool(needed) and not asked and not constant)
        for site in (*asked, *needed):
            known = conjunctions.setdefault(site, o.parts[site])
            conjunctions[site] = [a or b for a, b in zip(known, o.parts[site], strict=True)]
        updates.update(set_here)
    conjuncts = [
        Conjunct(site, number, argument_text(site, number))
        for site, compound in conjunctions.items()
        for number, is_compound in enumerate(compound)
        if not is_compound
    ]
    if alone:
        conjuncts.insert(0, Conjunct(None, 0, guard_text(ACTIONS[action].effect.__code__)))
    if not conjunctions:
        conjuncts = [Conjunct(None, 0, "its guard")]
    parts = [Update(site, name, keyword_text(site, name)) for site, name in updates]
    several = [v.name for v in VARIABLES if sum(p.variable == v.name for p in parts) > 1]
    return tuple(conjuncts), (*parts, *(Update(None, name, "") for name in several))


# --- mutants -------------------------------------------------------------------------------------------------------


def _without_conjunct(action: Action, conjunct: Conjunct, *, negated: bool) -> Callable[..., Effect]:
    code, site = action.effect.__code__, conjunct.site

    class Changed(_Algebra):
        def all_of(self, *truths: Truth) -> Truth:
            assert site is not None
            if not site.is_here(caller(), code):
                return self.plain.all_of(*truths)
            instead = self.plain.no(truths[conjunct.number]) if negated else self.plain.true
            return self.plain.all_of(*truths[: conjunct.number], instead, *truths[conjunct.number + 1 :])

    def effect(o: Any, s: State, *parameters: object) -> Effect:
        if site is not None:
            return action.effect(Changed(o), s, *parameters)
        found = action.effect(o, s, *parameters)
        return found._replace(guard=o.no(found.guard) if negated else o.true)

    return effect


def _without_update(action: Action, update: Update) -> Callable[..., Effect]:
    code, site = action.effect.__code__, update.site

    class Forgetful(State):
        def but(self, **changes: Any) -> Self:
            if site is not None and site.is_here(caller(), code):
                del changes[update.variable]
            return super().but(**changes)

    def effect(o: Any, s: State, *parameters: object) -> Effect:
        if site is None:
            found = action.effect(o, s, *parameters)
            kept: dict[str, Any] = {update.variable: getattr(s, update.variable)}
            return found._replace(state=found.state.but(**kept))
        forgetful = object.__new__(Forgetful)
        forgetful.__dict__.update(s.__dict__)
        return action.effect(o, forgetful, *parameters)

    return effect


def _never(action: Action) -> Callable[..., Effect]:
    def effect(o: Any, s: State, *parameters: object) -> Effect:
        return action.effect(o, s, *parameters)._replace(guard=o.false)

    return effect


def _place(site: Site | None) -> str:
    """The functions between the action and a site, if any."""
    inner = [f for f in (site.functions[1:] if site else ()) if not f.startswith("<")]
    return f" in {'/'.join(inner)}" if inner else ""


@cache
def mutants_of(name: str) -> tuple[Mutant, ...]:
    """All single mutations of an action."""
    action = ACTIONS[name]
    conjuncts, updates = anatomy(name)
    found: list[Mutant] = []

    def add(kind: Kind, what: str, sentence: str, effect: Callable[..., Effect]) -> None:
        label = f"{name}: {kind.value} {what}".rstrip()
        alike = sum(m.name.partition(" #")[0] == label for m in found)
        found.append(Mutant(f"{label} #{alike + 1}" if alike else label, name, kind, sentence, effect))

    for c in conjuncts:
        place = _place(c.site)
        add(
            Kind.DROP,
            f"{c.text}{place}",
            f"does not ask for: {c.text}{place}",
            _without_conjunct(action, c, negated=False),
        )
        add(
            Kind.NEGATE,
            f"{c.text}{place}",
            f"asks for the contrary of: {c.text}{place}",
            _without_conjunct(action, c, negated=True),
        )
    for u in updates:
        place = _place(u.site) if u.site else " anywhere"
        said = f" := {u.text}" if u.text and len(u.text) <= _LONG else ""
        add(
            Kind.FORGET,
            f"{u.variable}{place}",
            f"does not set {u.variable}{said}{place}",
            _without_update(action, u),
        )
    add(Kind.NEVER, "", "never happens", _never(action))
    return tuple(found)
