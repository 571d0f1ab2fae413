"""What hypervisor and servers must not do, and a client must not be hurt by (DLG-6, DLG-8, DLG-9, CLI-15)."""

from __future__ import annotations

from vnic_conformance.client_role.deviations import AnswerHook, Deviation, LoginHook, enter
from vnic_conformance.client_role.login_buffers import in_order
from vnic_spec.layouts import LOGIN_RESPONSE, RX_COMPLETION, TX_COMPLETION, command_element, command_layout
from vnic_spec.wire import RESPONSE_BIT, Capability, Command, Header


def _wrong(name: str, requirement: str, sentence: str, **hooks: object) -> None:
    enter(Deviation(name, requirement, False, sentence, **hooks))  # type: ignore[arg-type]  # hooks by their names


# ----------------------------------------------------------------------------------------------- login responses


def _edges(response: bytes) -> dict[str, int]:
    """Offsets at every edge of a buffer: what is wrong, and the offset."""
    total = LOGIN_RESPONSE.number(response, "length")
    return {
        "zero": 0,
        "in_the_header": LOGIN_RESPONSE.size - 1,
        "too_short_for_the_table": total - 7,
        "at_the_last_byte": total - 1,
        "at_the_end": total,
        "behind_the_end": total + 8,
        "far": 0x8000_0000,
        "largest": 0xFFFF_FFFF,
    }


def _offset(field: str, edge: str) -> LoginHook:
    return lambda response: LOGIN_RESPONSE.replace(response, **{field: _edges(response)[edge]})


_EDGES = tuple(_edges(LOGIN_RESPONSE.pack(length=100)))
for _field in ("tx_submissions_at", "rx_adds_at", "rx_sizes_at", "tx_types_at"):
    for _edge in _EDGES:
        # One type is one byte long: at the last byte it is whole, and seven bytes before as well.
        if _field == "tx_types_at" and _edge in ("too_short_for_the_table", "at_the_last_byte"):
            continue
        _wrong(
            f"login_{_field}_{_edge}",
            "DLG-6",
            f"The login response says {_field} {_edge.replace('_', ' ')}.",
            login=_offset(_field, _edge),
        )
_COUNTS = {"none": 0, "one_more": None, "many": 0x1000_0000, "largest": 0xFFFF_FFFF}


def _count(field: str, value: int | None) -> LoginHook:
    def hook(response: bytes) -> bytes:
        number = LOGIN_RESPONSE.number(response, field) + 1 if value is None else value
        return LOGIN_RESPONSE.replace(response, **{field: number})

    return hook


for _field in ("tx_submissions", "rx_adds", "tx_types"):
    for _edge, _value in _COUNTS.items():
        if _field == "tx_types" and _edge == "none":
            continue
        _wrong(
            f"login_{_field}_{_edge}",
            "DLG-6",
            f"The login response says {_edge.replace('_', ' ')} of {_field}.",
            login=_count(_field, _value),
        )
for _edge, _value in {"zero": 0, "header": 36, "short": 60, "beyond": 0x1000, "largest": 0xFFFF_FFFF}.items():
    _wrong(
        f"login_length_{_edge}",
        "DLG-6",
        f"The login response says a length of {_value:#x}.",
        login=lambda response, value=_value: LOGIN_RESPONSE.replace(response, length=value),
    )
for _value in (0, 2, 0xFFFF_FFFF):
    _wrong(
        f"login_version_{_value:x}",
        "DLG-6",
        f"The login response says version {_value:#x}.",
        login=lambda response, value=_value: LOGIN_RESPONSE.replace(response, version=value),
    )


def _sizes(value: int) -> LoginHook:
    def hook(response: bytes) -> bytes:
        at, count = LOGIN_RESPONSE.number(response, "rx_sizes_at"), LOGIN_RESPONSE.number(response, "rx_adds")
        return response[:at] + value.to_bytes(8, "big") * count + response[at + 8 * count :]

    return hook


for _name, _value in {"zero": 0, "below_mtu": 100, "huge": 1 << 40, "largest": (1 << 64) - 1}.items():
    _wrong(f"login_sizes_{_name}", "DLG-6", f"Receive buffers of {_value} bytes.", login=_sizes(_value))


def _last_size(response: bytes) -> bytes:
    """Of several queues only the last has buffers that are too small."""
    end = LOGIN_RESPONSE.number(response, "rx_sizes_at") + 8 * LOGIN_RESPONSE.number(response, "rx_adds")
    return response[: end - 8] + (100).to_bytes(8, "big") + response[end:]


_wrong("login_last_size", "DLG-6", "The last queue has receive buffers of 100 bytes.", login=_last_size)
_TABLES = ("tx_submissions_at", "rx_adds_at", "rx_sizes_at", "tx_types_at")


def _cut(field: str) -> LoginHook:
    """One table comes last, and the length is one byte less than it needs; what lies there reads well."""

    def hook(response: bytes) -> bytes:
        whole = in_order(response, *(other for other in _TABLES if other != field), field)
        return LOGIN_RESPONSE.replace(whole, length=len(whole) - 1)

    return hook


for _field in _TABLES[:3]:
    _wrong(
        f"login_{_field}_cut",
        "DLG-6",
        f"The last byte of the table {_field} lies behind the response.",
        login=_cut(_field),
    )
_wrong("login_nothing_written", "DLG-6", "LOGIN_RSP rc 0, and no response.", login=lambda response: b"")
_wrong("login_half_written", "DLG-6", "Only half of the header of the response.", login=lambda response: response[:18])
_wrong("login_garbage", "DLG-6", "A response of 0xff bytes.", login=lambda response: b"\xff" * len(response))


# ----------------------------------------------------------------------------------------------- answers


def _also(command: Command, extra: bytes) -> AnswerHook:
    """The right answer, and an element that nobody awaits."""
    return lambda asked, answer: [(0, answer), (0, extra)] if asked[1] == command else None


def _twice(command: Command) -> AnswerHook:
    return lambda asked, answer: [(0, answer), (0, answer)] if asked[1] == command else None


def _echo(command: Command, **fields: int) -> AnswerHook:
    """Another number than the one asked about is echoed, and the right answer comes too."""

    def hook(asked: bytes, answer: bytes) -> list[tuple[int, bytes]] | None:
        if asked[1] != command:
            return None
        layout = command_layout(answer)
        assert layout is not None
        return [(0, layout.replace(answer, **fields)), (0, answer)]

    return hook


for _command in (
    Command.VERSION_EXCHANGE, Command.QUERY_CAPABILITY, Command.REQUEST_CAPABILITY, Command.QUERY_IP_OFFLOAD,
    Command.CONTROL_IP_OFFLOAD, Command.LOGIN, Command.CHANGE_MAC_ADDR, Command.REQUEST_MAP,
    Command.LOGICAL_LINK_STATE, Command.MULTICAST_CTRL,
):  # fmt: skip
    _wrong(
        f"doubled_{_command.name.lower()}", "CLI-15", f"{_command} is answered twice.", answer=_twice(_command), times=3
    )
_wrong(
    "error_after_login",
    "CLI-13",
    "A fatal error indication follows each login.",
    answer=_also(Command.LOGIN, command_element(Command.ERROR_INDICATION, flags=0x80)),
    times=30,
)
_wrong("echo_capability", "DLG-3", "An unknown capability.", answer=_echo(Command.QUERY_CAPABILITY, capability=0x7FFF))
_wrong("echo_map", "DLG-3", "Another map id is echoed.", answer=_echo(Command.REQUEST_MAP, map_id=0))


def _echo_first(command: Command, field: str, bit: int) -> AnswerHook:
    """First an answer about another number, one bit of it changed; the right one 50 ms later."""

    def hook(asked: bytes, answer: bytes) -> list[tuple[int, bytes]] | None:
        if asked[1] != command:
            return None
        layout = command_layout(answer)
        assert layout is not None
        return [(0, layout.replace(answer, **{field: layout.number(answer, field) ^ bit})), (50, answer)]

    return hook


def _reserved_first(asked: bytes, answer: bytes) -> list[tuple[int, bytes]] | None:
    """First an element like the right answer, but for a reserved header; the right one 50 ms later."""
    return [(0, b"\x81" + answer[1:]), (50, answer)] if asked[1] == Command.QUERY_CAPABILITY else None


_wrong(
    "reserved_first", "CLI-15", "An answer with a reserved header, 50 ms later the right one.", answer=_reserved_first
)
for _command, _field, _bits in (
    (Command.QUERY_CAPABILITY, "capability", {"low": 0x40, "high": 0x100}),
    (Command.REQUEST_CAPABILITY, "capability", {"low": 0x40, "high": 0x100}),
    (Command.REQUEST_MAP, "map_id", {"low": 0x40, "high": 0x80}),
):
    for _name, _bit in _bits.items():
        _wrong(
            f"echo_first_{_command.name.lower()}_{_name}",
            "DLG-3",
            f"{_command}: first an answer about another {_field.replace('_', ' ')} (bit {_bit:#x}), 50 ms later the right one.",
            answer=_echo_first(_command, _field, _bit),
        )


def _beyond(asked: bytes, answer: bytes) -> list[tuple[int, bytes]] | None:
    if asked[1] != Command.REQUEST_CAPABILITY:
        return None
    layout = command_layout(answer)
    assert layout is not None
    return [(0, layout.replace(answer, rc=1, number=(1 << 64) - 1))]


def _ever_less(asked: bytes, answer: bytes) -> list[tuple[int, bytes]] | None:
    layout = command_layout(answer)
    if asked[1] != Command.REQUEST_CAPABILITY or layout is None:
        return None
    number = layout.number(asked, "number")
    if layout.number(asked, "capability") != Capability.REQ_TX_ENTRIES or number <= 4:
        return None
    return [(0, layout.replace(answer, rc=1, number=number - 1))]


_wrong("partial_ever_less", "DLG-4", "Each time one entry less is granted.", answer=_ever_less, times=None)
_wrong("partial_beyond", "DLG-4", "PartialSuccess with 2^64 - 1.", answer=_beyond, times=2)
for _name, _extra in {
    "foreign_login": bytes((0x80, Command.LOGIN | RESPONSE_BIT)) + bytes(14),
    "foreign_map": bytes((0x80, Command.REQUEST_MAP | RESPONSE_BIT, 0, 200)) + bytes(12),
    "foreign_link": bytes((0x80, Command.LOGICAL_LINK_STATE | RESPONSE_BIT, 1)) + bytes(13),
    "unknown_command": bytes((0x80, 0x7E)) + bytes(14),
    "unknown_answer": bytes((0x80, 0xFE)) + bytes(14),
    "reserved_header": bytes((0x81, 1)) + bytes(14),
    "reserved_header_fe": bytes((0xFE, 8)) + bytes(14),
    "unknown_init": bytes((Header.INITIALIZATION, 3)) + bytes(14),
    "init_complete": bytes((Header.INITIALIZATION, 2)) + bytes(14),
    "garbage": bytes((0x80,)) + b"\xff" * 15,
}.items():
    _wrong(
        f"noise_{_name}",
        "CLI-15",
        f"An element that nobody awaits ({_extra[:2].hex()}) after the link is up.",
        answer=_also(Command.LOGICAL_LINK_STATE, _extra),
    )
_wrong(
    "vpd_size_largest",
    "CLI-9",
    "Vital product data of 2^64 - 1 bytes.",
    answer=lambda asked, answer: (
        [(0, answer[:4] + b"\xff" * 8 + answer[12:])] if asked[1] == Command.GET_VPD_SIZE else None
    ),
)


# ----------------------------------------------------------------------------------------------- completions


for _name, _fields in {
    "foreign": {"correlator_0": 0x7FFF_FFFE},
    "largest": {"correlator_0": 0xFFFF_FFFF},
    "count_zero": {"count": 0},
    "count_six": {"count": 6},
    "count_largest": {"count": 255},
}.items():
    _wrong(
        f"tx_completion_{_name}",
        "DLG-8",
        f"A transmit completion with {', '.join(f'{n} {v:#x}' for n, v in _fields.items())}, and the right one.",
        tx_completion=lambda right, fields=_fields: [TX_COMPLETION.replace(right, **fields), right],
    )
_wrong("tx_completion_twice", "DLG-8", "A frame is completed twice.", tx_completion=lambda right: [right, right])
for _name, _fields in {
    "foreign": {"correlator": 0x7FFF_FFFF_FFFF},
    "zero": {"correlator": 0},
    "largest": {"correlator": (1 << 64) - 1},
}.items():
    _wrong(
        f"rx_completion_{_name}",
        "DLG-9",
        f"A receive completion with correlator {_fields['correlator']:#x}, and the right one.",
        rx_completion=lambda right, size, fields=_fields: [RX_COMPLETION.replace(right, **fields), right],
    )
for _name, _fields in {
    "length_beyond": {"length": 0x10000},
    "length_largest": {"length": 0xFFFF_FFFF},
    "length_zero": {"length": 0},
    "offset_beyond": {"offset": 0xFFFF},
}.items():
    _wrong(
        f"rx_{_name}",
        "DLG-9",
        f"A receive completion with {', '.join(f'{n} {v:#x}' for n, v in _fields.items())}.",
        rx_completion=lambda right, size, fields=_fields: [RX_COMPLETION.replace(right, **fields)],
    )
_wrong("rx_twice", "DLG-9", "A buffer is completed twice.", rx_completion=lambda right, size: [right, right])


def _one_beyond(right: bytes, size: int) -> list[bytes]:
    """The frame is said to end one byte behind the buffer."""
    return [RX_COMPLETION.replace(right, length=size + 1 - RX_COMPLETION.number(right, "offset"))]


def _late_in_the_buffer(right: bytes, size: int) -> list[bytes]:
    """The frame is said to begin so late that its last byte lies behind the buffer."""
    return [RX_COMPLETION.replace(right, offset=size + 1 - RX_COMPLETION.number(right, "length"))]


_wrong("rx_one_byte_beyond", "DLG-9", "A frame ends one byte behind its buffer.", rx_completion=_one_beyond)
_wrong("rx_offset_too_late", "DLG-9", "A frame begins too late in its buffer.", rx_completion=_late_in_the_buffer)
_wrong("tx_completions_lost", "DLG-8", "No frame is completed.", tx_completion=lambda right: [], times=None)
