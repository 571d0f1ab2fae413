"""Generated cases of what vanishes and what stays: everything there is, one event, and a look at each thing.

A case builds up all that an event may take away or leave: elements in rotated queues of two pages, sub-CRQs of three partitions
with elements and with interrupts enabled and pending, grants, bytes in memory, a token, a complaint, a pin, timers. Then comes
the event; then everything is tried, brought back, and tried again. What has to be gone and what has to be there says the oracle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vnic_conformance.cases.journeys import family
from vnic_conformance.cases.script import Steps, call, do
from vnic_conformance.cases.words import (
    S0,
    S1,
    S2,
    activate,
    add,
    auto,
    complain,
    consume,
    data,
    enable,
    free,
    migrate,
    plain,
    power,
    rank,
    record,
    register,
    rejoin,
    remove,
    report,
    send,
    sub_element,
    token,
    vioctl,
)
from vnic_conformance.features import feature_of
from vnic_conformance.stimulus import CLIENT, Stimulus, advance
from vnic_spec.profile import Profile
from vnic_spec.wire import PAGE_BYTES, Vioctl

#: Where things lie in a partition's memory, in pages: the CRQ, sub-CRQs, and what servers reach.
_CRQ, _SUBS, _SHARED = 0, 8, 20
#: Two pages, so that a queue that is rotated has elements on both.
_QUEUE = 2 * PAGE_BYTES
#: What the three servers announce, in ms: far enough apart that each one's silence can be told.
_INTERVALS = {S0: 50_000, S1: 70_000, S2: 110_000}
#: Elements by which queues are rotated.
_ROTATED = 254


@dataclass(frozen=True, slots=True)
class Event:
    """Something that takes things away.

    Attributes:
        name: in words that make an ID.
        requirement: the one that speaks of it first.
        stimuli: what is done.
    """

    name: str
    requirement: str
    stimuli: tuple[Stimulus, ...]


def _again(who: str) -> Stimulus:
    return register(who, address=_CRQ * PAGE_BYTES, length=_QUEUE)


def _elsewhere(who: str) -> Stimulus:
    return register(who, address=4 * PAGE_BYTES, length=PAGE_BYTES)


#: Every event, in the order of the table.
EVENTS = (
    Event("client-frees", "CRQ-4", (free(CLIENT),)),
    Event("client-registers-again", "CRQ-9", (free(CLIENT), _again(CLIENT))),
    Event("client-registers-elsewhere", "CRQ-9", (free(CLIENT), _elsewhere(CLIENT))),
    Event("client-powers-off", "SEL-7", (power("power_off", CLIENT),)),
    Event("client-crashes", "SEL-7", (power("crash", CLIENT),)),
    Event("client-reboots", "SEL-7", (power("crash", CLIENT), power("power_on", CLIENT), _again(CLIENT))),
    Event("server-frees", "CRQ-4", (free(S0),)),
    Event("server-registers-again", "MON-6", (free(S0), _again(S0))),
    Event("server-registers-elsewhere", "MON-6", (free(S0), _elsewhere(S0))),
    Event("server-powers-off", "MON-3", (power("power_off", S0),)),
    Event("server-crashes", "MON-3", (power("crash", S0),)),
    Event("server-reboots", "MON-3", (power("crash", S0), power("power_on", S0), _again(S0))),
    Event("switch", "FOV-2", (activate(S1),)),
    Event("switch-to-the-third", "FOV-2", (activate(S2),)),
    Event("selected-again", "CRQ-12", (activate(S1), activate(S0))),
    Event("link-down", "FOV-2", (report(S0, 2, 50_000),)),
    Event("report", "MON-4", (report(S0, 1, 50_000),)),
    Event("migration", "CRQ-8", (migrate(),)),
    Event("enable", "CRQ-8", (migrate(), enable())),
    Event("idle-enable", "CRQ-8", (enable(), call(S0, "enable_crq"))),
    Event("removal", "ADM-3", (remove(S0),)),
    Event("added-again", "MON-6", (remove(S0), add(S0, priority=10))),
    Event("standby-removed", "ADM-3", (remove(S2),)),
    Event("standby-frees", "CRQ-4", (free(S2),)),
    Event("standby-crashes", "MON-3", (power("crash", S2),)),
    Event("priority", "ADM-4", (rank(S2, 99),)),
    Event("auto-on", "ADM-5", (auto(1),)),
    Event("auto-off", "ADM-5", (auto(0),)),
    Event("refused-registration", "CRQ-2", (_again(CLIENT), _again(S0), register(CLIENT, length=1))),
    Event("time", "MON-2", (advance(1),)),
)


def _connected(p: Profile, pages: bool) -> Steps:
    """Server 1 has been complained about, server 0 serves, server 2 stands by."""
    yield from plain(rank(S0, 10), rank(S1, 20), rank(S2, 30), auto(0))
    for who in (S0, S1, S2):
        yield from plain(_again(who) if pages else register(who))
    yield from plain(report(S1, interval_ms=_INTERVALS[S1]), advance(3), report(S2, interval_ms=_INTERVALS[S2]))
    yield from plain(_again(CLIENT) if pages else register(CLIENT), activate(S1))
    yield from plain(report(S0, interval_ms=_INTERVALS[S0]), token(), complain("token"), consume(CLIENT))
    yield from plain(activate(S0))
    yield from rejoin(p, S1, S2)


def _machine_things(p: Profile) -> Steps:
    """Elements in both queues, which have been rotated, and a token."""
    yield from plain(consume(CLIENT), consume(S0), token(), record(S0))
    for number in range(3):
        yield from plain(send(S0, data(number)), send(CLIENT, data(10 + number)))


def _rotate(p: Profile) -> Steps:
    for number in range(_ROTATED):
        yield from plain(send(S0, data(number)), send(CLIENT, data(number)), consume(CLIENT), consume(S0))


_OWNERS = (CLIENT, S0, S2)


def _build_up(p: Profile, round_: int) -> Steps:
    """Interrupts, sub-CRQs with elements, grants and memory, and elements in both queues.

    Of the two sub-CRQs of an owner one has its interrupt enabled, the second time the other one.
    """
    for who in (CLIENT, S0, S2):
        yield from plain(call(who, "vio_signal", mode=1))
    for who in _OWNERS:
        for n, name in enumerate(("a", "b")):
            place = (_SUBS + 2 * n + 4 * (round_ % 2)) * PAGE_BYTES
            made = call(who, "reg_sub_crq", address=place, length=(n + 1) * PAGE_BYTES)
            yield do(made, remember={f"{who}{name}{round_}": "handle", f"{who}i{name}{round_}": "source"})
        yield do(vioctl(who, Vioctl.ENABLE_VIO_INTERRUPT, f"${who}i{'ab'[round_ % 2]}{round_}"))
    for name in ("a", "b"):
        yield do(call(S0, "send_sub_crq", handle=f"$client{name}{round_}", hex=sub_element(round_)))
        yield do(call(CLIENT, "send_sub_crq_indirect", handle=f"$server0{name}{round_}", hex=sub_element(7) * 3))
    yield from plain(call(CLIENT, "poke", address=_SHARED * PAGE_BYTES, hex="5e" * 64))
    yield from plain(call(S0, "poke", address=_SHARED * PAGE_BYTES, hex="50" * 16))
    yield from plain(call(S0, "dma_write", address=_SHARED * PAGE_BYTES + 8, hex=f"{round_ + 1:02x}" * 16))


def beginning(p: Profile) -> Steps:
    """Everything is there, server 0 pinned, auto off."""
    yield from _connected(p, pages=True)
    yield from _build_up(p, 0)
    yield from _machine_things(p)


def _look(p: Profile, rounds: int) -> Steps:
    """Every thing is tried: who may reach it, and whether it raises an interrupt."""
    yield from plain(record(S0), record(S1), record(S2), token())
    for round_ in range(rounds):
        for name in ("a", "b"):
            for who, partner in ((S0, CLIENT), (CLIENT, S0), (S2, CLIENT), (S1, CLIENT), (CLIENT, S2)):
                handle = f"${partner}{name}{round_}"
                yield do(call(who, "send_sub_crq", handle=handle, hex=sub_element(40 + round_)))
            for who in _OWNERS:
                yield do(call(who, "eoi", handle=f"${who}{name}{round_}"))
                yield do(call(who, "consume", handle=f"${who}{name}{round_}"))
                if name == "b":
                    yield do(vioctl(who, Vioctl.DISABLE_VIO_INTERRUPT, f"${who}ib{round_}"))
    for who in (S0, S1, S2):
        read = call(who, "dma_read", address=_SHARED * PAGE_BYTES + 8, length=16, map=0)
        write = call(who, "dma_write", address=_SHARED * PAGE_BYTES + 40, hex="bd" * 4, map=0)
        yield from plain(read, write)
    yield from plain(call(CLIENT, "peek", address=_SHARED * PAGE_BYTES, length=64))
    yield from plain(call(S0, "peek", address=_SHARED * PAGE_BYTES, length=16))


def _use(p: Profile, interrupts: bool) -> Steps:
    """Both queues are used, and their interrupts ended."""
    for who in (CLIENT, S0, S1, S2):
        yield from plain(send(who, data(77)))
    for who in (CLIENT, S0, S2):
        if interrupts:
            yield from plain(call(who, "eoi"))
        yield from plain(consume(who), consume(who))
    for who in (CLIENT, S0, S1, S2):
        yield from plain(send(who, data(78)))


def _bring_back(p: Profile) -> Steps:
    """Whatever has gone comes back, and server 0 serves."""
    for who in (CLIENT, S0, S2):
        yield from plain(power("power_on", who))
    yield from plain(add(S0, priority=10), add(S2, priority=30), enable())
    for who in (S0, S2, CLIENT):
        yield from plain(_again(who))
    for who in (S0, S1, S2, CLIENT):
        yield from plain(*(consume(who) for _ in range(9)))
    yield from plain(report(S0, interval_ms=_INTERVALS[S0]), report(S2, interval_ms=_INTERVALS[S2]), activate(S0))
    yield from rejoin(p, S0, S1, S2)


def _fall_silent(p: Profile) -> Steps:
    """Time goes on until everybody has been silent for too long, with stops at the bounds."""
    for ms in (49_990, 10, 20_000, 40_000, 40_001, 60_000, 120_000, 1):
        yield from plain(advance(ms))


def _everything(event: Event, pinned: bool) -> Callable[[Profile], Steps]:
    def write(p: Profile) -> Steps:
        if pinned:
            yield from beginning(p)
        else:
            yield from _connected(p, pages=True)
            yield from plain(auto(1))
            yield from _rotate(p)
            yield from _build_up(p, 0)
            yield from _machine_things(p)
        yield from plain(*event.stimuli)
        yield from _look(p, 1)
        yield from _use(p, interrupts=True)
        yield from _bring_back(p)
        yield from _look(p, 1)
        yield from _use(p, interrupts=True)
        yield from _build_up(p, 1)
        yield from _machine_things(p)
        yield from _look(p, 2)
        yield from _use(p, interrupts=True)
        yield from _fall_silent(p)

    return write


def _bare(event: Event, silence: bool) -> Callable[[Profile], Steps]:
    def write(p: Profile) -> Steps:
        yield from _connected(p, pages=False)
        yield from _machine_things(p)
        yield from plain(*event.stimuli)
        if silence:
            yield from _fall_silent(p)
            return
        yield from _use(p, interrupts=False)
        yield from plain(*event.stimuli)
        yield from _bring_back(p)
        yield from _use(p, interrupts=False)
        yield from _fall_silent(p)

    return write


def _words(name: str) -> str:
    return name.replace("-", " ")


def _needs(event: Event) -> str:
    return " ".join(sorted({f for stimulus in event.stimuli if (f := feature_of(stimulus)) is not None}))


for _event in EVENTS:
    for _name, _pinned in (("pinned", True), ("by-priority", False)):
        family(
            f"{_event.requirement}/{_event.name}-{_name}",
            f"What goes and what stays: {_words(_event.name)}, with all there is beside the queues, selected {_words(_name)}.",
            _everything(_event, _pinned),
            f"console dma interrupts power sub_crq {_needs(_event)}",
            servers=3,
            long=not _pinned,
        )
    for _name, _silence in (("bare", False), ("then-silence", True)):
        family(
            f"{_event.requirement}/{_event.name}-{_name}",
            f"What goes and what stays: {_words(_event.name)}, {_words(_name)}.",
            _bare(_event, _silence),
            f"console {'' if _silence else 'power'} {_needs(_event)}",
            servers=3,
            long=_silence,
        )
