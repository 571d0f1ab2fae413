"""A guest, a line at a time: what is typed runs in it, and lines that begin with a dot are for its surroundings.

Time passes only while something is being waited for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import Final, Protocol, cast

from vnic_conformance.linux.errors import LinuxError
from vnic_conformance.linux.guest import Guest
from vnic_conformance.linux.outcomes import Command
from vnic_conformance.options import LONGEST_S, whole

#: Makes a guest's surroundings: hypervisor, servers, network.
REFERENCE: Final = "vnic_reference.system.guest_system:around"
HELP: Final = """\
A line is a shell command in the guest. Besides:
  .wait MS                let time pass
  .do ACTION [TARGET]     make something happen around it: link_down server-1, crash server-1, adapter_error 0 ...
  .links                  its network devices
  .console                what its kernel has printed since the last time
  .help, .quit"""
_STEP_MS: Final = 10
_LIMIT_MS: Final = 120_000


class Surroundings(Protocol):
    """What is around a guest; time in ms."""

    @property
    def now(self) -> int:
        """Virtual time."""
        ...

    def advance(self, ms: int) -> None:
        """Let time pass; the guest runs meanwhile."""
        ...

    def act(self, do: str, target: str = "", value: int = 0) -> str:
        """Make something happen; what was answered."""
        ...


def surroundings(name: str, guest: Guest) -> Surroundings:
    """What ``module:function`` makes around a guest.

    Raises:
        LinuxError: there is no such function.
    """
    module, _, function = name.partition(":")
    try:
        make = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise LinuxError(f"--around {name}: {error}; MODULE:FUNCTION is expected, such as {REFERENCE}") from None
    return cast(Surroundings, make(guest))


class Shell:
    """One conversation.

    Args:
        guest: the guest.
        around: its surroundings.
        say: prints a text.
    """

    def __init__(self, guest: Guest, around: Surroundings, say: Callable[[str], None]) -> None:
        self._guest = guest
        self._around = around
        self._say = say
        self._shown = 0

    def converse(self, lines: Iterable[str]) -> None:
        """Take lines until there are no more, or one of them is ``.quit``, or the guest has ended."""
        for line in lines:
            words = line.split()
            if not words:
                continue
            if words[0] in (".quit", ".exit"):
                return
            if words[0].startswith("."):
                self._carry_out(words[0], words[1:])
            else:
                self._run(line.strip())
            end = self._guest.end
            if end is not None:
                self._say(f"{end.reason}. The end of its console:\n{end.tail}")
                return

    def _run(self, text: str) -> None:
        try:
            command = self._guest.command(text)
        except LinuxError as error:
            self._say(str(error))
            return
        self._wait(command)
        if command.output:
            self._say(command.output.removesuffix("\n"))
        if command.status is None and self._guest.end is None:
            self._say(f"(it still runs after {_LIMIT_MS // 1000} s)")
        elif command.status:
            self._say(f"(exit {command.status})")

    def _wait(self, command: Command) -> None:
        end = self._around.now + _LIMIT_MS
        while command.ended is None and self._guest.end is None and self._around.now < end:
            self._around.advance(_STEP_MS)

    def _carry_out(self, verb: str, words: list[str]) -> None:
        if verb == ".wait" and len(words) == 1:
            ms = whole(words[0], 0, LONGEST_S * 1000)
            if ms is None:
                self._say(f".wait takes milliseconds from 0 to {LONGEST_S * 1000}")
                return
            self._around.advance(ms)
            self._say(f"it is {self._around.now} ms")
        elif verb == ".do" and words:
            try:
                self._say(self._around.act(words[0], words[1] if len(words) > 1 else ""))
            except (ValueError, KeyError) as error:
                self._say(f"that cannot be done: {error}")
        elif verb == ".links":
            self._wait(self._guest.look())
            for link in self._guest.observe().links.values():
                state = f"{'up' if link.up else 'down'}, {'a' if link.carrier else 'no'} carrier"
                self._say(f"{link.name}: {state}, MTU {link.mtu}, {link.tx_queues} + {link.rx_queues} queues")
        elif verb == ".console":
            text = self._guest.console()
            self._say(text[self._shown :].removesuffix("\n"))
            self._shown = len(text)
        else:
            self._say(HELP)
