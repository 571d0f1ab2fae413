"""What every part of a recovery is made of: waiting, and asking (CLI-7, CRQ-14).

The steps of a recovery are generators: they yield the virtual time (ms) at which they want to go on at the latest, or None
if only a server or the user can make them go on, and are resumed at every step of the client.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, TypeVar

from vnic_spec.wire import Capability, Command, Rc

if TYPE_CHECKING:  # the client owns its recovery
    from vnic_reference.client.client import VnicClient

_T = TypeVar("_T")
#: A piece of the recovery: yields deadlines, returns its result.
Steps = Generator[int | None, None, _T]

_BUSY = frozenset({Rc.H_BUSY, Rc.H_IN_PROGRESS, *range(Rc.H_LONG_BUSY_1_MS, Rc.H_LONG_BUSY_100_S + 1)})
#: Shortest and longest pause before a call that was answered busy is repeated.
_BUSY_PAUSE_MS = 10
_LONGEST_PAUSE_MS = 100


class AttemptError(Exception):
    """This attempt to get logged in has failed; the text says why. The next one begins with registering."""


class Conversation:
    """Waiting and asking for one client.

    Args:
        client: whose it is.
    """

    def __init__(self, client: VnicClient) -> None:
        self.client = client
        self.settings = client.settings
        #: Values agreed on with the present server, and the headers that it wants of each frame.
        self.granted: dict[Capability, int] = {}
        self.headers_wanted = 0
        #: Handles of the client's completion queues.
        self.tx_handles: list[int] = []
        self.rx_handles: list[int] = []

    def wait(self, ready: Callable[[], bool], deadline: int) -> Steps[bool]:
        """Wait until something holds, or until a point in time; whether it holds."""
        while not ready():
            if self.client.now >= deadline:
                return False
            yield deadline
        return True

    def sleep(self, ms: int) -> Steps[None]:
        """Let time pass."""
        yield from self.wait(lambda: False, self.client.now + ms)

    def patiently(self, call: Callable[[], int]) -> Steps[int]:
        """Repeat a call while it answers busy, bounded (CRQ-14, CLI-14); a long-busy code says how long to pause."""
        end = self.client.now + self.settings.busy_ms
        while True:
            rc = call()
            if rc not in _BUSY:
                return rc
            hint = 10 ** (rc - Rc.H_LONG_BUSY_1_MS) if rc >= Rc.H_LONG_BUSY_1_MS else 0
            pause = min(max(hint, _BUSY_PAUSE_MS), _LONGEST_PAUSE_MS)
            if self.client.now + pause >= end:
                raise AttemptError("the hypervisor stayed busy")
            yield from self.sleep(pause)

    def tell(self, element: bytes) -> Steps[None]:
        """Send a command whose response is noted but not waited for.

        An earlier one whose response could not be told from this one's is waited for first (DLG-3).
        """
        requests = self.client.requests
        limit = self.client.now + self.settings.command_ms
        if not (yield from self.wait(lambda: not requests.awaits(element), limit)):
            raise AttemptError(f"an earlier {Command(element[1])!r} was never answered")
        rc = self.client.send_command(element)
        if rc != Rc.H_SUCCESS:
            raise AttemptError(f"{Command(element[1])!r} not sent: code {rc}")

    def reply(self, element: bytes, deadline: int) -> Steps[bytes | None]:
        """Send a command and wait for its response; None if it does not come in time."""
        yield from self.tell(element)
        answered = yield from self.wait(lambda: self.client.requests.answer(element) is not None, deadline)
        return self.client.requests.answer(element) if answered else None

    def ask(self, element: bytes, deadline: int | None = None) -> Steps[bytes]:
        """Like :meth:`reply`, within the limit for commands if no other is given; no response is a failure."""
        limit = self.client.now + self.settings.command_ms if deadline is None else deadline
        answer = yield from self.reply(element, limit)
        if answer is None:
            raise AttemptError(f"no response to {Command(element[1])!r}")
        return answer

    def all_answered(self, sent: list[bytes], deadline: int) -> Steps[bool]:
        """Wait for the responses to several commands that have been sent; whether all have come."""
        requests = self.client.requests
        return (yield from self.wait(lambda: all(requests.answer(element) for element in sent), deadline))
