"""What the client's queues, its user and the network show of it; and everything that happens, taken in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role.login_buffers import problem_of_response
from vnic_conformance.client_role.view import NEGOTIATION, RESETS, TRAFFIC
from vnic_conformance.client_role.view_calls import CallsView
from vnic_spec.layouts import COMMANDS, RX_COMPLETION, TX_COMPLETION, answer_key
from vnic_spec.wire import (
    INIT,
    INIT_COMPLETE,
    RESPONSE_BIT,
    Capability,
    Command,
    CommandRc,
    Event,
    Header,
    InitFormat,
    command_rc,
    event_of,
)


class WholeView(CallsView):
    """A view that takes in everything."""

    __slots__ = ()

    def take(self, happening: h.Happening) -> None:
        """Take in what happened."""
        if happening.now != self.now:
            self.now, self.calls_now, self.noise_at = happening.now, 0, None
        taking = _TAKING.get(type(happening))
        if taking is not None:
            taking(self, happening)

    def _put(self, put: h.Put) -> None:
        data = put.data
        if put.handle is not None:
            self._put_completion(put.handle, data)
            return
        if not self.signal:
            self.early += 1
        if data[0] != Header.COMMAND or not data[1] & RESPONSE_BIT or command_rc(data) != CommandRc.SUCCESS:
            self._disturbed()
        if self._sending and self._answers_what_is_sent(data):
            self._has_sent()
        if data[0] == Header.INITIALIZATION and data[1] == InitFormat.INIT_COMPLETE and self.init_sent:
            self.init_sent, self.dialogue = False, True
        elif data[0] == Header.COMMAND and data[1] & RESPONSE_BIT:
            self._put_answer(data, put.buffer)
        elif data[:2] == bytes((Header.COMMAND, Command.LINK_STATE_INDICATION)):
            up = data[4] == 1 and data[5] == 1
            if not up:
                self.link_up_at = None
            elif self.link_up_at is None and self.login == "ok" and self.wish:
                self.link_up_at = self.now

    def _answers_what_is_sent(self, data: bytes) -> bool:
        """Whether an element answers the one that the client is sending in this very call."""
        if data[0] == Header.COMMAND and data[1] & RESPONSE_BIT:
            return self._sending[0] == Header.COMMAND and answer_key(data) == answer_key(self._sending)
        return self._sending == INIT and data == INIT_COMPLETE

    def _put_answer(self, data: bytes, buffer: bytes) -> None:
        asked = self.pending.pop(answer_key(data), None)
        if asked is None:
            return
        command, rc = data[1] & ~RESPONSE_BIT, command_rc(data)
        values = COMMANDS[command].response.unpack(data)  # type: ignore[union-attr]  # only what has an answer is pending
        if command in NEGOTIATION and rc not in (CommandRc.SUCCESS, CommandRc.PARTIAL_SUCCESS):
            self._excuse(f"{Command(command)} was answered {rc}")
        if command == Command.VERSION_EXCHANGE:
            self.version = rc == CommandRc.SUCCESS
        elif command == Command.QUERY_CAPABILITY and rc == CommandRc.SUCCESS:
            self.told[values["capability"]] = values["number"]
        elif command == Command.REQUEST_CAPABILITY:
            self._granted(values["capability"], values["number"], rc)
        elif command == Command.LOGIN:
            self._put_login(rc, buffer)
        elif command == Command.CHANGE_MAC_ADDR:
            self.said_mac = COMMANDS[command].request.raw(data, "mac")
        elif command == Command.REQUEST_MAP and rc == CommandRc.SUCCESS:
            number = COMMANDS[Command.REQUEST_MAP].request.number(asked[0], "map_id")
            if number in self.asked_maps:
                self.maps[number] = self.asked_maps.pop(number)
        if rc != CommandRc.SUCCESS:
            self._excuse(f"{Command(command)} was answered {rc}")

    def _granted(self, capability: int, number: int, rc: int) -> None:
        if rc == CommandRc.PARTIAL_SUCCESS:
            self.partial[capability] = number
        elif rc == CommandRc.SUCCESS:
            self.granted[capability] = self.requested.get(capability, number)

    def _put_login(self, rc: int, buffer: bytes) -> None:
        asked = self.login_asked
        self._new_login()
        self.login_rc, self.login_asked = rc, asked
        if rc != CommandRc.SUCCESS:
            self.login = "refused"
            self.failed_logins += 1
            return
        problem, tx, rx = problem_of_response(buffer, asked, self.granted.get(Capability.REQ_MTU, 0))
        self.problem = problem
        self.login = "bad" if problem else "ok"
        if problem:
            self.failed_logins += 1
            self._excuse("a login response that cannot be used")
        else:
            self.failed_logins = 0
            self.tx_handles, self.rx_handles = tx, rx

    def _put_completion(self, handle: int, data: bytes) -> None:
        for at in range(min(TX_COMPLETION.number(data, "count"), 5)):
            self.in_flight.pop((self._submission(handle), TX_COMPLETION.number(data, f"correlator_{at}")), None)
        for rx in self.rx_handles:
            self.lent.pop((rx, RX_COMPLETION.number(data, "correlator")), None)

    def _submission(self, completion: int) -> int:
        """The submission queue that belongs to a completion queue of the client's: they pair by number."""
        own = [handle for name, handle in sorted(self.login_asked.items()) if name.startswith("tx")]
        return self.tx_handles[own.index(completion)] if completion in own and len(own) == len(self.tx_handles) else 0

    def _consumed(self, consumed: h.Consumed) -> None:
        if consumed.handle is not None:
            return
        self.early = max(0, self.early - 1)
        data = consumed.data
        event = event_of(data)
        if event is not None:
            self._read_event(event)
        elif data[0] == Header.INITIALIZATION and data[1] == InitFormat.INIT:
            self._cause()
            self.owed_by = 0
            self.owed = "register" if self.owed in ("enable", "register") or self.dialogue_open else "answer"
            self._excuse("INIT was read")
        elif data[:2] == INIT_COMPLETE[:2] and self.init_sent:
            # One that came before INIT was sent, and is read afterwards: nothing tells it from the answer (CLI-4).
            self.init_sent, self.dialogue = False, True
        elif data[:2] == bytes((Header.COMMAND, Command.ERROR_INDICATION)):
            self._cause()
            self._excuse("an error indication was read")
        elif data[:2] == bytes((Header.COMMAND, Command.LINK_STATE_INDICATION)):
            self._cause()
            self.link_indicated = self.logged_in and data[4] == 1 and data[5] == 1
        elif self.steady:
            self.noise_at = self.now

    def _read_event(self, event: int) -> None:
        self._cause()
        outstanding = bool(self.pending) or self.init_sent
        self.failed_logins = 0  # what comes now is somebody else, or one that begins anew
        self.moved = self.moved or self.link_indicated
        if event == Event.DEVICE_FAILOVER:
            if not self.owed:
                self.owed, self.owed_by = "init", event
                if self.login == "ok" and self.excused_at != self.now:
                    self.excused = ()  # what went wrong earlier in a session that worked is no reason now
                if outstanding:
                    self._excuse("a request was outstanding (CLI-1, decision R3)")
        elif event == Event.MIGRATED:
            if self.owed != "register":
                self.owed, self.owed_by = "enable", event
            self.disabled = True
        else:
            self.owed, self.owed_by = "register", event
        self.pending = {}
        self.init_sent = False
        self.link_indicated = False
        self.link_up_at = None

    def _asked(self, asked: h.Asked) -> None:
        self._cause()
        if asked.order is None:
            return
        self.orders[asked.order] = (asked.action, self.now)
        if self.well_since is not None:
            self.well_since = self.now
        if asked.action not in TRAFFIC:
            self._disturbed()
        if asked.action in RESETS:
            self._excuse(f"the user asked for {asked.action}")
            self.failed_logins = 0
        if asked.action in ("open", "close"):
            self.wish = asked.action == "open"
            self.link_up_at = None if not self.wish else self.link_up_at
        elif asked.action == "add":
            self.removed = False
            self.user = {}
        elif asked.action == "complain":
            self.complaint, self.token = "none", None
        elif asked.action == "send":
            self.user_frames[bytes.fromhex(str(asked.arguments.get("hex", "")))] += 1
        elif asked.action != "remove":
            self.user = {**self.user, **{f"{asked.action}_{name}": value for name, value in asked.arguments.items()}}
            self.wished_multicast |= self.multicast

    def _returned(self, returned: h.Returned) -> None:
        action, _ = self.orders.pop(returned.order, ("", 0))
        if action == "remove" and returned.result == 0:
            self.removed = True
            self.wish = False

    def _injected(self, injected: h.Injected) -> None:
        self.noise_at = None
        self._disturbed()
        if self.well_since is not None:
            self.well_since = self.now

    def _unwell(self, unwell: h.Unwell) -> None:
        self.well_since = self.quiet_since = self.now if unwell.well else None

    def _arrived(self, arrived: h.Arrived) -> None:
        self.arrived[arrived.frame] += 1

    def _looked(self, looked: h.Looked) -> None:
        self.arrived.subtract(looked.received)

    def _sent(self, sent: h.Sent) -> None:
        own = sent.frame[6:12] in (self.told_mac, self.said_mac) or not self.told_mac
        if self.login == "ok" and own and sent.frame not in self.user_frames:
            self.announced = True
        self.sent_frames[sent.frame] += 1


_TAKING: Final[dict[type, Callable[[WholeView, Any], None]]] = {
    h.Called: WholeView._called,
    h.Answered: WholeView._answered,
    h.Put: WholeView._put,
    h.Consumed: WholeView._consumed,
    h.Asked: WholeView._asked,
    h.Returned: WholeView._returned,
    h.Injected: WholeView._injected,
    h.Unwell: WholeView._unwell,
    h.Arrived: WholeView._arrived,
    h.Looked: WholeView._looked,
    h.Sent: WholeView._sent,
}
