"""Slips of the VNIC client, for role client: what it has learnt of one server, platform or session, and keeps for the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from vnic_reference.client.client import VnicClient
from vnic_reference.client.conversation import Steps
from vnic_reference.client.data_path import ClientData, RxPath
from vnic_reference.client.recovery import Recovery
from vnic_reference.dialogue import buffers
from vnic_reference.dialogue.elements import request
from vnic_reference.dialogue.variants import Variants
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import MAX_INDIRECT_OLD, Capability, Command

#: Every slip by name.
CLIENT_MEMORY_SLIPS: Final[Variants[VnicClient]] = Variants()
_slip = CLIENT_MEMORY_SLIPS.enter
#: How long a complaint is repeated: shorter than CLI-14 allows, longer than a user waits.
_STUBBORN_MS: Final = 250_000


class _Stubborn(Recovery):
    def patiently(self, call: Callable[[], int]) -> Steps[int]:
        settings, self.settings = self.settings, replace(self.settings, busy_ms=_STUBBORN_MS)
        try:
            return (yield from super().patiently(call))
        finally:
            self.settings = settings


@_slip("CLI-18")
class ComplainsForMinutes(VnicClient):
    """Repeats a call that is answered busy for longer than its user waits."""

    recovery = _Stubborn


class _FirstSize(Recovery):
    def checked(self, told: bytes) -> buffers.LoginResponse:
        answer = buffers.LoginResponse.unpack(told)
        sizes = answer.rx_buffer_sizes[:1] * len(answer.rx_buffer_sizes)
        return super().checked(replace(answer, rx_buffer_sizes=sizes).pack())


@_slip("DLG-6")
class OneSizeForAll(VnicClient):
    """Takes the buffer size of the first queue for that of all."""

    recovery = _FirstSize


@_slip("DLG-2")
class TellsTheMacAtOnce(VnicClient):
    """Tells its server of another MAC while LOGIN is not answered."""

    def set_mac(self, mac: bytes) -> bool:
        """See :class:`VnicClient`."""
        if self.phase is ClientPhase.LOGIN_SENT:
            self.send_command(request(Command.CHANGE_MAC_ADDR, mac=mac))
        return super().set_mac(mac)


class _Obedient(Recovery):
    def set_mac(self) -> Steps[None]:
        yield from super().set_mac()
        client = self.client
        if client.mac_in_force is not None:
            client.mac = client.told_mac = client.mac_in_force


@_slip("DLG-10")
class TakesTheMacOfAServer(VnicClient):
    """Takes the MAC that a server says is in force for its user's."""

    recovery = _Obedient


class _Discouraged(Recovery):
    def request_capabilities(self, told: dict[Capability, int], deadline: int) -> Steps[dict[Capability, int]]:
        if not told.get(Capability.PROMISC_SUPPORTED):
            self.client.settings = replace(self.client.settings, promiscuous=False)
        return (yield from super().request_capabilities(told, deadline))


@_slip("DLG-10")
class GivesPromiscuousUp(VnicClient):
    """Asks no server for promiscuous mode after one that has none."""

    recovery = _Discouraged


class _Proved(ClientData):
    _proved = False

    def _lend_batch(self, path: RxPath, now: int) -> bool:
        many = len(path.free) > MAX_INDIRECT_OLD
        taken = super()._lend_batch(path, now)
        self._proved = self._proved or (taken and many)
        return taken

    def may_be_too_many(self) -> bool:
        """See :class:`ClientData`."""
        return not self._proved


@_slip("DLG-8")
class ManyAtOnceForEver(VnicClient):
    """Having sent many descriptors at once it does not try fewer when they are refused."""

    data_path = _Proved


class _TwentyBytes(ClientData):
    @staticmethod
    def header_lengths(frame: bytes) -> tuple[int, int, int]:
        """See :class:`ClientData`."""
        l2, l3, l4 = ClientData.header_lengths(frame)
        return l2, l3, min(l4, 20)


@_slip("DLG-8")
class TcpWithoutOptions(VnicClient):
    """Takes every TCP header for 20 bytes."""

    data_path = _TwentyBytes
