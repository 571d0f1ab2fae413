"""The laws of the data path, black box: whatever comes out has gone in, not more often, and by the right port (DAT).

Frames are compared by their bytes. The kit reads as much of a frame as it needs to know a ping's answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_ETHERTYPE_IPV4 = 0x0800
_ICMP, _UDP = 1, 17
_REQUEST, _REPLY = 8, 0


class Finding(NamedTuple):
    """Something that must not be.

    Attributes:
        case: slug of the case that it counts against.
        requirement: what is hurt.
        sentence: what must be.
        came: what was seen instead.
        allowed: what was allowed.
    """

    case: str
    requirement: str
    sentence: str
    came: str
    allowed: str


class Echo(NamedTuple):
    """An ICMP echo message: whether it is the reply, identifier and sequence number."""

    reply: bool
    identifier: int
    sequence: int


def echo_of(frame: bytes) -> Echo | None:
    """The echo message in a frame, or None."""
    if len(frame) < 34 or int.from_bytes(frame[12:14], "big") != _ETHERTYPE_IPV4 or frame[14] >> 4 != 4:
        return None
    at = 14 + (frame[14] & 0xF) * 4
    if frame[23] != _ICMP or len(frame) < at + 8 or frame[at] not in (_REQUEST, _REPLY):
        return None
    return Echo(frame[at] == _REPLY, *(int.from_bytes(frame[at + n : at + n + 2], "big") for n in (4, 6)))


def is_datagram(frame: bytes) -> bool:
    """Whether a frame carries a UDP datagram."""
    return len(frame) >= 34 and int.from_bytes(frame[12:14], "big") == _ETHERTYPE_IPV4 and frame[23] == _UDP


def frames_of(came: Mapping[str, object], name: str) -> list[bytes]:
    """The frames in a field of an observation."""
    return [bytes.fromhex(word) for word in str(came.get(name, "")).split()]


def describe(frame: bytes) -> str:
    """A frame in a few words."""
    echo = echo_of(frame)
    if echo is not None:
        return f"the echo {'reply' if echo.reply else 'request'} no {echo.sequence}"
    kind = int.from_bytes(frame[12:14], "big")
    what = {0x0806: "an ARP packet"}.get(kind, "a datagram" if is_datagram(frame) else f"a frame of type {kind:04x}")
    return f"{what} ({frame[:14].hex()}…)"


class FrameLaws:
    """Counts the frames of one system, from ``reset`` on.

    Args:
        servers: server partitions.
    """

    def __init__(self, servers: int) -> None:
        self._servers = servers
        self._step = 0
        self._sent: Counter[bytes] = Counter()
        self._left: Counter[bytes] = Counter()
        self._wire: Counter[bytes] = Counter()
        self._host: Counter[bytes] = Counter()
        self._received: Counter[bytes] = Counter()
        self._arrived: dict[bytes, list[tuple[int, int]]] = {}
        #: In which step each server was last selected.
        self._selected: dict[int, int] = {}
        self.passed: Counter[str] = Counter()  #: how many frames each law was put to

    def step(self, came: Mapping[str, object], through: frozenset[int | None]) -> Iterator[Finding]:
        """Judge the frames of one step.

        Args:
            came: the observation.
            through: servers that may have been selected at some time in the step.
        """
        self._step += 1
        for i in through:
            if i is not None:
                self._selected[i] = self._step
        self._sent.update(frames_of(came, "client_sent"))
        self._host.update(frames_of(came, "host_sent"))
        for i in range(self._servers):
            yield from self._leaving(i, frames_of(came, f"server{i}_sent"), through)
            for frame in frames_of(came, f"server{i}_received"):
                self._arrived.setdefault(frame, []).append((i, self._step))
        yield from self._on_the_wire(frames_of(came, "host_received"))
        yield from self._coming(frames_of(came, "client_received"))

    def _leaving(self, i: int, frames: list[bytes], through: frozenset[int | None]) -> Iterator[Finding]:
        selected = ", ".join(f"server{j}" for j in sorted(j for j in through if j is not None)) or "no server"
        for frame in frames:
            self.passed["DAT-1/once"] += 1
            self.passed["DAT-1/selected"] += 1
            self._left[frame] += 1
            if self._left[frame] > self._sent[frame]:
                yield Finding(
                    "DAT-1/once",
                    "DAT-1",
                    "A frame sent by the client leaves at most once.",
                    f"{describe(frame)} left {self._left[frame]} times, the last time through server{i}",
                    f"{self._sent[frame]} times: so often the application's interface took it",
                )
            if i not in through:
                yield Finding(
                    "DAT-1/selected",
                    "DAT-1, FOV-10",
                    "No frame that a server accepts after it was fenced leaves at all.",
                    f"{describe(frame)} left through server{i}",
                    f"frames through {selected}, which was selected in this step",
                )

    def _on_the_wire(self, frames: list[bytes]) -> Iterator[Finding]:
        for frame in frames:
            if frame not in self._sent:
                continue  # of somebody else
            self._wire[frame] += 1
            if self._wire[frame] > self._sent[frame]:
                yield Finding(
                    "DAT-1/once",
                    "DAT-1",
                    "A frame sent by the client leaves at most once.",
                    f"{describe(frame)} came to the host {self._wire[frame]} times",
                    f"{self._sent[frame]} times: so often the application's interface took it",
                )

    def _coming(self, frames: list[bytes]) -> Iterator[Finding]:
        for frame in frames:
            self.passed["DAT-2/once"] += 1
            self.passed["DAT-2/selected"] += 1
            self._received[frame] += 1
            # The network floods a broadcast to every port: one sent before a switch may come back through the new one.
            sent = self._host[frame] + (self._sent[frame] if frame[0] & 1 else 0)
            if self._received[frame] > sent:
                yield Finding(
                    "DAT-2/once",
                    "DAT-2",
                    "A frame from the wire reaches the client at most once.",
                    f"{describe(frame)} was received {self._received[frame]} times",
                    f"{sent} times: so often it was sent",
                )
            elif not any(self._selected.get(i, 0) >= step for i, step in self._arrived.get(frame, ())):
                ports = ", ".join(f"server{i}" for i, _ in self._arrived.get(frame, ())) or "no port"
                yield Finding(
                    "DAT-2/selected",
                    "DAT-2",
                    "A frame from the wire reaches the client only through the selected server.",
                    f"{describe(frame)} was received, and had come to {ports}",
                    "frames that came to the port of a server that was selected then or since",
                )
