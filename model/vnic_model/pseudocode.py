"""The narrating reading: what an action does, as steps in the order in which they happen, for people.

The functions of the specification run over names instead of values. A rule that has words (:mod:`vnic_spec.rule`) is not looked
into where it is called: its words stand there, and it is explained once. Everything else is looked into, so nothing is
said here that the specification does not say.

Left out is what has to do with room in a queue: whether a queue is full is a parameter of the action, which can be chosen only
where something is put on a queue that is not empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any, cast

from vnic_model.describe import EVENTS, element_name
from vnic_model.formula import (
    FALSE,
    TRUE,
    Formula,
    Name,
    PrintOps,
    QueueName,
    atom,
    conjunction,
    disjunction,
    layout,
    negation,
    one_line,
)
from vnic_spec import failover, selection
from vnic_spec.action import Action, Effect
from vnic_spec.algebra import Element
from vnic_spec.catalogue import RULES
from vnic_spec.rule import AS_WRITTEN, WRITTEN, Replacements, Rule
from vnic_spec.sorts import Added, Each, Elements, Flag
from vnic_spec.state import VARIABLES, State
from vnic_spec.transport import Called, Sent, Taken

#: The rules that have words, in the order in which they are explained.
RULES_IN_WORDS: Mapping[str, Rule[..., Any]] = {name: rule for name, rule in RULES.items() if rule.words}
_GHOSTS = frozenset(v.name for v in VARIABLES if v.ghost)
#: What a queue loses when the client forgets its dialogue.
_STALE = "no queued element is fresh any more"
#: Marks in a text that a variable has been assigned so often.
_MARK = "\ue000"
_VARIABLE = re.compile(rf"\b({'|'.join(v.name for v in VARIABLES)})({_MARK}*)(?![\w{_MARK}])")


# --- what happens --------------------------------------------------------------------------------------------------


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


# --- values --------------------------------------------------------------------------------------------------------


def _element(e: Element) -> str:
    return _shown(e.kind)


def _shown(value: Any) -> str:
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
        return Move(_STALE)

    def every(self, law: Callable[[Element], Formula]) -> Formula:
        e = Element(Name("e"), Name("the sender of e"), atom("e is fresh"))
        return Formula("every", (law(e),), f"element e of {self.name}")


class _Map:
    """One value per server."""

    def __init__(self, name: str, sort: object, changes: tuple[tuple[str, str, Any], ...] = ()) -> None:
        self.name, self.sort, self.changes = name, sort, changes

    def __call__(self, server: Any) -> Any:
        return _symbol(f"{self.name}({_shown(server)})", self.sort)

    def set(self, server: Any, value: Any) -> _Map:
        """One value."""
        return self._with(f"{self.name}({_shown(server)})", "", value)

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
        return atom(f"{_shown(one)} was added before {_shown(other)}")

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
        branch = Branch(condition, _plain(self, shared), _plain(otherwise, shared))
        at = otherwise.log[shared][1] if len(otherwise.log) > shared else otherwise.versions
        return Told(versions, (*otherwise.log[:shared], (branch, at)), otherwise.needs)


def _puts(name: str, value: Any) -> Iterable[Entry]:
    if isinstance(value, Move) and value.words == _STALE:
        yield Do(_STALE)
    elif isinstance(value, QueueName) or (isinstance(value, _Map) and not value.changes):
        yield Put(name, Name(value.name))
    elif isinstance(value, _Map):
        for target, every, new in value.changes:
            if isinstance(new, Move) and new.words == _STALE:
                yield Do(_STALE)
            elif not _nothing(new):
                yield Put(target, new, every)
    elif isinstance(value, _Order):
        yield Do(f"{_shown(value.last)} becomes the server added last")
    elif not _nothing(value):
        yield Put(name, value)


def _nothing(value: Any) -> bool:
    return isinstance(value, Move) and not value.words and value.otherwise is None


class TellOps(PrintOps):
    """The algebra over names: where a rule that has words is called stand its words."""

    def __init__(self, replaced: Replacements = AS_WRITTEN) -> None:
        super().__init__()
        told: dict[str, Callable[..., Any]] = dict(replaced)
        for name, rule in RULES_IN_WORDS.items():
            told[name] = _teller(rule, replaced.get(name, rule.function))
            told[f"{name} {WRITTEN}"] = _teller(rule, rule.function)
        self.rules = told

    def ite(self, condition: Any, then: Any, otherwise: Any) -> Any:
        """Choice."""
        if condition in (TRUE, FALSE):
            return then if condition == TRUE else otherwise
        if isinstance(then, Formula) and then == otherwise:
            return then
        if isinstance(then, Move) or isinstance(otherwise, Move):
            return Move("", condition, (then, otherwise))
        if isinstance(then, Formula) and isinstance(otherwise, Formula):
            if TRUE in (then, otherwise) or FALSE in (then, otherwise):
                return disjunction((conjunction((condition, then)), conjunction((negation(condition), otherwise))))
            return Formula("ite", (condition, then, otherwise))
        if _shown(then) == _shown(otherwise):
            return then
        text = f"(if {one_line(condition)} then {_shown(then)} else {_shown(otherwise)})"
        return Cases(text, condition, then, otherwise)

    def eq(self, one: Any, other: Any) -> Formula:
        """Equality; of something that is one of two, by case."""
        if isinstance(one, Cases):
            yes = conjunction((one.condition, self.eq(one.then, other)))
            return disjunction((yes, conjunction((negation(one.condition), self.eq(one.otherwise, other)))))
        return TRUE if _shown(one) == _shown(other) else super().eq(one, other)

    def const(self, found: Any) -> Name:
        """A member of a vocabulary, or a name standing for one."""
        return found if isinstance(found, Name) else Name(found.name)


# --- rules that have words -----------------------------------------------------------------------------------------


def parameters_of(rule: Rule[..., Any]) -> tuple[str, ...]:
    """The names of a rule's arguments after the state."""
    return tuple(signature(rule.function).parameters)[2:]


def label(rule: Rule[..., Any]) -> str:
    """A rule's name without arguments: its words in capitals."""
    return " ".join(word for word in rule.words.split() if word.isupper())


def is_statement(rule: Rule[..., Any]) -> bool:
    """The rule says something of a state; it is no part of a step."""
    return not label(rule)


def _teller(rule: Rule[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """What is carried out where a rule is called: its words are told, and names stand for what it answers."""

    def told(o: Any, s: Told, *arguments: Any, **named: Any) -> Any:
        given = [*arguments, *named.values()]
        if is_statement(rule):
            words = rule.words
            if rule is selection.choice and given[1] == FALSE:
                words = "choice({0})"
            return atom(words.format(*map(_shown, given)), rule.contrary.format(*map(_shown, given)))
        found = function(o, s, *given)
        after: Any = found if isinstance(found, Told) else found.state
        condition = dict(zip(parameters_of(rule), given, strict=False)).get("when", TRUE)
        happens = condition != FALSE
        changed = [name for name in s.versions if happens and after.versions[name] != s.versions[name]]
        t = s.after([Do(_words(rule, given), condition)] if happens else [], changed)
        return _answered(rule, found, t)

    return told


def _answered(rule: Rule[..., Any], found: Any, t: Told) -> Any:
    """What a part of a step answers besides the state, by names."""
    state = cast("State", t)
    answer: Any = Name(f"what {label(rule)} answers")
    if isinstance(found, Called):
        needing = cast("State", t.needing((*t.needs, *cast("Told", found.state).needs)))
        return Called(needing, answer if isinstance(found.answer, Cases) else found.answer)
    if isinstance(found, Sent):
        return Sent(state, cast("Any", atom("stored", "not stored")), answer)
    if isinstance(found, Taken):
        element: Any = Name("the element taken"), Name("its sender"), atom("it is fresh", "it is not fresh")
        return Taken(Element(*element), state)
    return t


def _words(rule: Rule[..., Any], arguments: list[Any]) -> str:
    words = rule.words.format(*map(_shown, arguments))
    given = dict(zip(parameters_of(rule), arguments, strict=False))
    return f"{words} at once" if given.get("at_once") == TRUE else words


# --- what is asked for ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    """An action or a rule in words.

    Attributes:
        guard: when it is possible, as lines; of a rule that is a truth, what it means.
        steps: what happens, in order.
        history: what happens to variables that exist only for the proof.
        answer: what the caller is told; empty where nobody is.
        stored: of a rule that sends: when the element is stored.
    """

    guard: tuple[str, ...]
    steps: tuple[str, ...]
    history: tuple[str, ...]
    answer: tuple[str, ...]
    stored: tuple[str, ...] = ()


def parameter_words(name: str) -> str:
    """A parameter of an action as a story calls it; what is a variable too goes by another name."""
    return "kind" if name.endswith("_kind") else {"status": "reported"}.get(name, name)


def _start() -> Told:
    return Told({v.name: 0 for v in VARIABLES})


def _arguments(names: Iterable[str], *, full: bool) -> list[Any]:
    flags = {"full", "client_full", "server_full"}
    found: list[Any] = []
    for name in names:
        if name in flags:
            found.append(atom(name) if full else FALSE)
        elif name in ("on", "when", "at_once", "fresh"):
            found.append(atom(name))
        else:
            found.append(Name(parameter_words(name)))
    return found


def story_of(action: Action, width: int, replaced: Replacements = AS_WRITTEN) -> Story:
    """An action in words, in lines of at most ``width`` columns where that can be; with rules replaced: a misreading of it."""
    o = TellOps(replaced)
    possible = _run(action, o, full=False)
    effect = _run(action, o, full=True)
    steps, history = _lines(cast("Any", effect.state), width)
    versions = cast("Any", effect.state).versions
    answer = () if effect.answer is None else tuple(_value_lines("", effect.answer, versions, width))
    guard = conjunction((cast("Any", possible.guard), *cast("Any", possible.state).needs))
    return Story(_guard_lines(guard, width), steps, history, answer)


def _run(action: Action, o: TellOps, *, full: bool) -> Effect:
    return action.effect(o, _start(), *_arguments(action.parameters, full=full))


def changed_by(action: Action) -> frozenset[str]:
    """The variables that an action may change."""
    told: Any = _run(action, TellOps(), full=True).state
    return frozenset(name for name, version in told.versions.items() if version)


def _guard_lines(guard: Formula, width: int) -> tuple[str, ...]:
    """When something is possible. A queue whose first element is known is not empty, which need not be said."""
    guard = _current(guard, {})
    parts = guard.parts if guard.op == "and" else (guard,)
    known = "".join(part.text for part in parts if "first(" in part.text)
    needless = [p for p in parts if p.text.endswith(" is not empty") and f"first({p.text.split(' ')[0]})" in known]
    guard = conjunction(part for part in parts if part not in needless)
    return () if guard == TRUE else tuple(layout(guard, width))


def story_of_rule(rule: Rule[..., Any], width: int, replaced: Replacements = AS_WRITTEN) -> Story:
    """A rule in words; with rules replaced: a misreading of it."""
    o: Any = TellOps(replaced)
    function: Any = replaced.get(rule.name, rule.function)
    arguments = _arguments(parameters_of(rule), full=True)
    found: Any = function(o, _start(), *arguments)
    if is_statement(rule):
        return Story(tuple(_meaning(found, width)), (), (), ())
    told: Any = found if isinstance(found, Told) else found.state
    steps, history = _lines(told, width)
    if rule is failover.conclude:
        steps = (steps[0], f"choose b with {one_line(told.needs[0])}", *steps[1:])
    guard = conjunction(told.needs) if isinstance(found, Called) else TRUE
    answer = found.answer if isinstance(found, Called | Sent) else None
    said = () if answer is None else tuple(_value_lines("", answer, told.versions, width))
    stored = tuple(layout(_current(found.stored, {}), width)) if isinstance(found, Sent) else ()
    return Story(_guard_lines(guard, width), steps, history, said, stored)


def _meaning(f: Formula, width: int) -> list[str]:
    """A truth by case, where it is one."""
    f = _current(f, {})
    if f.op != "ite":
        return layout(f, width)
    condition, then, otherwise = f.parts
    rows = [*_if(condition, width), *(f"  {line}" for line in _meaning(then, width - 2))]
    return [*rows, "else:", *(f"  {line}" for line in _meaning(otherwise, width - 2))]


# --- text ----------------------------------------------------------------------------------------------------------


def _plain(told: Told, after: int) -> tuple[Entry, ...]:
    return tuple(_settled(entry, versions) for entry, versions in told.log[after:])


def _settled(entry: Entry, versions: Mapping[str, int]) -> Entry:
    """A step whose texts say which values are those from before."""
    if isinstance(entry, Put):
        return replace(entry, target=_text(entry.target, versions), value=_current(entry.value, versions))
    if isinstance(entry, Do):
        return Do(_text(entry.words, versions), _current(entry.condition, versions))
    return replace(entry, condition=_current(entry.condition, versions))


def _text(text: str, versions: Mapping[str, int]) -> str:
    def one(match: re.Match[str]) -> str:
        name, marks = match.group(1), len(match.group(2))
        return name if marks == versions.get(name, marks) else f"old {name}"

    return _VARIABLE.sub(one, text)


def _current(value: Any, versions: Mapping[str, int]) -> Any:
    """A value whose texts say which variables are meant as they were before."""
    if isinstance(value, Formula):
        return replace(
            value,
            parts=tuple(_current(part, versions) for part in value.parts),
            text=_text(value.text, versions),
            negated=_text(value.negated, versions),
        )
    if isinstance(value, Cases):
        then, otherwise = _current(value.then, versions), _current(value.otherwise, versions)
        return Cases(_text(value.text, versions), _current(value.condition, versions), then, otherwise)
    if isinstance(value, Name):
        return Name(_text(value.text, versions))
    if isinstance(value, Move):
        otherwise = tuple(_current(one, versions) for one in value.otherwise) if value.otherwise else None
        return Move(_text(value.words, versions), _current(value.condition, versions), otherwise)
    return value


def _lines(told: Told, width: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    steps: list[str] = []
    history: list[str] = []
    for entry in _plain(told, 0):
        stale = isinstance(entry, Do) and entry.words == _STALE
        ghost = stale or (isinstance(entry, Put) and entry.target.partition("(")[0] in _GHOSTS)
        if not (stale and _STALE in history):
            (history if ghost else steps).extend(_entry_lines(entry, width))
    return tuple(steps), tuple(history)


def _entry_lines(entry: Entry, width: int) -> list[str]:
    if isinstance(entry, Do):
        return [entry.words] if entry.condition == TRUE else _when(entry.words, entry.condition, width)
    if isinstance(entry, Put):
        lines = _value_lines(entry.target, entry.value, {}, width)
        if entry.every:
            head = f"for every server {entry.every}: "
            return [f"{head}{lines[0]}", *(f"  {line}" for line in lines[1:])]
        return lines
    then, otherwise, condition = entry.then, entry.otherwise, entry.condition
    if not then:
        then, otherwise, condition = otherwise, then, negation(condition)
    rows = [*_if(condition, width), *(f"  {line}" for e in then for line in _entry_lines(e, width - 2))]
    if otherwise:
        rows += ["else:", *(f"  {line}" for e in otherwise for line in _entry_lines(e, width - 2))]
    return rows


def _if(condition: Formula, width: int) -> list[str]:
    first, *rest = layout(condition, width - 4)
    rows = [f"if {first}", *(f"   {line}" for line in rest)]
    rows[-1] += ":"
    return rows


def _value_lines(target: str, value: Any, versions: Mapping[str, int], width: int) -> list[str]:
    """``target := value``; what stays as it is is not said."""
    value = _current(value, versions) if versions else value
    start = f"{target} := " if target else ""
    if isinstance(value, Move):
        return _move_lines(target, value, width)
    if isinstance(value, Formula):
        return _truth_lines(target, start, value, width)
    if isinstance(value, Cases):
        if target and _shown(value.otherwise) == target:
            return _when(f"{start}{_shown(value.then)}", value.condition, width)
        if target and _shown(value.then) == target:
            return _when(f"{start}{_shown(value.otherwise)}", negation(value.condition), width)
        first, rest, condition = value.then, value.otherwise, value.condition
        if isinstance(first, Cases):
            first, rest, condition = rest, first, negation(condition)
        lines = _when(f"{start}{_shown(first)}", condition, width)
        if isinstance(rest, Cases):
            return [*lines, *_value_lines(target, rest, {}, width)]
        return [*lines, f"{start}{_shown(rest)} otherwise"]
    return [f"{start}{_shown(value)}"]


def _when(words: str, condition: Formula, width: int) -> list[str]:
    flat = f"{words} if {one_line(condition)}"
    if len(flat) <= width:
        return [flat]
    first, *rest = layout(condition, width - 5)
    return [words, f"  if {first}", *(f"     {line}" for line in rest)]


def _truth_lines(target: str, start: str, value: Formula, width: int) -> list[str]:
    if value in (TRUE, FALSE):
        return [f"{start}{'yes' if value == TRUE else 'no'}"]
    parts = list(value.parts) if value.op in ("and", "or") else []
    own = [part for part in parts if part.op == "atom" and part.text == target]
    if target and own:
        others = [part for part in parts if part not in own]
        if value.op == "or":
            return _when(f"{start}yes", disjunction(others), width)
        condition = negation(conjunction(others))
        if condition.op == "and":
            condition = conjunction(part for part in condition.parts if part not in own)
        return _when(f"{start}no", condition, width)
    if value.op == "ite":
        condition, then, otherwise = value.parts
        if one_line(otherwise) == target:
            return _when(f"{start}{one_line(then)}", condition, width)
    if value.op == "atom" and value.negated == target:
        return [f"{start}not {target}"]
    flat = f"{start}{one_line(value)}"
    if len(flat) <= width:
        return [flat]
    return [start.rstrip(), *(f"  {line}" for line in layout(value, width - 2))]


def _move_lines(target: str, value: Move, width: int) -> list[str]:
    if value.otherwise is None:
        if value.words == "empty":
            return [f"{target} := empty"]
        if value.words.startswith("without"):
            return [value.words.replace("without its first element", f"take first({target})")]
        verb, _, rest = value.words.partition(" ")
        return [f"{target}: {verb} {rest}"]
    then, otherwise = value.otherwise
    rows: list[str] = []
    if isinstance(then, Move):
        rows += [*_if(value.condition, width), *(f"  {line}" for line in _move_lines(target, then, width - 2))]
        if isinstance(otherwise, Move):
            rows += ["else:", *(f"  {line}" for line in _move_lines(target, otherwise, width - 2))]
    elif isinstance(otherwise, Move):
        rows += [
            *_if(negation(value.condition), width),
            *(f"  {line}" for line in _move_lines(target, otherwise, width - 2)),
        ]
    return rows
