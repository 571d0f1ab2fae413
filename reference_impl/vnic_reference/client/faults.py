"""Faulty variants of the VNIC client, for checks of the whole system: :data:`CLIENT_FAULTS` by name."""

from __future__ import annotations

from vnic_reference.client.client import VnicClient
from vnic_reference.client.conversation import AttemptError, Steps
from vnic_reference.client.data_path import ClientData, RxPath, TxPath
from vnic_reference.client.recovery import Recovery
from vnic_reference.dialogue.descriptors import RxCompletion
from vnic_reference.dialogue.variants import Variants
from vnic_reference.driver import Driver
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import Event, Rc

#: Every faulty variant by name.
CLIENT_FAULTS: Variants[VnicClient] = Variants()
_fault = CLIENT_FAULTS.enter


@_fault("CLI-2")
class IgnoresServerInit(VnicClient):
    """Neither answers a server's INIT nor registers again."""

    def take_server_init(self) -> None:
        pass


@_fault("CLI-1")
class ResetsOnFailover(VnicClient):
    """Takes event 08 for the new server's readiness and starts a reset of its own."""

    def take_event(self, event: int) -> None:
        super().take_event(Event.PARTNER_DEREGISTERED if event == Event.DEVICE_FAILOVER else event)


@_fault("CLI-1")
class IgnoresFailover(VnicClient):
    """Goes on after event 08 as if nothing had happened, and takes INIT for noise."""

    def take_event(self, event: int) -> None:
        if event != Event.DEVICE_FAILOVER:
            super().take_event(event)

    def take_server_init(self) -> None:
        if self.phase is not ClientPhase.LOGGED_IN:
            super().take_server_init()


@_fault("CLI-3")
class IgnoresMigration(VnicClient):
    """Waits after event 06 for an INIT, without enabling its CRQ."""

    def take_event(self, event: int) -> None:
        super().take_event(Event.DEVICE_FAILOVER if event == Event.MIGRATED else event)


class _Impatient(Recovery):
    def pause_after_failure(self) -> Steps[None]:
        yield from self.sleep(100)


@_fault("CLI-7")
class NoBackoff(VnicClient):
    """Tries again after a tenth of a second, however often it has failed."""

    recovery = _Impatient


@_fault("CLI-5")
class ForgetsMulticast(VnicClient):
    """Does not tell a new server of the multicast addresses that the old one knew."""

    def drop(self) -> None:
        told = self.told_multicast
        super().drop()
        self.told_multicast = told


class _SetsMacOnce(Recovery):
    def set_mac(self) -> Steps[None]:
        if self.client.mac_in_force is None:
            yield from super().set_mac()
        self.client.told_mac = self.client.mac


@_fault("CLI-5")
class ForgetsMac(VnicClient):
    """Tells only the first server its MAC."""

    recovery = _SetsMacOnce


class _Silent(Recovery):
    def logged_in(self) -> None:
        super().logged_in()
        self.client.logins = 1


@_fault("CLI-5")
class NoNotification(VnicClient):
    """Does not have the network told after a failover, so that peers go on sending to the old port."""

    recovery = _Silent


@_fault("CLI-6")
class ForgetsTheWish(VnicClient):
    """Stays closed after a failover, until the user opens it again."""

    def take_event(self, event: int) -> None:
        self.wish = False
        super().take_event(event)


@_fault("CLI-6")
class ForgetsAClose(VnicClient):
    """Takes the state before a failover for the user's wish, and opens what was closed meanwhile."""

    def take_event(self, event: int) -> None:
        self._was = self.wish
        super().take_event(event)

    def take_server_init(self) -> None:
        self.wish = getattr(self, "_was", self.wish)
        super().take_server_init()


class _OldHandles(ClientData):
    def open(self, tx: list[TxPath], rx: list[RxPath], max_frame: int, headers_wanted: int = 0) -> None:
        first = getattr(self, "_first", None)
        if first is None:
            self._first = [path.submission for path in tx]
        else:
            for path, handle in zip(tx, first, strict=False):
                path.submission = handle
        super().open(tx, rx, max_frame, headers_wanted)


@_fault("CLI-4")
class KeepsOldHandles(VnicClient):
    """Goes on using the first server's submission queues after a new login."""

    data_path = _OldHandles


class _Resends(ClientData):
    def __init__(self, driver: Driver, batch: int, rest_ms: int) -> None:
        super().__init__(driver, batch, rest_ms)
        self._recent: list[bytes] = []
        self._again: list[bytes] = []

    def send(self, frame: bytes, now: int) -> bool:
        again, self._again = self._again, []
        for old in again:
            super().send(old, now)
        sent = super().send(frame, now)
        if sent:
            self._recent = [*self._recent[-7:], frame]
        return sent

    def close(self) -> None:
        self._again += self._recent
        self._recent = []
        super().close()


@_fault("DAT-1")
class ResendsFrames(VnicClient):
    """Sends the last frames of before a failover again through the new server."""

    data_path = _Resends


class _TakesTwice(ClientData):
    def took(self, path: RxPath, completion: RxCompletion, now: int) -> None:
        before = len(self.frames)
        super().took(path, completion, now)
        self.frames += self.frames[before:]


@_fault("DAT-2")
class TakesTwice(VnicClient):
    """Hands every received frame to the application twice."""

    data_path = _TakesTwice


class _FailsOnClosed(Recovery):
    def register(self) -> Steps[None]:
        yield from super().register()
        if self.client.registered_as == Rc.H_CLOSED:
            raise AttemptError("H_REG_CRQ answered H_CLOSED")


@_fault("CRQ-2")
class TakesClosedForFailure(VnicClient):
    """Takes H_CLOSED from H_REG_CRQ for a failure and begins again."""

    recovery = _FailsOnClosed
