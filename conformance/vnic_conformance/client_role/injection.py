"""Injection at the n-th call: any event inside any hypervisor call of any procedure, as a step like any other.

A procedure is something that a client does on its own or for its user (open, failover, migration ...). An injection is an
event, and the number of the call of that procedure in which it happens: the client stands in the call, the event is there,
then the call is answered. :func:`play` plays a procedure with any number of injections, and then lets all be well for as
long as the client claims to need; the monitor judges (CLI-21 and the rest).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

from vnic_conformance.client_role.deviations import Deviation
from vnic_conformance.client_role.happenings import Called
from vnic_conformance.client_role.legal_ways import MAY_BE_BUSY
from vnic_conformance.client_role.partner import Partner
from vnic_spec.layouts import command_element
from vnic_spec.wire import INIT, INIT_COMPLETE, Command, Event, Hcall, Rc

#: How long a procedure may take in ms of virtual time until its calls are counted.
SPAN_MS: Final = 3_000
#: How long nobody is eligible after event 08 without a successor, in ms.
OUTAGE_MS: Final = 5_000
#: The same, for longer than any patience of a driver.
LONG_OUTAGE_MS: Final = 1_800_000
_FATAL: Final = 0x80

#: Makes an event happen inside a call; True: it has. One that waits for the next answer tells when it has happened.
Happen = Callable[[Partner, Called], object]


def told_inside(event: str) -> str:
    """How it is told that an event has happened that was injected into a call (:class:`~.happenings.Happened`)."""
    return f"{event} inside a call"


@dataclass(frozen=True, slots=True)
class Injection:
    """An event (a name of :data:`EVENTS`) inside the n-th call of a procedure, counted from 1."""

    call: int
    event: str

    def __str__(self) -> str:
        return f"{self.event} inside call {self.call}"


@dataclass(frozen=True, slots=True)
class Procedure:
    """Something that a client does.

    Attributes:
        name: how it is asked for.
        opened: whether the device is open, with its link up, before it begins.
        begin: makes it begin.
    """

    name: str
    opened: bool
    begin: Callable[[Partner], None]


@dataclass(frozen=True, slots=True)
class Played:
    """What a play came to.

    Attributes:
        calls: calls of the procedure.
        reached: the injections that happened; a procedure may be over before its n-th call.
        codes: the opcodes of its calls, in order.
    """

    calls: int
    reached: tuple[Injection, ...]
    codes: tuple[int, ...]


def _event(code: int) -> Happen:
    return lambda partner, called: partner.platform.partner_gone(code)


def _user(action: str, **arguments: str | int) -> Happen:
    return lambda partner, called: partner.user(action, **arguments) is not None


def _lost(partner: Partner, called: Called) -> None:
    """The next answer of a server is lost."""
    name = told_inside("lost_answer")
    partner.deviate(Deviation(name, "CLI-7", True, "An answer is lost.", answer=lambda asked, right: []))


def _doubled(partner: Partner, called: Called) -> None:
    """The next answer of a server comes twice."""
    name = told_inside("doubled_answer")
    partner.deviate(Deviation(name, "CLI-15", False, "An answer twice.", answer=lambda asked, right: [(0, right)] * 2))


#: Events that answer the call in which they happen instead of its being carried out: the code, and the calls that may have it.
CODES: Final[Mapping[str, tuple[int, tuple[int, ...]]]] = MappingProxyType(
    {
        "busy": (Rc.H_BUSY, MAY_BE_BUSY),
        "long_busy": (Rc.H_LONG_BUSY_100_S, MAY_BE_BUSY),
        "resource": (Rc.H_RESOURCE, (Hcall.H_REG_CRQ, Hcall.H_REG_SUB_CRQ)),
        "closed": (Rc.H_CLOSED, (Hcall.H_SEND_CRQ,)),
        "dropped": (Rc.H_DROPPED, (Hcall.H_SEND_CRQ, Hcall.H_SEND_SUB_CRQ, Hcall.H_SEND_SUB_CRQ_INDIRECT)),
    }
)


def may_happen_in(event: str, opcode: int) -> bool:
    """Whether an event can happen inside a call."""
    return event not in CODES or opcode in CODES[event][1]


def _answered(event: str) -> Happen:
    """The call itself is answered with a code, if it may be."""
    rc, opcodes = CODES[event]

    def happen(partner: Partner, called: Called) -> None:
        if called.opcode in opcodes:
            partner.deviate(Deviation(told_inside(event), "CLI-14", True, f"{rc}", call=lambda op, args: (rc,)))

    return happen


def _says(element: bytes) -> Happen:
    return lambda partner, called: partner.server_says(element)


#: Every event that can happen inside a call, by name.
EVENTS: Final[Mapping[str, Happen]] = MappingProxyType(
    {
        "failover": lambda partner, called: partner.failover(),
        "outage": lambda partner, called: partner.outage(OUTAGE_MS),
        "migrated": lambda partner, called: partner.platform.migrate(),
        "partner_failed": _event(Event.PARTNER_FAILED),
        "partner_deregistered": _event(Event.PARTNER_DEREGISTERED),
        "unknown_event": _event(0x55),
        "init": lambda partner, called: partner.server_init(),
        "stray_init": _says(INIT),
        "error_fatal": _says(command_element(Command.ERROR_INDICATION, flags=_FATAL, cause=1)),
        "error": _says(command_element(Command.ERROR_INDICATION, cause=1)),
        "link_flaps": lambda partner, called: partner.link_flaps(1_000),
        "noise": _says(bytes((0x80, 0xFE)) + bytes(14)),
        "lost_answer": _lost,
        "doubled_answer": _doubled,
        **{event: _answered(event) for event in CODES},
        "removal": _user("remove"),
        "close": _user("close"),
        "open": _user("open"),
        "complaint": _user("complain"),
        "mtu": _user("mtu", value=4000),
        "multicast": _user("multicast", list="01005e000001"),
    }
)

#: Codes of events that are reserved, or are for others (protocol.md 1.2): a full re-initialisation each (CLI-3).
RARE_CODES: Final = (0x00, 0x03, 0x04, 0x05, 0x07, 0x09, 0x0A, 0x0B, 0xFF)
#: Elements that change nothing whenever they come (CLI-15), by name.
NOISE: Final[Mapping[str, bytes]] = MappingProxyType(
    {
        "reserved_header_81": bytes((0x81, 1)) + bytes(14),
        "reserved_header_fe": bytes((0xFE, 8)) + bytes(14),
        "init_of_format_00": bytes((0xC0, 0)) + bytes(14),
        "init_of_format_03": bytes((0xC0, 3)) + bytes(14),
        "init_of_format_ff": bytes((0xC0, 0xFF)) + bytes(14),
        "stray_init_complete": INIT_COMPLETE,
    }
)
#: Events that stories make happen, and that no tour takes through every procedure.
RARE: Final[Mapping[str, Happen]] = MappingProxyType(
    {
        **{f"event_{code:02x}": _event(code) for code in RARE_CODES},
        **{name: _says(element) for name, element in NOISE.items()},
        "long_outage": lambda partner, called: partner.outage(LONG_OUTAGE_MS),
        "queues_wrap": lambda partner, called: partner.wrap(),
        "queue_half": lambda partner, called: partner.half(),
    }
)
#: Every event there is, by name.
EVERY_EVENT: Final[Mapping[str, Happen]] = MappingProxyType({**EVENTS, **RARE})


def _asks(action: str, **arguments: str | int) -> Callable[[Partner], None]:
    def begin(partner: Partner) -> None:
        partner.user(action, **arguments)

    return begin


def _reopen(partner: Partner) -> None:
    partner.user("close")
    partner.run(10)
    partner.user("open")


#: Every procedure by name.
PROCEDURES: Final[Mapping[str, Procedure]] = MappingProxyType(
    {
        procedure.name: procedure
        for procedure in (
            Procedure("open", False, _asks("open")),
            Procedure("failover", True, lambda partner: partner.happen("failover", partner.failover)),
            Procedure("migration", True, lambda partner: partner.happen("migration", partner.platform.migrate)),
            Procedure("complaint", True, _asks("complain")),
            Procedure("reopen", True, _reopen),
            Procedure("removal", True, _asks("remove")),
            Procedure("mtu", True, _asks("mtu", value=9000)),
        )
    }
)


def prepare(partner: Partner, procedure: Procedure) -> None:
    """Bring a fresh client to where the procedure begins.

    Raises:
        RuntimeError: its link does not come up, with hypervisor and servers doing all rightly.
    """
    partner.user("add")
    partner.run(10)
    if procedure.opened:
        partner.user("open")
        if not partner.until(lambda: partner.link, SPAN_MS):
            raise RuntimeError("the link does not come up, so that nothing can be tried on it")


def play(partner: Partner, procedure: Procedure, injections: Sequence[Injection] = (), well_ms: int = 0) -> Played:
    """Play a procedure on a client that is where it begins, with injections; then let all be well.

    Args:
        partner: of a client that :func:`prepare` has prepared.
        procedure: what it does.
        injections: events inside its calls.
        well_ms: how long all is well afterwards; as long as the client claims to need makes CLI-21 judge.

    Raises:
        LivelockError: the client calls for ever while time stands still.
    """
    before = partner.calls
    codes: list[int] = []
    reached: list[Injection] = []

    def inside(number: int, called: Called) -> None:
        codes.append(called.opcode)
        for injection in injections:
            if injection.call == number - before:
                reached.append(injection)
                act = partial(EVENTS[injection.event], partner, called)
                partner.happen(str(injection), act, told_inside(injection.event))

    partner.inside.append(inside)
    try:
        procedure.begin(partner)
        partner.run(SPAN_MS)
    finally:
        partner.inside.remove(inside)
    calls = partner.calls - before
    partner.run(OUTAGE_MS)
    partner.straight()
    partner.run(well_ms)
    return Played(calls, tuple(reached), tuple(codes[:calls]))
