"""A target: an implementation under test behind its adapter, asked one request at a time.

:class:`Target` numbers requests, bounds every wait, and lets no reply through that the protocol does not allow. What
carries the messages is a :class:`Link`: the pipes of a child process, a socket, or a call in this process.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Protocol, Self

from vnic_conformance.protocol import rules
from vnic_conformance.protocol.hello import ClaimError, Hello, VersionError
from vnic_conformance.protocol.messages import (
    PROTOCOL_MAJOR,
    PROTOCOL_MINOR,
    Fields,
    Outcome,
    describe,
    from_line,
    to_line,
)
from vnic_conformance.protocol.schema import shown
from vnic_conformance.targets.failures import AdapterBroken, BadClaim, BadReply, Declined, WrongSeq, WrongVersion
from vnic_conformance.version import kit_version

#: Longest wait for a reply in seconds, by request, at time scale 1. ``hello`` and ``reset`` may start machines.
WAIT_S: Final[Mapping[str, float]] = {
    "hello": 30.0,
    "reset": 30.0,
    "apply": 10.0,
    "advance": 10.0,
    "settle": 10.0,
    "observe": 10.0,
    "bye": 10.0,
}

#: Told of every message: ``"request"``, ``"reply"`` or ``"broken"``, and the message. A request is told before it is
#: sent, so that nothing that the adapter has seen is missing from a record, whatever happens next.
Log = Callable[[str, Mapping[str, object]], None]


class Link(Protocol):
    """What carries messages to one adapter and back."""

    @property
    def stderr_tail(self) -> str:
        """The last lines of standard error; empty if there is no such thing."""

    def exchange(self, request: Fields, wait_s: float) -> Mapping[str, object]:
        """Send a request and take the reply, within ``wait_s`` seconds.

        Raises:
            AdapterBroken: no reply came that is a message.
        """

    def end(self, wait_s: float) -> None:
        """See that the adapter ends by itself after ``bye``, within ``wait_s`` seconds.

        Raises:
            AdapterBroken: it does not, or leaves something behind.
        """

    def close(self) -> None:
        """Release everything, ending by force what still runs. Never raises, may be called again."""


class Target:
    """An adapter that has greeted; made by :func:`vnic_conformance.targets.open_target`.

    Args:
        link: what carries the messages; closed with the target.
        time_scale: factor on every wait.
        log: told of every message.

    Attributes:
        servers: server partitions since the last reset; 0 before the first.
        requests: how many requests have been sent.

    Raises:
        AdapterBroken: its greeting is not what the protocol asks for; the link is closed then.
    """

    def __init__(self, link: Link, *, time_scale: float = 1.0, log: Log | None = None) -> None:
        self._link = link
        self._time_scale = time_scale
        self._log = log
        self._seq = 0
        self._broken: AdapterBroken | None = None
        self._closed = False
        self._answered: deque[int] = deque(maxlen=8)
        self._features: frozenset[str] = frozenset()
        self._virtual = False
        self._system = False
        self._quiet_s = 0.0
        self.servers = 0
        self.requests = 0
        try:
            self._hello = self._greet()
        except BaseException:
            self.close()
            raise
        self._features = self._hello.features
        self._virtual = self._hello.virtual
        self._system = self._hello.role == "system"
        self._quiet_s = self._hello.quiet_ms / 1000

    # -- what there is ---------------------------------------------------------------------------------------------

    @property
    def hello(self) -> Hello:
        """What the adapter says of itself."""
        return self._hello

    @property
    def time_scale(self) -> float:
        """Factor on every wait."""
        return self._time_scale

    @property
    def stderr_tail(self) -> str:
        """The last lines that the adapter wrote on standard error. They are never a verdict."""
        return self._link.stderr_tail

    @property
    def broken(self) -> AdapterBroken | None:
        """What has gone wrong with it, if something has; every later request raises the same."""
        return self._broken

    def wait_s(self, op: str) -> float:
        """Longest wait for the reply to a request, in seconds."""
        return (WAIT_S.get(op, WAIT_S["apply"]) + self._quiet_s) * self._time_scale

    # -- requests --------------------------------------------------------------------------------------------------

    def request(self, fields: Mapping[str, object]) -> Fields:
        """Send a request and return its reply, ``seq`` included.

        Args:
            fields: the request without ``seq``: ``op`` and what belongs to it. Numbers are integers of any size.

        Raises:
            AdapterBroken: no reply came in time, or not one that the protocol allows.
            ValueError: the protocol has no such request (a fault of the kit).
        """
        request = {"seq": self._seq + 1, **to_line(fields)}
        rules.check_request(request)
        return self._ask(request)

    def probe(self, fields: Mapping[str, object]) -> Fields:
        """Like :meth:`request`, for what the protocol does *not* have: a sane adapter declines it.

        The reply need only be one: the fields that a known request is owed are not asked for.
        """
        return self._ask({"seq": self._seq + 1, **to_line(fields)}, known=False)

    def skip_numbers(self, count: int) -> None:
        """Leave out ``count`` numbers, so that an adapter that counts by itself instead of echoing is found out."""
        self._seq += count

    def _ask(self, request: Fields, *, known: bool = True) -> Fields:
        if self._broken is not None:
            raise self._broken
        if self._closed:
            raise RuntimeError("the target is closed")
        self._seq += 1
        self.requests += 1
        if self._log is not None:
            self._log("request", request)
        try:
            raw = self._link.exchange(request, self.wait_s(str(request["op"])))
            reply = self._checked(request, raw, known)
        except AdapterBroken as trouble:
            self._breaks(trouble, request)
            raise
        self._answered.append(self._seq)
        if self._log is not None:
            self._log("reply", reply)
        if request["op"] == "reset" and reply["outcome"] == Outcome.DONE:
            servers = request.get("servers")  # role client has none of its own
            self.servers = servers if isinstance(servers, int) else 0
        return reply

    def _checked(self, request: Fields, raw: Mapping[str, object], known: bool) -> Fields:
        """The reply as the kit handles it."""
        expected = f'one line with "seq":{request["seq"]}'
        if "seq" not in raw:
            raise BadReply(f"field 'seq' is missing; the reply was {shown(raw, 300)}", expected=expected)
        if raw["seq"] != request["seq"] or isinstance(raw["seq"], bool):
            seq = raw["seq"]
            before = isinstance(seq, int) and not isinstance(seq, bool) and seq in self._answered
            again = ", which has been answered before" if before else ""
            raise WrongSeq(f'a line with "seq":{shown(seq)}{again}', expected=expected)
        if set(map(type, raw)) != {str} and not all(isinstance(name, str) for name in raw):
            raise BadReply("a field whose name is no string", expected="names that are strings")
        asked = request if known else {"op": ""}
        servers = self.servers
        if request["op"] == "reset" and isinstance(request.get("servers"), int):
            servers = request["servers"]  # type: ignore[assignment]  # looked at in the line above
        problem = rules.check_reply(
            asked, raw, servers=servers, features=self._features, virtual=self._virtual, system=self._system
        )
        if problem is not None:
            raise BadReply(f"{problem}; the reply was {shown(raw, 300)}")
        return from_line(rules.asked_for(request, raw) if known else dict(raw))

    def _breaks(self, trouble: AdapterBroken, request: Mapping[str, object]) -> None:
        """Remember what went wrong, and say where."""
        trouble.request = describe(request)
        seq = request.get("seq")
        trouble.seq = seq if isinstance(seq, int) else 0
        # Ending it first lets what it still had to say on standard error arrive.
        self._link.close()
        trouble.stderr_tail = self._link.stderr_tail
        self._broken = trouble
        if self._log is not None:
            self._log("broken", trouble.as_fields())

    def _greet(self) -> Hello:
        request: Fields = {
            "op": "hello",
            "protocol_major": PROTOCOL_MAJOR,
            "protocol_minor": PROTOCOL_MINOR,
            "kit": kit_version(),
        }
        reply = self.request(request)
        try:
            if reply["outcome"] != Outcome.DONE:
                raise Declined(
                    f'outcome "{reply["outcome"]}": {reply.get("error") or reply.get("reason") or "no reason"}'
                )
            try:
                return Hello.from_reply(reply)
            except VersionError as error:
                raise WrongVersion(str(error), expected=f"protocol_major {PROTOCOL_MAJOR}") from None
            except ClaimError as error:
                raise BadClaim(str(error)) from None
        except AdapterBroken as trouble:
            self._breaks(trouble, {**request, "seq": self._seq})
            raise

    # -- the end ---------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Say ``bye``, and see that the adapter ends by itself and leaves nothing behind.

        Raises:
            AdapterBroken: it does not.
        """
        reply = self.request({"op": "bye"})
        try:
            if reply["outcome"] != Outcome.DONE:
                raise Declined(f'outcome "{reply["outcome"]}"')
            self._link.end(self.wait_s("bye"))
        except AdapterBroken as trouble:
            self._breaks(trouble, {"op": "bye", "seq": self._seq})
            raise
        self.close()

    def close(self) -> None:
        """Release everything: politely if the adapter is sane, by force otherwise. Never raises; may be called again."""
        if not self._closed and self._broken is None and self._seq > 0:
            self._closed = True
            try:
                self._link.exchange({"seq": self._seq + 1, "op": "bye"}, min(self.wait_s("bye"), 2.0))
                self._link.end(min(self.wait_s("bye"), 2.0))
            except AdapterBroken:
                pass  # whoever wants to know calls finish
        self._closed = True
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
