"""Moments of a virtual clock: what falls due at one of them happens together, before anybody is selected (MON-2)."""

from __future__ import annotations

import pytest

from vnic_conformance.cases.words import register, report
from vnic_conformance.oracle.possibility import Possibility
from vnic_conformance.session import Conversation, hypervisor_session
from vnic_conformance.stimulus import CLIENT, advance, server
from vnic_conformance.targets import open_target
from vnic_model.direct import DirectQueue
from vnic_spec.profile import Profile
from vnic_spec.vocabulary import Kind, Status

INTERVAL_MS = 40


def switches(p: Possibility) -> int:
    queue = p.state.to_client
    assert isinstance(queue, DirectQueue)
    return sum(element.kind is Kind.FAILOVER for element in queue.items)


@pytest.mark.parametrize(("last_ms", "most"), [(1, 1), (2, 2)])
def test_who_falls_silent_within_one_millisecond_does_so_together(last_ms: int, most: int) -> None:
    """Within one millisecond there is one switch; within two each server may have a moment of its own."""
    with open_target("python:vnic_reference.adapter:Adapter") as target:
        session = hypervisor_session(Conversation(target), 3, Profile())
        session.begin()
        for i, interval_ms in enumerate((INTERVAL_MS, INTERVAL_MS, 10_000)):
            session.apply(register(server(i)))
            session.apply(report(server(i), interval_ms=interval_ms))
        session.apply(register(CLIENT))
        last = session.apply(advance(Profile().grace * INTERVAL_MS + 1 - last_ms))
    assert last.ok
    assert last.came["server0_status"] == last.came["server1_status"] == "OPERATIONAL"
    allowed = [a.possibility for a in session.oracle.allowed(advance(last_ms))]
    assert all(p.state.status(i) is Status.UNRESPONSIVE for p in allowed for i in range(2))
    assert max(map(switches, allowed)) == most
