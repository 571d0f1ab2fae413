"""An adapter of role client to start from: replace what stands under "Your client", and keep the rest.

What to do for each request is in docs/adapter-protocol-client.md. As it stands the adapter is sane (``vnickit smoke``). What is
behind it is a toy: it registers its queue, sends INIT and then does nothing more, which ``vnickit check`` finds out at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Generator
from typing import Any

Request = dict[str, Any]
Reply = dict[str, Any]
#: A hypervisor call: token and registers; None: nothing to do before an interrupt or a wish of the user.
Call = tuple[int, ...] | None
#: The answer: return code, and values.
Answer = tuple[int, ...]

# --- Your client -------------------------------------------------------------------------------------------------------
# A driver that makes its calls by itself runs in a thread or a process of its own here; what matters is that it stands still in
# each call until the kit has answered. An adapter decides nothing: it hands over calls, memory and wishes.

H_REG_CRQ, H_FREE_CRQ, H_VIO_SIGNAL, H_SEND_CRQ, H_EOI = 0xFC, 0x100, 0x104, 0x108, 0x64
UNIT, PAGE, CRQ_SOURCE = 0x30000003, 4096, 1
INIT = 0xC001 << 48


class Client:
    """A client partition whose driver is a generator: it yields each call, and gets the answer back."""

    def __init__(self) -> None:
        self.memory = bytearray(PAGE)  #: what the device reaches, from I/O address 0: the queue
        self.interrupts: list[int] = []
        self.wishes: list[str] = []  #: what the user has asked for, in order
        self.open = False
        self.steps = self.live()

    def live(self) -> Generator[Call, Answer, None]:
        """The driver, for ever. To do: negotiation, login, frames, recovery, removal."""
        while True:
            while self.interrupts:
                yield H_EOI, self.interrupts.pop()
            wish = self.wishes.pop(0) if self.wishes else ""
            if wish == "add":
                yield H_REG_CRQ, UNIT, 0, PAGE
                yield H_VIO_SIGNAL, UNIT, 1
                yield H_SEND_CRQ, UNIT, INIT, 0
            elif wish in ("open", "close"):
                self.open = wish == "open"
            elif not wish:
                yield None

    def link(self) -> bool:
        """Whether the user sees the link up. To do: after a login, with LINK_STATE_INDICATION (1, 1)."""
        return False


#: The client that there is, how many wishes it had, those that have returned, and whether it stands in a call.
CURRENT: list[Client] = [Client()]
ORDERS: list[int] = [0]
FINISHED: list[str] = []
STANDS_IN_CALL: list[bool] = [False]

# --- The protocol ------------------------------------------------------------------------------------------------------

#: Claim a feature when you have what it needs, and not before.
HELLO = {
    "protocol_major": 1,
    "protocol_minor": 1,
    "implementation": "my-client",
    "role": "client",
    "servers": 1,
    "clock": "virtual",
    "quiet_ms": 0,
    "features": "",
}
ACTIONS = ("add", "remove", "open", "close")


def number(value: int | str) -> int:
    """A number of the protocol: decimal, or hexadecimal as a text."""
    return int(value, 0) if isinstance(value, str) else value


def reset() -> Reply:
    """Make a fresh client: whatever outlives this makes every later verdict worthless."""
    CURRENT[0], ORDERS[0], STANDS_IN_CALL[0] = Client(), 0, False
    FINISHED.clear()
    return {"unit": UNIT, "page": PAGE}


def turn(answer: Answer | None) -> Reply:
    """Let the client go on to its next call, or until it has nothing more to do."""
    steps = CURRENT[0].steps
    call = next(steps) if answer is None else steps.send(answer)
    STANDS_IN_CALL[0] = call is not None
    reply: Reply = {"state": "idle"}
    if call is not None:
        reply = {"state": "call", "opcode": call[0]} | {f"r{4 + at}": value for at, value in enumerate(call[1:])}
    if FINISHED:
        reply["finished"] = " ".join(FINISHED)
        FINISHED.clear()
    return reply


def user(action: str) -> Reply:
    """Let the user ask. To do: tell that it is finished when it has returned, and not before."""
    if action not in ACTIONS:
        return {"outcome": "unsupported"}
    ORDERS[0] += 1
    CURRENT[0].wishes.append(action)
    FINISHED.append(f"{ORDERS[0]}:0")
    return {"order": ORDERS[0]}


def serve(request: Request) -> Reply:
    """The reply to a request, without its seq."""
    op, client = request["op"], CURRENT[0]
    if op == "hello":
        return HELLO
    if op == "reset":
        return reset()
    if op in ("run", "answer"):
        if STANDS_IN_CALL[0] is (op == "run"):
            raise ValueError(f"{op} out of turn")
        return turn(
            None if op == "run" else (request["rc"], *(number(request[r]) for r in ("r4", "r5") if r in request))
        )
    if op == "interrupt":
        client.interrupts.append(CRQ_SOURCE if request["source"] == "crq" else number(request["source"]))
        return {}
    if op in ("read", "write"):
        data = bytes.fromhex(request["hex"]) if op == "write" else bytes(request["length"])
        at = number(request["address"])
        if at + len(data) > len(client.memory):
            return {"outcome": "refused", "reason": "not mapped"}
        if op == "read":
            return {"hex": client.memory[at : at + len(data)].hex()}
        client.memory[at : at + len(data)] = data
        return {}
    if op == "user":
        return user(request["action"])
    if op == "observe":
        return {"link": int(client.link()), "open": int(client.open), "health": ""}
    if op == "bye":
        return {}
    raise ValueError(f"there is no {op}")


def main() -> None:
    """A line in, a line out."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = {"outcome": "done"} | serve(request)
        except (KeyError, ValueError) as error:
            reply = {"outcome": "error", "error": str(error)}
        sys.stdout.write(json.dumps({"seq": request.get("seq", 0)} | reply) + "\n")
        sys.stdout.flush()
        if request.get("op") == "bye":
            break


if __name__ == "__main__":
    main()
