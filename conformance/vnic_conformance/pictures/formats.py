"""What the bytes of a packet are, as one table for every reader: our pages, our captures, Wireshark.

A format leads from the first bytes to the layout (:mod:`vnic_spec.layouts`); the words for values are the enumerations of
:mod:`vnic_spec.wire`. Nothing here has an offset of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from vnic_spec import layouts as known
from vnic_spec.layouts import COMMANDS, Layout, Table
from vnic_spec.vocabulary import Status
from vnic_spec.wire import (
    Capability,
    Command,
    CommandRc,
    Event,
    Header,
    InitFormat,
    SubType,
    Vioctl,
    response_to,
)


class Link(IntEnum):
    """What the bytes of a packet are; but for frames the value is the number of the user's link type."""

    STEP = 0  #: UTF-8 text: the line of the step
    CRQ = 1  #: one element of a CRQ
    SUB_CRQ = 2  #: one element of a sub-CRQ of which nothing is known
    SERVER_INFO = 3  #: the record of GET_VNIC_SERVER_INFO
    LOGIN_REQUEST = 4
    LOGIN_RESPONSE = 5
    OFFLOAD_ANSWER = 6
    OFFLOAD_CONTROL = 7
    VIOCTL = 8  #: the registers of H_VIOCTL from the subfunction on
    TRANSMIT = 9  #: one element of a sub-CRQ that is of this kind, as the login has it; so are the next three
    TRANSMIT_COMPLETION = 10
    RX_ADD = 11
    RX_COMPLETION = 12
    FRAME = 13  #: an Ethernet frame


@dataclass(frozen=True, slots=True)
class Choice:
    """A layout for each value of a field.

    Attributes:
        by: the field of ``otherwise`` whose value decides.
        cases: what the rest is, by that value.
        otherwise: what is known of every other value.
    """

    by: str
    cases: Mapping[int, Layout | Choice]
    otherwise: Layout


Format = Layout | Choice

_DIALOGUE: Final = {code: entry.request for code, entry in COMMANDS.items()} | {
    response_to(code): entry.response for code, entry in COMMANDS.items() if entry.response is not None
}
_CRQ: Final = Choice(
    "header",
    {
        Header.COMMAND: Choice("code", _DIALOGUE, known.ELEMENT),
        Header.INITIALIZATION: known.INITIALIZATION,
        Header.EVENT: known.EVENT,
    },
    known.ELEMENT,
)
#: What sub-CRQs hold, by the kind of the queue: an element does not say what queue it is on.
QUEUES: Final[Mapping[str, Format]] = {
    "transmit": Choice("type", known.TX_BY_TYPE, known.TX_DESCRIPTOR),
    "transmit completion": known.TX_COMPLETION,
    "rx-add": known.RX_ADD,
    "receive completion": known.RX_COMPLETION,
}
#: What every other packet of bytes is. Frames have no layout of ours.
FORMATS: Final[Mapping[Link, Format]] = {
    Link.CRQ: _CRQ,
    Link.TRANSMIT: QUEUES["transmit"],
    Link.TRANSMIT_COMPLETION: QUEUES["transmit completion"],
    Link.RX_ADD: QUEUES["rx-add"],
    Link.RX_COMPLETION: QUEUES["receive completion"],
    Link.SERVER_INFO: known.SERVER_INFO,
    Link.LOGIN_REQUEST: known.LOGIN_REQUEST,
    Link.LOGIN_RESPONSE: known.LOGIN_RESPONSE,
    Link.OFFLOAD_ANSWER: known.OFFLOAD_ANSWER,
    Link.OFFLOAD_CONTROL: known.OFFLOAD_CONTROL,
    Link.VIOCTL: Choice("subfunction", known.VIOCTLS, known.VIOCTL),
}
#: The tables in a buffer, by the name of its layout.
TABLES: Final[Mapping[str, tuple[Table, ...]]] = {
    known.LOGIN_REQUEST.name: known.LOGIN_REQUEST_TABLES,
    known.LOGIN_RESPONSE.name: known.LOGIN_RESPONSE_TABLES,
}
#: Buffers that begin with their length, and may be longer than their layout, or as short as given.
BUFFERS: Final[Mapping[str, int]] = {
    known.LOGIN_REQUEST.name: known.LOGIN_REQUEST.size,
    known.LOGIN_RESPONSE.name: known.LOGIN_RESPONSE.size,
    known.OFFLOAD_ANSWER.name: known.OFFLOAD_ANSWER.size,
    known.OFFLOAD_CONTROL.name: known.MIN_OFFLOAD_CONTROL,
}


def _named(numbers: type[IntEnum]) -> dict[int, str]:
    return {number.value: number.name for number in numbers}


_HEADERS: Final = _named(Header)
_COMMANDS: Final = {
    code: name
    for command in Command
    for code, name in ((command.value, command.name), (response_to(command), f"{command.name}_RSP"))
}
_SUB_CRQS: Final = (Link.SUB_CRQ, Link.TRANSMIT, Link.TRANSMIT_COMPLETION, Link.RX_ADD, Link.RX_COMPLETION)
_STATUS: Final = {status.value: status.name for status in Status}
#: The words for the values of a field, by link and name. Every other value is malformed.
VALUES: Final[Mapping[tuple[Link, str], Mapping[int, str]]] = {
    (Link.CRQ, "header"): _HEADERS,
    (Link.CRQ, "format"): _named(InitFormat),
    (Link.CRQ, "event"): _named(Event),
    (Link.CRQ, "command"): _COMMANDS,
    (Link.CRQ, "capability"): _named(Capability),
    (Link.CRQ, "rc"): _named(CommandRc),
    **{(link, "header"): {Header.COMMAND.value: Header.COMMAND.name} for link in _SUB_CRQS},
    **{(link, "type"): _named(SubType) for link in _SUB_CRQS},
    (Link.SERVER_INFO, "status"): _STATUS,
    (Link.VIOCTL, "subfunction"): _named(Vioctl),
    (Link.VIOCTL, "status"): _STATUS,
}


def layout_of(form: Format, data: bytes) -> Layout:
    """The layout that bytes have."""
    while isinstance(form, Choice):
        form = form.cases.get(form.otherwise.number(data, form.by), form.otherwise)
    return form


def layouts_in(form: Format) -> tuple[Layout, ...]:
    """Every layout that bytes of a format may have, each once."""
    if isinstance(form, Layout):
        return (form,)
    below = [layout for case in form.cases.values() for layout in layouts_in(case)]
    return tuple({layout.name: layout for layout in (*below, form.otherwise)}.values())


def value_words(link: Link, name: str, hexadecimal: str) -> str:
    """The word for the value of a field; empty: it has none."""
    return VALUES.get((link, name), {}).get(int(hexadecimal, 16), "")
