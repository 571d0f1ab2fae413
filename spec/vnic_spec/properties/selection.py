"""SEL: who is selected."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.profile import Reopen
from vnic_spec.properties.steps import FREES, REGISTERS, some_eligible, somebody
from vnic_spec.properties.terms import best
from vnic_spec.property import Step, state_property, step_property
from vnic_spec.state import State
from vnic_spec.vocabulary import ClientPhase, Crq


def _first_open(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(o.no(s.standing), somebody(o, t.selected), step.by(o, *REGISTERS))


@step_property(
    "SEL-2",
    actions=(*REGISTERS, "client_enables", "h_enable_crq"),
    instance="ranking",
    witness=("the client opens its CRQ for the first time and a server is selected", _first_open),
)
def opening_selects_the_best(o: Ops, s: State, t: State, step: Step) -> Truth:
    """When the client opens its CRQ and no standing selection exists, a best eligible server is selected."""
    return o.implies(o.no(s.standing), best(o, t, t.selected))


def _reopens(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, *REGISTERS), somebody(o, s.pin), s.standing)


@step_property(
    "SEL-7",
    "SRV-2",
    actions=(*REGISTERS, *FREES),
    instance="admin",
    witness=("the client registers again while a server is pinned", _reopens),
)
def selection_survives_reopening(o: Ops, s: State, t: State, step: Step) -> Truth:
    """Freeing and registering the client's CRQ leaves a standing selection and its pin as they are."""
    same = o.all_of(o.eq(t.selected, s.selected), o.eq(t.pin, s.pin))
    keeps = o.all_of(s.standing, somebody(o, s.selected), o.eq(o.profile.reopen, Reopen.KEEP))
    return o.implies(keeps, same)


def _powered_off(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(step.by(o, "client_crashes"), somebody(o, s.selected))


@state_property("SEL-7/ends", "CRQ-8", witness=("the client's partition goes off with a server selected", _powered_off))
def selection_ends_with_the_client(o: Ops, s: State) -> Truth:
    """Nobody is selected or pinned unless a standing selection exists, and one does while the client's CRQ is open; the CRQ of a
    client whose partition is off is closed."""
    return o.all_of(
        o.any_of(s.standing, o.all_of(o.eq(s.selected, o.nobody), o.eq(s.pin, o.nobody))),
        o.implies(o.eq(s.crq, Crq.OPEN), s.standing),
        o.implies(o.eq(s.phase, ClientPhase.OFF), o.eq(s.crq, Crq.CLOSED)),
    )


def _filled_while_closed(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(
        s.standing,
        o.eq(s.crq, Crq.CLOSED),
        o.eq(t.crq, Crq.CLOSED),
        o.eq(s.selected, o.nobody),
        somebody(o, t.selected),
    )


@state_property(
    "SEL-8",
    "SEL-6",
    instance="ranking",
    witness=("a selection is filled while the CRQ is closed", _filled_while_closed),
)
def standing_selection_is_filled(o: Ops, s: State) -> Truth:
    """While a standing selection exists, CRQ open or closed, somebody is selected if anybody is eligible."""
    return o.implies(o.all_of(s.standing, some_eligible(o, s)), somebody(o, s.selected))
