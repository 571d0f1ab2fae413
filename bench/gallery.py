"""The gallery of ``docs/gallery``: ten faults of the reference, played, with trace, picture, capture and log of each failure.

    python bench/gallery.py            # play all and write the page and its files

A failure is played once, by the one scripted case that is named here, and kept as a log; page, picture and capture are made
from the log. ``tests/test_docs_gallery.py`` makes these again for all, plays two of the faults anew, and compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from vnic_conformance.defaults import SEED
from vnic_conformance.episode import HYPERVISOR, Episode
from vnic_conformance.oracle import Judgement
from vnic_conformance.pictures.pcapng import pcapng
from vnic_conformance.pictures.story import story_of_failure
from vnic_conformance.pictures.svg import svg
from vnic_conformance.reports.failure import failure_lines
from vnic_conformance.running.engine import Engine, hello_as_plain
from vnic_conformance.running.events import RunBegan
from vnic_conformance.running.plan import select
from vnic_conformance.running.play import Budget, Narrowed, Play
from vnic_conformance.running.recorded import RecordedRun, load
from vnic_conformance.running.role import role_named
from vnic_conformance.running.runlog import excerpt
from vnic_conformance.targets import Target
from vnic_conformance.targets.in_process import Answer, InProcessLink
from vnic_conformance.version import kit_version
from vnic_reference.client_adapter import ClientAdapter
from vnic_reference.client_variants import CLIENT_VARIANTS
from vnic_reference.faults import FAULTS
from vnic_reference.system.faults import SYSTEM_FAULTS

GALLERY = Path(__file__).parents[1] / "docs" / "gallery"
#: Lines of a trace on the page; the log has all.
MOST = 25
_CUT = "          …"


class Exhibit(NamedTuple):
    """One failure."""

    fault: str
    role: str
    case: str  #: the scripted case that finds it
    title: str
    text: str  #: what went wrong, and which requirement forbids it

    @property
    def adapter(self) -> str:
        """What ``--adapter`` takes."""
        role = "" if self.role == HYPERVISOR else f"--role {self.role} "
        return f"python -m vnic_reference {role}--fault {self.fault}"


EXHIBITS = (
    Exhibit(
        "no_failover_event",
        "hypervisor",
        "FOV-3/one-event-for-one-switch",
        "A switch that nobody tells the client of",
        "The administrator activates another server, and the client's queue stays empty."
        " FOV-3 wants one event 08 for every switch: without it the client takes the new server's elements for the old one's.",
    ),
    Exhibit(
        "tie_preempts",
        "hypervisor",
        "SEL-5/tie-after-switches",
        "A tie that takes the client away",
        "Both servers have the same priority, and the one that was added first takes the client from the other when it reports."
        " SEL-5 leaves the client where it is: a tie is no reason for an outage.",
    ),
    Exhibit(
        "fenced_dma_accepted",
        "hypervisor",
        "FOV-10/memory-of-a-fenced",
        "No fence around the client's memory",
        "A server that is not connected writes to the client's memory, and is told that it has succeeded."
        " FOV-10 refuses it: a server that hung and comes back must do no harm.",
    ),
    Exhibit(
        "payload_changed",
        "hypervisor",
        "CRQ-10/every-bit",
        "One bit of sixteen bytes",
        "The client sends an element whose last bit is set, and the server finds it cleared."
        " CRQ-10 carries bytes 1 to 15 unchanged, whatever they mean.",
    ),
    Exhibit(
        "expires_too_early",
        "hypervisor",
        "MON-2/not-too-early",
        "A timer that is one millisecond early",
        "The server has announced its next report within 1000 ms, and counts as silent when exactly 1000 ms have passed."
        " MON-2 allows that only after the interval: here every report that is just in time costs a failover.",
    ),
    Exhibit(
        "old_token_accepted",
        "hypervisor",
        "SES-2/order-of-checks",
        "A complaint with a token of another session",
        "The client complains with a token that is not that of its session, and the hypervisor looks for another server."
        " SES-2 answers H_STATE first: a complaint about a server that has been left already must not hit its successor.",
    ),
    Exhibit(
        "server_delivers_twice",
        "system",
        "SEL-2/first-open",
        "A frame that comes twice",
        "One ARP packet comes over the wire, and the server puts it into two of the client's buffers."
        " DAT-2 delivers each frame at most once.",
    ),
    Exhibit(
        "no_gratuitous_arp",
        "system",
        "DAT-3/quiet-client",
        "A network that looks at the old port",
        "The client is moved to another server and has nothing to send, and nobody announces its MAC at the new port."
        " DAT-3 wants the network's forwarding to follow the client: here frames for it still go to the port that is dead.",
    ),
    Exhibit(
        "resets_on_failover",
        "client",
        "CLI-1/procedure-failover",
        "A client that does not wait",
        "The client reads event 08 and resets itself at once: it frees its CRQ and begins the dialogue."
        " CLI-1 has it wait for the INIT of the new server, which comes when there is somebody to talk to.",
    ),
    Exhibit(
        "hasty",
        "client",
        "CLI-10/procedure-open",
        "Buffers in memory that is not mapped yet",
        "The client sends REQUEST_MAP and hands out receive buffers in the map before it has been answered."
        " DLG-7 lets a descriptor name live maps only: until the server has answered, there is no such map.",
    ),
)


def played(exhibit: Exhibit) -> str:
    """The log of one failure: the fault is played in this process, by its case alone, and what fails is shortened.

    Nothing shorter is searched for than what is left when steps are left out.

    Raises:
        RuntimeError: the case does not find the fault.
    """
    with Target(InProcessLink(_faulty(exhibit))) as target:
        profile, role = target.hello.profile, role_named(exhibit.role)
        book = role.book(profile, ("scripted",), lambda _: None)
        chosen = select(book.cases, (exhibit.case,))
        hello = hello_as_plain(target)
        header = RunBegan(kit_version(), exhibit.adapter, hello, profile, SEED, 0, (exhibit.case,), ())

        def narrow(engine: Engine, episode: Episode, failure: Judgement, alone: Play | None) -> Narrowed:
            if alone is not None:
                return engine.narrowed(episode, failure, alone)
            return role.narrow(engine.requests, episode, failure, False)

        engine = Engine(target, profile, book.cases, chosen, header, [], fail_fast=True, narrow=narrow, counting=False)
        outcome = engine.run(lambda engine: role.plays(engine, book, chosen, Budget(0, SEED)))
    if not outcome.failures:
        raise RuntimeError(f"{exhibit.case} does not find {exhibit.fault}: name another case in bench/gallery.py")
    return excerpt(header, outcome.failures[:1])


def _faulty(exhibit: Exhibit) -> Answer:
    if exhibit.role == "client":
        return ClientAdapter(CLIENT_VARIANTS[exhibit.fault].make)
    if exhibit.role == "system":
        return SYSTEM_FAULTS[exhibit.fault].adapter()
    return FAULTS[exhibit.fault].adapter()


@cache
def recorded(log: Path) -> RecordedRun:
    """A log, read once."""
    return load(log)


def picture(log: Path) -> str:
    """The failure of a log as a sequence diagram."""
    return svg(story_of_failure(recorded(log).failures[0]))


def capture(log: Path) -> bytes:
    """The failure of a log as a capture."""
    return pcapng(story_of_failure(recorded(log).failures[0]))


def trace(log: Path) -> list[str]:
    """The steps of the failure of a log as ``show`` prints them, with what came and what was allowed."""
    run = recorded(log)
    failure = run.failures[0]
    lines = [line.text.rstrip() for line in failure_lines(failure, adapter=run.header.adapter, file=None)]
    first = next(number for number, line in enumerate(lines) if line.startswith("step "))
    end = next((number for number, line in enumerate(lines) if line.startswith("lanes: ")), len(lines) + 1)
    said: list[str] = []
    if failure.shown:  # in role hypervisor it stands below the last step
        said = [*lines[: next(number for number, line in enumerate(lines) if line.startswith("replay"))], ""]
    return [*said, *_fitting(lines[first : end - 1], MOST - len(said))]


def _fitting(lines: Sequence[str], most: int) -> list[str]:
    """Steps in so many lines: of those that take most, the middle is left out."""
    steps: list[list[str]] = [[]]
    for line in lines:
        if line[:4].strip().isdecimal():
            steps.append([])
        steps[-1].append(line)
    room = max(map(len, steps))
    while sum(min(len(step), room) for step in steps) > most:
        room -= 1
    return [line for step in steps for line in _cut(step, room)]


def _cut(step: Sequence[str], room: int) -> list[str]:
    """One step. What led to a failure stands nearer to its end."""
    if len(step) <= room:
        return list(step)
    head = min(max(2, (room - 1) // 4), room - 1)
    return [*step[:head], _CUT, *step[len(step) - (room - 1 - head) :]]


def document(directory: Path = GALLERY) -> str:
    """The page, from the logs of a directory."""
    return "\n".join(_lines(directory)).rstrip("\n") + "\n"


def _lines(directory: Path) -> Iterator[str]:
    yield from ("# Ten failures", "")
    yield "Generated by `python bench/gallery.py`. Do not edit it: a test makes it again and compares."
    yield ""
    yield "Each is a fault that was planted in the reference, and what the kit says of it: the trace, of which long steps are"
    yield "cut here, a picture, a capture for Wireshark (`vnickit export --to wireshark` makes its dissector), and the log from"
    yield "which all the others are made. A log is shown and played again like this:"
    first = EXHIBITS[0]
    yield from ("", "```sh", f"vnickit show {first.fault}.jsonl --as html --out failure.html")
    yield from (f'vnickit replay {first.fault}.jsonl --adapter "{first.adapter}"', "```", "")
    for number, exhibit in enumerate(EXHIBITS, 1):
        name = exhibit.fault
        yield from (f"## {number}. {exhibit.title}", "", exhibit.text, "")
        yield f"Role {exhibit.role}, `--fault {name}`; found by `{exhibit.case}`."
        yield from ("", "```text", *trace(directory / f"{name}.jsonl"), "```", "")
        yield from (f"![{exhibit.title}]({name}.svg)", "")
        yield from (f"[Capture]({name}.pcapng), [log]({name}.jsonl).", "")


def main() -> None:
    GALLERY.mkdir(exist_ok=True)
    for exhibit in EXHIBITS:
        log = GALLERY / f"{exhibit.fault}.jsonl"
        log.write_text(played(exhibit), encoding="utf-8")
        log.with_suffix(".svg").write_text(picture(log), encoding="utf-8")
        log.with_suffix(".pcapng").write_bytes(capture(log))
    (GALLERY / "gallery.md").write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
