"""Commands that await their response; a response is ignored unless one of its kind is awaited (CLI-4)."""

from __future__ import annotations

from vnic_reference.dialogue.elements import response_key
from vnic_reference.driver import Driver
from vnic_spec.wire import Rc

Key = tuple[int, int]


class Requests:
    """The outstanding commands of one registration.

    Args:
        driver: the client's unit.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._awaited: set[Key] = set()
        self._answers: dict[Key, bytes] = {}

    def send(self, element: bytes) -> int:
        """Send a command; from now on its response counts, if it was sent. Answers the call's return code."""
        rc = self._driver.send(element)
        if rc == Rc.H_SUCCESS:
            key = response_key(element)
            self._answers.pop(key, None)
            self._awaited.add(key)
        return rc

    def take(self, element: bytes) -> bool:
        """A response has come; whether it counts."""
        key = response_key(element)
        if key not in self._awaited:
            return False
        self._awaited.remove(key)
        self._answers[key] = element
        return True

    def answer(self, asked: bytes) -> bytes | None:
        """The response to a command sent, None while it is outstanding."""
        return self._answers.get(response_key(asked))

    def outstanding(self) -> bool:
        """Whether any response is awaited."""
        return bool(self._awaited)

    def awaits(self, element: bytes) -> bool:
        """Whether a response is awaited that could not be told from the one to this command (DLG-3)."""
        return response_key(element) in self._awaited

    def forget(self) -> None:
        """The registration or the session is over: nothing that may still come counts."""
        self._awaited.clear()
        self._answers.clear()
