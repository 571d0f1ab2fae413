"""Events inside the n-th call: the reference client recovers from each of them, and breaks no rule meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vnic_conformance.client_role.injection import EVENTS, PROCEDURES, Injection, Played, play, prepare
from vnic_spec.wire import Hcall

Make = Callable[..., Any]


def played(one: Any, procedure: str, *injections: Injection) -> Played:
    """A fresh client, the procedure with the injections, and then all well for as long as it claims to need."""
    partner = one.fresh()
    prepare(partner, PROCEDURES[procedure])
    return play(partner, PROCEDURES[procedure], injections, one.port.hello.client.recovery_ms + 1)


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_a_procedure_alone(bench: Make, procedure: str) -> None:
    one = bench()
    alone = played(one, procedure)
    assert alone.calls >= 1
    assert len(alone.codes) == alone.calls
    assert one.said == []


def test_the_calls_of_a_failover(bench: Make) -> None:
    """They are the same whenever they are counted, so that a number names a call."""
    one = bench()
    first, second = played(one, "failover"), played(one, "failover")
    assert first == second
    assert first.codes[:4] == (Hcall.H_EOI, Hcall.H_EOI, Hcall.H_FREE_CRQ, Hcall.H_REG_CRQ)


def test_an_injection_happens_in_its_call_and_only_there(bench: Make) -> None:
    one = bench()
    injection = Injection(5, "migrated")
    with_it = played(one, "failover", injection)
    assert with_it.reached == (injection,)
    assert with_it.calls > played(one, "failover").calls
    assert played(one, "removal", Injection(50, "failover")).reached == ()
    assert str(injection) == "migrated inside call 5"


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_early_and_late_in_a_failover(bench: Make, event: str) -> None:
    one = bench()
    for call in (4, 60):
        played(one, "failover", Injection(call, event))
        assert one.said == []


def test_two_injections(bench: Make) -> None:
    one = bench()
    both = played(one, "failover", Injection(10, "failover"), Injection(30, "migrated"))
    assert len(both.reached) == 2
    assert one.said == []


@pytest.mark.slow
@pytest.mark.parametrize("event", EVENTS)
def test_injections_of_a_failover(bench: Make, event: str) -> None:
    """Every third call, another third for each event."""
    one = bench()
    calls = played(one, "failover").calls
    assert calls > 50
    for call in range(1 + list(EVENTS).index(event) % 3, calls + 1, 3):
        played(one, "failover", Injection(call, event))
        assert one.said == [], call


@pytest.mark.slow
@pytest.mark.parametrize("procedure", [name for name in PROCEDURES if name != "failover"])
def test_injections_of_every_procedure(bench: Make, procedure: str) -> None:
    """Every fifteenth call, others for each event."""
    one = bench()
    calls = played(one, procedure).calls
    for number, event in enumerate(EVENTS):
        for call in range(1 + number % 15, calls + 1, 15):
            played(one, procedure, Injection(call, event))
            assert one.said == [], (call, event)
