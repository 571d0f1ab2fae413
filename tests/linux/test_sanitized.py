"""With sanitizers, memory errors of the driver are reported as such."""

from __future__ import annotations

from contextlib import closing

import pytest

from vnic_conformance.linux.build import build
from vnic_conformance.linux.client import LinuxClient
from vnic_conformance.linux.kernel import Kernel
from vnic_conformance.linux.playing import play
from vnic_conformance.linux.survey import told_stories

pytestmark = pytest.mark.slow

CASE = "CLI-17/removed-between-attempts"


def quiet(text: str) -> None:
    """Progress that nobody reads."""


def memory_errors_in(kernel: Kernel) -> list[str]:
    """What KASAN says of the driver in the case."""
    with closing(LinuxClient(kernel)) as client:
        ((name, word),) = told_stories(client, (CASE,))
        return [found.came for found in play(client, name, word).whole if "KASAN" in found.came]


def test_what_is_used_after_it_was_freed_is_reported_as_that(sanitized_kernel: Kernel) -> None:
    """Bug 36 of the catalogue: a reset that a removal does not wait for."""
    assert memory_errors_in(sanitized_kernel) == []
    (came,) = memory_errors_in(build(None, sanitized=True, progress=quiet, bug="removal-does-not-wait"))
    assert "BUG: KASAN: slab-use-after-free in __ibmvnic_reset+" in came
