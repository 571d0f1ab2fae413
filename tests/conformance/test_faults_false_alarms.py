"""The reference and its legal variants pass random walks under every profile value: what the kit calls a fault is one."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping

import pytest
from click.testing import Result

from vnic_conformance.cases import SCRIPTS
from vnic_conformance.cases.journeys import GENERATED
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.generation.walk import random_walk
from vnic_conformance.oracle import Oracle
from vnic_conformance.protocol.hello import claims_of
from vnic_conformance.session import Conversation, Session, conversation
from vnic_conformance.targets import Target
from vnic_conformance.targets.in_process import InProcessLink
from vnic_reference.adapter import Adapter
from vnic_reference.faults import VARIANTS
from vnic_spec.profile import Profile

#: Every value of every parameter that a hypervisor reads, and combinations of the ones that meet.
PROFILES: tuple[Mapping[str, object], ...] = (
    {},
    {"event_full": "defer"},
    {"crossing": "gap"},
    {"tie_break": "newest"},
    {"tie_break": "port"},
    {"tie_break": "any"},
    {"reopen": "reselect"},
    {"complaint_order": "lopar"},
    {"grace": 1},
    {"grace": 5},
    {"hold_limit_ms": 150},
    {"hold_limit_ms": 2000},
    {"preempt_delay_ms": 1},
    {"preempt_delay_ms": 300},
    {"max_servers": 3, "tie_break": "port"},
    {"max_servers": 8},
    {"crossing": "gap", "gap_ms": 1},
    {"crossing": "gap", "gap_ms": 300, "event_full": "defer"},
    {"event_full": "defer", "preempt_delay_ms": 3000},
    {"reopen": "reselect", "tie_break": "any", "complaint_order": "lopar"},
    {"crossing": "gap", "reopen": "reselect", "preempt_delay_ms": 500, "tie_break": "any"},
)
SERVERS = (1, 2, 3, 4, 5, 6)
#: In all, over legal variants, numbers of servers and seeds.
STEPS = 60_000


def walked(values: Mapping[str, object], servers: int, seed: int, steps: int) -> Session[Oracle]:
    profile = Profile.from_mapping(values)
    with Target(InProcessLink(Adapter())) as target:
        return random_walk(Conversation(target, claims_of(profile)), servers, profile, seed=seed, steps=steps)


def judged(values: Mapping[str, object], session: Session[Oracle]) -> str:
    """What was wrongly called a fault, for the message."""
    failure = session.failure
    if failure is None:
        return ""
    last = "\n".join(str(stimulus) for stimulus in session.word[-6:])
    return f"{dict(values)}, {session.servers} servers, step {len(session.word)}: {failure.requirement}\n{last}"


@pytest.mark.parametrize("values", PROFILES, ids=str)
def test_no_false_alarm(values: Mapping[str, object]) -> None:
    servers = min(3, int(str(values.get("max_servers", 6))))
    session = walked(values, servers, seed=1, steps=250)
    assert judged(values, session) == ""
    assert len(session.word) == 250


def walked_on(name: str, servers: int, seed: int, steps: int) -> Session[Oracle]:
    with Target(InProcessLink(VARIANTS[name].adapter())) as target:
        profile = target.hello.profile
        servers = min(servers, profile.max_servers)
        return random_walk(conversation(target, profile), servers, profile, seed=seed, steps=steps)


@pytest.mark.parametrize("name", VARIANTS)
def test_no_false_alarm_on_a_legal_variant(name: str) -> None:
    session = walked_on(name, 3, seed=2, steps=100)
    assert judged({"variant": name}, session) == ""
    assert len(session.word) == 100


@pytest.mark.slow
def test_no_false_alarm_in_60_000_steps(capsys: pytest.CaptureFixture[str]) -> None:
    began, done, seed = time.monotonic(), 0, 1000
    while done < STEPS:
        for name in VARIANTS:
            session = walked_on(name, SERVERS[seed % len(SERVERS)], seed, steps=500)
            assert judged({"variant": name, "seed": seed}, session) == ""
            done += len(session.word)
            seed += 1
    with capsys.disabled():
        sys.stdout.write(f"\n{done:,} steps, {done / (time.monotonic() - began):,.0f} steps/s\n")


@pytest.mark.parametrize("servers", [7, 8])
def test_more_servers_than_a_list_may_have_are_judged_in_lockstep(servers: int) -> None:
    """Six are on the list after a reset, the others beside it; who is added and removed then is judged like everything else."""
    session = walked({}, servers, servers, 500)
    assert judged({}, session) == ""
    assert session.judgements[0].came["listed"] == " ".join(f"server{i}" for i in range(6))
    refused = [j for s, j in zip(session.word, session.judgements[1:], strict=True) if s.call == "add"]
    assert {j.came["outcome"] for j in refused} == {"done", "refused"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["expires_at_once", "expires_differently"])
def test_no_script_takes_a_legal_time_for_a_fault(name: str, vnickit: Callable[..., Result]) -> None:
    """MON-2, CRQ-13: every script that is written by hand, on who counts a server as silent as early as it may."""
    written = [word for case in SCRIPTS if case not in GENERATED for word in ("-k", case)]
    result = vnickit("check", "--adapter", f"python:vnic_reference.faults:{name}", "--phase", "scripted", *written)
    assert result.exit_code == ExitCode.CONFORMS, result.stdout
