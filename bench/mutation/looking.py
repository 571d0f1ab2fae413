"""What the kit says of one implementation: the stages of a look, and the verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from vnic_conformance.cases import SCRIPTS
from vnic_conformance.defaults import LONG, PHASES, STEPS
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.generation import stateful
from vnic_conformance.generation.stateful import hunt
from vnic_conformance.running.checking import Request, check
from vnic_conformance.running.events import AdapterFailed, Event, Failure, Narrowing, SessionBegan, StepDone
from vnic_conformance.running.play import Listener
from vnic_conformance.running.tours import tours
from vnic_spec.profile import Profile

#: Factor on every wait for a mutant; many hang.
PATIENCE = 0.3
#: Steps of the random phases under another profile than the default one.
FEW_STEPS = 600


@dataclass(frozen=True, slots=True)
class Stage:
    """One run of ``vnickit check``: under a profile, in a role.

    Attributes:
        name: in one word.
        profile: decisions other than the adapter's own, as ``--profile`` takes them.
        phases: what is played.
        steps: of the random phases.
        system: the role system is looked at instead of the role hypervisor.
        select: globs of cases, as ``-k`` takes them.
    """

    name: str
    profile: dict[str, object] = field(default_factory=dict)
    phases: tuple[str, ...] = PHASES
    steps: int = STEPS
    system: bool = False
    select: tuple[str, ...] = ()


#: ``vnickit check`` as it is without options, a phase at a time: what is written by hand is quickly played and finds most.
SCRIPTED = Stage("scripted", phases=("scripted",))
#: Scripted cases of more steps are no short ones.
_SHORT = 120
#: What ``--thorough`` plays besides.
THOROUGH = Stage("thorough", phases=(LONG,))
GENERATED = tuple(Stage(phase, phases=(phase,)) for phase in ("tour", "hypothesis", "walk"))
#: Every other value of every parameter, several at a time.
_PROFILES: dict[str, dict[str, object]] = {
    "gap-defer-newest": {
        "crossing": "gap",
        "gap_ms": 1500,
        "event_full": "defer",
        "tie_break": "newest",
        "grace": 1,
        "indirect_limit": 16,
    },
    "lopar-reselect-any": {
        "complaint_order": "lopar",
        "reopen": "reselect",
        "tie_break": "any",
        "hold_limit_ms": 400,
        "max_servers": 2,
    },
    "delay-defer-port": {"preempt_delay_ms": 700, "event_full": "defer", "tie_break": "port"},
}
OTHERS = tuple(
    Stage(f"{name} {phase}", profile, (phase,), FEW_STEPS)
    for phase in ("scripted", "walk")
    for name, profile in _PROFILES.items()
)
#: The whole system around the hypervisor: an implementation's own clients and servers drive it.
SYSTEM = Stage("system", system=True)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the kit said.

    Attributes:
        verdict: ``passed``, ``violation``, ``broken`` (the adapter hangs or dies) or ``inconclusive``.
        by: the requirement that is hurt, or what the adapter did.
        case: the case or the phase that met it.
        phase: where it was met.
    """

    verdict: str
    by: str = ""
    case: str = ""
    phase: str = ""


def short() -> Stage:
    """The short ones of the scripted cases: what they find is found soon, and the others take most of the time."""
    steps = {name: len(script.steps(Profile())) for name, script in SCRIPTS.items() if script.when(Profile())}
    few = tuple(sorted(name for name, many in steps.items() if many <= _SHORT))
    return Stage("short", phases=("scripted",), select=few)


class _FoundError(BaseException):
    """The first violation counts; nothing is shortened. No ordinary exception, so that nobody on the way takes it."""


class _Watch:
    """Follows a run up to its first violation."""

    def __init__(self) -> None:
        self.phase = self.case = self.by = ""
        self.broken = ""

    def __call__(self, event: Event) -> None:
        if isinstance(event, SessionBegan):
            self.phase, self.case = event.phase, event.case or ""
        judgement = event.judgement if isinstance(event, SessionBegan | StepDone) else None
        if judgement is not None and not judgement.ok and not self.by:
            self.by = judgement.requirement
        if isinstance(event, Narrowing | Failure):
            self.by = self.by or event.requirement
            raise _FoundError
        if isinstance(event, AdapterFailed):
            self.broken = str(event.trouble.get("trouble", event.text.splitlines()[0]))


def prepare(stages: Sequence[Stage]) -> None:
    """Work out and import beforehand what every look would need again."""
    assert hunt is stateful.hunt
    for stage in stages:
        if "tour" in stage.phases and not stage.system:
            tours(Profile.from_mapping(stage.profile))


def look(adapter: str, stage: Stage, listeners: Sequence[Listener] = ()) -> Seen:
    """Check an implementation up to the first violation.

    Args:
        adapter: as ``--adapter`` takes it.
        stage: what to play.
        listeners: told of every event, too.
    """
    watch = _Watch()
    request = Request(
        adapter,
        stage.select,
        fail_fast=True,
        steps=stage.steps,
        profile=stage.profile,
        phases=stage.phases,
        time_scale=PATIENCE,
    )
    try:
        outcome = check(request, [*listeners, watch]).outcome
    except _FoundError:
        return Seen("violation", watch.by, watch.case or watch.phase, watch.phase)
    if outcome.code is ExitCode.ADAPTER_BROKEN:
        return Seen("broken", watch.broken, watch.case or watch.phase, watch.phase)
    if outcome.code is ExitCode.VIOLATION:
        first = outcome.failures[0]
        return Seen("violation", first.requirement.partition("/")[0], first.case, first.phase)
    return Seen("passed" if outcome.code is ExitCode.CONFORMS else "inconclusive")


def timed(work: Callable[[], Seen]) -> tuple[Seen, float]:
    """What was seen, and in how many seconds."""
    began = time.monotonic()
    return work(), round(time.monotonic() - began, 2)
