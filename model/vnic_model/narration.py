"""Values of the narrating reading (:mod:`vnic_model.pseudocode`): names, and what is recorded with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vnic_model.describe import EVENTS, element_name
from vnic_model.formula import FALSE, TRUE, Formula, Name, QueueName, atom, negation, one_line
from vnic_spec.algebra import Element
from vnic_spec.sorts import Added, Each, Elements, Flag
from vnic_spec.state import VARIABLES

#: What a queue loses when the client forgets its dialogue.
STALE = "no queued element is fresh any more"
#: Marks in a text that a variable has been assigned so often.
_MARK = "\ue000"
_VARIABLE = re.compile(rf"\b({'|'.join(v.name for v in VARIABLES)})({_MARK}*)(?![\w{_MARK}])")


@dataclass(frozen=True)
class Put:
    """A variable gets a value. ``every`` names the server over which it is done for all of them, if so."""

    target: str
    value: Any
    every: str = ""


@dataclass(frozen=True)
class Do:
    """Something that has a name is done."""

    words: str
    condition: Formula = TRUE


@dataclass(frozen=True)
class Branch:
    """One thing or the other."""

    condition: Formula
    then: tuple[Entry, ...]
    otherwise: tuple[Entry, ...]


Entry = Put | Do | Branch


@dataclass(frozen=True)
class Cases(Name):
    """A term that is one of two; ``text`` is both on one line."""

    condition: Formula = TRUE
    then: Any = None
    otherwise: Any = None


@dataclass(frozen=True)
class Move:
    """A queue changed in words, such as ``append INIT``."""

    words: str
    condition: Formula = TRUE
    otherwise: Any = None

    def push(self, element: Element) -> tuple[Formula, Move]:
        """Something is appended besides."""
        return TRUE, Move(f"{self.words}, then append {_element(element)}")


def _element(e: Element) -> str:
    return shown(e.kind)


def shown(value: Any) -> str:
    """A value in words, on one line."""
    if isinstance(value, Formula):
        return one_line(value)
    if value in EVENTS:
        return element_name(value)
    return value.text if isinstance(value, Name) else str(getattr(value, "name", value))


@dataclass(frozen=True)
class _Queue(QueueName):
    """A queue; what is done to it is told in words."""

    def _element(self) -> Element:
        return Element(Name(f"first({self.name})"), Name(f"the sender of first({self.name})"), atom("it is fresh"))

    def pop(self) -> tuple[Element, Formula, Any]:
        return self._element(), negation(self.empty()), Move("without its first element")

    def push(self, element: Element) -> tuple[Formula, Move]:
        """Room is a parameter of the action."""
        return TRUE, Move(f"append {_element(element)}")

    def newest(self) -> tuple[Element, Formula]:
        """The last element."""
        return Element(Name(f"last({self.name})"), Name(""), TRUE), TRUE

    def overlay(self, element: Element) -> Move:
        """In the place of the last element."""
        return Move(f"put {_element(element)} in the place of the last element")

    def clear(self) -> Move:
        """Nothing is left."""
        return Move("empty")

    def stale(self) -> Move:
        """History."""
        return Move(STALE)

    def every(self, law: Callable[[Element], Formula]) -> Formula:
        e = Element(Name("e"), Name("the sender of e"), atom("e is fresh"))
        return Formula("every", (law(e),), f"element e of {self.name}")


class _Map:
    """One value per server."""

    def __init__(self, name: str, sort: object, changes: tuple[tuple[str, str, Any], ...] = ()) -> None:
        self.name, self.sort, self.changes = name, sort, changes

    def __call__(self, server: Any) -> Any:
        return _symbol(f"{self.name}({shown(server)})", self.sort)

    def set(self, server: Any, value: Any) -> _Map:
        """One value."""
        return self._with(f"{self.name}({shown(server)})", "", value)

    def update(self, server: Any, change: Callable[[Any], Any]) -> _Map:
        """One value, from the old one."""
        return self.set(server, change(self(server)))

    def each(self, change: Callable[[Any, Any], Any]) -> _Map:
        """All values."""
        return self._with(f"{self.name}(k)", "k", change(Name("k"), self(Name("k"))))

    def _with(self, target: str, every: str, value: Any) -> _Map:
        return _Map(self.name, self.sort, (*self.changes, (target, every, value)))


class _Order:
    """Who was added before whom."""

    def __init__(self, last: Any = None) -> None:
        self.last = last

    def __call__(self, one: Any, other: Any) -> Formula:
        return atom(f"{shown(one)} was added before {shown(other)}")

    def to_back(self, server: Any) -> _Order:
        """One becomes the latest."""
        return _Order(server)


def _symbol(name: str, sort: object) -> Any:
    if isinstance(sort, Flag):
        return atom(name)
    return _Queue(name) if isinstance(sort, Elements) else Name(name)


class Told:
    """A state known by names, and how it came about."""

    def __init__(
        self,
        versions: Mapping[str, int],
        log: tuple[tuple[Entry, Mapping[str, int]], ...] = (),
        needs: tuple[Formula, ...] = (),
    ) -> None:
        self.versions, self.log, self.needs = versions, log, needs
        for variable in VARIABLES:
            name = variable.name + _MARK * versions[variable.name]
            sort = variable.sort
            value: Any = _Map(name, sort.sort) if isinstance(sort, Each) else _symbol(name, sort)
            setattr(self, variable.name, _Order() if isinstance(sort, Added) else value)

    def but(self, **changes: Any) -> Told:
        """As :meth:`vnic_spec.state.State.but`."""
        told = self
        for name, value in changes.items():
            if value is not getattr(self, name):
                entries = list(_puts(name + _MARK * self.versions[name], value))
                told = told.after(entries, [name] if entries else [])
        return told

    def after(self, entries: Iterable[Entry], changed: Iterable[str]) -> Told:
        """The state after some steps, each written in terms of the variables as they are when it is taken."""
        versions = dict(self.versions)
        for name in changed:
            versions[name] += 1
        return Told(versions, (*self.log, *((entry, self.versions) for entry in entries)), self.needs)

    def provided(self, _: Any, *conditions: Formula) -> Told:
        """As :meth:`vnic_spec.state.State.provided`."""
        return self.needing((*self.needs, *conditions))

    def needing(self, needs: tuple[Formula, ...]) -> Told:
        """As :meth:`vnic_spec.state.State.needing`."""
        return Told(self.versions, self.log, needs)

    def merged(self, _: Any, condition: Formula, otherwise: Told) -> Told:
        """As :meth:`vnic_spec.state.State.merged`: one thing or the other, after what both have in common."""
        if condition in (TRUE, FALSE):
            return self if condition == TRUE else otherwise
        shared = 0
        while shared < min(len(self.log), len(otherwise.log)) and self.log[shared] == otherwise.log[shared]:
            shared += 1
        versions = {name: max(self.versions[name], otherwise.versions[name]) for name in self.versions}
        branch = Branch(condition, settled(self, shared), settled(otherwise, shared))
        at = otherwise.log[shared][1] if len(otherwise.log) > shared else otherwise.versions
        return Told(versions, (*otherwise.log[:shared], (branch, at)), otherwise.needs)


def _puts(name: str, value: Any) -> Iterable[Entry]:
    if isinstance(value, Move) and value.words == STALE:
        yield Do(STALE)
    elif isinstance(value, QueueName) or (isinstance(value, _Map) and not value.changes):
        yield Put(name, Name(value.name))
    elif isinstance(value, _Map):
        for target, every, new in value.changes:
            if isinstance(new, Move) and new.words == STALE:
                yield Do(STALE)
            elif not _nothing(new):
                yield Put(target, new, every)
    elif isinstance(value, _Order):
        yield Do(f"{shown(value.last)} becomes the server added last")
    elif not _nothing(value):
        yield Put(name, value)


def _nothing(value: Any) -> bool:
    return isinstance(value, Move) and not value.words and value.otherwise is None


def settled(told: Told, after: int) -> tuple[Entry, ...]:
    """What has happened after the first so many things, each saying which values are those from before."""
    return tuple(_settled(entry, versions) for entry, versions in told.log[after:])


def _settled(entry: Entry, versions: Mapping[str, int]) -> Entry:
    """A step whose texts say which values are those from before."""
    if isinstance(entry, Put):
        return replace(entry, target=_text(entry.target, versions), value=current(entry.value, versions))
    if isinstance(entry, Do):
        return Do(_text(entry.words, versions), current(entry.condition, versions))
    return replace(entry, condition=current(entry.condition, versions))


def _text(text: str, versions: Mapping[str, int]) -> str:
    def one(match: re.Match[str]) -> str:
        name, marks = match.group(1), len(match.group(2))
        return name if marks == versions.get(name, marks) else f"old {name}"

    return _VARIABLE.sub(one, text)


def current(value: Any, versions: Mapping[str, int]) -> Any:
    """A value whose texts say which variables are meant as they were before."""
    if isinstance(value, Formula):
        return replace(
            value,
            parts=tuple(current(part, versions) for part in value.parts),
            text=_text(value.text, versions),
            negated=_text(value.negated, versions),
        )
    if isinstance(value, Cases):
        then, otherwise = current(value.then, versions), current(value.otherwise, versions)
        return Cases(_text(value.text, versions), current(value.condition, versions), then, otherwise)
    if isinstance(value, Name):
        return Name(_text(value.text, versions))
    if isinstance(value, Move):
        otherwise = tuple(current(one, versions) for one in value.otherwise) if value.otherwise else None
        return Move(_text(value.words, versions), current(value.condition, versions), otherwise)
    return value
