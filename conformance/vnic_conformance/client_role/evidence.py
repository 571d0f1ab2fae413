"""What a record has to show where it says that something has come about (:class:`~.happenings.Happened`).

A log comes from outside, and so does that line of it. It counts where what lies around it bears it out: an event that was
put into the queue, a call that was answered as the deviation answers it, a command that the deviation is about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role.completions import UNKNOWN_ANSWER
from vnic_conformance.client_role.deviations import Deviation
from vnic_conformance.client_role.injection import CODES, EVERY_EVENT, NOISE, RARE_CODES, told_inside
from vnic_conformance.client_role.partner import DEVIATIONS
from vnic_conformance.client_role.view import SUB_SENDS
from vnic_spec.wire import INIT, RESPONSE_BIT, Command, Event, Header, Rc

#: Whether the happenings before and after a line bear it out.
Bears = Callable[[Sequence[h.Happening], Sequence[h.Happening]], bool]


def came_about(happened: Sequence[h.Happening]) -> set[str]:
    """The names of what has come about in a step, as far as the step shows it."""
    return {
        one.what
        for at, one in enumerate(happened)
        if isinstance(one, h.Happened) and _borne_out(one.what, happened[:at], happened[at + 1 :])
    }


def _borne_out(what: str, before: Sequence[h.Happening], after: Sequence[h.Happening]) -> bool:
    bears = _INSIDE.get(what) or _AT_ONCE.get(what)
    if bears is not None:
        return bears(before, after)
    deviation = DEVIATIONS.get(what)
    return deviation is not None and _deviated(deviation, before, after)


def _injected(before: Sequence[h.Happening]) -> Sequence[h.Happening]:
    """What has happened since the kit began to do something on purpose."""
    starts = [at for at, one in enumerate(before) if isinstance(one, h.Injected)]
    return before[starts[-1] + 1 :] if starts else ()


def _put(*heads: bytes) -> Bears:
    """An element that begins so was put into the CRQ meanwhile."""
    return lambda before, after: any(
        isinstance(one, h.Put) and one.handle is None and one.data.startswith(heads) for one in _injected(before)
    )


def _asked(action: str) -> Bears:
    return lambda before, after: any(isinstance(one, h.Asked) and one.action == action for one in _injected(before))


def _unwell(before: Sequence[h.Happening], after: Sequence[h.Happening]) -> bool:
    return any(isinstance(one, h.Unwell) and not one.well for one in _injected(before))


def _answered(rc: int, opcodes: Sequence[int]) -> Bears:
    """The call in which it happened was answered so."""

    def bears(before: Sequence[h.Happening], after: Sequence[h.Happening]) -> bool:
        answered = _answer(after)
        return answered is not None and answered.rc == rc and answered.opcode in opcodes

    return bears


def _commanded(before: Sequence[h.Happening], after: Sequence[h.Happening]) -> bool:
    asked = _standing(before)
    return asked is not None and asked.element is not None and asked.element[0] == Header.COMMAND


def _answer(after: Sequence[h.Happening]) -> h.Answered | None:
    """The answer to the call in which the client stands."""
    return next((one for one in after if isinstance(one, h.Answered)), None)


def _standing(before: Sequence[h.Happening]) -> h.Called | None:
    """The call in which the client stands."""
    return next((one for one in reversed(before) if isinstance(one, h.Called)), None)


def _deviated(deviation: Deviation, before: Sequence[h.Happening], after: Sequence[h.Happening]) -> bool:
    if deviation.call is not None:
        answered = _answer(after)
        given = None if answered is None else deviation.call(answered.opcode, answered.arguments)
        return answered is not None and given == (answered.rc, *answered.values)
    if deviation.full is not None:
        return _answered(Rc.H_DROPPED, SUB_SENDS)(before, after)
    standing = _standing(before)
    element = None if standing is None else standing.element
    if deviation.answer is not None:
        # Whether a hook has anything to do with a command does not depend on what the right answer says.
        standin = b"" if element is None else bytes((element[0], element[1] | RESPONSE_BIT)) + element[2:]
        return element is not None and _commanded(before, after) and deviation.answer(element, standin) is not None
    if deviation.login is not None:
        return element is not None and element[:2] == bytes((Header.COMMAND, Command.LOGIN))
    if deviation.tx_completion is not None:
        return standing is not None and standing.opcode in SUB_SENDS
    # Other settings, a hold and what completes a buffer show in what the client does later, if at all.
    return any(isinstance(one, h.Injected) and one.what == deviation.name for one in before)


def _event(code: int) -> Bears:
    return _put(bytes((Header.EVENT, code)))


_ERROR: Final = bytes((Header.COMMAND, Command.ERROR_INDICATION))
#: What an event leaves in the record.
_AT_ONCE: Final[Mapping[str, Bears]] = {
    "failover": _event(Event.DEVICE_FAILOVER),
    "outage": _unwell,
    "migrated": _event(Event.MIGRATED),
    "partner_failed": _event(Event.PARTNER_FAILED),
    "partner_deregistered": _event(Event.PARTNER_DEREGISTERED),
    "unknown_event": _event(0x55),
    "init": _put(INIT),
    "stray_init": _put(INIT),
    "error": _put(_ERROR),
    "error_fatal": _put(_ERROR),
    "link_flaps": _put(bytes((Header.COMMAND, Command.LINK_STATE_INDICATION))),
    "noise": _put(bytes((Header.COMMAND, 0xFE))),
    "lost_answer": _commanded,
    "doubled_answer": _commanded,
    "removal": _asked("remove"),
    "close": _asked("close"),
    "open": _asked("open"),
    "complaint": _asked("complain"),
    "mtu": _asked("mtu"),
    "multicast": _asked("multicast"),
    **{event: _answered(rc, opcodes) for event, (rc, opcodes) in CODES.items()},
    **{f"event_{code:02x}": _event(code) for code in RARE_CODES},
    **{name: _put(element) for name, element in NOISE.items()},
    "queues_wrap": _put(UNKNOWN_ANSWER),
    "queue_half": _put(UNKNOWN_ANSWER),
    "long_outage": _unwell,
}
assert set(_AT_ONCE) == set(EVERY_EVENT)
#: The same, of an event inside a call.
_INSIDE: Final[Mapping[str, Bears]] = {told_inside(event): bears for event, bears in _AT_ONCE.items()}
