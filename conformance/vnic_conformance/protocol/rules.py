"""What a request must be, and what a reply owes to its request: the schema, and the few rules beyond it.

A wrong request is a fault of the kit and raises ``ValueError``; a wrong reply is a fault of the adapter and is returned
as a sentence, so that the caller can add whose fault it is and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from vnic_conformance.interface import OPERATIONS, PARTITION, RC, RESULTS
from vnic_conformance.protocol.messages import OPS, Fields, Outcome, calls, kind_of
from vnic_conformance.protocol.schema import compile_object

_REPLY = compile_object("reply")
_HELLO = compile_object("reply", "reply_hello")
_OBSERVED = compile_object("observation")
_OBSERVED_SYSTEM = compile_object("observation_system")
_CALLS = {
    (who, call): compile_object("request", "request_apply", f"{who}_{call}") for who in calls() for call in calls()[who]
}
_REQUESTS = {op: compile_object("request", f"request_{op}") for op in OPS}

#: Calls of a partition that are no hypervisor calls and so have no return code.
WITHOUT_RC = frozenset(o.call for o in OPERATIONS if o.caller == PARTITION and RC not in o.results)


def check_request(fields: Mapping[str, object]) -> None:
    """Check a request before it is sent.

    Raises:
        ValueError: it is none of the protocol; the kit made it, so this is a fault of the kit.
    """
    op = fields.get("op")
    check = _REQUESTS.get(op) if isinstance(op, str) else None
    if op == "apply":
        who, call = fields.get("who"), fields.get("call")
        if isinstance(who, str) and isinstance(call, str):
            check = _CALLS.get((kind_of(who), call))
    problem = f"there is no such request: {dict(fields)}" if check is None else check(fields)
    if problem is not None:
        raise ValueError(f"the kit made a request that the protocol does not have: {problem}")


def check_reply(
    request: Mapping[str, object],
    reply: Mapping[str, object],
    *,
    servers: int = 0,
    features: frozenset[str] = frozenset(),
    virtual: bool = False,
    system: bool = False,
) -> str | None:
    """What is wrong with a reply, as a sentence, or ``None``; its ``seq`` is not looked at.

    Args:
        request: what was asked.
        reply: what came, as it stood on the line.
        servers: server partitions since the last reset; 0 before any.
        features: what the adapter has claimed.
        virtual: whether its clock is virtual, so that an observation owes the time.
        system: whether it plays role ``system``, in which frames are seen and queues are not.
    """
    op = request["op"]
    done = reply.get("outcome") == Outcome.DONE
    problem = (_HELLO if op == "hello" and done else _REPLY)(reply)
    if problem is not None:
        return problem
    outcome = reply["outcome"]
    if op == "observe" and not done:
        return 'observe must always be possible; its outcome must be "done"'
    if outcome == Outcome.ERROR:
        return None if reply.get("error") else 'outcome is "error", so field "error" must say what is wrong'
    if outcome == Outcome.REFUSED and not reply.get("reason"):
        return 'outcome is "refused", so field "reason" must say why'
    if done and op == "apply":
        problem = _missing_result(request, reply)
        if problem is not None:
            return problem
    looked = done or (outcome == Outcome.REFUSED and op == "apply")
    if looked and (op == "observe" or request.get("observe") == 1):
        problem = _observation(reply, servers, features, system=system)
        if problem is None and virtual and "now" not in reply:
            problem = "observation: field 'now' is missing, and the clock is virtual"
        return problem
    return None


def _missing_result(request: Mapping[str, object], reply: Mapping[str, object]) -> str | None:
    """What a call that was carried out has not told, or ``None``."""
    if kind_of(str(request["who"])) != PARTITION:
        return None
    call = str(request["call"])
    if call == "consume":
        size = 64 if "handle" in request else 32
        element = reply.get("element")
        if not isinstance(element, str):
            return 'consume must answer with field "element", empty if there is none'
        return None if len(element) in (0, size) else f"an element of this queue has {size} hexadecimal digits"
    sub = _number(request["sub"]) if "sub" in request else None
    rc = reply.get("rc")
    for result in RESULTS.get((call, sub), (RC,)):
        if result.name in reply or (result.upon and rc not in result.upon):
            continue
        if result == RC:
            return f'{call} is a hypervisor call that was carried out; field "rc" must be its return code'
        return f'{call}{f" with rc {rc}" if result.upon else ""} must answer with field "{result.name}"'
    return None


def _number(value: object) -> int:
    return int(value, 16) if isinstance(value, str) else value if isinstance(value, int) else -1


def _observation(
    reply: Mapping[str, object], servers: int, features: frozenset[str], *, system: bool = False
) -> str | None:
    """What an observation lacks, or ``None``."""
    problem = (_OBSERVED_SYSTEM if system else _OBSERVED)(reply)
    if problem is not None:
        return f"observation: {problem}"
    listed = str(reply["listed"]).split()
    if len(set(listed)) != len(listed):
        return "observation: a server is listed twice"
    everybody = {f"server{index}" for index in range(servers)}
    for server in listed:
        if servers and server not in everybody:
            return f"observation: {server} is listed, but the last reset asked for {servers} servers"
        for what in ("status", "priority", "port"):
            if f"{server}_{what}" not in reply:
                return f"observation: field '{server}_{what}' is missing, and {server} is listed"
    for server in everybody if system else ():
        for what in ("adapter", "sent", "received"):
            if f"{server}_{what}" not in reply:
                return f"observation: field '{server}_{what}' is missing"
    for server in () if system else everybody:
        if f"{server}_queue" not in reply:
            return f"observation: field '{server}_queue' is missing"
        if "interrupts" in features and f"{server}_interrupts" not in reply:
            return f"observation: field '{server}_interrupts' is missing, and the feature interrupts is claimed"
    if not system and "interrupts" in features and "client_interrupts" not in reply:
        return "observation: field 'client_interrupts' is missing, and the feature interrupts is claimed"
    return None


#: The names of fields are few, and asked for at every step; bounded, because an adapter may make up more.
_known = lru_cache(maxsize=1024)(compile_object("reply", "reply_hello").knows)


def asked_for(request: Mapping[str, object], reply: Mapping[str, object]) -> Fields:
    """The part of a reply that the protocol has for this request; whatever else an adapter says is ignored.

    So a field that the protocol does not know never gets to the oracle or into a log, where the kit has notes of its own, and
    an observation that was not asked for never takes the place of one that was.
    """
    looked = request["op"] == "observe" or request.get("observe") == 1
    return {name: value for name, value in reply.items() if _known(name) and (looked or not is_observed(name))}


def observation_of(reply: Mapping[str, object]) -> Fields:
    """The part of a reply that is an observation; empty if it carries none."""
    return {name: value for name, value in reply.items() if is_observed(name)}


def observes(name: str) -> bool:
    """Whether the protocol has a field of this name in an observation, and says what it must be."""
    return is_observed(name) and _REPLY.knows(name)


def is_observed(name: str) -> bool:
    """Whether a field of a reply belongs to the observation."""
    if name in ("now", "client_crq", "auto", "selected", "pinned", "listed"):
        return True
    who, _, what = name.partition("_")
    return (who in ("client", "host") or (who.startswith("server") and who != "server")) and what != ""
