"""A file that somebody else has recorded: what it is, its story, and what it says about the requirements."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any, Final

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.foreign import printable
from vnic_conformance.monitoring.capture import BEGINNING, MOST_BYTES, OLDER, capture
from vnic_conformance.monitoring.kernel_log import kernel_log
from vnic_conformance.monitoring.limits import UNSEEN, Source
from vnic_conformance.monitoring.listings import Listings, is_row, listed
from vnic_conformance.monitoring.prefixes import taken_apart, unquoted
from vnic_conformance.monitoring.rule import HELD, Needs, Rule, Rules, Subject
from vnic_conformance.monitoring.rules_capture import CAPTURE_RULES, Ways
from vnic_conformance.monitoring.rules_dialogue import DIALOGUE_RULES
from vnic_conformance.monitoring.rules_events import EVENT_RULES
from vnic_conformance.monitoring.rules_recovery import RECOVERY_RULES
from vnic_conformance.monitoring.seen import Record, Seen, Stamp, What
from vnic_conformance.monitoring.selection import LISTING_RULES, Past
from vnic_conformance.monitoring.story import Chapter, chapters
from vnic_conformance.monitoring.tracepoints import call_in
from vnic_conformance.monitoring.view import View
from vnic_conformance.pictures.blocks import WRITER
from vnic_conformance.pictures.client_traffic import SERVERS
from vnic_model.intake import IntakeError, bytes_of, opened
from vnic_model.recording import Deed
from vnic_spec.requirements import REQUIREMENTS

#: So many findings of a rule are kept; the rest is counted.
MOST_FINDINGS: Final = 20
#: Why a rule says nothing although the record would show it.
NOT_TRIED: Final = "nothing in it puts them to the test"
#: What a capture of the kit, in which elements are there when they are stored, leaves open about its client.
UNREAD: Final = "when the client reads what is stored, and what it calls, is in the log of the run: vnickit judge"
#: The longest line that is read of a log, in bytes; and so many lines are looked at to know what a text is.
MOST_LINE: Final = 1 << 20
_LOOKED_AT: Final = 100_000
#: In so many places, and one more for so many lines, a text may have bytes of zero where it is damaged; otherwise it is none.
_DAMAGES: Final = 10
_LINES_PER_DAMAGE: Final = 100
_ZEROS: Final = re.compile(rb"\0+")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A rule does not hold: where, what came, and all that was allowed."""

    place: int
    time: Stamp | None
    unit: str
    came: str
    allowed: str


@dataclass(slots=True)
class Outcome:
    """What a record says about a rule.

    Attributes:
        rule: the rule.
        held: how often its condition held.
        contradicted: the first contradictions.
        more: how many more there are.
        why_not: why the record cannot tell; empty: it can.
    """

    rule: Rule
    held: int = 0
    contradicted: list[Contradiction] = field(default_factory=list)
    more: int = 0
    why_not: str = ""


@dataclass(slots=True)
class Judged:
    """A record, its story, and what it says.

    Attributes:
        record: what was read.
        source: what kind of file it is.
        chapters: the story of each device; of listings none.
        listings: the listings, if it has any.
        outcomes: of every rule for this source.
    """

    record: Record
    source: Source
    chapters: list[Chapter]
    listings: Listings | None
    outcomes: list[Outcome]

    @property
    def contradicted(self) -> list[Outcome]:
        """The rules that do not hold."""
        return [outcome for outcome in self.outcomes if outcome.contradicted]

    @property
    def borne_out(self) -> list[Outcome]:
        """The rules that were put to the test and hold."""
        return [outcome for outcome in self.outcomes if outcome.held and not outcome.contradicted]

    @property
    def undecided(self) -> list[Outcome]:
        """The rules of which this record says nothing."""
        return [outcome for outcome in self.outcomes if not outcome.held and not outcome.contradicted]

    @property
    def beyond(self) -> dict[str, tuple[str, ...]]:
        """Requirements that no rule for this source is about, by the reason."""
        told = {one for outcome in self.outcomes for one in outcome.rule.requirements}
        found: defaultdict[str, list[str]] = defaultdict(list)
        for requirement in REQUIREMENTS.values():
            if requirement.id not in told:
                found[UNSEEN[self.source][requirement.group]].append(requirement.id)
        return {why: tuple(ids) for why, ids in found.items()}

    @property
    def code(self) -> ExitCode:
        """0: something was put to the test, and nothing is contradicted."""
        if self.contradicted:
            return ExitCode.VIOLATION
        return ExitCode.CONFORMS if self.borne_out else ExitCode.INCONCLUSIVE


def judge(path: Path, *, untouched: bool = False) -> Judged:
    """Read a file and judge it.

    Args:
        path: a kernel log, a capture or listings; which it is, is seen from what stands in it.
        untouched: no server has been activated at the console, before or meanwhile.

    Raises:
        IntakeError: it cannot be read, or is none of these.
    """
    with opened(path) as file:
        beginning = file.read(4)
    if beginning in OLDER:
        raise IntakeError("it is a capture in the older format pcap; save it as pcapng (editcap -F pcapng)")
    if beginning == BEGINNING:
        _refuse_untouched(untouched)
        return _of_record(capture(bytes_of(path, MOST_BYTES)), Source.CAPTURE)
    source = _kind(lines_of_text(path))
    if source is Source.LISTINGS:
        return _of_listings(listed(lines_of_text(path)), untouched)
    _refuse_untouched(untouched)
    return _of_record(kernel_log(lines_of_text(path)), source)


def _refuse_untouched(untouched: bool) -> None:
    if untouched:
        raise IntakeError("--untouched is for listings of a console, and it is none")


def lines_of_text(path: Path) -> Iterator[tuple[int, str, bool]]:
    """The lines of a text that may have gone through many hands: bytes that are no UTF-8 are escaped, not refused.

    Bytes of zero are left out at the beginning of a line, where a crash leaves them; elsewhere a row of them becomes one.

    Raises:
        IntakeError: it cannot be read, is binary, or has a line without end.
    """
    damages = 0
    with opened(path) as file:
        for number, line in enumerate(iter(lambda: file.readline(MOST_LINE + 1), b""), 1):
            if len(line) > MOST_LINE:
                raise IntakeError(f"line {number} is longer than {MOST_LINE:,} bytes")
            if b"\0" in line:
                line, more = _ZEROS.subn(b"\0", line.lstrip(b"\0"))
                damages += more
                if damages > _DAMAGES + number // _LINES_PER_DAMAGE:
                    raise IntakeError(f"line {number}: it is binary, and no capture in pcapng")
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
            yield number, text, line.endswith(b"\n")


def _kind(lines: Iterable[tuple[int, str, bool]]) -> Source:
    """What a text is: the first line that is known decides."""
    kernel = False
    for _, text, _ in islice(lines, _LOOKED_AT):
        line = taken_apart(unquoted(text))
        if line.ours or call_in(text):
            return Source.KERNEL_LOG
        kernel = kernel or line.kernel
        if is_row(text):
            return Source.LISTINGS
    if kernel:
        return Source.KERNEL_LOG
    raise IntakeError(
        "it is none of what is read: a kernel log with lines of ibmvnic, a capture in pcapng, listings of lshwres"
    )


# --- a log or a capture --------------------------------------------------------------------------------------------


def _of_record(record: Record, source: Source) -> Judged:
    told = chapters(record)
    outcomes = _Outcomes(EVENT_RULES, DIALOGUE_RULES, RECOVERY_RULES, CAPTURE_RULES)
    units = list(dict.fromkeys(seen.unit for seen in record.seen if seen.unit)) or [""]
    views = {unit: View() for unit in units}
    ways = Ways()
    for seen in record.seen:
        outcomes.look(CAPTURE_RULES, ways, seen, seen)
        ways.take(seen)
        for unit in [seen.unit] if seen.unit else units:
            outcomes.look(EVENT_RULES, views[unit], seen, seen)
            outcomes.look(DIALOGUE_RULES, views[unit], seen, seen)
            views[unit].take(seen)
    for chapter in told:
        for recovery in chapter.recoveries:
            outcomes.look(RECOVERY_RULES, record, recovery, recovery.began)
    shown = _shown(record, source)
    for outcome in outcomes.all:
        _explain(outcome, shown, record)
    return Judged(record, source, told, None, outcomes.all)


def _shown(record: Record, source: Source) -> set[Needs]:
    """What a record shows, as rules ask for it. A log that shows what is sent has dynamic debugging, so it would show resets."""
    sent = any(seen.what is What.SENT for seen in record.seen)
    read = any(seen.what is What.READ and len(seen.element) > 2 for seen in record.seen)
    have = {
        Needs.LINES: bool(record.seen),
        Needs.ELEMENTS: sent and read,
        Needs.RESETS: (sent and source is Source.KERNEL_LOG)
        or any(seen.what in (What.RESET_ASKED, What.RESET_BEGINS) for seen in record.seen),
        Needs.TIMES: any(seen.time is not None for seen in record.seen),
        Needs.SENDERS: any(seen.deed for seen in record.seen),
        Needs.TAKEN: any(seen.deed == Deed.TAKEN.name for seen in record.seen),
        Needs.STEPS: any(seen.what is What.STEP for seen in record.seen),
    }
    return {needs for needs, there in have.items() if there}


def _explain(outcome: Outcome, shown: set[Needs], record: Record) -> None:
    """Say why a rule says nothing; of whom the kit itself has played nothing is said at all."""
    rule = outcome.rule
    tested = _tested(record) if record.written_by == WRITER else rule.subject
    if rule.subject is not tested:
        outcome.held, outcome.contradicted, outcome.more = 0, [], 0
        outcome.why_not = f"{rule.subject.value} was played by the kit in this capture"
    elif record.written_by == WRITER and tested is Subject.CLIENT and rule.name in EVENT_RULES:
        outcome.held, outcome.contradicted, outcome.more = 0, [], 0
        outcome.why_not = UNREAD
    elif rule.needs not in shown:
        outcome.held, outcome.contradicted, outcome.more = 0, [], 0
        outcome.why_not = f"it takes {rule.needs.value}"
    elif not (outcome.held or outcome.contradicted):
        outcome.why_not = NOT_TRIED


def _tested(record: Record) -> Subject:
    """Who was not played by the kit in a capture of its own. To a client that is tested all servers are one partner."""
    return (
        Subject.CLIENT if any(SERVERS in (seen.sender, seen.receiver) for seen in record.seen) else Subject.HYPERVISOR
    )


# --- listings ------------------------------------------------------------------------------------------------------


def _of_listings(found: Listings, untouched: bool) -> Judged:
    outcomes = _Outcomes(LISTING_RULES)
    past: dict[str, Past] = {}
    for listing in found.listings:
        for command in listing.commands:
            for key, one in past.items():
                if _is_about(command.text, key):
                    one.commanded(command.text)
        for key, vnic in listing.vnics.items():
            one = past.setdefault(key, Past(untouched))
            seen = Seen(listing.place, listing.time, key, What.DETAIL, key)
            outcomes.look(LISTING_RULES, one, vnic, seen)
            one.take(vnic)
    for outcome in outcomes.all:
        if not outcome.held and not outcome.contradicted:
            outcome.why_not = _why_not(outcome.rule, found, past.values())
    return Judged(found.record, Source.LISTINGS, [], found, outcomes.all)


def _why_not(rule: Rule, found: Listings, past: Collection[Past]) -> str:
    """Why listings say nothing about a rule."""
    if found.unclear and not past:
        return f"it takes {Needs.SLOTS.value}"
    if rule.needs is Needs.CONSOLE and not any(one.free for one in past):
        pinned = next((one.pinned for one in past if one.pinned), "")
        return f"{pinned} was activated at the console, which pins it" if pinned else f"it takes {rule.needs.value}"
    return NOT_TRIED


def _is_about(command: str, key: str) -> bool:
    """Whether a command is about a vNIC, by its slot; one that names none may be about any."""
    words = command.split()
    slot = next((after for word, after in pairwise(words) if word == "-s"), "")
    return not slot or "slot " not in key or key.endswith(f"slot {slot}")


class _Outcomes:
    def __init__(self, *rules: Rules) -> None:
        self._by_name = {rule.name: Outcome(rule) for rule in chain.from_iterable(r.values() for r in rules)}

    @property
    def all(self) -> list[Outcome]:
        return list(self._by_name.values())

    def look(self, rules: Mapping[str, Rule], view: Any, seen: Any, at: Seen) -> None:
        """Let rules look at something; ``at`` says where it stands."""
        for rule in rules.values():
            outcome = self._by_name[rule.name]
            for found in rule.check(view, seen):
                if found is HELD:
                    outcome.held += 1
                    continue
                if len(outcome.contradicted) >= MOST_FINDINGS:
                    outcome.more += 1
                    continue
                came, allowed = map(printable, found)
                outcome.contradicted.append(Contradiction(at.place, at.time, at.unit, came, allowed))
