"""One trial: an implementation put to the test by a check, up to the first case that fails it or to the end.

It is the check of ``vnickit check`` but for one thing: a violation is counted and not narrowed down, because nobody will read
its trace. First come the scripted cases, alone; most faults end there, and the tours need not even be loaded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vnic_conformance.defaults import PHASES
from vnic_conformance.episode import HYPERVISOR, Episode
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.oracle import Judgement, Oracle
from vnic_conformance.oracle.blame import broken_properties
from vnic_conformance.running.checking import RequestError
from vnic_conformance.running.engine import Engine
from vnic_conformance.running.episode import retrace
from vnic_conformance.running.events import Event, Failure, RunBegan, SessionBegan
from vnic_conformance.running.plan import NothingSelectedError, select
from vnic_conformance.running.play import Budget, Narrowed, Play
from vnic_conformance.running.role import Role, role_named
from vnic_conformance.running.verdicts import Rerun, Verdict
from vnic_conformance.scoring.roster import Entry
from vnic_conformance.targets import AdapterBroken, SpecError, Target, open_target
from vnic_spec.profile import Profile


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be tried.

    Attributes:
        entry: the implementation.
        seed: of everything random.
        steps: budget of the random phases.
        phases: what is played, in the order of :data:`~vnic_conformance.defaults.PHASES`.
        first: stop at the first failing case.
        select: globs of cases; none: every case.
        own_first: the cases named after the requirement that it hurts come first.
    """

    entry: Entry
    seed: int
    steps: int
    phases: tuple[str, ...] = PHASES
    first: bool = True
    select: tuple[str, ...] = ()
    own_first: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a trial.

    Attributes:
        seed: of the job.
        code: as an exit code of ``vnickit check``.
        requirement: the one that the first violation is blamed on; empty without a violation.
        case: the case that met it: the one that was played, else the watched one.
        phase: where it was met.
        cases: every case that failed, and every property that the first violation breaks.
        steps: stimuli up to the first violation, or in all.
        seconds: the same.
        reached: the adapter broke after it had greeted and begun a session, or did not break.
        why: of anything but a verdict, in words.
        role: what the implementation plays.
    """

    seed: int
    code: ExitCode
    requirement: str = ""
    case: str = ""
    phase: str = ""
    cases: tuple[str, ...] = ()
    steps: int = 0
    seconds: float = 0.0
    reached: bool = True
    why: str = ""
    role: str = HYPERVISOR

    @property
    def killed(self) -> bool:
        """The implementation was found out: by a violation, or because it broke in the middle of a session."""
        return self.code is ExitCode.VIOLATION or (self.code is ExitCode.ADAPTER_BROKEN and self.reached)


def attempt(job: Job) -> Trial:
    """Try one implementation.

    Raises:
        RequestError: what its roster asks for makes no sense for it.
        SpecError: the words that name it are wrong.
    """
    try:
        target = open_target(job.entry.adapter)
    except AdapterBroken as trouble:
        return Trial(job.seed, ExitCode.ADAPTER_BROKEN, reached=False, why=trouble.title)
    except SpecError as error:
        raise SpecError(f"{job.entry.name}: {error}") from None
    with target:
        try:
            profile = Profile.from_mapping({**target.hello.profile.as_mapping(), **job.entry.profile})
        except ValueError as error:
            raise RequestError(f"{job.entry.name}: {error}") from None
        try:
            role = role_named(target.hello.role)
        except LookupError as error:
            raise RequestError(f"{job.entry.name} plays the role {target.hello.role}; {error}") from None
        if why := role.refuses(target.hello, profile):
            raise RequestError(f"{job.entry.name}: {why}")
        return replace(_ended(_tried(job, target, profile, role), target), role=role.name)


def _ended(trial: Trial, target: Target) -> Trial:
    """The trial, and whether its adapter has ended as it must."""
    if trial.killed or target.broken is not None:
        return trial
    try:
        target.finish()
    except AdapterBroken as trouble:
        return replace(trial, code=ExitCode.ADAPTER_BROKEN, reached=False, why=trouble.title)
    return trial


def _broken(episode: Episode) -> tuple[str, ...]:
    """Every property that the last step of an episode breaks; the first one is who is blamed."""
    last = retrace(episode)[-1]
    if not last.judgement.mismatches:
        return ()
    ops = Oracle(episode.servers, episode.profile, frozenset(episode.setting.unpaired)).ops
    nearest, came = last.judgement.mismatches[0], last.judgement.came
    found = {p.name: None for before in last.before for p in broken_properties(ops, before.state, nearest, came)}
    return tuple(found)


class _Where:
    """A listener that knows what was played when the first violation came."""

    def __init__(self) -> None:
        self.playing = ""
        self.found: tuple[str, Failure] | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, SessionBegan):
            self.playing = event.case or ""
        elif isinstance(event, Failure) and self.found is None:
            self.found = self.playing or event.case, event


def _tried(job: Job, target: Target, profile: Profile, role: Role) -> Trial:
    """Stage by stage, so that what a later stage needs is worked out only if the earlier ones found nothing."""
    scripted, long = ("scripted",), role.on_request
    between = tuple(p for p in job.phases if p in role.phases and p not in scripted)
    stages = [(stage, job.select) for stage in (scripted, between, long)]
    if job.own_first and job.entry.requirement and not job.select:
        # A long case may take minutes, all the others a few seconds.
        own = (job.entry.requirement,)
        stages = [(scripted, own), stages[0], (long, own), *stages[1:]]
    so_far: Trial | None = None
    for stage, globs in stages:
        if not stage or not set(stage) <= set(job.phases):
            continue
        trial = _stage(replace(job, select=globs), stage, target, profile, role)
        so_far = trial if so_far is None else _both(so_far, trial)
        if so_far.code is ExitCode.ADAPTER_BROKEN or (job.first and so_far.killed):
            break
    if so_far is None:
        raise RequestError(f"{job.entry.name}: no phase is played")
    return so_far


def _stage(job: Job, stage: tuple[str, ...], target: Target, profile: Profile, role: Role) -> Trial:
    book = role.book(profile, stage, lambda _: None)
    try:
        chosen = select(book.cases, job.select)
    except NothingSelectedError:
        return Trial(job.seed, ExitCode.INCONCLUSIVE, why="no case was selected")
    broken: list[str] = []

    def narrow(_: Engine, episode: Episode, failure: Judgement, alone: Play | None) -> Narrowed:
        if role.name == HYPERVISOR and not broken and alone is None:
            broken.extend(_broken(episode))
        return Narrowed(episode, failure, Rerun(0, 0), "not shortened")

    header = RunBegan("", job.entry.adapter, {}, profile, job.seed, job.steps, job.select, ())
    where = _Where()
    # Of scripted cases it is known what they exercise: themselves. Looking for more takes a quarter of the time.
    engine = Engine(
        target,
        profile,
        book.cases,
        chosen,
        header,
        [where],
        fail_fast=job.first,
        narrow=narrow,
        counting=stage != ("scripted",),
    )
    outcome = engine.run(lambda engine: role.plays(engine, book, chosen, Budget(job.steps, job.seed)))
    made = Trial(job.seed, outcome.code, steps=outcome.steps, seconds=outcome.seconds)
    if where.found is not None:
        case, failure = where.found
        failed = tuple(result.case for result in outcome.results if result.verdict is Verdict.FAIL)
        failed = tuple(dict.fromkeys((*failed, *broken)))
        by = dict.fromkeys(name for allowed in failure.allowed for name in allowed.by)
        requirement = ", ".join(by) if failure.shown else failure.requirement.partition("/")[0]
        made = replace(
            made, requirement=requirement, case=case, phase=failure.phase, cases=failed, steps=failure.found_after
        )
    if outcome.broken is not None:
        why = outcome.broken.text.partition("\n")[0]
        made = replace(made, case=made.case or where.playing, reached=outcome.sessions > 0, why=why)
    return made


def _both(one: Trial, other: Trial) -> Trial:
    """Two stages as one trial."""
    found = one if one.requirement else replace(other, steps=one.steps + other.steps)
    worst = other.code if one.code in (ExitCode.CONFORMS, ExitCode.INCONCLUSIVE) else one.code
    if {one.code, other.code} == {ExitCode.CONFORMS, ExitCode.INCONCLUSIVE}:
        worst = ExitCode.CONFORMS
    cases = tuple(dict.fromkeys((*one.cases, *other.cases)))
    return replace(found, code=worst, cases=cases, seconds=one.seconds + other.seconds, why=one.why or other.why)
