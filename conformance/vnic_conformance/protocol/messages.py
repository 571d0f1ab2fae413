"""The messages of the adapter protocol: versions, words, and how a message becomes a line and back.

A message is a flat mapping of names to strings and integers. Numbers of 64 bits that do not fit into the 53 bits which
every JSON library keeps are strings such as ``"0x9e3779b97f4a7c15"`` on the line, in both directions; inside the kit
they are integers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NoReturn

from vnic_conformance.foreign import cut, printable
from vnic_conformance.protocol.schema import document

PROTOCOL_MAJOR: Final = 1  #: must be the same on both sides
PROTOCOL_MINOR: Final = 0  #: grows when a field or a call is added

#: Longest line in bytes, in both directions, without its line feed.
MAX_LINE_BYTES: Final = 1 << 20

#: Integers beyond this travel as strings: a JSON library that reads numbers as doubles would round them.
_MAX_PLAIN: Final = 1 << 53

#: A message as the kit handles it.
Fields = dict[str, object]


class Outcome(StrEnum):
    """What became of a request."""

    DONE = "done"  #: it was carried out; a hypervisor call was answered, with whatever code
    REFUSED = "refused"  #: the console or the platform said no, with a reason; nothing happened
    UNKNOWN = "unknown"  #: it may or may not have happened
    UNSUPPORTED = "unsupported"  #: the implementation has nothing like it; nothing happened
    ERROR = "error"  #: the request is wrong; nothing happened


#: The features that an adapter may claim, with what each one means for it.
FEATURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "console": "the console calls; the listing is observed in any case",
        "power": "platform power_on, power_off and crash",
        "migration": "platform migrate",
        "interrupts": "pending interrupts are observed; vio_signal and eoi work",
        "sub_crq": "the sub-CRQ calls; contents of sub-CRQs are observed",
        "dma": "dma_write, dma_read, poke and peek",
        "profiles": "reset takes profile_* and answers unsupported to a profile that is not offered",
        "wrong_unit": 'calls take "unit": "wrong" and then name a unit that is not the caller\'s',
        "unpaired": "reset takes unpaired: partitions whose units have no authorised connection",
    }
)

#: Those that an adapter in role system may claim besides.
SYSTEM_FEATURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "frame_sizes": "ping and send take length: bytes of the frame, from 64 to 1514",
        "server_limits": "reset takes serverN_queues, entries, mtu, offloads, headers, macs, vlans: what its port has",
        "dead_ports": "network port_dead and port_live: a port that has its link and forwards nothing",
        "other_devices": "platform migrate takes servers: those that the destination has",
        "restart": "platform rmdev and mkdev: a server's software goes and comes while its partition runs",
    }
)

OPS: Final[tuple[str, ...]] = ("hello", "reset", "apply", "advance", "settle", "observe", "bye")

#: Who makes calls without being a partition; network and application in role system only.
_NO_PARTITION: Final = ("console", "platform", "network", "application")

#: Fields of replies that may be strings on the line because they may need 64 bits.
_WIDE_IN_REPLIES: Final = ("r4", "handle", "source")


def calls() -> Mapping[str, tuple[str, ...]]:
    """The calls of ``apply`` as the schema has them, by who makes them: partition, console, platform, network, application."""
    found: dict[str, list[str]] = {kind: [] for kind in ("partition", *_NO_PARTITION)}
    for name in document()["$defs"]:
        who, _, call = name.partition("_")
        if who in found:
            found[who].append(call)
    return {who: tuple(names) for who, names in found.items()}


def kind_of(who: str) -> str:
    """The kind of caller: ``partition`` for the client and the servers, else ``console``, ``platform`` and so on."""
    return who if who in _NO_PARTITION else "partition"


def describe(request: Mapping[str, object]) -> str:
    """A request in a few words, for messages: ``apply server0 vioctl``."""
    words = [request.get("op"), request.get("who"), request.get("call")]
    return " ".join(word for word in words if isinstance(word, str))


def to_line(fields: Mapping[str, object]) -> Fields:
    """A message as it stands on the line: numbers beyond 53 bits as strings."""
    return {
        name: hex(value) if isinstance(value, int) and not -_MAX_PLAIN <= value <= _MAX_PLAIN else value
        for name, value in fields.items()
    }


def from_line(fields: Mapping[str, object]) -> Fields:
    """A reply as the kit handles it: wide numbers as integers, unprintable characters of texts escaped.

    To be called with a reply that has passed the schema.
    """
    read: Fields = {}
    for name, value in fields.items():
        read[name] = printable(value) if isinstance(value, str) and not value.isprintable() else value
    for name in _WIDE_IN_REPLIES:
        value = read.get(name)
        if isinstance(value, str):
            read[name] = int(value, 16)
    return read


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))


def encode(fields: Mapping[str, object]) -> bytes:
    """A message as a line, with its line feed. ASCII only, so that no reader needs to know an encoding."""
    return _ENCODER.encode(fields).encode("ascii") + b"\n"


class NotAMessageError(ValueError):
    """A line is no message; the text says why."""


def _no_constant(name: str) -> NoReturn:
    raise NotAMessageError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, object]]) -> Fields:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotAMessageError(f"field {printable(cut(twice, 60))!r} stands in it twice")
    return fields


_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_unique)


def decode(line: bytes) -> Fields:
    """Read a line as an object.

    Raises:
        NotAMessageError: it is not UTF-8, not JSON, no text (half a character is in it, wherever), or not an object.
    """
    try:
        value = _DECODER.decode(line.decode("utf-8"))
        if b"\\u" in line:  # only an escape can name half a character
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise NotAMessageError(f"it is not UTF-8 (byte {error.start + 1})") from None
    except UnicodeEncodeError:
        raise NotAMessageError("there is half a character in it (a lone surrogate)") from None
    except json.JSONDecodeError as error:
        raise NotAMessageError(f"it is not JSON ({error.msg} at column {error.colno})") from None
    except RecursionError:
        raise NotAMessageError("it is nested far too deeply") from None
    except NotAMessageError:
        raise
    except ValueError:  # Python reads no such number
        raise NotAMessageError("it has a number of thousands of digits") from None
    if not isinstance(value, dict):
        raise NotAMessageError("it is JSON, but not an object")
    return value
