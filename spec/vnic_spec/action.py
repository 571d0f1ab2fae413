"""Actions as data: the decorator that registers them, their parameters, and what one answers.

Every action has one shape: the guard, then the effect, in the order in which it happens.

    guard = o.all_of(awake(o, s, i), s.registered(i))
    t = server_gone(o, s, i)
    t = conclude(o, t, b, client_full, o.false)
    return Effect(guard, t, o.const(Rc.H_SUCCESS))

What the effect needs on its way, such as room in a queue, is said where it is needed
(:meth:`~vnic_spec.state.State.provided`) and travels with the state; :func:`carry_out` makes it a part of the guard.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, ParamSpec, TypeAlias

from vnic_spec.algebra import Ops, Term, Truth
from vnic_spec.sorts import Choice, Flag, Level, Server
from vnic_spec.state import State
from vnic_spec.vocabulary import Kind, Status, Word
from vnic_spec.wire import Rc

_P = ParamSpec("_P")

ParameterSort: TypeAlias = Flag | Choice | Server | Level

#: What each parameter name means, for every action: its sort and a phrase.
PARAMETERS: dict[str, tuple[ParameterSort, str]] = {
    "i": (Server(or_nobody=False), "the server concerned"),
    "j": (Server(or_nobody=False), "the other server concerned"),
    "b": (Server(), "the selection at the end of the step; the guard leaves only what the policy allows"),
    "full": (Flag(), "the queue that is sent to happens to be full (only one that is not empty can be)"),
    "client_full": (Flag(), "the client's queue happens to be full when an event meets it (CRQ-7)"),
    "server_full": (Flag(), "the old server's queue happens to be full when its event meets it (CRQ-7)"),
    "status": (Choice((Status.OPERATIONAL, Status.LINK_DOWN, Status.ADAPTER_ERROR)), "the status reported (MON-1)"),
    "level": (Level(), "the new priority"),
    "on": (Flag(), "the value written"),
    "to_server_kind": (Choice((Kind.INIT, Kind.INIT_COMPLETE, Kind.LOGIN, Kind.DATA)), "the element sent"),
    "to_client_kind": (Choice((Kind.INIT, Kind.INIT_COMPLETE, Kind.LOGIN_RSP, Kind.DATA)), "the element sent"),
}


class Actor(Word):
    """Who takes the step: the lane of a trace."""

    CLIENT = 0
    SERVER = 1
    CONSOLE = 2  #: an administrator
    PLATFORM = 3  #: partitions being powered, crashed, migrated
    CLOCK = 4  #: time that passes


class Effect(NamedTuple):
    """What an action does."""

    guard: Truth  #: the action is possible with these parameters, if what the state needs holds as well
    state: State  #: the state after it
    answer: Term[Rc] | None = None  #: return code of the hypervisor call, where it is one


#: What carries out an action: ``(o, state, *parameters)``.
Carrier: TypeAlias = Callable[..., Effect]


def carry_out(function: Carrier, o: Ops, s: State, *parameters: Any) -> Effect:
    """Carry out an action: the effect with the whole guard, and a state that needs nothing any more."""
    found = function(o, s, *parameters)
    if not found.state.needs:
        return found
    possible, after = reached(o, found.state)
    return Effect(o.all_of(found.guard, possible), after, found.answer)


def reached(o: Ops, t: State) -> tuple[Truth, State]:
    """Whether a state can be reached at the end of a step, and the state itself, which needs nothing any more."""
    return o.all_of(*t.needs), t.needing(())


@dataclass(frozen=True)
class Action:
    """One action of the machine."""

    name: str
    actor: Actor
    requirements: tuple[str, ...]
    sentence: str  #: who does what; first line of the function's docstring
    effect: Carrier  #: ``effect(o, state, *parameters)``; readings call it by :func:`carry_out`
    parameters: tuple[str, ...]
    module: str
    environment: bool  #: a choice of users, administrators, faults or time, which an instance may leave out
    bare: bool  #: a call as anybody may make it; a client and servers that keep to the dialogue do not

    def taken(self, o: Ops, s: State, *parameters: Any) -> Effect:
        """What the action does, with its whole guard."""
        return carry_out(self.effect, o, s, *parameters)

    def sort(self, parameter: str) -> ParameterSort:
        """What a parameter ranges over."""
        return PARAMETERS[parameter][0]


#: Every action, in the order of definition.
ACTIONS: dict[str, Action] = {}


def action(
    actor: Actor, *requirements: str, environment: bool = False, bare: bool = False
) -> Callable[[Callable[_P, Effect]], Callable[_P, Effect]]:
    """Register a function as an action of ``actor`` that implements ``requirements``."""

    def register(function: Callable[_P, Effect]) -> Callable[_P, Effect]:
        name = function.__name__
        parameters = tuple(inspect.signature(function).parameters)[2:]
        unknown = set(parameters) - set(PARAMETERS)
        if unknown or name in ACTIONS:
            raise TypeError(f"action {name}: defined twice, or its parameters {sorted(unknown)} are not in PARAMETERS")
        sentence = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
        ACTIONS[name] = Action(
            name, actor, requirements, sentence, function, parameters, function.__module__, environment, bare
        )
        return function

    return register


def show_parameter(value: Any) -> str:
    """A parameter value as a trace prints it."""
    if value is None:
        return "nobody"
    if isinstance(value, Enum):
        return value.name
    return str(value)
