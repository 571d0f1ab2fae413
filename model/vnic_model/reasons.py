"""The explaining reading: evaluates a property on concrete states and says which facts made it come out so.

A conjunction that fails is explained by what fails in it, one that holds by all of it; likewise the others. What is left is
a short list of facts about the state, such as "seen is server 1" and "the first element for the client is INIT of server 0".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from vnic_model import describe
from vnic_model.direct import DirectChoices, DirectMap, DirectOrder, DirectQueue
from vnic_spec.algebra import Element, Truth
from vnic_spec.profile import Profile
from vnic_spec.property import Property
from vnic_spec.property import Step as StepContext
from vnic_spec.rule import Replacements
from vnic_spec.selection import eligible
from vnic_spec.sorts import Flag, Server
from vnic_spec.state import VARIABLES, State

Facts = tuple[str, ...]


def _joined(several: Iterable[Facts]) -> Facts:
    return tuple(dict.fromkeys(fact for facts in several for fact in facts))


@dataclass(frozen=True)
class Said:
    """A value, and the facts it comes from."""

    value: Any
    facts: Facts = ()


@dataclass(frozen=True)
class Judged:
    """A truth, and the facts that make it so."""

    value: bool
    facts: Facts = ()


class SaidQueue:
    """A queue as facts about its elements."""

    def __init__(self, queue: DirectQueue, owner: str, verb: str) -> None:
        self.queue = queue
        self.owner = owner
        self.verb = verb

    def _elements(self) -> list[Element]:
        last = len(self.queue.items) - 1
        found = []
        for place, element in enumerate(self.queue.items):
            where = "only" if last == 0 else "first" if place == 0 else "last" if place == last else f"{place + 1}th"
            sender = "" if not isinstance(element.sender, int) else f" of {describe.server(element.sender)}"
            facts = (f"the {where} element queued for {self.owner} {self.verb} {_name(element.kind)}{sender}",)
            found.append(
                Element(Said(element.kind, facts), Said(element.sender, facts), Judged(bool(element.fresh), facts))
            )
        return found

    def empty(self) -> Judged:
        """Nothing is queued."""
        if not self.queue.items:
            return Judged(True, (f"nothing {self.verb} queued for {self.owner}",))
        names = ", ".join(_name(element.kind) for element in self.queue.items)
        return Judged(False, (f"queued for {self.owner} {self.verb} {names}",))

    def pop(self) -> tuple[Element, Judged, SaidQueue]:
        """The first element, whether there is one, and the rest."""
        found = self._elements()
        first = found[0] if found else Element(Said(None), Said(None), Judged(False))
        return first, Judged(bool(found), self.empty().facts), SaidQueue(self.queue.pop()[2], self.owner, self.verb)

    def push(self, element: Element) -> tuple[Judged, SaidQueue]:
        """Room, and the queue with one more element."""
        room, longer = self.queue.push(_plain(element))
        return Judged(room, self.empty().facts), SaidQueue(longer, self.owner, self.verb)

    def overlay(self, element: Element) -> SaidQueue:
        """The queue with another last element."""
        return SaidQueue(self.queue.overlay(_plain(element)), self.owner, self.verb)

    def newest(self) -> tuple[Element, Judged]:
        """The last element, and whether there is one."""
        found = self._elements()
        last = found[-1] if found else Element(Said(None), Said(None), Judged(False))
        return last, Judged(bool(found), self.empty().facts)

    def begins_with(self, older: SaidQueue, except_last: Any) -> Judged:
        """All of ``older`` is here."""
        holds = self.queue.begins_with(older.queue, except_last.value)
        return Judged(holds, _joined((older.empty().facts, self.empty().facts, except_last.facts)))

    def every(self, law: Callable[[Element], Any]) -> Judged:
        """``law`` holds of each element."""
        found = self._elements()
        return _all([law(e) for e in found]) if found else Judged(True, self.empty().facts)

    def first(self, law: Callable[[Element], Any]) -> Judged:
        """Nothing is queued, or ``law`` holds of the first element."""
        found = self._elements()
        return law(found[0]) if found else Judged(True, self.empty().facts)

    def last(self, law: Callable[[Element], Any]) -> Judged:
        """Nothing is queued, or ``law`` holds of the last element."""
        found = self._elements()
        return law(found[-1]) if found else Judged(True, self.empty().facts)


def _plain(element: Element) -> Element:
    """The element without facts."""
    parts: list[Any] = [element.kind, element.sender, element.fresh]
    return Element(*(part.value if isinstance(part, Said | Judged) else part for part in parts))


def _name(kind: object) -> str:
    return describe.element_name(kind) if kind else "nothing"  # type: ignore[arg-type]  # a Kind


def _all(truths: Iterable[Judged]) -> Judged:
    several = list(truths)
    false = [t for t in several if not t.value]
    return Judged(not false, _joined(t.facts for t in (false or several)))


def _any(truths: Iterable[Judged]) -> Judged:
    several = list(truths)
    true = [t for t in several if t.value]
    return Judged(bool(true), _joined(t.facts for t in (true or several)))


class ReasonOps:
    """The algebra over values with their facts."""

    true = Judged(True)
    false = Judged(False)
    nobody = Said(None)

    def __init__(self, servers: int, profile: Profile) -> None:
        self.rules: Replacements = {"eligible": _eligible}
        self.servers = range(servers)
        plain = DirectChoices(profile)
        self.profile: Any = _Choices()
        for name, found in vars(plain).items():
            setattr(self.profile, name, Judged(found) if isinstance(found, bool) else Said(found))

    def all_of(self, *truths: Any) -> Judged:
        """Conjunction."""
        return _all(truths)

    def any_of(self, *truths: Any) -> Judged:
        """Disjunction."""
        return _any(truths)

    def no(self, truth: Any) -> Judged:
        """Negation."""
        return Judged(not truth.value, truth.facts)

    def implies(self, condition: Any, consequence: Any) -> Judged:
        """Implication: one that fails is explained by both sides."""
        if condition.value:
            return Judged(consequence.value, _joined((condition.facts, consequence.facts)))
        return Judged(True, condition.facts)

    def iff(self, one: Any, other: Any) -> Judged:
        """Equivalence."""
        return Judged(one.value == other.value, _joined((one.facts, other.facts)))

    def eq(self, one: Any, other: Any) -> Judged:
        """Equality."""
        a, b = _said(one), _said(other)
        return Judged(a.value == b.value, _joined((a.facts, b.facts)))

    def ne(self, one: Any, other: Any) -> Judged:
        """Inequality."""
        return self.no(self.eq(one, other))

    def one_of(self, one: Any, *others: Any) -> Judged:
        """Membership."""
        return _any(self.eq(one, other) for other in others)

    def ite(self, condition: Any, then: Any, otherwise: Any) -> Any:
        """Choice: explained by the condition and what is chosen."""
        chosen = then if condition.value else otherwise
        if isinstance(chosen, Said | Judged):
            return type(chosen)(chosen.value, _joined((condition.facts, chosen.facts)))
        return chosen

    def const(self, value: Enum) -> Said:
        """A vocabulary member."""
        return Said(value)

    def every(self, law: Callable[[Any], Any]) -> Judged:
        """For all servers."""
        return _all(law(Said(j)) for j in self.servers)

    def some(self, law: Callable[[Any], Any]) -> Judged:
        """For some server."""
        return _any(law(Said(j)) for j in self.servers)

    def outranks(self, one: Any, other: Any) -> Judged:
        """A lower number."""
        return Judged(one.value < other.value, _joined((one.facts, other.facts)))

    def lower_port(self, one: Any, other: Any) -> Judged:
        """As the direct reading has it."""
        there = one.value is not None and other.value is not None
        return Judged(there and one.value > other.value, _joined((one.facts, other.facts)))


def _eligible(o: Any, s: State, i: Any) -> Judged:
    """SEL-3 as one fact where it holds, and as what is missing where it does not."""
    found: Any = eligible.as_written(o, s, i)
    if not found.value:
        return Judged(False, found.facts)
    auto: Any = s.auto
    verb = "was" if " was " in auto.facts[0] else "is"
    return Judged(True, _joined((i.facts, (f"{describe.server(i.value)} {verb} eligible",))))


class _Choices:
    """The profile's choices as values without facts."""


#: Truths about the history, in the words of their meaning; the reference to the requirement at its end is left out.
_HISTORY = {v.name: v.meaning.partition(" (")[0] for v in VARIABLES if v.ghost and isinstance(v.sort, Flag)}


def _said(found: Any) -> Said:
    return found if isinstance(found, Said) else Said(found)


def _state(state: State, before: bool) -> State:
    """A state whose values carry their facts; of the state before a step they say "was"."""
    verb = "was" if before else "is"

    def fact(name: str, sort: object, found: Any) -> Any:
        if name == "seen":
            whose = "of no server" if found is None else f"of {describe.server(found)}"
            return Said(found, (f"what the client has handled since its last event or registration {verb} {whose}",))
        if name in _HISTORY:
            return Judged(found, (_HISTORY[name] if found else f"not so: {_HISTORY[name]}",))
        if isinstance(sort, Flag):
            return Judged(found, (f"{name} {verb} {describe.value(found)}",))
        shown = describe.server(found) if isinstance(sort, Server) else describe.value(found)
        return Said(found, (f"{name} {verb} {shown}",))

    changes: dict[str, Any] = {}
    for variable in VARIABLES:
        held = getattr(state, variable.name)
        if isinstance(held, DirectQueue):
            changes[variable.name] = SaidQueue(held, f"the {describe.CLIENT}", verb)
        elif isinstance(held, DirectOrder):
            changes[variable.name] = _order(held)
        elif isinstance(held, DirectMap):
            sort = variable.sort.sort  # type: ignore[union-attr]  # a map's sort is Each
            changes[variable.name] = _map(variable.name, held, sort, fact, verb)
        else:
            changes[variable.name] = fact(variable.name, variable.sort, held)
    return state.but(**changes)


def _order(order: DirectOrder) -> Callable[[Said, Said], Judged]:
    def ask(earlier: Said, later: Said) -> Judged:
        names = f"{describe.server(earlier.value)} was added before {describe.server(later.value)}"
        held = order(earlier.value, later.value)
        return Judged(held, _joined((earlier.facts, later.facts, (names if held else f"not: {names}",))))

    return ask


def _map(name: str, held: DirectMap[Any], sort: object, fact: Callable[..., Any], verb: str) -> Callable[[Said], Any]:
    def ask(server: Said) -> Any:
        found = held(server.value)
        if isinstance(found, DirectQueue):
            return SaidQueue(found, describe.server(server.value), verb)
        if server.value is None:
            empty = Judged(bool(found), server.facts)
            return empty if isinstance(sort, Flag) else Said(found, server.facts)
        said = fact(f"{name}[{server.value}]", sort, found)
        return type(said)(said.value, _joined((server.facts, said.facts)))

    return ask


def reasons(
    claim: Property, servers: int, profile: Profile, before: State | None, after: State, step: StepContext | None
) -> Facts:
    """The facts that make a property fail at the end of a step (or in the initial state)."""
    o: Any = ReasonOps(servers, profile)
    if claim.of_state is not None:
        truth: Truth = claim.of_state(o, _state(after, before=False))
    else:
        assert claim.of_step is not None
        assert before is not None
        assert step is not None
        said = StepContext(
            step.action,
            {name: _parameter(found) for name, found in step.parameters.items()},
            _answer(step.answer),
        )
        truth = claim.of_step(o, _state(before, before=True), _state(after, before=False), said)
    assert isinstance(truth, Judged)
    assert not truth.value, f"{claim.name} holds there"
    return _condensed(truth.facts, servers)


def _condensed(facts: Facts, servers: int) -> Facts:
    """All of SEL-3 but the complaint, said of one server, is one fact."""
    result = list(facts)
    for i in range(servers):
        for verb in ("was", "is"):
            fit = [f"{name}[{i}] {verb} yes" for name in ("listed", "powered", "registered")]
            fit += [f"status[{i}] {verb} OPERATIONAL", f"overdue[{i}] {verb} no"]
            if all(fact in result for fact in fit):
                result[result.index(fit[0])] = f"{describe.server(i)} {verb} otherwise fit to serve"
                result = [fact for fact in result if fact not in fit]
    return tuple(result)


def _answer(found: object) -> Said | None:
    return None if found is None else Said(found, (f"the answer is {describe.value(found)}",))


def _parameter(found: object) -> Said | Judged:
    return Judged(found) if isinstance(found, bool) else Said(found)
