"""The score: what was found, what was not, what was wrongly called a fault, and which requirements are effectively tested."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median
from typing import NamedTuple

from vnic_conformance.defaults import LONG, PHASES, SCORE_STEPS
from vnic_conformance.episode import HYPERVISOR
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.running.book import scripted_cases
from vnic_conformance.running.plan import exercised_by_script, watched_cases
from vnic_conformance.running.role import role_named
from vnic_conformance.scoring.roster import Entry, Roster
from vnic_conformance.scoring.trial import Job, Trial, attempt
from vnic_model.workers import Workers

#: What is left out on legal variants, because they go through all of it: long scripts, and tours, which have to be worked out
#: for each profile.
NOT_ON_VARIANTS = ("tour", LONG)
#: The roles each of whose requirements is expected to find a fault.
_SCORED = (HYPERVISOR, "client")


@dataclass(frozen=True, slots=True)
class Row:
    """One implementation of a roster with its trials, one for each seed."""

    roster: str
    entry: Entry
    trials: tuple[Trial, ...]

    @property
    def killed(self) -> bool:
        """It was found with every seed."""
        return all(trial.killed for trial in self.trials)

    @property
    def passed(self) -> bool:
        """Nothing was wrong with it with any seed, and something was exercised."""
        return all(trial.code is ExitCode.CONFORMS for trial in self.trials)

    @property
    def broken(self) -> bool:
        """It could not even be asked: it does not start, or does not greet."""
        return any(not trial.reached for trial in self.trials)

    @property
    def shown(self) -> Trial:
        """The trial that tables show: the first, which has the first seed."""
        return self.trials[0]

    @property
    def steps(self) -> int:
        """Median over the seeds."""
        return int(median(trial.steps for trial in self.trials))

    @property
    def seconds(self) -> float:
        """Median over the seeds."""
        return float(median(trial.seconds for trial in self.trials))


class Kill(NamedTuple):
    """That a case found a fault."""

    fault: str
    case: str


def _cases() -> tuple[frozenset[str], Mapping[str, tuple[str, ...]]]:
    """The requirements that cases are named after, and for each case everything that it is about."""
    cases = [*watched_cases(), *scripted_cases()]
    return frozenset(case.requirement for case in cases), {case.id: case.requirements for case in cases}


@dataclass(frozen=True)
class Score:
    """What came out.

    Attributes:
        faults: the faulty implementations.
        variants: the legal ones.
        beyond: trials with the cases of one requirement alone, for requirements that no first failing case was about.
        chosen: only some faults of the rosters were tried; of what the others hurt nothing is known then.
    """

    faults: tuple[Row, ...]
    variants: tuple[Row, ...]
    beyond: tuple[Row, ...] = ()
    chosen: bool = False

    @cached_property
    def killed(self) -> tuple[Row, ...]:
        """The faults that were found."""
        return tuple(row for row in self.faults if row.killed)

    @cached_property
    def survivors(self) -> tuple[Row, ...]:
        """The faults that were not, with every seed."""
        return tuple(row for row in self.faults if not row.killed and not row.broken)

    @cached_property
    def false_alarms(self) -> tuple[Row, ...]:
        """The legal variants that were called faulty."""
        return tuple(row for row in self.variants if any(trial.killed for trial in row.trials))

    @cached_property
    def broken(self) -> tuple[Row, ...]:
        """What could not be asked."""
        return tuple(row for row in (*self.faults, *self.variants) if row.broken)

    @cached_property
    def idle(self) -> tuple[Row, ...]:
        """Legal variants of which nothing was exercised, or on which there is no verdict."""
        unsure = (row for row in self.variants if not row.passed and not row.broken)
        return tuple(row for row in unsure if not any(trial.killed for trial in row.trials))

    @cached_property
    def effective(self) -> Mapping[str, Kill]:
        """Requirement → the first kill by a case that is about it; of the others there is none.

        A case is first of all about the requirement that it is named after. Only where no case is named after a requirement do
        those count that are about it among others.
        """
        kills = [
            Kill(row.entry.name, case)
            for row in (*self.faults, *self.beyond)
            for trial in row.trials
            if trial.code is ExitCode.VIOLATION
            for case in dict.fromkeys((trial.requirement, trial.case, *trial.cases))
            if case
            and "," not in case  # in role system several requirements may be blamed at once; the case is one of them
        ]
        named, among = _cases()
        found: dict[str, Kill] = {}
        for kill in kills:
            for name in (kill.case, *sorted(exercised_by_script(kill.case))):
                found.setdefault(name.partition("/")[0], kill)
        for kill in kills:
            for requirement in among.get(kill.case, ()):
                if requirement not in named:
                    found.setdefault(requirement, kill)
        return found

    @cached_property
    def ineffective(self) -> tuple[str, ...]:
        """The requirements that no fault was killed by, in order; of chosen faults, only what they hurt."""
        tried = {row.entry.requirement for row in self.faults}
        asked = [name for name in self.binding if not self.chosen or name in tried]
        return tuple(name for name in asked if name not in self.effective)

    @cached_property
    def binding(self) -> tuple[str, ...]:
        """The requirements that bind the roles that were tried, in order; role system is scored by what its laws find."""
        roles = {trial.role for row in self.faults for trial in row.trials}
        return tuple(entry.id for name in _SCORED if name in roles for entry in role_named(name).requirements())

    @cached_property
    def steps(self) -> int:
        """Stimuli in all."""
        return sum(trial.steps for row in (*self.faults, *self.variants, *self.beyond) for trial in row.trials)

    @property
    def code(self) -> ExitCode:
        """As ``vnickit score`` exits: 0 only if all that was tried was as it must be, and something was tried."""
        if self.broken:
            return ExitCode.ADAPTER_BROKEN
        if self.survivors or self.false_alarms:
            return ExitCode.VIOLATION
        if self.idle or not (self.faults or self.variants):
            return ExitCode.INCONCLUSIVE
        return ExitCode.CONFORMS


@dataclass(frozen=True)
class Plan:
    """How to score.

    Attributes:
        seeds: with how many each implementation is tried.
        steps: budget of the random phases.
        first: stop at the first failing case.
        phases: what is played; on legal variants without :data:`NOT_ON_VARIANTS`.
        jobs: processes at a time.
        own_first: the cases named after the requirement that a fault hurts come first.
        requirements: look for a kill by each requirement's own cases, where the first failing cases were others.
    """

    seeds: int = 1
    steps: int = SCORE_STEPS
    first: bool = True
    phases: tuple[str, ...] = (*PHASES, LONG)
    jobs: int = 1
    own_first: bool = True
    requirements: bool = True


#: Told of every row that is complete: how many there are, how many there will be, and the row.
Told = Callable[[int, int, Row], None]


#: Takes a job, and answers what its trial is asked of.
_Run = Callable[[Job], Callable[[], Trial]]


def keep_score(rosters: Sequence[Roster], plan: Plan, tell: Told = lambda done, of, row: None) -> Score:
    """Try everything that is on the rosters.

    Args:
        rosters: what there is.
        plan: how.
        tell: told of every row that is complete.

    Raises:
        RequestError: what a roster asks for makes no sense for one of its adapters.
        SpecError: the words that name an adapter are wrong.
    """
    faults = [(roster.name, entry) for roster in rosters for entry in roster.faults]
    variants = [(roster.name, entry) for roster in rosters for entry in roster.variants]
    total = len(faults) + len(variants)
    short = replace(plan, phases=tuple(phase for phase in plan.phases if phase not in NOT_ON_VARIANTS))
    with _runner(plan.jobs) as run:
        begun = [_begun(name, entry, plan, run) for name, entry in faults]
        begun += [_begun(name, entry, short, run) for name, entry in variants]
        tried = []
        for number, wait in enumerate(begun, 1):
            tried.append(wait())
            tell(number, total, tried[-1])
        score = Score(tuple(tried[: len(faults)]), tuple(tried[len(faults) :]))
        if plan.requirements and plan.first:
            score = replace(score, beyond=tuple(_beyond(score, plan, run)))
    return score


def _begun(name: str, entry: Entry, plan: Plan, run: _Run) -> Callable[[], Row]:
    """Start the trials of an implementation, or note them; calling the answer waits for them, or makes them."""
    own_first = plan.own_first and plan.first
    seeds = range(1, plan.seeds + 1)
    jobs = [Job(entry, seed, plan.steps, plan.phases, plan.first, own_first=own_first) for seed in seeds]
    trials = [run(job) for job in jobs]
    return lambda: Row(name, entry, tuple(trial() for trial in trials))


def _beyond(score: Score, plan: Plan, run: _Run) -> Iterator[Row]:
    """For each requirement that no kill was about: the faults that hurt it, against its own cases alone."""
    for requirement in score.binding:
        if requirement in score.effective:
            continue
        for row in score.faults:
            if row.entry.requirement == requirement and row.killed:
                job = Job(row.entry, 1, plan.steps, plan.phases, plan.first, (requirement,))
                tried = Row(row.roster, row.entry, (run(job)(),))
                yield tried
                if tried.killed:
                    break


@contextmanager
def _runner(jobs: int) -> Iterator[_Run]:
    """What tries: here, one after the other and when asked, or in processes of their own."""
    if jobs == 1:
        yield lambda job: lambda: attempt(job)
        return
    with Workers(jobs) as pool:
        yield lambda job: _result(pool.submit(attempt, job))


def _result(future: Future[Trial]) -> Callable[[], Trial]:
    return future.result
