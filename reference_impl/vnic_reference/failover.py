"""The failover mechanism: which server is selected, when it is left, and in what order the effects happen.

Three things are kept apart:

* the *selection* (a server or nobody), which *stands* from the client's first opening, or from a manual activation,
  until the client's partition goes off or migrates (SEL-2, SEL-7);
* the *session*, from connecting the client with the selected server until severing;
* *eligibility*, which decides who may be selected (SEL-3).

Whatever happens changes facts about servers and then calls :meth:`FailoverMechanism.settle`, which alone moves the
selection by itself: last resort, leaving, filling, preemption, connection, in this order. Each step of the machine thus
makes at most one switch, and the invariants hold at its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from vnic_reference import selection
from vnic_reference.policy import Policy
from vnic_reference.servers import Server
from vnic_reference.transport import Switchboard
from vnic_spec.vocabulary import Crq, Owed, Status
from vnic_spec.wire import Event

_TOKEN_MULTIPLIER = 0x9E37_79B9_7F4A_7C15
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Session:
    """One connection of the client with one server. ``number`` counts from 1 and is never used again."""

    server: Server
    number: int

    @property
    def token(self) -> int:
        """Token of 64 bits, different for every session (SES-1).

        An odd multiplier permutes the 64-bit numbers, so tokens are distinct and do not look like a count that a client
        might be tempted to interpret.
        """
        return self.number * _TOKEN_MULTIPLIER & _MASK


@dataclass(slots=True)
class Counters:
    """Events and switches, for the balance of INV-9. ``registration`` fields start anew when the client registers."""

    sessions: int = 0
    switches: int = 0
    registration_switches: int = 0
    registration_events: int = 0
    registration_merged: int = 0


class FailoverMechanism:
    """Selection, failover and connection of one vNIC.

    Args:
        policy: The choices of this implementation.
        switchboard: The transport, as far as the mechanism may know it.
        count: Number of servers in the machine, listed or not.
    """

    def __init__(self, policy: Policy, switchboard: Switchboard, count: int) -> None:
        self.policy = policy
        self.servers = [Server(index) for index in range(count)]
        self.now = 0
        self.auto = True  # ADM-5
        self.pinned = False
        self.standing = False
        self.selected: Server | None = None
        self.session: Session | None = None
        self.owed = Owed.NOTHING
        self.held_since: int | None = None
        self.better_since: int | None = None
        self.counters = Counters()
        self._switchboard = switchboard
        #: Something is waiting for an owner to consume an element, which no call announces.
        self.watching = False
        self._in_step = False

    # -- facts ---------------------------------------------------------------------------------------------------

    def client_crq(self) -> Crq:
        """State of the client's CRQ (ADM-7)."""
        return self._switchboard.client_crq()

    def listed(self) -> list[Server]:
        """Servers on the list, the one added first leading."""
        return sorted((server for server in self.servers if server.listed), key=lambda server: server.age)

    def serviceable(self, server: Server) -> bool:
        """Whether nothing but, at most, a complaint speaks against the server (SEL-3, MON-5, ADM-6)."""
        return (
            server.listed
            and server.status is Status.OPERATIONAL
            and not server.overdue
            and self._switchboard.server_registered(server.index)
        )

    def eligible(self, server: Server) -> bool:
        """Whether the server may be selected (SEL-3)."""
        return not server.complaint and self.serviceable(server)

    def candidates(self) -> list[Server]:
        """All eligible servers."""
        return [server for server in self.servers if self.eligible(server)]

    def best(self) -> Server | None:
        """The server that a selection by priority takes (SEL-4, SEL-5)."""
        return selection.best(self.candidates(), self.policy.tie_break, self.counters.switches)

    def beaten(self, selected: Server) -> bool:
        """Whether priority would take the client from this selected server (FOV-1, SEL-5)."""
        return selection.is_beaten(selected, self.candidates())

    def active(self, server: Server) -> bool:
        """Whether the server is selected and connected (MON-7)."""
        return self.session is not None and self.session.server is server

    def held(self, server: Server) -> bool:
        """Whether the end of an earlier session still keeps the client and this server apart (CRQ-13)."""
        if self.policy.crossing == "gap":
            ended = server.session_ended_at
            return ended is not None and self.now < ended + self.policy.gap_ms
        return self._switchboard.server_event_unread(server.index)

    # -- what the transport reports ------------------------------------------------------------------------------

    def client_opened(self) -> None:
        """The client has registered its CRQ: a selection stands from now on (SEL-2, SEL-7)."""
        self.counters.registration_switches = 0
        self.counters.registration_events = 0
        self.counters.registration_merged = 0
        if self.policy.reopen == "reselect":
            self.selected = None
            self.pinned = False
        self.standing = True
        self.settle()

    def client_closed(self, event: Event) -> None:
        """The client's CRQ is gone; the connected server is told, the selection stays (CRQ-4, SEL-7, INV-6)."""
        self.owed = Owed.NOTHING
        self._end_session(event)
        self.settle()

    def client_enabled(self) -> None:
        """The client has enabled its CRQ after a migration (CRQ-8); a standing selection is kept, else one begins."""
        self.standing = True
        self.settle()

    def server_opened(self, server: int) -> None:
        """A server has registered: POWERED_OFF until its first report, complaint forgotten (MON-4, MON-6)."""
        record = self.servers[server]
        record.await_first_report()
        record.complaint = False
        record.session_ended_at = None
        self.settle()

    def server_closed(self, server: int) -> None:
        """A server's half is gone: POWERED_OFF at once (MON-3)."""
        self.servers[server].await_first_report()
        self.settle()

    def client_stopped(self) -> None:
        """The client's partition is off, its queue closed: the selection ends (SEL-7)."""
        self._end_selection()
        self.settle()

    def client_migrated(self) -> None:
        """The client's partition has migrated and its CRQ, if registered, is disabled (CRQ-8).

        Not a switch: the selection ends, and there is no event 08.
        """
        self._end_session(Event.PARTNER_DEREGISTERED, tell_first=Event.MIGRATED)
        self._end_selection()
        self.settle()

    # -- decisions -----------------------------------------------------------------------------------------------

    def activate(self, target: Server) -> None:
        """Select and pin a server that may serve; it is not the selected one (ADM-6)."""
        target.complaint = False
        if self.selected is None:
            self.standing = True
            self.selected = target
        else:
            self._leave(target)
        self.pinned = True
        self.settle()

    def settle(self, *, at_once: bool = False) -> None:
        """Bring selection and connection in line with the facts, at the end of every step.

        ``at_once`` ends the damping of preemption: the administrator has asked for a selection by priority (ADM-4,
        ADM-5).
        """
        if self._in_step:
            return
        self._deliver_owed()
        for server in self.servers:
            if server.overdue and not self._switchboard.server_event_unread(server.index):
                server.overdue = False
        self._last_resort()
        if self.standing:
            self._reselect(at_once)
        self._connect()

    @contextmanager
    def one_step(self) -> Iterator[None]:
        """Several facts change in one step: settle once, when all of them are known."""
        self._in_step = True
        try:
            yield
        finally:
            self._in_step = False
        self.settle()

    def notice(self) -> None:
        """Look whether an owner has consumed what was waited for; costs nothing while nothing is waited for."""
        if self.watching:
            self.settle()

    def _last_resort(self) -> None:
        """Forget complaints rather than leave the client without a server that could serve (MON-5)."""
        if any(self.eligible(server) for server in self.servers):
            return
        for server in self.servers:
            if self.serviceable(server):
                server.complaint = False

    def _reselect(self, at_once: bool) -> None:
        selected = self.selected
        if selected is None:
            # SEL-6: whoever comes first, whatever the policy says; no event, not a switch.
            self.selected = self.best()
            self.better_since = None
        elif not self.eligible(selected):
            self._leave(self.best())
        elif not self.auto or self.pinned or not self.beaten(selected):
            self.better_since = None
        else:
            if self.better_since is None:
                self.better_since = self.now
            if at_once or self.now >= self.better_since + self.policy.preempt_delay_ms:
                self._leave(self.best())

    def _leave(self, successor: Server | None) -> None:
        """Leave the selected server for another, or for nobody; the order of effects is that of FOV-2."""
        self.selected = None
        self.pinned = False
        self.better_since = None
        if self._switchboard.client_crq() is Crq.CLOSED:
            self._end_session(Event.PARTNER_DEREGISTERED)  # SEL-8: no event, not a switch
        else:
            self.counters.switches += 1
            self.counters.registration_switches += 1
            self._end_session(Event.PARTNER_DEREGISTERED, tell_first=Event.DEVICE_FAILOVER)
        self.selected = successor

    def _end_selection(self) -> None:
        self.standing = False
        self.selected = None
        self.pinned = False
        self.better_since = None

    # -- sessions and events -------------------------------------------------------------------------------------

    def _connect(self) -> None:
        """Connect the client with the selected server unless something keeps them apart (INV-5)."""
        server = self.selected
        open_ = server is not None and self.session is None and self._switchboard.client_crq() is Crq.OPEN
        held = open_ and server is not None and self.held(server)
        if not held:
            self.held_since = None
        elif self.held_since is None:
            self.held_since = self.now
        if open_ and not held and self.owed is Owed.NOTHING and server is not None:
            self.counters.sessions += 1
            self.session = Session(server, self.counters.sessions)
            self._switchboard.connect(server.index)
        self.watching = held or self.owed is not Owed.NOTHING or any(server.overdue for server in self.servers)

    def _end_session(self, event: Event, *, tell_first: Event | None = None) -> None:
        """Sever a session if there is one: fence the server, tell the client, tell the server (FOV-2).

        Only a server that was connected is told; one that was held has the end of its last session unread already.
        """
        ended, self.session = self.session, None
        self.held_since = None
        self._switchboard.sever()
        if tell_first is not None:
            self._tell_client(tell_first)
        if ended is not None:
            ended.server.session_ended_at = self.now
            self._switchboard.tell_server(ended.server.index, event)

    def _tell_client(self, event: Event) -> None:
        """Put an event for the client; if its queue is full, overlay or owe it (CRQ-7)."""
        if self._switchboard.client_crq() is Crq.CLOSED:
            return
        failover = event is Event.DEVICE_FAILOVER
        if self.owed is not Owed.NOTHING:
            # CRQ-7: 08 over 08 merges, 06 dominates, exactly as when they meet in one element.
            self.counters.registration_merged += failover
            if not failover:
                self.counters.registration_merged += self.owed is Owed.FAILOVER
                self.owed = Owed.MIGRATED
        elif self._switchboard.put_client_event(event):
            self.counters.registration_events += failover
        elif self.policy.event_full == "defer":
            self.owed = Owed.FAILOVER if failover else Owed.MIGRATED
        elif self._switchboard.overlay_client_event(event):
            self.counters.registration_merged += failover
        else:
            self.counters.registration_events += failover

    def _deliver_owed(self) -> None:
        if self.owed is Owed.NOTHING:
            return
        failover = self.owed is Owed.FAILOVER
        if self._switchboard.put_client_event(Event.DEVICE_FAILOVER if failover else Event.MIGRATED):
            self.counters.registration_events += failover
            self.owed = Owed.NOTHING
