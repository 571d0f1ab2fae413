"""Misreadings of SEL: who is selected."""

from __future__ import annotations

from collections.abc import Callable

from vnic_spec import administration, failover, selection, transport
from vnic_spec.action import Effect
from vnic_spec.algebra import Ops, Server, Truth
from vnic_spec.mutation import misreading
from vnic_spec.state import State
from vnic_spec.vocabulary import Crq


def _closed_is_frozen(o: Ops, s: State, b: Server, at_once: Truth) -> Truth:
    frozen = o.all_of(o.eq(s.crq, Crq.CLOSED), o.ne(s.selected, o.nobody))
    return o.ite(frozen, o.eq(b, s.selected), selection.choice.as_written(o, s, b, at_once))


def _fills_only_when_open(o: Ops, s: State, b: Server, at_once: Truth) -> Truth:
    shut = o.all_of(o.eq(s.crq, Crq.CLOSED), s.standing, o.eq(s.selected, o.nobody))
    return o.ite(shut, o.eq(b, o.nobody), selection.choice.as_written(o, s, b, at_once))


def _waits_for_auto(o: Ops, s: State, b: Server, at_once: Truth) -> Truth:
    waits = o.all_of(s.standing, o.eq(s.selected, o.nobody), o.no(s.auto))
    return o.ite(waits, o.eq(b, o.nobody), selection.choice.as_written(o, s, b, at_once))


def _fills_before_open(o: Ops, s: State, b: Server, at_once: Truth) -> Truth:
    return selection.choice.as_written(o, s.but(standing=o.true), b, at_once)


def _tie_preempts(o: Ops, s: State) -> Truth:
    rival = o.some(
        lambda j: o.all_of(
            selection.eligible(o, s, j),
            o.ne(j, s.selected),
            selection.beats(o, s, j, s.selected),
        )
    )
    return o.all_of(s.auto, o.eq(s.pin, o.nobody), rival)


class _Reversed:
    """An order read backwards."""

    def __init__(self, order: Callable[[Server, Server], Truth]) -> None:
        self.order = order

    def __call__(self, earlier: Server, later: Server, /) -> Truth:
        return self.order(later, earlier)


def _crash_keeps_selection(o: Ops, s: State, server_full: Truth) -> Effect:
    effect = transport.client_crashes(o, s, server_full)
    return effect._replace(state=effect.state.but(selected=s.selected, pin=s.pin))


misreading(
    "closed_is_frozen",
    "SEL-8",
    "INV-3",
    "between free and register the client needs no server, so a crash of the selected one is not looked at",
    choice=_closed_is_frozen,
)
misreading(
    "fills_only_when_open",
    "SEL-8",
    "SEL-8",
    "while the CRQ is closed an empty selection stays empty",
    choice=_fills_only_when_open,
)
misreading(
    "waits_for_auto",
    "SEL-6",
    "INV-5",
    "with auto off nobody is connected by himself, not even to a client that has nobody",
    choice=_waits_for_auto,
    instance="ranking",
)
misreading(
    "fills_before_open",
    "SEL-2",
    "SEL-2",
    "SEL-8 to the letter: the selection is filled before the client has ever opened its CRQ",
    choice=_fills_before_open,
)
misreading(
    "never_preempts",
    "SEL-4",
    "INV-4",
    "a better server waits for the selected one to fail",
    preempted=lambda o, s: o.false,
)
misreading(
    "tie_preempts",
    "SEL-5",
    "FOV-1",
    "an equal that the tie rule prefers preempts",
    preempted=_tie_preempts,
    instance="ranking",
)
misreading(
    "tie_reversed",
    "SEL-5",
    "FOV-5",
    "of two equals the one added last wins",
    beats=lambda o, s, j, i: selection.beats.as_written(o, s.but(added=_Reversed(s.added)), j, i),
)
misreading(
    "reselect_at_open",
    "SEL-7",
    "SEL-7",
    "every registration selects afresh, pin or no pin",
    reopened=lambda o, s: o.nobody,
)
misreading(
    "selection_survives_power_off",
    "SEL-7",
    "SEL-7/ends",
    "the selection outlives the client's partition",
    client_crashes=_crash_keeps_selection,
)


def _auto_ends_selection(o: Ops, s: State, on: Truth, b: Server, client_full: Truth, server_full: Truth) -> Effect:
    effect = administration.sets_auto(o, s, on, b, client_full, server_full)
    empty = o.eq(effect.state.selected, o.nobody)
    return effect._replace(state=effect.state.but(standing=o.all_of(effect.state.standing, o.no(empty))))


def _connects_to_an_empty_queue(o: Ops, s: State, j: Server) -> Truth:
    return o.all_of(failover.connects.as_written(o, s, j), s.to_client.empty())


misreading(
    "auto_ends_selection",
    "SEL-7",
    "SEL-7/standing",
    "writing auto while nobody is selected ends the standing selection",
    sets_auto=_auto_ends_selection,
)
misreading(
    "connected_when_all_is_read",
    "SEL-6",
    "INV-5/path",
    "a server is connected only to a client that has read everything",
    connects=_connects_to_an_empty_queue,
)
