"""Machines for the stories; every machine built here must satisfy the safety requirements when its story ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from vnic_reference import Machine, Policy, violations

INTERVAL_MS = 1000


@pytest.fixture
def start() -> Iterator[Callable[..., Machine]]:
    """Builds a machine with its servers listed, registered and OPERATIONAL, the client's CRQ still closed.

    ``start(10, 50)`` has two servers with these priorities; keywords are settings of the policy. ``ready`` names the
    servers that have registered and reported (default: all).
    """
    built: list[Machine] = []

    def build(*priorities: int, ready: Sequence[int] | None = None, **settings: Any) -> Machine:
        machine = Machine(Policy(**settings), servers=len(priorities))
        for index, priority in enumerate(priorities):
            assert machine.console.add(f"sriov//{100 + index}/0/{index}/2.0/{priority}").ok
        for index, server in enumerate(machine.servers):
            if ready is None or index in ready:
                server.reg_crq()
                server.report(interval_ms=INTERVAL_MS)
        built.append(machine)
        return machine

    yield build
    for machine in built:
        machine.settle()
        assert violations(machine) == []


@pytest.fixture
def connected(start: Callable[..., Machine]) -> Callable[..., Machine]:
    """Like ``start``, with the client's CRQ registered and therefore connected to the best server."""

    def build(*priorities: int, **settings: Any) -> Machine:
        machine = start(*priorities, **settings)
        machine.client.reg_crq()
        return machine

    return build
