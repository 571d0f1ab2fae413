"""Rules of counts, contents and what has to last, which no single state shows: DLG-8, DLG-9, CLI-16, CLI-21."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role.rule import HELD, Finding, rule
from vnic_conformance.client_role.rules_dialogue import handed_over
from vnic_conformance.client_role.rules_events import call_name, sent_element
from vnic_conformance.client_role.view import View
from vnic_conformance.client_role.wire_host import header_lengths
from vnic_spec.layouts import HEADER_REQUIREMENT_BYTE, TX_DESCRIPTOR
from vnic_spec.wire import INIT, Capability, Hcall, SubType

#: How long after its link is up, and all is well, a client may take to lend buffers, in ms.
_SETTLED_MS: Final = 1_000
#: Where the bytes of the frame stand in a header descriptor, by type.
_DATA_AT: Final = {int(SubType.TX_HEADER): 8, int(SubType.TX_HEADER_EXT): 3}
#: Flags of a transmit descriptor for checksums and large sends, which have requirements of their own.
_OFFLOADS: Final = 0x60


def _lengths(data: bytes, frame: bytes, flags: int, requirements: bytes) -> Iterator[Finding | None]:
    """The lengths in a header descriptor are those of its frame, if that has TCP or UDP."""
    lengths = header_lengths(frame)
    if not all(lengths) or flags & _OFFLOADS or not requirements[HEADER_REQUIREMENT_BYTE["plain"]] & 0x80:
        return
    yield HELD
    said = (data[3], int.from_bytes(data[4:6], "big"), data[6])
    if said != lengths:
        yield f"headers of {said[0]}, {said[1]} and {said[2]} bytes", f"{lengths[0]}, {lengths[1]} and {lengths[2]}"


@rule(
    "DLG-8",
    on="Called",
    sentence="Header descriptors carry the first bytes of their own frame.",
    when="a frame is sent with header descriptors",
    watches="tx_handles",
    calls="H_SEND_SUB_CRQ H_SEND_SUB_CRQ_INDIRECT",
    reads=True,
)
def carries_the_headers_of_the_frame(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """As far as the first piece of the frame reaches; each descriptor says how many bytes it has."""
    found = handed_over(view, happening)
    if found is None or found[0] not in view.tx_handles or not isinstance(happening, h.Called):
        return
    requirements = view.told.get(Capability.TX_RX_DESC_REQ, 0).to_bytes(8, "big")
    frame: bytes | None = None
    at = 0
    for data in found[1]:
        if data[1] == SubType.TX:
            first, frame, at = TX_DESCRIPTOR.unpack(data), None, 0
        elif data[1] in _DATA_AT:
            frame = happening.memory(first["ioba"], first["length"]) if frame is None else frame
            begin = _DATA_AT[data[1]]
            if data[1] == SubType.TX_HEADER:
                yield from _lengths(data, frame or b"", first["flags1"], requirements)
            carried = data[begin : begin + data[2]]
            own = (frame or b"")[at : at + len(carried)]
            at += len(carried)
            yield HELD
            if own != carried[: len(own)]:
                yield f"headers {carried.hex()} beside a frame that has {own.hex()} there", "the headers of the frame"


@rule(
    "DLG-8",
    "DLG-9",
    "DLG-10",
    on="Called",
    sentence="There are no more frames in flight, and no more buffers lent, than entries were agreed on.",
    when="a frame or a buffer is handed over",
    watches="granted in_flight lent rx_handles tx_handles",
    calls="H_SEND_SUB_CRQ H_SEND_SUB_CRQ_INDIRECT",
)
def keeps_to_the_entries(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Of each queue (capabilities 14 and 15); what has been completed counts no more, whether it was read or not."""
    found = handed_over(view, happening)
    if found is None:
        return
    handle, descriptors = found
    buffers = handle in view.rx_handles
    number = Capability.REQ_RX_ADD_ENTRIES if buffers else Capability.REQ_TX_ENTRIES
    new = len(descriptors) if buffers else sum(data[1] == SubType.TX for data in descriptors)
    out = sum(queue == handle for queue, _ in (view.lent if buffers else view.in_flight))
    most = view.granted.get(number)
    if most is None:
        return
    yield HELD
    if out + new > most:
        what = "buffers lent" if buffers else "frames in flight"
        yield f"{out + new} {what} on queue {handle:#x}", f"{most}, as agreed on (capability {int(number)})"


@rule(
    "CLI-16",
    "DLG-9",
    on="Looked",
    sentence="A client whose link is up has buffers with its server.",
    when="the link has been up for a second, and all is well",
    watches="lent rx_handles link_up_at well_since",
)
def lends_buffers(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """A client that counts as lent what came back, or was never taken, can receive nothing any more."""
    if not isinstance(happening, h.Looked) or view.link_up_at is None or view.well_since is None:
        return
    settled = happening.now >= max(view.link_up_at, view.well_since) + _SETTLED_MS
    if not settled or not happening.link or not view.steady:
        return
    yield HELD
    lending = {queue for queue, _ in view.lent}
    without = [handle for handle in view.rx_handles if handle not in lending]
    if without:
        yield (
            f"no buffer with the server on queue {without[0]:#x}",
            "buffers that were not taken, or came back, given again",
        )


@rule(
    "CLI-11",
    "CLI-10",
    on="Idled",
    sentence="A client that is idle has handled what its interrupt was raised for.",
    when="the client is idle in a session in which nothing is under way",
    watches="signal pending orders login link_indicated",
)
def leaves_nothing_unread(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """One that wants to go on within a second may handle the rest then."""
    if not isinstance(happening, h.Idled) or not view.steady or not view.signal:
        return
    yield HELD
    soon = happening.until is not None and happening.until <= happening.now + _SETTLED_MS
    if happening.unread and not soon:
        yield f"idle with {happening.unread} elements in the queue", "handling all of them"


@rule(
    "CLI-21",
    on="Called",
    sentence="A session in which all has been well for `recovery_ms` is not given up.",
    when="a call in a session in which all has been well for `recovery_ms`",
    watches="quiet_since login wish in_flight profile",
)
def keeps_a_good_session(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Traffic is no reason to begin again, if every frame is completed."""
    if not isinstance(happening, h.Called) or view.quiet_since is None or not view.logged_in or not view.wish:
        return
    quiet = happening.now - view.quiet_since
    if quiet < view.profile.recovery_ms or view.in_flight:
        return
    yield HELD
    begins = sent_element(happening) == INIT
    if begins or happening.opcode in (Hcall.H_FREE_CRQ, Hcall.H_REG_CRQ):
        came = "INIT" if begins else call_name(happening.opcode)
        yield f"{came}, and for {quiet} ms nothing has happened but traffic", "going on as before"
