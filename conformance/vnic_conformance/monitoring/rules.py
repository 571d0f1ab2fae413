"""Rules for what the client's side shows: elements that it sends and reads, and what the driver says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from vnic_conformance.monitoring.kernel_log import code_name, command_of, is_answer
from vnic_conformance.monitoring.rule import HELD, Finding, Needs, Rules, Subject
from vnic_conformance.monitoring.seen import Seen, What
from vnic_conformance.monitoring.story import after
from vnic_conformance.monitoring.view import View
from vnic_conformance.reports.naming import element_name, rc_name
from vnic_spec.layouts import COMMANDS, REQUESTS, answer_key
from vnic_spec.wire import (
    INIT,
    INIT_COMPLETE,
    Capability,
    Command,
    CommandRc,
    Event,
    Header,
    InitFormat,
    Rc,
    event_of,
)

#: Every rule for one device, by name.
RULES: Final = Rules()
_rule = RULES.rule
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


def _name(seen: Seen) -> str:
    return element_name(seen.element.hex())


def _command(seen: Seen) -> Command | None:
    """The command that the client sends; None: it is none."""
    return command_of(seen.element) if seen.what is What.SENT and not is_answer(seen.element) else None


def _lasted(first: Seen | None, seen: Seen, ms: int) -> bool:
    seconds = None if first is None else after(first.time, seen.time)
    return seconds is not None and seconds * 1000 >= ms


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
        yield f"{_name(seen)} is read", "headers and codes that are not reserved"


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
    if event_of(view.event.element) not in (Event.DEVICE_FAILOVER, Event.MIGRATED) or view.since & _OTHER_REASONS:
        return
    yield HELD
    if seen.element[:2] != INIT[:2]:
        yield f"{_name(seen)} is read after {_name(view.event)}", "INIT, or another event"


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
    if event is None or event_of(event.element) != Event.DEVICE_FAILOVER or view.busy or view.since & _OTHER_REASONS:
        return
    if seen.what is What.READ and seen.element[:2] == INIT[:2]:
        yield HELD
    elif seen.what is What.SENT and seen.element[:2] in (INIT[:2], INIT_COMPLETE[:2]):
        yield f"the client sends {_name(seen)} and no INIT has come", "waiting"
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
    """A line of an element that is sent is an attempt; one that the driver itself refuses is none."""
    if view.event is None or seen.what is not What.SENT:
        return
    yield HELD
    if _command(seen) is not None:
        yield f"the client sends {_name(seen)} after {_name(view.event)}", "INIT, or nothing"


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
        yield f"a reset {seen.detail} after {_name(view.event)}", f"a reset {expected}"


@_rule(
    "CLI-2",
    "DLG-2",
    subject=Subject.CLIENT,
    sentence="INIT of a server is followed by INIT or INIT_COMPLETE of the client, and then by VERSION_EXCHANGE.",
    when="the client sends INIT, INIT_COMPLETE or VERSION_EXCHANGE after INIT was read",
    needs=Needs.ELEMENTS,
)
def answers_init(view: View, seen: Seen) -> Found:
    """Both ways are right: registering again and INIT, or INIT_COMPLETE (profile client_init)."""
    if view.heard is None or seen.what is not What.SENT:
        return
    if seen.element[:2] in (INIT[:2], INIT_COMPLETE[:2]):
        yield HELD
    elif _command(seen) is Command.VERSION_EXCHANGE:
        yield "VERSION_EXCHANGE and INIT is not answered", "INIT after registering again, or INIT_COMPLETE"


@_rule(
    "DLG-2",
    subject=Subject.CLIENT,
    sentence="VERSION_EXCHANGE is first; before the login only what belongs there is sent.",
    when="the client sends a command in a dialogue whose beginning was seen",
    needs=Needs.ELEMENTS,
)
def keeps_the_order(view: View, seen: Seen) -> Found:
    """What belongs before the login says the table of commands."""
    command = _command(seen)
    if command is None or not view.whole or view.event is not None or view.heard is not None:
        return
    yield HELD
    if not view.opened:
        yield f"{_name(seen)} before INIT_COMPLETE", "INIT and INIT_COMPLETE first"
    elif view.first is None and command is not Command.VERSION_EXCHANGE:
        yield f"{_name(seen)} as the first command", "VERSION_EXCHANGE first"
    elif view.logged_in is False and (command not in COMMANDS or not COMMANDS[command].before_login):
        yield f"{_name(seen)} before the login", "what negotiates, and LOGIN"


@_rule(
    "DLG-3",
    subject=Subject.CLIENT,
    sentence="Of each command at most one is outstanding, save those that the answer tells apart.",
    when="the client sends a command while another is not answered",
    needs=Needs.ELEMENTS,
)
def asks_one_at_a_time(view: View, seen: Seen) -> Found:
    """An answer that was lost leaves its command outstanding for all of the dialogue."""
    if _command(seen) is None or not view.whole:
        return
    if view.pending:
        yield HELD
    before = view.pending.get(answer_key(seen.element))
    if before is not None:
        yield f"{_name(seen)} again; that of line {before.place} is not answered", "its answer first"


@_rule(
    "DLG-4",
    subject=Subject.CLIENT,
    sentence="The next step begins when every answer has come; what is requested lies within what the server said.",
    when="the client requests a capability, or goes on behind that, in a dialogue whose beginning was seen",
    needs=Needs.ELEMENTS,
)
def negotiates_step_by_step(view: View, seen: Seen) -> Found:
    """A number that was granted in part is taken as it is."""
    command = _command(seen)
    behind = {
        Command.REQUEST_CAPABILITY: Command.QUERY_CAPABILITY,
        Command.LOGIN: Command.REQUEST_CAPABILITY,
        Command.QUERY_IP_OFFLOAD: Command.QUERY_CAPABILITY,
    }
    if command not in behind or not view.whole:
        return
    yield HELD
    waiting = sum(key[0] == behind[command] for key in view.pending)
    if waiting:
        yield f"{_name(seen)} while {waiting} of {behind[command]} are not answered", "every answer first"
    if command is not Command.REQUEST_CAPABILITY:
        return
    layout = COMMANDS[command].request
    number, value = layout.number(seen.element, "capability"), layout.number(seen.element, "number")
    if view.rounds[number] >= view.profile.rounds:
        yield f"capability {number} is requested {view.rounds[number] + 1} times", f"{view.profile.rounds} rounds"
    asked = REQUESTS.get(Capability(number)) if number in set(Capability) else None
    if asked is None or view.partial.get(number) == value:
        return
    least = asked.floor if asked.least is None else view.told.get(asked.least, value)
    most = 1 if asked.most is None else view.told.get(asked.most, value)
    if not least <= value <= most:
        yield f"{asked.capability} {value} is requested", f"{least} to {most}, as the server said"


@_rule(
    "DLG-5",
    subject=Subject.CLIENT,
    sentence="After a refused login the client does what its code asks for, and not too often.",
    when="the client sends LOGIN in a dialogue whose beginning was seen",
    needs=Needs.ELEMENTS,
)
def heeds_a_refused_login(view: View, seen: Seen) -> Found:
    """Aborted: again. PartialSuccess: negotiate again. Anything else: register again."""
    if _command(seen) is not Command.LOGIN or not view.whole:
        return
    yield HELD
    if view.logins >= view.profile.logins and not view.logged_in:
        yield f"login {view.logins + 1} in one dialogue", f"{view.profile.logins}, then another registration"
    elif view.refused == CommandRc.PARTIAL_SUCCESS and not view.renegotiated:
        yield "LOGIN after PARTIAL_SUCCESS", "capabilities first"
    elif view.refused not in (None, CommandRc.PARTIAL_SUCCESS, CommandRc.ABORTED):
        yield f"LOGIN after it was answered {code_name(view.refused or 0)}", "another registration first"


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


def _unasked(view: View, seen: Seen) -> bool:
    """An answer is read, in a dialogue of which all is known, to what is not outstanding."""
    return (
        seen.what is What.READ
        and len(seen.element) >= 16
        and is_answer(seen.element)
        and view.whole
        and view.opened
        and view.first is not None
        and view.event is None
        and view.heard is None
    )


@_rule(
    "SRV-3",
    "DLG-3",
    subject=Subject.SERVER,
    sentence="Every command is answered once.",
    when="an answer is read in a dialogue whose beginning was seen",
    needs=Needs.ELEMENTS,
)
def answers_once(view: View, seen: Seen) -> Found:
    """That a command is never answered cannot be told from a record that ends."""
    if not _unasked(view, seen):
        return
    yield HELD
    key = answer_key(seen.element)
    if key not in view.pending and key in view.answered:
        yield f"{_name(seen)} is read a second time", "one answer"


@_rule(
    "CRQ-13",
    "INV-2",
    subject=Subject.HYPERVISOR,
    sentence="No answer of an earlier session comes into a later one.",
    when="an answer is read in a dialogue whose beginning was seen",
    needs=Needs.ELEMENTS,
)
def sessions_do_not_cross(view: View, seen: Seen) -> Found:
    """Under the profile that holds sessions apart; a server that answers what nobody asked looks the same."""
    if not _unasked(view, seen):
        return
    yield HELD
    key = answer_key(seen.element)
    if key not in view.pending and key not in view.answered:
        yield f"{_name(seen)} is read, and nothing in this dialogue asks for it", "answers to what was asked"


@_rule(
    "SRV-5",
    subject=Subject.SERVER,
    sentence="A server that agrees to the logical link says by itself how the links are.",
    when="it does; or a session ends in which it did not, for as long as a recovery may take",
    needs=Needs.ELEMENTS,
)
def tells_of_the_link(view: View, seen: Seen) -> Found:
    """There is no bound in the requirement; that of a recovery is taken."""
    if view.asked_up is None or seen.what is not What.READ:
        return
    if command_of(seen.element) is Command.LINK_STATE_INDICATION:
        yield HELD
    elif event_of(seen.element) is not None and _lasted(view.asked_up, seen, view.profile.recovery_ms):
        yield "no LINK_STATE_INDICATION until the session ended", "one after the answer about the logical link"


@_rule(
    "DLG-10",
    "CLI-5",
    subject=Subject.CLIENT,
    sentence="The MAC that the client has set is set again in the next session.",
    when="it is; or a session ends that had a link for as long as a recovery may take",
    needs=Needs.ELEMENTS,
)
def sets_its_mac_again(view: View, seen: Seen) -> Found:
    """Multicast lists and what else a user sets are his wish of the moment, which a record does not show."""
    if not view.kept:
        return
    if _command(seen) is Command.CHANGE_MAC_ADDR:
        yield HELD
    elif seen.what is What.READ and event_of(seen.element) is not None and view.logged_in and not view.macs:
        if _lasted(view.link_since, seen, view.profile.recovery_ms):
            yield f"no CHANGE_MAC_ADDR in a session, after {view.kept.hex(':')} in an earlier one", "that MAC again"


@_rule(
    "CLI-7",
    subject=Subject.CLIENT,
    sentence="After three failures in a row there is a pause.",
    when="a reset begins after three that failed for no reason from outside",
    needs=Needs.RESETS,
)
def backs_off(view: View, seen: Seen) -> Found:
    """How long a pause is the requirement leaves open; a second is taken for one."""
    if seen.what is not What.RESET_BEGINS or view.failures < _FAILURES or view.failed is None:
        return
    waited = after(view.failed.time, seen.time)
    if view.paused or waited is None:
        yield HELD
        return
    yield HELD
    if waited < _PAUSE_S:
        yield f"a reset {waited:.3f} s after {view.failures} in a row have failed", "a back-off"


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
