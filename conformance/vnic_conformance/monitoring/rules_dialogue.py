"""Rules for the dialogue of client and server, element by element."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vnic_conformance.monitoring.elements import (
    at_once,
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
#: What leaves a client that has read INIT without an excuse: nothing but talk of resets.
_IDLE: Final = frozenset({What.READ, What.RESET_ASKED, What.RESET_SKIPPED, What.RESET_BEGINS})
#: What dynamic debugging alone shows.
_DEBUGGED: Final = _IDLE | {What.SENT}


@_rule(
    "CLI-2",
    "DLG-2",
    subject=Subject.CLIENT,
    sentence="INIT of a server is followed by INIT or INIT_COMPLETE of the client, and then by VERSION_EXCHANGE.",
    when="the client sends INIT, INIT_COMPLETE, VERSION_EXCHANGE or LOGIN after INIT was read",
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
    elif _skips_to_login(view, seen):
        yield "LOGIN and INIT is not answered", "INIT after registering again, or INIT_COMPLETE"


def _skips_to_login(view: View, seen: Seen) -> bool:
    """LOGIN is the first thing that the client sends after INIT was read, and it is none of an attempt before that."""
    heard = view.heard
    return (
        heard is not None
        and is_whole(heard.element)
        and sent_command(seen) is Command.LOGIN
        and not (view.stale or view.opened or view.first)
        and not at_once(heard, seen)
    )


@_rule(
    "CLI-21",
    "CLI-2",
    subject=Subject.CLIENT,
    sentence="After INIT of a server the client begins a dialogue, as long as nothing keeps it from that.",
    when="the client sends INIT or INIT_COMPLETE after INIT was read, or does nothing for as long as a recovery may take",
    needs=Needs.ELEMENTS,
)
def begins_in_time(view: View, seen: Seen) -> Found:
    """A server that sends INIT is well, and an event would say that it is no more. Said once, where it is first too late."""
    heard = view.heard
    if heard is None or not is_whole(heard.element) or view.opened or view.first:
        return
    if seen.what is What.SENT and seen.element[:2] in (INIT[:2], INIT_COMPLETE[:2]):
        yield HELD
    bound = view.profile.recovery_ms
    said = view.last is not None and lasted(heard, view.last, bound)
    shows = seen.what in _DEBUGGED and (is_whole(seen.element) or not seen.element)
    if shows and view.since <= _IDLE and lasted(heard, seen, bound) and not said:
        yield f"INIT was read in line {heard.place}, and nothing sent since", f"a dialogue within {bound / 1000:.0f} s"


@_rule(
    "DLG-2",
    subject=Subject.CLIENT,
    sentence="VERSION_EXCHANGE is first; before the login only what belongs there is sent.",
    when="the client sends a command in a dialogue whose beginning was seen",
    needs=Needs.ELEMENTS,
)
def keeps_the_order(view: View, seen: Seen) -> Found:
    """What belongs before the login says the table of commands. INIT of a server that is not answered is a beginning, too."""
    command = sent_command(seen)
    if _skips_to_login(view, seen):
        yield HELD
        yield "LOGIN as the first command after INIT", "INIT, INIT_COMPLETE and VERSION_EXCHANGE first"
        return
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
    when="it does; or a session lasts in which it did not, for as long as a recovery may take",
    needs=Needs.ELEMENTS,
)
def tells_of_the_link(view: View, seen: Seen) -> Found:
    """There is no bound in the requirement; that of a recovery is taken."""
    if view.asked_up is None or seen.what not in (What.SENT, What.READ) or not is_whole(seen.element):
        return
    bound = view.profile.recovery_ms
    if lasted(view.asked_up, seen, bound):
        yield f"no LINK_STATE_INDICATION for {bound / 1000:.0f} s", "one after the answer about the logical link"
    elif command_of(seen.element) is Command.LINK_STATE_INDICATION:
        yield HELD


@_rule(
    "DLG-10",
    "CLI-5",
    subject=Subject.CLIENT,
    sentence="The MAC that the client has set is set again in the next session.",
    when="it is, or another one; or a session ends that had a link for as long as a recovery may take",
    needs=Needs.ELEMENTS,
)
def sets_its_mac_again(view: View, seen: Seen) -> Found:
    """Another one counts where the user has set none meanwhile, which he cannot without a line of it.

    Multicast lists and what else a user sets are his wish of the moment, which a record does not show.
    """
    if not view.kept:
        return
    ends = seen.what is What.READ and event_of(seen.element) is not None
    if sent_command(seen) is Command.CHANGE_MAC_ADDR:
        yield HELD
        mac = COMMANDS[Command.CHANGE_MAC_ADDR].request.raw(seen.element, "mac")
        if view.sure and view.link_since is None and not view.macs and mac != view.sure:
            yield f"CHANGE_MAC_ADDR {mac.hex(':')}, after {view.sure.hex(':')} in an earlier session", "that MAC again"
    elif ends and view.logged_in and not view.macs and lasted(view.link_since, seen, view.profile.recovery_ms):
        yield f"no CHANGE_MAC_ADDR in a session, after {view.kept.hex(':')} in an earlier one", "that MAC again"
