"""Which requirement a wrong answer hurts.

First it is looked whether the difference speaks for itself (:mod:`vnic_conformance.oracle.plain`). Then the properties of the
specification are asked: the state before, and the state that was expected with everything in it that was
seen differently, are judged as a step of the machine. The first property that does not hold names the requirement and says
in words what should have been. Where none speaks, it is the requirement of the action by whose answer the reply differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from vnic_conformance.oracle.plain import Difference, told_plainly
from vnic_conformance.oracle.possibility import Mismatch, OracleOps, Possibility, Wired
from vnic_conformance.stimulus import Stimulus
from vnic_model.direct import DirectMap, DirectQueue
from vnic_spec.algebra import Element
from vnic_spec.calls import kind_of
from vnic_spec.catalogue import ACTIONS
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Property, Scope, Step
from vnic_spec.requirements import requirement
from vnic_spec.state import State
from vnic_spec.vocabulary import Crq, Kind, Status

_EVENTS = {1: Kind.FAILED, 2: Kind.DEREGISTERED, 6: Kind.MIGRATED, 8: Kind.FAILOVER}
#: What a field of the reply or the observation is about, where no property speaks.
_ABOUT = {
    "selected": "FOV-7",
    "pinned": "ADM-6",
    "auto": "ADM-5",
    "listed": "ADM-7",
    "client_crq": "FOV-4",
    "client_queue": "CRQ-5",
    "r4": "SES-1",
    "info": "MON-7",
    "element": "CRQ-5",
}


def blame(
    o: OracleOps,
    before: Iterable[Possibility],
    stimulus: Stimulus,
    mismatches: Sequence[Mismatch],
    came: Mapping[str, object],
) -> tuple[str, str]:
    """The requirement that is hurt, and a sentence that says what should have been."""
    if not mismatches:
        return "FOV-9", "Nothing that may happen by itself leads to what was seen."
    nearest = mismatches[0]
    if all(is_beside(field) for field in nearest.fields):
        named = _beside(nearest.fields[0], stimulus)
        return named, requirement(named).text
    for p in before:
        told = told_plainly(Difference(o, p, nearest, stimulus, came))
        if told is not None:
            return told.requirement, told.sentence or _sentence(o, p.state, told.requirement, nearest, came)
        found = next(broken_properties(o, p.state, nearest, came), None)
        if found is not None:
            return found.name, found.sentence
    ids = nearest.allowed.requirements
    first = nearest.fields[0]
    named = _ABOUT.get(first, "")
    if first.endswith("_status"):
        named = "MON-4"
    elif first.endswith("_queue") and not named:
        named = "FOV-2"
    chosen = ids[0] if ids and (first in ("rc", "outcome") or not named) else named or "CRQ-3"
    return chosen, requirement(chosen).text


def is_beside(field: str) -> bool:
    """A field that shows what lies beside the machine: a sub-CRQ, or pending interrupts."""
    return "_sub_" in field or field.endswith("_interrupts")


def _beside(field: str, stimulus: Stimulus) -> str:
    """The requirement by which interrupts are as they are, or sub-CRQs go with their CRQ or their session."""
    if field.endswith("_interrupts"):
        return "CRQ-11"
    return "CRQ-4" if stimulus.call == "free_crq" and field.startswith(stimulus.who) else "CRQ-12"


def _sentence(o: OracleOps, s: State, name: str, nearest: Mismatch, came: Mapping[str, object]) -> str:
    """What a requirement says here: its property's sentence, if that is what does not hold; else all of it.

    A requirement says more than the property that bears its name, and a sentence about what did hold would mislead.
    """
    broken = (p for p in broken_properties(o, s, nearest, came) if p.requirements[0] == name)
    found = next(broken, None)
    return requirement(name).text if found is None else found.sentence


#: Of several properties that a step breaks, the one is named that says most about it: what is decided (who is selected, what a
#: status means, what the console may) before what follows from it (events, elements on queues).
_PRECEDENCE = ("SEL", "MON", "ADM", "SES", "INV", "FOV", "CRQ")
#: What says that nothing happens without a cause is broken by most faults, and is named where nothing else is.
_WITHOUT_A_CAUSE = frozenset(
    {
        *("FOV-7/session", "FOV-3/only", "CRQ-7", "CRQ-4/server", "CRQ-2/again", "CRQ-4/half", "CRQ-8/enable"),
        *("CRQ-13/overdue", "MON-1", "MON-2", "MON-4/cleared", "FOV-10/hung", "ADM-2/list", "ADM-3/last"),
        *("SES-2/order", "FOV-7/delay"),
    }
)


def _rank(p: Property) -> tuple[bool, bool, int]:
    group = p.name.partition("-")[0]
    # A frame property is broken by everything that touches its variable, and is named last of all.
    return ".frames." in p.chapter, p.name in _WITHOUT_A_CAUSE, _PRECEDENCE.index(group)


_BY_PRECEDENCE = sorted((p for p in PROPERTIES.values() if p.scope is Scope.ANYBODY), key=_rank)


def broken_properties(o: OracleOps, s: State, nearest: Mismatch, came: Mapping[str, object]) -> Iterator[Property]:
    """The properties that hold in the step that was expected, and do not in the one that was seen; the most telling first."""
    a = nearest.allowed
    if a.action not in ACTIONS:
        return
    answer: Any = came.get("rc", a.rc)
    step = Step(a.action, dict(a.parameters), answer)
    action = ACTIONS[a.action]
    seen = as_seen(a.possibility.state, came)
    for p in _BY_PRECEDENCE:
        if p.of_step is not None:
            holds = not p.speaks_of(action) or bool(o.carrying(p.of_step)(o, s, seen, step))
            held = not p.speaks_of(action) or bool(
                o.carrying(p.of_step)(o, s, a.possibility.state, Step(a.action, step.parameters, a.rc))
            )
        else:
            assert p.of_state is not None
            law = o.carrying(p.of_state)
            holds, held = bool(law(o, seen)), bool(law(o, a.possibility.state))
        if held and not holds:
            yield p


def as_seen(expected: State, came: Mapping[str, object]) -> State:
    """The expected state with everything in it that the observation shows differently."""
    changes: dict[str, Any] = {}
    servers = len(expected.status.values) if isinstance(expected.status, DirectMap) else 0
    for name, variable in (("selected", "selected"), ("pinned", "pin")):
        value = came.get(name)
        if isinstance(value, str):
            changes[variable] = int(value.removeprefix("server")) if value else None
    if came.get("client_crq") in Crq.__members__:
        changes["crq"] = Crq[str(came["client_crq"])]
    if "auto" in came:
        changes["auto"] = bool(came["auto"])
    assert isinstance(expected.to_client, DirectQueue)
    changes["to_client"] = _queue(expected.to_client, came.get("client_queue"))
    queues: Any = expected.to_server
    statuses: Any = expected.status
    for i in range(servers):
        queues = queues.set(i, _queue(queues(i), came.get(f"server{i}_queue")))
        shown = came.get(f"server{i}_status")
        if shown in Status.__members__ and shown != "NETWORK_ERROR" and not expected.overdue(i):
            statuses = statuses.set(i, Status[str(shown)])
    changes["to_server"], changes["status"] = queues, statuses
    if changes.get("selected", expected.selected) != expected.selected:
        chosen = changes["selected"]
        was: Any = expected.connected
        changes["connected"] = was.each(lambda j, _: j == chosen)
    return expected.but(**changes)


def _queue(expected: DirectQueue, came: object) -> DirectQueue:
    if not isinstance(came, str):
        return expected
    items: list[Element] = []
    for k, text in enumerate(came.split()):
        try:
            element = bytes.fromhex(text)
        except ValueError:
            return expected
        known = expected.items[k] if k < len(expected.items) else None
        if len(element) != 16:
            return expected
        if element[0] == 0xFF:
            items.append(Element(_EVENTS.get(element[1], Kind.DATA), None, False))
        elif known is not None and isinstance(known.kind, Wired) and known.kind.element == element:
            items.append(known)
        else:
            items.append(Element(Wired(kind_of(element), element), None if known is None else known.sender, False))
    return DirectQueue(tuple(items), expected.depth)
