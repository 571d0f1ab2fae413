"""The layouts as data: nothing overlaps, all fits, what is packed is read, and the two authors agree on the bytes."""

from __future__ import annotations

from itertools import pairwise

import pytest

from vnic_reference.dialogue import buffers, elements
from vnic_reference.dialogue.descriptors import RxAdd, RxCompletion, TxCompletion, TxDescriptor
from vnic_spec import layouts
from vnic_spec.layouts import COMMANDS, Layout, answer_key
from vnic_spec.wire import RESPONSE_BIT, UNSOLICITED, Capability, Command, CommandRc

BUFFERS = [value for value in vars(layouts).values() if isinstance(value, Layout)]
ALL = BUFFERS + [part for entry in COMMANDS.values() for part in (entry.request, entry.response) if part is not None]


@pytest.mark.parametrize("layout", ALL, ids=lambda layout: layout.name)
def test_fields_lie_inside_in_order_and_do_not_overlap(layout: Layout) -> None:
    assert layout.fields[-1].offset + layout.fields[-1].size <= layout.size
    assert all(one.offset + one.size <= two.offset for one, two in pairwise(layout.fields))
    assert len({field.name for field in layout.fields}) == len(layout.fields)


@pytest.mark.parametrize("layout", ALL, ids=lambda layout: layout.name)
def test_what_is_packed_is_read_and_the_rest_is_zero(layout: Layout) -> None:
    values = {field.name: (index + 1) % (1 << 8 * field.size) for index, field in enumerate(layout.fields)}
    data = layout.pack(**values)
    assert layout.unpack(data) == values
    assert not any(data[at] for at in layout.reserved())


def test_every_command_but_one_has_a_layout() -> None:
    assert set(Command) - set(COMMANDS) == {Command.VLAN_CTRL}
    assert {entry.command for entry in COMMANDS.values() if entry.by_server} == UNSOLICITED


def test_a_wrong_field_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match="LOGIN has no field 'mac'"):
        COMMANDS[Command.LOGIN].request.pack(mac=1)


@pytest.mark.parametrize("command", sorted(elements.REQUESTS))
def test_both_authors_build_the_same_commands(command: Command) -> None:
    """The reference implementation's tables were written apart from these."""
    mine = COMMANDS[command].request
    for name, (offset, size) in elements.REQUESTS[command].items():
        renamed = {"detail": "detail_size"}.get(name, name)
        assert mine.field(renamed)[1:] == (offset, size)


def test_both_authors_build_the_same_buffers_and_descriptors() -> None:
    asked = buffers.LoginRequest((1, 2), (3,), 0x4000, 99, b"abc").pack()
    assert layouts.LOGIN_REQUEST.unpack(asked) == {
        "length": 40 + 24 + 3, "version": 1, "tx_completions": 2, "tx_completions_at": 40, "rx_completions": 1,
        "rx_completions_at": 56, "response_ioba": 0x4000, "response_length": 99, "client_data_at": 64,
        "client_data_length": 3,
    }  # fmt: skip
    told = buffers.LoginResponse((7,), (8, 9), (1514, 1514)).pack()
    assert layouts.LOGIN_RESPONSE.number(told, "rx_sizes_at") == 36 + 24
    tx = TxDescriptor(correlator=5, map_id=6, length=60, ioba=0x1234).pack()
    assert layouts.TX_DESCRIPTOR.unpack(tx)["ioba"] == 0x1234
    assert layouts.RX_ADD.unpack(RxAdd(1 << 40, 3, 0x8000, 2048).pack())["length"] == 2048
    assert layouts.RX_COMPLETION.unpack(RxCompletion(9, 60, 6).pack())["rc"] == 6
    assert layouts.TX_COMPLETION.unpack(TxCompletion(((0, 1), (2, 3))).pack())["correlator_1"] == 3


def test_an_answer_is_known_by_what_it_echoes() -> None:
    asked = elements.request(Command.QUERY_CAPABILITY, capability=Capability.MAX_MTU)
    other = elements.request(Command.QUERY_CAPABILITY, capability=Capability.MIN_MTU)
    assert answer_key(elements.response(asked, CommandRc.SUCCESS, number=5)) == answer_key(asked) != answer_key(other)
    assert answer_key(bytes((0x80, 0x7F | RESPONSE_BIT)) + bytes(14)) == (0x7F, b"")


def test_a_request_lies_between_queries() -> None:
    for entry in layouts.REQUESTED:
        for bound in (entry.least, entry.most, entry.best):
            assert bound is None or bound in layouts.QUERIES
    assert len(layouts.QUERIES) == 25
