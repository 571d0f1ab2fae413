"""A run judged as a whole: the laws of the data path, and how much was lost (DAT, LIV-1).

That no frame passes would keep every law; so a verdict asks for traffic both ways too, up to the end of the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vnic_reference.network.endpoint import Endpoint
from vnic_reference.network.streams import StreamSink, StreamSource
from vnic_reference.system.laws import FrameLaws, Violation
from vnic_reference.system.scenario import CLIENT

if TYPE_CHECKING:
    from vnic_reference.system.system import System

#: A frame sent so shortly before the end of a run may still be on its way.
ON_THE_WAY_MS = 20


def verdict(system: System, laws: FrameLaws, *, longest_gap_ms: int, least_frames: int) -> list[Violation]:
    """What is wrong with a run; nothing, if it was as it should be.

    Args:
        system: after its run; it has at least one stream each way.
        laws: its observer.
        longest_gap_ms: a stream may be interrupted for so long, not longer, wherever it is interrupted.
        least_frames: as many frames of each stream must have arrived.
    """
    found = list(laws.violations)
    ends = [(CLIENT, system.application.endpoint), *((host.name, host.endpoint) for host in system.hosts)]
    ways = {"out": 0, "in": 0}
    for name, endpoint in ends:
        for source in endpoint.sources:
            ways["out" if name == CLIENT else "in"] += 1
            sink = _sink(source, [other for _, other in ends])
            found += _judge(
                f"stream {source.number} from {name}", system.now, source, sink, longest_gap_ms, least_frames
            )
    for way, streams in ways.items():
        if not streams:
            found.append(Violation(system.now, "DAT", f"no stream goes {way}, so nothing was tried"))
    return found


def _sink(source: StreamSource, endpoints: list[Endpoint]) -> StreamSink:
    sinks = [endpoint.sinks[source.number] for endpoint in endpoints if source.number in endpoint.sinks]
    return sinks[0] if sinks else StreamSink(source.number)


def _judge(
    what: str, now: int, source: StreamSource, sink: StreamSink, longest_gap_ms: int, least_frames: int
) -> list[Violation]:
    found = []

    def broken(requirement: str, text: str) -> None:
        found.append(Violation(now, requirement, f"{what}: {text}"))

    if sink.duplicated:
        broken("DAT-1, DAT-2", f"{sink.duplicated} datagrams came twice")
    if sink.reordered:
        broken("DAT-1, DAT-2", f"{sink.reordered} datagrams were overtaken")
    if sink.received < least_frames:
        broken("DAT", f"{sink.received} datagrams came, {least_frames} at least were to come")
    for before, after, missing in sink.gaps:
        # Without a first datagram the gap begins with the stream.
        begin = before or source.begin
        if after - begin > longest_gap_ms:
            broken("LIV-1", f"{missing} datagrams lost in {after - begin} ms, {longest_gap_ms} ms are allowed")
    silence = (now if source.end is None else min(now, source.end)) - max(sink.last_at, source.begin)
    if silence > longest_gap_ms:
        broken("LIV-1", f"nothing came in the last {silence} ms")
    last = sink.highest + 1
    if source.next_sequence - last > 1 + (longest_gap_ms + ON_THE_WAY_MS) // source.period_ms:
        broken("LIV-1", f"the last {source.next_sequence - last} datagrams did not come")
    return found
