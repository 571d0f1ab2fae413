"""The login buffers, read as the requirements have them: what is wrong with one, in a sentence (DLG-5, DLG-6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from vnic_spec.layouts import (
    COMMANDS,
    LOGIN_REQUEST,
    LOGIN_REQUEST_TABLES,
    LOGIN_RESPONSE,
    LOGIN_RESPONSE_TABLES,
    LOGIN_VERSION,
    Table,
)
from vnic_spec.wire import Command

Memory = Callable[[int, int], bytes | None]
_HANDLE: Final = 8
_MOST_QUEUES: Final = 256
#: Beyond this a buffer is no buffer.
_LONGEST: Final = 0x10000


def _numbers(data: bytes, at: int, count: int) -> list[int]:
    return [int.from_bytes(data[at + _HANDLE * index :][:_HANDLE], "big") for index in range(min(count, _MOST_QUEUES))]


def handles_of(element: bytes, memory: Memory) -> dict[str, int]:
    """What a LOGIN asks for: its own handles as ``tx0``, ``tx1``, ``rx0``, and ``response_length``."""
    data = _request(element, memory)
    if data is None or len(data) < LOGIN_REQUEST.size:
        return {}
    values = LOGIN_REQUEST.unpack(data)
    found = {"response_length": values["response_length"]}
    for name, table in zip(("tx", "rx"), LOGIN_REQUEST_TABLES, strict=False):
        for at, handle in enumerate(_numbers(data, values[table.offset], values[table.number])):
            found[f"{name}{at:03}"] = handle
    return found


def _request(element: bytes, memory: Memory) -> bytes | None:
    values = COMMANDS[Command.LOGIN].request.unpack(element)
    return memory(values["ioba"], values["length"]) if 0 < values["length"] <= _LONGEST else None


def _beyond(tables: tuple[Table, ...], values: Mapping[str, int], end: int, head: int) -> str:
    for table in tables:
        count, at = values[table.number], values[table.offset]
        if count and (at < head or at + count * table.entry > end):
            return f"{table.name}: {count} of {table.entry} bytes at {at} do not lie between {head} and {end}"
    return ""


def problem_of_request(
    element: bytes, memory: Memory, own: Mapping[int, int], granted: tuple[int | None, int | None]
) -> str:
    """What is wrong with a LOGIN and its request buffer; empty: nothing.

    Args:
        element: the command.
        memory: reads the client's memory, as far as it is mapped.
        own: the client's live sub-CRQs by handle.
        granted: numbers of transmit and receive queues agreed on.
    """
    told = COMMANDS[Command.LOGIN].request.unpack(element)
    data = _request(element, memory)
    if data is None:
        return f"the request buffer at {told['ioba']:#x}, {told['length']} bytes, is not mapped"
    if len(data) < LOGIN_REQUEST.size:
        return f"a request of {len(data)} bytes; its header has {LOGIN_REQUEST.size}"
    values = LOGIN_REQUEST.unpack(data)
    if not LOGIN_REQUEST.size <= values["length"] <= told["length"]:
        return f"the request says {values['length']} bytes, the command {told['length']}"
    if values["version"] != LOGIN_VERSION:
        return f"login version {values['version']}"
    problem = _beyond(LOGIN_REQUEST_TABLES, values, values["length"], LOGIN_REQUEST.size)
    if problem:
        return problem
    for name, table, agreed in zip(("transmit", "receive"), LOGIN_REQUEST_TABLES, granted, strict=False):
        if agreed is not None and values[table.number] != agreed:
            return f"{values[table.number]} {name} queues, and {agreed} were agreed on"
        for handle in _numbers(data, values[table.offset], values[table.number]):
            if handle not in own:
                return f"handle {handle:#x}, which is no live sub-CRQ of the client's"
    length = values["response_length"]
    if not 0 < length <= _LONGEST or memory(values["response_ioba"], length) is None:
        return f"the response buffer at {values['response_ioba']:#x}, {length} bytes, is not mapped"
    return ""


def problem_of_response(response: bytes, asked: Mapping[str, int], mtu: int) -> tuple[str, list[int], dict[int, int]]:
    """Why a login response must not be used (empty: it may), its transmit queues, and its rx-add queues with their sizes.

    Args:
        response: what lies in the response buffer, as far as the server wrote it.
        asked: what :func:`handles_of` found in the request.
        mtu: the longest frame agreed on.
    """
    length = asked.get("response_length", len(response))
    buffer = response[:length].ljust(min(length, _LONGEST), b"\0")
    nothing: tuple[list[int], dict[int, int]] = ([], {})
    if len(buffer) < LOGIN_RESPONSE.size:
        return (f"a buffer of {len(buffer)} bytes; the header has {LOGIN_RESPONSE.size}", *nothing)
    values = LOGIN_RESPONSE.unpack(buffer)
    total = values["length"]
    if not LOGIN_RESPONSE.size <= total <= length:
        return (f"a length of {total} in a buffer of {length} bytes", *nothing)
    if values["version"] != LOGIN_VERSION:
        return (f"version {values['version']}", *nothing)
    for name, field in (("tx", "tx_submissions"), ("rx", "rx_adds")):
        count = sum(key.startswith(name) for key in asked)
        if values[field] != count:
            return (f"{values[field]} of {field}, and {count} were asked for", *nothing)
    problem = _beyond(LOGIN_RESPONSE_TABLES, values, total, LOGIN_RESPONSE.size)
    if problem:
        return (problem, *nothing)
    tx = _numbers(buffer, values["tx_submissions_at"], values["tx_submissions"])
    rx = _numbers(buffer, values["rx_adds_at"], values["rx_adds"])
    sizes = _numbers(buffer, values["rx_sizes_at"], values["rx_adds"])
    small = [size for size in sizes if size < mtu]
    if small:
        return (f"receive buffers of {small[0]} bytes, and frames have {mtu}", *nothing)
    return "", tx, dict(zip(rx, sizes, strict=True))


def in_order(response: bytes, *fields: str) -> bytes:
    """A login response that says the same, with its tables in another order: the fields with their offsets."""
    values = LOGIN_RESPONSE.unpack(response)
    entries = {table.offset: (table.number, table.entry) for table in LOGIN_RESPONSE_TABLES}
    moved, tables = {}, b""
    for field in fields:
        number, size = entries[field]
        moved[field] = LOGIN_RESPONSE.size + len(tables)
        tables += response[values[field] : values[field] + values[number] * size]
    return LOGIN_RESPONSE.replace(response[: LOGIN_RESPONSE.size], **moved) + tables
