"""A socket as a target: TCP on this machine, or a Unix socket. One connection is one session of the adapter."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Mapping
from typing import Final

from vnic_conformance.foreign import cut
from vnic_conformance.protocol.messages import Fields
from vnic_conformance.targets.failures import BadEnd, CannotStart, SpecError
from vnic_conformance.targets.lines import LineChannel, seconds

_PORT_DIGITS: Final = 5
#: Longest piece of a name that a refusal repeats.
_SHOWN: Final = 200
_LOCAL_NAMES: Final = ("localhost", "localhost.localdomain", "ip6-localhost")


def loopback_of(text: str) -> tuple[str, int]:
    """Host and port of ``host:port``, where the host is this machine; an IPv6 address stands in brackets.

    Raises:
        SpecError: it has another form, or names another machine. The kit opens no connection to other machines.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    digits = port.isascii() and port.isdigit() and len(port) <= _PORT_DIGITS
    if not (colon and host and digits and 0 < int(port) < 65536):
        raise SpecError(f"tcp:{cut(text, _SHOWN)} is not of the form tcp:host:port, for example tcp:127.0.0.1:7000")
    if host.lower() in _LOCAL_NAMES:
        return host, int(port)
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise SpecError(
            f"tcp:{cut(text, _SHOWN)} names another machine; the kit connects to this machine only. "
            'Start the adapter there by a command ("ssh host ./adapter"), or forward the port'
        )
    return host, int(port)


class SocketLink:
    """A link over a connected socket; see :class:`~vnic_conformance.targets.base.Link`.

    Args:
        connection: the socket; closed with the link.
    """

    stderr_tail = ""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._channel = LineChannel(connection.fileno(), connection.fileno())

    @classmethod
    def tcp(cls, address: str, wait_s: float) -> SocketLink:
        """Connect to ``host:port`` on this machine within ``wait_s`` seconds.

        Raises:
            SpecError: not a loopback address.
            CannotStart: nobody listens there.
        """
        host, port = loopback_of(address)
        try:
            connection = socket.create_connection((host, port), timeout=wait_s)
        except OSError as error:
            raise CannotStart(f"tcp:{address}: {error.strerror or error}") from None
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(connection)

    @classmethod
    def unix(cls, path: str, wait_s: float) -> SocketLink:
        """Connect to the Unix socket at ``path`` within ``wait_s`` seconds.

        Raises:
            SpecError: no path.
            CannotStart: nobody listens there.
        """
        if not path:
            raise SpecError("unix: needs the path of a socket, for example unix:/tmp/adapter.sock")
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(wait_s)
        try:
            connection.connect(path)
        except (OSError, ValueError) as error:  # a path may be too long for a socket
            connection.close()
            raise CannotStart(f"unix:{path}: {getattr(error, 'strerror', None) or error}") from None
        return cls(connection)

    def exchange(self, request: Fields, wait_s: float) -> Mapping[str, object]:
        """See :class:`~vnic_conformance.targets.base.Link`."""
        return self._channel.exchange(request, wait_s)

    def end(self, wait_s: float) -> None:
        """See :class:`~vnic_conformance.targets.base.Link`."""
        if not self._channel.drain(wait_s):
            raise BadEnd(
                f"the connection is still open {seconds(wait_s)} after bye",
                expected="that it closes the connection after it has answered bye",
            )

    def close(self) -> None:
        """See :class:`~vnic_conformance.targets.base.Link`."""
        with contextlib.suppress(OSError):
            self._socket.close()
