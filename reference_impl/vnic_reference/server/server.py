"""A VNIC server: one partition's driver of one logical port, in service of a client while the hypervisor connects them.

What it does by itself (SRV-1 to SRV-6): it registers its CRQ and keeps it; reports its health within the announced
interval, and at once when that changes; looks at its active flag; answers the client's INIT, or sends its own when none
comes; answers every command; carries frames; tells the client of link changes. It acts through calls of its own unit,
its own memory and its port only, and believes what it last saw: a server that hung and is stepped again is a *zombie*
that goes on as if nothing had happened, and only fencing keeps it from doing harm (FOV-10).

To let it hang, do not step it. After a crash of its partition make a new one.
"""

from __future__ import annotations

from collections import deque

from vnic_reference.dialogue import elements
from vnic_reference.dialogue.elements import request
from vnic_reference.driver import Driver
from vnic_reference.network.port import Port
from vnic_reference.server.capabilities import within
from vnic_reference.server.commands import Commands, answer_without_dialogue, link_state_indication
from vnic_reference.server.data_path import DataPath
from vnic_reference.server.remote import RemoteMemory
from vnic_reference.server.session import Session
from vnic_reference.server.settings import ServerSettings
from vnic_spec.vocabulary import Belief, Status
from vnic_spec.wire import (
    INIT,
    INIT_COMPLETE,
    PAGE_BYTES,
    RESPONSE_BIT,
    Capability,
    Command,
    Hcall,
    Header,
    InitFormat,
    Rc,
    ServerInfo,
)

_CRQ_AT = 0
_INFO_AT = PAGE_BYTES
#: Where copies from and to the client's memory are made.
_SCRATCH_AT = 0x10000
#: How soon a full queue of the client's is tried again.
_FULL_RETRY_MS = 10
#: How soon a registration that failed is tried again.
_REGISTER_RETRY_MS = 1000


class VnicServer:
    """One server; a component with :meth:`step` and :meth:`next_deadline` (times in ms of virtual time).

    Args:
        driver: its unit, in a partition that has just been powered on.
        port: its logical port.
        settings: its choices.

    Attributes:
        belief: what it believes itself to be.
        now: virtual time of the last step.
        reported: health as last reported, None before.
        session: what it has agreed on with the client; None unless the dialogue is open.
        data_path: its frame counters.
    """

    #: What it is made of; faulty variants put something else there.
    commands: type[Commands] = Commands
    data: type[DataPath] = DataPath

    def __init__(self, driver: Driver, port: Port, settings: ServerSettings | None = None) -> None:
        self.driver = driver
        self.port = port
        self.settings = settings or ServerSettings()
        self.belief = Belief.STANDBY
        self.session: Session | None = None
        self.data_path = self.data(driver, port)
        self.remote = RemoteMemory(driver, _SCRATCH_AT)
        self._answers: Commands | None = None
        self._outbox: deque[bytes] = deque()
        self.now = 0
        self._acted = False
        self._register_at: int | None = 0
        self._report_at = 0
        self.reported: Status | None = None
        self._init_at = 0
        self._init_wait = self.settings.init_repeat_ms
        self._link: tuple[bool, bool] | None = None
        self._error_id = 0
        self._frozen = False
        self._port_resets = port.resets

    # -- component -----------------------------------------------------------------------------------------------

    def step(self, now: int) -> bool:
        """Do everything that can be done now; whether anything was done that others can see. Never raises."""
        self.now = now
        self._acted = False
        self.register()
        # What it had begun comes first, the look at the active flag last: that is what makes a zombie.
        self._flush()
        if self.data_path.step(self.session):
            self._acted = True
        self._read_queue()
        self.watch_port()
        self.report()
        self.look_at_active()
        self._open_dialogue()
        return self._acted

    def next_deadline(self) -> int | None:
        """When it has to be stepped at the latest."""
        if self._register_at is not None:
            return self._register_at
        times = [self._report_at]
        if self.belief in (Belief.AWAITING, Belief.INIT_SENT):
            times.append(self._init_at)
        if self._outbox or (self.session is not None and self.data_path.backlog(self.session)):
            times.append(self.now + _FULL_RETRY_MS)
        return min(times)

    # -- its own half --------------------------------------------------------------------------------------------

    def register(self) -> None:
        """Register the CRQ, once; a refusal is tried again later."""
        if self._register_at is None or self.now < self._register_at:
            return
        self._acted = True
        rc = self.driver.reg_crq(_CRQ_AT)
        if rc == Rc.H_RESOURCE:  # of an earlier life, as after a reboot without power-off
            self.driver.free_crq()
            rc = self.driver.reg_crq(_CRQ_AT)
        if rc in (Rc.H_SUCCESS, Rc.H_CLOSED):
            self._register_at = None
            self.driver.vio_signal(1)
        else:
            self._register_at = self.now + _REGISTER_RETRY_MS

    def register_at(self, when: int) -> None:
        """Register at this time (ms), because the queue is gone."""
        self._register_at = when

    def health(self) -> Status:
        """What it says of itself: its adapter, then its link (SRV-6)."""
        if self.port.frozen:
            return Status.ADAPTER_ERROR
        return Status.OPERATIONAL if self.port.link_up else Status.LINK_DOWN

    def report(self) -> None:
        """Report to the hypervisor when the interval is over or the health has changed (MON-1, SRV-6)."""
        health = self.health()
        if self._register_at is not None or (health is self.reported and self.now < self._report_at):
            return
        self._acted = True
        self.driver.report(health.value, self.settings.report_interval_ms)
        self.reported = health
        self._report_at = self.now + self.settings.report_interval_ms

    def active(self) -> bool:
        """What the hypervisor says: whether the client is connected with this server (MON-7)."""
        info = self.driver.server_info(_INFO_AT)
        return isinstance(info, ServerInfo) and info.active == 1

    def look_at_active(self) -> None:
        """Follow the active flag: up, wait for the client's INIT; down, the dialogue is over (SRV-1, SRV-4)."""
        if self._register_at is not None:
            return
        active = self.active()
        if active and self.belief is Belief.STANDBY:
            self._acted = True
            self.belief = Belief.AWAITING
            self._init_at = self.now + self.settings.srv_wait_ms
            self._init_wait = self.settings.init_repeat_ms
        elif not active and self.belief is not Belief.STANDBY:
            self.drop()

    def watch_port(self) -> None:
        """Tell the client of what happened to the port, before the hypervisor hears of it (SRV-5, SRV-6)."""
        session = self.session
        if session is None or not session.logged_in:
            self._port_resets = self.port.resets
            return
        if self.port.resets != self._port_resets:
            self._port_resets = self.port.resets
            self.restore_port(session)
        frozen, self._frozen = self._frozen, self.port.frozen
        if self._frozen and not frozen:
            self._error_id += 1
            self.say(request(Command.ERROR_INDICATION, error_id=self._error_id, cause=elements.CAUSE_EEH))
        elif session.logical_up and not self._frozen:
            self.indicate_link(session)
        self._flush()

    def restore_port(self, session: Session) -> None:
        """Set the port as the client wants it: after LOGIN, and when the adapter was reset under a session."""
        self.port.set_promiscuous(bool(session.granted.get(Capability.PROMISC_REQUESTED, 0)))
        if session.mac is not None:
            self.port.set_mac(session.mac)
        for mac in sorted(session.multicast):
            self.port.add_multicast(mac)
        self.port.set_all_multicast(session.all_multicast)

    def indicate_link(self, session: Session) -> None:
        """LINK_STATE_INDICATION, if either link is not as last told (SRV-5)."""
        link = (self.port.link_up, session.logical_up)
        if link != self._link:
            self._link = link
            self.say(link_state_indication(self.port, session))

    # -- the dialogue --------------------------------------------------------------------------------------------

    def drop(self) -> None:
        """Forget everything negotiated, and all that belonged to it; the own queue is kept (SRV-1, SRV-4)."""
        session, self.session = self.session, None
        self.belief = Belief.STANDBY
        self._acted = True
        self._answers = None
        self._outbox.clear()
        self._link = None
        if session is not None:
            for handle in [tx.submission for tx in session.tx] + [rx.add for rx in session.rx]:
                self.driver.free_sub_crq(handle)
            for mapped in session.maps.values():
                self.remote.unmap(mapped)
            self.port.reset_filters()

    def _begin(self) -> None:
        """The dialogue is open."""
        self.session = Session(within(self.settings.capabilities, self.port.limits))
        self._answers = self.commands(self.driver, self.port, self.remote, self.settings, self.session)
        self._port_resets = self.port.resets
        self.belief = Belief.OPEN

    def _read_queue(self) -> None:
        """Read and answer the elements in the queue; while an answer finds no room, nothing more is read."""
        for source in self.driver.pending_interrupts():
            self.driver.hcall(Hcall.H_EOI, source)
        while not self._outbox and (element := self.driver.consume()) is not None:
            self._acted = True
            if element[0] == Header.EVENT:
                self.take_event(element[1])
            elif element[0] == Header.INITIALIZATION:
                self.take_init(element[1])
            elif element[0] == Header.COMMAND and not element[1] & RESPONSE_BIT:
                self.take_command(element)
            # Anything else is reserved, or answers nothing that a server asks.
            self._flush()

    def take_event(self, event: int) -> None:
        """The client's half went away, or this server is fenced; only the active flag tells what comes next (SRV-1)."""
        self.drop()
        self.look_at_active()

    def take_init(self, code: int) -> None:
        """INIT or INIT_COMPLETE of the client's (SRV-1)."""
        if code == InitFormat.INIT:
            # Also with a dialogue open: the client has begun afresh.
            if self.session is not None:
                self.drop()
            self.say(INIT_COMPLETE)
            self._begin()
        elif code == InitFormat.INIT_COMPLETE and self.belief is Belief.INIT_SENT:
            self._begin()

    def take_command(self, element: bytes) -> None:
        """A command: answered once (SRV-3)."""
        if self._answers is None or self.session is None:
            self.say(answer_without_dialogue(element))
            return
        self.say(self._answers.answer(element))
        if self.session.logged_in and self.belief is not Belief.SERVING:
            self.belief = Belief.SERVING
            self.restore_port(self.session)
        if element[1] == Command.LOGICAL_LINK_STATE and element[2] == elements.LINK_UP and self.session.logical_up:
            self.after_link_up(self.session)

    def after_link_up(self, session: Session) -> None:
        """The client has asked for the link: tell it how it is, also if nothing has changed (SRV-5)."""
        self._link = None
        self.indicate_link(session)

    def _open_dialogue(self) -> None:
        """Send INIT when the client's has not come in time, and again until it is answered (SRV-1)."""
        if self.belief not in (Belief.AWAITING, Belief.INIT_SENT) or self.now < self._init_at:
            return
        self._acted = True
        if self.driver.send(INIT) == Rc.H_SUCCESS:
            self.belief = Belief.INIT_SENT
        self._init_at = self.now + self._init_wait
        self._init_wait = min(2 * self._init_wait, self.settings.init_repeat_max_ms)

    def say(self, element: bytes) -> None:
        """Send an element, after those that wait to be sent."""
        self._outbox.append(element)

    def _flush(self) -> None:
        """Send what waits to be sent; a full queue is tried again, a closed one has lost its reader."""
        while self._outbox:
            rc = self.driver.send(self._outbox[0])
            if rc == Rc.H_DROPPED:
                return
            self._acted = True
            if rc != Rc.H_SUCCESS:
                # The connection is gone although nobody has said so yet; the event or the flag will (FOV-10).
                self._outbox.clear()
                return
            self._outbox.popleft()
