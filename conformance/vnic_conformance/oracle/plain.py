"""What can be told from the difference alone: which requirement is hurt when an observation differs in a certain way.

The properties of the machine speak of states; some differences they do not see, because ghosts and time are not observed, and
some they see under another name first. A rule here looks at one field, as a person would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from vnic_conformance.oracle.possibility import matches
from vnic_conformance.stimulus import CLIENT, CLOCK, Stimulus
from vnic_model.direct import DirectQueue
from vnic_spec.calls import event_bytes
from vnic_spec.state import State
from vnic_spec.vocabulary import Crq, Kind, Owed
from vnic_spec.wire import Rc

if TYPE_CHECKING:
    from vnic_conformance.oracle.judge import Mismatch

_EVENT = "ff"
_FAILOVER, _MIGRATED = (event_bytes(kind).hex() for kind in (Kind.FAILOVER, Kind.MIGRATED))
_LEAVES = ("free_crq", "crash", "power_off")

#: One rule: from the state before, the difference, the stimulus and what came, to an ID or nothing.
_Rule = Callable[[State, "Mismatch", Stimulus, Mapping[str, object]], str | None]


def told_plainly(before: State, nearest: Mismatch, stimulus: Stimulus, came: Mapping[str, object]) -> str | None:
    """The requirement that the difference itself names, or None."""
    for rule in (_answer, _silence, _crossing, _queues, _listing, _migration, _selection):
        found = rule(before, nearest, stimulus, came)
        if found is not None:
            return found
    return None


def _answer(before: State, nearest: Mismatch, stimulus: Stimulus, came: Mapping[str, object]) -> str | None:
    """What the console answers and lists; return codes of H_SEND_CRQ."""
    if {"outcome", "listed"} & set(nearest.fields) and nearest.allowed.requirements:
        return nearest.allowed.requirements[0]
    if "rc" not in nearest.fields or stimulus.call != "send_crq":
        return None
    if str(stimulus.given["hex"]).startswith(_EVENT):
        return "CRQ-6"
    pair = {nearest.expected.get("rc"), came.get("rc")}
    return "CRQ-3" if pair == {Rc.H_CLOSED, Rc.H_DROPPED} else None


def _silence(before: State, nearest: Mismatch, stimulus: Stimulus, came: Mapping[str, object]) -> str | None:
    """What happens, or does not, because time passes."""
    if stimulus.who != CLOCK:
        return None
    state = nearest.allowed.possibility.state
    silent = [i for i in _servers(nearest) if f"server{i}_status" in nearest.fields]
    if any(state.overdue(i) and not before.overdue(i) for i in silent):
        return "CRQ-13"
    return None if not silent and "selected" in nearest.fields else "MON-2"


def _crossing(before: State, nearest: Mismatch, stimulus: Stimulus, came: Mapping[str, object]) -> str | None:
    """A server that is held answers as if it were connected: then its session and the last one cross."""
    state = nearest.allowed.possibility.state
    selected = state.selected
    held = isinstance(selected, int) and bool(state.held(selected))
    both = (nearest.expected.get("rc"), came.get("rc"))
    return "CRQ-13" if held and both == (Rc.H_CLOSED, Rc.H_SUCCESS) else None


def _queues(before: State, nearest: Mismatch, stimulus: Stimulus, came: Mapping[str, object]) -> str | None:
    for field in nearest.fields:
        expected, seen = nearest.expected.get(field), came.get(field)
        if field.endswith("_queue") and isinstance(expected, tuple) and isinstance(seen, str):
            found = _queue(before, nearest, stimulus, field, expected, seen.split())
            if found is not None:
                return found
    return None


def _queue(
    before: State,
    nearest: Mismatch,
    stimulus: Stimulus,
    field: str,
    expected: tuple[str, ...],
    seen: list[str],
) -> str | None:
    to_client = field == f"{CLIENT}_queue"
    if stimulus.call == "reg_crq" and field.startswith(stimulus.who) and not expected:
        return "CRQ-9"
    wrong = [(e, s) for e, s in zip(expected, seen, strict=False) if not matches((e,), s)]
    if len(expected) == len(seen) and all(e[:4] == s[:4] != _EVENT for e, s in wrong):
        return "CRQ-10"
    events = [e[:4] for e in expected if e.startswith(_EVENT)]
    shown = [s[:4] for s in seen if s.startswith(_EVENT)]
    if "selected" in nearest.fields:
        return None  # the events are as they should be for another selection
    if (_full(before, field) and (events or shown)) or (before.owed is not Owed.NOTHING and to_client):
        return "CRQ-7"
    if stimulus.call == "enable_crq" and to_client:
        return "CRQ-8"
    if events == shown:
        return None
    if to_client:
        return _client_event(nearest, stimulus, events, shown)
    if stimulus.call == "migrate":
        return "CRQ-8"
    leaving = CLIENT in (stimulus.who, stimulus.given.get("target")) and stimulus.call in _LEAVES
    return "CRQ-4" if leaving else "FOV-2"


def _client_event(nearest: Mismatch, stimulus: Stimulus, events: list[str], shown: list[str]) -> str:
    if stimulus.call == "migrate" or events.count(_MIGRATED) != shown.count(_MIGRATED):
        return "CRQ-8"
    if any(code not in (_FAILOVER, _MIGRATED) for code in shown):
        return "CRQ-4"
    nobody = nearest.expected.get("selected") == "" and events.count(_FAILOVER) > shown.count(_FAILOVER)
    return "FOV-6" if nobody else "FOV-3"


def _listing(before: State, nearest: Mismatch, stimulus: Stimulus, came: Mapping[str, object]) -> str | None:
    """A priority or a complaint is shown differently."""
    fields = nearest.fields
    own = nearest.expected.get(f"{stimulus.who}_status"), came.get(f"{stimulus.who}_status")
    if stimulus.call == "vioctl" and own == ("NETWORK_ERROR", "OPERATIONAL"):
        return "MON-4"
    if all(field.endswith("_priority") for field in fields):
        return "ADM-7"
    if stimulus.call == "activate" and any(field.endswith("_status") for field in fields):
        return "ADM-6"
    if all(field.endswith("_status") for field in fields):
        kept = [field for field in fields if came.get(field) == "NETWORK_ERROR"]
        # A complaint that should be forgotten, and not by what the server itself did: the last resort.
        return "MON-5" if kept and not any(field.startswith(stimulus.who) for field in kept) else None
    return None


def _migration(before: State, nearest: Mismatch, stimulus: Stimulus, came: Mapping[str, object]) -> str | None:
    if stimulus.call == "migrate" and "client_crq" in nearest.fields:
        return "CRQ-8"
    return "CRQ-8" if stimulus.call == "enable_crq" and "selected" in nearest.fields else None


def _selection(before: State, nearest: Mismatch, stimulus: Stimulus, came: Mapping[str, object]) -> str | None:
    """Somebody else is selected than should be."""
    if "selected" not in nearest.fields:
        return None
    expected, seen = nearest.expected.get("selected"), came.get("selected")
    state = nearest.allowed.possibility.state
    if not state.standing:
        return "SEL-7" if before.standing else "SEL-2"
    if before.crq is Crq.CLOSED and stimulus.call not in ("reg_crq", "activate"):
        return "SEL-8"
    if expected and not seen:
        if any(came.get(f"server{i}_status") == "NETWORK_ERROR" for i in _servers(nearest)):
            return "MON-5"
        return "SEL-6" if before.selected is None or not state.auto else "FOV-5"
    if not expected:
        return None
    first, second = (int(str(name).removeprefix("server")) for name in (expected, seen))
    if state.pin == first:
        return "ADM-6"
    tied = state.priority(first) == state.priority(second) and not state.complaint(second)
    return "SEL-5" if tied else None


def _full(before: State, field: str) -> bool:
    name = field.removesuffix("_queue")
    queue = before.to_client if name == CLIENT else before.to_server(int(name.removeprefix("server")))
    assert isinstance(queue, DirectQueue)
    return len(queue.items) >= queue.depth


def _servers(nearest: Mismatch) -> Iterator[int]:
    i = 0
    while f"server{i}_queue" in nearest.expected:
        yield i
        i += 1
