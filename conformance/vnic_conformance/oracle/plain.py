"""What can be told from the difference alone: which requirement is hurt when an observation differs in a certain way.

The properties of the machine speak of states; some differences they do not see, because ghosts and time are not observed, and
some they see under another name first. A rule here looks at one field, as a person would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from vnic_conformance.oracle.possibility import Mismatch, OracleOps, Possibility, matches
from vnic_conformance.stimulus import CLIENT, CLOCK, Stimulus
from vnic_model.direct import DirectQueue
from vnic_spec.calls import event_bytes
from vnic_spec.selection import eligible, preempted
from vnic_spec.state import State
from vnic_spec.vocabulary import Crq, Kind, Owed
from vnic_spec.wire import Rc

_EVENT = "ff"
_FAILOVER, _MIGRATED = (event_bytes(kind).hex() for kind in (Kind.FAILOVER, Kind.MIGRATED))
_LEAVES = ("free_crq", "crash", "power_off")
_DELAY = (
    "A strictly better server takes the client exactly preempt_delay_ms after the selected one was first outranked: not "
    "sooner, not later, and counted anew whenever no better server was there in between."
)

_LEFT = "When the client leaves, the connected server is told once: event 02 if it freed its CRQ, event 01 if its partition went."
_ENABLED = (
    "H_ENABLE_CRQ enables the client's CRQ again: a selection that stands is kept, otherwise the best server is selected, and "
    "it is connected."
)
_PINNED = (
    "A server that was activated by hand keeps the client: priority does not take it back as long as it is eligible."
)


@dataclass(frozen=True)
class Difference:
    """What came, beside the nearest answer that was allowed.

    Attributes:
        ops: the algebra of the oracle.
        possibility: what may have been the case before.
        nearest: the allowed answer that differs least.
        stimulus: what was done.
        came: reply and observation.
    """

    ops: OracleOps
    possibility: Possibility
    nearest: Mismatch
    stimulus: Stimulus
    came: Mapping[str, object]

    @property
    def before(self) -> State:
        """The state before."""
        return self.possibility.state

    @property
    def state(self) -> State:
        """The state that was expected."""
        return self.nearest.allowed.possibility.state

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that differ."""
        return self.nearest.fields

    def pair(self, field: str) -> tuple[object, object]:
        """What was expected in a field, and what came."""
        return self.nearest.expected.get(field), self.came.get(field)


@dataclass(frozen=True, slots=True)
class Told:
    """What a difference tells.

    Attributes:
        requirement: its ID.
        sentence: what should have been; empty: the requirement says it.
    """

    requirement: str
    sentence: str = ""


#: One rule: from a difference to an ID, an ID with a sentence, or nothing.
_Rule = Callable[[Difference], "str | Told | None"]


def told_plainly(d: Difference) -> Told | None:
    """The requirement that the difference itself names, or None."""
    rules: tuple[_Rule, ...] = (_answer, _delay, _silence, _crossing, _queues, _listing, _migration, _selection)
    for rule in rules:
        found = rule(d)
        if found is not None:
            return found if isinstance(found, Told) else Told(found)
    return None


def _answer(d: Difference) -> str | None:
    """What the console answers and lists; return codes of H_SEND_CRQ."""
    if {"outcome", "listed"} & set(d.fields) and d.nearest.allowed.requirements:
        return d.nearest.allowed.requirements[0]
    if "rc" not in d.fields or d.stimulus.call != "send_crq":
        return None
    if str(d.stimulus.given["hex"]).startswith(_EVENT):
        return "CRQ-6"
    return "CRQ-3" if set(d.pair("rc")) == {Rc.H_CLOSED, Rc.H_DROPPED} else None


def _delay(d: Difference) -> Told | None:
    """A preemption comes before its delay is over, or after it (MON-5)."""
    was = d.before.selected
    if not d.ops.profile.damped or "selected" not in d.fields or was is None:
        return None
    expected, seen = d.pair("selected")
    stays = f"server{was}"
    if expected == stays and bool(preempted(d.ops, d.state)):
        outranks = {f"server{i}" for i in _servers(d.nearest) if _outranks(d.state, i, was)}
        return Told("MON-5", _DELAY) if seen in outranks else None
    overdue = seen == stays and d.stimulus.who == CLOCK and bool(eligible(d.ops, d.state, was))
    return Told("MON-5", _DELAY) if overdue else None


def _outranks(s: State, i: int, selected: object) -> bool:
    levels = s.priority(i), s.priority(selected)
    return int(str(levels[0])) < int(str(levels[1]))


def _silence(d: Difference) -> str | None:
    """What happens, or does not, because time passes."""
    if d.stimulus.who != CLOCK:
        return None
    silent = [i for i in _servers(d.nearest) if f"server{i}_status" in d.fields]
    if any(d.state.overdue(i) and not d.before.overdue(i) for i in silent):
        return "CRQ-13"
    return None if not silent and "selected" in d.fields else "MON-2"


def _crossing(d: Difference) -> str | None:
    """A server that is held answers as if it were connected, or is overdue and shown as if it were not (CRQ-13)."""
    shown = [i for i in _servers(d.nearest) if f"server{i}_status" in d.fields]
    if any(d.state.overdue(i) for i in shown):
        return "CRQ-13"
    selected = d.state.selected
    held = isinstance(selected, int) and bool(d.state.held(selected))
    return "CRQ-13" if held and d.pair("rc") == (Rc.H_CLOSED, Rc.H_SUCCESS) else None


def _queues(d: Difference) -> str | Told | None:
    for field in d.fields:
        expected, seen = d.pair(field)
        if field.endswith("_queue") and isinstance(expected, tuple) and isinstance(seen, str):
            found = _queue(d, field, expected, seen.split())
            if found is not None:
                return found
    return None


def _queue(d: Difference, field: str, expected: tuple[str, ...], seen: list[str]) -> str | Told | None:
    stimulus, to_client = d.stimulus, field == f"{CLIENT}_queue"
    if stimulus.call == "reg_crq" and field.startswith(stimulus.who) and not expected:
        return "CRQ-9"
    wrong = [(e, s) for e, s in zip(expected, seen, strict=False) if not matches((e,), s)]
    if len(expected) == len(seen) and all(e[:4] == s[:4] != _EVENT for e, s in wrong):
        return "CRQ-10"
    events = [e[:4] for e in expected if e.startswith(_EVENT)]
    shown = [s[:4] for s in seen if s.startswith(_EVENT)]
    if "selected" in d.fields:
        return None  # the events are as they should be for another selection
    if (_full(d.before, field) and (events or shown)) or (d.before.owed is not Owed.NOTHING and to_client):
        return "CRQ-7"
    if stimulus.call == "enable_crq" and to_client:
        return "CRQ-8"
    if events == shown:
        return None
    if to_client:
        return _client_event(d.nearest, stimulus, events, shown)
    if stimulus.call == "migrate":
        return "CRQ-8"
    leaving = CLIENT in (stimulus.who, stimulus.given.get("target")) and stimulus.call in _LEAVES
    return Told("CRQ-4", _LEFT) if leaving else "FOV-2"


def _client_event(nearest: Mismatch, stimulus: Stimulus, events: list[str], shown: list[str]) -> str:
    if stimulus.call == "migrate" or events.count(_MIGRATED) != shown.count(_MIGRATED):
        return "CRQ-8"
    if any(code not in (_FAILOVER, _MIGRATED) for code in shown):
        return "CRQ-4"
    nobody = nearest.expected.get("selected") == "" and events.count(_FAILOVER) > shown.count(_FAILOVER)
    return "FOV-6" if nobody else "FOV-3"


def _listing(d: Difference) -> str | Told | None:
    """A priority or a complaint is shown differently."""
    fields, stimulus = d.fields, d.stimulus
    if stimulus.call == "vioctl" and d.pair(f"{stimulus.who}_status") == ("NETWORK_ERROR", "OPERATIONAL"):
        return "MON-4"
    if all(field.endswith("_priority") for field in fields):
        return "ADM-7"
    if stimulus.call == "activate" and any(field.endswith("_status") for field in fields):
        return "ADM-6"
    if all(field.endswith("_status") for field in fields):
        kept = [field for field in fields if d.came.get(field) == "NETWORK_ERROR"]
        # A complaint that should be forgotten, and not by what the server itself did: the last resort.
        return "MON-5" if kept and not any(field.startswith(stimulus.who) for field in kept) else None
    return None


def _migration(d: Difference) -> str | Told | None:
    if d.stimulus.call == "migrate" and "client_crq" in d.fields:
        return "CRQ-8"
    return Told("CRQ-8", _ENABLED) if d.stimulus.call == "enable_crq" and "selected" in d.fields else None


def _selection(d: Difference) -> str | Told | None:
    """Somebody else is selected than should be."""
    if "selected" not in d.fields:
        return None
    expected, seen = d.pair("selected")
    before, state = d.before, d.state
    if not state.standing:
        return "SEL-7" if before.standing else "SEL-2"
    if expected and not seen:
        if any(d.came.get(f"server{i}_status") == "NETWORK_ERROR" for i in _servers(d.nearest)):
            return "MON-5"
        if _closed(d):
            return "SEL-8"
        return "SEL-6" if before.selected is None or not state.auto else "FOV-5"
    if not expected:
        return "SEL-8" if _closed(d) else None
    first, second = (int(str(name).removeprefix("server")) for name in (expected, seen))
    if state.pin == first:
        return Told("ADM-6", _PINNED) if before.pin == first else "ADM-6"
    # While the CRQ is closed the selection moves as always (SEL-8). If it has moved to the wrong server, that is another thing.
    if _closed(d) and second == before.selected:
        return "SEL-8"
    if state.priority(first) == state.priority(second) and not state.complaint(second):
        return "SEL-5"
    chosen = d.stimulus.who == CLOCK and before.selected not in (first, second)
    return Told("FOV-5", "The successor is the best eligible server by priority and tie rule.") if chosen else None


def _closed(d: Difference) -> bool:
    return d.before.crq is Crq.CLOSED and d.stimulus.call not in ("reg_crq", "activate")


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
