"""Time: what may and what must have happened by itself when the clock has moved (MON-2, CRQ-13, preempt_delay).

Between the moment when silence *may* count and the moment when it *must*, both are allowed, so the set of possibilities branches;
servers that fall silent at one moment do so together, before anybody is selected.

On a virtual clock a moment is a number. On a real clock the kit knows only that something happened after it had asked and before
it was answered, so a moment is an interval, and every window grows by what is not known: it opens as early, and closes as late,
as it can. So nothing that is legal is ever blamed, however slow the way there and back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from vnic_conformance.oracle.possibility import NotChosen, OracleOps, Possibility, Timer, with_what_follows
from vnic_model.direct import DirectQueue
from vnic_spec.action import Effect, carry_out
from vnic_spec.monitoring import delay_ends, may_fall_silent, moment_passes
from vnic_spec.profile import Crossing, Profile
from vnic_spec.selection import preempted
from vnic_spec.state import State
from vnic_spec.transport import gap_ends, hold_expires
from vnic_spec.vocabulary import Crq

#: On a real clock, what two clocks may differ by: one part in so many, and a millisecond for rounding.
DRIFT = 1000


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time as far as the kit knows it, in milliseconds since the reset.

    Attributes:
        first: it is not earlier.
        last: it is not later.
        lag: on a real clock, how long after something is due it may still not be seen: the quiet time, scaled. None: the
            clock is virtual, and everything is exact.
    """

    first: int
    last: int
    lag: int | None = None

    def window(self, shortest: int, longest: int) -> tuple[int, int]:
        """``earliest`` and ``latest`` of a timer that was started here and runs so many milliseconds."""
        if self.lag is None:
            return self.first + shortest, self.last + longest
        early, late = shortest // DRIFT + 1, longest // DRIFT + 1
        return self.first + shortest - early, self.last + longest + late + self.lag


@dataclass(frozen=True)
class Clock:
    """The timing parameters of a profile, in milliseconds."""

    ops: OracleOps
    servers: int
    profile: Profile

    def report_timer(self, i: int, now: Instant, interval: int) -> Timer:
        """MON-2: the window in which the next report of server ``i`` may, and then must, be missed."""
        return Timer("report", i, *now.window(interval, self.profile.grace * interval), interval)

    def settle(self, before: Possibility, now: Instant) -> Possibility:
        """Start, keep and drop the timers that follow from the state; the step happened at ``now``."""
        s = before.state
        running = {(t.what, t.server): t for t in before.timers}
        kept: list[Timer] = []
        for i in range(self.servers):
            report = running.get(("report", i))
            if report is not None and may_fall_silent(self.ops, s, i):
                kept.append(report)
            held = bool(s.held(i))
            if self.profile.crossing is Crossing.HOLD:
                if held and s.selected == i and s.crq is Crq.OPEN and not s.overdue(i):
                    kept += self._hold_timer(i, running.get(("hold", i)), report, now)
            elif held:
                kept.append(running.get(("gap", i)) or self._exact("gap", i, now, self.profile.gap_ms))
        if self.ops.profile.damped and s.selected is not None and self.ops.carrying(preempted)(self.ops, s):
            kept.append(running.get(("delay", -1)) or self._exact("delay", -1, now, self.profile.preempt_delay_ms))
        timers = tuple(kept)
        return before if timers == before.timers else replace(before, timers=timers)

    def _exact(self, what: str, server: int, now: Instant, ms: int) -> Timer:
        """Something that is due when so many milliseconds have passed, and not a moment later."""
        earliest, latest = now.window(ms, ms)
        return Timer(what, server, earliest - 1, latest - 1)

    def _hold_timer(self, i: int, running: Timer | None, report: Timer | None, now: Instant) -> Iterator[Timer]:
        """CRQ-13: how long server ``i`` may keep the client held.

        By default its report interval decides, which is the one that it announced last: a report in the meantime moves the
        limit, perhaps into the past.
        """
        limit = self.profile.hold_limit_ms
        if limit is None and report is not None:
            limit = report.interval * self.profile.grace
        if limit is None:
            return
        if running is None:
            yield Timer("hold", i, *now.window(limit, limit), limit)
        elif running.interval == limit:
            yield running
        else:
            moved = limit - running.interval
            earliest, latest = running.earliest + moved, running.latest + moved
            if now.lag is not None:
                # The limit may lie in the past now: it is noticed within the quiet time.
                spare = abs(moved) // DRIFT + 1
                earliest, latest = earliest - spare, max(latest + spare, now.last + now.lag)
            yield Timer("hold", i, earliest, latest, limit)

    def passes(self, start: Possibility, since: Instant, until: Instant) -> set[Possibility]:
        """Everything that may be the case at ``until``, where this was the case at ``since``."""
        if not start.timers:
            return {start}
        end = until.last
        found: set[Possibility] = set()
        visited: set[tuple[Possibility, int]] = set()

        def explore(p: Possibility, begin: int) -> None:
            if (p, begin) in visited:
                return
            visited.add((p, begin))
            # A limit that a report has moved into the past ends when the clock next moves.
            latest = max(since.first, min((t.latest for t in p.timers), default=end))
            if latest >= until.first:
                found.add(p)
            for group in _groups(p.timers):
                low = max(begin, *(t.earliest + 1 for t in group))
                high = min(end, latest + 1)
                if low <= high and not (until.lag is None and low == high and _left_out(p.timers, group, low)):
                    for fired in self._fire(p, group):
                        for after in with_what_follows(p, fired, self.servers):
                            explore(self.settle(after, Instant(low, high, until.lag)), low)

        # A virtual clock goes from one whole millisecond to the next, and what was due at the one before has been seen: those
        # that fall silent within a step of one millisecond do so at one time.
        seen = until.lag is None and end > since.first
        explore(start, since.first + seen)
        return found

    def _fire(self, p: Possibility, group: tuple[Timer, ...]) -> Iterator[Possibility]:
        rest = replace(p, timers=tuple(t for t in p.timers if t not in group))
        what = group[0].what
        o, s = self.ops, p.state
        if what == "report":
            late = {t.server for t in group if t.what == "report"}
            over = {t.server for t in group if t.what == "hold"}
            passes = o.carrying(moment_passes)
            yield from self._choices(
                rest, lambda b, cf, sf: passes(o, s, lambda j: j in late, lambda j: j in over, b, cf, sf)
            )
        elif what == "hold":
            yield from self._choices(rest, lambda b, cf, _: o.carrying(hold_expires)(o, s, group[0].server, b, cf))
        elif what == "delay":
            yield from self._choices(rest, lambda b, cf, sf: o.carrying(delay_ends)(o, s, b, cf, sf))
        else:
            effect = carry_out(o.carrying(gap_ends), o, s, group[0].server)
            if effect.guard:
                yield rest.with_state(effect.state)

    def _choices(self, p: Possibility, effect: Callable[[int | None, bool, bool], Effect]) -> Iterator[Possibility]:
        """Every selection that the policy allows; whether a queue is full is a fact here."""
        client_full, server_full = fullness(p.state)
        for b in (*range(self.servers), None):
            for cf in {False, client_full}:
                for sf in {False, server_full}:
                    try:
                        found = carry_out(lambda o, s, *chosen: effect(*chosen), self.ops, p.state, b, cf, sf)
                    except NotChosen:
                        continue
                    if found.guard:
                        yield p.with_state(found.state)


def because(before: Possibility, after: Possibility) -> tuple[str, ...]:
    """The requirements by which time may lead from one possibility to the other: of everything that ran, or still runs."""
    running = {t.what for t in (*before.timers, *after.timers)}
    found = ["MON-2"]
    if running & {"hold", "gap"} or after.state.overdue != before.state.overdue:
        found.append("CRQ-13")
    if "delay" in running:
        found.append("MON-5")
    return tuple(found)


def fullness(s: State) -> tuple[bool, bool]:
    """Whether the client's queue is full, and that of the selected server."""
    client, selected = s.to_client, s.to_server(s.selected)
    assert isinstance(client, DirectQueue)
    assert isinstance(selected, DirectQueue)
    return len(client.items) >= client.depth, len(selected.items) >= selected.depth


def _left_out(timers: tuple[Timer, ...], group: tuple[Timer, ...], moment: int) -> bool:
    """A server whose report is missed at this very moment, as one of the group's, is not in the group (MON-2).

    That is one whose report counts as missing at this moment at the latest, and has not until now.
    """
    due = (t for t in timers if t.what == "report" == group[0].what and t.latest == moment - 1)
    return any(t not in group for t in due)


def _groups(timers: tuple[Timer, ...]) -> Iterator[tuple[Timer, ...]]:
    """What may happen at one moment: any one thing, or several servers falling silent, one of them perhaps overdue as well."""
    reports = [t for t in timers if t.what == "report"]
    holds = [(t,) for t in timers if t.what == "hold"]
    for size in range(1, len(reports) + 1):
        for silent in combinations(reports, size):
            yield from (silent + more for more in ((), *holds))
    yield from ((t,) for t in timers if t.what != "report")
