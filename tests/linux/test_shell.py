"""The shell: what runs in the guest, what is for its surroundings, and what is said."""

from __future__ import annotations

import pytest

from vnic_conformance.linux.errors import GuestError, LinuxError
from vnic_conformance.linux.guest import Guest
from vnic_conformance.linux.observation import Link, Observation
from vnic_conformance.linux.outcomes import Command, Ended, Why
from vnic_conformance.linux.shell import HELP, REFERENCE, Shell, surroundings


class StubGuest:
    """Answers commands after some steps of time."""

    def __init__(self) -> None:
        self.end: Ended | None = None
        self.running: list[tuple[int, Command]] = []

    def command(self, text: str) -> Command:
        if len(text) > 100:
            raise GuestError("a command has at most 100 bytes")
        made = Command(text, 0)
        self.running.append((3 if text != "sleep" else 1_000_000, made))
        return made

    def look(self) -> Command:
        return self.command("look")

    def observe(self) -> Observation:
        return Observation({"eth0": Link("eth0", 2, True, False, 1500, 1, 2)}, (), {}, ())

    def console(self) -> str:
        return "one\ntwo\n"


class StubSurroundings:
    """Time, and things that happen."""

    def __init__(self, guest: StubGuest) -> None:
        self.now = 0
        self._guest = guest

    def advance(self, ms: int) -> None:
        self.now += ms
        for index, (steps, command) in enumerate(self._guest.running):
            self._guest.running[index] = (steps - 1, command)
            if steps == 1:
                self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        if command.text == "die":
            self._guest.end = Ended(Why.DIED, "the kernel died: of it", "last words")
            return
        command.ended, command.status = self.now, 3 if command.text == "fail" else 0
        command.output = "" if command.text in ("look", "quiet") else f"{command.text}!\n"

    def act(self, do: str, target: str = "", value: int = 0) -> str:
        if do != "crash":
            raise KeyError(do)
        return f"{target} crashed"


def said(*lines: str) -> list[str]:
    guest = StubGuest()
    texts: list[str] = []
    Shell(guest, StubSurroundings(guest), texts.append).converse(lines)  # type: ignore[arg-type]
    return texts


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["hello", "", "quiet"], ["hello!"]),
        (["fail"], ["fail!", "(exit 3)"]),
        (["sleep"], ["(it still runs after 120 s)"]),
        (["x" * 101], ["a command has at most 100 bytes"]),
        ([".wait 500"], ["it is 500 ms"]),
        ([".do crash server-1"], ["server-1 crashed"]),
        ([".do dance"], ["that cannot be done: 'dance'"]),
        ([".links"], ["eth0: up, no carrier, MTU 1500, 1 + 2 queues"]),
        ([".console", ".console"], ["one\ntwo", ""]),
        ([".wait", ".nonsense"], [HELP, HELP]),
        ([".wait " + "9" * 5000], [".wait takes milliseconds from 0 to 86400000"]),
        ([".quit", "never"], []),
        (["die", "never"], ["the kernel died: of it. The end of its console:\nlast words"]),
    ],
)
def test_lines_and_answers(lines: list[str], expected: list[str]) -> None:
    assert said(*lines) == expected


@pytest.mark.parametrize("name", ["nonsense", "no_such_module:f", "vnic_reference.system.guest_system:nobody", ":"])
def test_surroundings_that_are_not_there_are_refused(name: str) -> None:
    guest = Guest.__new__(Guest)
    with pytest.raises(LinuxError, match=r"MODULE:FUNCTION is expected, such as vnic_reference"):
        surroundings(name, guest)


def test_the_reference_has_surroundings() -> None:
    module, _, function = REFERENCE.partition(":")
    assert callable(getattr(__import__(module, fromlist=[function]), function))
