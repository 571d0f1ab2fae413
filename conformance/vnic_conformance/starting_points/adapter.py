"""An adapter to start from: replace what stands under "Your implementation", and keep the rest.

What to do for each request is in docs/adapter-protocol.md. As it stands the adapter is sane (``vnickit smoke``), and what is
behind it is a toy: two queues without a failover mechanism, which ``vnickit check`` finds out at once.
"""

from __future__ import annotations

import json
import sys
from typing import Any

Request = dict[str, Any]
Reply = dict[str, Any]

# --- Your implementation -----------------------------------------------------------------------------------------------
# Import it here and make a fresh one in reset(). An adapter decides nothing: every answer below is to come from it.

H_SUCCESS, H_CLOSED, H_PARAMETER = 0, 2, -4
REPORT = 0x18


class Partition:
    """The queue of one partition."""

    def __init__(self) -> None:
        self.registered = False
        self.queue: list[str] = []  #: elements in hexadecimal, the first to be read leading


class System:
    """A client and some servers."""

    def __init__(self, servers: int = 0) -> None:
        self.client = Partition()
        self.servers = [Partition() for _ in range(servers)]
        self.now = 0  #: ms since the reset


def reset(request: Request) -> Reply:
    """Make a fresh system: whatever outlives this makes every later verdict worthless."""
    CURRENT[0] = System(request["servers"])
    return {}


def reg_crq(me: Partition, request: Request) -> Reply:
    """H_REG_CRQ. To do: the checks and their order (CRQ-2), H_CLOSED without a partner, the selection."""
    me.registered, me.queue = True, []
    return {"rc": H_SUCCESS}


def free_crq(me: Partition, request: Request) -> Reply:
    """H_FREE_CRQ. To do: who is told (CRQ-4), failover."""
    me.registered, me.queue = False, []
    return {"rc": H_SUCCESS}


def send_crq(me: Partition, request: Request) -> Reply:
    """H_SEND_CRQ. To do: the checks and their order (CRQ-3); the partner is whoever is connected."""
    element, system = request["hex"], CURRENT[0]
    partner = system.servers[0] if me is system.client else system.client
    if not (me.registered and partner.registered):
        return {"rc": H_CLOSED}
    partner.queue.append(element)
    return {"rc": H_SUCCESS}


def consume(me: Partition, request: Request) -> Reply:
    """The owner clears its first element."""
    return {"element": me.queue.pop(0) if me.queue else ""}


def vioctl(me: Partition, request: Request) -> Reply:
    """H_VIOCTL. To do: reports 0x18, token 0x19 (field r4), complaint 0x1A, record 0x1B (field info)."""
    return {"rc": H_SUCCESS if request["sub"] == REPORT else H_PARAMETER}


def other_call(me: Partition, request: Request) -> Reply:
    """To do: H_ENABLE_CRQ, H_VIO_SIGNAL."""
    return {"rc": H_SUCCESS}


def observe() -> Reply:
    """Look, and change nothing. To do: what is really selected, pinned and listed, and the statuses."""
    system = CURRENT[0]
    seen: Reply = {"now": system.now, "client_crq": "OPEN" if system.client.registered else "CLOSED", "auto": 1}
    seen |= {"selected": "", "pinned": "", "listed": " ".join(f"server{n}" for n in range(len(system.servers)))}
    seen["client_queue"] = " ".join(system.client.queue)
    for number, server in enumerate(system.servers):
        name = f"server{number}"
        seen |= {f"{name}_status": "POWERED_OFF", f"{name}_priority": 50, f"{name}_port": number}
        seen[f"{name}_queue"] = " ".join(server.queue)
    return seen


def advance(request: Request) -> Reply:
    """Let time pass. To do: servers that fall silent (MON-2)."""
    CURRENT[0].now += request["ms"]
    return {}


#: The system that there is.
CURRENT = [System()]

# --- The protocol ------------------------------------------------------------------------------------------------------

#: Claim a feature when its calls are served, and not before.
HELLO = {
    "protocol_major": 1,
    "protocol_minor": 0,
    "implementation": "my-hypervisor",
    "role": "hypervisor",
    "servers": 7,
    "clock": "virtual",
    "quiet_ms": 0,
    "features": "",
}
CALLS = {
    "reg_crq": reg_crq,
    "free_crq": free_crq,
    "send_crq": send_crq,
    "consume": consume,
    "vioctl": vioctl,
    "enable_crq": other_call,
    "vio_signal": other_call,
}


def partition_named(name: str) -> Partition:
    """The partition that makes a call."""
    system = CURRENT[0]
    return {"client": system.client, **{f"server{n}": s for n, s in enumerate(system.servers)}}[name]


def serve(request: Request) -> Reply:
    """The reply to a request, without its seq."""
    op = request["op"]
    if op == "hello":
        return HELLO
    if op == "reset":
        return reset(request)
    if op == "apply":
        if request["who"] in ("console", "platform"):
            return {"outcome": "unsupported"}
        return CALLS[request["call"]](partition_named(request["who"]), request)
    if op == "advance":
        return advance(request)
    if op == "observe":
        return observe()
    if op in ("settle", "bye"):
        return {}
    raise KeyError(op)


def main() -> None:
    """A line in, a line out."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = {"outcome": "done"} | serve(request)
        except KeyError as error:
            reply = {"outcome": "error", "error": f"there is no {error}"}
        if request.get("observe") and reply["outcome"] == "done":
            reply |= observe()
        sys.stdout.write(json.dumps({"seq": request.get("seq", 0)} | reply) + "\n")
        sys.stdout.flush()
        if request.get("op") == "bye":
            break


if __name__ == "__main__":
    main()
