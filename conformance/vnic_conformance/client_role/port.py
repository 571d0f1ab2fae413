"""The way to a client under test: one turn at a time, its memory, its user.

:class:`ClientPort` is what partner, monitor and injection need of it. :class:`TargetPort` speaks adapter protocol 1.1 with
an adapter behind a :class:`~vnic_conformance.targets.Target`; another implementation of the same methods (a guest whose
memory is mapped into this process) needs no protocol in between.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from vnic_conformance.protocol.client_rules import Turn, check_client_reply, check_client_request, turn_of
from vnic_conformance.protocol.hello import Hello
from vnic_conformance.protocol.messages import Fields, Outcome, to_line
from vnic_conformance.protocol.schema import shown
from vnic_conformance.targets import Target
from vnic_conformance.targets.failures import BadReply

__all__ = ["ClientPort", "DirectPort", "Seen", "TargetPort", "Turn"]


class Seen(NamedTuple):
    """What the client's user sees.

    Attributes:
        link: whether the link is up.
        opened: whether the device is open; None if the adapter does not say.
        received: frames that came since the last look.
        health: what has been seen of its trouble; empty: nothing.
    """

    link: bool
    opened: bool | None
    received: tuple[bytes, ...]
    health: str


class ClientPort(Protocol):
    """A client under test, standing still between two turns. Times in ms since the reset."""

    @property
    def hello(self) -> Hello:
        """What it says of itself."""

    @property
    def unit(self) -> int:
        """The unit address by which its calls name its device."""

    def reset(self, mac: bytes) -> None:
        """A fresh client partition whose device has this MAC; the driver has not looked at it yet."""

    def run(self, now: int) -> Turn:
        """Let it go on at this time, until it calls or has nothing more to do now."""

    def answer(self, rc: int, *values: int) -> Turn:
        """Answer the call that it waits in."""

    def interrupt(self, source: str) -> None:
        """Raise an interrupt: ``crq``, or the number that H_REG_SUB_CRQ gave. Felt in the next turn."""

    def read(self, address: int, length: int) -> bytes | None:
        """Bytes at an I/O address; None if that is not mapped."""

    def write(self, address: int, data: bytes) -> bool:
        """Write at an I/O address; False if that is not mapped."""

    def user(self, action: str, **arguments: str | int) -> int | None:
        """Let the user ask for something; None if the client has nothing like it.

        Otherwise the number by which :attr:`Turn.finished` tells that it returned.
        """

    def observe(self) -> Seen:
        """What the user sees."""


class _Port(ABC):
    """A client that is asked by requests of adapter protocol 1.1."""

    _unit = 0

    @property
    def unit(self) -> int:
        """See :class:`ClientPort`."""
        return self._unit

    @abstractmethod
    def _ask(self, **fields: object) -> Mapping[str, object]:
        """One request and its reply."""

    def reset(self, mac: bytes) -> None:
        """See :class:`ClientPort`."""
        unit = self._ask(op="reset", mac=mac.hex())["unit"]
        self._unit = int(unit, 16) if isinstance(unit, str) else int(str(unit))

    def run(self, now: int) -> Turn:
        """See :class:`ClientPort`."""
        return turn_of(self._ask(op="run", now=now))

    def answer(self, rc: int, *values: int) -> Turn:
        """See :class:`ClientPort`."""
        return turn_of(self._ask(op="answer", rc=rc, **{f"r{4 + at}": value for at, value in enumerate(values)}))

    def interrupt(self, source: str) -> None:
        """See :class:`ClientPort`."""
        self._ask(op="interrupt", source=source)

    def read(self, address: int, length: int) -> bytes | None:
        """See :class:`ClientPort`."""
        reply = self._ask(op="read", address=address, length=length)
        return bytes.fromhex(str(reply["hex"])) if reply["outcome"] == Outcome.DONE else None

    def write(self, address: int, data: bytes) -> bool:
        """See :class:`ClientPort`."""
        return self._ask(op="write", address=address, hex=data.hex())["outcome"] == Outcome.DONE

    def user(self, action: str, **arguments: str | int) -> int | None:
        """See :class:`ClientPort`."""
        reply = self._ask(op="user", action=action, **arguments)
        return int(str(reply["order"])) if reply["outcome"] == Outcome.DONE else None

    def observe(self) -> Seen:
        """See :class:`ClientPort`."""
        reply = self._ask(op="observe")
        frames = tuple(bytes.fromhex(frame) for frame in str(reply.get("received", "")).split())
        opened = bool(reply["open"]) if "open" in reply else None
        return Seen(reply["link"] == 1, opened, frames, str(reply["health"]))


class TargetPort(_Port):
    """A client behind an adapter, every message checked; see :class:`ClientPort`.

    Args:
        target: an adapter that has greeted as role ``client``.

    Raises:
        ValueError: it has another role.
    """

    def __init__(self, target: Target) -> None:
        if target.hello.role != "client":
            raise ValueError(f"{target.hello.label} plays role {target.hello.role}, not client")
        self._target = target

    @property
    def hello(self) -> Hello:
        """See :class:`ClientPort`."""
        return self._target.hello

    def _ask(self, **fields: object) -> Mapping[str, object]:
        """One request and its checked reply.

        Raises:
            AdapterBroken: no reply came, or not one that the protocol allows.
        """
        request = to_line(fields)
        check_client_request(request)
        reply = self._target.probe(fields)
        problem = check_client_reply(request, reply, virtual=self.hello.virtual)
        if problem is not None:
            raise BadReply(f"{problem}; the reply was {shown(reply, 300)}")
        if reply["outcome"] == Outcome.ERROR:
            raise BadReply(f"{fields['op']} answered with an error: {reply['error']}")
        return reply


class DirectPort(_Port):
    """A client that answers in this process, and is trusted to keep to the protocol: for many plays of one client.

    Args:
        answer: takes a request and returns its reply.

    Raises:
        BadReply: its greeting is none, or it answers a request with an error.
    """

    def __init__(self, answer: Callable[[Fields], Mapping[str, object]]) -> None:
        self._answer = answer
        self._hello = Hello.from_reply(self._ask(op="hello"))

    @property
    def hello(self) -> Hello:
        """See :class:`ClientPort`."""
        return self._hello

    def _ask(self, **fields: object) -> Mapping[str, object]:
        reply = self._answer(fields)
        if reply["outcome"] == Outcome.ERROR:
            raise BadReply(f"{fields['op']} answered with an error: {reply['error']}")
        return reply
