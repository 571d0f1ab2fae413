"""What is known of one device from a record that shows a part: the dialogue under way, and what came before it.

``whole`` is the word for how much: the beginning of this dialogue was seen, and nothing has been left out since. Without it no
rule concludes anything from what was not seen.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from vnic_conformance.monitoring.elements import (
    answer_rc,
    command_of,
    is_answer,
    is_whole,
    lasted,
    link_is_up,
)
from vnic_conformance.monitoring.seen import Seen, What
from vnic_spec.client_profile import ClientProfile
from vnic_spec.layouts import COMMANDS, answer_key, command_layout
from vnic_spec.wire import INIT, INIT_COMPLETE, Command, CommandRc, event_of

_LOST: Final = frozenset({What.GAP, What.RESTART})
#: How the driver's lines about a hard reset begin, behind its state.
_HARD: Final = "Hard reset"
#: A line about the user that every login has.
_LINK_STATE: Final = "setting link state"
#: Nothing of it is about what the device does next.
_ASIDE: Final = frozenset({What.DETAIL, What.EXPLAINED, What.UNKNOWN, What.NAMED})


@dataclass(slots=True)
class View:
    """One device.

    Attributes:
        profile: what clients may be expected to keep to.
        whole: the beginning of this dialogue was seen, and nothing was left out since.
        opened: INIT and INIT_COMPLETE were exchanged.
        first: the first command of this dialogue, as it was sent.
        pending: commands that are not answered, by what the answer is known by.
        answered: keys of those that are.
        told: what the server said of each capability; partial: what it granted in part.
        rounds: how often each capability was requested.
        logged_in: None is not known.
        logins: in this dialogue.
        refused: the code of the last login's answer that was not 0; None: it was, or none came.
        bad_login: the answer to the last login is not to be used.
        renegotiated: a capability was requested since.
        event: the last one, as long as nothing has followed that it calls for.
        busy: a reset or a probe was under way when it came.
        working: a reset or a probe is under way.
        stale: a reset, a probe or a login was under way when that event or INIT of the server came.
        since: what has been seen since that event, or since INIT of the server.
        heard: the server's INIT that nothing has followed yet.
        last: what was seen last, numbers and second lines aside.
        failures: resets that failed, in a row, without a reason from outside.
        failed: the last one of them.
        soft: that one was no hard reset.
        paused: the client backed off since.
        complaint: the user's, as long as nothing has followed; turned_down: the hypervisor did not accept it.
        refusals: when sends have failed lately.
        macs: addresses that the client has set in this session; kept: the one of an earlier session.
        agreed: the address that the server has agreed to in this session; sure: the one of an earlier session, as long as the
            user may not have set another one.
        link_since: when the link came up in this session.
        asked_up: when the server agreed that the logical link is up, as long as it has not said so by itself, and a
            recovery may still take.
    """

    profile: ClientProfile = field(default_factory=ClientProfile)
    whole: bool = False
    opened: bool = False
    first: Seen | None = None
    pending: dict[tuple[int, bytes], Seen] = field(default_factory=dict)
    answered: set[tuple[int, bytes]] = field(default_factory=set)
    told: dict[int, int] = field(default_factory=dict)
    partial: dict[int, int] = field(default_factory=dict)
    rounds: Counter[int] = field(default_factory=Counter)
    logged_in: bool | None = None
    logins: int = 0
    refused: int | None = None
    bad_login: bool = False
    renegotiated: bool = False
    event: Seen | None = None
    busy: bool = False
    stale: bool = False
    working: bool = False
    since: set[What] = field(default_factory=set)
    heard: Seen | None = None
    last: Seen | None = None
    failures: int = 0
    failed: Seen | None = None
    soft: bool = False
    paused: bool = False
    complaint: Seen | None = None
    turned_down: bool = False
    refusals: deque[float] = field(default_factory=deque)
    macs: set[bytes] = field(default_factory=set)
    kept: bytes = b""
    agreed: bytes = b""
    sure: bytes = b""
    link_since: Seen | None = None
    asked_up: Seen | None = None

    def take(self, seen: Seen) -> None:
        """Take in what was seen, after the rules have looked at it."""
        if seen.what in _LOST:
            self._forget()
        elif seen.what is What.SENT:
            self._sent(seen)
        elif seen.what is What.READ:
            self._read(seen)
        else:
            self._said(seen)
        if is_whole(seen.element) and self.asked_up and lasted(self.asked_up, seen, self.profile.recovery_ms):
            self.asked_up = None
        if seen.what not in _ASIDE:
            self.last = seen
            self.since.add(seen.what)

    def failures_before(self, seen: Seen) -> int:
        """Failures in a row before a reset that begins. A hard one after a soft one that has failed is the same attempt."""
        return self.failures - (self.failures > 0 and self.soft and _is_hard(seen))

    def _forget(self) -> None:
        """Something is missing: what is not known any more."""
        self._dialogue()
        self.whole, self.opened, self.logged_in = False, False, None
        self.event = self.heard = self.complaint = self.failed = None
        self.working = self.paused = False
        self.failures = 0
        self.kept = self.sure = b""

    def _dialogue(self) -> None:
        """Another dialogue begins, or none is left."""
        if self.macs and self.logged_in:
            self.kept = next(iter(self.macs)) if len(self.macs) == 1 else self.kept
            self.sure = self.agreed
        self.opened, self.first, self.logged_in = False, None, False
        self.pending.clear()
        self.answered.clear()
        self.told.clear()
        self.partial.clear()
        self.rounds.clear()
        self.logins, self.refused, self.bad_login, self.renegotiated = 0, None, False, False
        self.macs, self.agreed = set(), b""
        self.link_since = self.asked_up = None

    def _sent(self, seen: Seen) -> None:
        element = seen.element
        if element[:2] in (INIT[:2], INIT_COMPLETE[:2]):
            self._dialogue()
            self.whole, self.event, self.heard = True, None, None
            self.opened = element[:2] == INIT_COMPLETE[:2]
            return
        command = command_of(element)
        if command is None or is_answer(element):
            return
        self.first = self.first or seen
        self.pending[answer_key(element)] = seen
        layout = COMMANDS[command].request if command in COMMANDS else None
        if command is Command.REQUEST_CAPABILITY and layout is not None:
            number = layout.number(element, "capability")
            self.rounds[number] += 1
            self.partial.pop(number, None)
            self.renegotiated = True
        elif command is Command.LOGIN:
            self.logins += 1
            self.refused, self.bad_login, self.renegotiated = None, False, False
        elif command is Command.CHANGE_MAC_ADDR and layout is not None:
            self.macs, self.agreed = {layout.raw(element, "mac")}, b""

    def _read(self, seen: Seen) -> None:
        element = seen.element
        if not is_whole(element):
            self.whole = False  # dynamic debugging is off: elements that are sent are not seen
        stale = self.working or (self.opened and self.logged_in is False)
        if event_of(element) is not None:
            self._dialogue()
            self.event, self.busy, self.since, self.heard = seen, self.working, set(), None
            self.stale = stale
            self.failures, self.complaint = 0, None
        elif element[:2] == INIT[:2]:
            self._dialogue()
            self.stale = stale or (self.stale and self.event is not None)
            self.heard, self.event, self.failures, self.complaint = seen, None, 0, None
            self.since = set()
        elif element[:2] == INIT_COMPLETE[:2]:
            self.opened = True
        elif is_answer(element):
            self._answer(seen)
        elif command_of(element) is Command.LINK_STATE_INDICATION and is_whole(element):
            self.asked_up = None
            self.link_since = (self.link_since or seen) if link_is_up(element) else None

    def _answer(self, seen: Seen) -> None:
        element = seen.element
        command = command_of(element)
        rc = answer_rc(element) if is_whole(element) else seen.number
        if not is_whole(element):
            if command is Command.LOGIN and rc is not None:
                self.logged_in = rc == CommandRc.SUCCESS
            return
        key = answer_key(element)
        self.pending.pop(key, None)
        self.answered.add(key)
        layout = command_layout(element)
        if layout is None:
            return
        if command in (Command.QUERY_CAPABILITY, Command.REQUEST_CAPABILITY):
            number, value = layout.number(element, "capability"), layout.number(element, "number")
            if command is Command.QUERY_CAPABILITY and rc == CommandRc.SUCCESS:
                self.told[number] = value
            elif rc == CommandRc.PARTIAL_SUCCESS:
                self.partial[number] = value
        elif command is Command.LOGIN:
            self.logged_in = rc == CommandRc.SUCCESS
            self.refused, self.bad_login = (None, False) if rc == CommandRc.SUCCESS else (rc, True)
        elif command is Command.CHANGE_MAC_ADDR and rc == CommandRc.SUCCESS:
            self.agreed = layout.raw(element, "mac")
        elif command is Command.LOGICAL_LINK_STATE and rc == CommandRc.SUCCESS:
            self.asked_up = seen if layout.number(element, "state") == 1 and self.link_since is None else None

    def _said(self, seen: Seen) -> None:
        what = seen.what
        if what is What.LOGIN_OK:
            self.logged_in = True
        elif what is What.BAD_LOGIN:
            self.bad_login, self.logged_in = True, False
        elif what is What.NOT_SENT:
            if command_of(seen.element) is Command.CHANGE_MAC_ADDR:
                self.sure = b""  # the user wants another one
        elif what in (What.FREED, What.PROBE):
            self._dialogue()
            self.event = self.heard = None
            if what is What.PROBE:
                self.sure = b""
            self.working = self.working or what is What.PROBE
        elif what is What.USER:
            if _LINK_STATE not in seen.text:
                self.sure = self.agreed = b""  # with the device closed another one may be set, and no element says so
        elif what is What.RESET_BEGINS:
            self.failures = self.failures_before(seen)
            self.soft = self.soft and not _is_hard(seen)
            self.working = True
        elif what is What.RESET_ENDS:
            self.working = False
            self.failures = 0 if seen.number == 0 else self.failures + 1
            self.failed, self.soft, self.paused = seen, not _is_hard(seen), False
        elif what in (What.RESETS_DONE, What.DEVICE):
            self.working = False
        elif what is What.PAUSE:
            self.paused = True
        elif what is What.COMPLAINT:
            self.complaint, self.turned_down = seen, False
        elif what in (What.COMPLAINT_REFUSED, What.TOKEN_REFUSED):
            self.turned_down = True


def _is_hard(seen: Seen) -> bool:
    """Whether a reset that begins or ends is a hard one, by the driver's word."""
    return _HARD in seen.text
