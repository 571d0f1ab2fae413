"""Steps of calls as data: what a CPU knows of the call it carries out, and the decorator that registers a step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from vnic_spec.action import Action
from vnic_spec.algebra import Ops, Server, Term, Truth
from vnic_spec.failover import Parting
from vnic_spec.state import State
from vnic_spec.vocabulary import Word
from vnic_spec.wire import Rc


class Call(NamedTuple):
    """A call as its caller makes it."""

    action: str  #: the action of the machine that it is
    parameters: tuple[tuple[str, Any], ...]  #: those that the caller decides
    words: str  #: as a trace has it
    program: str  #: the steps that carry it out

    @property
    def given(self) -> Mapping[str, Any]:
        """The parameters by name."""
        return dict(self.parameters)

    def arguments(self, action: Action, left_open: Mapping[str, Any]) -> tuple[Any, ...]:
        """What its action takes after the state; ``left_open``: the parameters that the caller does not decide."""
        values = {**left_open, **self.given}
        return tuple(values[name] for name in action.parameters)


class Frame(NamedTuple):
    """What a CPU remembers of the call that it carries out."""

    passed: Truth  #: the send was let through
    partner: Server  #: whom it goes to or comes from
    chosen: Server  #: the selection that the call will leave
    parting: Parting  #: who is left by that, and who is to hear of it
    done: Truth  #: the call has taken effect: it is the machine's step from here on
    answer: Term[Rc] | None  #: its return code, where it is done and has one


class Taken(NamedTuple):
    """What a step does."""

    guard: Truth
    state: State
    frame: Frame


class Wait(Word):
    """What a step waits for, besides its guard."""

    NOTHING = 0
    LOCK = 1  #: nobody has the lock
    LOCK_TO_REFUSE = 2  #: nobody has the lock, or the send is let through
    DRAINED = 3  #: on no other CPU a send from or to the server that is left is between its check and its leaving


class Part(Word):
    """In which calls a step is left out."""

    ALWAYS = 0  #: in none
    PASSED = 1  #: in a send that is refused
    LEAVING = 2  #: in a call by which nobody is left


#: What carries out a step: ``(o, state, call, frame)``.
Carrier: TypeAlias = Callable[[Ops, State, Call, Frame], Taken]


@dataclass(frozen=True)
class FineStep:
    """One step of a call."""

    name: str
    requirements: tuple[str, ...]
    sentence: str
    effect: Carrier
    wait: Wait
    part: Part


#: Every step by name, in the order of definition.
STEPS: dict[str, FineStep] = {}


def fine_step(*requirements: str, wait: Wait = Wait.NOTHING, part: Part = Part.ALWAYS) -> Callable[[Carrier], Carrier]:
    """Register a function as a step that serves ``requirements``."""

    def register(function: Carrier) -> Carrier:
        sentence = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
        STEPS[function.__name__] = FineStep(function.__name__, requirements, sentence, function, wait, part)
        return function

    return register
