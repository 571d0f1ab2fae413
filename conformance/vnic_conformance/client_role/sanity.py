"""Is the adapter of a client sane? What every verdict in role client rests on (see :mod:`vnic_conformance.sanity`)."""

from __future__ import annotations

from typing import Final

from vnic_conformance.protocol.client_rules import Turn, check_client_reply, turn_of
from vnic_conformance.protocol.messages import Fields, Outcome
from vnic_conformance.protocol.schema import shown
from vnic_conformance.sanity import Check, Examination, FailedError, NotTriedError
from vnic_spec.wire import Hcall, Rc

_MAC: Final = "0200c0ffee01"
#: Calls that are answered before a client is taken for one that never registers a queue.
_MOST_CALLS: Final = 200
_MARKER: Final = "c5" * 16
_NONSENSE: Final[tuple[tuple[str, Fields], ...]] = (
    ("an unknown request", {"op": "x_no_such_request"}),
    ("an unknown user action", {"op": "user", "action": "x_no_such_action"}),
    ("a write of nothing that is hexadecimal", {"op": "write", "address": 0, "hex": "xyz"}),
)


def _ask(exam: Examination, **fields: object) -> Fields:
    """The reply to a request of the role, which has to be one that the protocol allows."""
    reply = exam.opened().probe(fields)
    problem = check_client_reply(fields, reply, virtual=exam.opened().hello.virtual)
    if problem is not None:
        raise FailedError(f"{fields['op']}: {problem}")
    if reply["outcome"] == Outcome.ERROR:
        raise FailedError(f'{fields["op"]} is answered with outcome "error" ({shown(reply["error"])})')
    return reply


def _added(exam: Examination) -> Turn:
    """A fresh client whose user has added the device, in its first turn."""
    _ask(exam, op="reset", mac=_MAC)
    _ask(exam, op="user", action="add")
    return turn_of(_ask(exam, op="run", now=0))


def _registering(exam: Examination) -> tuple[int, int]:
    """Answer a fresh client until it stands in H_REG_CRQ; address and length of its queue."""
    turn = _added(exam)
    for _ in range(_MOST_CALLS):
        if turn.opcode is None:
            break
        if turn.opcode == Hcall.H_REG_CRQ and len(turn.arguments) > 2:
            return turn.arguments[1], turn.arguments[2]
        turn = turn_of(_ask(exam, op="answer", rc=int(Rc.H_SUCCESS)))
    raise NotTriedError("the client does not register a CRQ after user add")


def _resets(exam: Examination) -> str:
    unit = _ask(exam, op="reset", mac=_MAC)["unit"]
    turn = turn_of(_ask(exam, op="run", now=0))
    if turn.opcode is not None:
        raise FailedError(f"call {turn.opcode:#x} before user add; nobody has added the device yet")
    seen = _ask(exam, op="observe")
    if seen["link"] != 0 or seen["health"]:
        raise FailedError(f"after a reset the link must be 0 and health empty, not {shown(seen)}")
    return f"unit {unit}, and nothing is called before the device is added"


def _declines(exam: Examination) -> str:
    for what, request in _NONSENSE:
        reply = exam.opened().probe(request)
        if reply["outcome"] not in (Outcome.ERROR, Outcome.UNSUPPORTED):
            raise FailedError(f'{what} must be answered by outcome "error" or "unsupported", not "{reply["outcome"]}"')
    return f"{len(_NONSENSE)} kinds of nonsense"


def _calls(exam: Examination) -> str:
    turn = _added(exam)
    if turn.opcode is None:
        raise FailedError("after user add the client has to make a call, if only H_FREE_CRQ or H_REG_CRQ")
    return f"after user add it stands in call {turn.opcode:#x}"


def _memory(exam: Examination) -> str:
    address, length = _registering(exam)
    written = _ask(exam, op="write", address=address, hex=_MARKER)
    if written["outcome"] != Outcome.DONE:
        raise FailedError(f"the page at {address:#x} that the client registers must be mapped; write was refused")
    read = _ask(exam, op="read", address=address, length=len(_MARKER) // 2)
    if read.get("hex") != _MARKER:
        raise FailedError(f"{_MARKER} was written at {address:#x}, and {shown(read.get('hex'))} is read there")
    return f"{length} bytes at {address:#x}: what is written is read"


def _looks(exam: Examination) -> str:
    first, second = _ask(exam, op="observe"), _ask(exam, op="observe")
    for name in ("link", "health", "open"):
        if first.get(name) != second.get(name):
            raise FailedError(
                f"{name} was {shown(first.get(name))}, and is {shown(second.get(name))}; looking must change nothing"
            )
    return "while the client stands in a call, the same twice"


def _repeats(exam: Examination) -> str:
    one, other = _added(exam), _added(exam)
    if (one.opcode, one.arguments, one.mapped) != (other.opcode, other.arguments, other.mapped):
        raise FailedError(f"after two resets the first turns differ: {one} and {other}; a reset must erase everything")
    return "two fresh clients begin alike"


def _ends(exam: Examination) -> str:
    exam.opened().finish()
    return "bye was answered, and nothing is left behind"


#: Every check after the greeting and the claims; see :data:`vnic_conformance.sanity.CHECKS`.
CHECKS: Final[tuple[tuple[str, str, Check, bool], ...]] = (
    ("resets", "is a reset client untouched until its device is added?", _resets, True),
    ("declines", "is nonsense declined?", _declines, True),
    ("calls", "do its calls come to the kit?", _calls, True),
    ("memory", "is its memory read and written at its I/O addresses?", _memory, True),
    ("looks", "does looking change nothing?", _looks, True),
    ("repeats", "does a reset erase what was there?", _repeats, True),
    ("ends", "does it end after bye, with everything it started?", _ends, True),
)
