"""What the kit may do next, with weights that keep a run interesting.

A menu is made from one state that the implementation may be in. It offers every stimulus of the role; what would be without
effect is offered rarely, what moves the system is offered often. Offers come in *families*, one for each thing that a partner
can do; what is free in a stimulus (a payload, a priority) is drawn only when it is chosen. How a choice is made is the
caller's: a seeded generator, or Hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

from vnic_conformance.oracle import Possibility
from vnic_conformance.stimulus import CLIENT, CONSOLE, PLATFORM, TOKEN_BEFORE, TOKEN_LATEST, Stimulus, advance, server
from vnic_model.direct import DirectQueue
from vnic_spec.vocabulary import ClientPhase, Crq, Status
from vnic_spec.wire import PAGE_BYTES, Vioctl

_T = TypeVar("_T")

#: Intervals that servers announce, in ms: far enough apart that windows rarely overlap.
INTERVALS = (100, 1_000, 5_000)
#: Steps of the clock, in ms: inside an interval, at its end, inside the window, beyond it.
ADVANCES = (1, 50, 100, 101, 250, 301, 999, 1_500, 4_000, 20_000)
PRIORITIES = (1, 9, 50, 100)
BAD_PRIORITIES = (0, 101, -1)
#: First two bytes of elements that a partner may send; and of some that must be refused (CRQ-3).
HEADERS = ("c001", "c002", "8004", "8084", "8012", "80ff", "c100", "9000")
BAD_HEADERS = ("0001", "7f01", "ff08", "ff01", "0180")
#: Address and length of queues that must be refused (CRQ-2).
BAD_QUEUES = ((0, 0), (0, 100), (16, PAGE_BYTES), (0, 1 << 40), (1 << 40, PAGE_BYTES))
#: A filler: plain data, which the machine does not look into.
FILLER = "8012"
STATUSES = (1, 1, 1, 1, 2, 3)
_SILENT = (Status.POWERED_OFF, Status.UNRESPONSIVE)


class Draw(Protocol):
    """How a choice is made."""

    def choice(self, options: Sequence[_T]) -> _T:
        """One of the options."""

    def bytes(self, count: int) -> bytes:
        """Arbitrary bytes."""


class Offer(NamedTuple):
    """A stimulus that may come next, and how often it should be chosen, relative to the others."""

    weight: float
    family: str
    make: Callable[[Draw], Stimulus]  #: draws what is free in it


def element(draw: Draw, headers: Sequence[str] = HEADERS) -> str:
    """16 bytes in hex with one of these headers and an arbitrary payload (CRQ-10)."""
    return draw.choice(headers) + draw.bytes(14).hex()


def menu(p: Possibility, servers: int) -> list[Offer]:
    """Everything that may be done next."""
    return [*_client(p), *_servers(p, servers), *_console(p, servers), *_platform(p, servers)]


def can_act(p: Possibility, stimulus: Stimulus) -> bool:
    """Whoever makes a call has to run: a partition that is off makes none, so that the specification says nothing about it."""
    if stimulus.who == CLIENT:
        return p.state.phase is not ClientPhase.OFF
    if stimulus.who.startswith("server"):
        return bool(p.state.powered(int(stimulus.who.removeprefix("server"))))
    return True


def vioctl(who: str, sub: Vioctl, p1: int | str = 0, p2: int = 0, p3: int = 0) -> Stimulus:
    """H_VIOCTL."""
    return Stimulus.of(who, "vioctl", sub=sub.value, p1=p1, p2=p2, p3=p3)


def report(who: str, status: int, interval_ms: int, unused: int = 0) -> Stimulus:
    """A server's report (MON-1)."""
    return vioctl(who, Vioctl.VNIC_SERVER_STATUS, status, interval_ms, unused)


def _fixed(weight: float, family: str, stimulus: Stimulus) -> Offer:
    return Offer(weight, family, lambda _: stimulus)


def _send(who: str, headers: Sequence[str] = HEADERS) -> Callable[[Draw], Stimulus]:
    return lambda draw: Stimulus.of(who, "send_crq", hex=element(draw, headers))


def _bad_queue(who: str) -> Callable[[Draw], Stimulus]:
    def make(draw: Draw) -> Stimulus:
        address, length = draw.choice(BAD_QUEUES)
        return Stimulus.of(who, "reg_crq", address=address, length=length)

    return make


def _client(p: Possibility) -> Iterator[Offer]:
    s = p.state
    if s.phase is ClientPhase.OFF:
        return
    closed, disabled = s.crq is Crq.CLOSED, s.crq is Crq.DISABLED
    assert isinstance(s.to_client, DirectQueue)
    yield _fixed(12 if closed else 1, "client_registers", Stimulus.of(CLIENT, "reg_crq"))
    yield Offer(0.2, "client_registers_badly", _bad_queue(CLIENT))
    yield _fixed(1 if closed else 3, "client_frees", Stimulus.of(CLIENT, "free_crq"))
    yield Offer(6, "client_sends", _send(CLIENT))
    yield Offer(0.5, "client_sends_badly", _send(CLIENT, BAD_HEADERS))
    yield _fixed(10 if s.to_client.items else 1, "client_consumes", Stimulus.of(CLIENT, "consume"))
    yield _fixed(10 if disabled else 0.5, "client_enables", Stimulus.of(CLIENT, "enable_crq"))
    yield _fixed(2, "client_takes_token", vioctl(CLIENT, Vioctl.GET_SESSION_TOKEN))
    complaint = Vioctl.SESSION_ERROR_DETECTED
    latest = 2 if p.token is not None else 1 if p.spent else 0.1
    yield _fixed(latest, "client_complains", vioctl(CLIENT, complaint, TOKEN_LATEST))
    yield _fixed(0.7 if p.spent else 0.1, "client_complains", vioctl(CLIENT, complaint, TOKEN_BEFORE))
    yield _fixed(0.2, "client_complains", vioctl(CLIENT, complaint, TOKEN_LATEST, 1))


def _servers(p: Possibility, servers: int) -> Iterator[Offer]:
    s = p.state
    for i in range(servers):
        who = server(i)
        if not s.powered(i):
            continue
        registered = bool(s.registered(i))
        queue = s.to_server(i)
        assert isinstance(queue, DirectQueue)
        yield _fixed(0.7 if registered else 8, "server_registers", Stimulus.of(who, "reg_crq"))
        yield Offer(0.1, "server_registers_badly", _bad_queue(who))
        yield _fixed(0.7, "server_frees", Stimulus.of(who, "free_crq"))
        often = 0.7 if not registered else 10 if s.status(i) in _SILENT else 6
        yield Offer(often, "server_reports", _reports(who, INTERVALS))
        yield Offer(0.5, "server_reports_badly", _reports_badly(who))
        yield Offer(4, "server_sends", _send(who))
        yield Offer(0.3, "server_sends_badly", _send(who, BAD_HEADERS))
        yield _fixed(8 if queue.items else 0.5, "server_consumes", Stimulus.of(who, "consume"))
        yield _fixed(0.1, "server_enables", Stimulus.of(who, "enable_crq"))
        yield _fixed(1.5, "server_asks", vioctl(who, Vioctl.GET_VNIC_SERVER_INFO))


def _reports(who: str, intervals: Sequence[int]) -> Callable[[Draw], Stimulus]:
    return lambda draw: report(who, draw.choice(STATUSES), draw.choice(intervals))


def _reports_badly(who: str) -> Callable[[Draw], Stimulus]:
    return lambda draw: report(who, draw.choice((0, 1, 4)), draw.choice((0, 100)), draw.choice((0, 1)))


def _console(p: Possibility, servers: int) -> Iterator[Offer]:
    s = p.state
    for i in range(servers):
        who = server(i)
        yield _fixed(1, "console_activates", Stimulus.of(CONSOLE, "activate", server=who))
        yield Offer(1, "console_ranks", _ranks(who, PRIORITIES))
        yield _fixed(0.6, "console_removes", Stimulus.of(CONSOLE, "remove", server=who))
        yield Offer(0.3 if s.listed(i) else 3, "console_adds", _adds(who, servers))
    yield Offer(0.1, "console_ranks_badly", _ranks(server(0), BAD_PRIORITIES))
    yield _fixed(0.5, "console_writes_auto", Stimulus.of(CONSOLE, "auto", value=0))
    yield _fixed(0.5, "console_writes_auto", Stimulus.of(CONSOLE, "auto", value=1))


def _ranks(who: str, priorities: Sequence[int]) -> Callable[[Draw], Stimulus]:
    return lambda draw: Stimulus.of(CONSOLE, "priority", server=who, value=draw.choice(priorities))


def _adds(who: str, servers: int) -> Callable[[Draw], Stimulus]:
    def make(draw: Draw) -> Stimulus:
        port, priority = draw.choice(range(servers)), draw.choice(PRIORITIES)
        return Stimulus.of(CONSOLE, "add", server=who, port=port, priority=priority)

    return make


def _platform(p: Possibility, servers: int) -> Iterator[Offer]:
    s = p.state
    yield Offer(3, "time_passes", lambda draw: advance(draw.choice(ADVANCES)))
    yield _fixed(0.4, "client_migrates", Stimulus.of(PLATFORM, "migrate"))
    if s.phase is ClientPhase.OFF:
        yield _fixed(8, "client_boots", Stimulus.of(PLATFORM, "power_on", target=CLIENT))
    else:
        yield Offer(0.2, "client_stops", _stops(CLIENT))
    for i in range(servers):
        if s.powered(i):
            yield Offer(0.3, "server_stops", _stops(server(i)))
        else:
            yield _fixed(8, "server_boots", Stimulus.of(PLATFORM, "power_on", target=server(i)))


def _stops(target: str) -> Callable[[Draw], Stimulus]:
    return lambda draw: Stimulus.of(PLATFORM, draw.choice(("crash", "power_off")), target=target)


#: Every family of offers.
FAMILIES = (
    *("client_registers", "client_registers_badly", "client_frees", "client_sends", "client_sends_badly"),
    *("client_consumes", "client_enables", "client_takes_token", "client_complains"),
    *("server_registers", "server_registers_badly", "server_frees", "server_reports", "server_reports_badly"),
    *("server_sends", "server_sends_badly", "server_consumes", "server_enables", "server_asks"),
    *("console_activates", "console_ranks", "console_ranks_badly", "console_removes", "console_adds"),
    *("console_writes_auto", "time_passes", "client_migrates", "client_boots", "client_stops"),
    *("server_boots", "server_stops"),
)
