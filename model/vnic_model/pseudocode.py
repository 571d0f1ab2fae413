"""The narrating reading: what an action does, as steps in the order in which they happen, for people.

The functions of the specification run over names instead of values. A function that has a name in :data:`RULES_IN_WORDS` is not
looked into where it is called: its name stands there, and it is explained once. Everything else is looked into, so nothing is
said here that the specification does not say.

How that is done: every module of the machine is copied with the named functions replaced (:class:`_World`); the modules
themselves stay as they are.

Left out is what has to do with room in a queue: whether a queue is full is a parameter of the action, which can be chosen only
where something is put on a queue that is not empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import FunctionType, ModuleType, SimpleNamespace
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
from vnic_spec import administration, failover, handshake, monitoring, selection, session, state, transport
from vnic_spec.action import Action, Effect
from vnic_spec.algebra import Added, Each, Element, Elements, Flag
from vnic_spec.rules import RULES, Rules
from vnic_spec.state import VARIABLES, State

MODULES = (selection, failover, transport, monitoring, administration, session, handshake, state)
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

    def __init__(self, versions: Mapping[str, int], log: tuple[tuple[Entry, Mapping[str, int]], ...] = ()) -> None:
        self.versions, self.log = versions, log
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
        return Told(versions, (*self.log, *((entry, self.versions) for entry in entries)))


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
    """The algebra over names, for a world of functions."""

    def __init__(self, world: _World, decisions: Rules = RULES, *, guarding: bool = False) -> None:
        super().__init__()
        self.guarding = guarding  #: what is asked for is whether something is possible, not what it does
        self.rules: Any = SimpleNamespace(**{n: world.named(f) for n, f in vars(decisions).items()})

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


# --- functions that have a name ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """A function of the specification that is told by its name where it is used.

    Attributes:
        function: the function.
        words: what stands where it is used; ``{0}`` and so on are its arguments after the state.
        result: what it answers besides the state: ``truth``, ``state``, ``sent``, ``taken`` or ``effect``.
        parameters: names of its arguments where it is explained.
    """

    function: Callable[..., Any]
    words: str
    result: str
    parameters: tuple[str, ...] = ()
    negated: str = ""

    @property
    def label(self) -> str:
        """Its name without arguments: the words in capitals."""
        return " ".join(word for word in self.words.split() if word.isupper())


_LIST = (
    Rule(selection._fit, "fit({0})", "truth", ("i",)),
    Rule(selection.eligible, "eligible({0})", "truth", ("i",)),
    Rule(selection.nobody_eligible, "nobody is eligible", "truth", (), "somebody is eligible"),
    Rule(selection.beats, "{0} beats {1}", "truth", ("j", "i"), "{0} does not beat {1}"),
    Rule(selection.best, "best({0})", "truth", ("b",)),
    Rule(selection.outranked, "outranked", "truth"),
    Rule(selection.preempted, "preempted", "truth"),
    Rule(selection.choice, "choice({0}, {1})", "truth", ("b", "at_once")),
    Rule(selection.last_resort, "LAST RESORT", "state"),
    Rule(failover.fence, "FENCE {0}", "state", ("i", "when")),
    Rule(failover.tell_server, "TELL SERVER {0} {1}", "possible", ("i", "kind", "when", "full")),
    Rule(failover.tell_client, "TELL CLIENT {0}", "possible", ("kind", "when", "full")),
    Rule(failover.connects, "connectable({0})", "truth", ("j",)),
    Rule(failover.connect, "CONNECT", "state"),
    Rule(failover.sever, "END SESSION with {0}", "possible", ("kind", "full")),
    Rule(failover.switch_to, "SWITCH to {0}", "possible", ("b", "client_full", "server_full")),
    Rule(failover.conclude, "SELECT {0}", "possible", ("b", "client_full", "server_full", "at_once")),
    Rule(transport.accepts, "let through({0})", "truth", ("i",)),
    Rule(transport.session, "in session", "truth", (), "not in session"),
    Rule(transport.register, "REGISTER with {0}", "effect", ("b",)),
    Rule(transport.free, "FREE with {0}", "possible", ("kind", "full")),
    Rule(transport.enable, "ENABLE with {0}", "effect", ("b",)),
    Rule(transport.send_to_server, "CLIENT SENDS {0}", "sent", ("kind", "full")),
    Rule(transport.send_to_client, "SERVER {0} SENDS {1}", "sent", ("i", "kind", "fresh", "full")),
    Rule(transport.client_takes, "CLIENT TAKES first(to_client)", "taken"),
    Rule(transport.server_takes, "SERVER {0} TAKES first(to_server({0}))", "taken", ("i",)),
    Rule(transport.server_gone, "SERVER {0} GONE", "state", ("i",)),
    Rule(transport.awake, "awake({0})", "truth", ("i",)),
)
#: The functions that have a name, by that of the function, in the order in which they are explained.
RULES_IN_WORDS: dict[str, Rule] = {rule.function.__name__: rule for rule in _LIST}


class _World:
    """The modules of the machine with the named functions replaced by their names."""

    def __init__(self) -> None:
        self.spaces: dict[str, dict[str, Any]] = {m.__name__: dict(vars(m)) for m in MODULES}
        self.real: dict[tuple[str, str], Callable[..., Any]] = {}
        for module in MODULES:
            for function in vars(module).values():
                if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                    space = self.spaces[module.__name__]
                    copy = FunctionType(
                        function.__code__, space, function.__name__, function.__defaults__, function.__closure__
                    )
                    self.real[module.__name__, function.__name__] = copy
        for space in self.spaces.values():
            for name, function in space.items():
                if isinstance(function, FunctionType) and (function.__module__, function.__name__) in self.real:
                    space[name] = self.named(function)

    def copy(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function with everything that it calls replaced, itself looked into; also one of a misreading."""
        found = self.real.get((function.__module__, function.__name__))
        if found is None:
            assert isinstance(function, FunctionType)
            found = FunctionType(
                function.__code__,
                {name: self._known(value) for name, value in function.__globals__.items()},
                function.__name__,
                function.__defaults__,
                function.__closure__,
            )
        return found

    def _known(self, value: Any) -> Any:
        """What a name of another module stands for here."""
        if isinstance(value, ModuleType) and value.__name__ in self.spaces:
            return SimpleNamespace(**self.spaces[value.__name__])
        if isinstance(value, FunctionType) and (value.__module__, value.__name__) in self.real:
            return self.named(value)
        return value

    def named(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function as it is called: its name, if it has one."""
        if function is state.merge:
            return _merge
        rule = RULES_IN_WORDS.get(function.__name__)
        inside = self.copy(function)
        return inside if rule is None else lambda o, s, *a, **k: _called(rule, inside, o, s, [*a, *k.values()])


@cache
def _world() -> _World:
    return _World()


def _merge(o: Any, condition: Formula, then: Told, otherwise: Told) -> Told:
    if condition in (TRUE, FALSE):
        return then if condition == TRUE else otherwise
    shared = 0
    while shared < min(len(then.log), len(otherwise.log)) and then.log[shared] == otherwise.log[shared]:
        shared += 1
    versions = {name: max(then.versions[name], otherwise.versions[name]) for name in then.versions}
    branch = Branch(condition, _plain(then, shared), _plain(otherwise, shared))
    at = otherwise.log[shared][1] if len(otherwise.log) > shared else otherwise.versions
    return Told(versions, (*otherwise.log[:shared], (branch, at)))


def _called(rule: Rule, inside: Callable[..., Any], o: Any, s: Told, arguments: list[Any]) -> Any:
    """What stands for a call: the words of the rule, and names for what it answers."""
    words = _words(rule, arguments)
    if rule.result == "truth":
        if rule.function is selection.choice and arguments[1] == FALSE:
            words = f"choice({_shown(arguments[0])})"
        return atom(words, rule.negated.format(*map(_shown, arguments)))
    found = inside(o, s, *arguments)
    after: Any = found if isinstance(found, Told) else next(x for x in found if isinstance(x, Told))
    changed = [name for name in s.versions if after.versions[name] != s.versions[name]]
    condition = next((a for n, a in zip(rule.parameters, arguments, strict=False) if n == "when"), TRUE)
    t = s.after([Do(words, condition)] if condition != FALSE else [], changed if condition != FALSE else [])
    if rule.result == "state":
        return t
    if rule.result == "possible":
        return TRUE, t
    if rule.result == "effect":
        answer = Name(f"what {rule.label} answers") if isinstance(found.answer, Cases) else found.answer
        return Effect(found.guard, cast("State", t), answer)
    if rule.result == "sent":
        return TRUE, atom("stored", "not stored"), t, Name(f"what {rule.label} answers")
    taken = Element(Name("the element taken"), Name("its sender"), atom("it is fresh", "it is not fresh"))
    return (found[0] if o.guarding else taken), found[1], t


def _words(rule: Rule, arguments: list[Any]) -> str:
    shown = [_shown(a) for a in arguments]
    words = rule.words.format(*shown)
    for name, condition in zip(rule.parameters, arguments, strict=False):
        if name == "at_once" and condition == TRUE and rule.result == "possible":
            words += " at once"
    return words


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


def story_of(action: Action, width: int, decisions: Rules = RULES) -> Story:
    """An action in words, in lines of at most ``width`` columns where that can be; with other rules: a misreading of it."""
    inside = _world().copy(action.effect)
    guard = inside(_ops(decisions, guarding=True), _start(), *_arguments(action.parameters, full=False)).guard
    effect = inside(_ops(decisions), _start(), *_arguments(action.parameters, full=True))
    steps, history = _lines(effect.state, width)
    answer = () if effect.answer is None else tuple(_value_lines("", effect.answer, effect.state.versions, width))
    return Story(_guard_lines(guard, width), steps, history, answer)


def changed_by(action: Action) -> frozenset[str]:
    """The variables that an action may change."""
    effect = _world().copy(action.effect)(_ops(), _start(), *_arguments(action.parameters, full=True))
    return frozenset(name for name, version in effect.state.versions.items() if version)


def _guard_lines(guard: Formula, width: int) -> tuple[str, ...]:
    """When something is possible. A queue whose first element is known is not empty, which need not be said."""
    guard = _current(guard, {})
    parts = guard.parts if guard.op == "and" else (guard,)
    known = "".join(part.text for part in parts if "first(" in part.text)
    needless = [p for p in parts if p.text.endswith(" is not empty") and f"first({p.text.split(' ')[0]})" in known]
    guard = conjunction(part for part in parts if part not in needless)
    return () if guard == TRUE else tuple(layout(guard, width))


def story_of_rule(rule: Rule, width: int, decisions: Rules = RULES) -> Story:
    """A rule in words."""
    inside = _world().copy(rule.function)
    found = inside(_ops(decisions), _start(), *_arguments(rule.parameters, full=True))
    if rule.result == "truth":
        return Story(tuple(_meaning(found, width)), (), (), ())
    told = found if isinstance(found, Told) else next(x for x in found if isinstance(x, Told))
    steps, history = _lines(told, width)
    if rule.function is failover.conclude:
        steps = (steps[0], f"choose b with {one_line(found[0])}", *steps[1:])
    guard = found.guard if rule.result == "effect" else TRUE
    answer = found.answer if rule.result == "effect" else found[3] if rule.result == "sent" else None
    said = () if answer is None else tuple(_value_lines("", answer, told.versions, width))
    stored = tuple(layout(_current(found[1], {}), width)) if rule.result == "sent" else ()
    return Story(_guard_lines(guard, width), steps, history, said, stored)


def _meaning(f: Formula, width: int) -> list[str]:
    """A truth by case, where it is one."""
    f = _current(f, {})
    if f.op != "ite":
        return layout(f, width)
    condition, then, otherwise = f.parts
    rows = [*_if(condition, width), *(f"  {line}" for line in _meaning(then, width - 2))]
    return [*rows, "else:", *(f"  {line}" for line in _meaning(otherwise, width - 2))]


def _ops(decisions: Rules = RULES, *, guarding: bool = False) -> TellOps:
    return TellOps(_world(), decisions, guarding=guarding)


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
