"""What ``vnickit monitor`` says, as text: what was going on, what contradicts the requirements, and what cannot be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby

from vnic_conformance.monitoring.elements import after
from vnic_conformance.monitoring.judging import Judged, Outcome
from vnic_conformance.monitoring.listings import Listings
from vnic_conformance.monitoring.rule import Rule
from vnic_conformance.monitoring.seen import Record, Seen, Stamp, What
from vnic_conformance.monitoring.selection import differences, listing_of, move
from vnic_conformance.monitoring.story import Chapter, Reached, Recovery
from vnic_conformance.reports.paragraphs import heading, para
from vnic_model.lines import Line

#: Columns of a time, and of a place.
_TIME = 14
#: What is a date; less counts from anything, and more is none.
_DATES = (10**8, 10**11)
#: So many unknown lines are shown; so many parts of the story, and steps of one; the rest is counted. JSON has all.
MOST_UNKNOWN, MOST_PARTS, MOST_STEPS = 10, 200, 40


def lines(judged: Judged, file: str) -> Iterator[Line]:
    """The report."""
    yield Line(_head(judged.record, file), "verdict")
    if judged.listings is not None:
        yield from _listings(judged.listings)
    for chapter in judged.chapters:
        yield from _chapter(chapter)
    yield from _judgements(judged)
    yield from _unknown(judged.record)


def _head(record: Record, file: str) -> str:
    kind = "packets" if record.source == "capture" else "lines"
    told = sum(seen.what not in (What.UNKNOWN, What.RESTART) for seen in record.seen)
    writer = f", written by {record.written_by}" if record.written_by else ""
    others = f", {record.others:,} about something else" if record.others else ""
    understood = (
        "" if record.source == "listings" else f": {told:,} understood{others}, {len(record.unknown):,} not understood"
    )
    return f"{file}: {record.source}{writer}, {record.lines:,} {kind}{understood}"


# --- the story -----------------------------------------------------------------------------------------------------


def clock(stamp: Stamp | None) -> str:
    """A time: seconds since the boot, or of the day."""
    if stamp is None:
        return "-"
    if stamp.since_boot or not _DATES[0] <= stamp.seconds < _DATES[1]:
        return f"{stamp.seconds:.6f}" if stamp.resolution < 1 else f"{stamp.seconds:.0f}"
    day = datetime.fromtimestamp(stamp.seconds, UTC)
    return day.strftime("%m-%d %H:%M:%S") + (f".{day.microsecond // 1000:03}" if stamp.resolution < 1 else "")


def length(seconds: float, resolution: float) -> str:
    """How long something took, no finer than the clock."""
    return f"{seconds:.3f} s" if resolution < 1 else f"about {seconds:.0f} s"


def _chapter(chapter: Chapter) -> Iterator[Line]:
    name = f" ({chapter.name})" if chapter.name else ""
    yield from heading(f"What was going on{f' with {chapter.unit}{name}' if chapter.unit else ''}")
    if not chapter.parts:
        yield Line("  nothing that is told")
    shown = list(_parts(chapter))
    for part in shown[:MOST_PARTS]:
        if isinstance(part, Recovery):
            yield from _recovery(part)
        else:
            yield from _told(*part, 2)
    if len(shown) > MOST_PARTS:
        yield Line(f"  and {len(shown) - MOST_PARTS:,} more; --json has them all")


def _parts(chapter: Chapter) -> Iterator[Recovery | tuple[Stamp | None, str]]:
    """Recoveries, and what lies between them with its time; calls that follow each other, and equal words, as one."""
    for key, group in groupby(chapter.parts, key=_likeness):
        run = list(group)
        if key is None:
            yield from (part for part in run if isinstance(part, Recovery))
            continue
        seen = [part for part in run if isinstance(part, Seen)]
        if seen[0].what is What.CALL:
            kinds = Counter(one.words for one in seen)
            words = ", ".join(f"{name} ({times(number)})" for name, number in kinds.most_common())
            yield seen[0].time, f"hypervisor calls, of whatever device: {words}"
        else:
            yield seen[0].time, f"{seen[0].words} ({len(seen)} times)" if len(seen) > 1 else seen[0].words


def _likeness(part: Recovery | Seen) -> str | None:
    """What parts that are told as one have in common; None: a recovery."""
    if isinstance(part, Recovery):
        return None
    return part.what.name if part.what is What.CALL else part.words


def _told(time: Stamp | None, words: str, indent: int) -> Iterator[Line]:
    label = f"{'':<{indent}}{clock(time)}"
    yield from para(words, _TIME + 4 + indent, label)


def _recovery(recovery: Recovery) -> Iterator[Line]:
    for line in _told(recovery.began.time, f"{causes(recovery)}: {ending(recovery)}", 2):
        yield line._replace(role="verdict")
    shown = list(steps(recovery))
    for time, words in shown[:MOST_STEPS]:
        offset = after(recovery.began.time, time)
        label = (
            ""
            if offset is None
            else f"    +{offset:.6f}"
            if time is not None and time.resolution < 1
            else f"    +{offset:.0f}"
        )
        yield from para(words, _TIME + 6, label)
    if len(shown) > MOST_STEPS:
        yield Line(f"{'':<{_TIME + 6}}and {len(shown) - MOST_STEPS:,} more steps; --json has them all")


def causes(recovery: Recovery) -> str:
    """Why, in words."""
    return ", then ".join(recovery.causes)


def steps(recovery: Recovery) -> Iterator[tuple[Stamp | None, str]]:
    """The steps with the time of each; equal ones that follow each other as one."""
    for words, group in groupby(recovery.steps, key=lambda step: step.words):
        run = list(group)
        yield run[0].time, f"{words} ({len(run)} times)" if len(run) > 1 else words


def ending(recovery: Recovery) -> str:
    """How it ended and how long it took, as far as that is told."""
    well = recovery.well
    if well is None:
        furthest = recovery.furthest
        took = None if furthest is None else recovery.took(furthest)
        within = "" if took is None else f" after {length(took, _resolution(recovery))}"
        reached = "" if furthest is None else f"{furthest.value}{within}; "
        return f"{reached}how it ended this record does not tell"
    took = recovery.took()
    what = Reached.THERE.value if recovery.reached.get(Reached.THERE) is well else "all was well"
    if took is None:
        return f"{what}; how long it took is not told, without times"
    parts = [f"{what} after {length(took, _resolution(recovery))}"]
    waited = recovery.took(Reached.HEARD)
    if waited is not None:
        parts.append(f"{length(waited, _resolution(recovery))} of it until the server's INIT")
    if recovery.logins:
        parts.append(f"with {recovery.logins} more {'login' if recovery.logins == 1 else 'logins'}")
    return ", ".join(parts)


def _resolution(recovery: Recovery) -> float:
    return max((step.time.resolution for step in recovery.steps if step.time is not None), default=1.0)


# --- listings ------------------------------------------------------------------------------------------------------


def _listings(found: Listings) -> Iterator[Line]:
    keys = list(dict.fromkeys(key for listing in found.listings for key in listing.vnics))
    for key in keys:
        yield from heading(f"What was going on with {key}")
        for time, words in told_of(found, key):
            yield from _told(time, words, 2)
    if found.unclear:
        yield from heading("Cannot tell which vNIC")
        yield from para("Rows without slot_num are of several vNICs, and are left out here.", 2, "  ")


def told_of(found: Listings, key: str) -> Iterator[tuple[Stamp | None, str]]:
    """What the listings tell of one vNIC: who is active at first, and every change."""
    before = None
    last: Stamp | None = None
    lost: Stamp | None = None  # when the active server was last seen well, before it was not
    commands = {listing.place: listing.commands for listing in found.listings if listing.commands}
    for listing, vnic in listing_of(found.listings, key):
        for place in [place for place in commands if place < listing.place]:
            yield from ((command.time, f"at the console: {command.words}") for command in commands.pop(place))
        if before is None:
            active = " and ".join(map(str, vnic.active)) or "nobody"
            yield (
                listing.time,
                f"active: {active}; {len(vnic.devices)} {'server' if len(vnic.devices) == 1 else 'servers'} listed",
            )
        else:
            for words in differences(before, vnic):
                yield listing.time, words
            if len(vnic.active) > 1 and len(before.active) <= 1:
                yield listing.time, f"active at once: {' and '.join(map(str, vnic.active))}"
            moved = move(before, vnic)
            if moved is not None and moved.new is None:
                lost = last
                yield listing.time, f"nobody is active any more: {moved.why}"
            elif moved is not None and moved.new is not None:
                since = last if moved.old is not None else lost
                took = after(since, listing.time)
                within = "" if took is None else f", within {took:.0f} s of the last listing with another one"
                yield listing.time, f"active now: {moved.new}; {moved.why}{within}"
        before, last = vnic, listing.time


# --- judgements ----------------------------------------------------------------------------------------------------


def _judgements(judged: Judged) -> Iterator[Line]:
    if judged.contradicted:
        yield from heading("Contradicted")
    for outcome in judged.contradicted:
        yield from _bad(outcome.rule)
        for found in outcome.contradicted:
            place = f"{'packet' if judged.record.source == 'capture' else 'line'} {found.place}"
            at = f", {clock(found.time)}" if found.time is not None else ""
            yield from para(f"{place}{at}: {found.came}; allowed: {found.allowed}", 12, "          -")
        if outcome.more:
            yield Line(f"          and {outcome.more:,} more")
    if judged.borne_out:
        yield from heading("Put to the test, and not contradicted")
    for outcome in judged.borne_out:
        yield from para(f"{outcome.rule.sentence} ({times(outcome.held)})", 10, f"  {outcome.rule.requirements[0]}")
    yield from heading(
        f"Not decidable from {'these' if judged.record.source == 'listings' else 'this'} {judged.record.source}"
    )
    for why, outcomes in _by_reason(judged.undecided).items():
        ids = dict.fromkeys(outcome.rule.requirements[0] for outcome in outcomes)
        yield from para(f"{', '.join(ids)}: {why}", 4, "  ")
    for why, beyond in judged.beyond.items():
        yield from para(f"{', '.join(spans(beyond))}: {why}", 4, "  ")


def _bad(rule: Rule) -> Iterator[Line]:
    for line in para(rule.sentence, 10, f"  {rule.requirements[0]}"):
        yield line._replace(role="bad")


def _by_reason(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(outcome.why_not, []).append(outcome)
    return found


def times(number: int) -> str:
    """How often, in words."""
    return "once" if number == 1 else f"{number:,} times"


def spans(ids: Iterable[str]) -> Iterator[str]:
    """IDs, those of a group that follow each other as a span: MON-1 to MON-7."""
    numbered = [(name.partition("-")[0], int(name.partition("-")[2]), name) for name in ids]
    numbered.sort(key=lambda one: (one[0], one[1]))
    runs = groupby(enumerate(numbered), key=lambda pair: (pair[1][0], pair[1][1] - pair[0]))
    for _, group in runs:
        found = [name for _, (_, _, name) in group]
        yield found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}" if len(found) > 2 else ", ".join(found)


def _unknown(record: Record) -> Iterator[Line]:
    if not record.unknown:
        return
    yield from heading(f"Not understood: {len(record.unknown):,}")
    common = Counter(seen.words for seen in record.unknown)
    first: dict[str, Seen] = {}
    for seen in record.unknown:
        first.setdefault(seen.words, seen)
    for words, number in common.most_common(MOST_UNKNOWN):
        more = f" ({number} times)" if number > 1 else ""
        yield from para(f"{first[words].place}: {words.removeprefix('not understood: ')}{more}", 4, "  ")
    if len(common) > MOST_UNKNOWN:
        yield Line(f"  and {len(common) - MOST_UNKNOWN:,} others; --json has them all")
