"""What was going on, from what a record shows: boots, failovers, migrations, fatal resets, login retries, complaints.

All of them are recoveries: a session is lost, or not there yet, and comes about again. A recovery begins with its cause, takes
in what happens meanwhile, further causes included, and ends when the link is up or the client says that it is done. Where a log
shows neither, as one without dynamic debugging, a recovery goes as far as the record does, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from vnic_conformance.monitoring.elements import answer_rc, command_of, is_answer, is_whole, link_is_up
from vnic_conformance.monitoring.seen import Record, Seen, What
from vnic_spec.vocabulary import Word
from vnic_spec.wire import INIT, INIT_COMPLETE, Command, CommandRc, Event, event_of


class Reached(Word):
    """How far a recovery has come. The value is the sentence."""

    HEARD = "the server's INIT was read"
    OPENED = "the dialogue was open"
    VERSIONED = "the version was agreed on"
    NEGOTIATED = "capabilities and offloads were negotiated"
    LOGGED_IN = "the client was logged in"
    LINK = "the link was up"
    DONE = "the client said that its reset was done"
    THERE = "the device was there"


#: How the first recovery of a device begins; it is well when the device is there.
BOOT, BEGUN, OPENED = "boot", "a dialogue that the client begins", "a dialogue"


#: Where one of these is reached the recovery has succeeded.
WELL: Final = (Reached.LINK, Reached.DONE)
#: Causes by the reason of a reset, as the driver says it.
_REASONS: Final = {
    "FAILOVER": "failover",
    "MOBILITY": "migration",
    "FATAL": "fatal reset",
    "NON_FATAL": "reset after an error",
    "TIMEOUT": "reset after a transmit timeout",
    "CHANGE_PARAM": "reset to change a setting",
    "PASSIVE_INIT": "passive init",
}
_EVENTS: Final = {
    Event.PARTNER_FAILED: "fatal event: partner failed",
    Event.PARTNER_DEREGISTERED: "fatal event: partner deregistered",
    Event.MIGRATED: "migration",
    Event.DEVICE_FAILOVER: "failover",
}
#: What is in no story: numbers, buffers, second lines, and what has a place of its own in the report.
UNTOLD: Final = frozenset({What.DETAIL, What.EXPLAINED, What.UNKNOWN, What.NAMED})
#: What ends any recovery, because nothing is known across it.
_CUTS: Final = frozenset({What.GAP, What.RESTART})
#: Further causes that belong to the recovery under way.
_ENDINGS: Final = frozenset({What.RESET_ENDS, What.RESETS_DONE, What.DEVICE})


@dataclass(slots=True)
class Recovery:
    """One recovery.

    Attributes:
        causes: why, the first one first.
        steps: everything told of it, the cause first.
        reached: how far it came, and by which step.
        over: nothing more is expected of it.
        logins: how often the login was tried again.
    """

    causes: list[str]
    steps: list[Seen]
    reached: dict[Reached, Seen] = field(default_factory=dict)
    over: bool = False
    logins: int = 0

    @property
    def began(self) -> Seen:
        """What began it."""
        return self.steps[0]

    @property
    def well(self) -> Seen | None:
        """The step with which all was well again, as far as the record shows that."""
        first = self.causes[0] in (BOOT, BEGUN, OPENED) and len(self.causes) == 1
        ends = (*WELL, Reached.THERE) if first else WELL
        return next((self.reached[one] for one in ends if one in self.reached), None)

    @property
    def furthest(self) -> Reached | None:
        """The last thing that was reached."""
        return max(self.reached, key=list(Reached).index, default=None)

    def took(self, reached: Reached | None = None) -> float | None:
        """Seconds from the cause until something was reached (None: until all was well); None: it was not, or no time is told."""
        end = self.well if reached is None else self.reached.get(reached)
        return None if end is None or self.began.time is None else self.began.time.until(end.time)


@dataclass(slots=True)
class Chapter:
    """What a record tells of one device: recoveries and what lay between them, in order."""

    unit: str
    name: str
    parts: list[Recovery | Seen] = field(default_factory=list)

    @property
    def recoveries(self) -> list[Recovery]:
        """The recoveries alone."""
        return [part for part in self.parts if isinstance(part, Recovery)]


def chapters(record: Record) -> list[Chapter]:
    """The story of each device; what belongs to none of them, as a gap, to all."""
    units = list(dict.fromkeys(seen.unit for seen in record.seen if seen.unit)) or [""]
    tellers = {unit: _Teller(Chapter(unit, (record.names or {}).get(unit, ""))) for unit in units}
    for seen in record.seen:
        for unit in [seen.unit] if seen.unit else units:
            tellers[unit].take(seen)
    return [teller.chapter for teller in tellers.values()]


class _Teller:
    def __init__(self, chapter: Chapter) -> None:
        self.chapter = chapter
        self._last: Recovery | None = None
        self._detailed = False  #: the record shows elements or resets, so that the end of a recovery would be seen
        self._up = False  #: a session was there

    def take(self, seen: Seen) -> None:
        """One more thing that was seen."""
        if seen.what in UNTOLD:
            return
        self._detailed |= seen.what in (What.SENT, What.RESET_BEGINS, What.RESET_ENDS)
        if seen.what in _CUTS:
            self._last = None
            self.chapter.parts.append(seen)
            return
        last = self._last
        cause = self._cause(seen, last)
        if cause is None and (last is None or last.over):
            if last is not None and self._concludes(seen, last):
                self._step(last, seen)
            else:
                self.chapter.parts.append(seen)
            return
        if last is None or (cause is not None and self._anew(last, cause)):
            last = self._last = Recovery([cause or ""], [])
            self.chapter.parts.append(last)
        elif cause is not None and cause != last.causes[-1]:
            last.causes.append(cause)
        self._step(last, seen)

    def _anew(self, last: Recovery, cause: str) -> bool:
        """A further cause begins another recovery."""
        if last.over:
            return True
        return not self._detailed and Reached.OPENED in last.reached and bool(cause)

    def _concludes(self, seen: Seen, last: Recovery) -> bool:
        """What comes behind the end of a recovery and still belongs to it."""
        if seen.what in _ENDINGS:
            return Reached.DONE not in last.reached or seen.what is not What.RESET_ENDS
        return any(one not in last.reached for one in reached_by(seen))

    def _step(self, recovery: Recovery, seen: Seen) -> None:
        recovery.steps.append(seen)
        recovery.logins += seen.what is What.LOGIN_AGAIN
        for one in reached_by(seen):
            recovery.reached.setdefault(one, seen)
        if seen.what in (What.RESETS_DONE, What.DEVICE) or any(one in recovery.reached for one in WELL):
            recovery.over = True
        self._up |= Reached.LOGGED_IN in recovery.reached

    def _cause(self, seen: Seen, last: Recovery | None) -> str | None:
        """What begins a recovery, or adds to one under way."""
        under_way = last is not None and not last.over
        if seen.what is What.READ:
            event = event_of(seen.element)
            if event is not None:
                known = _EVENTS.get(Event(event)) if event in set(Event) else f"unknown event {event:02X}"
                return known or f"fatal event {event:02X}"
            if seen.element[:2] == INIT[:2]:
                return None if under_way else "passive init"
            if command_of(seen.element) is Command.ERROR_INDICATION and not is_answer(seen.element):
                return "error of the server"
        if seen.what in (What.RESET_ASKED, What.RESET_BEGINS):
            name = _REASONS.get(seen.detail, f"reset {seen.detail}".strip())
            return None if under_way and last is not None and name in last.causes else name
        if seen.what is What.COMPLAINT:
            return "complaint of the client"
        if seen.what is What.PROBE:
            return BOOT
        if under_way:
            return "login retry" if seen.what is What.LOGIN_AGAIN else None
        if seen.what is What.LOGIN_AGAIN:
            return "login retry"
        if seen.what is What.SENT and seen.element[:2] == INIT[:2]:
            return BEGUN
        if seen.what is What.SENT and command_of(seen.element) is Command.LOGIN:
            return "login"
        if seen.what is What.READ and seen.element[:2] == INIT_COMPLETE[:2]:
            return OPENED
        return None


def reached_by(seen: Seen) -> Iterator[Reached]:
    """What a recovery reaches with something that was seen."""
    if seen.what is What.RESET_ENDS and seen.number == 0:
        yield Reached.DONE
    elif seen.what is What.DEVICE:
        yield Reached.THERE
    elif seen.what is What.LOGIN_OK:
        yield Reached.LOGGED_IN
    elif seen.what is What.READ:
        yield from _read(seen)
    elif seen.what is What.SENT and seen.element[:2] == INIT_COMPLETE[:2]:
        yield Reached.OPENED


def _read(seen: Seen) -> Iterable[Reached]:
    element, rc = seen.element, seen.number
    if element[:2] == INIT[:2]:
        return (Reached.HEARD,)
    if element[:2] == INIT_COMPLETE[:2]:
        return (Reached.OPENED,)
    command = command_of(element)
    whole = is_whole(element)
    rc = answer_rc(element) if whole and is_answer(element) else rc
    if command is Command.VERSION_EXCHANGE and rc == CommandRc.SUCCESS:
        return (Reached.VERSIONED,)
    if command is Command.CONTROL_IP_OFFLOAD:
        return (Reached.NEGOTIATED,)
    if command is Command.LOGIN and is_answer(element) and rc == CommandRc.SUCCESS:
        return (Reached.LOGGED_IN,)
    if command is Command.LINK_STATE_INDICATION and whole and link_is_up(element):
        return (Reached.LINK,)
    return ()
