"""What the monitor knows of the client: nothing but what its calls, its memory and time have shown.

:class:`View` takes in happenings, one after the other, and judges nothing. What a client may not have seen yet counts for it:
an answer ends the wait for it when it is put into the queue, an event counts when its header has been cleared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role.login_buffers import handles_of, problem_of_response
from vnic_spec.client_profile import ClientProfile
from vnic_spec.layouts import COMMANDS, RX_ADD, RX_COMPLETION, TX_COMPLETION, TX_DESCRIPTOR, answer_key
from vnic_spec.wire import (
    INIT,
    INIT_COMPLETE,
    MAX_INDIRECT_OLD,
    RESPONSE_BIT,
    SUB_ELEMENT_BYTES,
    Capability,
    Command,
    CommandRc,
    Event,
    Hcall,
    Header,
    InitFormat,
    Rc,
    SubType,
    Vioctl,
    command_rc,
    event_of,
    from_words,
)

REGISTERED: Final = (Rc.H_SUCCESS, Rc.H_CLOSED)
BUSY: Final = frozenset({int(Rc.H_BUSY), int(Rc.H_IN_PROGRESS), *range(Rc.H_LONG_BUSY_1_MS, Rc.H_LONG_BUSY_100_S + 1)})
#: A pause after refused logins that counts as a back-off, in ms.
BACK_OFF_MS: Final = 10_000
SUB_SENDS: Final = (Hcall.H_SEND_SUB_CRQ, Hcall.H_SEND_SUB_CRQ_INDIRECT)
#: What the user may ask for that makes the client begin again by itself.
RESETS: Final = ("add", "complain", "mtu", "queues", "promiscuous", "remove", "mac", "close")
#: The requests of a negotiation, which have to be answered before the next step.
NEGOTIATION: Final = (
    Command.VERSION_EXCHANGE, Command.QUERY_CAPABILITY, Command.REQUEST_CAPABILITY, Command.QUERY_IP_OFFLOAD,
    Command.CONTROL_IP_OFFLOAD,
)  # fmt: skip


class View:
    """The client as it has shown itself.

    Args:
        profile: what the client claims.

    Attributes:
        profile: see above.
        now: ms since the reset.
        calls_now: calls at this instant.
        registered: its CRQ is registered.
        disabled: by event 06, until enabled again.
        registrations: how often it has registered.
        signal: the CRQ's interrupt has been enabled since.
        early: elements that were put into the queue before that, and are unread.
        init_sent: INIT was sent in this registration and is not answered.
        dialogue: INIT has been exchanged in this registration.
        owed: what it owes after an event or INIT that it has read: ``init`` (to wait for INIT), ``enable``, ``register``,
            ``answer`` (to register or to answer INIT), or nothing.
        owed_by: the event that it is owed for (0: INIT).
        excused: why it may begin again by itself, as far as anything says so.
        excused_at: when the last of it came.
        tearing: H_FREE_CRQ was called and has not succeeded.
        pending: commands without an answer, by what their answers are known by, and since when.
        version: the version has been agreed on.
        told: answers to queries in this registration.
        requested: numbers requested in this round, and what was granted in part.
        partial: numbers that the server granted in part, to be requested next.
        granted: numbers agreed on.
        rounds: rounds of requests in this negotiation.
        sub_crqs: its sub-CRQs: source by handle.
        freed: handles of sub-CRQs that are freed.
        login: ``none``, ``sent``, ``ok``, ``bad`` (a response that must not be used), or ``refused``.
        login_asked: handles of the client's own, and the length of the response buffer, in the last login.
        login_rc: return code of the last login.
        login_at: when the last login was sent.
        failed_logins: logins in a row, without a back-off between, that did not succeed.
        logins_here: logins in this registration.
        renegotiated: capabilities were requested after the last login.
        problem: what is wrong with the login response.
        tx_handles: the server's transmit submission queues.
        rx_handles: the server's rx-add queues, with the buffer size of each.
        maps: address and length by map id, once answered.
        asked_maps: the same, not yet answered.
        in_flight: correlators of frames, with their queue.
        lent: address by correlator of buffers, with their queue.
        closed_send: a send of descriptors was answered H_CLOSED or H_PARAMETER after the session had ended.
        too_many: indirect sends of more than 16 that were answered H_PARAMETER in this session.
        told_mac: MAC told in this session.
        told_multicast: addresses told in this session.
        told_link: LOGICAL_LINK_STATE told in this session.
        link_indicated: LINK_STATE_INDICATION (1, 1) was read last in this session.
        link_up_at: when that was put into the queue.
        announced: a frame with its MAC has left in this session that its user did not send.
        moved: the session before was ended by event 06 or 08.
        wish: the user wants it open.
        user: what the user has set.
        orders: what the user has asked for and has not returned: action and time.
        removed: the device was removed and not added again.
        complaint: how far a complaint has got: ``none``, ``token``, ``accepted``, ``refused``.
        token: the token that it was given.
        well_since: since when hypervisor and server have been well; None: they are not.
        greeted: something was sent in this registration, or tried.
        own_since: how much had happened when it registered last.
        user_frames: frames that the user has sent, how often.
        sent_frames: frames that left, how often.
        arrived: frames that came rightly and were not seen by the user yet.
        busy: a call that was answered busy: opcode, registers, since when, and how much had happened by then.
        causes: how much has happened that may break a procedure off.
        failing: times of equal calls that failed within the last second.
        own_attempts: times of registrations for which nothing but the client itself gave a reason.
        noise_at: when it read an element that nobody awaits, if that is all that has happened since.
        resources: registrations in a row that were answered H_RESOURCE.
        last_register: code of the last H_REG_CRQ, and whether anything has happened since.
        free_rc: code of the last H_FREE_CRQ.
    """

    __slots__ = (
        "_descriptors",
        "_sending",
        "announced",
        "arrived",
        "asked_maps",
        "busy",
        "calls_now",
        "causes",
        "closed_send",
        "complaint",
        "dialogue",
        "disabled",
        "early",
        "excused",
        "excused_at",
        "failed_logins",
        "failing",
        "free_rc",
        "freed",
        "granted",
        "greeted",
        "in_flight",
        "init_sent",
        "last_register",
        "lent",
        "link_indicated",
        "link_up_at",
        "login",
        "login_asked",
        "login_at",
        "login_rc",
        "logins_here", "maps",
        "moved",
        "noise_at",
        "now",
        "orders",
        "owed",
        "owed_by",
        "own_attempts",
        "own_since",
        "partial",
        "pending",
        "problem",
        "profile",
        "registered",
        "registrations",
        "removed",
        "renegotiated",
        "requested",
        "resources",
        "rounds",
        "rx_handles",
        "sent_frames",
        "signal",
        "sub_crqs",
        "tearing",
        "token",
        "told",
        "told_link",
        "told_mac",
        "told_multicast",
        "too_many",
        "tx_handles",
        "user",
        "user_frames",
        "version",
        "well_since",
        "wish",
    )  # fmt: skip

    def __init__(self, profile: ClientProfile) -> None:
        self.profile = profile
        self.now = 0
        self.calls_now = 0
        self.registered = self.disabled = self.tearing = self.removed = self.wish = self.moved = False
        self.registrations = self.causes = self.resources = self.failed_logins = 0
        self.login_at = 0
        self.login_rc: int | None = None
        self.last_register: tuple[int, int] | None = None
        self.free_rc: int | None = None
        self.sub_crqs: dict[int, int] = {}
        self.freed: set[int] = set()
        self.user: dict[str, str | int] = {}
        self.orders: dict[int, tuple[str, int]] = {}
        self.complaint = "none"
        self.token: int | None = None
        self.well_since: int | None = 0
        self.arrived: Counter[bytes] = Counter()
        self.user_frames: Counter[bytes] = Counter()
        self.sent_frames: Counter[bytes] = Counter()
        self.greeted = False
        self.own_since = 0
        self.busy: tuple[int, tuple[int, ...], int, int] | None = None
        self.failing: dict[tuple[int, tuple[int, ...]], list[int]] = {}
        self.own_attempts: list[int] = []
        self.noise_at: int | None = None
        self.early = 0
        self.signal = False
        self.owed = ""
        self.owed_by = 0
        self.excused: tuple[str, ...] = ()
        self.excused_at = 0
        self.announced = False
        self._descriptors: list[bytes] = []
        self._sending = b""
        self._new_dialogue()

    def _new_dialogue(self) -> None:
        """Nothing is negotiated."""
        self.init_sent = self.dialogue = self.version = self.renegotiated = False
        self.pending: dict[tuple[int, bytes], tuple[bytes, int]] = {}
        self.told: dict[int, int] = {}
        self.requested: dict[int, int] = {}
        self.partial: dict[int, int] = {}
        self.granted: dict[int, int] = {}
        self.rounds = self.logins_here = 0
        self._new_login()

    def _new_login(self) -> None:
        """Nobody is logged in."""
        self.login = "none"
        self.login_asked: dict[str, int] = {}
        self.problem = ""
        self.tx_handles: list[int] = []
        self.rx_handles: dict[int, int] = {}
        self.maps: dict[int, tuple[int, int]] = {}
        self.asked_maps: dict[int, tuple[int, int]] = {}
        self.in_flight: dict[tuple[int, int], int] = {}
        self.lent: dict[tuple[int, int], int] = {}
        self.closed_send = False
        self.too_many = 0
        self.told_mac = b""
        self.told_multicast: set[bytes] = set()
        self.told_link: bool | None = None
        if self.announced:
            self.moved = False
        self.link_indicated = self.announced = False
        self.link_up_at: int | None = None

    @property
    def logged_in(self) -> bool:
        """Whether there is a session that the client may use."""
        return self.registered and not self.owed and self.login == "ok"

    @property
    def steady(self) -> bool:
        """Whether nothing is under way."""
        return self.logged_in and self.link_indicated and not self.pending and not self.orders and not self.tearing

    # -- taking in -------------------------------------------------------------------------------------------------

    def take(self, happening: h.Happening) -> None:
        """Take in what happened."""
        if happening.now != self.now:
            self.now, self.calls_now, self.noise_at = happening.now, 0, None
        taking = _TAKING.get(type(happening))
        if taking is not None:
            taking(self, happening)

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
        if rc in BUSY or rc < 0 or rc == Rc.H_CLOSED:
            times = [time for time in self.failing.get(key, ()) if time > self.now - 1_000]
            self.failing = {**self.failing, key: [*times, self.now]} if len(self.failing) < 64 else {key: [self.now]}
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
            self.registered, self.disabled, self.tearing, self.signal = True, False, False, False
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
                self.partial = {}
            self.renegotiated = True
            self.requested[values["capability"]] = values["number"]
        elif entry.command == Command.QUERY_CAPABILITY:
            self.rounds = 0
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
            (self.told_multicast.add if values["flags"] & 0x80 else self.told_multicast.discard)(mac)
        elif entry.command == Command.LOGICAL_LINK_STATE and values["state"] in (0, 1):
            self.told_link = values["state"] == 1

    def _answered_sub_send(self, arguments: tuple[int, ...], rc: int, values: tuple[int, ...]) -> None:
        if rc == Rc.H_SUCCESS and len(arguments) > 1:
            self._handed_over(arguments[1], self._descriptors)
        elif rc in (Rc.H_CLOSED, Rc.H_PARAMETER):
            if rc == Rc.H_PARAMETER and len(self._descriptors) > MAX_INDIRECT_OLD:
                self.too_many += 1
            if self.owed:
                self.closed_send = True
            self._excuse(f"a send of descriptors was answered {rc}")

    def _put(self, put: h.Put) -> None:
        data = put.data
        if put.handle is not None:
            self._put_completion(put.handle, data)
            return
        if not self.signal:
            self.early += 1
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

    def descriptors_of(self, called: h.Called) -> list[bytes] | None:
        """The descriptors of a send to a sub-CRQ; None if they cannot be read."""
        arguments = called.arguments
        if called.opcode == Hcall.H_SEND_SUB_CRQ:
            return [from_words(*arguments[2:6]).ljust(SUB_ELEMENT_BYTES, b"\0")]
        if len(arguments) < 4 or not 1 <= arguments[3] <= 1024:
            return None
        block = called.memory(arguments[2], arguments[3] * SUB_ELEMENT_BYTES)
        if block is None:
            return None
        return [block[at : at + SUB_ELEMENT_BYTES] for at in range(0, len(block), SUB_ELEMENT_BYTES)]

    def _handed_over(self, handle: int, descriptors: list[bytes]) -> None:
        """Descriptors that a server took: frames are in flight, buffers are lent."""
        for data in descriptors:
            if handle in self.rx_handles:
                self.lent[handle, RX_ADD.number(data, "correlator")] = RX_ADD.number(data, "ioba")
            elif data[1] == SubType.TX:
                self.in_flight[handle, TX_DESCRIPTOR.number(data, "correlator")] = self.now

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
        elif data[:2] == bytes((Header.COMMAND, Command.ERROR_INDICATION)):
            self._cause()
            self._excuse("an error indication was read")
        elif data[:2] == bytes((Header.COMMAND, Command.LINK_STATE_INDICATION)):
            self._cause()
            self.link_indicated = self.logged_in and data[4] == 1 and data[5] == 1
        elif self.steady:
            self.noise_at = self.now

    @property
    def dialogue_open(self) -> bool:
        """Whether the dialogue has got so far that INIT cannot simply be answered under profile reregister."""
        return self.dialogue and self.profile.client_init.name == "REREGISTER" and self.login != "none"

    def _read_event(self, event: int) -> None:
        self._cause()
        outstanding = bool(self.pending) or self.init_sent
        self.moved = self.moved or (event in (Event.DEVICE_FAILOVER, Event.MIGRATED) and self.link_indicated)
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

    def _excuse(self, why: str) -> None:
        """From now on the client may begin again by itself."""
        if why not in self.excused:
            self.excused = (*self.excused, why)
        self.excused_at = self.now

    def _cause(self) -> None:
        self.complaint = "accepted" if self.complaint == "accepted" else "none"
        self.causes += 1
        self.noise_at = None

    def _asked(self, asked: h.Asked) -> None:
        self._cause()
        if asked.order is None:
            return
        self.orders[asked.order] = (asked.action, self.now)
        if self.well_since is not None:
            self.well_since = self.now
        if asked.action in RESETS:
            self._excuse(f"the user asked for {asked.action}")
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

    def _returned(self, returned: h.Returned) -> None:
        action, _ = self.orders.pop(returned.order, ("", 0))
        if action == "remove" and returned.result == 0:
            self.removed = True
            self.wish = False

    def _injected(self, injected: h.Injected) -> None:
        self.noise_at = None
        if self.well_since is not None:
            self.well_since = self.now

    def _unwell(self, unwell: h.Unwell) -> None:
        self.well_since = self.now if unwell.well else None

    def _arrived(self, arrived: h.Arrived) -> None:
        self.arrived[arrived.frame] += 1

    def _looked(self, looked: h.Looked) -> None:
        self.arrived.subtract(looked.received)

    def _sent(self, sent: h.Sent) -> None:
        own = sent.frame[6:12] == self.told_mac or not self.told_mac
        if self.login == "ok" and own and sent.frame not in self.user_frames:
            self.announced = True
        self.sent_frames[sent.frame] += 1


_TAKING: Final[dict[type, Callable[[View, Any], None]]] = {
    h.Called: View._called,
    h.Answered: View._answered,
    h.Put: View._put,
    h.Consumed: View._consumed,
    h.Asked: View._asked,
    h.Returned: View._returned,
    h.Injected: View._injected,
    h.Unwell: View._unwell,
    h.Arrived: View._arrived,
    h.Looked: View._looked,
    h.Sent: View._sent,
}
_ANSWERS: Final[dict[int, Callable[[View, tuple[int, ...], int, tuple[int, ...]], None]]] = {
    Hcall.H_REG_CRQ: View._answered_register,
    Hcall.H_FREE_CRQ: View._answered_free,
    Hcall.H_VIO_SIGNAL: View._answered_signal,
    Hcall.H_ENABLE_CRQ: View._answered_enable,
    Hcall.H_REG_SUB_CRQ: View._answered_reg_sub,
    Hcall.H_FREE_SUB_CRQ: View._answered_free_sub,
    Hcall.H_VIOCTL: View._answered_vioctl,
    Hcall.H_SEND_CRQ: View._answered_send,
    Hcall.H_SEND_SUB_CRQ: View._answered_sub_send,
    Hcall.H_SEND_SUB_CRQ_INDIRECT: View._answered_sub_send,
}
