"""The bytes that moved in a step, as packets: elements, descriptors, buffers, registers, frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from vnic_conformance.pictures.formats import Link
from vnic_conformance.reports.naming import partner
from vnic_conformance.stimulus import Stimulus
from vnic_conformance.system_role.frames import describe, frames_of
from vnic_model.recording import Deed
from vnic_model.trace import Passage
from vnic_spec.wire import SUB_ELEMENT_BYTES, from_words


class Packet(NamedTuple):
    """Bytes that moved.

    Attributes:
        link: what they are.
        hexadecimal: the bytes; of others, so that it may be none.
        words: who sent them to whom; or empty.
        now: virtual time, in milliseconds; None: that of the step.
    """

    link: Link
    hexadecimal: str
    words: str = ""
    now: int | None = None


def passage_words(passage: Passage) -> str:
    """What became of an element, beside its arrow."""
    instead = f", in the place of {passage.instead_of}" if passage.instead_of else ""
    return f"{passage.name} {passage.deed.lower()}{instead}"


def element(passage: Passage, now: int | None = None) -> Packet:
    """An element of a CRQ."""
    words = f"{passage.sender} to {passage.receiver}: {passage_words(passage)}"
    return Packet(Link.CRQ, passage.bytes, words, now)


def of_calls(passages: Iterable[Passage], stimulus: Stimulus, came: Mapping[str, object]) -> Iterator[Packet]:
    """What moved in a step of role hypervisor. An element that is taken was seen when it came."""
    yield from (element(passage) for passage in passages if passage.deed != Deed.TAKEN.name)
    if stimulus.call.startswith("send_sub_crq"):
        digits, text = 2 * SUB_ELEMENT_BYTES, str(stimulus.given.get("hex", ""))
        yield from (Packet(Link.SUB_CRQ, text[at : at + digits]) for at in range(0, len(text), digits))
    if stimulus.call == "vioctl":
        given = (stimulus.given.get(name, 0) for name in ("sub", "p1", "p2", "p3"))
        yield Packet(Link.VIOCTL, from_words(*(value for value in given if isinstance(value, int))).hex())
    record = came.get("info")
    if isinstance(record, str) and record:
        yield Packet(Link.SERVER_INFO, record)


def of_frames(came: Mapping[str, object]) -> Iterator[Packet]:
    """What was seen of frames in a step of role system: each wherever it was seen, first out, then in."""
    names = sorted((name for name in came if name.endswith(("_sent", "_received"))), key=_on_its_way)
    for name in names:
        who, _, deed = name.rpartition("_")
        for frame in frames_of(came, name):
            yield Packet(Link.FRAME, frame.hex(), f"{partner(who)} {deed}: {describe(frame)}")


def _on_its_way(name: str) -> tuple[int, str]:
    """From the application to the host, then back."""
    known = ("client_sent", "", "host_received", "host_sent", "", "client_received")
    server = 1 if name.endswith("_sent") else 4
    return (known.index(name) if name in known else server), name
