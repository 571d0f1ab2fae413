"""Words about steps that several properties share."""

from __future__ import annotations

from vnic_spec.algebra import Element, Ops, Queue, Server, Term, Truth
from vnic_spec.comparison import same_queue
from vnic_spec.properties.terms import eligible
from vnic_spec.property import Step
from vnic_spec.state import State
from vnic_spec.vocabulary import Crq, Kind

#: The ways in which a client's CRQ is registered.
REGISTERS = ("client_registers", "h_reg_crq")
#: The ways in which it is freed.
FREES = ("client_frees", "h_free_crq")
#: The ways in which one that a migration has disabled is enabled.
ENABLES = ("client_enables", "h_enable_crq")
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
#: The ways in which a client sends an element; what :data:`CLIENT_TAKES` names may send INIT_COMPLETE besides.
CLIENT_SENDS = ("client_sends_init", "client_sends_login", "client_sends_data", "h_send_crq_to_server")
#: The ways in which a server sends one, and what; the bare call sends any kind.
SERVER_SENDS = (
    "server_sends_init",
    "server_reads_init",
    "server_reads_login",
    "server_sends_data",
    "h_send_crq_to_client",
)
_SENT = {
    "client_sends_init": Kind.INIT,
    "client_sends_login": Kind.LOGIN,
    "client_sends_data": Kind.DATA,
    "server_sends_init": Kind.INIT,
    "server_reads_init": Kind.INIT_COMPLETE,
    "server_reads_login": Kind.LOGIN_RSP,
    "server_sends_data": Kind.DATA,
}
#: What a server does that takes an element only if its answer to it can be stored.
TAKES_IF_ANSWERED = ("server_reads_init", "server_reads_login")
#: Its own half of the CRQ comes or goes.
HALF_OF_A_SERVER = ("server_registers", "server_frees", "server_crashes")
#: The steps at whose end it is settled who is selected: MON-5 first, then the choice.
CONCLUDES = (
    *("client_registers", "h_reg_crq", "client_enables", "h_enable_crq"),
    *("server_registers", "server_frees", "server_crashes", "server_reports", "server_consumes", "server_reads_event"),
    *("report_expires", "reports_expire_together", "hold_expires", "delay_ends"),
    *("adds_server", "removes_server", "sets_priority", "sets_auto"),
    *("client_complains", "client_complains_alone", "client_complains_late"),
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


def kind_sent(o: Ops, step: Step) -> Term[Kind]:
    """What a step of :data:`CLIENT_SENDS` or :data:`SERVER_SENDS` sends."""
    if step.action == "h_send_crq_to_server":
        return step["to_server_kind"]
    if step.action == "h_send_crq_to_client":
        return step["to_client_kind"]
    return o.const(_SENT[step.action])


def told(o: Ops, s: State, t: State, k: Server) -> Truth:
    """The session of ``k`` ends in this step, and it is still there to be told (CRQ-4, FOV-2)."""
    return o.all_of(s.connected(k), o.no(t.connected(k)), t.registered(k))


def grown(o: Ops, now: Queue, before: Queue, element: Element) -> Truth:
    """The queue is what it was, and ``element`` behind it: once, and nothing else."""
    room, longer = before.push(element)
    return o.all_of(room, same_queue(o, now, longer))


def left(o: Ops, s: State, t: State) -> Truth:
    """The selected server is left, with or without a successor."""
    return o.all_of(somebody(o, s.selected), o.ne(t.selected, s.selected))


def switched(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A switch: the selected server is left while the client's CRQ is registered (and stays so)."""
    return o.all_of(left(o, s, t), o.ne(s.crq, Crq.CLOSED), o.no(step.by(o, *ENDS)))


def switched_between(o: Ops, s: State, t: State, step: Step) -> Truth:
    """A switch from one connected server to another that is connected at once."""
    return o.all_of(switched(o, s, t, step), s.connected(s.selected), t.connected(t.selected))
