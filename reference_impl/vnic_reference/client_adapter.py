"""The reference client behind adapter protocol 1.1, role ``client``: ``python -m vnic_reference --role client``.

The client calls, the kit answers. The client's code runs aside (:mod:`vnic_reference.aside`) and stands still in each of
its hypervisor calls; a request of the kit is answered when it stands still again. Above the client there is as much of a
user and of a network stack as it needs: wishes in the order in which they were asked for, and the announcement of its MAC
when the client says that the network has to be told (CLI-5, DLG-11).
"""

from __future__ import annotations

import importlib.metadata
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from vnic_reference.aside import Aside
from vnic_reference.client import ClientSettings, VnicClient
from vnic_reference.client_outside import CRQ_SOURCE, UNIT, Call, OutsideDriver
from vnic_reference.driver import Driver
from vnic_reference.hypervisor import Answer
from vnic_reference.network.frames import ARP_REQUEST, BROADCAST, ETHERTYPE_ARP, Arp, Ethernet, is_multicast, is_unicast
from vnic_reference.requests import Fields, RequestError, hexadecimal, number, parse, reply_line, word
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import PAGE_BYTES

#: Makes a client of a unit, a MAC and settings; faulty variants put something else there.
MakeClient = Callable[[Driver, bytes, ClientSettings], VnicClient]

FEATURES: Final = "complain mtu queues multicast promiscuous mac frames windows events"
PROTOCOL: Final = (1, 1)
#: Error numbers that a user gets, as on Linux.
_EINVAL, _ENODEV, _ENETDOWN = 22, 19, 100
_ADDRESS: Final = bytes((10, 0, 0, 1))
_ANNOUNCE_AGAIN_MS: Final = 100
#: Steps at one instant after which a client that always has something to do is taken for one that never stops.
_MOST_STEPS: Final = 100_000


@dataclass(frozen=True, slots=True)
class _Idle:
    """The client has nothing to do before this time, or before something happens."""

    until: int | None


class ClientAdapter:
    """Answers requests, one reply each, and never raises.

    Args:
        make: the client's class, or what makes one.
        settings: the client's choices; it is closed until its user opens it.

    Attributes:
        closed: ``bye`` was said.
        now: ms since the reset.
    """

    now: int
    _aside: Aside | None = None
    _driver: OutsideDriver
    _client: VnicClient | None
    _stands_in: Call | _Idle | None
    _orders: int
    _wishes: deque[tuple[int, str, Fields]]
    _waiting: list[tuple[int, str]]
    _finished: list[str]
    _events: list[str]
    _link: bool
    _announce_at: int | None

    def __init__(self, make: MakeClient = VnicClient, settings: ClientSettings | None = None) -> None:
        self._make = make
        self._settings = settings or ClientSettings(open_at_boot=False)
        self._ops: Final[Mapping[str, Callable[[Fields], Fields]]] = {
            "hello": self._hello,
            "reset": self._reset,
            "run": self._run,
            "answer": self._answer,
            "interrupt": self._interrupt,
            "read": self._read,
            "write": self._write,
            "user": self._user,
            "observe": self._observe,
            "bye": self._bye,
        }
        self.closed = False
        self._begin(bytes((2, 0, 0, 0, 0, 1)))

    def __call__(self, request: Mapping[str, object]) -> Fields:
        """The reply to one request; never raises, whatever the request is."""
        fields = dict(request)
        seq = fields.get("seq")
        if not isinstance(seq, int) or isinstance(seq, bool):
            seq = 0
        try:
            op = fields.get("op")
            handler = self._ops.get(op) if isinstance(op, str) else None
            if handler is None:
                raise RequestError(f"op must be one of {', '.join(self._ops)}")
            return {"seq": seq, "outcome": "done"} | handler(fields)
        except RequestError as error:
            return {"seq": seq, "outcome": "error", "error": str(error)}

    def answer(self, line: str) -> str:
        """The reply to one line, as a line; never raises, whatever the line is."""
        try:
            return reply_line(self(parse(line)))
        except RequestError as error:
            return reply_line({"seq": 0, "outcome": "error", "error": str(error)})

    def close(self) -> None:
        """End the client where it stands. May be called again."""
        if self._aside is not None:
            self._aside.close()

    # -- requests ------------------------------------------------------------------------------------------------

    def _hello(self, fields: Fields) -> Fields:
        if number(fields, "protocol_major", PROTOCOL[0]) != PROTOCOL[0]:
            raise RequestError(f"this adapter speaks protocol {PROTOCOL[0]}")
        return {
            "protocol_major": PROTOCOL[0],
            "protocol_minor": PROTOCOL[1],
            "implementation": "vnic_reference",
            "version": importlib.metadata.version("vnic-failover-kit"),
            "role": "client",
            "servers": 1,
            "clock": "virtual",
            "quiet_ms": 0,
            "features": FEATURES,
            "profile_client_init": self._settings.client_init,
        }

    def _reset(self, fields: Fields) -> Fields:
        mac = hexadecimal(fields, "mac", 6)
        if not is_unicast(mac):
            raise RequestError("mac must be the MAC of a station")
        self._begin(mac)
        return {"unit": UNIT, "page": PAGE_BYTES}

    def _run(self, fields: Fields) -> Fields:
        now = number(fields, "now")
        if isinstance(self._stands_in, Call):
            raise RequestError("the client waits for the answer to its call")
        if now < self.now:
            raise RequestError(f"it is {self.now} already")
        self.now = now
        return self._turn(None)

    def _answer(self, fields: Fields) -> Fields:
        if not isinstance(self._stands_in, Call):
            raise RequestError("the client waits in no call")
        values = [number(fields, name) for name in ("r4", "r5") if name in fields]
        return self._turn((number(fields, "rc"), *values))

    def _turn(self, answer: Answer | None) -> Fields:
        assert self._aside is not None
        self._stands_in = cast("Call | _Idle | None", self._aside.resume(answer))
        reply: Fields = {}
        if self._driver.mapped:
            reply["mapped"] = " ".join(
                f"{'+' if new else '-'}{at:x}:{length:x}" for new, at, length in self._driver.mapped
            )
            self._driver.mapped.clear()
        for name, words in (("finished", self._finished), ("events", self._events)):
            if words:
                reply[name] = " ".join(words)
                words.clear()
        stands_in = self._stands_in
        if isinstance(stands_in, Call):
            registers = {f"r{4 + at}": argument for at, argument in enumerate(stands_in.arguments)}
            return {"state": "call", "opcode": stands_in.opcode, **registers, **reply}
        if stands_in is None:
            return {"state": "ended", "health": self._health(), **reply}
        return {"state": "idle", **({} if stands_in.until is None else {"until": stands_in.until}), **reply}

    def _interrupt(self, fields: Fields) -> Fields:
        source = word(fields, "source", None)
        raised = CRQ_SOURCE if source == "crq" else number(fields, "source")
        if raised not in self._driver.pending:
            self._driver.pending.append(raised)
        return {}

    def _read(self, fields: Fields) -> Fields:
        data = self._driver.peek(number(fields, "address"), number(fields, "length"))
        return {"outcome": "refused", "reason": "not mapped"} if data is None else {"hex": data.hex()}

    def _write(self, fields: Fields) -> Fields:
        done = self._driver.poke(number(fields, "address"), hexadecimal(fields, "hex"))
        return {} if done else {"outcome": "refused", "reason": "not mapped"}

    def _user(self, fields: Fields) -> Fields:
        action = word(fields, "action", None)
        if action not in _ACTIONS:
            return {"outcome": "unsupported"}
        if action == "add" and self._client is not None:
            return {"outcome": "refused", "reason": "the device is there"}
        self._orders += 1
        self._wishes.append((self._orders, action, fields))
        return {"order": self._orders}

    def _observe(self, fields: Fields) -> Fields:
        client = self._client
        received = [] if client is None else client.received()
        return {
            "link": int(client is not None and client.link_up),
            "open": int(client is not None and client.wish),
            "tx_frames": 0 if client is None else client.data.sent,
            "rx_frames": 0 if client is None else client.data.received,
            "received": " ".join(frame.hex() for frame in received),
            "health": self._health(),
        }

    def _bye(self, fields: Fields) -> Fields:
        self.closed = True
        self.close()
        return {}

    # -- what runs aside -----------------------------------------------------------------------------------------

    def _begin(self, mac: bytes) -> None:
        self.close()
        self.now = 0
        self._mac = mac
        self._stands_in = _Idle(0)
        aside = self._aside = Aside(self._live)
        self._driver = OutsideDriver(lambda call: cast("Answer", aside.ask(call)))
        self._client = None
        self._orders = 0
        self._wishes = deque()
        self._waiting = []
        self._finished = []
        self._events = []
        self._link = False
        self._announce_at = None

    def _live(self, ask: Callable[[object], object]) -> None:
        """The client partition, for ever: what the user wants, what the client does, what its network stack does."""
        while True:
            steps, moved = 0, False
            while moved or self._due():
                self._wish()
                moved = self._client is not None and self._client.step(self.now)
                self._look()
                steps += 1
                if steps > _MOST_STEPS:
                    raise RuntimeError(f"the client is never done at {self.now} ms")
            ask(_Idle(self._next()))

    def _due(self) -> bool:
        if self._wishes:
            return True
        if self._client is None:
            return False
        deadline = self._next()
        return bool(self._driver.pending) or (deadline is not None and deadline <= self.now)

    def _next(self) -> int | None:
        times = (None if self._client is None else self._client.next_deadline(), self._announce_at)
        return min((time for time in times if time is not None), default=None)

    def _look(self) -> None:
        """What the network stack above the client sees of it, and does."""
        client = self._client
        up = client is not None and client.link_up
        if up is not self._link:
            self._link = up
            self._events.append("carrier_on" if up else "carrier_off")
        if client is None:
            return
        if client.take_notification():
            self._events.append("notify_peers")
            self._announce_at = self.now
        if self._announce_at is not None and self.now >= self._announce_at:
            # A new login has an announcement of its own, so that of one that ended is not kept.
            sent = not up or client.send(_announcement(client.mac))
            self._announce_at = None if sent else self.now + _ANNOUNCE_AGAIN_MS
        self._returned(client)

    def _returned(self, client: VnicClient) -> None:
        """Tell of what the user has waited for."""
        for order, action in list(self._waiting):
            if action == "remove" and client.removed:
                self._client = None
                self._announce_at = None
                self._link = False
                self._events.append("unregistered")
            elif action == "complain" and (not client.complaining or client.phase is ClientPhase.OFF):
                pass
            else:
                continue
            self._waiting.remove((order, action))
            self._finished.append(f"{order}:0")

    def _wish(self) -> None:
        """Do what the user has asked for, in that order."""
        while self._wishes:
            order, action, fields = self._wishes.popleft()
            try:
                result = _ACTIONS[action](self, fields)
            except RequestError:
                result = _EINVAL
            if result is None:
                self._waiting.append((order, action))
            else:
                self._finished.append(f"{order}:{result}")

    def _health(self) -> str:
        return "" if self._aside is None else self._aside.failure[-1500:]

    # -- what a user asks for: the error number, or None if it takes its time ---------------------------------------

    def _add(self, fields: Fields) -> int | None:
        if self._client is not None:
            return _EINVAL
        self._client = self._make(self._driver, self._mac, self._settings)
        # It begins when the time has come that it is told.
        self._client.now = self.now
        self._events.append("registered")
        return 0

    def _there(self) -> VnicClient:
        if self._client is None or self._client.phase is ClientPhase.OFF:
            raise _AbsentError
        self._client.now = self.now
        return self._client

    def _remove(self, fields: Fields) -> int | None:
        self._there().remove()
        return None

    def _open(self, fields: Fields) -> int | None:
        self._there().open()
        self._events.append("up")
        return 0

    def _close(self, fields: Fields) -> int | None:
        self._there().close()
        self._events.append("down")
        return 0

    def _complain(self, fields: Fields) -> int | None:
        self._there().complain()
        return None

    def _mtu(self, fields: Fields) -> int | None:
        mtu = number(fields, "value")
        if not 68 <= mtu <= 65_521:
            return _EINVAL
        self._there().set_mtu(mtu)
        return 0

    def _queues(self, fields: Fields) -> int | None:
        queues = max(number(fields, "tx"), number(fields, "rx"))
        if not 1 <= queues <= 16:
            return _EINVAL
        self._there().set_queues(queues)
        return 0

    def _multicast(self, fields: Fields) -> int | None:
        wanted = {bytes.fromhex(mac) for mac in word(fields, "list", None).split()}
        client = self._there()
        if not all(len(mac) == 6 and is_multicast(mac) for mac in wanted):
            return _EINVAL
        for mac in client.multicast - wanted:
            client.leave(mac)
        for mac in wanted:
            client.join(mac)
        return 0

    def _promiscuous(self, fields: Fields) -> int | None:
        self._there().set_promiscuous(number(fields, "value") != 0)
        return 0

    def _set_mac(self, fields: Fields) -> int | None:
        return 0 if self._there().set_mac(hexadecimal(fields, "mac", 6)) else _EINVAL

    def _send(self, fields: Fields) -> int | None:
        return 0 if self._there().send(hexadecimal(fields, "hex")) else _ENETDOWN


class _AbsentError(RequestError):
    """There is no device."""

    def __init__(self) -> None:
        super().__init__("the device is not there")


_ACTIONS: Final[Mapping[str, Callable[[ClientAdapter, Fields], int | None]]] = {
    "add": ClientAdapter._add,
    "remove": ClientAdapter._remove,
    "open": ClientAdapter._open,
    "close": ClientAdapter._close,
    "complain": ClientAdapter._complain,
    "mtu": ClientAdapter._mtu,
    "queues": ClientAdapter._queues,
    "multicast": ClientAdapter._multicast,
    "promiscuous": ClientAdapter._promiscuous,
    "mac": ClientAdapter._set_mac,
    "send": ClientAdapter._send,
}


def _announcement(mac: bytes) -> bytes:
    """A gratuitous ARP."""
    return Ethernet(BROADCAST, mac, ETHERTYPE_ARP, Arp(ARP_REQUEST, mac, _ADDRESS, bytes(6), _ADDRESS).pack()).pack()
