"""Who watches a run from outside: frames where they pass, and who is connected. Server numbers are indexes."""

from __future__ import annotations


class Observer:
    """Does nothing; a watcher overrides what it wants to know. Times are virtual, in ms."""

    def application_sent(self, now: int, frame: bytes) -> None:
        """The interface has taken a frame from the application."""

    def application_received(self, now: int, frame: bytes) -> None:
        """The application has got a frame from the interface."""

    def port_sent(self, now: int, server: int, frame: bytes) -> None:
        """The logical port of a server has taken a frame for sending."""

    def port_received(self, now: int, server: int, frame: bytes) -> None:
        """A frame has passed the filters of a server's logical port."""

    def host_sent(self, now: int, host: int, frame: bytes) -> None:
        """A host has put a frame on its cable."""

    def host_received(self, now: int, host: int, frame: bytes) -> None:
        """A host has got a frame from its cable."""

    def connected(self, now: int, server: int) -> None:
        """The client and this server are connected."""

    def severed(self, now: int, server: int) -> None:
        """They are not any more."""

    def switched(self, now: int) -> None:
        """The selected server was left while the client's CRQ was registered: event 08."""

    def link(self, now: int, up: bool) -> None:
        """The link of the application's interface has changed."""

    def action(self, now: int, do: str, text: str) -> None:
        """The scenario makes something happen: its name, and the whole in words."""

    def quiet(self, now: int) -> None:
        """Everything that can happen at this instant has happened."""
