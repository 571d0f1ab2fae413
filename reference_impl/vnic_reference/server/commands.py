"""The server's side of the dialogue: every command is answered exactly once (SRV-3; protocol.md 3.2 to 3.8).

What may come when: before LOGIN only the version, capabilities and offload, in that order; after a successful LOGIN
everything but these and a second LOGIN (protocol.md 3.7). Out of order is code InvalidState, an unknown command or one
that only servers send is code 5, and a wrong argument has its own code. A refused command has no effect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from vnic_reference.dialogue import buffers, elements
from vnic_reference.dialogue.elements import field, raw_field, request, response
from vnic_reference.driver import Driver
from vnic_reference.network.port import Port
from vnic_reference.server import capabilities
from vnic_reference.server.login import LoginDesk
from vnic_reference.server.remote import TOTAL_MAP_PAGES, RemoteMemory
from vnic_reference.server.session import Session
from vnic_reference.server.settings import ServerSettings
from vnic_spec.wire import Capability, Command, CommandRc

#: Answers one command with its response.
Handler = Callable[[bytes], bytes]

MAX_MAP_BYTES: Final = 8 << 20  #: longest buffer of one REQUEST_MAP (protocol.md 3.6)
_MULTICAST_FLAGS: Final = (
    elements.MULTICAST_ENABLE,
    elements.MULTICAST_DISABLE,
    elements.MULTICAST_ENABLE_ALL,
    elements.MULTICAST_DISABLE_ALL,
)


#: Commands that are answered with anything but code 5.
KNOWN: Final = frozenset(
    {
        Command.VERSION_EXCHANGE,
        Command.QUERY_CAPABILITY,
        Command.REQUEST_CAPABILITY,
        Command.QUERY_IP_OFFLOAD,
        Command.CONTROL_IP_OFFLOAD,
        Command.LOGIN,
        Command.QUERY_PHYS_PARMS,
        Command.QUERY_PHYS_CAPABILITIES,
        Command.SET_PHYS_PARMS,
        Command.REQUEST_ERROR_INFO,
        Command.LOGICAL_LINK_STATE,
        Command.REQUEST_STATISTICS,
        Command.CHANGE_MAC_ADDR,
        Command.MULTICAST_CTRL,
        Command.GET_VPD_SIZE,
        Command.GET_VPD,
        Command.QUERY_MAP,
        Command.REQUEST_MAP,
        Command.REQUEST_UNMAP,
    }
)


def answer_without_dialogue(asked: bytes) -> bytes:
    """The response to a command that comes although INIT has not been exchanged."""
    return response(asked, CommandRc.INVALID_STATE if asked[1] in KNOWN else CommandRc.UNKNOWN_COMMAND)


class Commands:
    """Answers the commands of one session.

    Args:
        driver: the server's unit.
        port: its logical port.
        remote: the client's memory.
        settings: the server's choices.
        session: what has been agreed on; changed here.
    """

    #: What LOGIN is answered by.
    login_desk: type[LoginDesk] = LoginDesk

    def __init__(
        self, driver: Driver, port: Port, remote: RemoteMemory, settings: ServerSettings, session: Session
    ) -> None:
        self.port = port
        self.session = session
        self._remote = remote
        self._offloads: Final = settings.offloads | port.limits.offloads
        self._login = self.login_desk(driver, remote, settings, session)
        self._vpd: Final = buffers.vital_product_data(settings.level)
        self._start: Final[Mapping[int, Handler]] = {Command.VERSION_EXCHANGE: self._version_exchange}
        self._negotiation: Final[Mapping[int, Handler]] = {
            Command.QUERY_CAPABILITY: self._query_capability,
            Command.REQUEST_CAPABILITY: self._request_capability,
            Command.QUERY_IP_OFFLOAD: self._query_ip_offload,
            Command.CONTROL_IP_OFFLOAD: self._control_ip_offload,
            Command.LOGIN: self._login.answer,
        }
        self._use: Final[Mapping[int, Handler]] = {
            Command.QUERY_PHYS_PARMS: self._physical,
            Command.QUERY_PHYS_CAPABILITIES: self._physical,
            Command.SET_PHYS_PARMS: self._set_physical,
            Command.REQUEST_ERROR_INFO: self._error_info,
            Command.LOGICAL_LINK_STATE: self._logical_link_state,
            Command.REQUEST_STATISTICS: self._statistics,
            Command.CHANGE_MAC_ADDR: self.change_mac,
            Command.MULTICAST_CTRL: self.set_multicast,
            Command.GET_VPD_SIZE: lambda asked: response(asked, CommandRc.SUCCESS, length=len(self._vpd)),
            Command.GET_VPD: self._get_vpd,
            Command.QUERY_MAP: self._query_map,
            Command.REQUEST_MAP: self._request_map,
            Command.REQUEST_UNMAP: self._request_unmap,
        }

    def answer(self, asked: bytes) -> bytes:
        """The response to one command; ``asked`` is any element with header 0x80 and a command without the 0x80 bit."""
        code = asked[1]
        if code in self._use:
            allowed, handler = self.session.logged_in, self._use[code]
        elif code in self._negotiation:
            allowed = self.session.version != 0 and not self.session.logged_in
            handler = self._negotiation[code]
        elif code in self._start:
            allowed, handler = not self.session.logged_in, self._start[code]
        else:
            return response(asked, CommandRc.UNKNOWN_COMMAND)
        return handler(asked) if allowed else response(asked, CommandRc.INVALID_STATE)

    # -- before LOGIN --------------------------------------------------------------------------------------------

    def _version_exchange(self, asked: bytes) -> bytes:
        """Both use the lower version, and there is only one."""
        if field(asked, "version") < elements.VERSION:
            return response(asked, CommandRc.PARAMETER, version=elements.VERSION)
        self.session.version = elements.VERSION
        return response(asked, CommandRc.SUCCESS, version=elements.VERSION)

    def _query_capability(self, asked: bytes) -> bytes:
        rc, value = capabilities.query(self.session, field(asked, "capability"))
        return response(asked, rc, number=value)

    def _request_capability(self, asked: bytes) -> bytes:
        rc, value = capabilities.request(self.session, field(asked, "capability"), field(asked, "number"))
        return response(asked, rc, number=value)

    def _query_ip_offload(self, asked: bytes) -> bytes:
        if field(asked, "length") < buffers.IP_OFFLOAD_BYTES:
            return response(asked, CommandRc.INVALID_LENGTH)
        return self._filled(asked, buffers.ip_offload_answer(self._offloads))

    def _control_ip_offload(self, asked: bytes) -> bytes:
        length = field(asked, "length")
        if not buffers.MIN_IP_OFFLOAD_CONTROL_BYTES <= length <= buffers.MAX_LOGIN_BYTES:
            return response(asked, CommandRc.INVALID_LENGTH)
        control = self._remote.read(field(asked, "ioba"), length)
        if control is None:
            return response(asked, CommandRc.INVALID_IOBA)
        if buffers.offloads_in(control) - self._offloads:
            return response(asked, CommandRc.UNSUPPORTED_OPTION)
        return response(asked, CommandRc.SUCCESS)

    # -- after LOGIN: buffers ------------------------------------------------------------------------------------

    def _filled(self, asked: bytes, data: bytes) -> bytes:
        """Write an answer into the client's buffer, whose length has been checked."""
        written = self._remote.write(field(asked, "ioba"), data)
        return response(asked, CommandRc.SUCCESS if written else CommandRc.INVALID_IOBA)

    def _get_vpd(self, asked: bytes) -> bytes:
        length = field(asked, "length")
        if length < 1:
            return response(asked, CommandRc.INVALID_LENGTH)
        return self._filled(asked, self._vpd[:length])

    def _statistics(self, asked: bytes) -> bytes:
        if field(asked, "length") < buffers.STATISTICS_BYTES:
            return response(asked, CommandRc.INVALID_LENGTH)
        promiscuous = bool(self.session.granted.get(Capability.PROMISC_REQUESTED, 0))
        answer = self._filled(asked, buffers.pack_statistics(self.port.statistics(), promiscuous))
        if field(asked, "flags") & elements.STATISTICS_CLEAR and answer[12] == CommandRc.SUCCESS:
            self.port.clear_statistics()
        return answer

    def _error_info(self, asked: bytes) -> bytes:
        """There is nothing to tell beyond ERROR_INDICATION: detail of length 0."""
        return response(asked, CommandRc.SUCCESS, error_id=field(asked, "error_id"), length=0)

    # -- after LOGIN: the port -----------------------------------------------------------------------------------

    def _physical(self, asked: bytes) -> bytes:
        flags1 = elements.FULL_DUPLEX | (elements.PHYSICAL_LINK_ACTIVE if self.port.link_up else 0)
        flags2 = elements.LOGICAL_LINK_ACTIVE if self.session.logical_up else 0
        mtu = self.session.frame_bytes
        return response(asked, CommandRc.SUCCESS, flags1=flags1, flags2=flags2, speed=elements.SPEED_10G, mtu=mtu)

    def _set_physical(self, asked: bytes) -> bytes:
        """A logical port shares its physical port with others and may not set it."""
        return response(asked, CommandRc.PERMISSION)

    def _logical_link_state(self, asked: bytes) -> bytes:
        state = field(asked, "state")
        if state not in (elements.LINK_DOWN, elements.LINK_UP, elements.LINK_QUERY):
            return response(asked, CommandRc.PARAMETER, state=int(self.session.logical_up))
        if state != elements.LINK_QUERY:
            self.session.logical_up = state == elements.LINK_UP
        return response(asked, CommandRc.SUCCESS, state=int(self.session.logical_up))

    def change_mac(self, asked: bytes) -> bytes:
        """CHANGE_MAC_ADDR; the answer carries the MAC in force."""
        mac = raw_field(asked, "mac")
        if not self.port.set_mac(mac):
            return response(asked, CommandRc.PARAMETER, mac=self.port.mac)
        self.session.mac = mac
        return response(asked, CommandRc.SUCCESS, mac=mac)

    def set_multicast(self, asked: bytes) -> bytes:
        """MULTICAST_CTRL: one address, or all of them."""
        flags, mac = field(asked, "flags"), raw_field(asked, "mac")
        if flags not in _MULTICAST_FLAGS:
            return response(asked, CommandRc.PARAMETER)
        session, port = self.session, self.port
        if flags == elements.MULTICAST_ENABLE:
            limit = session.limits.get(Capability.MAX_MULTICAST_FILTERS, 0)
            if mac not in session.multicast and len(session.multicast) >= limit:
                return response(asked, CommandRc.NO_MEMORY)
            done = port.add_multicast(mac)
            if done:
                session.multicast.add(mac)
        elif flags == elements.MULTICAST_DISABLE:
            done = port.remove_multicast(mac)
            session.multicast.discard(mac)
        else:
            session.all_multicast = flags == elements.MULTICAST_ENABLE_ALL
            done = port.set_all_multicast(session.all_multicast)
            if flags == elements.MULTICAST_DISABLE_ALL:
                for each in sorted(session.multicast):
                    port.remove_multicast(each)
                session.multicast.clear()
        return response(asked, CommandRc.SUCCESS if done else CommandRc.PARAMETER)

    # -- after LOGIN: maps ---------------------------------------------------------------------------------------

    def _query_map(self, asked: bytes) -> bytes:
        return response(asked, CommandRc.SUCCESS, total=TOTAL_MAP_PAGES, free=self._remote.free_pages)

    def _request_map(self, asked: bytes) -> bytes:
        map_id, length = field(asked, "map_id"), field(asked, "length")
        if map_id == 0:  # reserved
            return response(asked, CommandRc.PARAMETER)
        if map_id in self.session.maps:
            return response(asked, CommandRc.INVALID_STATE)
        if not 1 <= length <= MAX_MAP_BYTES:
            return response(asked, CommandRc.INVALID_LENGTH)
        if not self._remote.room(field(asked, "ioba"), length):
            return response(asked, CommandRc.NO_MEMORY)
        mapped = self._remote.map(field(asked, "ioba"), length)
        if mapped is None:
            return response(asked, CommandRc.INVALID_IOBA)
        self.session.maps[map_id] = mapped
        return response(asked, CommandRc.SUCCESS)

    def _request_unmap(self, asked: bytes) -> bytes:
        mapped = self.session.maps.pop(field(asked, "map_id"), None)
        if mapped is None:
            return response(asked, CommandRc.PARAMETER)
        self._remote.unmap(mapped)
        return response(asked, CommandRc.SUCCESS)


def link_state_indication(port: Port, session: Session) -> bytes:
    """What a server tells by itself about the two links (SRV-5)."""
    return request(Command.LINK_STATE_INDICATION, physical=int(port.link_up), logical=int(session.logical_up))
