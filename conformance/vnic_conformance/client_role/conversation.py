"""Role client as the engine talks to it: a stimulus is what the kit does next, what came is what has happened since."""

from __future__ import annotations

from collections.abc import Mapping

from vnic_conformance.answer import Answer
from vnic_conformance.client_role.happenings import Happening
from vnic_conformance.client_role.monitor import READING, Monitor
from vnic_conformance.client_role.partner import LivelockError, Partner
from vnic_conformance.client_role.port import ClientPort
from vnic_conformance.client_role.record import Reads, remembered, text_of
from vnic_conformance.client_role.words import carry_out
from vnic_conformance.protocol.messages import Outcome
from vnic_conformance.stimulus import Stimulus

#: The field that holds what happened, and the one that says that the client has lost itself in calls.
HAPPENED, LIVELOCK = "happened", "livelock"


class ClientConversation:
    """One client at a time with a partner around it; see :class:`vnic_conformance.session.Asked`.

    A monitor of its own goes along, and finds out what of the client's memory has to be recorded for one who judges later.

    Args:
        port: the way to the client.
    """

    real = False

    def __init__(self, port: ClientPort) -> None:
        self._port = port
        self._partner: Partner | None = None
        self._kept: list[tuple[Happening, Reads]] = []

    def unclaimed(self, stimulus: Stimulus) -> str:
        """Nothing: what an adapter has not, it answers unsupported, and the user goes without."""
        return ""

    def reset(self, fields: Mapping[str, object], *, may_be_unsupported: bool = False) -> Answer:
        """A fresh client partition."""
        self._kept = []
        monitor = Monitor(self._port.hello.client, READING)

        def observe(happening: Happening) -> None:
            reads: Reads = {}
            monitor(remembered(happening, reads))
            self._kept.append((happening, reads))

        self._partner = Partner(self._port, observers=[observe])
        return self._came()

    def do(self, stimulus: Stimulus, absent: str = "") -> Answer:
        """Do something, and take in what happens."""
        assert self._partner is not None
        try:
            carry_out(self._partner, stimulus)
        except LivelockError as error:
            return self._came(**{LIVELOCK: str(error)})
        return self._came()

    def _came(self, **more: str) -> Answer:
        text, self._kept = text_of(self._kept), []
        return Answer({"outcome": Outcome.DONE.value, HAPPENED: text, **more})
