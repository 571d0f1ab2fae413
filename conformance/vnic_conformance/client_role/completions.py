"""What servers put into the client's sub-CRQs: completions of frames and of buffers, and elements that nobody awaits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from vnic_conformance.client_role.deviating import Deviating
from vnic_conformance.client_role.memory import Queue
from vnic_conformance.client_role.platform import Platform
from vnic_conformance.client_role.server import Server, Session
from vnic_spec.layouts import RX_COMPLETION, RX_END_OF_FRAME, TX_COMPLETION
from vnic_spec.wire import Header

#: One frame of so many is completed later than the others, where a server does that.
_STRAGGLER: Final = 5
#: Lets something happen after so many ms.
After = Callable[[int, Callable[[], object]], None]
#: Elements that nobody awaits: an answer to no command, completions of what was never handed over.
UNKNOWN_ANSWER: Final = bytes((Header.COMMAND, 0xFE)) + bytes(14)
FOREIGN_SENT: Final = TX_COMPLETION.pack(header=Header.COMMAND, count=1, correlator_0=0x7FFF_FFFE)
FOREIGN_RECEIVED: Final = RX_COMPLETION.pack(header=Header.COMMAND, length=60, correlator=0x7FFF_FFFF_FFFF)


class Completions:
    """Completes frames and buffers as the server's settings and the deviations say.

    Args:
        platform: stores the elements.
        deviating: what is done otherwise.
        after: lets time pass.
    """

    def __init__(self, platform: Platform, deviating: Deviating, after: After) -> None:
        self._platform = platform
        self._deviating = deviating
        self._after = after

    def sent(self, server: Server, handle: int, correlator: int) -> None:
        """A frame has left: its completion is due, by itself or together with others."""
        session, settings = server.session, server.settings
        if settings.together > 1:
            session.sent.setdefault(handle, []).append(correlator)
            self._after(settings.completion_ms, partial(self._together, server, session, handle))
            return
        right = TX_COMPLETION.pack(header=Header.COMMAND, count=1, correlator_0=correlator)
        completions = self._deviating.tx_completion(right)
        taken = session.taken[handle] = session.taken.get(handle, -1) + 1
        late = settings.straggler_ms if taken % _STRAGGLER == 0 else 0
        for data in [right] if completions is None else completions:
            self._after(settings.completion_ms + late, partial(self._put, server, session, handle, data))

    def received(self, server: Server, frame: bytes) -> bool | None:
        """A frame from the wire goes into a buffer, and that is completed, rightly or not; None: no buffer has room for it."""
        placed = server.receive(frame)
        if placed is None:
            return None
        handle, correlator, size = placed
        offset = server.settings.rx_offset
        right = RX_COMPLETION.pack(
            header=Header.COMMAND, flags=RX_END_OF_FRAME, offset=offset, length=len(frame), correlator=correlator
        )
        completions = self._deviating.rx_completion(right, size)
        for data in [right] if completions is None else completions:
            self._platform.completion(handle, data)
        return completions is None or right in completions

    def _together(self, server: Server, session: Session, handle: int) -> None:
        """Complete what has been sent on a queue, as many frames at once as the server does."""
        waiting = session.sent.pop(handle, [])
        for first in range(0, len(waiting), server.settings.together):
            some = waiting[first : first + server.settings.together]
            fields = {f"correlator_{at}": correlator for at, correlator in enumerate(some)}
            data = TX_COMPLETION.pack(header=Header.COMMAND, count=len(some), **fields)
            self._put(server, session, handle, data)

    def _put(self, server: Server, session: Session, handle: int, data: bytes) -> None:
        if server.session is session:
            self._platform.completion(handle, data)


def wrap(platform: Platform, after: After) -> bool:
    """Fill each queue of the client's one and a half times with elements that nobody awaits; whether there is one.

    They come in halves of a queue, with time for the client between them. So each queue begins anew once.
    """
    crq = platform.crq
    if crq is None:
        return False
    _half(platform, crq)
    for ms in (1, 2):
        after(ms, partial(_half, platform, crq))
    return True


def _half(platform: Platform, crq: Queue) -> None:
    server = platform.connected
    if platform.crq is not crq or server is None:
        return
    for _ in range(crq.capacity // 2):
        platform.element(UNKNOWN_ANSWER)
    for handle, queue in list(platform.sub_crqs.items()):
        data = FOREIGN_SENT if handle in server.session.tx_completions else FOREIGN_RECEIVED
        for _ in range(queue.queue.capacity // 2 if queue.enabled else 0):
            platform.completion(handle, data)


def to_second_half(platform: Platform) -> bool:
    """Elements that nobody awaits, until the next one goes into the second half of the CRQ; whether that came about."""
    crq = platform.crq
    if crq is None or platform.connected is None:
        return False
    while platform.element(UNKNOWN_ANSWER):
        if crq.position > crq.capacity // 2:
            return True
    return False
