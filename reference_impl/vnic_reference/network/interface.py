"""A network interface, as the application in the client's partition sees it: what the VNIC client offers upwards."""

from __future__ import annotations

from typing import Protocol


class Interface(Protocol):
    """What an application may do with the client's interface. No method raises."""

    @property
    def mac(self) -> bytes:
        """The interface's MAC, 6 bytes; the same through every failover (CLI-5)."""
        ...

    @property
    def link_up(self) -> bool:
        """Whether frames can pass: logged in, and the server says that both its links are up."""
        ...

    def open(self) -> None:
        """The user's wish: the interface shall be up (CLI-6)."""
        ...

    def close(self) -> None:
        """The user's wish: the interface shall be down (CLI-6)."""
        ...

    def send(self, frame: bytes) -> bool:
        """Send a frame, destination MAC first, without frame check sequence.

        False: not taken, and never sent later. True is no promise that it arrives.
        """
        ...

    def received(self) -> list[bytes]:
        """Take all frames that have been received, the oldest first."""
        ...

    def take_notification(self) -> bool:
        """Whether the network has to be told where the MAC is now; whoever takes it sends a gratuitous ARP.

        True once after each login that follows a failover, a migration or a loss of the partner, and False until the
        next one (CLI-5; protocol.md 3.7, step 17).
        """
        ...
