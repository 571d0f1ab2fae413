"""What the client's calls and their answers show of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role.login_buffers import handles_of
from vnic_conformance.client_role.view import BACK_OFF_MS, BUSY, EVERY_ADDRESS, REGISTERED, SUB_SENDS, View
from vnic_spec.layouts import COMMANDS, RX_ADD, TX_DESCRIPTOR, answer_key
from vnic_spec.wire import (
    MAX_INDIRECT_OLD,
    RESPONSE_BIT,
    Command,
    Hcall,
    Header,
    InitFormat,
    Rc,
    SubType,
    Vioctl,
)

#: Flags of MULTICAST_CTRL.
MULTICAST_ADD: Final = 0x80
MULTICAST_ALL: Final = 0x20
MULTICAST_NONE: Final = 0x10


class CallsView(View):
    """A view that takes in calls."""

    __slots__ = ()

    def _called(self, called: h.Called) -> None:
        self.calls_now += 1
        opcode = called.opcode
        if opcode == Hcall.H_FREE_CRQ:
            self.tearing = True
            self.complaint = "none"
        elif opcode == Hcall.H_REG_CRQ:
            if self._on_its_own():
                self.own_attempts = [*self.own_attempts[-20:], self.now]
            else:
                self.own_attempts = []
        elif opcode in SUB_SENDS:
            self._descriptors = self.descriptors_of(called) or []
        elif called.element is not None:
            self.greeted = True
            self._sending = called.element
            if self._sending[:2] == bytes((Header.COMMAND, Command.LOGIN)):
                self._take_login(self._sending, called.memory)

    def _on_its_own(self) -> bool:
        """Whether only a failed attempt gives a reason to register, and no failed login."""
        return self.registrations > 0 and self.causes == self.own_since and self.login in ("none", "ok")

    def _take_login(self, element: bytes, memory: h.Memory) -> None:
        self.login_asked = handles_of(element, memory)

    def _answered(self, answered: h.Answered) -> None:
        opcode, arguments, rc = answered.opcode, answered.arguments, answered.rc
        key = (opcode, arguments)
        if rc != Rc.H_SUCCESS:
            self._disturbed()
        if rc in BUSY or rc < 0 or rc == Rc.H_CLOSED:
            equal = self.equal_call(opcode, arguments)
            times = [time for time in self.failing.get(equal, ()) if time > self.now - 1_000]
            self.failing = (
                {**self.failing, equal: [*times, self.now]} if len(self.failing) < 64 else {equal: [self.now]}
            )
        if opcode == Hcall.H_FREE_CRQ:
            self.free_rc = rc
        if rc in BUSY:
            if self.busy is None or self.busy[:2] != key:
                self.busy = (opcode, arguments, self.now, self.causes)
            return
        if self.busy is not None and (self.busy[:2] == key or opcode == Hcall.H_FREE_CRQ):
            self.busy = None
        taking = _ANSWERS.get(opcode)
        if taking is not None:
            taking(self, arguments, rc, answered.values)
        if opcode not in (Hcall.H_EOI, Hcall.H_REG_CRQ) and self.last_register is not None:
            self.last_register = (self.last_register[0], self.last_register[1] + 1)

    def _answered_register(self, arguments: tuple[int, ...], rc: int, values: tuple[int, ...]) -> None:
        self.last_register = (rc, 0)
        self.resources = self.resources + 1 if rc == Rc.H_RESOURCE else 0
        if rc in REGISTERED:
            self.registered, self.disabled, self.tearing = True, False, False
            self.signal = self.signalled = False
            self.registrations += 1
            self.early = 0
            self.owed, self.excused = "", ()
            self.excused_at = self.now
            self.causes += 1
            self.own_since = self.causes
            self.greeted = False
            self._new_dialogue()

    def _answered_free(self, arguments: tuple[int, ...], rc: int, values: tuple[int, ...]) -> None:
        if rc == Rc.H_SUCCESS:
            self.registered = self.tearing = False
            self.freed |= set(self.sub_crqs)
            self.sub_crqs.clear()
            self.early = 0

    def _answered_signal(self, arguments: tuple[int, ...], rc: int, values: tuple[int, ...]) -> None:
        if rc == Rc.H_SUCCESS and len(arguments) > 1:
            self.signal = arguments[1] & 1 == 1
            self.signalled = self.signalled or self.signal

    def _answered_enable(self, arguments: tuple[int, ...], rc: int, values: tuple[int, ...]) -> None:
        if rc == Rc.H_SUCCESS:
            self.disabled = False
            if self.owed == "enable":
                self.owed = ""
                self._new_dialogue()
        else:
            self._excuse(f"H_ENABLE_CRQ was answered {rc}")

    def _answered_reg_sub(self, arguments: tuple[int, ...], rc: int, values: tuple[int, ...]) -> None:
        if rc in REGISTERED and len(values) >= 2:
            self.sub_crqs[values[0]] = values[1]
            self.freed.discard(values[0])
        else:
            self._excuse(f"H_REG_SUB_CRQ was answered {rc}")

    def _answered_free_sub(self, arguments: tuple[int, ...], rc: int, values: tuple[int, ...]) -> None:
        if rc in (Rc.H_SUCCESS, Rc.H_PARAMETER) and len(arguments) > 1:
            self.sub_crqs.pop(arguments[1], None)
            self.freed.add(arguments[1])

    def _answered_vioctl(self, arguments: tuple[int, ...], rc: int, values: tuple[int, ...]) -> None:
        if len(arguments) < 2:
            return
        if arguments[1] == Vioctl.GET_SESSION_TOKEN:
            self.token = values[0] if rc == Rc.H_SUCCESS and values else None
            self.complaint = "token" if self.token is not None else "refused"
        elif arguments[1] == Vioctl.SESSION_ERROR_DETECTED:
            self.complaint = "accepted" if rc == Rc.H_SUCCESS else "refused"
        if self.complaint == "refused":
            self._excuse("a complaint was not accepted")

    def _answered_send(self, arguments: tuple[int, ...], rc: int, values: tuple[int, ...]) -> None:
        if rc != Rc.H_SUCCESS:
            self._excuse(f"a send was answered {rc}")
            self._sending = b""
        self._has_sent()

    def _has_sent(self) -> None:
        """The element of the call was taken; its answer may come before the call's own."""
        element, self._sending = self._sending, b""
        if not element:
            return
        if element[0] == Header.INITIALIZATION:
            if element[1] == InitFormat.INIT:
                self._new_dialogue()
                self.init_sent = True
            elif self.owed == "answer":
                self.owed = ""
                self._new_dialogue()
                self.dialogue = True
        elif element[0] == Header.COMMAND and not element[1] & RESPONSE_BIT:
            self._sent_command(element)

    def _sent_command(self, element: bytes) -> None:
        entry = COMMANDS.get(element[1])
        if entry is None or entry.by_server:
            return
        self.pending[answer_key(element)] = (element, self.now)
        values = entry.request.unpack(element)
        if entry.command == Command.REQUEST_CAPABILITY:
            if values["capability"] in self.requested or not self.rounds:
                self.rounds += 1
                self.requested = {}
            self.partial.pop(values["capability"], None)
            self.renegotiated = True
            self.requested[values["capability"]] = values["number"]
        elif entry.command == Command.QUERY_CAPABILITY:
            self.rounds = 0
            self.partial = {}
        elif entry.command == Command.LOGIN:
            if self.now >= self.login_at + BACK_OFF_MS:
                self.failed_logins = 0
            self.logins_here += 1
            self.login, self.login_at, self.renegotiated = "sent", self.now, False
        elif entry.command == Command.REQUEST_MAP:
            self.asked_maps[values["map_id"]] = (values["ioba"], values["length"])
        elif entry.command == Command.REQUEST_UNMAP:
            self.maps.pop(values["map_id"], None)
        elif entry.command == Command.CHANGE_MAC_ADDR:
            self.told_mac = entry.request.raw(element, "mac")
        elif entry.command == Command.MULTICAST_CTRL:
            mac = entry.request.raw(element, "mac")
            self._told_multicast(mac, values["flags"])
        elif entry.command == Command.LOGICAL_LINK_STATE and values["state"] in (0, 1):
            self.told_link = values["state"] == 1
            if not self.told_link:  # closed: the next indication says whether the link is up again (CLI-20)
                self.link_indicated = False

    def _told_multicast(self, mac: bytes, flags: int) -> None:
        if flags & MULTICAST_NONE:
            self.told_multicast.clear()
        elif flags & (MULTICAST_ADD | MULTICAST_ALL):
            self.told_multicast.add(EVERY_ADDRESS if flags & MULTICAST_ALL else mac)
        else:
            self.told_multicast.discard(mac)

    def _answered_sub_send(self, arguments: tuple[int, ...], rc: int, values: tuple[int, ...]) -> None:
        if rc == Rc.H_SUCCESS and len(arguments) > 1:
            self._handed_over(arguments[1], self._descriptors)
        elif rc in (Rc.H_CLOSED, Rc.H_PARAMETER):
            if rc == Rc.H_PARAMETER and len(self._descriptors) > MAX_INDIRECT_OLD:
                self.too_many += 1
            if self.owed:
                self.closed_send = True
            self._excuse(f"a send of descriptors was answered {rc}")

    def _handed_over(self, handle: int, descriptors: list[bytes]) -> None:
        """Descriptors that a server took: frames are in flight, buffers are lent."""
        for data in descriptors:
            if handle in self.rx_handles:
                self.lent[handle, RX_ADD.number(data, "correlator")] = RX_ADD.number(data, "ioba")
            elif data[1] == SubType.TX:
                self.in_flight[handle, TX_DESCRIPTOR.number(data, "correlator")] = self.now


_ANSWERS: Final[dict[int, Callable[[CallsView, tuple[int, ...], int, tuple[int, ...]], None]]] = {
    Hcall.H_REG_CRQ: CallsView._answered_register,
    Hcall.H_FREE_CRQ: CallsView._answered_free,
    Hcall.H_VIO_SIGNAL: CallsView._answered_signal,
    Hcall.H_ENABLE_CRQ: CallsView._answered_enable,
    Hcall.H_REG_SUB_CRQ: CallsView._answered_reg_sub,
    Hcall.H_FREE_SUB_CRQ: CallsView._answered_free_sub,
    Hcall.H_VIOCTL: CallsView._answered_vioctl,
    Hcall.H_SEND_CRQ: CallsView._answered_send,
    Hcall.H_SEND_SUB_CRQ: CallsView._answered_sub_send,
    Hcall.H_SEND_SUB_CRQ_INDIRECT: CallsView._answered_sub_send,
}
