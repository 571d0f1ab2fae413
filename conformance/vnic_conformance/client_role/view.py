"""What the monitor knows of the client: nothing but what its calls, its memory and time have shown.

:class:`View` is that knowledge; :mod:`.view_calls` and :mod:`.view_queues` take in what happens, and judge nothing. What a
client may not have seen yet counts for it: an answer ends the wait for it when it is put into the queue, an event counts
when its header has been cleared (decision K19).
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from vnic_conformance.client_role import happenings as h
from vnic_spec.client_profile import ClientProfile
from vnic_spec.wire import (
    SUB_ELEMENT_BYTES,
    Command,
    Hcall,
    Rc,
    from_words,
)

REGISTERED: Final = (Rc.H_SUCCESS, Rc.H_CLOSED)
BUSY: Final = frozenset({int(Rc.H_BUSY), int(Rc.H_IN_PROGRESS), *range(Rc.H_LONG_BUSY_1_MS, Rc.H_LONG_BUSY_100_S + 1)})
#: A pause after refused logins that counts as a back-off, in ms.
BACK_OFF_MS: Final = 10_000
SUB_SENDS: Final = (Hcall.H_SEND_SUB_CRQ, Hcall.H_SEND_SUB_CRQ_INDIRECT)
#: What the user may ask for that makes the client begin again by itself.
RESETS: Final = ("add", "complain", "mtu", "queues", "promiscuous", "remove", "mac", "close")
#: Orders of the user's that change nothing about a session.
TRAFFIC: Final = ("send", "ping")
#: The register of H_SEND_SUB_CRQ that has the correlator of a descriptor (bytes 8 to 15).
_CORRELATOR: Final = 3
#: MULTICAST_CTRL: every address there is, as it is kept among those that were told.
EVERY_ADDRESS: Final = b""
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
        signal: the CRQ's interrupt is enabled.
        signalled: it has been since the CRQ was registered.
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
        partial: numbers that the server granted in part, and that have not been requested since.
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
        said_mac: MAC that the server has said is in force.
        told_multicast: addresses told in this session.
        told_link: LOGICAL_LINK_STATE told in this session.
        link_indicated: LINK_STATE_INDICATION (1, 1) was read last in this session.
        link_up_at: when that was put into the queue.
        announced: a frame with its MAC has left in this session that its user did not send.
        moved: the session before was ended by an event.
        wish: the user wants it open.
        user: what the user has set.
        orders: what the user has asked for and has not returned: action and time.
        removed: the device was removed and not added again.
        complaint: how far a complaint has got: ``none``, ``token``, ``accepted``, ``refused``.
        token: the token that it was given.
        wished_multicast: addresses that its user has wished for since this session began.
        well_since: since when hypervisor and server have been well; None: they are not.
        quiet_since: since when, besides, nothing has happened that may end a session; None: they are not well.
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
        "quiet_since",
        "registered",
        "registrations",
        "removed",
        "renegotiated",
        "requested",
        "resources",
        "rounds",
        "rx_handles",
        "said_mac",
        "sent_frames",
        "signal",
        "signalled", "sub_crqs",
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
        "wished_multicast",
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
        self.quiet_since: int | None = 0
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
        self.signal = self.signalled = False
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
        self.told_mac = self.said_mac = b""
        self.told_multicast: set[bytes] = set()
        self.wished_multicast = self.multicast
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
    def multicast(self) -> set[bytes]:
        """The addresses that the user has set last."""
        return {bytes.fromhex(mac) for mac in str(self.user.get("multicast_list", "")).split()}

    @property
    def steady(self) -> bool:
        """Whether nothing is under way."""
        return self.logged_in and self.link_indicated and not self.pending and not self.orders and not self.tearing

    @property
    def dialogue_open(self) -> bool:
        """Whether the dialogue has got so far that INIT cannot simply be answered under profile reregister."""
        return self.dialogue and self.profile.client_init.name == "REREGISTER" and self.login != "none"

    @staticmethod
    def descriptors_of(called: h.Called) -> list[bytes] | None:
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

    @staticmethod
    def equal_call(opcode: int, arguments: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        """What a call has in common with equal ones (CLI-13): all of it, but a correlator, which may be new each time."""
        if opcode == Hcall.H_SEND_SUB_CRQ and len(arguments) > _CORRELATOR:
            return opcode, (*arguments[:_CORRELATOR], 0, *arguments[_CORRELATOR + 1 :])
        return opcode, arguments

    @property
    def busy_once(self) -> bool:
        """Whether a call was answered busy, and never made again."""
        if self.busy is None:
            return False
        opcode, arguments, since, _ = self.busy
        return self.failing.get(self.equal_call(opcode, arguments), []) == [since]

    def _disturbed(self) -> None:
        """Something has happened that may end a session."""
        if self.quiet_since is not None:
            self.quiet_since = self.now

    def _excuse(self, why: str) -> None:
        """From now on the client may begin again by itself."""
        if why not in self.excused:
            self.excused = (*self.excused, why)
        self.excused_at = self.now

    def _cause(self) -> None:
        self.complaint = "accepted" if self.complaint == "accepted" else "none"
        self.causes += 1
        self.noise_at = None
