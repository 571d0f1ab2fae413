"""The machine in words and bytes: who acts, what is sent, how a value prints, what an element is on the wire.

Everything a trace or a report says about one step comes from here, so that text, JSON and later renderings agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from vnic_spec import wire
from vnic_spec.action import Action, Actor
from vnic_spec.vocabulary import Kind

#: What an action is called in a trace: a subject, a verb and the call, with its parameters filled in.
PHRASES: Mapping[str, str] = {
    "adds_server": "administrator adds server {i} with priority level {level}",
    "removes_server": "administrator removes server {i}",
    "removes_last_server": "administrator tries to remove server {i}, the last one: refused",
    "sets_priority": "administrator sets the priority level of server {i} to {level}",
    "sets_auto": "administrator writes auto_priority_failover = {on}",
    "activates_server": "administrator activates server {i}",
    "activation_refused": "administrator tries to activate server {i}: refused",
    "server_registers": "server {i} registers its CRQ half (H_REG_CRQ)",
    "server_registers_again": "server {i} registers its CRQ half a second time (H_REG_CRQ)",
    "server_frees_idle": "server {i} frees a CRQ half that is not registered (H_FREE_CRQ)",
    "server_frees": "server {i} frees its CRQ half (H_FREE_CRQ)",
    "h_reg_crq": "client registers its CRQ (H_REG_CRQ)",
    "h_reg_crq_again": "client registers its CRQ a second time (H_REG_CRQ)",
    "h_free_crq": "client frees its CRQ (H_FREE_CRQ)",
    "h_send_crq_to_server": "client sends {to_server_kind} (H_SEND_CRQ)",
    "client_consumes": "client clears the first element of its queue",
    "h_enable_crq": "client enables its CRQ (H_ENABLE_CRQ)",
    "h_enable_crq_idle": "client enables a CRQ that is not disabled (H_ENABLE_CRQ)",
    "h_send_crq_to_client": "server {i} sends {to_client_kind} (H_SEND_CRQ)",
    "server_consumes": "server {i} clears the first element of its queue",
    "client_crashes": "the client's partition goes down",
    "client_boots": "the client's partition comes up",
    "client_migrates": "the client's partition migrates",
    "server_crashes": "the partition of server {i} goes down",
    "server_boots": "the partition of server {i} comes up",
    "server_hangs": "server {i} hangs, believing what it believes",
    "server_resumes": "server {i} goes on where it hung",
    "hold_expires": "server {i} has kept the client held beyond hold_limit",
    "gap_ends": "the gap after the last session with server {i} is over",
    "client_registers": "client registers its CRQ (H_REG_CRQ)",
    "client_frees": "client frees its CRQ (H_FREE_CRQ)",
    "client_enables": "client enables its CRQ (H_ENABLE_CRQ)",
    "client_sends_init": "client sends INIT (H_SEND_CRQ)",
    "client_sends_login": "client sends LOGIN (H_SEND_CRQ)",
    "client_sends_data": "client sends a command (H_SEND_CRQ)",
    "client_times_out": "client gives up waiting for an answer",
    "user_changes_wish": "the user opens or closes the device",
    "client_reads_init": "client reads INIT",
    "client_reads_init_complete": "client reads INIT_COMPLETE",
    "client_reads_login_rsp": "client reads the login response",
    "client_reads_data": "client reads a command or response",
    "client_reads_failover": "client reads event 08",
    "client_reads_migrated": "client reads event 06",
    "server_polls": "server {i} sees its active flag risen (H_VIOCTL 0x1B)",
    "server_sends_init": "server {i}, active as it believes, sends INIT (H_SEND_CRQ)",
    "server_reads_init": "server {i} reads INIT and answers (H_SEND_CRQ)",
    "server_reads_init_complete": "server {i} reads INIT_COMPLETE",
    "server_reads_login": "server {i} reads the login request and answers (H_SEND_CRQ)",
    "server_refuses_login": "server {i} reads a login request outside its dialogue and refuses it",
    "server_reads_data": "server {i} reads a command",
    "server_reads_event": "server {i} reads an event",
    "server_sends_data": "server {i}, logged in as it believes, sends a command (H_SEND_CRQ)",
    "server_uses_grant": "server {i} uses the client's sub-CRQ or memory",
    "server_reports": "server {i} reports {status} (H_VIOCTL 0x18)",
    "server_reports_unlisted": "server {i} reports though it may not (H_VIOCTL 0x18)",
    "report_expires": "no report of server {i} has come in time",
    "reports_expire_together": "reports of server {i} and server {j} have been due by one and the same time",
    "delay_ends": "preempt_delay is over",
    "client_takes_token": "client asks for the session token (H_VIOCTL 0x19)",
    "client_complains": "client complains about its server (H_VIOCTL 0x1A)",
    "client_complains_alone": "client complains, nobody else can serve (H_VIOCTL 0x1A)",
    "client_complains_late": "client complains with an old token (H_VIOCTL 0x1A)",
}

#: What an action tries to send: the kind, or the parameter that says it. It shows what a refused send was about.
SENDS: Mapping[str, Kind | str] = {
    "h_send_crq_to_server": "to_server_kind",
    "h_send_crq_to_client": "to_client_kind",
    "client_sends_init": Kind.INIT,
    "client_sends_login": Kind.LOGIN,
    "client_sends_data": Kind.DATA,
    "server_sends_init": Kind.INIT,
    "server_reads_init": Kind.INIT_COMPLETE,
    "server_reads_login": Kind.LOGIN_RSP,
    "server_sends_data": Kind.DATA,
}

_WIRE: Mapping[Kind, bytes] = {
    Kind.INIT: wire.INIT,
    Kind.INIT_COMPLETE: wire.INIT_COMPLETE,
    Kind.LOGIN: wire.element(wire.Header.COMMAND, wire.Command.LOGIN),
    Kind.LOGIN_RSP: wire.element(wire.Header.COMMAND, wire.response_to(wire.Command.LOGIN)),
    Kind.DATA: wire.element(wire.Header.COMMAND),
    Kind.FAILED: wire.event_element(wire.Event.PARTNER_FAILED),
    Kind.DEREGISTERED: wire.event_element(wire.Event.PARTNER_DEREGISTERED),
    Kind.MIGRATED: wire.event_element(wire.Event.MIGRATED),
    Kind.FAILOVER: wire.event_element(wire.Event.DEVICE_FAILOVER),
}
EVENTS = (Kind.FAILED, Kind.DEREGISTERED, Kind.MIGRATED, Kind.FAILOVER)
#: Elements of which the machine knows only the first bytes.
PARTIAL = (Kind.LOGIN, Kind.LOGIN_RSP, Kind.DATA)

CLIENT, HYPERVISOR = "client", "hypervisor"


def server(number: int | None) -> str:
    """A server as text names it."""
    return "nobody" if number is None else f"server {number}"


def element_bytes(kind: Kind) -> bytes:
    """The 16 bytes of an element; zeros where the machine does not know what they are."""
    return _WIRE[kind]


def element_name(kind: Kind) -> str:
    """An element as text names it: ``INIT``, ``EVENT 08 FAILOVER``."""
    return f"EVENT {_WIRE[kind][1]:02X} {kind.name}" if kind in EVENTS else kind.name


def hex_groups(hexadecimal: str) -> str:
    """Hexadecimal digits in groups of four bytes, as a memory dump has them."""
    return " ".join(hexadecimal[at : at + 8] for at in range(0, len(hexadecimal), 8))


def value(found: object) -> str:
    """A value of a state or a parameter as text prints it."""
    if found is True or found is False:
        return "yes" if found else "no"
    return found.name if isinstance(found, Enum) else str(found)


def phrase(action: str, parameters: Mapping[str, object]) -> str:
    """What happens in a step, in a few words."""
    return PHRASES[action].format(**{name: value(found) for name, found in parameters.items()})


def lane(action: Action, parameters: Mapping[str, object]) -> str:
    """Who acts: ``console``, ``platform``, ``clock``, ``client``, or a server such as ``server 0``."""
    if action.actor is Actor.SERVER:
        number = parameters["i"]
        assert isinstance(number, int)
        return server(number)
    return action.actor.name.lower()
