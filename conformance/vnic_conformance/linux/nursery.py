"""Fresh guests, the next one booted while the last one is being used."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from vnic_conformance.linux.errors import GuestError
from vnic_conformance.linux.guest import Guest


class Nursery:
    """Boots guests, one ahead.

    Args:
        boot: boots one; called in a thread that lives as long as this object, because a guest dies with the thread that
            started it.
    """

    def __init__(self, boot: Callable[[], Guest]) -> None:
        self._boot = boot
        self._thread = ThreadPoolExecutor(1, "nursery")
        self._next: Future[Guest] | None = None

    def take(self) -> Guest:
        """A guest that has just come up; whoever takes it closes it.

        Raises:
            GuestError: it does not come up.
        """
        waiting = self._next or self._thread.submit(self._boot)
        self._next = None
        guest = waiting.result()
        self._next = self._thread.submit(self._boot)
        return guest

    def close(self) -> None:
        """End the guest that is ready, and the thread. No guest that was taken survives this."""
        waiting, self._next = self._next, None
        if waiting is not None and not waiting.cancel():
            with contextlib.suppress(GuestError):
                waiting.result().close()
        self._thread.shutdown()
