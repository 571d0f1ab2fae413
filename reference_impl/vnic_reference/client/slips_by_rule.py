"""More slips of the VNIC client, for role client: registering, negotiating, and telling every server again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from vnic_reference.client.client import VnicClient
from vnic_reference.client.conversation import AttemptError, Steps
from vnic_reference.client.data_path import ClientData, RxPath
from vnic_reference.client.opening import Entry
from vnic_reference.client.recovery import Recovery
from vnic_reference.client.settings import ANSWER
from vnic_reference.dialogue.elements import field, request
from vnic_reference.dialogue.variants import Variants
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import PAGE_BYTES, Command, Event, Header, Rc, Vioctl

#: Every slip by name.
CLIENT_RULE_SLIPS: Final[Variants[VnicClient]] = Variants()
_slip = CLIENT_RULE_SLIPS.enter


class _Insists(Recovery):
    _asked: Mapping[int, bytes] = {}

    def tell(self, element: bytes) -> Steps[None]:
        if element[1] == Command.REQUEST_CAPABILITY:
            number = field(element, "capability")
            element = self._asked.get(number, element)
            self._asked = {**self._asked, number: element}
        yield from super().tell(element)


@_slip("DLG-4")
class InsistsOnItsNumber(VnicClient):
    """Asks for the same number again after PartialSuccess."""

    recovery = _Insists


class _ForeignHandles(Recovery):
    def register_sub_crqs(self) -> Steps[None]:
        yield from super().register_sub_crqs()
        self.rx_handles = [handle + 1 for handle in self.rx_handles]


@_slip("DLG-5")
class NamesForeignHandles(VnicClient):
    """Logs in with handles that are not its own."""

    recovery = _ForeignHandles


class _OneMap(Recovery):
    def ask(self, element: bytes, deadline: int | None = None) -> Steps[bytes]:
        if element[1] == Command.REQUEST_MAP:
            element = element[:3] + b"\1" + element[4:]
        return (yield from super().ask(element, deadline))


@_slip("DLG-7")
class ReusesAMapId(VnicClient):
    """Gives every long-term buffer the same map id."""

    recovery = _OneMap


class _LendsTwice(ClientData):
    def _lend_batch(self, path: RxPath, now: int) -> bool:
        first = path.free[0]
        done = super()._lend_batch(path, now)
        if done and not self._again:
            self._again = True
            path.free.append(first)
        return done

    _again = False


@_slip("DLG-9")
class LendsTwice(VnicClient):
    """Gives a buffer to the server that has it already."""

    data_path = _LendsTwice


@_slip("DLG-10")
class ForgetsTheMtu(VnicClient):
    """Asks a new server for the usual MTU, whatever its user has set."""

    def take_event(self, event: int) -> None:
        self.settings = replace(self.settings, mtu=1500)
        super().take_event(event)


@_slip("DLG-10")
class ForgetsPromiscuous(VnicClient):
    """Asks a new server for its own frames only, whatever its user has set."""

    def take_event(self, event: int) -> None:
        self.settings = replace(self.settings, promiscuous=False)
        super().take_event(event)


@_slip("CLI-10")
class ShortQueue(VnicClient):
    """Registers half a page."""

    def register_crq(self) -> int:
        self.registered_as = self.driver.reg_crq(0, PAGE_BYTES // 2)
        return self.registered_as


class _Insistent(Recovery):
    def register_freed(self) -> Steps[None]:
        rc = yield from self.patiently(self.client.register_crq)
        if rc == Rc.H_RESOURCE:
            rc = yield from self.patiently(self.client.register_crq)
        if rc not in (Rc.H_SUCCESS, Rc.H_CLOSED):
            raise AttemptError(f"H_REG_CRQ answered {rc}")
        self.client.driver.vio_signal(1)
        self.client.phase = ClientPhase.REGISTERED


@_slip("CLI-10")
class RegistersOverAnOldQueue(VnicClient):
    """Registers again after H_RESOURCE, and frees nothing."""

    recovery = _Insistent


@_slip("CLI-15")
class ResetsOnNoise(VnicClient):
    """Begins again when a command comes that it does not know."""

    def _take_command(self, element: bytes) -> None:
        if element[0] == Header.COMMAND and element[1] & 0x7F not in Command._value2member_map_:
            self.begin_again()
        else:
            super()._take_command(element)


class _LeavesSlowly(Recovery):
    def leave(self) -> Steps[None]:
        yield from self.sleep(200_000)
        yield from super().leave()


@_slip("CLI-18")
class RemovedSlowly(VnicClient):
    """Takes three minutes to be removed."""

    recovery = _LeavesSlowly


class _WithoutToken(Recovery):
    def complain(self) -> Steps[None]:
        rc, *_ = self.client.driver.vioctl(Vioctl.SESSION_ERROR_DETECTED, 1)
        yield from ()
        self.client.complaint_ended(accepted=rc == Rc.H_SUCCESS)


@_slip("CLI-19")
class ComplainsWithoutAToken(VnicClient):
    """Complains without asking for a token."""

    recovery = _WithoutToken


@_slip("CLI-20")
class ShowsTheLinkTooLong(VnicClient):
    """Shows its link as up while it waits for the next server."""

    @property
    def link_up(self) -> bool:
        return super().link_up or (self.phase is ClientPhase.WAITING and self.wish)


@_slip("CLI-3")
class EnablesAfterAnyEvent(VnicClient):
    """Enables its CRQ after any event, and never registers again."""

    def take_event(self, event: int) -> None:
        if event == Event.DEVICE_FAILOVER:
            super().take_event(event)
            return
        self.drop()
        self.phase = ClientPhase.ENABLING
        self.recover(Entry.ENABLE)


@_slip("CLI-2")
class AnswersAnyInit(VnicClient):
    """Answers the INIT of a server where it claims to register again."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.settings = replace(self.settings, client_init=ANSWER)


class _TrustsTheSize(Recovery):
    def read_vpd(self) -> Steps[None]:
        size = field((yield from self.ask(request(Command.GET_VPD_SIZE))), "length")
        with self.client.arena.borrowed(PAGE_BYTES) as at:
            yield from self.ask(request(Command.GET_VPD, ioba=at, length=size))
            self.client.vpd = b""


@_slip("CLI-9")
class TrustsTheVpdSize(VnicClient):
    """Takes the size of the vital product data for a number that it can hold."""

    recovery = _TrustsTheSize
