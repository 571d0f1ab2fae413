"""What an element is, in the words of the wire's tables, and how far apart two things lie."""

from __future__ import annotations

from typing import Final

from vnic_conformance.monitoring.seen import Seen, Stamp, What
from vnic_conformance.reports.naming import element_name
from vnic_spec.layouts import COMMANDS, command_layout
from vnic_spec.wire import ELEMENT_BYTES, RESPONSE_BIT, Command, CommandRc, Header

#: So soon after an element is read, in seconds, a send may have begun before it, on another processor.
_RACE_S: Final = 1e-4


def is_answer(data: bytes) -> bool:
    """Whether an element answers a command."""
    return len(data) > 1 and data[0] == Header.COMMAND and bool(data[1] & RESPONSE_BIT)


def is_whole(data: bytes) -> bool:
    """Whether more is known of an element than how it begins."""
    return len(data) >= ELEMENT_BYTES


def answer_rc(data: bytes) -> int | None:
    """The return code of an answer; None: it has none, or is not known whole."""
    layout = command_layout(data) if is_answer(data) and is_whole(data) else None
    return None if layout is None else layout.number(data, "rc")


def is_refusal(seen: Seen) -> bool:
    """Whether an answer says that something was not done, or not all of it."""
    if not is_answer(seen.element):
        return False
    rc = answer_rc(seen.element) if is_whole(seen.element) else seen.number
    return rc not in (None, CommandRc.SUCCESS)


def code_name(rc: int) -> str:
    """A return code of a command by its name."""
    return str(CommandRc(rc)) if rc in set(CommandRc) else f"code {rc}"


def command_of(data: bytes) -> Command | None:
    """The command of an element, of its answer too; None: it is none, or unknown."""
    if len(data) < 2 or data[0] != Header.COMMAND:
        return None
    code = data[1] & ~RESPONSE_BIT
    return Command(code) if code in set(Command) else None


def link_is_up(data: bytes) -> bool:
    """Whether LINK_STATE_INDICATION says that both links are up."""
    layout = COMMANDS[Command.LINK_STATE_INDICATION].request
    return layout.number(data, "physical") == 1 and layout.number(data, "logical") == 1


def name_of(seen: Seen) -> str:
    """The element by its name."""
    return element_name(seen.element.hex())


def sent_command(seen: Seen) -> Command | None:
    """The command that the client sends; None: it sends none."""
    return command_of(seen.element) if seen.what is What.SENT and not is_answer(seen.element) else None


def after(first: Stamp | None, second: Stamp | None) -> float | None:
    """Seconds from one stamp to another; None: not known."""
    return None if first is None else first.until(second)


def lasted(first: Seen | None, last: Seen, ms: int) -> bool:
    """Whether so much time lies between the two, as far as that is known."""
    seconds = None if first is None else after(first.time, last.time)
    return seconds is not None and seconds * 1000 >= ms


def at_once(first: Seen, second: Seen) -> bool:
    """So soon that their order says nothing, or as far as a coarse clock can tell."""
    apart = after(first.time, second.time)
    finest = max((seen.time.resolution for seen in (first, second) if seen.time), default=0.0)
    return apart is not None and apart < max(_RACE_S, finest)
