"""What hypervisor and servers may do otherwise than at once and in full: each deviation has a name, and a requirement.

A *legal* one is a thing that a client has to cope with; a *wrong* one is a thing that a client must not be hurt by. All are
values with hooks, looked up by name (:data:`DEVIATIONS`); the modules :mod:`.legal_ways` and :mod:`.wrong_ways` define them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from vnic_conformance.client_role.server_settings import ServerSettings

#: An answer to a call without carrying it out: return code and values; None: answer as usual.
CallHook = Callable[[int, tuple[int, ...]], tuple[int, ...] | None]
#: The elements that answer a command: request and right answer to (delay in ms, element) of each that is sent.
AnswerHook = Callable[[bytes, bytes], list[tuple[int, bytes]] | None]
#: A login response that is written, from the right one; None: as usual.
LoginHook = Callable[[bytes], bytes | None]
#: Completions of a frame that are written, from the right one; handle-independent, 32 bytes each; None: as usual.
CompletionHook = Callable[[bytes], list[bytes] | None]
#: The same of a buffer, from the right one and the bytes of the buffer.
BufferHook = Callable[[bytes, int], list[bytes] | None]
#: Whether a queue has no room for descriptors now: of frames (true), or of buffers.
FullHook = Callable[[bool], bool]
#: Settings of a server from the usual ones.
SettingsHook = Callable[[ServerSettings], ServerSettings]


@dataclass(frozen=True, slots=True)
class Deviation:
    """One thing that hypervisor or servers do otherwise.

    Attributes:
        name: how it is asked for.
        requirement: ID of the requirement that says what a client does then.
        legal: whether hypervisor and servers may do it.
        sentence: what they do.
        call: answers a hypervisor call.
        answer: answers a command.
        login: writes a login response.
        tx_completion: completes frames that were sent.
        rx_completion: completes a buffer.
        full: whether a queue of the server's has no room.
        settings: what the server can.
        hold_ms: how long the hypervisor holds the client after H_FREE_CRQ (CRQ-13).
        times: how often it happens before all is as usual again; None: always.
        well: a client can live with it for good, so that hypervisor and servers count as well meanwhile.
    """

    name: str
    requirement: str
    legal: bool
    sentence: str
    call: CallHook | None = None
    answer: AnswerHook | None = None
    login: LoginHook | None = None
    tx_completion: CompletionHook | None = None
    rx_completion: BufferHook | None = None
    full: FullHook | None = None
    settings: SettingsHook | None = None
    hold_ms: int = 0
    times: int | None = 1
    well: bool = False

    def repeated(self, times: int | None) -> Deviation:
        """The same, so many times."""
        return replace(self, times=times)


_ALL: Final[dict[str, Deviation]] = {}
#: Every deviation by name, filled by :mod:`.legal_ways` and :mod:`.wrong_ways`.
DEVIATIONS: Final[Mapping[str, Deviation]] = MappingProxyType(_ALL)


def enter(deviation: Deviation) -> Deviation:
    """Put a deviation into the list.

    Raises:
        ValueError: there is one of this name.
    """
    if deviation.name in _ALL:
        raise ValueError(f"two deviations are called {deviation.name}")
    _ALL[deviation.name] = deviation
    return deviation
