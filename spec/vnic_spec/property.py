"""Properties as data: what is to hold in every state, or of every step, and when that is worth something.

A property without a *witness* may hold because nothing ever happens. So each one names a step at which it is exercised, and
a test finds that step in the explored graph; and for each one :mod:`vnic_spec.mutations` names a change of the machine that
refutes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, TypeVar, overload

from vnic_spec.action import Action
from vnic_spec.algebra import Level, Ops, Server, Term, Truth
from vnic_spec.state import State
from vnic_spec.vocabulary import Kind, Status, Word
from vnic_spec.wire import Rc

_T = TypeVar("_T")


class Scope(Word):
    """Against whom a property is claimed."""

    ANYBODY = 0  #: any client and any server: a property of the hypervisor alone
    DRIVERS = 1  #: a client and servers that keep to the dialogue (CLI, SRV)


@dataclass(frozen=True)
class Step:
    """What may be asked about a step besides its two states."""

    action: str
    parameters: Mapping[str, Any]
    answer: Term[Rc]  #: None at run time where the action is no call; a law asks for the answers of calls only

    def by(self, o: Ops, *actions: str) -> Truth:
        """It is one of these actions."""
        return o.true if self.action in actions else o.false

    @overload
    def __getitem__(self, parameter: Literal["i", "j", "b"]) -> Server: ...
    @overload
    def __getitem__(self, parameter: Literal["on", "full", "client_full", "server_full"]) -> Truth: ...
    @overload
    def __getitem__(self, parameter: Literal["status"]) -> Term[Status]: ...
    @overload
    def __getitem__(self, parameter: Literal["level"]) -> Level: ...
    @overload
    def __getitem__(self, parameter: Literal["to_server_kind", "to_client_kind"]) -> Term[Kind]: ...
    def __getitem__(self, parameter: str) -> Any:
        return self.parameters[parameter]

    def get(self, parameter: str, otherwise: _T) -> _T:
        """The parameter, or ``otherwise`` for an action that has none of that name."""
        found: _T = self.parameters.get(parameter, otherwise)
        return found


StepLaw = Callable[[Ops, State, State, Step], Truth]


@dataclass(frozen=True)
class Property:
    """One property.

    Exactly one of ``of_state`` and ``of_step`` is there.
    """

    name: str  #: requirement ID, with a slug where one requirement has several properties
    requirements: tuple[str, ...]
    sentence: str
    scope: Scope
    witness: StepLaw  #: a step at which the property is exercised
    witness_sentence: str
    instance: str  #: where the witness is looked for
    of_state: Callable[[Ops, State], Truth] | None = None
    of_step: StepLaw | None = None
    actions: tuple[str, ...] = ()  #: of_step: the only actions it speaks of; none named: all

    @property
    def chapter(self) -> str:
        """The name of the module in which it is defined."""
        law = self.of_state or self.of_step
        assert law is not None
        return law.__module__

    def speaks_of(self, action: Action) -> bool:
        """A step property that says something about this action."""
        return not self.actions or action.name in self.actions


#: Every property in the order of definition.
PROPERTIES: dict[str, Property] = {}


def in_reading_order(chapters: Sequence[ModuleType]) -> None:
    """Sort the properties by chapters; within a chapter the order is that of definition."""
    names = [chapter.__name__ for chapter in chapters]
    ordered = sorted(PROPERTIES.values(), key=lambda p: names.index(p.chapter))
    PROPERTIES.clear()
    PROPERTIES.update((p.name, p) for p in ordered)


def _register(found: Property) -> None:
    if found.name in PROPERTIES:
        raise TypeError(f"property {found.name} is defined twice")
    PROPERTIES[found.name] = found


def _sentence(function: Callable[..., Truth]) -> str:
    return " ".join((function.__doc__ or "").split())


def state_property(
    name: str,
    *more: str,
    witness: tuple[str, StepLaw],
    instance: str = "core",
    scope: Scope = Scope.ANYBODY,
) -> Callable[[Callable[[Ops, State], Truth]], Callable[[Ops, State], Truth]]:
    """Register a property of every reachable state. ``more`` are further requirements it formalises."""

    def register(function: Callable[[Ops, State], Truth]) -> Callable[[Ops, State], Truth]:
        requirements = (name.split("/")[0], *more)
        _register(
            Property(
                name, requirements, _sentence(function), scope, witness[1], witness[0], instance, of_state=function
            )
        )
        return function

    return register


def step_property(
    name: str,
    *more: str,
    witness: tuple[str, StepLaw],
    instance: str = "core",
    scope: Scope = Scope.ANYBODY,
    actions: tuple[str, ...] = (),
) -> Callable[[StepLaw], StepLaw]:
    """Register a property of every step between reachable states."""

    def register(function: StepLaw) -> StepLaw:
        requirements = (name.split("/")[0], *more)
        _register(
            Property(
                name,
                requirements,
                _sentence(function),
                scope,
                witness[1],
                witness[0],
                instance,
                of_step=function,
                actions=actions,
            )
        )
        return function

    return register
