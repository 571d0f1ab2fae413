"""Bugs that real drivers have had (protocol.md 5), each as a faulty client; the number is that of its row there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from vnic_reference.client.client import VnicClient
from vnic_reference.client.conversation import AttemptError, Steps
from vnic_reference.client.data_path import ClientData, RxPath, TxPath
from vnic_reference.client.opening import Entry
from vnic_reference.client.recovery import Recovery
from vnic_reference.client.requests import Requests
from vnic_reference.dialogue import buffers
from vnic_reference.dialogue.descriptors import RxAdd, TxCompletion
from vnic_reference.dialogue.elements import response_key
from vnic_reference.dialogue.variants import Variants
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import ELEMENT_BYTES, INIT, PAGE_BYTES, Capability, Event, Hcall, Rc, SubType

#: Every bug by name.
CLIENT_BUGS: Final[Variants[VnicClient]] = Variants()
_bug = CLIENT_BUGS.enter


@_bug("CLI-6")
class LosesAnOpen(VnicClient):
    """Forgets an open that comes while it waits for a server (bugs 2 and 6)."""

    def open(self) -> None:
        if self.phase is not ClientPhase.WAITING:
            super().open()


@_bug("CLI-3")
class DeafWhileWaiting(VnicClient):
    """Takes no event but 08 while it waits for the INIT of a server (bug 3)."""

    def take_event(self, event: int) -> None:
        if self.phase is not ClientPhase.WAITING or event == Event.DEVICE_FAILOVER:
            super().take_event(event)


@_bug("CLI-1")
class IgnoresASecondFailover(VnicClient):
    """Takes every event 08 after the first for that one (bug 4)."""

    _failed_over = False

    def take_event(self, event: int) -> None:
        if event == Event.DEVICE_FAILOVER and self._failed_over:
            return
        self._failed_over = self._failed_over or event == Event.DEVICE_FAILOVER
        super().take_event(event)


class _Stale(Requests):
    def send(self, element: bytes) -> int:
        rc = self._driver.send(element)
        if rc == Rc.H_SUCCESS:
            self._awaited.add(response_key(element))
        return rc

    def forget(self) -> None:
        self._awaited.clear()


@_bug("CLI-4")
class KeepsStaleAnswers(VnicClient):
    """Takes what an earlier server answered for the answer of this one (bugs 8 and 9)."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.requests = _Stale(self.driver)


class _TrustsOffsets(Recovery):
    def checked(self, told: bytes) -> buffers.LoginResponse:
        try:
            return super().checked(told)
        except AttemptError:
            tx, rx = len(self.tx_handles), len(self.rx_handles)
            return buffers.LoginResponse(tuple(range(tx)), tuple(range(rx)), (2_048,) * rx)


@_bug("DLG-6")
class TrustsOffsets(VnicClient):
    """Uses a login response whatever it says (bug 10)."""

    recovery = _TrustsOffsets


class _Leaves(Recovery):
    def login_once(self) -> Steps[tuple[int | None, buffers.LoginResponse | None]]:
        try:
            return (yield from super().login_once())
        except AttemptError:
            self.client.__dict__["left"] = True
            self.client.phase = ClientPhase.RECOVERING
            while True:
                yield None


@_bug("CLI-21")
class LeavesOnMismatch(VnicClient):
    """Is gone for good after a login response that is not consistent (bug 11)."""

    recovery = _Leaves
    left = False

    def recover(self, entry: Entry) -> None:
        if not self.left:
            super().recover(entry)


class _KeepsTheCrq(Recovery):
    def begin_again(self) -> Steps[None]:
        yield from self.sleep(self.settings.settle_ms)


@_bug("DLG-5")
class LogsInOnTheSameCrq(VnicClient):
    """Logs in again without registering again (bug 12)."""

    recovery = _KeepsTheCrq


class _Eager(Recovery):
    def all_answered(self, sent: list[bytes], deadline: int) -> Steps[bool]:
        requests = self.client.requests
        return (yield from self.wait(lambda: any(requests.answer(element) for element in sent), deadline))


@_bug("DLG-4")
class CountsTooEarly(VnicClient):
    """Goes on when the first of many answers has come (bug 15)."""

    recovery = _Eager


class _Spins(Recovery):
    def all_answered(self, sent: list[bytes], deadline: int) -> Steps[bool]:
        for _ in range(2_500):
            self.client.driver.vio_signal(1)
        return (yield from super().all_answered(sent, deadline))


@_bug("CLI-13")
class Spins(VnicClient):
    """Calls for ever at one instant while answers have not come (bug 16)."""

    recovery = _Spins


class _Erases(Recovery):
    def register_freed(self) -> Steps[None]:
        yield from super().register_freed()
        while self.client.driver.consume() is not None:
            pass


@_bug("CLI-3")
class ErasesEarlyEvents(VnicClient):
    """Throws away what is in its queue when it has been registered (bug 18)."""

    recovery = _Erases


@_bug("CLI-11")
class NoScanAfterEnabling(VnicClient):
    """Looks at its queue when an interrupt tells it to, and only then (bug 20)."""

    def _read_queue(self) -> None:
        if self.driver.pending_interrupts():
            super()._read_queue()


@_bug("CLI-19")
class NoFallback(VnicClient):
    """Does nothing after a complaint that the hypervisor did not accept (bug 22)."""

    def complaint_ended(self, *, accepted: bool) -> None:
        self._accepted = accepted


class _Sulks(Recovery):
    def pause_after_failure(self) -> Steps[None]:
        yield from self.sleep(600_000)


@_bug("CLI-21")
class BacksOffForLong(VnicClient):
    """Pauses for ten minutes after the first failure (bug 24)."""

    recovery = _Sulks


class _ClosesAfterAFailure(Recovery):
    def pause_after_failure(self) -> Steps[None]:
        self.client.wish = False
        yield from super().pause_after_failure()


@_bug("CLI-6")
class ClosesAfterAFailure(VnicClient):
    """Takes the state in which an attempt failed for what its user wants (bug 26)."""

    recovery = _ClosesAfterAFailure


class _FreesTwice(Recovery):
    def register_sub_crqs(self) -> Steps[None]:
        for queue in self.client.sub_crqs:
            self.client.driver.free_sub_crq(queue.handle)
        yield from super().register_sub_crqs()


@_bug("CLI-8")
class FreesTwice(VnicClient):
    """Frees its sub-CRQs twice when it registers others (bugs 27 and R3)."""

    recovery = _FreesTwice


@_bug("CLI-10")
class RegistersReleasedMemory(VnicClient):
    """Registers its CRQ again in memory that is not mapped any more (bug 28)."""

    def register_crq(self) -> int:
        if not self.registrations:
            return super().register_crq()
        self.registrations += 1
        self.registered_as = self.driver.reg_crq(0x7FFF_0000)
        return self.registered_as


class _SendsWhileFreed(Recovery):
    def free_crq(self) -> Steps[None]:
        yield from super().free_crq()
        if self.client.registrations:
            self.client.driver.send(INIT)


@_bug("CLI-8")
class SendsWhileFreed(VnicClient):
    """Goes on with an older reset after its CRQ was freed (bug 29)."""

    recovery = _SendsWhileFreed


@_bug("CLI-7")
class InitsOnce(VnicClient):
    """Tries INIT once (bug 31)."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.settings = replace(self.settings, init_tries=1)


class _GivesUpAtBoot(Recovery):
    def greet(self) -> Steps[int]:
        client = self.client
        if client.registrations > 1:
            return (yield from super().greet())
        deadline = client.now + self.settings.negotiation_ms
        client.phase = ClientPhase.INIT_SENT
        if client.send_element(INIT) != Rc.H_SUCCESS:
            client.phase = ClientPhase.RECOVERING
        yield from self.wait(lambda: client.phase is ClientPhase.READY, 1 << 40)
        return deadline


@_bug("CLI-21")
class GivesUpAtBoot(VnicClient):
    """Is not there if nobody serves when it is added (bug 32)."""

    recovery = _GivesUpAtBoot


@_bug("CLI-1")
class IgnoresFailoverAtBoot(VnicClient):
    """Takes no event 08 before its first login (bugs 33 and 34)."""

    def take_event(self, event: int) -> None:
        if self.logins or event != Event.DEVICE_FAILOVER:
            super().take_event(event)


@_bug("CLI-2")
class TakesInitForSuccess(VnicClient):
    """Goes on with its negotiation when the INIT of a server interrupts it (bug 35)."""

    def take_server_init(self) -> None:
        if self.phase is not ClientPhase.READY:
            super().take_server_init()


class _LeavesAtOnce(Recovery):
    def leave(self) -> Steps[None]:
        self.client.drop()
        self.client.removed = True
        while True:
            yield None


@_bug("CLI-17")
class RemovedWhileRecovering(VnicClient):
    """Frees nothing when it is removed in the middle of a recovery (bug 36)."""

    def remove(self) -> None:
        self.recovery = Recovery if self.phase is ClientPhase.LOGGED_IN else _LeavesAtOnce
        super().remove()


@_bug("CLI-8")
class RunsTwoRecoveries(VnicClient):
    """Goes on with a recovery beside the one that takes its place (bug 37)."""

    _older: Any = None

    def stop_worker(self) -> None:
        self._older = self._worker or self._older
        self._worker = None
        self._deadline = None

    def step(self, now: int) -> bool:
        moved = super().step(now)
        if self._older is not None and self._older is not self._worker:
            next(self._older)
        return moved


class _WaitsForEver(Recovery):
    def reply(self, element: bytes, deadline: int) -> Steps[bytes | None]:
        return (yield from super().reply(element, deadline + (1 << 40)))

    def all_answered(self, sent: list[bytes], deadline: int) -> Steps[bool]:
        return (yield from super().all_answered(sent, deadline + (1 << 40)))


@_bug("CLI-7")
class WaitsForEver(VnicClient):
    """Waits for an answer without a limit (bug 39)."""

    recovery = _WaitsForEver


class _OldMaps(ClientData):
    _sessions = 0

    def open(self, tx: list[TxPath], rx: list[RxPath], max_frame: int, headers_wanted: int = 0) -> None:
        self._sessions += 1
        super().open(tx, rx, max_frame, headers_wanted)

    def _hand_over(self, handle: int, descriptors: list[bytes]) -> int:
        if self._sessions > 1:
            descriptors = [_with_old_map(one) if one[1] == SubType.TX else one for one in descriptors]
        return super()._hand_over(handle, descriptors)


def _with_old_map(descriptor: bytes) -> bytes:
    return descriptor[:18] + (99).to_bytes(2, "big") + descriptor[20:]


@_bug("DLG-7")
class UsesOldMapIds(VnicClient):
    """Sends descriptors with map ids that were those of an earlier session (bug 42)."""

    data_path = _OldMaps


class _OldLimits(Recovery):
    def query_capabilities(self, deadline: int) -> Steps[dict[Capability, int]]:
        told = yield from super().query_capabilities(deadline)
        known: dict[Capability, int] = self.client.__dict__.setdefault("limits", told)
        return known


@_bug("DLG-4")
class KeepsOldLimits(VnicClient):
    """Asks each server for what the first one could (bug 46)."""

    recovery = _OldLimits


@_bug("CLI-11")
class ClearsAhead(VnicClient):
    """Clears the header of an element before that of an earlier one (bug 47)."""

    def _read_queue(self) -> None:
        headers = (self.driver.peek(0, PAGE_BYTES) or b"")[::ELEMENT_BYTES]
        ready: Iterable[int] = (at for at in range(1, len(headers)) if headers[at] and headers[at - 1])
        for at in ready:
            self.driver.poke(at * ELEMENT_BYTES, b"\0")
            self.driver.hcall(Hcall.H_EOI, 1)
            break
        super()._read_queue()


class _BigBatches(ClientData):
    def _lend_batch(self, path: RxPath, now: int) -> bool:
        slots = list(path.free)
        places = [path.pool.place(slot) for slot in slots]
        block = [
            RxAdd(at, place[0], place[1], path.pool.slot_bytes).pack()
            for at, place in enumerate(places, self._next_correlator)
        ]
        if self._hand_over(path.add, block) != Rc.H_SUCCESS:
            self._full_until = now + 20
            return False
        path.lent.update(enumerate(slots, self._next_correlator))
        self._next_correlator += len(slots)
        path.free.clear()
        return True


@_bug("DLG-8")
class KeepsBigBatches(VnicClient):
    """Offers an older platform more elements at once than it takes, again and again (bug 48)."""

    data_path = _BigBatches


class _GivesUp(Recovery):
    def register_sub_crqs(self) -> Steps[None]:
        try:
            yield from super().register_sub_crqs()
        except AttemptError:
            yield from self.free_crq()
            while True:
                yield None


@_bug("CLI-21")
class GivesUpWithoutSubCrqs(VnicClient):
    """Frees its CRQ and waits for INIT when it gets no sub-CRQ (R2)."""

    recovery = _GivesUp


@_bug("DLG-5")
class LogsInForEver(VnicClient):
    """Logs in again and again in one registration (R5)."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.settings = replace(self.settings, login_tries=1_000)


class _TrustsTx(ClientData):
    def _sent(self, path: TxPath, completion: TxCompletion) -> None:
        for _, correlator in completion.entries:
            put = path.free.append if path.in_flight.pop(correlator, None) is not None else path.free.appendleft
            put(correlator)


@_bug("DLG-8")
class TrustsTxCompletions(VnicClient):
    """Uses the correlator of a transmit completion without looking whether it was in flight (R10)."""

    data_path = _TrustsTx


class _NoPause(Recovery):
    def greet(self) -> Steps[int]:
        for _ in range(1_000):
            if self.client.driver.send(INIT) != Rc.H_CLOSED:
                self.client.phase = ClientPhase.INIT_SENT
                break
        yield from self.wait(lambda: self.client.phase is ClientPhase.READY, self.client.now + 1_000)
        return self.client.now + self.settings.negotiation_ms


@_bug("CLI-13")
class InitWithoutPause(VnicClient):
    """Sends INIT again at once when nobody is there (bug 14)."""

    recovery = _NoPause
