"""What tours are to reach: every action with every answer and every effect on the selection, and every property's witness.

A goal is a kind of step of the machine. Its name is a case ID, ``REQ-ID/slug``: it says what happens, so it stays what it is
when goals are added or tours change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from vnic_model.direct import DirectMap, DirectQueue
from vnic_spec.action import Action
from vnic_spec.algebra import Ops, Truth
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Property, Scope, Step, StepLaw
from vnic_spec.state import State
from vnic_spec.vocabulary import Crq, Kind
from vnic_spec.wire import Rc

#: Parameters that say that a queue happens to be full.
FULL = ("full", "client_full", "server_full")

#: Properties of the hypervisor whose witness no sequence of these calls can be, and why.
OUT_OF_REACH = {
    "INV-7": "whether there is a grant only an attempt tells; scripts make them (EXERCISED_BY)",
    "FOV-10/memory": "grants are made by sub-CRQ and DMA calls, which have cases of their own",
    "FOV-10/hung": "its witness is a driver that hung and comes back; here servers keep to no protocol",
}


def claimed() -> tuple[Property, ...]:
    """The properties of the hypervisor alone."""
    return tuple(p for p in PROPERTIES.values() if p.scope is Scope.ANYBODY)


def witness_case(p: Property) -> str:
    """The case ID of the step at which a property is exercised."""
    law = p.of_state or p.of_step
    assert law is not None
    return f"{p.name.split('/')[0]}/{law.__name__.replace('_', '-')}"


def _first_is(o: Ops, s: State, kind: Kind) -> Truth:
    is_kind = lambda e: o.eq(e.kind, kind)  # noqa: E731
    return o.all_of(o.no(s.to_client.empty()), s.to_client.first(is_kind))


def _drivers_steps(o: Ops, s: State, step: Step) -> Iterator[tuple[Truth, Step]]:
    """The step, and the drivers' steps that it is under a condition: witnesses speak of those too."""
    yield o.true, step
    if step.action == "client_consumes":
        yield _first_is(o, s, Kind.FAILOVER), replace(step, action="client_reads_failover")
        yield _first_is(o, s, Kind.MIGRATED), replace(step, action="client_reads_migrated")


def witness_law(p: Property) -> StepLaw:
    """The step exercises the property, whether drivers take it or anybody."""

    def law(o: Ops, s: State, t: State, step: Step) -> Truth:
        return o.any_of(
            *(
                o.all_of(condition, p.witness(o, s, t, taken))
                for condition, taken in _drivers_steps(o, s, step)
                if not p.actions or taken.action in p.actions
            )
        )

    return law


def unmet(law: StepLaw) -> StepLaw:
    """The law as a search takes it: it stops where a watched law does not hold."""
    return lambda o, s, t, step: o.no(law(o, s, t, step))


#: The variables that goals see.
VIEWED = ("crq", "selected", "pin", "auto", "connected", "to_client")


class View(NamedTuple):
    """As much of a state as tells steps apart."""

    crq: object
    selected: object
    pinned: bool
    auto: bool
    connected: tuple[object, ...]
    newest: str  #: what the client's queue ends with


def view_of(s: State) -> View:
    """What goals see of a state."""
    assert isinstance(s.connected, DirectMap)
    assert isinstance(s.to_client, DirectQueue)
    last = s.to_client.items[-1].kind if s.to_client.items else None
    newest = {Kind.FAILOVER: "over_08", Kind.MIGRATED: "over_06"}.get(last, "over_element")  # type: ignore[call-overload]
    return View(s.crq, s.selected, s.pin is not None, bool(s.auto), s.connected.values, newest)


@cache
def case_of(action: Action, full: tuple[str, ...], answer: Rc | None, before: View, after: View) -> str:
    """The case ID of a step, by what it does; ``full`` names the parameters that say that a queue is full.

    Where an event meets a full queue, what it does to the queue is what matters (CRQ-7), not what else happens.
    """
    events = tuple(name for name in full if name != "full")
    if events:
        over = (before.newest,) if "client_full" in events else ()
        return _slug("CRQ-7", (action.name, *events, *over))
    words = "" if answer is None else answer.name.removeprefix("H_").lower()
    effects = (*_selection(before, after), *_connection(before, after))
    return _slug(action.requirements[0], (action.name, *filter(None, [words]), *effects))


def _slug(requirement: str, words: tuple[str, ...]) -> str:
    return f"{requirement}/{'-'.join(words).replace('_', '-')}"


def full_of(action: Action, parameters: tuple[object, ...]) -> tuple[str, ...]:
    """The parameters of a step that say that a queue is full."""
    return tuple(n for n, v in zip(action.parameters, parameters, strict=True) if n in FULL and v is True)


def _selection(s: View, t: View) -> Iterator[str]:
    if s.selected != t.selected:
        if s.selected is None:
            yield "selects_while_closed" if t.crq is Crq.CLOSED else "selects"
        elif t.selected is None:
            yield "empties" if s.crq is Crq.CLOSED else "loses"
        else:
            yield "moves" if s.crq is Crq.CLOSED else "switches"
        if s.pinned:
            yield "from_pinned"
        if not s.auto and not t.auto:
            yield "with_auto_off"


def _connection(s: View, t: View) -> Iterator[str]:
    pairs = tuple(zip(s.connected, t.connected, strict=True))
    if any(after and not before for before, after in pairs):
        yield "connects"
    if any(before and not after for before, after in pairs):
        yield "severs"
