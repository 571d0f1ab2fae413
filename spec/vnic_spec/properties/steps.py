"""Words about steps that several properties share."""

from __future__ import annotations

from vnic_spec.algebra import Element, Ops, Server, Truth
from vnic_spec.property import Step
from vnic_spec.selection import eligible
from vnic_spec.state import State
from vnic_spec.vocabulary import Crq, Kind

#: The ways in which a client's CRQ is registered.
REGISTERS = ("client_registers", "h_reg_crq")
#: The ways in which it is freed.
FREES = ("client_frees", "h_free_crq")
#: The ways in which a client takes an element from its queue.
CLIENT_TAKES = (
    "client_consumes",
    "client_reads_init",
    "client_reads_init_complete",
    "client_reads_login_rsp",
    "client_reads_data",
    "client_reads_failover",
    "client_reads_migrated",
)
#: The ways in which a server takes one.
SERVER_TAKES = (
    "server_consumes",
    "server_reads_init",
    "server_reads_init_complete",
    "server_reads_login",
    "server_refuses_login",
    "server_reads_data",
    "server_reads_event",
)
#: The steps that end the selection without being a switch.
ENDS = ("client_crashes", "client_migrates")


def somebody(o: Ops, server: Server) -> Truth:
    """A server, not nobody."""
    return o.ne(server, o.nobody)


def is_event(o: Ops, e: Element) -> Truth:
    """The element is an event (CRQ-1)."""
    return o.one_of(e.kind, Kind.FAILED, Kind.DEREGISTERED, Kind.MIGRATED, Kind.FAILOVER)


def some_eligible(o: Ops, s: State) -> Truth:
    """A server may be selected."""
    return o.some(lambda i: eligible(o, s, i))


def left(o: Ops, s: State, t: State) -> Truth:
    """The selected server is left, with or without a successor."""
    return o.all_of(somebody(o, s.selected), o.ne(t.selected, s.selected))


def switched(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A switch: the selected server is left while the client's CRQ is registered (and stays so)."""
    return o.all_of(left(o, s, t), o.ne(s.crq, Crq.CLOSED), o.no(step.by(o, *ENDS)))


def switched_between(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A switch from one connected server to another that is connected at once."""
    return o.all_of(switched(o, s, t, step), s.connected(s.selected), t.connected(t.selected))
