"""LOGIN: the client's buffer is read and checked, sub-CRQs are exchanged, the answer is written (protocol.md 3.4).

The answer's buffer is written before LOGIN_RSP is sent. A refused LOGIN leaves no sub-CRQ behind.
"""

from __future__ import annotations

from vnic_reference.dialogue.buffers import (
    LOGIN_REQUEST_HEAD,
    MAX_LOGIN_BYTES,
    LayoutError,
    LoginRequest,
    LoginResponse,
)
from vnic_reference.dialogue.elements import field, response
from vnic_reference.driver import Driver
from vnic_reference.server import capabilities
from vnic_reference.server.remote import RemoteMemory
from vnic_reference.server.session import RxQueue, Session, TxQueue
from vnic_reference.server.settings import ServerSettings
from vnic_spec.wire import PAGE_BYTES, SUB_ELEMENT_BYTES, Capability, CommandRc, Rc

#: The server's own memory for sub-CRQs; what is needed beyond it is NoMemory.
SUB_CRQS_AT = 0x40000
SUB_CRQS_END = 0x100000
_VLAN_TAG = 4
_ALIGNMENT = 64


class LoginDesk:
    """Answers LOGIN.

    Args:
        driver: the server's unit.
        remote: the client's memory.
        settings: the server's choices.
        session: changed by a successful LOGIN.
    """

    def __init__(self, driver: Driver, remote: RemoteMemory, settings: ServerSettings, session: Session) -> None:
        self._driver = driver
        self._remote = remote
        self._settings = settings
        self._session = session

    def answer(self, asked: bytes) -> bytes:
        """The response to LOGIN; the session is logged in if that is a success."""
        return response(asked, self._log_in(field(asked, "ioba"), field(asked, "length")))

    def _log_in(self, ioba: int, length: int) -> CommandRc:
        session = self._session
        if not LOGIN_REQUEST_HEAD <= length <= MAX_LOGIN_BYTES:
            return CommandRc.INVALID_LENGTH
        data = self._remote.read(ioba, length)
        if data is None:
            return CommandRc.INVALID_IOBA
        try:
            asked = LoginRequest.unpack(data)
        except LayoutError:
            return CommandRc.PARAMETER
        tx, rx = session.tx_queues, session.rx_queues
        if (len(asked.tx_completions), len(asked.rx_completions)) != (tx, rx):
            return CommandRc.PARAMETER
        sizes = (self.rx_buffer_bytes(),) * rx
        needed = len(LoginResponse((0,) * tx, (0,) * rx, sizes).pack())
        if asked.response_length < needed:
            return CommandRc.INVALID_LENGTH
        budget = self._settings.sub_crq_budget
        if budget is not None and tx + rx > budget:
            capabilities.reduce_queues(session, budget)
            return CommandRc.PARTIAL_SUCCESS
        handles = self._register(tx, rx)
        if handles is None:
            return CommandRc.NO_MEMORY
        answer = LoginResponse(tuple(handles[:tx]), tuple(handles[tx:]), sizes)
        if not self._remote.write(asked.response_ioba, answer.pack()):
            self._free(handles)
            return CommandRc.INVALID_IOBA
        session.tx = [TxQueue(*pair) for pair in zip(handles[:tx], asked.tx_completions, strict=True)]
        session.rx = [RxQueue(*pair) for pair in zip(handles[tx:], asked.rx_completions, strict=True)]
        session.logged_in = True
        return CommandRc.SUCCESS

    def rx_buffer_bytes(self) -> int:
        """Size that a receive buffer must have: a whole frame with a VLAN tag, rounded up."""
        return -(-(self._session.frame_bytes + _VLAN_TAG) // _ALIGNMENT) * _ALIGNMENT

    def _register(self, tx: int, rx: int) -> list[int] | None:
        """Register the submission and rx-add sub-CRQs, as long as the client may fill them; None if that fails."""
        session = self._session
        tx_entries = session.grant(Capability.REQ_TX_ENTRIES, Capability.MIN_TX_ENTRIES)
        rx_entries = session.grant(Capability.REQ_RX_ADD_ENTRIES, Capability.MIN_RX_ADD_ENTRIES)
        handles: list[int] = []
        at = SUB_CRQS_AT
        for entries in [tx_entries] * tx + [rx_entries] * rx:
            length = -(-max(entries, 1) * SUB_ELEMENT_BYTES // PAGE_BYTES) * PAGE_BYTES
            rc, *values = (Rc.H_RESOURCE,) if at + length > SUB_CRQS_END else self._driver.reg_sub_crq(at, length)
            # H_CLOSED: the session has just ended; the handle is worth nothing.
            if rc != Rc.H_SUCCESS:
                self._free(handles)
                return None
            handles.append(values[0])
            at += length
        return handles

    def _free(self, handles: list[int]) -> None:
        for handle in handles:
            self._driver.free_sub_crq(handle)
