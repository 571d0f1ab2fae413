"""Commands and responses on the CRQ: 16 bytes, header 0x80, the command at byte 1 (protocol.md 3.1, 3.2).

The layouts are data: for every command the fields of its element, each with offset and length in bytes. A response has
the request's fields unless a layout of its own says otherwise, and its return code at byte 12. There is no transaction
id: a response is known by its command and by what it echoes (:func:`response_key`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vnic_spec.wire import ELEMENT_BYTES, RESPONSE_BIT, RETURN_CODE_AT, Capability, Command, CommandRc, Header

#: A field: offset and length in bytes.
Field = tuple[int, int]
Layout = Mapping[str, Field]

_NUMBERED: Final[Layout] = {"capability": (2, 2), "number": (4, 8)}
_BUFFER: Final[Layout] = {"ioba": (4, 4), "length": (8, 4)}
_PHYSICAL: Final[Layout] = {"flags1": (2, 1), "flags2": (3, 1), "speed": (4, 4), "mtu": (8, 4)}

#: Fields of requests, and of what a server sends by itself.
REQUESTS: Final[Mapping[Command, Layout]] = {
    Command.VERSION_EXCHANGE: {"version": (2, 2)},
    Command.QUERY_CAPABILITY: _NUMBERED,
    Command.REQUEST_CAPABILITY: _NUMBERED,
    Command.LOGIN: {"ioba": (8, 4), "length": (12, 4)},
    Command.QUERY_PHYS_PARMS: _PHYSICAL,
    Command.QUERY_PHYS_CAPABILITIES: _PHYSICAL,
    Command.SET_PHYS_PARMS: _PHYSICAL,
    Command.ERROR_INDICATION: {"flags": (2, 1), "error_id": (4, 4), "detail": (8, 4), "cause": (12, 2)},
    Command.REQUEST_ERROR_INFO: {"ioba": (4, 4), "length": (8, 4), "error_id": (12, 4)},
    Command.LOGICAL_LINK_STATE: {"state": (2, 1)},
    Command.REQUEST_STATISTICS: {"flags": (2, 1), **_BUFFER},
    Command.LINK_STATE_INDICATION: {"physical": (4, 1), "logical": (5, 1)},
    Command.CHANGE_MAC_ADDR: {"mac": (2, 6)},
    Command.MULTICAST_CTRL: {"mac": (2, 6), "flags": (8, 1)},
    Command.GET_VPD_SIZE: {},
    Command.GET_VPD: _BUFFER,
    # The reverse order of most commands; so in the driver.
    Command.QUERY_IP_OFFLOAD: {"length": (4, 4), "ioba": (8, 4)},
    Command.CONTROL_IP_OFFLOAD: _BUFFER,
    Command.ACL_CHANGE_INDICATION: {"type": (2, 2)},
    Command.ACL_QUERY: _BUFFER,
    Command.QUERY_MAP: {},
    Command.REQUEST_MAP: {"map_id": (3, 1), **_BUFFER},
    Command.REQUEST_UNMAP: {"map_id": (3, 1)},
}

#: Fields of responses that are not those of the request.
RESPONSES: Final[Mapping[Command, Layout]] = {
    Command.LOGIN: {},
    Command.REQUEST_ERROR_INFO: {"error_id": (4, 4), "length": (8, 4)},
    Command.GET_VPD_SIZE: {"length": (4, 8)},
    Command.QUERY_MAP: {"page_size": (3, 1), "total": (4, 4), "free": (8, 4)},
}

#: Order in which the Linux client asks (protocol.md 3.3).
QUERIED: Final = tuple(
    Capability(number)
    for number in (1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 16, 18, 19, 20, 22, 23, 24, 25, 26, 28, 29, 30, 31, 32, 33)
)
#: Order in which it then requests.
REQUESTED: Final = (
    Capability.REQ_TX_QUEUES,
    Capability.REQ_RX_QUEUES,
    Capability.REQ_RX_ADD_QUEUES,
    Capability.REQ_TX_ENTRIES,
    Capability.REQ_RX_ADD_ENTRIES,
    Capability.REQ_MTU,
    Capability.PROMISC_REQUESTED,
)

VERSION: Final = 1  #: the only version of the protocol
LINK_DOWN: Final = 0  #: LOGICAL_LINK_STATE
LINK_UP: Final = 1
LINK_QUERY: Final = 0xFF
MULTICAST_ENABLE: Final = 0x80
MULTICAST_DISABLE: Final = 0x40
MULTICAST_ENABLE_ALL: Final = 0x20
MULTICAST_DISABLE_ALL: Final = 0x10
ERROR_FATAL: Final = 0x80  #: ERROR_INDICATION flags
CAUSE_EEH: Final = 4  #: ERROR_INDICATION cause: EEH recovery
STATISTICS_PHYSICAL: Final = 0x80
STATISTICS_CLEAR: Final = 0x40
PHYSICAL_LINK_ACTIVE: Final = 0x10  #: flags1 of the physical parameters
FULL_DUPLEX: Final = 0x04
LOGICAL_LINK_ACTIVE: Final = 0x80  #: flags2
SPEED_10G: Final = 0x08000000


def _fill(code: int, layout: Layout, values: Mapping[str, int | bytes], extra: Layout) -> bytes:
    element = bytearray(ELEMENT_BYTES)
    element[0], element[1] = Header.COMMAND, code
    for name, value in values.items():
        offset, size = layout[name] if name in layout else extra[name]
        element[offset : offset + size] = value if isinstance(value, bytes) else value.to_bytes(size, "big")
    return bytes(element)


def request(command: Command, **values: int | bytes) -> bytes:
    """The element of a command, or of what a server sends by itself; fields not given are zero.

    Raises:
        KeyError: the command has no such field.
        OverflowError: a value does not fit its field.
    """
    return _fill(command, REQUESTS[command], values, {})


def response(asked: bytes, rc: CommandRc, **values: int | bytes) -> bytes:
    """The answer to a request: its fields echoed, except those of a layout of its own, and the return code.

    ``asked`` may be any 16 bytes: what is not in a layout is echoed as it came.
    """
    code = asked[1]
    own = RESPONSES.get(code)  # type: ignore[call-overload]  # an integer finds its enumeration member
    answer = bytearray(ELEMENT_BYTES if own is not None else asked[:RETURN_CODE_AT] + bytes(4))
    answer[0], answer[1], answer[RETURN_CODE_AT] = Header.COMMAND, code | RESPONSE_BIT, rc
    layout = own if own is not None else REQUESTS.get(code, {})  # type: ignore[call-overload]  # as above
    for name, value in values.items():
        offset, size = layout[name]
        answer[offset : offset + size] = value if isinstance(value, bytes) else value.to_bytes(size, "big")
    return bytes(answer)


def field(element: bytes, name: str) -> int:
    """A field of a command, response or indication as a number.

    Raises:
        KeyError: the element's command is unknown or has no such field.
    """
    offset, size = _layout(element)[name]
    return int.from_bytes(element[offset : offset + size], "big")


def raw_field(element: bytes, name: str) -> bytes:
    """A field as its bytes; raises like :func:`field`."""
    offset, size = _layout(element)[name]
    return element[offset : offset + size]


def _layout(element: bytes) -> Layout:
    command = Command(element[1] & ~RESPONSE_BIT) if element[1] & ~RESPONSE_BIT in _KNOWN else None
    if command is None:
        raise KeyError(f"no command {element[1]:#04x}")
    if element[1] & RESPONSE_BIT and command in RESPONSES:
        return RESPONSES[command]
    return REQUESTS.get(command, {})


_KNOWN: Final = frozenset(int(command) for command in Command)


def response_key(element: bytes) -> tuple[int, int]:
    """What a response is known by: its command, and the capability number, map id or multicast address that it echoes."""
    code = element[1] & ~RESPONSE_BIT
    if code in (Command.QUERY_CAPABILITY, Command.REQUEST_CAPABILITY):
        return code, element[2] << 8 | element[3]
    if code in (Command.REQUEST_MAP, Command.REQUEST_UNMAP):
        return code, element[3]
    if code == Command.MULTICAST_CTRL:
        return code, int.from_bytes(element[2:8], "big")
    return code, 0
