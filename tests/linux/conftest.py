"""Kernels for the tests that boot one; where none can be built, those tests are skipped, and say why."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

import pytest

from vnic_conformance.linux import actions
from vnic_conformance.linux.build import build
from vnic_conformance.linux.errors import BuildError
from vnic_conformance.linux.guest import Guest
from vnic_conformance.linux.kernel import BootOptions, Kernel
from vnic_conformance.linux.outcomes import Command
from vnic_reference.system.guest_system import around
from vnic_reference.system.system import System


def told(text: str) -> None:
    """What a build is doing, on standard error."""
    sys.stderr.write(f"{text}\n")


def built(*, sanitized: bool) -> Kernel:
    try:
        return build(None, sanitized=sanitized, progress=told)
    except BuildError as error:
        pytest.skip(f"no kernel: {error}")


@pytest.fixture(scope="session")
def kernel() -> Kernel:
    """The kernel with its own driver, from the cache or built now."""
    return built(sanitized=False)


class Boot(Protocol):
    """Boots a kernel as the client of a system."""

    def __call__(self, kernel: Kernel, options: BootOptions | None = None) -> AbstractContextManager[LinuxSystem]: ...


@dataclass
class LinuxSystem:
    """The reference system with a Linux guest as its client.

    Attributes:
        system: hypervisor, servers, switch, hosts.
        guest: the client partition.
    """

    system: System
    guest: Guest

    def user(self, text: str, limit_ms: int = 60_000) -> Command:
        """A command of the guest's user, awaited."""
        command = self.guest.command(text)
        # Whoever was asked for something has something to do now.
        for _ in range(limit_ms // 10):
            if command.ended is not None:
                return command
            self.system.advance(10)
        raise AssertionError(f"{text} does not end within {limit_ms} ms; the console:\n{self.guest.console()[-2000:]}")

    def look(self) -> None:
        """Have the guest's devices looked at."""
        looked = self.guest.look()
        self.system.advance(10)
        assert looked.status == 0

    def ping(self, count: int = 5) -> str:
        """What ping says of the peer, in its line of statistics."""
        output = self.user(actions.ping("10.0.0.2", count)).output
        return next((line for line in output.splitlines() if "received" in line), output)


@pytest.fixture(scope="session")
def sanitized_kernel() -> Kernel:
    """The same with sanitizers, where whoever runs the tests wants it: it takes ten minutes of a processor to build."""
    if not os.environ.get("VNICKIT_SANITIZERS"):
        pytest.skip("no kernel with sanitizers is built for the tests unless VNICKIT_SANITIZERS is set")
    return built(sanitized=True)


@pytest.fixture(scope="session")
def boot() -> Boot:
    """Boots a kernel as the client of a system, as a context manager."""
    return _boot


@pytest.fixture
def linux(kernel: Kernel) -> Iterator[LinuxSystem]:
    """A system with a guest that has just been booted."""
    with _boot(kernel) as linux:
        yield linux


@contextmanager
def _boot(kernel: Kernel, options: BootOptions | None = None) -> Iterator[LinuxSystem]:
    """Two servers, a peer at 10.0.0.2, and a guest at 10.0.0.1 whose device is up."""
    with Guest(kernel, options) as guest:
        yield LinuxSystem(around(guest), guest)
