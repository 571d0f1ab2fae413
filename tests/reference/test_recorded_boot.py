"""Our client and server against CRQ elements of one real boot (``recorded_elements.json``).

The record has three fragments that are not adjacent. Each must be found, whole and in the recorded order, in what passes
on our client's CRQ when our server has the recorded machine's capabilities. What is of one boot only is masked; the mask
is data, and every other byte counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from vnic_reference.client import ClientSettings
from vnic_reference.server import DEFAULT_CAPABILITIES, ServerSettings
from vnic_spec.wire import Capability

RECORD = json.loads((Path(__file__).parent / "recorded_elements.json").read_text())

#: What the recorded machine's server must have answered, as far as the client's requests tell.
RECORDED_CAPABILITIES = {
    **DEFAULT_CAPABILITIES,
    Capability.MAX_TX_ENTRIES: 1023,
    Capability.OPT_TX_ENTRIES: 1023,
    Capability.MAX_RX_ADD_ENTRIES: 4096,
    Capability.OPT_RX_ADD_ENTRIES: 4096,
    Capability.OPT_TX_COMP_QUEUES: 2,
    Capability.OPT_RX_COMP_QUEUES: 3,
}
#: That machine has pages of 64 KiB, and the driver gives each sub-CRQ four of its pages.
RECORDED_CLIENT = ClientSettings(sub_crq_pages=4 * 16)

#: Bytes that belong to one boot, by the first two bytes of the element: header and command.
MASK = {
    bytes((0x80, 0x19)): range(4, 8),  # CONTROL_IP_OFFLOAD: address of the buffer
    bytes((0x80, 0x99)): range(4, 8),  # the response echoes it
}

Said = Sequence[tuple[str, bytes]]


def masked(element: bytes) -> bytes:
    hidden = MASK.get(element[:2], range(0))
    return bytes(0 if at in hidden else byte for at, byte in enumerate(element))


def fragments() -> list[list[tuple[str, bytes]]]:
    return [
        [(element["dir"], bytes.fromhex(element["element"])) for element in fragment["elements"]]
        for fragment in RECORD["fragments"]
    ]


def find(fragment: Said, said: Said, start: int) -> int | None:
    """Where a fragment ends in what was said, its elements adjacent and in order; None if it is not there."""
    wanted = [(way, masked(element)) for way, element in fragment]
    there = [(way, masked(element)) for way, element in said]
    places = (at for at in range(start, len(there) - len(wanted) + 1) if there[at : at + len(wanted)] == wanted)
    first = next(places, None)
    return None if first is None else first + len(wanted)


def reproduced(recorded: Sequence[Said], said: Said) -> bool:
    """Whether all fragments are there, one after the other."""
    at: int | None = 0
    for fragment in recorded:
        at = None if at is None else find(fragment, said, at)
    return at is not None


@pytest.fixture(scope="module")
def said(bench_class: Any) -> Said:
    """What passes on the client's CRQ from power-on to the open device."""
    bench = bench_class(client=RECORDED_CLIENT, settings=ServerSettings(capabilities=RECORDED_CAPABILITIES)).boot()
    return list(bench.wire.said)


def test_the_record_is_what_it_should_be() -> None:
    assert [len(fragment) for fragment in fragments()] == [7, 10, 2]
    assert all(len(element) == 16 for fragment in fragments() for _, element in fragment)


def test_our_boot_says_what_was_recorded(said: Said) -> None:
    assert reproduced(fragments(), said)


def test_every_recorded_byte_counts(said: Said) -> None:
    """Any other value in any byte outside the mask is found, and inside the mask none is."""
    hidden = 0
    for number, fragment in enumerate(fragments()):
        for place, (way, element) in enumerate(fragment):
            for at in range(len(element)):
                changed = bytearray(element)
                changed[at] ^= 0x01
                other = fragments()
                other[number][place] = (way, bytes(changed))
                in_mask = at in MASK.get(element[:2], range(0))
                hidden += in_mask
                assert reproduced(other, said) is in_mask, f"fragment {number}, element {place}, byte {at}"
    assert hidden == 8  # the mask hides these and no more


def test_order_and_direction_count(said: Said) -> None:
    for number, fragment in enumerate(fragments()):
        for place in range(len(fragment) - 1):
            other = fragments()
            other[number][place : place + 2] = reversed(other[number][place : place + 2])
            assert not reproduced(other, said)
        for place, (way, element) in enumerate(fragment):
            other = fragments()
            other[number][place] = ("s2c" if way == "c2s" else "c2s", element)
            assert not reproduced(other, said)
    assert not reproduced([fragments()[1], fragments()[0]], said)


def test_other_capabilities_are_not_the_recorded_boot(bench_class: Any) -> None:
    bench = bench_class().boot()
    assert not reproduced(fragments(), bench.wire.said)
