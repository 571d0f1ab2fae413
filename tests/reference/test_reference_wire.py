"""Wire constants and helpers."""

from __future__ import annotations

import pytest

from vnic_reference import Policy
from vnic_spec import wire


def test_constants_print_as_their_bare_names() -> None:
    assert f"{wire.Rc.H_CLOSED} {wire.Event.DEVICE_FAILOVER!r} {wire.Hcall.H_REG_CRQ!s}" == (
        "H_CLOSED DEVICE_FAILOVER H_REG_CRQ"
    )
    assert f"{wire.Hcall.H_REG_CRQ:#x}" == "0xfc"


@pytest.mark.requirement("CRQ-1")
def test_elements() -> None:
    assert wire.INIT.hex() == "c001" + "00" * 14
    assert wire.event_element(wire.Event.DEVICE_FAILOVER).hex() == "ff08" + "00" * 14
    assert wire.event_of(wire.event_element(6)) == wire.Event.MIGRATED
    assert wire.event_of(wire.INIT) is None
    assert wire.from_words(*wire.words(wire.INIT)) == wire.INIT
    with pytest.raises(ValueError, match="14"):
        wire.element(0x80, 1, bytes(15))
    with pytest.raises(ValueError, match="doublewords"):
        wire.words(bytes(15))


def test_records() -> None:
    info = wire.ServerInfo(1, 1, 6, 100)
    assert len(info.pack()) == wire.SERVER_INFO_BYTES
    assert wire.ServerInfo.unpack(info.pack()) == info
    with pytest.raises(ValueError, match="32"):
        wire.ServerInfo.unpack(b"")
    descriptor = wire.OutputDescriptor(0, 32, 0x8000)
    assert descriptor.pack() == 0x0000_0020_0000_8000
    assert wire.OutputDescriptor.unpack(descriptor.pack()) == descriptor


def test_commands() -> None:
    assert wire.response_to(wire.Command.LOGIN) == 0x84
    assert wire.command_rc(bytes(12) + b"\x05" + bytes(3)) == wire.CommandRc.UNKNOWN_COMMAND
    assert len(wire.Capability) == 33


@pytest.mark.parametrize(
    "bad",
    [{"grace": 0}, {"grace": True}, {"tie_break": "first"}, {"max_servers": 1.5}, {"gap_ms": None}, {"color": 1}],
)
def test_settings_that_are_none(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        Policy.from_mapping(bad)
