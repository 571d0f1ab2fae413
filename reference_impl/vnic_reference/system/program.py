"""A scenario as a program: run it, print what happened, say whether the laws of the data path held.

Exit codes: 0 they held; 1 one was broken; 2 the scenario cannot be read or run, or a file cannot be written.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from vnic_reference.network.pcapng import Capture
from vnic_reference.system.laws import FrameLaws
from vnic_reference.system.loading import load, shipped
from vnic_reference.system.outages import Outages, table
from vnic_reference.system.parts import SystemParts
from vnic_reference.system.scenario import CLIENT, Scenario, ScenarioError
from vnic_reference.system.standard import standard_parts
from vnic_reference.system.system import System
from vnic_reference.system.timeline import Timeline

#: Longest scenario file in bytes.
MAX_BYTES = 1 << 20


def read(name: str) -> Scenario:
    """A scenario by the name of one that is shipped, or of a file.

    Raises:
        ScenarioError: there is none, or it cannot be run.
    """
    try:
        return load(shipped(name))
    except KeyError as error:
        names = error.args[0]
    path = Path(name)
    try:
        # A pipe without a writer would let this wait for ever, and a device may never end.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise ScenarioError(f"it is no plain file, and no shipped scenario is called so; there is {names}")
        with open(number, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except ScenarioError:
        raise
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ScenarioError(f"cannot read it ({reason}), and no shipped one is called so; there is {names}") from None
    if len(data) > MAX_BYTES:
        raise ScenarioError(f"it is longer than {MAX_BYTES:,} bytes")
    try:
        return load(data.decode())
    except UnicodeDecodeError:
        raise ScenarioError("it is no text in UTF-8") from None


def run(
    name: str,
    pcapng: str | None = None,
    timeline: str | None = None,
    *,
    brief: bool = False,
    parts: SystemParts | None = None,
) -> int:
    """Run the scenario of this name; what is printed goes to standard output, errors to standard error.

    Args:
        name: of a shipped scenario, or of a file.
        pcapng: file for the frames of all ports, or None.
        timeline: file for the timeline as JSON lines, or None.
        brief: print neither calls nor elements.
        parts: what to make the system of, where it is not the reference.
    """
    try:
        scenario = read(name)
        capture = Capture() if pcapng is not None else None
        system = System(
            scenario, parts or standard_parts(), timeline=Timeline(frames=timeline is not None), capture=capture
        )
        laws, outages = FrameLaws().watch(system), Outages().watch(system)
        system.run()
    except ScenarioError as error:
        return _complain(f"{name}: {error}")
    try:
        if pcapng is not None and capture is not None:
            Path(pcapng).write_bytes(capture.getvalue())
        if timeline is not None:
            Path(timeline).write_text(system.timeline.json_lines(), encoding="utf-8")
    except OSError as error:
        return _complain(f"cannot write {error.filename}: {error.strerror}")
    for line in report(system, laws, outages, brief=brief):
        sys.stdout.write(line + "\n")
    return 1 if laws.violations else 0


def _complain(text: str) -> int:
    sys.stderr.write(f"python -m vnic_reference --scenario: {text}\n")
    return 2


def report(system: System, laws: FrameLaws, outages: Outages, *, brief: bool) -> Iterator[str]:
    """What a run was, in lines of at most 100 columns."""
    yield system.scenario.title
    yield ""
    yield from system.timeline.text(brief=brief)
    yield ""
    yield from table(outages.done(), system)
    yield ""
    yield from _traffic(system)
    yield ""
    counts = laws.counts
    yield (
        f"frames: {counts.sent:,} sent by the application, {counts.left:,} left, "
        f"{counts.arrived:,} arrived at ports, {counts.received:,} received"
    )
    if laws.violations:
        yield from (str(violation)[:100] for violation in laws.violations)
    else:
        yield "no frame twice, none through a server that was not connected (DAT-1, DAT-2, DAT-3)"


def _traffic(system: System) -> Iterator[str]:
    now = system.now
    for pinger in system.application.endpoint.pingers:
        done = [ping for ping in pinger.pings if ping.reply_at is not None or ping.lost(now)]
        doubled = sum(ping.duplicates for ping in pinger.pings)
        yield f"ping: {len(done)} sent, {pinger.lost(now)} lost, {doubled} answered twice"
    ends = [(CLIENT, system.application.endpoint), *((host.name, host.endpoint) for host in system.hosts)]
    for name, endpoint in ends:
        for source in endpoint.sources:
            sinks = [other.sinks[source.number] for _, other in ends if source.number in other.sinks]
            if not sinks:
                yield f"stream {source.number} from {name}: {source.next_sequence} due, none received"
                continue
            sink = sinks[0]
            yield (
                f"stream {source.number} from {name}: {source.next_sequence} due, {source.refused} refused while "
                f"there was no link, {source.sent - sink.received} lost, {sink.duplicated} twice, "
                f"{sink.reordered} overtaken"
            )[:100]
