"""The deviations that are in force, and how often each will still happen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vnic_conformance.client_role.deviations import Deviation


@dataclass(slots=True)
class _Active:
    deviation: Deviation
    left: int | None


class Deviating:
    """What hypervisor and servers do otherwise at present; the one that was begun first comes first.

    Args:
        happened: told of each deviation when it happens.
    """

    def __init__(self, happened: Callable[[Deviation], None]) -> None:
        self._happened = happened
        self._active: list[_Active] = []

    def begin(self, deviation: Deviation) -> bool:
        """A deviation is in force from now on; whether hypervisor or servers are not well until it is ended."""
        self._active.append(_Active(deviation, deviation.times))
        hooks = (
            deviation.call, deviation.answer, deviation.login, deviation.tx_completion, deviation.rx_completion, deviation.full,
        )  # fmt: skip
        return deviation.times is None and not deviation.well and any(hook is not None for hook in hooks)

    def clear(self) -> None:
        """None is in force any more."""
        self._active.clear()

    def _spend(self, active: _Active) -> None:
        if active.left is not None:
            active.left -= 1
        self._happened(active.deviation)

    def call(self, opcode: int, arguments: tuple[int, ...]) -> tuple[int, ...] | None:
        """What answers a call instead of its being carried out; None: nothing."""
        for active in self._active:
            if active.deviation.call is not None and active.left != 0:
                answer = active.deviation.call(opcode, arguments)
                if answer is not None:
                    self._spend(active)
                    return answer
        return None

    def answer(self, asked: bytes, right: bytes) -> list[tuple[int, bytes]] | None:
        """What answers a command, with the delay of each element in ms; None: the right answer at once."""
        for active in self._active:
            if active.deviation.answer is not None and active.left != 0:
                answers = active.deviation.answer(asked, right)
                if answers is not None:
                    self._spend(active)
                    return answers
        return None

    def login(self, right: bytes) -> bytes:
        """The login response that is written."""
        for active in self._active:
            if active.deviation.login is not None and active.left != 0:
                other = active.deviation.login(right)
                if other is not None:
                    self._spend(active)
                    return other
        return right

    def full(self, frames: bool) -> bool:
        """Whether a queue for frames, or for buffers, has no room now."""
        for active in self._active:
            if active.deviation.full is not None and active.left != 0 and active.deviation.full(frames):
                self._spend(active)
                return True
        return False

    def tx_completion(self, right: bytes) -> list[bytes] | None:
        """What completes a frame that was sent; None: the right completion."""
        for active in self._active:
            if active.deviation.tx_completion is not None and active.left != 0:
                self._spend(active)
                return active.deviation.tx_completion(right)
        return None

    def rx_completion(self, right: bytes, size: int) -> list[bytes] | None:
        """What completes a buffer of so many bytes; None: the right completion."""
        for active in self._active:
            if active.deviation.rx_completion is not None and active.left != 0:
                self._spend(active)
                return active.deviation.rx_completion(right, size)
        return None
