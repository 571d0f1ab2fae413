"""Role ``client``: what a request must be, what a reply owes to it, and a reply as values.

As in :mod:`vnic_conformance.protocol.rules` a wrong request is a fault of the kit and raises ``ValueError``; a wrong reply
is a fault of the adapter and is returned as a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vnic_conformance.protocol.client_words import CLIENT_OPS, CLIENT_SCHEMA, NET_EVENTS, USER_ACTIONS
from vnic_conformance.protocol.messages import Outcome
from vnic_conformance.protocol.schema import compile_object

_REQUESTS = {op: compile_object("request", f"request_{op}", file=CLIENT_SCHEMA) for op in CLIENT_OPS}
_PLAIN = compile_object("reply", file=CLIENT_SCHEMA)
_ANSWERED_BY: Final = {"run": "turn", "answer": "turn", "interrupt": "done", "write": "done"}
_REPLIES = {op: compile_object("reply", f"reply_{_ANSWERED_BY.get(op, op)}", file=CLIENT_SCHEMA) for op in CLIENT_OPS}
_FIRST_ARGUMENT: Final = 4
_REGISTERS: Final = tuple(f"r{number}" for number in range(_FIRST_ARGUMENT, 13))


@dataclass(frozen=True, slots=True)
class Turn:
    """What a client did until it is the kit's turn again.

    Attributes:
        opcode: the hypervisor call that it waits in; None if it makes none.
        arguments: the registers r4 onward that it passed.
        until: when it wants to go on at the latest, in ms since the reset; None: only others can make it go on.
        ended: the client is gone, and will never call again.
        finished: user actions that returned: number and result (0, or the error number that the user got).
        events: net-device events, in order.
        mapped: changes of the DMA window, in order: mapped or not any more, first address, length in bytes.
        health: what has been seen of its trouble, if anything.
    """

    opcode: int | None = None
    arguments: tuple[int, ...] = ()
    until: int | None = None
    ended: bool = False
    finished: tuple[tuple[int, int], ...] = ()
    events: tuple[str, ...] = ()
    mapped: tuple[tuple[bool, int, int], ...] = ()
    health: str = ""


def check_client_request(fields: Mapping[str, object]) -> None:
    """Check a request before it is sent.

    Raises:
        ValueError: it is none of the role; the kit made it, so this is a fault of the kit.
    """
    check = _REQUESTS.get(str(fields.get("op")))
    problem = f"there is no such request: {dict(fields)}" if check is None else check(fields)
    if problem is None and fields["op"] == "user":
        _, needed = USER_ACTIONS[str(fields["action"])]
        missing = [name for name in needed if name not in fields]
        problem = f"user {fields['action']} needs {', '.join(missing)}" if missing else None
    if problem is not None:
        raise ValueError(f"the kit made a request that role client does not have: {problem}")


def check_client_reply(
    request: Mapping[str, object], reply: Mapping[str, object], *, virtual: bool = True
) -> str | None:
    """What is wrong with a reply, as a sentence, or None.

    Args:
        request: what was asked.
        reply: what came, as it stood on the line.
        virtual: whether the adapter's clock is virtual, so that an idle client's next deadline lies ahead.
    """
    op = str(request["op"])
    # What was done is checked as the reply that the request asks for, which is a reply as any other.
    problem = (_REPLIES[op] if reply.get("outcome") == Outcome.DONE else _PLAIN)(reply)
    if problem is not None:
        return problem
    outcome = reply["outcome"]
    if outcome == Outcome.ERROR:
        return None if reply.get("error") else 'outcome is "error", so field "error" must say what is wrong'
    if outcome == Outcome.REFUSED:
        if op not in ("read", "write", "user"):
            return f"{op} cannot be refused"
        return None if reply.get("reason") else 'outcome is "refused", so field "reason" must say why'
    if outcome == Outcome.UNSUPPORTED:
        return None if op in ("user", "reset") else f"every adapter of role client has {op}"
    if op == "read" and len(str(reply["hex"])) != 2 * int(str(request["length"])):
        return f"read of {request['length']} bytes must answer with so many bytes"
    return _turn_problem(request, reply, virtual) if op in ("run", "answer") else None


def _turn_problem(request: Mapping[str, object], reply: Mapping[str, object], virtual: bool) -> str | None:
    state = reply["state"]
    if state == "call" and "opcode" not in reply:
        return 'state is "call", so field "opcode" must say which'
    if state == "ended" and "health" not in reply:
        return (
            'state is "ended", so field "health" must say what was seen (empty: the device was removed in good order)'
        )
    unknown = [event for event in str(reply.get("events", "")).split() if event not in NET_EVENTS]
    if unknown:
        return f"events has {unknown[0]!r}; there are {', '.join(NET_EVENTS)}"
    now, until = request.get("now"), reply.get("until")
    if virtual and isinstance(now, int) and isinstance(until, int) and until <= now and state == "idle":
        return f"idle until {until}, and it is {now} already: what falls due now is to be done now"
    return None


def turn_of(reply: Mapping[str, object]) -> Turn:
    """A reply to ``run`` or ``answer`` that has passed the check, as values."""
    state = reply["state"]
    registers: list[int] = []
    for name in _REGISTERS:
        if name not in reply:
            break
        registers.append(_wide(reply[name]))
    until = reply.get("until")
    finished = [pair.partition(":") for pair in str(reply.get("finished", "")).split()]
    mapped = [(token[0] == "+", *token[1:].partition(":")[::2]) for token in str(reply.get("mapped", "")).split()]
    return Turn(
        opcode=_wide(reply["opcode"]) if state == "call" else None,
        arguments=tuple(registers) if state == "call" else (),
        until=until if isinstance(until, int) and state == "idle" else None,
        ended=state == "ended",
        finished=tuple((int(order), int(result)) for order, _, result in finished),
        events=tuple(str(reply.get("events", "")).split()),
        mapped=tuple((new, int(at, 16), int(length, 16)) for new, at, length in mapped),
        health=str(reply.get("health", "")),
    )


def _wide(value: object) -> int:
    return int(value, 16) if isinstance(value, str) else value if isinstance(value, int) else 0
