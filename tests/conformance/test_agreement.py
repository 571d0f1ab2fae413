"""``check``, ``judge`` and ``replay`` say the same of the same run: for every fault and variant that is scored.

A run is checked and its log judged: the same exit code, the same verdict of each session, the same requirement hurt. Its
failure is replayed: on the faulty implementation it still comes, on the reference it does not. In both roles.

Runs are short, for they are not to find every fault (the score does that), but to be spoken of three times: each fault is
tried with the case that finds it according to ``docs/score.md``, some with every scripted case.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from vnic_conformance.defaults import LONG
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.reports.summary import sentence
from vnic_conformance.running import narrowing
from vnic_conformance.running.checking import Request, check
from vnic_conformance.running.judging import judge_again
from vnic_conformance.running.recorded import load
from vnic_conformance.running.replaying import replay_failure
from vnic_conformance.running.runlog import RunLog
from vnic_conformance.scoring.default import compiled
from vnic_conformance.scoring.roster import Entry, asked
from vnic_conformance.system_role import role as system_role
from vnic_conformance.targets import open_target
from vnic_reference.adapter import Adapter
from vnic_reference.failover import FailoverMechanism
from vnic_reference.faults import FAULTS, VARIANTS
from vnic_reference.parts import Parts
from vnic_reference.policy import Policy
from vnic_reference.servers import Server
from vnic_reference.system.faults import SYSTEM_FAULTS
from vnic_reference.transport import Switchboard

Kit = Callable[..., Result]
Plant = Callable[[Callable[[], object]], str]

REFERENCE = "python:vnic_reference.adapter:Adapter"
SYSTEM = "python:vnic_reference.system.adapter:SystemAdapter"
STEPS = 150
#: The faults that once passed a check and failed judge; they are tried with more seeds, and without the scripted cases.
NAMED = ("tie_preempts", "newest_wins", "no_event_without_successor")
SEEDS = (1, 2, 3)
ONE_FAST = [SEEDS[0], *(pytest.param(seed, marks=pytest.mark.slow) for seed in SEEDS[1:])]
#: How the cases begin that do the same a great many times: a log of them says no more, and takes half a minute to speak of.
WEARING = ("hundreds", "a-thousand", "ten-thousand")


@pytest.fixture(autouse=True)
def barely_narrowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the three agree has nothing to do with how short a failure is made, and that takes most of the time."""
    monkeypatch.setattr(narrowing, "SEARCHING", 0)
    monkeypatch.setattr(narrowing, "SHRINKING", 60)
    monkeypatch.setattr(system_role, "LEAVING_OUT", 4)


def disagreements(request: Request, *, sound: str = REFERENCE, must: ExitCode | None = None) -> Iterator[str]:
    """Check, judge the log, replay the failures: what they do not agree on.

    Args:
        request: for the check.
        sound: an implementation on which no failure may come.
        must: how the check must end, where that is known.
    """
    file = io.StringIO()
    outcome = check(request, [RunLog(file)]).outcome
    if must is not None and outcome.code is not must:
        yield f"check says {sentence(outcome)} ({outcome.code}), not {must!r}"
    run = load(file.getvalue())
    again = judge_again(run)
    if again.code is not outcome.code:
        yield f"check says {sentence(outcome)} ({outcome.code}), judge {again.code}"
    if again.otherwise:
        yield f"sessions of which judge says otherwise: {[(s.session, s.was, s.now) for s in again.otherwise]}"
    found = sorted({failure.requirement for failure in outcome.failures})
    judged = sorted({s.requirement for s in again.sessions if s.now == "fail" and s.counts})
    if found != judged:
        yield f"check blames {found}, judge {judged}"
    then, now = ({r.case: r.verdict for r in results} for results in (outcome.results, again.results))
    if then != now:
        yield f"verdicts on cases: {[(c, then.get(c), now.get(c)) for c in then | now if then.get(c) != now.get(c)]}"
    if [f.requirement for f in run.failures] != [f.requirement for f in outcome.failures]:
        yield "the log has other failures than the check"
    for failure in run.failures[:1]:
        with open_target(request.adapter) as target:
            if replay_failure(target, failure).code is not ExitCode.VIOLATION:
                yield f"a replay of {failure.case} does not fail"
        with open_target(sound) as target:
            if replay_failure(target, failure).code is ExitCode.VIOLATION:
                yield f"a replay of {failure.case} fails on {sound}"


FoundBy = dict[str, dict[str, tuple[str, str]]]


def requested(adapter: str, phases: tuple[str, ...] = ("scripted",), case: str = "", seed: int = 1) -> Request:
    select = (case,) if case else ()
    return Request(adapter, steps=STEPS, seed=seed, phases=phases, select=select, fail_fast=True)


def on_fault(adapter: str, found: tuple[str, str]) -> Iterator[str]:
    """The disagreements about a fault, by the case that finds it; where that case takes minutes, by its quick neighbours."""
    _, case = found
    group, _, name = case.partition("/")
    if name.startswith(WEARING):
        return disagreements(requested(adapter, case=f"{group}/*"))
    return disagreements(requested(adapter, ("scripted", LONG), case), must=ExitCode.VIOLATION)


@pytest.mark.parametrize("fault", NAMED)
@pytest.mark.parametrize("seed", ONE_FAST)
def test_on_what_once_passed_a_check(fault: str, seed: int) -> None:
    request = replace(requested(f"python:vnic_reference.faults:{fault}", ("walk",), seed=seed), steps=2000)
    assert list(disagreements(request)) == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_on_every_fault_of_the_reference(fault: str, found_by: FoundBy) -> None:
    assert list(on_fault(f"python:vnic_reference.faults:{fault}", found_by["reference"][fault])) == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", list(FAULTS)[::50])
def test_on_whole_scripted_checks(fault: str) -> None:
    assert list(disagreements(requested(f"python:vnic_reference.faults:{fault}"))) == []


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_on_every_variant_of_the_reference(variant: str, plant: Plant) -> None:
    request = requested(plant(VARIANTS[variant].adapter), ("walk",))
    assert list(disagreements(request, must=ExitCode.CONFORMS)) == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_on_every_fault_of_the_hypervisor_in_c(tmp_path: Path, found_by: FoundBy) -> None:
    program = compiled(tmp_path)
    entries: tuple[Entry, ...] = asked(program).faults
    assert len(entries) > 40
    found = {entry.name: list(on_fault(entry.adapter, found_by["c-hypervisor"][entry.name])) for entry in entries}
    assert {name: said for name, said in found.items() if said} == {}


@pytest.mark.slow
@pytest.mark.parametrize("fault", SYSTEM_FAULTS)
def test_on_every_fault_of_a_system(fault: str, found_by: FoundBy) -> None:
    request = requested(
        f"python:vnic_reference.system.faults:{fault}", case=found_by["reference, role system"][fault][1]
    )
    assert list(disagreements(request, sound=SYSTEM, must=ExitCode.VIOLATION)) == []


def test_they_cover_all_that_is_scored() -> None:
    assert len(FAULTS) + len(SYSTEM_FAULTS) + 40 > 199
    assert len(VARIANTS) >= 39


# --- a server that comes back and takes the client -----------------------------------------------------------------------


class ReturningTakes(FailoverMechanism):
    """A server that has freed its CRQ and comes back takes the client from one of equal priority, with event 08."""

    def __init__(self, policy: Policy, switchboard: Switchboard, count: int) -> None:
        super().__init__(policy, switchboard, count)
        self.returning: set[int] = set()

    def server_closed(self, server: int) -> None:
        self.returning.add(server)
        super().server_closed(server)

    def best(self) -> Server | None:
        return min(
            self.candidates(), key=lambda s: (s.priority, s.index not in self.returning, s.age, s.index), default=None
        )

    def beaten(self, selected: Server) -> bool:
        comes = (s for s in self.candidates() if s.index in self.returning and s is not selected)
        return super().beaten(selected) or any(s.priority == selected.priority for s in comes)

    def _leave(self, successor: Server | None) -> None:
        if successor is not None:
            self.returning.discard(successor.index)
        super()._leave(successor)


@pytest.mark.parametrize("seed", ONE_FAST)
def test_a_returning_server_that_takes_the_client_fails_check_judge_and_replay(
    seed: int, vnickit: Kit, plant: Plant
) -> None:
    adapter = plant(lambda: Adapter(Parts(mechanism=ReturningTakes)))
    checked = vnickit(
        "check", "--adapter", adapter, "--phase", "walk", "--steps", 4000, "--seed", seed, "-x", "--log", "run.jsonl"
    )
    assert checked.exit_code == ExitCode.VIOLATION, checked.output
    # Where the walk meets it first decides what is said: who was taken (SEL-5), or the event that nothing called for (FOV-3).
    assert checked.stdout.rstrip().endswith(("VIOLATION: SEL-5/answers.", "VIOLATION: FOV-3."))
    assert vnickit("judge", "run.jsonl").exit_code == ExitCode.VIOLATION
    assert vnickit("replay", "run.jsonl", "--adapter", adapter).exit_code == ExitCode.VIOLATION
    assert vnickit("replay", "run.jsonl", "--adapter", REFERENCE).exit_code == ExitCode.CONFORMS


def test_the_scripted_cases_find_it_too(vnickit: Kit, plant: Plant) -> None:
    adapter = plant(lambda: Adapter(Parts(mechanism=ReturningTakes)))
    result = vnickit("check", "--adapter", adapter, "--phase", "scripted", "-k", "SEL-5*", "-x")
    assert result.exit_code == ExitCode.VIOLATION, result.output
