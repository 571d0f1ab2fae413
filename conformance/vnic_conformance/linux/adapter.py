"""The guest behind adapter protocol 1.1, role client: requests in, replies out, one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import BinaryIO, Final

from vnic_conformance.client_role.port import Turn
from vnic_conformance.linux.client import UNIT, LinuxClient
from vnic_conformance.linux.errors import LinuxError
from vnic_conformance.protocol.client_rules import check_client_request
from vnic_conformance.protocol.client_words import USER_ACTIONS
from vnic_conformance.protocol.messages import (
    PROTOCOL_MAJOR,
    Fields,
    NotAMessageError,
    Outcome,
    decode,
    encode,
    to_line,
)
from vnic_spec.wire import PAGE_BYTES


class LinuxAdapter:
    """Answers requests, one reply each.

    Args:
        client: what is behind it; closed with it.

    Attributes:
        closed: ``bye`` was said.
    """

    def __init__(self, client: LinuxClient) -> None:
        self._client = client
        self.closed = False
        self._ops: Final[Mapping[str, Callable[[Fields], Fields]]] = {
            "hello": self._hello,
            "reset": self._reset,
            "run": lambda fields: _plain(client.run(_whole(fields, "now"))),
            "answer": self._answer,
            "interrupt": self._interrupt,
            "read": self._read,
            "write": self._write,
            "user": self._user,
            "observe": self._observe,
            "bye": self._bye,
        }

    def __call__(self, request: Mapping[str, object]) -> Fields:
        """The reply to one request; whatever the request is, there is one."""
        seq = request.get("seq")
        reply: Fields = {"seq": seq if isinstance(seq, int) and not isinstance(seq, bool) else 0}
        try:
            return reply | {"outcome": Outcome.DONE.value} | self._replied(dict(request))
        except (LinuxError, ValueError) as error:
            return reply | {"outcome": Outcome.ERROR.value, "error": str(error)}

    def _replied(self, fields: Fields) -> Fields:
        op = fields.get("op")
        if op == "user" and fields.get("action") not in USER_ACTIONS:
            return {"outcome": Outcome.UNSUPPORTED.value}
        if op not in ("hello", "bye"):
            asked = {name: value for name, value in fields.items() if name != "seq"}
            check_client_request(asked)
        return self._ops[str(op)](fields)

    def close(self) -> None:
        """End every guest. May be called again."""
        self._client.close()

    # -- requests ------------------------------------------------------------------------------------------------

    def _hello(self, fields: Fields) -> Fields:
        if fields.get("protocol_major") != PROTOCOL_MAJOR:
            raise ValueError(f"this adapter speaks protocol {PROTOCOL_MAJOR}")
        return dict(self._client.greeting)

    def _reset(self, fields: Fields) -> Fields:
        mac = bytes.fromhex(str(fields["mac"]))
        if mac[0] & 1 or not any(mac):
            raise ValueError("mac must be the MAC of a station")
        self._client.reset(mac)
        return {"unit": UNIT, "page": PAGE_BYTES}

    def _answer(self, fields: Fields) -> Fields:
        values = [_whole(fields, name) for name in ("r4", "r5") if name in fields]
        return _plain(self._client.answer(_whole(fields, "rc"), *values))

    def _interrupt(self, fields: Fields) -> Fields:
        self._client.interrupt(str(fields["source"]))
        return {}

    def _read(self, fields: Fields) -> Fields:
        data = self._client.read(_whole(fields, "address"), _whole(fields, "length"))
        return _not_mapped() if data is None else {"hex": data.hex()}

    def _write(self, fields: Fields) -> Fields:
        done = self._client.write(_whole(fields, "address"), bytes.fromhex(str(fields["hex"])))
        return {} if done else _not_mapped()

    def _user(self, fields: Fields) -> Fields:
        action = str(fields["action"])
        named = {name: value for name, value in fields.items() if name not in ("seq", "op", "action")}
        arguments = {name: value if isinstance(value, int) else str(value) for name, value in named.items()}
        order = self._client.user(action, **arguments)
        if order is None:
            return {"outcome": Outcome.REFUSED.value, "reason": "the device is there"}
        return {"order": order}

    def _observe(self, fields: Fields) -> Fields:
        seen = self._client.observe()
        received = " ".join(frame.hex() for frame in seen.received)
        return {"link": int(seen.link), "open": int(bool(seen.opened)), "received": received, "health": seen.health}

    def _bye(self, fields: Fields) -> Fields:
        self.closed = True
        self.close()
        return {}


def _not_mapped() -> Fields:
    return {"outcome": Outcome.REFUSED.value, "reason": "not mapped"}


def _whole(fields: Fields, name: str) -> int:
    value = fields.get(name)
    if value is None:
        raise ValueError(f"{fields.get('op')} needs the field {name}")
    return value if isinstance(value, int) else int(str(value), 0)


def _plain(turn: Turn) -> Fields:
    """A turn as the fields of a reply."""
    reply: Fields = {}
    if turn.mapped:
        reply["mapped"] = " ".join(f"{'+' if new else '-'}{at:x}:{length:x}" for new, at, length in turn.mapped)
    if turn.finished:
        reply["finished"] = " ".join(f"{order}:{result}" for order, result in turn.finished)
    if turn.events:
        reply["events"] = " ".join(turn.events)
    if turn.opcode is not None:
        registers = {f"r{4 + at}": value for at, value in enumerate(turn.arguments)}
        return {"state": "call", "opcode": turn.opcode, **registers, **reply}
    if turn.ended:
        return {"state": "ended", "health": turn.health, **reply}
    return {"state": "idle", **({} if turn.until is None else {"until": turn.until}), **reply}


def serve(adapter: LinuxAdapter, requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer each line with a line, until ``bye`` or the end of input."""
    try:
        for line in requests:
            try:
                reply = adapter(decode(line))
            except NotAMessageError as error:
                reply = {"seq": 0, "outcome": Outcome.ERROR.value, "error": str(error)}
            replies.write(encode(to_line(reply)))
            replies.flush()
            if adapter.closed:
                break
    finally:
        adapter.close()
