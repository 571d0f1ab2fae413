"""Layouts of the VNIC dialogue as data: commands, capabilities, buffers in memory, descriptors on sub-CRQs (DLG-1).

Each layout is a list of fields with name, offset and size in bytes; whatever lies between them is reserved, is sent as 0
and is not looked at. Partner, monitor and decoders are derived from these tables; nothing here knows any behaviour.

Where the architecture text and the Linux driver's header disagree the header's layout is taken, because that is what runs:
a login request of 40 bytes, map id and 24-bit length in an rx-add, transmit descriptor types 0x10 to 0x30, capabilities 28
to 33, commands 0x1D to 0x1F. Sources: LoPAR, "A Protocol for VNIC Communications"; "driver" = the Linux driver's header.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from vnic_spec.wire import (
    ELEMENT_BYTES,
    RESPONSE_BIT,
    RETURN_CODE_AT,
    SERVER_INFO_BYTES,
    SUB_ELEMENT_BYTES,
    Capability,
    Command,
    Header,
    SubType,
    Vioctl,
)


class Field(NamedTuple):
    """One field: big-endian, at ``offset``, ``size`` bytes long."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A row of bytes with named fields.

    Attributes:
        name: what it is, as messages say it.
        size: bytes of the whole.
        fields: in order of their offsets.
    """

    name: str
    size: int
    fields: tuple[Field, ...]
    _by_name: dict[str, Field] = field(init=False, repr=False, compare=False)
    _reserved: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {one.name: one for one in self.fields})
        used = {at for one in self.fields for at in range(one.offset, one.offset + one.size)}
        object.__setattr__(self, "_reserved", tuple(at for at in range(self.size) if at not in used))

    def field(self, name: str) -> Field:
        """The field with this name; raises ``KeyError`` if there is none."""
        found = self._by_name.get(name)
        if found is None:
            raise KeyError(f"{self.name} has no field {name!r}; it has {', '.join(self._by_name)}")
        return found

    def number(self, data: bytes, name: str) -> int:
        """A field as a number; bytes that are missing count as 0. Raises ``KeyError``."""
        return int.from_bytes(self.raw(data, name), "big")

    def raw(self, data: bytes, name: str) -> bytes:
        """A field as its bytes; bytes that are missing count as 0. Raises ``KeyError``."""
        field = self.field(name)
        return data[field.offset : field.offset + field.size].ljust(field.size, b"\0")

    def pack(self, **values: int | bytes) -> bytes:
        """The bytes with these fields filled and all others 0.

        Raises:
            KeyError: there is no such field.
            OverflowError: a number does not fit its field.
        """
        data = bytearray(self.size)
        for name, value in values.items():
            field = self.field(name)
            filled = value if isinstance(value, bytes) else value.to_bytes(field.size, "big")
            data[field.offset : field.offset + field.size] = filled[: field.size].ljust(field.size, b"\0")
        return bytes(data)

    def replace(self, data: bytes, **values: int | bytes) -> bytes:
        """``data`` with these fields changed; raises like :meth:`pack`."""
        changed = bytearray(data.ljust(self.size, b"\0"))
        for name, value in values.items():
            field = self.field(name)
            filled = value if isinstance(value, bytes) else value.to_bytes(field.size, "big")
            changed[field.offset : field.offset + field.size] = filled[: field.size].ljust(field.size, b"\0")
        return bytes(changed)

    def unpack(self, data: bytes) -> dict[str, int]:
        """Every field as a number, by name."""
        whole = data if len(data) >= self.size else data.ljust(self.size, b"\0")
        return {name: int.from_bytes(whole[at : at + size], "big") for name, at, size in self.fields}

    def reserved(self) -> tuple[int, ...]:
        """Offsets of the bytes that belong to no field."""
        return self._reserved


def _layout(name: str, size: int, *fields: tuple[str, int, int]) -> Layout:
    return Layout(name, size, tuple(Field(*field) for field in sorted(fields, key=lambda field: field[1])))


# ----------------------------------------------------------------------------------------------- other elements of a CRQ

#: An element of which no more is known than that it is one.
ELEMENT: Final = _layout("element", ELEMENT_BYTES, ("header", 0, 1), ("code", 1, 1))
INITIALIZATION: Final = _layout("initialization", ELEMENT_BYTES, ("header", 0, 1), ("format", 1, 1))
EVENT: Final = _layout("event", ELEMENT_BYTES, ("header", 0, 1), ("event", 1, 1))


# ----------------------------------------------------------------------------------------------- H_VIOCTL

#: The record of GET_VNIC_SERVER_INFO (MON-7).
SERVER_INFO: Final = _layout(
    "server info", SERVER_INFO_BYTES, ("version", 0, 8), ("active", 8, 8), ("status", 16, 8), ("priority", 24, 1)
)
#: Where a subfunction puts its record, as one register (LoPAR, "H_VIOCTL").
_DESCRIPTOR: Final = (("control", 0, 1), ("length", 1, 3), ("ioba", 4, 4))
OUTPUT_DESCRIPTOR: Final = _layout("output descriptor", 8, *_DESCRIPTOR)


def _vioctl(name: str, *parameters: tuple[str, int, int]) -> Layout:
    return _layout(name, 32, ("subfunction", 0, 8), *((field, 8 + at, size) for field, at, size in parameters))


#: The registers of H_VIOCTL from the subfunction on, eight bytes each, where nothing else is known of them.
VIOCTL: Final = _vioctl("H_VIOCTL", ("parameter_1", 0, 8), ("parameter_2", 8, 8), ("parameter_3", 16, 8))
#: The same for each subfunction that a VNIC has; parameters that it has no use for are reserved.
VIOCTLS: Final[Mapping[int, Layout]] = MappingProxyType(
    {
        sub: _vioctl(str(sub), *parameters)
        for sub, parameters in (
            (Vioctl.DISABLE_ALL_VIO_INTERRUPTS, ()),
            (Vioctl.DISABLE_VIO_INTERRUPT, (("source", 0, 8),)),
            (Vioctl.ENABLE_VIO_INTERRUPT, (("source", 0, 8),)),
            (Vioctl.VNIC_SERVER_STATUS, (("status", 0, 8), ("next_report_ms", 8, 8))),
            (Vioctl.GET_SESSION_TOKEN, ()),
            (Vioctl.SESSION_ERROR_DETECTED, (("token", 0, 8),)),
            (Vioctl.GET_VNIC_SERVER_INFO, _DESCRIPTOR),
        )
    }
)


# ----------------------------------------------------------------------------------------------- commands on the CRQ


@dataclass(frozen=True, slots=True)
class CommandLayout:
    """One command, with its request and its response.

    Attributes:
        command: byte 1 of the request.
        request: what is sent.
        response: what answers it; None for what a server sends by itself.
        identifies: fields of the request that the response echoes, and by which answers are told apart (DLG-3).
        before_login: whether it may be sent before LOGIN_RSP with rc 0 (DLG-2).
        by_server: whether a server sends it, unasked.
        driver_only: whether only the driver's header has it, not the architecture text.
    """

    command: Command
    request: Layout
    response: Layout | None
    identifies: tuple[str, ...] = ()
    before_login: bool = False
    by_server: bool = False
    driver_only: bool = False


_HEAD: Final = (("header", 0, 1), ("command", 1, 1))
_RC: Final = (("rc", RETURN_CODE_AT, 1), ("rc_detail", RETURN_CODE_AT + 1, 3))
_NUMBERED: Final = (("capability", 2, 2), ("number", 4, 8))
_BUFFER: Final = (("ioba", 4, 4), ("length", 8, 4))
_PHYSICAL: Final = (("flags1", 2, 1), ("flags2", 3, 1), ("speed", 4, 4), ("mtu", 8, 4))
_Fields = tuple[tuple[str, int, int], ...]


def _command(
    command: Command,
    request: _Fields = (),
    response: _Fields | None = None,
    *,
    identifies: tuple[str, ...] = (),
    before_login: bool = False,
    by_server: bool = False,
    driver_only: bool = False,
) -> CommandLayout:
    name = str(command)
    echoed = request if response is None else response
    return CommandLayout(
        command,
        _layout(name, ELEMENT_BYTES, *_HEAD, *request),
        None if by_server else _layout(f"{name}_RSP", ELEMENT_BYTES, *_HEAD, *echoed, *_RC),
        identifies,
        before_login,
        by_server,
        driver_only,
    )


_COMMANDS: Final = (
    _command(Command.VERSION_EXCHANGE, (("version", 2, 2),), before_login=True),
    _command(Command.QUERY_CAPABILITY, _NUMBERED, identifies=("capability",), before_login=True),
    _command(Command.REQUEST_CAPABILITY, _NUMBERED, identifies=("capability",), before_login=True),
    _command(Command.LOGIN, (("ioba", 8, 4), ("length", 12, 4)), (), before_login=True),
    _command(Command.QUERY_PHYS_PARMS, _PHYSICAL),
    _command(Command.QUERY_PHYS_CAPABILITIES, _PHYSICAL),
    _command(Command.SET_PHYS_PARMS, _PHYSICAL),
    _command(
        Command.ERROR_INDICATION,
        (("flags", 2, 1), ("error_id", 4, 4), ("detail_size", 8, 4), ("cause", 12, 2)),
        by_server=True,
    ),
    _command(
        Command.REQUEST_ERROR_INFO,
        (("ioba", 4, 4), ("length", 8, 4), ("error_id", 12, 4)),
        (("error_id", 4, 4), ("length", 8, 4)),
    ),
    _command(Command.REQUEST_DUMP_SIZE, (), (("length", 8, 4),)),
    _command(Command.REQUEST_DUMP, _BUFFER, (("dumped", 8, 4),)),
    _command(Command.LOGICAL_LINK_STATE, (("state", 2, 1),)),
    _command(Command.REQUEST_STATISTICS, (("flags", 2, 1), *_BUFFER), ()),
    _command(Command.REQUEST_RAS_COMP_NUM),
    _command(Command.REQUEST_RAS_COMPS, _BUFFER),
    _command(Command.CONTROL_RAS, (("correlator", 2, 1), ("level", 3, 1), ("operation", 4, 1), ("trace_size", 5, 3))),
    _command(Command.COLLECT_FW_TRACE, (("correlator", 2, 1), *_BUFFER)),
    _command(Command.LINK_STATE_INDICATION, (("physical", 4, 1), ("logical", 5, 1)), by_server=True),
    _command(Command.CHANGE_MAC_ADDR, (("mac", 2, 6),)),
    _command(Command.MULTICAST_CTRL, (("mac", 2, 6), ("flags", 8, 1)), identifies=("mac",)),
    _command(Command.GET_VPD_SIZE, (), (("length", 4, 8),)),
    _command(Command.GET_VPD, _BUFFER, ()),
    _command(Command.TUNE, _BUFFER, ()),
    # Length and address in the reverse order of most commands.
    _command(Command.QUERY_IP_OFFLOAD, (("length", 4, 4), ("ioba", 8, 4)), before_login=True),
    _command(Command.CONTROL_IP_OFFLOAD, _BUFFER, before_login=True),
    _command(Command.ACL_CHANGE_INDICATION, (("type", 2, 2),), by_server=True),
    _command(Command.ACL_QUERY, _BUFFER, ()),
    _command(Command.REQUEST_DEBUG_STATS, _BUFFER, ()),
    _command(
        Command.QUERY_MAP, (), (("page_size", 3, 1), ("total_pages", 4, 4), ("free_pages", 8, 4)), driver_only=True
    ),
    _command(
        Command.REQUEST_MAP, (("map_id", 3, 1), *_BUFFER), (("map_id", 3, 1),), identifies=("map_id",), driver_only=True
    ),
    _command(Command.REQUEST_UNMAP, (("map_id", 3, 1),), (("map_id", 3, 1),), identifies=("map_id",), driver_only=True),
)

#: Every command that has a layout, by its number. VLAN_CTRL has a number only.
COMMANDS: Final[Mapping[int, CommandLayout]] = MappingProxyType({entry.command: entry for entry in _COMMANDS})


def command_layout(element: bytes) -> Layout | None:
    """The layout of a command, response or indication; None if there is none with this byte 1."""
    entry = COMMANDS.get(element[1] & ~RESPONSE_BIT)
    if entry is None:
        return None
    return entry.response if element[1] & RESPONSE_BIT else entry.request


def answer_key(element: bytes) -> tuple[int, bytes]:
    """What an answer is known by: its command, and the fields that it echoes of the request (DLG-3)."""
    code = element[1] & ~RESPONSE_BIT
    entry = COMMANDS.get(code)
    if entry is None:
        return code, b""
    layout = entry.request
    return code, b"".join(layout.raw(element, name) for name in entry.identifies)


# ----------------------------------------------------------------------------------------------- capabilities


@dataclass(frozen=True, slots=True)
class Requested:
    """A capability that a client requests, and the ones that bound it (DLG-4).

    Attributes:
        capability: what is requested.
        least: the query that says the smallest value; None: ``floor``.
        most: the query that says the largest value; None: 1 (a switch).
        best: the query that says the best value, where there is one.
        floor: smallest value where no query says it.
    """

    capability: Capability
    least: Capability | None
    most: Capability | None
    best: Capability | None = None
    floor: int = 0


REQUESTED: Final = (
    Requested(
        Capability.REQ_TX_QUEUES, Capability.MIN_TX_QUEUES, Capability.MAX_TX_QUEUES, Capability.OPT_TX_COMP_QUEUES
    ),
    Requested(
        Capability.REQ_RX_QUEUES, Capability.MIN_RX_QUEUES, Capability.MAX_RX_QUEUES, Capability.OPT_RX_COMP_QUEUES
    ),
    Requested(
        Capability.REQ_RX_ADD_QUEUES,
        Capability.MIN_RX_ADD_QUEUES,
        Capability.MAX_RX_ADD_QUEUES,
        Capability.OPT_RX_ADD_QUEUES,
    ),
    Requested(
        Capability.REQ_TX_ENTRIES, Capability.MIN_TX_ENTRIES, Capability.MAX_TX_ENTRIES, Capability.OPT_TX_ENTRIES
    ),
    Requested(
        Capability.REQ_RX_ADD_ENTRIES,
        Capability.MIN_RX_ADD_ENTRIES,
        Capability.MAX_RX_ADD_ENTRIES,
        Capability.OPT_RX_ADD_ENTRIES,
    ),
    Requested(Capability.REQ_MTU, Capability.MIN_MTU, Capability.MAX_MTU),
    Requested(Capability.PROMISC_REQUESTED, None, Capability.PROMISC_SUPPORTED),
    Requested(Capability.RX_SG_REQUESTED, None, Capability.RX_SG_SUPPORTED),
)

#: What can be requested, by number.
REQUESTS: Final[Mapping[int, Requested]] = MappingProxyType({entry.capability: entry for entry in REQUESTED})

#: The requests without which there is no session: both numbers of queues and of entries, and the MTU.
NEEDED_REQUESTS: Final = tuple(entry.capability for entry in REQUESTED[:6])

#: What can be queried: every capability that is not requested.
QUERIES: Final = tuple(number for number in Capability if number not in REQUESTS)

ETHER_HEADER: Final = 14  #: an MTU in a capability is that of the interface plus this

#: Bytes of capability 33, by the kind of frame (driver): bit 0x80 header descriptors wanted, 0x40 L2, 0x20 L3, 0x10 L4.
HEADER_REQUIREMENT_BYTE: Final[Mapping[str, int]] = MappingProxyType({"plain": 0, "checksum": 2, "large_send": 4})


# ----------------------------------------------------------------------------------------------- login buffers


class Table(NamedTuple):
    """A table inside a buffer: where its number of entries and its offset stand, and the size of an entry in bytes."""

    name: str
    number: str
    offset: str
    entry: int


LOGIN_VERSION: Final = 1

LOGIN_REQUEST: Final = _layout(
    "login request",
    40,
    ("length", 0, 4),
    ("version", 4, 4),
    ("tx_completions", 8, 4),
    ("tx_completions_at", 12, 4),
    ("rx_completions", 16, 4),
    ("rx_completions_at", 20, 4),
    ("response_ioba", 24, 4),
    ("response_length", 28, 4),
    ("client_data_at", 32, 4),
    ("client_data_length", 36, 4),
)
LOGIN_REQUEST_TABLES: Final = (
    Table("transmit completion handles", "tx_completions", "tx_completions_at", 8),
    Table("receive completion handles", "rx_completions", "rx_completions_at", 8),
    Table("client data", "client_data_length", "client_data_at", 1),
)

LOGIN_RESPONSE: Final = _layout(
    "login response",
    36,
    ("length", 0, 4),
    ("version", 4, 4),
    ("tx_submissions", 8, 4),
    ("tx_submissions_at", 12, 4),
    ("rx_adds", 16, 4),
    ("rx_adds_at", 20, 4),
    ("rx_sizes_at", 24, 4),
    ("tx_types", 28, 4),
    ("tx_types_at", 32, 4),
)
LOGIN_RESPONSE_TABLES: Final = (
    Table("transmit submission handles", "tx_submissions", "tx_submissions_at", 8),
    Table("rx-add handles", "rx_adds", "rx_adds_at", 8),
    Table("receive buffer sizes", "rx_adds", "rx_sizes_at", 8),
    Table("descriptor types", "tx_types", "tx_types_at", 1),
)


# ----------------------------------------------------------------------------------------------- other buffers

_OFFLOADS: Final = (
    ("ipv4_checksum", 8, 1),
    ("ipv6_checksum", 9, 1),
    ("tcp_ipv4_checksum", 10, 1),
    ("tcp_ipv6_checksum", 11, 1),
    ("udp_ipv4_checksum", 12, 1),
    ("udp_ipv6_checksum", 13, 1),
    ("large_tx_ipv4", 14, 1),
    ("large_tx_ipv6", 15, 1),
)
OFFLOAD_ANSWER: Final = _layout(
    "offload answer",
    256,
    ("length", 0, 4),
    ("version", 4, 4),
    *_OFFLOADS,
    ("large_rx_ipv4", 16, 1),
    ("large_rx_ipv6", 17, 1),
    ("max_ipv4_header", 32, 2),
    ("max_ipv6_header", 34, 2),
    ("max_tcp_header", 36, 2),
    ("max_udp_header", 38, 2),
    ("max_large_tx", 40, 4),
    ("max_large_rx", 44, 4),
    ("ipv6_extension_headers", 64, 1),
    ("tcp_pseudosum_required", 65, 1),
    ("extension_headers", 96, 2),
    ("extension_headers_at", 98, 4),
)
OFFLOAD_CONTROL: Final = _layout(
    "offload control",
    136,  # the driver's; the architecture text ends at 128
    ("length", 0, 4),
    ("version", 4, 4),
    *_OFFLOADS,
    ("bad_packet_rx", 16, 1),
    ("large_rx_ipv4", 17, 1),
    ("large_rx_ipv6", 18, 1),
)
MIN_OFFLOAD_CONTROL: Final = 128
#: Fields of either offload buffer that are switches: what a client turns on must have been offered.
OFFLOADS: Final = tuple(name for name, _, _ in _OFFLOADS)

STATISTICS_BYTES: Final = 256


# ----------------------------------------------------------------------------------------------- descriptors

_SUB_HEAD: Final = (("header", 0, 1),)
TX_DESCRIPTOR: Final = _layout(
    "transmit descriptor",
    SUB_ELEMENT_BYTES,
    *_SUB_HEAD,
    ("type", 1, 1),
    ("elements", 2, 1),
    ("segments", 3, 1),
    ("flags1", 4, 1),
    ("flags2", 5, 1),
    ("mss", 6, 2),
    ("correlator", 12, 4),
    ("vlan", 16, 2),
    ("map_id", 18, 2),
    ("length", 20, 4),
    ("ioba", 24, 8),
)
TX_HEADER: Final = _layout(
    "header descriptor",
    SUB_ELEMENT_BYTES,
    *_SUB_HEAD,
    ("type", 1, 1),
    ("length", 2, 1),
    ("l2", 3, 1),
    ("l3", 4, 2),
    ("l4", 6, 1),
    ("flags", 7, 1),
    ("data", 8, 24),
)
TX_HEADER_EXT: Final = _layout(
    "further header descriptor", SUB_ELEMENT_BYTES, *_SUB_HEAD, ("type", 1, 1), ("length", 2, 1), ("data", 3, 29)
)
TX_SEGMENTS: Final = _layout(
    "segment descriptor",
    SUB_ELEMENT_BYTES,
    *_SUB_HEAD,
    ("type", 1, 1),
    ("map_id", 2, 2),
    ("length", 4, 4),
    ("ioba", 8, 8),
    ("map_id_2", 18, 2),
    ("length_2", 20, 4),
    ("ioba_2", 24, 8),
)
MAX_COMPLETIONS: Final = 5  #: frames in one transmit completion
TX_COMPLETION: Final = _layout(
    "transmit completion",
    SUB_ELEMENT_BYTES,
    *_SUB_HEAD,
    ("count", 1, 1),
    *((f"rc_{n}", 2 + 2 * n, 2) for n in range(MAX_COMPLETIONS)),
    *((f"correlator_{n}", 12 + 4 * n, 4) for n in range(MAX_COMPLETIONS)),
)
RX_ADD: Final = _layout(
    "receive buffer",
    SUB_ELEMENT_BYTES,
    *_SUB_HEAD,
    ("correlator", 8, 8),
    ("ioba", 16, 4),
    ("map_id", 20, 1),
    ("length", 21, 3),
)
RX_COMPLETION: Final = _layout(
    "receive completion",
    SUB_ELEMENT_BYTES,
    *_SUB_HEAD,
    ("flags", 1, 1),
    ("offset", 2, 2),
    ("length", 4, 4),
    ("correlator", 8, 8),
    ("vlan", 16, 2),
    ("rc", 18, 2),
)
TX_COMPLETION_WANTED: Final = 0x80  #: flags1 of a transmit descriptor
RX_END_OF_FRAME: Final = 0x20  #: flags of a receive completion

#: What a client sends on a transmit sub-CRQ, by byte 1.
TX_BY_TYPE: Final[Mapping[int, Layout]] = MappingProxyType(
    {
        SubType.TX: TX_DESCRIPTOR,
        SubType.TX_HEADER: TX_HEADER,
        SubType.TX_HEADER_EXT: TX_HEADER_EXT,
        SubType.TX_SG: TX_SEGMENTS,
    }
)


def command_element(command: Command, **values: int | bytes) -> bytes:
    """The element of a request or indication, fields that are not given 0.

    Raises:
        KeyError: the command has no layout, or no such field.
        OverflowError: a number does not fit its field.
    """
    return COMMANDS[command].request.pack(header=Header.COMMAND, command=command, **values)
