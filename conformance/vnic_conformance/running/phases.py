"""What is played in a check, in order: scripted cases, tours, Hypothesis, random walks; and, if asked for, long scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import cycle, islice

from vnic_conformance.cases import LONG_SCRIPTS, SCRIPTS
from vnic_conformance.defaults import LONG
from vnic_conformance.generation.walk import walk
from vnic_conformance.oracle import Oracle
from vnic_conformance.running.book import Book, scripted_cases
from vnic_conformance.running.corpus import PHASE
from vnic_conformance.running.plan import EXERCISED_BY, Case, Phase
from vnic_conformance.running.play import Budget, Play, Run, driven
from vnic_conformance.running.scripts import applies, turns
from vnic_conformance.session import Session
from vnic_conformance.stimulus import Stimulus

#: Steps of one random walk.
WALK = 400
#: Numbers of servers that walks take in turn; 7 is more than a list can hold (ADM-1).
SERVERS = (2, 3, 2, 4, 1, 7, 6)
#: Which part of the steps Hypothesis gets: it takes longer over each.
HYPOTHESIS = 4


def plays(run: Run, made: Book, chosen: Sequence[Case], budget: Budget) -> Iterator[Play]:
    """Everything that a check plays for the cases that were chosen."""
    run.unreached |= made.tours.unreached
    if "scripted" in made.phases:
        yield from _scripts(run, [case for case in chosen if case.id not in LONG_SCRIPTS])
    yield from _tours(run, made, chosen)
    if any(case.watched for case in chosen):
        yield from _random(run, made, budget)
    if LONG in made.phases and not run.over:
        yield from _scripts(run, [case for case in chosen if case.id in LONG_SCRIPTS])


def _random(run: Run, made: Book, budget: Budget) -> Iterator[Play]:
    """What chance decides: first what it has found before, then where Hypothesis drives, then walks."""
    if budget.steps:
        yield from _remembered(run, budget)
    if "hypothesis" in made.phases and budget.steps:
        _hypothesis(run, budget)
        if run.over:
            return
    if "walk" in made.phases:
        yield from _walks(run, budget)


def _scripts(run: Run, chosen: Sequence[Case]) -> Iterator[Play]:
    wanted = {name for case in chosen for name in EXERCISED_BY.get(case.id, ())}
    chosen_ids = {case.id for case in chosen}
    beside = [case for case in scripted_cases() if case.id in wanted - chosen_ids]
    for case in (*chosen, *beside):
        if case.phase is Phase.SCRIPT:
            script = SCRIPTS.get(case.id) or LONG_SCRIPTS[case.id]
            setting = run.setting(script.servers, unpaired=script.unpaired)
            if applies(script, run.hello, setting.profile):
                yield Play("scripted", setting, partial(turns, script), case, absent=script.without)
            else:
                run.unreached[case.id] = "it is about another profile, or about an adapter that claims less"


def _tours(run: Run, made: Book, chosen: Sequence[Case]) -> Iterator[Play]:
    wanted = {case.id for case in chosen}
    cases = {case.id: case for case in made.cases}
    for tour in made.tours.tours:
        if tour.covers & wanted and tour.servers <= run.hello.servers and not run.tired_of("tour"):
            covered = tuple(cases[i] for i in sorted(tour.covers & wanted) if not cases[i].watched)
            main = cases[tour.case] if tour.case in wanted and not cases[tour.case].watched else None
            main = main or next(iter(covered), None)
            yield Play("tour", run.setting(tour.servers), lambda _, word=tour.word: word, main, covered)  # type: ignore[misc]


def _remembered(run: Run, budget: Budget) -> Iterator[Play]:
    """Words that earlier runs have found, as far as there are so many servers."""
    most = run.hello.servers
    fitting = [
        (servers, word) for servers, word in budget.words if servers <= most and budget.servers in (None, servers)
    ]
    if fitting:
        many = sum(len(word) for _, word in fitting)
        run.note(f"began with {len(fitting)} words ({many} steps) that earlier runs found; --no-corpus leaves them out")
    for servers, word in fitting:
        if not run.tired_of(PHASE):
            yield Play(PHASE, run.setting(servers), lambda _, word=word: word, seed=budget.seed)  # type: ignore[misc]


def _hypothesis(run: Run, budget: Budget) -> None:
    """Programs of Hypothesis, within a part of the steps or up to the first violation.

    Here Hypothesis drives and sessions are made as it goes on, so they are not offered to be played.
    """
    # Here, because importing Hypothesis takes as long as a short check.
    from vnic_conformance.generation.stateful import hunt

    with driven(run, "hypothesis", budget.seed) as begun:
        hunt(
            run.requests,
            run.setting(1).profile,
            seed=budget.seed,
            steps=max(budget.steps // HYPOTHESIS, 1),
            most_servers=min(run.hello.servers, max(SERVERS)),
            session=lambda _, number, __: begun(run.setting(budget.servers or number)),
            rarity=budget.rarity,
        )


def _walks(run: Run, budget: Budget) -> Iterator[Play]:
    """Random walks."""
    numbers = cycle([n for n in SERVERS if n <= run.hello.servers] if budget.servers is None else [budget.servers])
    done = 0
    while done < budget.steps and not run.tired_of("walk"):
        length = min(WALK, budget.steps - done)
        number = budget.seed + done

        def stimuli(session: Session[Oracle], length: int = length, number: int = number) -> Iterator[Stimulus]:
            return islice(walk(session.oracle, number), length)

        yield Play("walk", run.setting(next(numbers)), stimuli, seed=number)
        done += length
