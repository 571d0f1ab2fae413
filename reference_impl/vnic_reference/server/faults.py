"""Faulty variants of the VNIC server, for checks of the whole system: :data:`SERVER_FAULTS` by name."""

from __future__ import annotations

from vnic_reference.dialogue.elements import raw_field, response
from vnic_reference.dialogue.variants import Variants
from vnic_reference.driver import Driver
from vnic_reference.network.port import Port
from vnic_reference.server.commands import Commands
from vnic_reference.server.data_path import DataPath
from vnic_reference.server.server import VnicServer
from vnic_reference.server.session import Session
from vnic_spec.vocabulary import Status
from vnic_spec.wire import INIT_COMPLETE, Command, CommandRc, InitFormat

#: Every faulty variant by name.
SERVER_FAULTS: Variants[VnicServer] = Variants()
_fault = SERVER_FAULTS.enter
#: How long the server that holds frames back does so, in ms.
_HELD_MS = 20
_NEVER_MS = 1 << 40


@_fault("SRV-1")
class NoInitAfterTakeover(VnicServer):
    """Waits for the client's INIT and never sends its own, so that a client that waits for it waits for ever."""

    def _open_dialogue(self) -> None:
        pass


@_fault("SRV-5")
class NoLinkIndication(VnicServer):
    """Answers LOGICAL_LINK_STATE and says nothing of the links, so that the client's carrier stays off."""

    def indicate_link(self, session: Session) -> None:
        pass


@_fault("SRV-4")
class KeepsSessionOverInit(VnicServer):
    """Regards a client that comes back as logged in, and refuses its LOGIN."""

    def take_event(self, event: int) -> None:
        pass

    def take_init(self, code: int) -> None:
        if code == InitFormat.INIT and self.session is not None:
            self.say(INIT_COMPLETE)
            return
        super().take_init(code)


class _DeafToMulticast(Commands):
    def set_multicast(self, asked: bytes) -> bytes:
        return response(asked, CommandRc.SUCCESS)


@_fault("SRV-3")
class IgnoresMulticast(VnicServer):
    """Answers MULTICAST_CTRL with success and does not set the filter."""

    commands = _DeafToMulticast


class _KeepsOwnMac(Commands):
    def change_mac(self, asked: bytes) -> bytes:
        return response(asked, CommandRc.SUCCESS, mac=raw_field(asked, "mac"))


@_fault("SRV-3")
class IgnoresMac(VnicServer):
    """Answers CHANGE_MAC_ADDR with success and receives frames to its own MAC only."""

    commands = _KeepsOwnMac


class _ReceivesTwice(DataPath):
    def receive(self, session: Session, frame: bytes) -> None:
        super().receive(session, frame)
        super().receive(session, frame)


@_fault("DAT-2")
class DeliversTwice(VnicServer):
    """Puts every received frame into two buffers."""

    data = _ReceivesTwice


class _SendsTwice(DataPath):
    def transmit(self, frame: bytes) -> CommandRc:
        super().transmit(frame)
        return super().transmit(frame)


@_fault("DAT-1")
class TransmitsTwice(VnicServer):
    """Gives every frame to the port twice."""

    data = _SendsTwice


class _HoldsFrames(DataPath):
    """Keeps frames for a while before it sends them, whatever happens meanwhile."""

    def __init__(self, driver: Driver, port: Port) -> None:
        super().__init__(driver, port)
        self.now = 0
        self.held: list[tuple[int, bytes]] = []

    def transmit(self, frame: bytes) -> CommandRc:
        self.held.append((self.now + _HELD_MS, frame))
        return CommandRc.SUCCESS

    def release(self, now: int) -> bool:
        self.now = now
        due = [frame for at, frame in self.held if at <= now]
        self.held = self.held[len(due) :]
        for frame in due:
            super().transmit(frame)
        return bool(due)


@_fault("FOV-10")
class TransmitsAsZombie(VnicServer):
    """Holds frames back for 20 ms and sends them then, also when it has hung and been fenced meanwhile."""

    data = _HoldsFrames
    data_path: _HoldsFrames

    def step(self, now: int) -> bool:
        released = self.data_path.release(now)
        return super().step(now) or released

    def next_deadline(self) -> int | None:
        due = super().next_deadline()
        held = [at for at, _ in self.data_path.held]
        return min([*held, *([] if due is None else [due])], default=None)


class _LosesThird(DataPath):
    def transmit(self, frame: bytes) -> CommandRc:
        if self.sent % 3 == 2:
            self.sent += 1
            return CommandRc.SUCCESS
        return super().transmit(frame)


@_fault("DAT-1")
class LosesFrames(VnicServer):
    """Completes every third frame with success without sending it."""

    data = _LosesThird


@_fault("SRV-6")
class HidesLinkDown(VnicServer):
    """Reports OPERATIONAL whatever its link and its adapter are like."""

    def health(self) -> Status:
        return Status.OPERATIONAL


@_fault("SRV-6")
class NoHeartbeat(VnicServer):
    """Reports once, and again only when its health changes."""

    def report(self) -> None:
        super().report()
        self._report_at = self.now + _NEVER_MS


@_fault("SRV-2")
class RegistersAgainOnEvent(VnicServer):
    """Frees and registers its own queue when the client has gone, and so causes a failover."""

    def take_event(self, event: int) -> None:
        self.driver.free_crq()
        super().take_event(event)
        self.register_at(self.now)


@_fault("SRV-3")
class LosesOneAnswer(VnicServer):
    """Leaves one of the capability queries unanswered."""

    def take_command(self, element: bytes) -> None:
        if element[:4] != bytes((0x80, Command.QUERY_CAPABILITY, 0, 30)):
            super().take_command(element)
