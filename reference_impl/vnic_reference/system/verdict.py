"""A run judged as a whole: the laws of the data path, and how much was lost (DAT, LIV-1).

That no frame passes would keep every law; so a verdict asks for traffic both ways too, up to the end of the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vnic_reference.network.endpoint import Endpoint
from vnic_reference.network.streams import StreamSink, StreamSource
from vnic_reference.system.laws import FrameLaws, Violation
from vnic_reference.system.scenario import CLIENT

if TYPE_CHECKING:
    from vnic_reference.system.system import System

#: A frame sent so shortly before the end of a run may still be on its way.
ON_THE_WAY_MS = 20


def verdict(
    system: System,
    laws: FrameLaws,
    *,
    longest_gap_ms: int,
    least_frames: int,
    allowed_ms: Mapping[str, int] | None = None,
    delay_ms: int = 0,
) -> list[Violation]:
    """What is wrong with a run; nothing, if it was as it should be.

    Args:
        system: after its run; it has at least one stream each way.
        laws: its observer.
        longest_gap_ms: a stream may be interrupted for so long after something has happened; without a happening, not
            for one frame.
        least_frames: as many frames of each stream must have arrived.
        allowed_ms: longer interruptions, by the name of the happening in them.
        delay_ms: a happening may interrupt so much later: an added server has to report first, a preemption may be damped.
    """
    allowed = _Allowed(laws.actions, longest_gap_ms, allowed_ms or {}, delay_ms)
    found = list(laws.violations)
    ends = [(CLIENT, system.application.endpoint), *((host.name, host.endpoint) for host in system.hosts)]
    ways = {"out": 0, "in": 0}
    for name, endpoint in ends:
        for source in endpoint.sources:
            ways["out" if name == CLIENT else "in"] += 1
            sink = _sink(source, [other for _, other in ends])
            what = f"stream {source.number} from {name}"
            found += _judge(what, system.now, source, sink, allowed, least_frames)
    for way, streams in ways.items():
        if not streams:
            found.append(Violation(system.now, "DAT", f"no stream goes {way}, so nothing was tried"))
    return found


def _sink(source: StreamSource, endpoints: list[Endpoint]) -> StreamSink:
    sinks = [endpoint.sinks[source.number] for endpoint in endpoints if source.number in endpoint.sinks]
    return sinks[0] if sinks else StreamSink(source.number)


@dataclass(frozen=True, slots=True)
class _Allowed:
    """How long an interruption may be."""

    actions: list[tuple[int, str]]
    longest_gap_ms: int
    by_name: Mapping[str, int]
    delay_ms: int

    def between(self, begin: int, end: int) -> int:
        """The longest that anything in this time allows, in ms; 0 if nothing happened."""
        names = [name for at, name in self.actions if begin - ON_THE_WAY_MS - self.delay_ms <= at <= end]
        return max((self.by_name.get(name, self.longest_gap_ms) for name in names), default=0)


def _judge(
    what: str, now: int, source: StreamSource, sink: StreamSink, allowed: _Allowed, least_frames: int
) -> list[Violation]:
    found = []

    def broken(requirement: str, text: str) -> None:
        found.append(Violation(now, requirement, f"{what}: {text}"))

    def interrupted(begin: int, end: int, missing: int) -> None:
        longest = allowed.between(begin, end)
        if end - begin > max(longest, source.period_ms):
            broken("LIV-1", f"{missing} datagrams lost from {begin} to {end} ms, {longest} ms are allowed")

    if sink.duplicated:
        broken("DAT-1, DAT-2", f"{sink.duplicated} datagrams came twice")
    if sink.reordered:
        broken("DAT-1, DAT-2", f"{sink.reordered} datagrams were overtaken")
    if sink.received < least_frames:
        broken("DAT", f"{sink.received} datagrams came, {least_frames} at least were to come")
    for before, after, missing in sink.gaps:
        # Without a first datagram the gap begins with the stream.
        interrupted(before or source.begin, after, missing)
    end = now if source.end is None else min(now, source.end)
    missing = source.next_sequence - sink.highest - 1
    if missing > ON_THE_WAY_MS // source.period_ms + 1:
        interrupted(max(sink.last_at, source.begin), end, missing)
    return found
