"""What the kit's client and servers call, carried out by the owner of a unit.

The first :data:`OWN_BYTES` of a partition's I/O space belong to whoever drives the adapter: queues, and memory that
servers reach. What the adapter itself needs lies behind: a record, the elements of an indirect send, the data of a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from vnic_reference.driver import Driver
from vnic_reference.hypervisor import Answer
from vnic_reference.requests import Fields, RequestError, hexadecimal, number, word
from vnic_spec.wire import (
    ELEMENT_BYTES,
    PAGE_BYTES,
    SERVER_INFO_BYTES,
    SUB_ELEMENT_BYTES,
    Hcall,
    OutputDescriptor,
    Rc,
    Vioctl,
    words,
)

OWN_BYTES: Final = 0x80000
_INFO_AT: Final = OWN_BYTES
_INDIRECT_AT: Final = OWN_BYTES + PAGE_BYTES
_COPY_AT: Final = OWN_BYTES + 0x20000
_MAX_COPY: Final = 0x20000
_MAX_INDIRECT: Final = 1024
#: Where a server redirects the client's pages to: behind everything that is mapped when a partition starts.
_REDIRECTED_AT: Final = 0x100000
_FIRST_SUB_PAGE: Final = 0x10000
_WRONG_UNIT: Final = 0x3FFF_FFFF


class PartitionCalls:
    """The calls of one partition; a new one is needed after a reset.

    Args:
        driver: its unit.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._next_sub_page = _FIRST_SUB_PAGE
        self._calls: Final[Mapping[str, Callable[[Fields], Fields]]] = {
            "reg_crq": self._reg_crq,
            "free_crq": lambda fields: self._on_unit(fields, Hcall.H_FREE_CRQ),
            "send_crq": lambda fields: self._on_unit(
                fields, Hcall.H_SEND_CRQ, *words(hexadecimal(fields, "hex", ELEMENT_BYTES))
            ),
            "consume": self._consume,
            "enable_crq": lambda fields: self._on_unit(fields, Hcall.H_ENABLE_CRQ),
            "vio_signal": lambda fields: self._on_unit(fields, Hcall.H_VIO_SIGNAL, number(fields, "mode")),
            "eoi": self._eoi,
            "vioctl": self._vioctl,
            "reg_sub_crq": self._reg_sub_crq,
            "free_sub_crq": lambda fields: self._on_unit(fields, Hcall.H_FREE_SUB_CRQ, number(fields, "handle")),
            "send_sub_crq": lambda fields: self._on_unit(
                fields,
                Hcall.H_SEND_SUB_CRQ,
                number(fields, "handle"),
                *words(hexadecimal(fields, "hex", SUB_ELEMENT_BYTES)),
            ),
            "send_sub_crq_indirect": self._send_sub_crq_indirect,
            "dma_write": self._dma_write,
            "dma_read": self._dma_read,
            "poke": self._poke,
            "peek": self._peek,
        }

    def carry_out(self, call: str, fields: Fields) -> Fields:
        """The result of one call.

        Raises:
            RequestError: there is no such call, or an argument is wrong; nothing has happened.
        """
        handler = self._calls.get(call)
        if handler is None:
            raise RequestError(f"a partition cannot {call[:40]!r}; it can {', '.join(self._calls)}")
        if not self._driver.unit.partition.powered:
            return {"outcome": "refused", "reason": "the partition does not run"}
        return handler(fields)

    def _hcall(self, fields: Fields, token: Hcall, *registers: int) -> Answer:
        """A call on the caller's own unit, or on one that is not the caller's."""
        wrong = word(fields, "unit", "own", ("own", "wrong")) == "wrong"
        return self._driver.hcall(token, _WRONG_UNIT if wrong else self._driver.unit.address, *registers)

    def _on_unit(self, fields: Fields, token: Hcall, *registers: int) -> Fields:
        return {"rc": int(self._hcall(fields, token, *registers)[0])}

    def _reg_crq(self, fields: Fields) -> Fields:
        address, length = number(fields, "address", 0), number(fields, "length", PAGE_BYTES)
        return self._on_unit(fields, Hcall.H_REG_CRQ, address, length)

    def _consume(self, fields: Fields) -> Fields:
        element = self._driver.consume(number(fields, "handle") if "handle" in fields else None)
        return {"element": "" if element is None else element.hex()}

    def _eoi(self, fields: Fields) -> Fields:
        unit = self._driver.unit
        source = unit.interrupt.source
        if "handle" in fields:
            queue = unit.sub_crqs.get(number(fields, "handle"))
            source = 0 if queue is None else queue.interrupt.source
        return {"rc": int(self._driver.hcall(Hcall.H_EOI, source)[0])}

    def _vioctl(self, fields: Fields) -> Fields:
        sub = number(fields, "sub")
        parameters = [number(fields, name, 0) for name in ("p1", "p2", "p3")]
        own_buffer = sub == Vioctl.GET_VNIC_SERVER_INFO and parameters[0] == 0
        if own_buffer:
            parameters[0] = OutputDescriptor(0, SERVER_INFO_BYTES, _INFO_AT).pack()
        rc, *values = self._hcall(fields, Hcall.H_VIOCTL, sub, *parameters)
        reply: Fields = {"rc": int(rc), **dict(zip(("r4",), values, strict=False))}
        if sub == Vioctl.GET_VNIC_SERVER_INFO and rc == Rc.H_SUCCESS:
            at = OutputDescriptor.unpack(parameters[0]).ioba
            reply["info"] = (self._driver.peek(at, SERVER_INFO_BYTES) or bytes(SERVER_INFO_BYTES)).hex()
        return reply

    def _reg_sub_crq(self, fields: Fields) -> Fields:
        if "address" not in fields:
            self._next_sub_page += PAGE_BYTES
            if self._next_sub_page >= OWN_BYTES:
                self._next_sub_page = _FIRST_SUB_PAGE
        address, length = number(fields, "address", self._next_sub_page), number(fields, "length", PAGE_BYTES)
        rc, *values = self._hcall(fields, Hcall.H_REG_SUB_CRQ, address, length)
        return {"rc": int(rc), **dict(zip(("handle", "source"), values, strict=False))}

    def _send_sub_crq_indirect(self, fields: Fields) -> Fields:
        handle, block = number(fields, "handle"), hexadecimal(fields, "hex")
        count, rest = divmod(len(block), SUB_ELEMENT_BYTES)
        if rest or count > _MAX_INDIRECT:
            raise RequestError(f"hex must be whole elements of {SUB_ELEMENT_BYTES} bytes, at most {_MAX_INDIRECT}")
        self._driver.poke(_INDIRECT_AT, block)
        return self._on_unit(fields, Hcall.H_SEND_SUB_CRQ_INDIRECT, handle, _INDIRECT_AT, count)

    # -- DMA and memory ------------------------------------------------------------------------------------------

    def _copied(self, fields: Fields, client_address: int, length: int, copy: Callable[[], int]) -> int:
        """Copy; where that is refused and the request does not forbid it, redirect the client's pages and try again."""
        if client_address < 0 or not 0 <= length <= _MAX_COPY:
            raise RequestError(f"addresses begin at 0, and {_MAX_COPY} bytes can be copied at once")
        rc = copy()
        if rc == Rc.H_PERMISSION and number(fields, "map", 1):
            first = client_address - client_address % PAGE_BYTES
            pages = max(1, -(-(client_address + length - first) // PAGE_BYTES))
            rc = self._driver.map_remote(first, _REDIRECTED_AT + first, pages)
            if rc == Rc.H_SUCCESS:
                rc = copy()
        return rc

    def _dma_write(self, fields: Fields) -> Fields:
        address, data = number(fields, "address"), hexadecimal(fields, "hex")

        def copy() -> int:
            return self._driver.copy_to_client(_COPY_AT, address, len(data))

        self._driver.poke(_COPY_AT, data[:_MAX_COPY])
        return {"rc": int(self._copied(fields, address, len(data), copy))}

    def _dma_read(self, fields: Fields) -> Fields:
        address, length = number(fields, "address"), number(fields, "length")

        def copy() -> int:
            return self._driver.copy_from_client(address, _COPY_AT, length)

        rc = self._copied(fields, address, length, copy)
        if rc != Rc.H_SUCCESS:
            return {"rc": int(rc)}
        return {"rc": int(rc), "hex": (self._driver.peek(_COPY_AT, length) or b"").hex()}

    def _poke(self, fields: Fields) -> Fields:
        address, data = number(fields, "address"), hexadecimal(fields, "hex")
        if not 0 <= address <= OWN_BYTES - len(data):
            raise RequestError(f"addresses end at {OWN_BYTES}")
        self._driver.poke(address, data)
        return {}

    def _peek(self, fields: Fields) -> Fields:
        address, length = number(fields, "address"), number(fields, "length")
        if length < 0 or not 0 <= address <= OWN_BYTES - length:
            raise RequestError(f"addresses end at {OWN_BYTES}")
        return {"hex": (self._driver.peek(address, length) or b"").hex()}
