"""Both sides of the wire say the same: the header of the glue is read, and compared with the Python side."""

from __future__ import annotations

import re
from enum import IntEnum

import pytest

from vnic_conformance.linux import memory, tree, wire
from vnic_conformance.linux.clock import MESSAGE

HEADER = tree.glue_files(guest=False)["vnickit.h"].decode()
ORDERS = tree.glue_files(guest=False)["orders.c"].decode()


def defined(name: str) -> int:
    match = re.search(rf"^#define {name}\t(0x[0-9a-fA-F]+)", HEADER, re.MULTILINE)
    assert match
    return int(match[1], 16)


def enumerated(name: str) -> list[str]:
    match = re.search(rf"enum {name} \{{(.*?)\}};", HEADER, re.DOTALL)
    assert match
    body = re.sub(r"/\*.*?\*/", "", match[1], flags=re.DOTALL)
    return [word.strip() for word in body.split(",") if word.strip()]


def test_the_magic_is_the_same() -> None:
    assert defined("VNICKIT_MAGIC") == wire.MAGIC


def test_an_answer_that_asks_for_a_twin_is_the_same() -> None:
    assert defined("VNICKIT_SPLIT") == wire.SPLIT


@pytest.mark.parametrize("opcode", wire.Private)
def test_private_opcodes_are_the_same(opcode: wire.Private) -> None:
    assert defined(f"VNICKIT_{opcode.name}") == opcode


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("vnickit_channel", wire.Channel),
        ("vnickit_order_kind", wire.Order),
        ("vnickit_netdev_event", wire.NetdevEvent),
    ],
)
def test_numbers_are_the_same(name: str, ours: type[IntEnum]) -> None:
    words = enumerated(name)
    first = 1 if words[0].endswith("= 1") else 0
    assert {word.partition(" ")[0].removeprefix("VNICKIT_"): first + at for at, word in enumerate(words)} == {
        member.name: member.value for member in ours
    }


def test_sizes_are_those_of_the_structures() -> None:
    assert (wire.HELLO.size, wire.CALL.size, wire.ANSWER.size) == (32, 80, 80)
    assert (wire.ORDER.size, wire.DEVICE.size, wire.UNIT.size, MESSAGE.size) == (16, 16, 4, 16)
    assert f"#define SLOT_BYTES\t{wire.ORDER_BYTES}\t" in ORDERS


def test_directions_are_the_kernels() -> None:
    assert [direction.value for direction in memory.Direction] == [0, 1, 2]


@pytest.mark.parametrize(("word", "number"), [(0, 0), (5, 5), (2**64 - 1, -1), (2**63, -(2**63))])
def test_words_are_read_with_their_sign(word: int, number: int) -> None:
    assert wire.signed(word) == number
