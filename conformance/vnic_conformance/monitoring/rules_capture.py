"""Rules for a capture that says who sends each element to whom: what the hypervisor does with them."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from vnic_conformance.monitoring.capture import ARRIVED, CLIENT, HYPERVISOR, SERVER
from vnic_conformance.monitoring.rule import HELD, Finding, Needs, Rules, Subject
from vnic_conformance.monitoring.seen import Seen, What
from vnic_conformance.reports.naming import element_name
from vnic_model.describe import hex_groups
from vnic_model.recording import Deed
from vnic_spec.wire import HEADER_VALID_BIT, Hcall, Header, Rc, Vioctl, event_of

#: Every rule for elements on their ways, by name.
CAPTURE_RULES: Final = Rules()
_rule = CAPTURE_RULES.rule
Found = Iterator[Finding | None]
#: How a step says what was sent where it is not what is drawn beside it.
_SENT: Final = re.compile(rf"\({Hcall.H_SEND_CRQ}\), bytes ((?:[0-9a-f]+ ?)+)→")
_ACCEPTED: Final = re.compile(rf"→ {Rc.H_SUCCESS}\b")


@dataclass(slots=True)
class Ways:
    """What is known of the elements on their ways.

    Attributes:
        queues: what is stored and not yet taken, by receiver.
        takes: the capture shows elements when they are taken.
        speaker: the server whose element the client was given last.
        told: the client, or that server, was told of an end since.
        switched: the client was told of a switch in this step.
        step: the words of the step under way.
    """

    queues: defaultdict[str, deque[Seen]] = field(default_factory=lambda: defaultdict(deque))
    takes: bool = False
    speaker: str = ""
    told: bool = False
    switched: bool = False
    step: str = ""

    def take(self, seen: Seen) -> None:
        """Take in what was seen, after the rules have looked at it."""
        if seen.what is What.STEP:
            self.step, self.switched = seen.text, False
        elif seen.element and seen.receiver:
            self._element(seen)

    def _element(self, seen: Seen) -> None:
        queue = self.queues[seen.receiver]
        if seen.deed == Deed.TAKEN.name:
            if queue:
                queue.popleft()
        elif seen.deed == Deed.LOST.name:
            queue.clear()
        elif seen.deed in ARRIVED:
            if seen.deed == Deed.OVERLAID.name and queue:
                queue.pop()
            queue.append(seen)
        event = event_of(seen.element) is not None and seen.sender == HYPERVISOR
        if event and (seen.receiver in (CLIENT, self.speaker)):
            self.told = True
            self.switched |= seen.receiver == CLIENT
        elif _from_server(seen):
            self.speaker, self.told = seen.sender, False


def _from_server(seen: Seen) -> bool:
    """An element of a server arrives at the client; which server has to be said."""
    known = seen.sender not in ("", HYPERVISOR, CLIENT, SERVER)
    return known and seen.receiver == CLIENT and seen.deed in ARRIVED


def _stored(seen: Seen) -> bool:
    """An element of a partner is in a queue."""
    return bool(
        seen.element and seen.sender and seen.receiver and seen.deed in ARRIVED and seen.what is not What.VIOCTL
    )


@_rule(
    "CRQ-6",
    "CRQ-3",
    subject=Subject.HYPERVISOR,
    sentence="Only the hypervisor writes events.",
    when="an element of a known sender is stored",
    needs=Needs.SENDERS,
)
def only_the_hypervisor_writes_events(view: Ways, seen: Seen) -> Found:
    """An event of a partner would have had to be refused."""
    if not _stored(seen):
        return
    yield HELD
    if seen.element[0] == Header.EVENT and seen.sender != HYPERVISOR:
        yield f"an event of {seen.sender} is stored for {seen.receiver}", "H_PARAMETER"


@_rule(
    "CRQ-3",
    subject=Subject.HYPERVISOR,
    sentence="What a partner sends has a valid header.",
    when="an element of a partner is stored",
    needs=Needs.SENDERS,
)
def stores_valid_headers(view: Ways, seen: Seen) -> Found:
    """The high bit of byte 0."""
    if not _stored(seen) or seen.sender == HYPERVISOR:
        return
    yield HELD
    if not seen.element[0] & HEADER_VALID_BIT:
        yield f"an element with header {seen.element[0]:02X} is stored", "H_PARAMETER"


@_rule(
    "CRQ-5",
    "CRQ-10",
    subject=Subject.HYPERVISOR,
    sentence="The hypervisor itself writes nothing but events.",
    when="an element of the hypervisor is stored",
    needs=Needs.SENDERS,
)
def writes_nothing_else(view: Ways, seen: Seen) -> Found:
    """An element that nobody sent."""
    if not _stored(seen) or seen.sender != HYPERVISOR:
        return
    yield HELD
    if seen.element[0] != Header.EVENT:
        yield f"{element_name(seen.element.hex())} is stored and nobody has sent it", "events alone"


@_rule(
    "FOV-3",
    "FOV-2",
    "INV-2",
    subject=Subject.HYPERVISOR,
    sentence="Between elements of two servers lies an event.",
    when="the client is given an element of another server than before",
    needs=Needs.SENDERS,
)
def an_event_lies_between_servers(view: Ways, seen: Seen) -> Found:
    """Where the client has freed its CRQ, the old server was told; that counts, too."""
    if not _from_server(seen) or not view.speaker or seen.sender == view.speaker:
        return
    yield HELD
    if not view.told:
        yield f"an element of {seen.sender} follows one of {view.speaker}", "an event for the client between them"


@_rule(
    "CRQ-10",
    "CRQ-5",
    subject=Subject.HYPERVISOR,
    sentence="Elements are read as they were sent, in that order, each once.",
    when="an element is read that was sent within the capture",
    needs=Needs.TAKEN,
)
def carries_elements_unchanged(view: Ways, seen: Seen) -> Found:
    """All of its bytes."""
    queue = view.queues.get(seen.receiver)
    if seen.deed != Deed.TAKEN.name or not queue:
        return
    yield HELD
    sent = queue[0].element
    if sent != seen.element:
        yield f"{hex_groups(seen.element.hex())} is read", f"{hex_groups(sent.hex())}, of packet {queue[0].place}"


@_rule(
    "CRQ-10",
    subject=Subject.HYPERVISOR,
    sentence="What is stored is what was sent.",
    when="a step sends an element, which is stored",
    needs=Needs.STEPS,
)
def stores_what_was_sent(view: Ways, seen: Seen) -> Found:
    """A step says the bytes that were sent if they are not those that are stored."""
    if not _stored(seen) or seen.sender == HYPERVISOR or f"({Hcall.H_SEND_CRQ})" not in view.step:
        return
    yield HELD
    sent = _SENT.search(view.step)
    if sent and sent[1].replace(" ", "") != seen.element.hex():
        yield f"{hex_groups(seen.element.hex())} is stored", f"{sent[1].strip()}, as it was sent"


@_rule(
    "SES-2",
    "FOV-3",
    subject=Subject.HYPERVISOR,
    sentence="A complaint that is accepted leads to an event for the client.",
    when="SESSION_ERROR_DETECTED is answered H_SUCCESS",
    needs=Needs.STEPS,
)
def an_accepted_complaint_switches(view: Ways, seen: Seen) -> Found:
    """The bytes of a step come before its registers. One event merges with another that is not read."""
    if seen.what is not What.VIOCTL or seen.number != Vioctl.SESSION_ERROR_DETECTED or not _ACCEPTED.search(view.step):
        return
    yield HELD
    queue = view.queues.get(CLIENT)
    if not view.switched and not (queue and event_of(queue[-1].element) is not None):
        yield "a complaint is accepted, and the client is told of nothing", "event 08 for the client"
