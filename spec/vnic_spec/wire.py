"""Constants of the real interface: call tokens, return codes, element bytes, subfunctions, commands.

Facts of the architecture, each with its source, and helpers that put fields into bytes and take them out again. Nothing
here knows any behaviour. All multi-byte fields are big-endian; offsets and sizes are in bytes.

Sources: LoPAR = Linux on Power Architecture Reference 2.9, with the title of the section; "driver" = the Linux VNIC
client driver and its header, where the architecture text is silent.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Named(IntEnum):
    """An integer constant that prints as its bare name."""

    def __repr__(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.name

    def __format__(self, spec: str) -> str:
        return format(int(self), spec) if spec else self.name


# ----------------------------------------------------------------------------------------------- hypervisor calls


class Rc(Named):
    """Return codes of hypervisor calls (LoPAR, "Hypervisor Call Return Code Table")."""

    H_SUCCESS = 0
    H_BUSY = 1
    H_CLOSED = 2
    H_CONSTRAINED = 4
    H_PARTIAL = 5
    H_IN_PROGRESS = 14
    H_HARDWARE = -1
    H_FUNCTION = -2
    H_PRIVILEGE = -3
    H_PARAMETER = -4
    H_NOT_FOUND = -7
    H_PERMISSION = -11
    H_DROPPED = -12
    H_SOURCE_PARM = -13
    H_DEST_PARM = -14
    H_RESOURCE = -16
    H_STATE = -75
    H_IN_USE = -77
    H_LONG_BUSY_1_MS = 9900
    H_LONG_BUSY_10_MS = 9901
    H_LONG_BUSY_100_MS = 9902
    H_LONG_BUSY_1_S = 9903
    H_LONG_BUSY_10_S = 9904
    H_LONG_BUSY_100_S = 9905


class Hcall(Named):
    """Function tokens of hypervisor calls (LoPAR, "Hypervisor Call Function Table")."""

    H_PUT_TCE = 0x20  #: liobn, ioba, tce
    H_EOI = 0x64  #: xirr
    H_XIRR = 0x74  #: none; returns the interrupt source
    H_REG_CRQ = 0xFC  #: unit, queue ioba, length
    H_FREE_CRQ = 0x100  #: unit
    H_VIO_SIGNAL = 0x104  #: unit, mode (least significant bit: the first interrupt)
    H_SEND_CRQ = 0x108  #: unit, bytes 0..7, bytes 8..15
    H_PUT_RTCE = 0x10C  #: r-liobn, r-ioba, liobn, ioba, count of 4 KiB pages
    H_COPY_RDMA = 0x110  #: length, s-liobn, s-ioba, d-liobn, d-ioba
    H_VIOCTL = 0x2A8  #: unit, subfunction, three parameters
    H_ENABLE_CRQ = 0x2B0  #: unit
    H_REG_SUB_CRQ = 0x2DC  #: unit, queue ioba, length; returns handle and interrupt source
    H_FREE_SUB_CRQ = 0x2E0  #: unit, handle
    H_SEND_SUB_CRQ = 0x2E4  #: unit, handle of the partner's queue, four doublewords
    H_SEND_SUB_CRQ_INDIRECT = 0x2E8  #: unit, handle of the partner's queue, ioba, count of elements


class Vioctl(Named):
    """Subfunctions of H_VIOCTL (LoPAR, "H_VIOCTL")."""

    DISABLE_ALL_VIO_INTERRUPTS = 0x0A
    DISABLE_VIO_INTERRUPT = 0x0B  #: interrupt source
    ENABLE_VIO_INTERRUPT = 0x0C  #: interrupt source
    FW_RESET = 0x11
    VNIC_SERVER_STATUS = 0x18  #: status, milliseconds until the next report (MON-1)
    GET_SESSION_TOKEN = 0x19  #: returns the token (SES-1)
    SESSION_ERROR_DETECTED = 0x1A  #: token (SES-2)
    GET_VNIC_SERVER_INFO = 0x1B  #: output descriptor (MON-7)
    ENABLE_PREPARE_FOR_SUSPEND = 0x1D  #: not for a VNIC
    READY_FOR_SUSPEND = 0x1E  #: not for a VNIC


MAX_INDIRECT = 128  #: elements of one indirect send (LoPAR, "H_SEND_SUB_CRQ_INDIRECT")
MAX_INDIRECT_OLD = 16  #: the same on platforms before POWER9


# ----------------------------------------------------------------------------------------------- elements

#: Page of an I/O address space; alignment and granularity of a queue (LoPAR, "CRQ Facility Requirements").
PAGE_BYTES = 4096
ELEMENT_BYTES = 16  #: element of a CRQ (LoPAR, "CRQ Format and Registration")
SUB_ELEMENT_BYTES = 32  #: element of a sub-CRQ (LoPAR, "Sub-CRQ Entry Format")
ELEMENTS_PER_PAGE = PAGE_BYTES // ELEMENT_BYTES
SUB_ELEMENTS_PER_PAGE = PAGE_BYTES // SUB_ELEMENT_BYTES


class Header(Named):
    """Byte 0 of an element (CRQ-1; LoPAR, "CRQ Entry Header Byte Values"). Every other value is reserved."""

    FREE = 0x00
    COMMAND = 0x80
    INITIALIZATION = 0xC0
    EVENT = 0xFF


HEADER_VALID_BIT = 0x80  #: set in the header of every element that a partner may send


class InitFormat(Named):
    """Byte 1 of an initialisation element (CRQ-1; LoPAR, "Initialization Command/Response Entry Format")."""

    INIT = 0x01
    INIT_COMPLETE = 0x02


class Event(Named):
    """Byte 1 of a transport event (CRQ-1; LoPAR, "CRQ Transport Event Codes"; 0x08: driver)."""

    PARTNER_FAILED = 0x01
    PARTNER_DEREGISTERED = 0x02
    PARTNER_TERMINATED = 0x04
    MIGRATED = 0x06
    DEVICE_FAILOVER = 0x08
    PREPARE_FOR_SUSPEND = 0x09
    RESUME_FROM_SUSPEND = 0x0A


def element(header: int, code: int = 0, payload: bytes = b"") -> bytes:
    """Build one CRQ element: header at 0, format or command at 1, ``payload`` from 2, zeros to the end.

    Raises ``ValueError`` if a byte is out of range or the payload is longer than 14 bytes.
    """
    if len(payload) > ELEMENT_BYTES - 2:
        raise ValueError(f"payload of {len(payload)} bytes, at most {ELEMENT_BYTES - 2} fit")
    return bytes((header, code)) + payload + bytes(ELEMENT_BYTES - 2 - len(payload))


def event_element(event: int) -> bytes:
    """Build the 16 bytes of a transport event; bytes 2 to 15 are zero (LoPAR leaves them unspecified)."""
    return element(Header.EVENT, event)


def words(data: bytes) -> tuple[int, ...]:
    """Split bytes into big-endian doublewords, as a call passes them in registers.

    Raises ``ValueError`` unless the length is a multiple of 8.
    """
    if len(data) % 8:
        raise ValueError(f"{len(data)} bytes are not whole doublewords")
    return tuple(int.from_bytes(data[at : at + 8], "big") for at in range(0, len(data), 8))


def from_words(*registers: int) -> bytes:
    """Join registers into big-endian bytes, eight per register; only the low 64 bits of each count."""
    return b"".join((register & (1 << 64) - 1).to_bytes(8, "big") for register in registers)


def event_of(data: bytes) -> int | None:
    """The event code of an element, or None if the element is not a transport event."""
    return data[1] if len(data) > 1 and data[0] == Header.EVENT else None


INIT = element(Header.INITIALIZATION, InitFormat.INIT)
INIT_COMPLETE = element(Header.INITIALIZATION, InitFormat.INIT_COMPLETE)


# ----------------------------------------------------------------------------------------------- VIOCTL records

#: Record of GET_VNIC_SERVER_INFO: 0+8 version, 8+8 active, 16+8 status, 24+1 priority, 25+7 zero.
SERVER_INFO_BYTES = 32
SERVER_INFO_VERSION = 1


class ServerInfo(NamedTuple):
    """The record by which the hypervisor tells a server what it is (MON-7; LoPAR, "GET_VNIC_SERVER_INFO")."""

    version: int
    active: int
    status: int
    priority: int

    def pack(self) -> bytes:
        """The 32 bytes of the record."""
        return from_words(self.version, self.active, self.status) + bytes((self.priority,)) + bytes(7)

    @classmethod
    def unpack(cls, data: bytes) -> ServerInfo:
        """Read a whole record; raises ``ValueError`` if it is not 32 bytes long."""
        if len(data) != SERVER_INFO_BYTES:
            raise ValueError(f"record of {len(data)} bytes instead of {SERVER_INFO_BYTES}")
        version, active, status, _ = words(data)
        return cls(version, active, status, data[24])


class OutputDescriptor(NamedTuple):
    """Where a subfunction puts its record: 8 bits control (0), 24 bits length, 32 bits ioba (LoPAR, "H_VIOCTL")."""

    control: int
    length: int
    ioba: int

    def pack(self) -> int:
        """The descriptor as one register."""
        return (self.control & 0xFF) << 56 | (self.length & 0xFFFFFF) << 32 | self.ioba & 0xFFFFFFFF

    @classmethod
    def unpack(cls, register: int) -> OutputDescriptor:
        """Take the descriptor out of one register."""
        return cls(register >> 56 & 0xFF, register >> 32 & 0xFFFFFF, register & 0xFFFFFFFF)


class TceAccess(Named):
    """Low bits of a translation entry: what DMA may do with the page (LoPAR, "TCE Page Mapping and Control")."""

    NONE = 0
    READ = 1
    WRITE = 2
    BOTH = 3


# ----------------------------------------------------------------------------------------------- VNIC commands


class Command(Named):
    """Byte 1 of a VNIC command (LoPAR, "A Protocol for VNIC Communications"; QUERY_MAP to VLAN_CTRL: driver)."""

    VERSION_EXCHANGE = 0x01
    QUERY_CAPABILITY = 0x02
    REQUEST_CAPABILITY = 0x03
    LOGIN = 0x04
    QUERY_PHYS_PARMS = 0x05
    QUERY_PHYS_CAPABILITIES = 0x06
    SET_PHYS_PARMS = 0x07
    ERROR_INDICATION = 0x08
    REQUEST_ERROR_INFO = 0x09
    REQUEST_DUMP_SIZE = 0x0A
    REQUEST_DUMP = 0x0B
    LOGICAL_LINK_STATE = 0x0C
    REQUEST_STATISTICS = 0x0D
    REQUEST_RAS_COMP_NUM = 0x0E
    REQUEST_RAS_COMPS = 0x0F
    CONTROL_RAS = 0x10
    COLLECT_FW_TRACE = 0x11
    LINK_STATE_INDICATION = 0x12
    CHANGE_MAC_ADDR = 0x13
    MULTICAST_CTRL = 0x14
    GET_VPD_SIZE = 0x15
    GET_VPD = 0x16
    TUNE = 0x17
    QUERY_IP_OFFLOAD = 0x18
    CONTROL_IP_OFFLOAD = 0x19
    ACL_CHANGE_INDICATION = 0x1A
    ACL_QUERY = 0x1B
    REQUEST_DEBUG_STATS = 0x1C
    QUERY_MAP = 0x1D
    REQUEST_MAP = 0x1E
    REQUEST_UNMAP = 0x1F
    VLAN_CTRL = 0x20


RESPONSE_BIT = 0x80  #: set in byte 1 of a response (LoPAR, "Protocol Overview")
RETURN_CODE_AT = 12  #: offset of the one-byte return code in a response; three bytes of detail follow

#: Commands that a server sends by itself; they have no response.
UNSOLICITED = frozenset({Command.ERROR_INDICATION, Command.LINK_STATE_INDICATION, Command.ACL_CHANGE_INDICATION})


class CommandRc(Named):
    """Return codes of VNIC commands (LoPAR, "VNIC Return Codes")."""

    SUCCESS = 0
    PARTIAL_SUCCESS = 1
    PERMISSION = 2
    NO_MEMORY = 3
    PARAMETER = 4
    UNKNOWN_COMMAND = 5
    ABORTED = 6
    INVALID_STATE = 7
    INVALID_IOBA = 8
    INVALID_LENGTH = 9
    UNSUPPORTED_OPTION = 10


class Capability(Named):
    """Numbers in QUERY_CAPABILITY and REQUEST_CAPABILITY (LoPAR, "VNIC Capabilities"; 24, 28 to 33: driver)."""

    MIN_TX_QUEUES = 1
    MIN_RX_QUEUES = 2
    MIN_RX_ADD_QUEUES = 3
    MAX_TX_QUEUES = 4
    MAX_RX_QUEUES = 5
    MAX_RX_ADD_QUEUES = 6
    REQ_TX_QUEUES = 7
    REQ_RX_QUEUES = 8
    REQ_RX_ADD_QUEUES = 9
    MIN_TX_ENTRIES = 10
    MIN_RX_ADD_ENTRIES = 11
    MAX_TX_ENTRIES = 12
    MAX_RX_ADD_ENTRIES = 13
    REQ_TX_ENTRIES = 14
    REQ_RX_ADD_ENTRIES = 15
    TCP_IP_OFFLOAD = 16
    PROMISC_REQUESTED = 17
    PROMISC_SUPPORTED = 18
    MIN_MTU = 19
    MAX_MTU = 20
    REQ_MTU = 21
    MAX_MULTICAST_FILTERS = 22
    VLAN_HEADER_INSERTION = 23
    RX_VLAN_HEADER_INSERTION = 24
    MAX_TX_SG_ENTRIES = 25
    RX_SG_SUPPORTED = 26
    RX_SG_REQUESTED = 27
    OPT_TX_COMP_QUEUES = 28
    OPT_RX_COMP_QUEUES = 29
    OPT_RX_ADD_QUEUES = 30
    OPT_TX_ENTRIES = 31
    OPT_RX_ADD_ENTRIES = 32
    TX_RX_DESC_REQ = 33


class SubType(Named):
    """Byte 1 of a transmit descriptor on a sub-CRQ (driver)."""

    TX = 0x10
    TX_HEADER = 0x11
    TX_HEADER_EXT = 0x12
    TX_SG = 0x30


def response_to(command: int) -> int:
    """Byte 1 of the response to a command (LoPAR, "Protocol Overview")."""
    return command | RESPONSE_BIT


def command_rc(data: bytes) -> int:
    """The return code in a response element; raises ``IndexError`` if it is shorter than 13 bytes."""
    return data[RETURN_CODE_AT]
