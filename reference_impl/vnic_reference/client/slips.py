"""Slips of the VNIC client, for role client: each breaks one rule of CLI or DLG that a system as a whole may never notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from vnic_reference.client.client import VnicClient
from vnic_reference.client.conversation import AttemptError, Steps
from vnic_reference.client.data_path import ClientData, RxPath
from vnic_reference.client.opening import Entry
from vnic_reference.client.recovery import Recovery
from vnic_reference.dialogue import buffers
from vnic_reference.dialogue.descriptors import RxCompletion
from vnic_reference.dialogue.elements import field, request
from vnic_reference.dialogue.variants import Variants
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import Capability, Command, Event, Rc

#: Every slip by name.
CLIENT_SLIPS: Final[Variants[VnicClient]] = Variants()
_slip = CLIENT_SLIPS.enter


class _Deaf(Recovery):
    def register_freed(self) -> Steps[None]:
        rc = yield from self.patiently(self.client.register_crq)
        if rc not in (Rc.H_SUCCESS, Rc.H_CLOSED):
            raise AttemptError(f"H_REG_CRQ answered {rc}")
        self.client.phase = ClientPhase.REGISTERED


@_slip("CLI-10")
class Deaf(VnicClient):
    """Does not enable the interrupt."""

    recovery = _Deaf


class _Impatient(Recovery):
    def patiently(self, call: Callable[[], int]) -> Steps[int]:
        yield from ()
        return call()


@_slip("CLI-14")
class Impatient(VnicClient):
    """Takes a busy code for an answer."""

    recovery = _Impatient


class _Trusting(Recovery):
    def checked(self, told: bytes) -> buffers.LoginResponse:
        answer = buffers.LoginResponse.unpack(told)
        sizes = tuple(2_048 for _ in answer.rx_buffer_sizes)
        return buffers.LoginResponse(answer.tx_submissions, answer.rx_adds, sizes)


@_slip("DLG-6")
class Trusting(VnicClient):
    """Takes any sizes of receive buffers."""

    recovery = _Trusting


class _Greedy(Recovery):
    def tell(self, element: bytes) -> Steps[None]:
        if element[1] == Command.REQUEST_CAPABILITY and field(element, "capability") == Capability.REQ_MTU:
            element = request(Command.REQUEST_CAPABILITY, capability=Capability.REQ_MTU, number=9_015)
        yield from super().tell(element)


@_slip("DLG-4")
class Greedy(VnicClient):
    """Asks for one more than the server has."""

    recovery = _Greedy


class _Hasty(Recovery):
    def ask(self, element: bytes, deadline: int | None = None) -> Steps[bytes]:
        if element[1] != Command.REQUEST_MAP:
            return (yield from super().ask(element, deadline))
        yield from self.tell(element)
        return bytes(16)


@_slip("DLG-7")
class Hasty(VnicClient):
    """Does not wait for the answers to its maps."""

    recovery = _Hasty


class _Doubling(Recovery):
    def tell(self, element: bytes) -> Steps[None]:
        yield from super().tell(element)
        if element[1] == Command.LOGICAL_LINK_STATE:
            self.client.driver.send(element)


@_slip("DLG-3")
class Doubling(VnicClient):
    """Sends LOGICAL_LINK_STATE twice."""

    recovery = _Doubling


class _Untidy(Recovery):
    def leave(self) -> Steps[None]:
        self.client.drop()
        self.client.removed = True
        while True:
            yield None


@_slip("CLI-17")
class Untidy(VnicClient):
    """Is removed with its CRQ registered."""

    recovery = _Untidy


class _Slow(Recovery):
    def complain(self) -> Steps[None]:
        while True:
            yield self.client.now + 1_000


@_slip("CLI-18")
class Slow(VnicClient):
    """Never comes back from a complaint."""

    recovery = _Slow


class _Pauseless(Recovery):
    def sleep(self, ms: int) -> Steps[None]:
        yield from ()

    def calm(self) -> Steps[None]:
        yield from ()


@_slip("CLI-13")
class Pauseless(VnicClient):
    """Logs in again at once after Aborted, and never pauses between recoveries."""

    recovery = _Pauseless


@_slip("CLI-19")
class Complaining(VnicClient):
    """Begins again by itself after a complaint that was accepted."""

    def complaint_ended(self, *, accepted: bool) -> None:
        super().complaint_ended(accepted=accepted)
        self.driver.free_crq()
        self.recover(Entry.REGISTER)


@_slip("CLI-20")
class Optimist(VnicClient):
    """Shows a link that the server has said is down."""

    @property
    def link_up(self) -> bool:
        return self.phase is ClientPhase.LOGGED_IN and self.told_link and self.wish


@_slip("CLI-16")
class Fragile(VnicClient):
    """Does not survive an event that it does not know."""

    def take_event(self, event: int) -> None:
        if event not in set(Event):
            raise ValueError(f"event {event:02x}")
        super().take_event(event)


class _Reusing(ClientData):
    def send(self, frame: bytes, now: int) -> bool:
        sent = super().send(frame, now)
        for path in self.tx:
            path.free.extendleft(path.in_flight)
            path.in_flight.clear()
        return sent


@_slip("DLG-8")
class Reusing(VnicClient):
    """Uses the correlator of a frame that is in flight."""

    data_path = _Reusing


class _Credulous(ClientData):
    def took(self, path: RxPath, completion: RxCompletion, now: int) -> None:
        if completion.correlator not in path.lent:
            self.frames.append(b"\2" * 60)
        super().took(path, completion, now)


@_slip("DLG-9")
class Credulous(VnicClient):
    """Delivers what a completion with a foreign correlator says."""

    data_path = _Credulous


class _Untouched(Recovery):
    def tell(self, element: bytes) -> Steps[None]:
        if element[1] == Command.LOGICAL_LINK_STATE:
            element = element[:-1] + b"\1"
        yield from super().tell(element)


@_slip("DLG-1")
class SetsReservedBytes(VnicClient):
    """Sends LOGICAL_LINK_STATE with a reserved byte that is not 0."""

    recovery = _Untouched


class _Presuming(Recovery):
    def ask(self, element: bytes, deadline: int | None = None) -> Steps[bytes]:
        if element[1] == Command.VERSION_EXCHANGE:
            yield from self.tell(request(Command.QUERY_CAPABILITY, capability=Capability.MAX_MTU))
        return (yield from super().ask(element, deadline))


@_slip("DLG-2")
class AsksBeforeTheVersion(VnicClient):
    """Asks for a capability before the version is agreed on."""

    recovery = _Presuming
