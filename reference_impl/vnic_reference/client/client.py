"""The VNIC client: what an unmodified driver does on the CRQ, and a network interface for the application above it.

Events and INITs are taken as they come and decide where the one recovery stands (CLI-1 to CLI-4; protocol.md 4.2);
:mod:`~vnic_reference.client.recovery` does the rest, step by step. What the user wants (open or closed, MAC, multicast
addresses) is kept apart from what the present server has been told, so that it survives any failover (CLI-5, CLI-6).

It acts through calls of its own unit and its own memory only. A client is made when its partition boots, and forgotten
when that crashes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import replace
from typing import NamedTuple

from vnic_reference.client.data_path import BATCH_BYTES, ClientData
from vnic_reference.client.opening import Entry
from vnic_reference.client.recovery import Recovery
from vnic_reference.client.requests import Requests
from vnic_reference.client.settings import ANSWER, ClientSettings
from vnic_reference.dialogue.arena import Arena
from vnic_reference.dialogue.elements import ERROR_FATAL, field
from vnic_reference.driver import Driver
from vnic_reference.network.frames import is_multicast, is_unicast
from vnic_reference.network.port import PortStatistics
from vnic_reference.partition import BOOT_MAPPED_BYTES, MEMORY_BYTES
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import (
    INIT_COMPLETE,
    PAGE_BYTES,
    RESPONSE_BIT,
    Command,
    Event,
    Hcall,
    Header,
    InitFormat,
    Rc,
)

_CRQ_AT = 0
#: Phases in which the driver does not look at its queue: what is there will go with the queue, or wait.
_DEAF = (ClientPhase.OFF, ClientPhase.RECOVERING, ClientPhase.ENABLING)
#: Phases with a request outstanding that the new server may have got (decisions R3, R4).
_ASKING = (ClientPhase.INIT_SENT, ClientPhase.LOGIN_SENT)
_IN_DIALOGUE = (ClientPhase.READY, ClientPhase.LOGIN_SENT, ClientPhase.LOGGED_IN)


_STORM_MS = 1_000


class SubCrq(NamedTuple):
    """A sub-CRQ that is registered: its handle, its interrupt source, and its address."""

    handle: int
    source: int
    at: int


class VnicClient:
    """One client; a component (``step``, ``next_deadline``; ms of virtual time) and an interface for the application.

    Args:
        driver: its unit, in a partition that has just been powered on.
        mac: MAC of the interface, 6 bytes.
        settings: its choices.

    Raises:
        ValueError: ``mac`` is not the MAC of a station.

    Attributes:
        phase: where it stands in its dialogue.
        wish: the user's: open or closed (CLI-6).
        multicast: multicast addresses that the user wants.
        registrations: how often it has registered its CRQ.
        registered_as: answer of the last H_REG_CRQ.
        logins: how often it has logged in and asked for the link.
        failures: failed attempts in a row (CLI-7).
        last_failure: why the last one failed.
        vpd: vital product data, read once.
        statistics: what :meth:`ask_statistics` brought last.
        mac_in_force: the MAC that the server said is in force.
        sub_crqs: its sub-CRQs, as far as they have not been freed.
        removed: the device has been removed, and nothing of it is registered any more.
        data: its frame counters.
    """

    #: What it is made of; faulty variants put something else there.
    recovery: type[Recovery] = Recovery
    data_path: type[ClientData] = ClientData

    def __init__(self, driver: Driver, mac: bytes, settings: ClientSettings | None = None) -> None:
        if not is_unicast(mac):
            raise ValueError(f"{mac!r} is not the MAC of a station")
        self.driver = driver
        self.mac = bytes(mac)
        self.settings = settings or ClientSettings()
        self.now = 0
        self.arena = Arena(driver, PAGE_BYTES, MEMORY_BYTES, BOOT_MAPPED_BYTES)
        self.requests = Requests(driver)
        self.data = self.data_path(driver, self.arena.take(BATCH_BYTES) or 0, self.settings.rest_ms)
        # what the user wants
        self.wish = self.settings.open_at_boot
        self.multicast: set[bytes] = set()
        self.statistics_wanted = False
        # what the present server has been told
        self.told_link = False
        self.told_mac: bytes | None = None
        self.told_multicast: set[bytes] = set()
        self.carrier = False
        self.mapped = False
        self.lending = False
        self.bounce = False
        #: Responses may still come to commands of before an event 08, and not be told from the new server's.
        self.strays = False
        # what is known
        self.phase = ClientPhase.RECOVERING
        self.registered_as: int | None = None
        self.registrations = 0
        self.logins = 0
        self.failures = 0
        self.last_failure = ""
        self.vpd: bytes | None = None
        self.statistics: PortStatistics | None = None
        self.mac_in_force: bytes | None = None
        self._notified = 1
        self.removed = False
        self.sub_crqs: list[SubCrq] = []
        self._starts: deque[int] = deque(maxlen=self.settings.storm)
        self._complaint: Generator[int | None, None, None] | None = None
        self._complaint_due: int | None = None
        self._accepted = False
        self._deadline: int | None = 0
        self._acted = False
        self._worker: Generator[int | None, None, None] | None = None
        self.recover(Entry.REGISTER)

    # -- component -----------------------------------------------------------------------------------------------

    def step(self, now: int) -> bool:
        """Do everything that can be done now; whether anything was done that others can see. Never raises."""
        self.now = now
        self._acted = False
        self._read_queue()
        # Without a worker (CLI-1: it waits for INIT) a wish changes nothing now.
        self._deadline = None if self._worker is None else next(self._worker)
        if self._complaint is not None:
            self._go_on_complaining()
        if self.phase is ClientPhase.LOGGED_IN and self.data.step(now, self.lending):
            self._acted = True
        if self._deadline is None:
            self._deadline = self.watchdog()
        return self._acted

    def next_deadline(self) -> int | None:
        """When it has to be stepped at the latest."""
        times = [self._deadline, self._complaint_due, self.data.next_deadline(self.now) if self.lending else None]
        return min((time for time in times if time is not None), default=None)

    # -- Interface -----------------------------------------------------------------------------------------------

    @property
    def link_up(self) -> bool:
        """Whether frames can pass: logged in, and both links are up as far as the server has said."""
        ready = self.phase is ClientPhase.LOGGED_IN and self.mapped and self.told_link
        return ready and self.wish and self.carrier

    def open(self) -> None:
        """The user wants the device open (CLI-6)."""
        self.wish = True
        self._wake()

    def close(self) -> None:
        """The user wants the device closed (CLI-6)."""
        self.wish = False
        self._wake()

    def send(self, frame: bytes) -> bool:
        """Send a frame; False: not taken, and never sent later."""
        taken = self.link_up and self.data.send(frame, self.now)
        if self._deadline is None:
            self._deadline = self.watchdog()
        return taken

    def received(self) -> list[bytes]:
        """Take the frames that came."""
        return self.data.arrived()

    def take_notification(self) -> bool:
        """Whether the network has to be told where the MAC is now: once after every login but the first (CLI-5).

        Not before the link is up, for what is sent earlier is lost.
        """
        if self.logins <= self._notified or not self.link_up:
            return False
        self._notified = self.logins
        return True

    # -- more of what a user can want ----------------------------------------------------------------------------

    def set_mac(self, mac: bytes) -> bool:
        """Another MAC; False if it is not that of a station."""
        if not is_unicast(mac):
            return False
        self.mac = bytes(mac)
        self._wake()
        return True

    def join(self, mac: bytes) -> bool:
        """Receive frames to a multicast address; False if it is none."""
        if len(mac) != len(self.mac) or not is_multicast(mac):
            return False
        self.multicast.add(bytes(mac))
        self._wake()
        return True

    def leave(self, mac: bytes) -> None:
        """Receive frames to a multicast address no longer."""
        self.multicast.discard(bytes(mac))
        self._wake()

    def ask_statistics(self) -> None:
        """Ask the server for its counters; :attr:`statistics` has them when they have come."""
        self.statistics_wanted = True
        self._wake()

    def complain(self) -> bool:
        """Tell the hypervisor that this server does not serve (SES-2); whether it will fail over.

        If it will not, the client recovers by itself, as a last resort, and only then (protocol.md 2.8; bugs 21, 22).
        """
        if self._complaint is None and self.phase is not ClientPhase.OFF:
            self._complaint = self.recovery(self).complain()
            self._accepted = False
            self._go_on_complaining()
        return self._accepted

    @property
    def complaining(self) -> bool:
        """Whether a complaint is under way, because the hypervisor is busy."""
        return self._complaint is not None

    def set_mtu(self, mtu: int) -> None:
        """Another MTU, in bytes of an IP packet: the dialogue begins again, and asks for it (DLG-10)."""
        self._reconfigure(replace(self.settings, mtu=mtu))

    def set_queues(self, queues: int) -> None:
        """Another limit of the number of queues of either direction: the dialogue begins again (DLG-10)."""
        self._reconfigure(replace(self.settings, queues=queues))

    def set_promiscuous(self, on: bool) -> None:
        """Whether every frame of the port is asked for: the dialogue begins again (DLG-10)."""
        self._reconfigure(replace(self.settings, promiscuous=on))

    def _reconfigure(self, settings: ClientSettings) -> None:
        changed, self.settings = settings != self.settings, settings
        if changed and self.phase is not ClientPhase.OFF:
            self.begin_again()

    def remove(self) -> None:
        """The device goes away: everything registered is freed; :attr:`removed` says when that is done (CLI-17)."""
        if self.phase is not ClientPhase.OFF:
            self.wish = False
            self.stop_worker()
            self._complaint = self._complaint_due = None
            self.phase = ClientPhase.OFF
            self._worker = self.recovery(self).leave()
            self._wake()

    # -- used by the recovery ------------------------------------------------------------------------------------

    def recover(self, entry: Entry) -> None:
        """Break off what is going on and recover from here (CLI-8)."""
        self.stop_worker()
        self._worker = self.recovery(self).run(entry)
        self._wake()

    def calm_at(self) -> int:
        """When the next recovery may begin: at once, or when a second has passed since there were many (CLI-13)."""
        full = len(self._starts) == self._starts.maxlen
        due = max(self.now, self._starts[0] + _STORM_MS) if full else self.now
        self._starts.append(due)
        return due

    def complaint_ended(self, *, accepted: bool) -> None:
        """The hypervisor has answered the complaint; if it will not fail over the client recovers by itself (CLI-19)."""
        self._accepted = accepted
        if not accepted:
            self.recover(Entry.REGISTER)

    def _go_on_complaining(self) -> None:
        assert self._complaint is not None
        self._complaint_due = next(self._complaint, None)
        if self._complaint_due is None:
            self._complaint = None

    def stop_worker(self) -> None:
        """Nothing is going on: wait for the INIT of a server (CLI-1)."""
        if self._worker is not None:
            self._worker.close()
        self._worker = None
        self._deadline = None

    def send_element(self, element: bytes) -> int:
        """H_SEND_CRQ of what has no response."""
        rc = self.driver.send(element)
        self._acted = self._acted or rc == Rc.H_SUCCESS
        return rc

    def send_command(self, element: bytes) -> int:
        """H_SEND_CRQ of a command whose response counts from now on (CLI-4)."""
        rc = self.requests.send(element)
        self._acted = self._acted or rc == Rc.H_SUCCESS
        return rc

    def register_crq(self) -> int:
        """H_REG_CRQ, always of the same memory, whose headers are cleared before (CLI-10)."""
        self._acted = True
        self.strays = False
        self.registrations += 1
        self.driver.poke(_CRQ_AT, bytes(PAGE_BYTES))
        self.registered_as = self.driver.reg_crq(_CRQ_AT)
        return self.registered_as

    def register_sub_crq(self) -> int:
        """Register one sub-CRQ; the code of the call.

        Raises:
            MemoryError: the partition has no memory left for it.
        """
        length = self.settings.sub_crq_pages * PAGE_BYTES
        at = self.arena.take(length)
        if at is None:
            raise MemoryError
        rc, *values = self.driver.reg_sub_crq(at, length)
        if rc not in (Rc.H_SUCCESS, Rc.H_CLOSED):
            self.arena.give_back(at, length)
        else:
            self.sub_crqs.append(SubCrq(values[0], values[1], at))
        return rc

    def sub_crq_gone(self, queue: SubCrq) -> None:
        """A sub-CRQ is freed: its memory can be used for something else."""
        self.sub_crqs.remove(queue)
        self.arena.give_back(queue.at, self.settings.sub_crq_pages * PAGE_BYTES)

    def sub_crqs_gone(self) -> None:
        """All sub-CRQs are freed, with the CRQ."""
        while self.sub_crqs:
            self.sub_crq_gone(self.sub_crqs[-1])

    @staticmethod
    def slots(count: int) -> deque[int]:
        """All slots of a pool, free."""
        return deque(range(count))

    def drop(self) -> None:
        """Forget the session and all that belonged to it; the user's wishes stay (CLI-1, CLI-5).

        Sub-CRQs are freed with the CRQ, or before others are registered; until then their memory is not used again.
        """
        self._acted = True
        if self.told_mac is not None and not self.logins:
            self._notified = 0  # a server has been told the MAC, so the next one is not the first (DLG-11)
        self.data.close()
        self.requests.forget()
        self.told_link = False
        self.told_mac = None
        self.told_multicast = set()
        self.carrier = False
        self.mapped = False
        self.lending = False
        self.bounce = False

    def watchdog(self) -> int | None:
        """When a frame in flight, or the platform's word that the server is gone, will have been awaited too long."""
        since = self.data.waiting_since()
        return None if since is None else since + self.settings.watchdog_ms

    def stuck(self) -> bool:
        """Whether something has been awaited too long."""
        due = self.watchdog()
        return due is not None and self.now >= due

    def _wake(self) -> None:
        self._deadline = self.now

    # -- the queue -----------------------------------------------------------------------------------------------

    def _read_queue(self) -> None:
        for source in self.driver.pending_interrupts():
            self.driver.hcall(Hcall.H_EOI, source)
        while self.phase not in _DEAF and (element := self.driver.consume()) is not None:
            self._acted = True
            if element[0] == Header.EVENT:
                self.take_event(element[1])
            elif element[0] == Header.INITIALIZATION:
                self._take_init(element[1])
            elif element[0] == Header.COMMAND and self.phase in _IN_DIALOGUE:
                self._take_command(element)
            # Anything else is reserved, or comes at a time when it does not count (CLI-4).

    def take_event(self, event: int) -> None:
        """A transport event (CLI-1, CLI-3)."""
        # A LOGIN whose answer was read in the same breath is not outstanding any more.
        asking = self.phase in _ASKING and (self.phase is ClientPhase.INIT_SENT or self.requests.outstanding())
        if event == Event.DEVICE_FAILOVER and not asking:
            self.strays = self.strays or self.requests.outstanding()
            self.drop()
            self.stop_worker()
            self.phase = ClientPhase.WAITING
        elif event == Event.MIGRATED:
            self.drop()
            self.phase = ClientPhase.ENABLING
            self.recover(Entry.ENABLE)
        else:
            self.begin_again()

    def begin_again(self) -> None:
        """Full re-initialisation: free the CRQ, register it, start the dialogue (CLI-2, CLI-3)."""
        self.drop()
        self.phase = ClientPhase.RECOVERING
        self.recover(Entry.REGISTER)

    def _take_init(self, code: int) -> None:
        if code == InitFormat.INIT_COMPLETE and self.phase is ClientPhase.INIT_SENT:
            self.phase = ClientPhase.READY
        elif code == InitFormat.INIT:
            self.take_server_init()

    def take_server_init(self) -> None:
        """A server opens the dialogue (CLI-2): register again, or answer where no old response can come (decision R4)."""
        clean = self.phase not in _ASKING and not self.strays and not self.requests.outstanding()
        if self.settings.client_init != ANSWER or not clean:
            self.begin_again()
            return
        self.drop()
        if self.send_element(INIT_COMPLETE) != Rc.H_SUCCESS:
            self.begin_again()
            return
        self.phase = ClientPhase.READY
        self.recover(Entry.ANSWERED)

    def _take_command(self, element: bytes) -> None:
        code = element[1]
        if code & RESPONSE_BIT:
            self.requests.take(element)
        elif code == Command.LINK_STATE_INDICATION and self.phase is ClientPhase.LOGGED_IN:
            self.carrier = field(element, "physical") == 1 and field(element, "logical") == 1
        elif code == Command.ERROR_INDICATION:
            if field(element, "flags") & ERROR_FATAL:
                self.begin_again()
            else:
                self.bounce = self.phase is ClientPhase.LOGGED_IN
        # Other commands of a server are not known to the driver, and ignored.
