"""The narrating reading: what an action does, as steps in the order in which they happen, for people.

The functions of the specification run over names instead of values. A rule that has words (:mod:`vnic_spec.rule`) is not looked
into where it is called: its words stand there, and it is explained once. Everything else is looked into, so nothing is
said here that the specification does not say.

Left out is what has to do with room in a queue: whether a queue is full is a parameter of the action, which can be chosen only
where something is put on a queue that is not empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, cast

from vnic_model.formula import (
    FALSE,
    TRUE,
    Formula,
    Name,
    PrintOps,
    atom,
    conjunction,
    disjunction,
    layout,
    negation,
    one_line,
)
from vnic_model.narration import Cases, Do, Move, Told, current, shown
from vnic_model.narration_text import guard_lines, meaning_lines, step_lines, value_lines
from vnic_spec import failover, selection
from vnic_spec.action import Action, Effect
from vnic_spec.algebra import Element
from vnic_spec.catalogue import RULES
from vnic_spec.rule import AS_WRITTEN, WRITTEN, Replacements, Rule
from vnic_spec.state import VARIABLES, State
from vnic_spec.transport import Called, Sent, Taken

#: The rules that have words, in the order in which they are explained.
RULES_IN_WORDS: Mapping[str, Rule[..., Any]] = {name: rule for name, rule in RULES.items() if rule.words}


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
        if shown(then) == shown(otherwise):
            return then
        text = f"(if {one_line(condition)} then {shown(then)} else {shown(otherwise)})"
        return Cases(text, condition, then, otherwise)

    def eq(self, one: Any, other: Any) -> Formula:
        """Equality; of something that is one of two, by case."""
        if isinstance(one, Cases):
            yes = conjunction((one.condition, self.eq(one.then, other)))
            return disjunction((yes, conjunction((negation(one.condition), self.eq(one.otherwise, other)))))
        return TRUE if shown(one) == shown(other) else super().eq(one, other)

    def const(self, found: Any) -> Name:
        """A member of a vocabulary, or a name standing for one."""
        return found if isinstance(found, Name) else Name(found.name)


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
            return atom(words.format(*map(shown, given)), rule.contrary.format(*map(shown, given)))
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
    words = rule.words.format(*map(shown, arguments))
    given = dict(zip(parameters_of(rule), arguments, strict=False))
    return f"{words} at once" if given.get("at_once") == TRUE else words


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
    steps, history = step_lines(cast("Any", effect.state), width)
    versions = cast("Any", effect.state).versions
    answer = () if effect.answer is None else tuple(value_lines("", effect.answer, versions, width))
    guard = conjunction((cast("Any", possible.guard), *cast("Any", possible.state).needs))
    return Story(guard_lines(guard, width), steps, history, answer)


def _run(action: Action, o: TellOps, *, full: bool) -> Effect:
    return action.effect(o, _start(), *_arguments(action.parameters, full=full))


def changed_by(action: Action) -> frozenset[str]:
    """The variables that an action may change."""
    told: Any = _run(action, TellOps(), full=True).state
    return frozenset(name for name, version in told.versions.items() if version)


def story_of_rule(rule: Rule[..., Any], width: int, replaced: Replacements = AS_WRITTEN) -> Story:
    """A rule in words; with rules replaced: a misreading of it."""
    o: Any = TellOps(replaced)
    function: Any = replaced.get(rule.name, rule.function)
    arguments = _arguments(parameters_of(rule), full=True)
    found: Any = function(o, _start(), *arguments)
    if is_statement(rule):
        return Story(tuple(meaning_lines(found, width)), (), (), ())
    told: Any = found if isinstance(found, Told) else found.state
    steps, history = step_lines(told, width)
    if rule is failover.conclude:
        steps = (steps[0], f"choose b with {one_line(told.needs[0])}", *steps[1:])
    guard = conjunction(told.needs) if isinstance(found, Called) else TRUE
    answer = found.answer if isinstance(found, Called | Sent) else None
    said = () if answer is None else tuple(value_lines("", answer, told.versions, width))
    stored = tuple(layout(current(found.stored, {}), width)) if isinstance(found, Sent) else ()
    return Story(guard_lines(guard, width), steps, history, said, stored)
