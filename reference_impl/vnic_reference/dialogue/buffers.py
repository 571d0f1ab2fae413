"""Buffers that the client lends and the server reads or fills by DMA (protocol.md 3.4, 3.5).

Every ``unpack`` takes any bytes and raises :class:`LayoutError` for what is not well formed; nothing in a buffer is used
before it is checked (CLI-9, SRV-3).
"""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass
from typing import Final

from vnic_reference.network.port import PortStatistics

_LOGIN_REQUEST = struct.Struct(">10I")
_LOGIN_RESPONSE = struct.Struct(">9I")
LOGIN_REQUEST_HEAD: Final = _LOGIN_REQUEST.size  #: 40, as in the driver; the architecture's is 32
LOGIN_RESPONSE_HEAD: Final = _LOGIN_RESPONSE.size
_HANDLE: Final = 8
LOGIN_VERSION: Final = 1
#: Type of a transmit descriptor as the driver sends it: in LOGIN_RSP one byte, best first.
TX_DESCRIPTOR_TYPE: Final = 2
MAX_LOGIN_BYTES: Final = 0x10000
IP_OFFLOAD_BYTES: Final = 256
IP_OFFLOAD_CONTROL_BYTES: Final = 136  #: the driver's; the architecture's ends at 128
MIN_IP_OFFLOAD_CONTROL_BYTES: Final = 128
IP_OFFLOAD_VERSION: Final = 1
STATISTICS_BYTES: Final = 256
STATISTICS_VERSION: Final = 1


class LayoutError(Exception):
    """A buffer is not what it should be; the text says what was expected and what came."""


def _expect(holds: bool, sentence: str) -> None:
    if not holds:
        raise LayoutError(sentence)


def _numbers(data: bytes, offset: int, count: int, what: str) -> tuple[int, ...]:
    """``count`` doublewords at ``offset``."""
    end = offset + count * _HANDLE
    _expect(end <= len(data), f"{what}: {count} doublewords at {offset} do not fit into {len(data)} bytes")
    return struct.unpack_from(f">{count}Q", data, offset)


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """What the client logs in with.

    Attributes:
        tx_completions: handles of its transmit completion sub-CRQs.
        rx_completions: handles of its receive completion sub-CRQs.
        response_ioba: where the response buffer is.
        response_length: its length in bytes.
        client_data: names, type by type (:func:`client_data`); not interpreted.
    """

    tx_completions: tuple[int, ...]
    rx_completions: tuple[int, ...]
    response_ioba: int
    response_length: int
    client_data: bytes = b""

    def pack(self) -> bytes:
        """The bytes of the buffer."""
        tx_at = LOGIN_REQUEST_HEAD
        rx_at = tx_at + _HANDLE * len(self.tx_completions)
        data_at = rx_at + _HANDLE * len(self.rx_completions)
        handles = (*self.tx_completions, *self.rx_completions)
        return (
            _LOGIN_REQUEST.pack(
                data_at + len(self.client_data),
                LOGIN_VERSION,
                len(self.tx_completions),
                tx_at,
                len(self.rx_completions),
                rx_at,
                self.response_ioba,
                self.response_length,
                data_at,
                len(self.client_data),
            )
            + struct.pack(f">{len(handles)}Q", *handles)
            + self.client_data
        )

    @classmethod
    def unpack(cls, data: bytes) -> LoginRequest:
        """Read a buffer of any bytes; raises :class:`LayoutError`."""
        _expect(len(data) >= LOGIN_REQUEST_HEAD, f"login request of {len(data)} bytes, at least {LOGIN_REQUEST_HEAD}")
        total, version, tx, tx_at, rx, rx_at, ioba, length, data_at, data_length = _LOGIN_REQUEST.unpack_from(data)
        _expect(LOGIN_REQUEST_HEAD <= total <= len(data), f"total length {total} in a buffer of {len(data)} bytes")
        _expect(version == LOGIN_VERSION, f"login version {version}, only {LOGIN_VERSION} exists")
        _expect(data_at + data_length <= total, "client data behind the end of the buffer")
        data = data[:total]
        return cls(
            _numbers(data, tx_at, tx, "transmit completion handles"),
            _numbers(data, rx_at, rx, "receive completion handles"),
            ioba,
            length,
            data[data_at : data_at + data_length],
        )


@dataclass(frozen=True, slots=True)
class LoginResponse:
    """What the server answers with.

    Attributes:
        tx_submissions: handles of its transmit submission sub-CRQs; number i belongs to tx completion i.
        rx_adds: handles of its rx-add sub-CRQs.
        rx_buffer_sizes: bytes that a receive buffer of each rx-add sub-CRQ must have.
        tx_descriptor_types: types of transmit descriptors it understands, best first.
    """

    tx_submissions: tuple[int, ...]
    rx_adds: tuple[int, ...]
    rx_buffer_sizes: tuple[int, ...]
    tx_descriptor_types: bytes = bytes((TX_DESCRIPTOR_TYPE,))

    def pack(self) -> bytes:
        """The bytes of the buffer. The types come last, so that all four offsets lie inside it."""
        tx_at = LOGIN_RESPONSE_HEAD
        rx_at = tx_at + _HANDLE * len(self.tx_submissions)
        sizes_at = rx_at + _HANDLE * len(self.rx_adds)
        types_at = sizes_at + _HANDLE * len(self.rx_buffer_sizes)
        numbers = (*self.tx_submissions, *self.rx_adds, *self.rx_buffer_sizes)
        return (
            _LOGIN_RESPONSE.pack(
                types_at + len(self.tx_descriptor_types),
                LOGIN_VERSION,
                len(self.tx_submissions),
                tx_at,
                len(self.rx_adds),
                rx_at,
                sizes_at,
                len(self.tx_descriptor_types),
                types_at,
            )
            + struct.pack(f">{len(numbers)}Q", *numbers)
            + self.tx_descriptor_types
        )

    @classmethod
    def unpack(cls, data: bytes) -> LoginResponse:
        """Read a buffer of any bytes with the driver's tests and stricter ones; raises :class:`LayoutError` (CLI-9)."""
        total, version, tx, tx_at, rx, rx_at, sizes_at, types, types_at = _LOGIN_RESPONSE.unpack_from(
            data.ljust(LOGIN_RESPONSE_HEAD, b"\0")
        )
        _expect(LOGIN_RESPONSE_HEAD < total <= len(data), f"total length {total} in a buffer of {len(data)} bytes")
        _expect(version == LOGIN_VERSION, f"login version {version}, only {LOGIN_VERSION} exists")
        offsets = (tx_at, rx_at, sizes_at, types_at)
        _expect(all(LOGIN_RESPONSE_HEAD <= at < total for at in offsets), f"offsets {offsets} in {total} bytes")
        data = data[:total]
        _expect(types_at + types <= total, "descriptor types behind the end of the buffer")
        return cls(
            _numbers(data, tx_at, tx, "transmit submission handles"),
            _numbers(data, rx_at, rx, "rx-add handles"),
            _numbers(data, sizes_at, rx, "receive buffer sizes"),
            data[types_at : types_at + types],
        )


def login_response_bytes(tx: int, rx: int) -> int:
    """Length of the response buffer that the driver lends for so many queues."""
    return 40 + _HANDLE * tx + 2 * _HANDLE * rx + 3


def client_data(operating_system: str, host: str, interface: str) -> bytes:
    """Names that the client tells of itself: {type, length, name and NUL} for types 1 to 3, then an empty record."""
    records = b""
    for kind, name in enumerate((operating_system, host, interface), 1):
        text = name.encode() + b"\0"
        records += struct.pack(">BH", kind, len(text)) + text
    return records + bytes(3)


#: The offloads in the order of bytes 8 to 15 of either offload buffer.
OFFLOADS: Final = (
    "ipv4_checksum", "ipv6_checksum", "tcp_ipv4", "tcp_ipv6", "udp_ipv4", "udp_ipv6", "large_tx_ipv4", "large_tx_ipv6",
)  # fmt: skip


def ip_offload_answer(offered: frozenset[str]) -> bytes:
    """The 256 bytes of a QUERY_IP_OFFLOAD answer; header limits are zero where nothing is offered."""
    answer = bytearray(IP_OFFLOAD_BYTES)
    struct.pack_into(">II", answer, 0, IP_OFFLOAD_BYTES, IP_OFFLOAD_VERSION)
    for at, name in enumerate(OFFLOADS, 8):
        answer[at] = name in offered
    return bytes(answer)


def offloads_in(data: bytes) -> frozenset[str]:
    """The offloads whose byte is set, in a QUERY_IP_OFFLOAD answer or a CONTROL_IP_OFFLOAD buffer of any bytes."""
    return frozenset(name for name, byte in zip(OFFLOADS, data[8 : 8 + len(OFFLOADS)], strict=False) if byte)


def ip_offload_control(enabled: frozenset[str]) -> bytes:
    """The 136 bytes of a CONTROL_IP_OFFLOAD buffer."""
    control = bytearray(IP_OFFLOAD_CONTROL_BYTES)
    struct.pack_into(">II", control, 0, IP_OFFLOAD_CONTROL_BYTES, IP_OFFLOAD_VERSION)
    for at, name in enumerate(OFFLOADS, 8):
        control[at] = name in enabled
    return bytes(control)


def pack_statistics(counters: PortStatistics, promiscuous: bool) -> bytes:
    """The 256 bytes of the statistics buffer: version, promiscuous, then 8-byte counters from byte 8."""
    values = astuple(counters)
    data = struct.pack(f">II{len(values)}Q", STATISTICS_VERSION, promiscuous, *values)
    return data.ljust(STATISTICS_BYTES, b"\0")


def unpack_statistics(data: bytes) -> PortStatistics:
    """Read a statistics buffer; missing bytes count as zero."""
    count = len(astuple(PortStatistics()))
    return PortStatistics(*struct.unpack_from(f">{count}Q", data.ljust(STATISTICS_BYTES, b"\0"), 8))


def vital_product_data(level: str) -> bytes:
    """VPD with one keyword, RM, in which the driver looks for the firmware level. ``level``: at most 255 characters."""
    text = level.encode()
    return b"RM" + bytes((len(text),)) + text
