"""Explorations and sets of states that several tests look at, each made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from vnic_model.explorer import Exploration, explore
from vnic_model.instances import claims, instance
from vnic_model.machine import Machine


@cache
def _explored(name: str, servers: int) -> Exploration:
    return explore(instance(name, servers), claims(name))


@cache
def _reached(name: str, servers: int) -> tuple[Machine, tuple[int, ...]]:
    # With one server every test of counts needs the exploration too: what its machine has traced and remembered serves again.
    small = servers == 1
    machine = _explored(name, servers).machine if small else Machine(instance(name, servers), claims(name))
    return machine, everything_reachable(machine)


def everything_reachable(machine: Machine) -> tuple[int, ...]:
    """Every reachable packed state, found without the explorer, in a fixed order."""
    found = {machine.initial: None}
    pending = [machine.initial]
    while pending:
        state = pending.pop()
        for group in machine.groups:
            for _, keep, add, _, _ in group.steps(state):
                after = state & keep | add
                if after not in found:
                    found[after] = None
                    pending.append(after)
    return tuple(found)


@pytest.fixture(scope="session")
def explored() -> Callable[[str, int], Exploration]:
    """``explored(name, servers)``: the complete exploration of a named instance, with every property it claims."""
    return _explored


@pytest.fixture(scope="session")
def reached() -> Callable[[str, int], tuple[Machine, tuple[int, ...]]]:
    """``reached(name, servers)``: the machine of a named instance and all its reachable states."""
    return _reached


@pytest.fixture(scope="session")
def reachable() -> Callable[[Machine], tuple[int, ...]]:
    """``reachable(machine)``: all reachable states of any machine."""
    return everything_reachable
