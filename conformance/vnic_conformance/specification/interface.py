"""The chapter of hypervisor calls, at the level of bytes, written out of the data in :mod:`vnic_conformance.call_reference`."""

from __future__ import annotations

from collections.abc import Iterator

from vnic_conformance.call_reference import (
    BESIDE_CALLS,
    BUSY,
    CODES,
    CRQ_CALLS,
    DESCRIPTOR,
    EVENTS,
    MAY_BE_BUSY,
    RECORD,
    SUB_CALLS,
    SUBFUNCTIONS,
    Described,
)
from vnic_conformance.specification.markdown import item, links, paragraph, table
from vnic_conformance.specification.precedence import precedence
from vnic_spec.wire import ELEMENT_BYTES, SERVER_INFO_BYTES, SUB_ELEMENT_BYTES, Hcall, Header, Rc, Vioctl


def interface() -> Iterator[str]:
    """The chapter."""
    yield from paragraph(
        "What an implementer needs beside the machine: numbers, layouts, and for each call its checks in their order. The "
        "first line that applies gives the answer; only a line that says *otherwise* has an effect. Everything that the "
        "conformance kit expects of an answer stands here."
    )
    yield from _codes()
    yield from precedence()
    yield from _elements()
    yield "### Calls on the CRQ"
    yield ""
    for call in CRQ_CALLS:
        yield from _call(call)
    yield "### Subfunctions of H_VIOCTL"
    yield ""
    yield from paragraph(
        f"H_VIOCTL ({_hex(Hcall.H_VIOCTL)}) takes unit, subfunction, p1, p2, p3. Subfunctions 0x0A to 0x0C are for clients and "
        "servers, 0x19 and 0x1A for clients, 0x18 and 0x1B for servers."
    )
    for call in SUBFUNCTIONS:
        yield from _call(call)
        if call.key is Vioctl.GET_VNIC_SERVER_INFO:
            yield from _record()
    yield "### Calls on sub-CRQs"
    yield ""
    for call in SUB_CALLS:
        yield from _call(call)
    for heading, paragraphs in BESIDE_CALLS.items():
        yield f"### {heading}"
        yield ""
        for words in paragraphs:
            yield from paragraph(words)


def _codes() -> Iterator[str]:
    yield "### Return codes"
    yield ""
    rows = ((f"`{code.name}`", f"{int(code)}", meaning) for code, meaning in CODES.items())
    yield from table(("code", "number", "here it means"), rows)
    titles = " and ".join(call.title for call in (*CRQ_CALLS, *SUB_CALLS) if call.key in MAY_BE_BUSY)
    yield from paragraph(
        f"Only {titles.replace(' and ', ', ', 1)} may be busy. The effect shows once, with whichever answer, and not again "
        f"when the call is repeated ({', '.join(code.name for code in BUSY[:2])}, and the long ones, which name a time to wait)."
    )


def _elements() -> Iterator[str]:
    yield "### Elements"
    yield ""
    yield from paragraph(
        f"An element of a CRQ has {ELEMENT_BYTES} bytes, one of a sub-CRQ {SUB_ELEMENT_BYTES}. Byte 0 is the header (CRQ-1); the "
        "rest of what a partner sends is carried unchanged (CRQ-10)."
    )
    rows = (
        (f"{Header.EVENT:02x} {code:02x}", f"event {code:02X}, {code.name}", f"to {to}", links(requirements))
        for code, to, requirements in EVENTS
    )
    yield from table(("bytes 0 and 1", "element", "which the hypervisor writes", "requirements"), rows)
    yield from paragraph(
        "Bytes 2 to 15 of an event are free: no client or server may depend on them, and the kit does not look at them. No other "
        "event may come."
    )


def _call(call: Described) -> Iterator[str]:
    yield f"#### {call.title}"
    yield ""
    if isinstance(call.token, Vioctl):
        yield from paragraph(f"Parameters: {call.arguments}.")
    else:
        yield from paragraph(
            f"Token {_hex(call.token)}; `{call.key}` in the adapter protocol. Arguments: {call.arguments}."
        )
    if len(call.checks) == 1:
        (check,) = call.checks
        yield from paragraph(f"{_code(check.answer)}, always ({links(check.requirements)}).")
    else:
        rows = (
            (f"{number}", check.condition, _code(check.answer), links(check.requirements))
            for number, check in enumerate(call.checks, 1)
        )
        yield from table(("", "check", "answer", "requirements"), rows)
    for words in call.facts:
        yield from paragraph(words)


def _hex(token: int) -> str:
    return f"0x{token:X}"


def _code(code: Rc) -> str:
    return f"{code.name} ({int(code)})"


def _record() -> Iterator[str]:
    yield from paragraph(f"The record, {SERVER_INFO_BYTES} bytes, big-endian:")
    yield from table(("offset", "bytes", "content"), ((str(at), str(size), what) for at, size, what in RECORD))
    yield from paragraph("The descriptor, one register of 64 bits (bit 0 is the least significant one):")
    for bits, what in DESCRIPTOR:
        yield from item(f"bits {bits}: {what}")
    yield ""
