"""Rules for the dialogue of client and server, element by element."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vnic_conformance.monitoring.elements import (
    code_name,
    command_of,
    is_answer,
    is_whole,
    lasted,
    name_of,
    sent_command,
)
from vnic_conformance.monitoring.rule import HELD, Finding, Needs, Rules, Subject
from vnic_conformance.monitoring.seen import Seen, What
from vnic_conformance.monitoring.view import View
from vnic_spec.layouts import COMMANDS, REQUESTS, answer_key
from vnic_spec.wire import (
    INIT,
    INIT_COMPLETE,
    Capability,
    Command,
    CommandRc,
    event_of,
)

#: Every rule of this chapter, by name.
DIALOGUE_RULES: Final = Rules()
_rule = DIALOGUE_RULES.rule
Found = Iterator[Finding | None]


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
    if view.heard is None or not is_whole(view.heard.element) or seen.what is not What.SENT:
        return
    if seen.element[:2] in (INIT[:2], INIT_COMPLETE[:2]):
        yield HELD
    elif sent_command(seen) is Command.VERSION_EXCHANGE:
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
    command = sent_command(seen)
    if command is None or not view.whole or view.event is not None or view.heard is not None:
        return
    yield HELD
    if not view.opened:
        yield f"{name_of(seen)} before INIT_COMPLETE", "INIT and INIT_COMPLETE first"
    elif view.first is None and command is not Command.VERSION_EXCHANGE:
        yield f"{name_of(seen)} as the first command", "VERSION_EXCHANGE first"
    elif view.logged_in is False and (command not in COMMANDS or not COMMANDS[command].before_login):
        yield f"{name_of(seen)} before the login", "what negotiates, and LOGIN"


@_rule(
    "DLG-3",
    subject=Subject.CLIENT,
    sentence="Of each command at most one is outstanding, save those that the answer tells apart.",
    when="the client sends a command while another is not answered",
    needs=Needs.ELEMENTS,
)
def asks_one_at_a_time(view: View, seen: Seen) -> Found:
    """An answer that was lost leaves its command outstanding for all of the dialogue."""
    if sent_command(seen) is None or not view.whole:
        return
    if view.pending:
        yield HELD
    before = view.pending.get(answer_key(seen.element))
    if before is not None:
        yield f"{name_of(seen)} again; that of line {before.place} is not answered", "its answer first"


@_rule(
    "DLG-4",
    subject=Subject.CLIENT,
    sentence="The next step begins when every answer has come; what is requested lies within what the server said.",
    when="the client requests a capability, or goes on behind that, in a dialogue whose beginning was seen",
    needs=Needs.ELEMENTS,
)
def negotiates_step_by_step(view: View, seen: Seen) -> Found:
    """A number that was granted in part is taken as it is."""
    command = sent_command(seen)
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
        yield f"{name_of(seen)} while {waiting} of {behind[command]} are not answered", "every answer first"
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
    if sent_command(seen) is not Command.LOGIN or not view.whole:
        return
    yield HELD
    if view.logins >= view.profile.logins and not view.logged_in:
        yield f"login {view.logins + 1} in one dialogue", f"{view.profile.logins}, then another registration"
    elif view.refused == CommandRc.PARTIAL_SUCCESS and not view.renegotiated:
        yield "LOGIN after PARTIAL_SUCCESS", "capabilities first"
    elif view.refused not in (None, CommandRc.PARTIAL_SUCCESS, CommandRc.ABORTED):
        yield f"LOGIN after it was answered {code_name(view.refused or 0)}", "another registration first"


def _unasked(view: View, seen: Seen) -> bool:
    """An answer is read, in a dialogue of which all is known, to what is not outstanding."""
    return (
        seen.what is What.READ
        and is_whole(seen.element)
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
        yield f"{name_of(seen)} is read a second time", "one answer"


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
        yield f"{name_of(seen)} is read, and nothing in this dialogue asks for it", "answers to what was asked"


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
    elif event_of(seen.element) is not None and lasted(view.asked_up, seen, view.profile.recovery_ms):
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
    ends = seen.what is What.READ and event_of(seen.element) is not None
    if sent_command(seen) is Command.CHANGE_MAC_ADDR:
        yield HELD
    elif ends and view.logged_in and not view.macs and lasted(view.link_since, seen, view.profile.recovery_ms):
        yield f"no CHANGE_MAC_ADDR in a session, after {view.kept.hex(':')} in an earlier one", "that MAC again"
