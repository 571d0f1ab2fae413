"""Rules for what the client does when events come, when something fails, and when its user complains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from vnic_conformance.monitoring.elements import after, at_once, is_whole, name_of, sent_command
from vnic_conformance.monitoring.rule import HELD, Finding, Needs, Rules, Subject
from vnic_conformance.monitoring.seen import Seen, What
from vnic_conformance.monitoring.view import View
from vnic_conformance.reports.naming import rc_name
from vnic_spec.wire import (
    INIT,
    INIT_COMPLETE,
    Event,
    Header,
    InitFormat,
    Rc,
    event_of,
)

#: Every rule of this chapter, by name.
EVENT_RULES: Final = Rules()
_rule = EVENT_RULES.rule
Found = Iterator[Finding | None]

#: So many failures in a row call for a pause, which is one if it lasts so many seconds at least (CLI-7).
_FAILURES: Final = 3
_PAUSE_S: Final = 1.0
#: What refuses a complaint (SES-2), and what any call may be answered by.
_REFUSALS: Final = frozenset({Rc.H_PARAMETER, Rc.H_STATE, Rc.H_CONSTRAINED})
_ANY_TIME: Final = frozenset({Rc.H_BUSY, Rc.H_HARDWARE, Rc.H_FUNCTION, Rc.H_NOT_FOUND, Rc.H_PERMISSION})
_LONG_BUSY: Final = range(Rc.H_LONG_BUSY_1_MS, Rc.H_LONG_BUSY_100_S + 1)
#: What may move a client while it waits for INIT, besides events (CLI-1).
_OTHER_REASONS: Final = frozenset(
    {
        What.PROBE,
        What.USER,
        What.COMPLAINT_REFUSED,
        What.TOKEN_REFUSED,
        What.LOGIN_AGAIN,
        What.RESET_BEGINS,
        What.TIMED_OUT,
    }
)
#: What byte 1 may be, by byte 0; commands of any number are the dialogue's.
_CODES: Final[Mapping[int, set[int]]] = {Header.EVENT: set(Event), Header.INITIALIZATION: set(InitFormat)}
#: The reset that follows an event at once (CLI-3), by the driver's word.
_RESETS: Final = {Event.MIGRATED: "MOBILITY"}
_RESET_WORDS: Final = frozenset({"FAILOVER", "MOBILITY", "FATAL"})


@_rule(
    "CRQ-1",
    subject=Subject.HYPERVISOR,
    sentence="What comes has a header, an init format or an event that is not reserved.",
    when="an element is read",
    needs=Needs.LINES,
)
def nothing_reserved_comes(view: View, seen: Seen) -> Found:
    """Of a log without dynamic debugging only events that the driver names."""
    if seen.what is not What.READ or len(seen.element) < 2:
        return
    yield HELD
    header, code = seen.element[:2]
    if header not in set(Header) or (header in _CODES and code not in _CODES[header]):
        yield f"{name_of(seen)} is read", "headers and codes that are not reserved"


@_rule(
    "FOV-2",
    "CRQ-8",
    subject=Subject.SERVER,
    sentence="After an event that ends a session comes INIT of the next one, and nothing else.",
    when="something is read after event 08 or 06, before the client has begun a dialogue",
    needs=Needs.ELEMENTS,
)
def a_new_server_begins_with_init(view: View, seen: Seen) -> Found:
    """Whether it is the old server that still gets through, or the new one that speaks too soon, cannot be told."""
    if seen.what is not What.READ or view.event is None or event_of(seen.element) is not None:
        return
    if not (is_whole(view.event.element) and is_whole(seen.element)):
        return  # without dynamic debugging INIT of the client is not seen
    if event_of(view.event.element) not in (Event.DEVICE_FAILOVER, Event.MIGRATED) or view.since & _OTHER_REASONS:
        return
    yield HELD
    if seen.element[:2] != INIT[:2]:
        yield f"{name_of(seen)} is read after {name_of(view.event)}", "INIT, or another event"


@_rule(
    "CLI-1",
    subject=Subject.CLIENT,
    sentence="After event 08 the client waits for INIT and begins nothing by itself.",
    when="INIT is read, or the client begins something, after event 08 that came in peace",
    needs=Needs.ELEMENTS,
)
def waits_for_init(view: View, seen: Seen) -> Found:
    """An event in the middle of a reset or a probe makes that fail; what follows then is older than the event."""
    event = view.event
    if event is None or event_of(event.element) != Event.DEVICE_FAILOVER or not is_whole(event.element):
        return
    if view.busy or view.since & _OTHER_REASONS:
        return
    if seen.what is What.READ and seen.element[:2] == INIT[:2]:
        yield HELD
    elif seen.what is What.SENT and seen.element[:2] in (INIT[:2], INIT_COMPLETE[:2]):
        yield f"the client sends {name_of(seen)} and no INIT has come", "waiting"
    elif seen.what is What.RESET_ASKED and seen.detail == "FAILOVER":
        yield "a reset for a failover is queued and no INIT has come", "waiting"


@_rule(
    "CLI-12",
    subject=Subject.CLIENT,
    sentence="Between an event and the dialogue that follows the client sends no command.",
    when="the client sends something after an event",
    needs=Needs.ELEMENTS,
)
def sends_nothing_of_a_session_that_ended(view: View, seen: Seen) -> Found:
    """A line of an element that is sent is an attempt; one that the driver itself refuses is none, nor one in that moment."""
    if view.event is None or not is_whole(view.event.element) or seen.what is not What.SENT:
        return
    if sent_command(seen) is not None and at_once(view.event, seen):
        return
    yield HELD
    if sent_command(seen) is not None:
        yield f"the client sends {name_of(seen)} after {name_of(view.event)}", "INIT, or nothing"


@_rule(
    "CLI-3",
    "CLI-15",
    subject=Subject.CLIENT,
    sentence="Event 06 is followed by H_ENABLE_CRQ and a dialogue, every other event but 08 by a full re-initialisation.",
    when="a reset is queued right after an event",
    needs=Needs.RESETS,
)
def an_event_has_its_reset(view: View, seen: Seen) -> Found:
    """The reset that is queued next, by its reason."""
    if seen.what is not What.RESET_ASKED or view.event is None or view.last is not view.event:
        return
    event = event_of(view.event.element)
    if event == Event.DEVICE_FAILOVER or seen.detail not in _RESET_WORDS:
        return
    yield HELD
    expected = _RESETS.get(Event(event), "FATAL") if event in set(Event) else "FATAL"
    if seen.detail != expected:
        yield f"a reset {seen.detail} after {name_of(view.event)}", f"a reset {expected}"


@_rule(
    "DLG-6",
    "CLI-9",
    subject=Subject.CLIENT,
    sentence="A login whose answer is refused or inconsistent has failed.",
    when="the driver says what became of a login whose answer is refused or inconsistent",
    needs=Needs.LINES,
)
def a_bad_login_has_failed(view: View, seen: Seen) -> Found:
    """Whether an answer is consistent only the driver's word tells: its buffer is not in the record."""
    if not view.bad_login:
        return
    if seen.what in (What.LOGIN_FAILED, What.LOGIN_AGAIN, What.RESET_ASKED, What.FREED):
        yield HELD
    elif seen.what is What.LOGIN_OK:
        yield "the login counts as successful", "another login, or none"


@_rule(
    "CLI-4",
    subject=Subject.CLIENT,
    sentence="An answer that nobody awaits counts for nothing.",
    when="the driver says that it ignores an answer",
    needs=Needs.LINES,
)
def ignores_what_nobody_awaits(view: View, seen: Seen) -> Found:
    """That it does use another one cannot be told from what it says."""
    if seen.what is What.IGNORED:
        yield HELD


@_rule(
    "CLI-7",
    subject=Subject.CLIENT,
    sentence="After three failures in a row there is a pause.",
    when="a reset begins after three that failed for no reason from outside",
    needs=Needs.RESETS,
)
def backs_off(view: View, seen: Seen) -> Found:
    """How long a pause is the requirement leaves open; a second is taken for one."""
    if seen.what is not What.RESET_BEGINS or view.failed is None:
        return
    failures = view.failures_before(seen)
    if failures < _FAILURES:
        return
    waited = after(view.failed.time, seen.time)
    if view.paused or waited is None:
        yield HELD
        return
    yield HELD
    if waited < _PAUSE_S:
        yield f"a reset {waited:.3f} s after {failures} in a row have failed", "a back-off"


@_rule(
    "CLI-10",
    "CRQ-2",
    subject=Subject.CLIENT,
    sentence="H_CLOSED means that the CRQ is registered.",
    when="the driver says how the registration was answered",
    needs=Needs.LINES,
)
def closed_is_registered(view: View, seen: Seen) -> Found:
    """The driver is silent about H_SUCCESS."""
    if seen.what is What.CLOSED and "registered" in seen.words:
        yield HELD
    elif seen.what is What.REGISTERING_FAILED and "register crq" in seen.text:
        yield HELD
        if seen.number == Rc.H_CLOSED:
            yield "H_REG_CRQ answered H_CLOSED counts as a failure", "going on: the queue is registered"


@_rule(
    "CLI-13",
    subject=Subject.CLIENT,
    sentence="A send that fails is repeated so many times in a second at most.",
    when="the driver says that a send has failed",
    needs=Needs.TIMES,
)
def repeats_with_measure(view: View, seen: Seen) -> Found:
    """Some of these lines are limited in rate, so that fewer are seen than were."""
    if seen.what not in (What.SEND_FAILED, What.CLOSED) or seen.time is None or "registered" in seen.words:
        return
    yield HELD
    now = seen.time.seconds
    view.refusals.append(now)
    while view.refusals and not 0 <= now - view.refusals[0] < 1:
        view.refusals.popleft()
    if len(view.refusals) > view.profile.retries:
        came = len(view.refusals)
        view.refusals.clear()
        yield f"{came} sends have failed within a second", f"{view.profile.retries}"


@_rule(
    "CLI-19",
    subject=Subject.CLIENT,
    sentence="After a complaint that is accepted the client does nothing by itself; after another it re-initialises.",
    when="a reset is queued after a complaint, or the event that it asked for comes",
    needs=Needs.RESETS,
)
def a_complaint_is_enough(view: View, seen: Seen) -> Found:
    """A driver that does nothing after a refusal is right by its profile (complaint_fallback)."""
    if view.complaint is None:
        return
    if seen.what is What.READ and event_of(seen.element) is not None:
        yield HELD
    elif seen.what is What.RESET_ASKED and seen.detail == "FAILOVER":
        yield HELD
        if not view.turned_down:
            yield "the client resets itself after a complaint that was not refused", "nothing but waiting for the event"


@_rule(
    "SES-2",
    subject=Subject.HYPERVISOR,
    sentence="A complaint is refused by H_PARAMETER, H_STATE or H_CONSTRAINED.",
    when="the driver says by what code",
    needs=Needs.LINES,
)
def refuses_complaints_by_their_codes(view: View, seen: Seen) -> Found:
    """Whether that code was the right one depends on servers, which no client sees."""
    if seen.what is not What.COMPLAINT_REFUSED or seen.number is None:
        return
    yield HELD
    if seen.number not in _REFUSALS | _ANY_TIME and seen.number not in _LONG_BUSY:
        yield f"a complaint is refused by {rc_name(seen.number)}", "H_PARAMETER, H_STATE or H_CONSTRAINED"


@_rule(
    "CLI-16",
    subject=Subject.CLIENT,
    sentence="The client does not crash, whatever it reads.",
    when="the kernel is in trouble in the driver",
    needs=Needs.LINES,
)
def does_not_crash(view: View, seen: Seen) -> Found:
    """Trouble with the driver among the callers may be somebody else's."""
    if seen.what is What.CRASH and seen.number:
        yield HELD
        yield seen.words, "no trouble"
