"""The adapter: the machine offered as requests and replies, one flat JSON object each.

Requests have ``op`` and usually ``seq``, which the reply repeats:

* ``hello``: what this is. ``reset``: a new machine; ``servers`` and any setting of :class:`Policy` by name.
* ``apply``: one stimulus; ``who`` is ``client``, ``server0`` …, ``console`` or ``platform``, ``call`` names it.
* ``settle``, ``advance`` (``ms``), ``observe`` (everything visible), ``bye``.

Numbers are JSON integers or strings such as ``"0x1000"``; bytes are hexadecimal strings. A reply has ``ok``; when it is
false, ``error`` says what was wrong with the *request*, and nothing has happened. A call that the hypervisor answered,
with whatever code, is ``ok`` and has ``rc``; so is a console operation that was refused, with ``refused``.

This first version is thin: the conformance kit defines the protocol.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from vnic_reference.console import Reply
from vnic_reference.driver import Driver
from vnic_reference.machine import MAX_ADVANCE_MS, MAX_SERVERS, Machine
from vnic_reference.policy import Policy
from vnic_spec.wire import ELEMENT_BYTES, PAGE_BYTES, SUB_ELEMENT_BYTES, Rc

PROTOCOL = "0"
#: Longest request in characters.
MAX_LINE = 1 << 20
_MAX_BLOCK = 128 * SUB_ELEMENT_BYTES

Fields = dict[str, object]


class RequestError(Exception):
    """The request cannot be understood; its text is the reply's ``error``."""


class Adapter:
    """Answers requests. A new adapter has a machine with two servers and default settings."""

    def __init__(self) -> None:
        self._machine = Machine()
        self.closed = False
        self._ops: Final[Mapping[str, Callable[[Fields], Fields]]] = {
            "hello": self._hello,
            "reset": self._reset,
            "apply": self._apply,
            "settle": self._settle,
            "advance": self._advance,
            "observe": self._observe,
            "bye": self._bye,
        }

    def answer(self, line: str) -> str:
        """The reply to one line; never raises, whatever the line is."""
        seq: object = None
        try:
            fields = _parse(line)
            seq = fields.get("seq")
            if not isinstance(seq, int | str):
                seq = None
            op = fields.get("op")
            handler = self._ops.get(op) if isinstance(op, str) else None
            if handler is None:
                raise RequestError(f"op must be one of {', '.join(self._ops)}")
            reply: Fields = {"seq": seq, "ok": True, **handler(fields)}
        except RequestError as error:
            reply = {"seq": seq, "ok": False, "error": str(error)}
        return json.dumps(reply)

    # -- operations ----------------------------------------------------------------------------------------------

    def _hello(self, fields: Fields) -> Fields:
        return {
            "protocol": PROTOCOL,
            "implementation": "vnic_reference",
            "role": "hypervisor",
            "clock": "virtual",
            "quiet_ms": 0,
            "servers": MAX_SERVERS,
        }

    def _reset(self, fields: Fields) -> Fields:
        servers = _number(fields, "servers", 2)
        settings = {name: value for name, value in fields.items() if name not in ("op", "seq", "servers")}
        try:
            self._machine = Machine(Policy.from_mapping(settings), servers)
        except ValueError as error:
            raise RequestError(str(error)) from None
        return {}

    def _settle(self, fields: Fields) -> Fields:
        self._machine.settle()
        return {}

    def _advance(self, fields: Fields) -> Fields:
        if not self._machine.advance(_number(fields, "ms")):
            raise RequestError(f"ms must be from 0 to {MAX_ADVANCE_MS}")
        return {"now": self._machine.now}

    def _bye(self, fields: Fields) -> Fields:
        self.closed = True
        return {}

    def _apply(self, fields: Fields) -> Fields:
        who = fields.get("who")
        call = fields.get("call")
        if not isinstance(call, str):
            raise RequestError("call must be a string")
        if who == "console":
            return self._console(call, fields)
        if who == "platform":
            return self._platform(call, fields)
        return _drive(self._driver(who), call, fields)

    def _driver(self, who: object) -> Driver:
        if who == "client":
            return self._machine.client
        if isinstance(who, str):
            for index, driver in enumerate(self._machine.servers):
                if who == f"server{index}":
                    return driver
        raise RequestError("who must be client, console, platform, or server0 and so on")

    def _console(self, call: str, fields: Fields) -> Fields:
        console = self._machine.console
        server = fields.get("server")
        if call == "add":
            reply = console.add(fields.get("device"))
        elif call == "remove":
            reply = console.remove(server)
        elif call == "priority":
            reply = console.set_priority(server, fields.get("priority"))
        elif call == "auto":
            reply = console.set_auto(fields.get("value"))
        elif call == "activate":
            reply = console.activate(server)
        else:
            raise RequestError("call must be add, remove, priority, auto or activate")
        return _console_reply(reply)

    def _platform(self, call: str, fields: Fields) -> Fields:
        machine = self._machine
        if call == "migrate":
            return {"done": machine.migrate()}
        partition = self._driver(fields.get("target")).unit.partition.number
        if call == "power_on":
            return {"done": machine.power_on(partition)}
        if call == "power_off":
            return {"done": machine.power_off(partition)}
        if call == "crash":
            return {"done": machine.crash(partition)}
        raise RequestError("call must be power_on, power_off, crash or migrate")

    def _observe(self, fields: Fields) -> Fields:
        machine = self._machine
        listing = machine.console.listing()
        seen: Fields = {
            "now": machine.now,
            "auto": listing.auto,
            "pinned": listing.pinned,
            "client_crq": listing.client_crq.name,
            "listed": " ".join(f"server{row.server}" for row in listing.servers),
        }
        for name, driver in [("client", machine.client), *((f"server{i}", d) for i, d in enumerate(machine.servers))]:
            seen[f"{name}_queue"] = " ".join(element.hex() for element in driver.elements())
            seen[f"{name}_interrupts"] = " ".join(str(source) for source in driver.pending_interrupts())
            for handle in driver.unit.sub_crqs:
                seen[f"{name}_sub_{handle}"] = " ".join(element.hex() for element in driver.elements(handle))
        for row in listing.servers:
            seen[f"server{row.server}_port"] = f"{row.device.adapter_id}/{row.device.physical_port}"
            seen[f"server{row.server}_logical_port"] = f"{row.logical_port:08x}"
            seen[f"server{row.server}_priority"] = row.device.priority
            seen[f"server{row.server}_status"] = row.status.name
            seen[f"server{row.server}_selected"] = row.selected
        return seen


def _drive(driver: Driver, call: str, fields: Fields) -> Fields:
    """One stimulus by a partition on its own unit."""
    if call in ("reg_crq", "reg_sub_crq"):
        address, length = _number(fields, "address", 0), _number(fields, "length", PAGE_BYTES)
        if call == "reg_crq":
            return _rc(driver.reg_crq(address, length))
        rc, *values = driver.reg_sub_crq(address, length)
        return _rc(rc) | dict(zip(("handle", "source"), values, strict=False))
    if call == "free_crq":
        return _rc(driver.free_crq())
    if call == "send_crq":
        return _rc(driver.send(_bytes(fields, ELEMENT_BYTES)))
    if call == "enable_crq":
        return _rc(driver.enable_crq())
    if call == "vio_signal":
        return _rc(driver.vio_signal(_number(fields, "mode")))
    if call == "vioctl":
        numbers = [_number(fields, name, 0) for name in ("p1", "p2", "p3")]
        rc, *values = driver.vioctl(_number(fields, "sub"), *numbers)
        return _rc(rc) | dict(zip(("r4",), values, strict=False))
    if call == "free_sub_crq":
        return _rc(driver.free_sub_crq(_number(fields, "handle")))
    if call == "send_sub_crq":
        return _rc(driver.send_sub(_number(fields, "handle"), _bytes(fields, SUB_ELEMENT_BYTES)))
    if call == "send_sub_crq_indirect":
        numbers = [_number(fields, name) for name in ("handle", "address", "count")]
        return _rc(driver.send_sub_indirect(numbers[0], numbers[1], numbers[2]))
    if call == "hcall":
        rc, *values = driver.hcall(_number(fields, "token"), *_registers(fields))
        return _rc(rc) | {f"r{4 + place}": value for place, value in enumerate(values)}
    if call == "map_remote":
        numbers = [_number(fields, name) for name in ("client_address", "address")]
        return _rc(driver.map_remote(numbers[0], numbers[1], _number(fields, "pages", 1)))
    if call in ("dma_to_client", "dma_from_client"):
        numbers = [_number(fields, name) for name in ("address", "client_address", "length")]
        if call == "dma_to_client":
            return _rc(driver.copy_to_client(numbers[0], numbers[1], numbers[2]))
        return _rc(driver.copy_from_client(numbers[1], numbers[0], numbers[2]))
    if call == "consume":
        handle = _number(fields, "handle") if "handle" in fields else None
        element = driver.consume(handle)
        return {"element": None if element is None else element.hex()}
    if call == "poke":
        return {"done": driver.poke(_number(fields, "address"), _bytes(fields, None))}
    if call == "peek":
        data = driver.peek(_number(fields, "address"), min(_number(fields, "length"), _MAX_BLOCK))
        return {"data": None if data is None else data.hex()}
    raise RequestError(f"unknown call {call[:40]!r}")


def _parse(line: str) -> Fields:
    if len(line) > MAX_LINE:
        raise RequestError(f"a request may have {MAX_LINE} characters")
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        raise RequestError("not JSON") from None
    if not isinstance(fields, dict):
        raise RequestError("not a JSON object")
    if any(isinstance(value, dict | list) for value in fields.values()):
        raise RequestError("not a flat object")
    return fields


def _number(fields: Fields, name: str, default: int | None = None) -> int:
    value = fields.get(name, default)
    if isinstance(value, str):
        try:
            return int(value, 0)
        except ValueError:
            pass
    elif isinstance(value, int) and not isinstance(value, bool):
        return value
    raise RequestError(f"{name} must be a whole number")


def _bytes(fields: Fields, length: int | None) -> bytes:
    value = fields.get("hex")
    try:
        data = bytes.fromhex(value) if isinstance(value, str) else None
    except ValueError:
        data = None
    if data is None or (len(data) != length if length is not None else len(data) > _MAX_BLOCK):
        raise RequestError(f"hex must be {length or 'some'} bytes in hexadecimal")
    return data


def _registers(fields: Fields) -> list[int]:
    value = fields.get("registers", "")
    try:
        return [int(word, 0) for word in value.split()] if isinstance(value, str) else []
    except ValueError:
        raise RequestError("registers must be whole numbers with blanks between") from None


def _rc(rc: int) -> Fields:
    return {"rc": int(rc), "rc_name": Rc(rc).name}


def _console_reply(reply: Reply) -> Fields:
    fields: Fields = {"done": reply.ok}
    if reply.refusal is not None:
        fields["refused"] = reply.refusal.name
        fields["reason"] = reply.refusal.value
    if reply.logical_port is not None:
        fields["logical_port"] = f"{reply.logical_port:08x}"
    return fields
