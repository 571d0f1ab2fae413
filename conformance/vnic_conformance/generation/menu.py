"""What the kit may do next, with weights that keep a run interesting.

A menu is made from one state that the implementation may be in. It offers every stimulus of the role; what would be without
effect is offered rarely, what moves the system is offered often. How a choice is made is the caller's: a seeded generator, or
Hypothesis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from vnic_conformance.oracle import Possibility
from vnic_conformance.stimulus import CLIENT, CONSOLE, PLATFORM, Stimulus, advance, server
from vnic_model.direct import DirectQueue
from vnic_spec.vocabulary import ClientPhase, Crq
from vnic_spec.wire import Vioctl

_T = TypeVar("_T")

#: Intervals that servers announce, in ms: far enough apart that windows rarely overlap.
INTERVALS = (100, 1_000, 5_000)
#: Steps of the clock, in ms: inside an interval, at its end, inside the window, beyond it.
ADVANCES = (1, 50, 100, 101, 250, 301, 999, 1_500, 4_000, 20_000)
PRIORITIES = (1, 9, 50, 100)
#: First two bytes of elements that a partner may send; and of some that must be refused (CRQ-3).
HEADERS = ("c001", "c002", "8004", "8084", "8012", "80ff", "c100", "9000")
BAD_HEADERS = ("0001", "7f01", "ff08", "ff01", "0180")


class Draw(Protocol):
    """How a choice is made."""

    def choice(self, options: Sequence[_T]) -> _T:
        """One of the options."""

    def bytes(self, count: int) -> bytes:
        """Arbitrary bytes."""


@dataclass(frozen=True)
class Offer:
    """A stimulus and how often it should be chosen, relative to the others."""

    weight: float
    stimulus: Stimulus


def element(draw: Draw, headers: Sequence[str] = HEADERS) -> str:
    """16 bytes in hex with one of these headers and an arbitrary payload (CRQ-10)."""
    return draw.choice(headers) + draw.bytes(14).hex()


def menu(p: Possibility, servers: int, draw: Draw) -> list[Offer]:
    """Everything that may be done next."""
    return [*_client(p, draw), *_servers(p, servers, draw), *_console(p, servers, draw), *_platform(p, servers, draw)]


def _client(p: Possibility, draw: Draw) -> Iterator[Offer]:
    s = p.state
    if s.phase is ClientPhase.OFF:
        return
    closed, disabled = s.crq is Crq.CLOSED, s.crq is Crq.DISABLED
    assert isinstance(s.to_client, DirectQueue)
    yield Offer(12 if closed else 1, Stimulus.of(CLIENT, "reg_crq"))
    yield Offer(1 if closed else 3, Stimulus.of(CLIENT, "free_crq"))
    yield Offer(6, Stimulus.of(CLIENT, "send_crq", hex=element(draw)))
    yield Offer(0.5, Stimulus.of(CLIENT, "send_crq", hex=element(draw, BAD_HEADERS)))
    yield Offer(10 if s.to_client.items else 1, Stimulus.of(CLIENT, "consume"))
    yield Offer(10 if disabled else 0.5, Stimulus.of(CLIENT, "enable_crq"))
    yield Offer(2, _vioctl(CLIENT, Vioctl.GET_SESSION_TOKEN))
    tokens = [*([] if p.token is None else [p.token, p.token]), *sorted(p.spent)[-2:]]
    if tokens:
        yield Offer(3, _vioctl(CLIENT, Vioctl.SESSION_ERROR_DETECTED, draw.choice(tokens)))
        yield Offer(0.3, _vioctl(CLIENT, Vioctl.SESSION_ERROR_DETECTED, draw.choice(tokens), 1))


def _servers(p: Possibility, servers: int, draw: Draw) -> Iterator[Offer]:
    s = p.state
    for i in range(servers):
        who = server(i)
        if not s.powered(i):
            continue
        registered = bool(s.registered(i))
        queue = s.to_server(i)
        assert isinstance(queue, DirectQueue)
        yield Offer(0.7 if registered else 8, Stimulus.of(who, "reg_crq"))
        yield Offer(0.7, Stimulus.of(who, "free_crq"))
        yield Offer(8 if registered else 0.7, _report(who, draw.choice((1, 1, 1, 1, 2, 3)), draw.choice(INTERVALS)))
        yield Offer(0.5, _report(who, draw.choice((0, 1, 4)), draw.choice((0, 100)), draw.choice((0, 1))))
        yield Offer(4, Stimulus.of(who, "send_crq", hex=element(draw)))
        yield Offer(0.3, Stimulus.of(who, "send_crq", hex=element(draw, BAD_HEADERS)))
        yield Offer(8 if queue.items else 0.5, Stimulus.of(who, "consume"))
        yield Offer(1.5, _vioctl(who, Vioctl.GET_VNIC_SERVER_INFO))


def _console(p: Possibility, servers: int, draw: Draw) -> Iterator[Offer]:
    s = p.state
    for i in range(servers):
        who = server(i)
        yield Offer(1, Stimulus.of(CONSOLE, "activate", server=who))
        yield Offer(1, Stimulus.of(CONSOLE, "priority", server=who, value=draw.choice(PRIORITIES)))
        yield Offer(0.6, Stimulus.of(CONSOLE, "remove", server=who))
        port = draw.choice(range(servers))
        yield Offer(
            0.3 if s.listed(i) else 3,
            Stimulus.of(CONSOLE, "add", server=who, port=port, priority=draw.choice(PRIORITIES)),
        )
    yield Offer(0.1, Stimulus.of(CONSOLE, "priority", server=server(0), value=draw.choice((0, 101, -1))))
    yield Offer(1, Stimulus.of(CONSOLE, "auto", value=draw.choice((0, 1))))


def _platform(p: Possibility, servers: int, draw: Draw) -> Iterator[Offer]:
    s = p.state
    yield Offer(3, advance(draw.choice(ADVANCES)))
    yield Offer(0.4, Stimulus.of(PLATFORM, "migrate"))
    if s.phase is ClientPhase.OFF:
        yield Offer(8, Stimulus.of(PLATFORM, "power_on", target=CLIENT))
    else:
        yield Offer(0.2, Stimulus.of(PLATFORM, draw.choice(("crash", "power_off")), target=CLIENT))
    for i in range(servers):
        if s.powered(i):
            yield Offer(0.3, Stimulus.of(PLATFORM, draw.choice(("crash", "power_off")), target=server(i)))
        else:
            yield Offer(8, Stimulus.of(PLATFORM, "power_on", target=server(i)))


def _vioctl(who: str, sub: Vioctl, p1: int = 0, p2: int = 0, p3: int = 0) -> Stimulus:
    return Stimulus.of(who, "vioctl", sub=int(sub), p1=p1, p2=p2, p3=p3)


def _report(who: str, status: int, interval_ms: int, unused: int = 0) -> Stimulus:
    return _vioctl(who, Vioctl.VNIC_SERVER_STATUS, status, interval_ms, unused)
