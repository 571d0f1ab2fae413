"""What is played in a check, in order: scripted cases, tours, Hypothesis, random walks; and, if asked for, long scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle, islice

from vnic_conformance.cases import LONG_SCRIPTS, SCRIPTS, Script
from vnic_conformance.generation.walk import walk

# Also for those who take them from here: what there is to play, without what plays it.
from vnic_conformance.running.book import LONG as LONG
from vnic_conformance.running.book import PHASES as PHASES
from vnic_conformance.running.book import Book as Book
from vnic_conformance.running.book import book as book
from vnic_conformance.running.book import long_cases as long_cases
from vnic_conformance.running.book import scripted_cases as scripted_cases
from vnic_conformance.running.engine import Engine, Watched
from vnic_conformance.running.plan import EXERCISED_BY, Case, Phase
from vnic_conformance.running.play import Play
from vnic_conformance.running.scripts import applies, stimuli
from vnic_conformance.session import Requests, Session
from vnic_conformance.stimulus import Stimulus
from vnic_spec.profile import Profile

#: Steps of one random walk.
WALK = 400
#: Numbers of servers that walks take in turn; 7 is more than a list can hold (ADM-1).
SERVERS = (2, 3, 2, 4, 1, 7, 6)
#: Which part of the steps Hypothesis gets: it takes longer over each.
HYPOTHESIS = 4


def plays(
    engine: Engine, made: Book, chosen: Sequence[Case], *, steps: int, seed: int, servers: int | None = None
) -> Iterator[Play]:
    """Everything that a check plays for the cases that were chosen."""
    engine.unreached |= made.tours.unreached
    if "scripted" in made.phases:
        yield from _scripts(engine, [case for case in chosen if case.id not in LONG_SCRIPTS])
    yield from _tours(engine, made, chosen)
    if any(case.watched for case in chosen):
        yield from _random(engine, made, steps=steps, seed=seed, servers=servers)
    if LONG in made.phases and not engine.over:
        yield from _scripts(engine, [case for case in chosen if case.id in LONG_SCRIPTS])


def _random(engine: Engine, made: Book, *, steps: int, seed: int, servers: int | None) -> Iterator[Play]:
    """What chance decides: first where Hypothesis drives, then walks."""
    if "hypothesis" in made.phases and steps:
        _hypothesis(engine, steps=max(steps // HYPOTHESIS, 1), seed=seed, servers=servers)
        if engine.over:
            return
    if "walk" in made.phases:
        yield from _walks(engine, steps=steps, seed=seed, servers=servers)


def _scripts(engine: Engine, chosen: Sequence[Case]) -> Iterator[Play]:
    wanted = {name for case in chosen for name in EXERCISED_BY.get(case.id, ())}
    chosen_ids = {case.id for case in chosen}
    beside = [case for case in scripted_cases() if case.id in wanted - chosen_ids]
    for case in (*chosen, *beside):
        if case.phase is Phase.SCRIPT:
            script = SCRIPTS.get(case.id) or LONG_SCRIPTS[case.id]
            if applies(script, engine.target.hello, engine.profile):
                yield scripted(script, case)
            else:
                engine.unreached[case.id] = "it is about another profile, or about an adapter that claims less"


def scripted(script: Script, case: Case) -> Play:
    """A script to be played."""
    return Play(
        "scripted",
        script.servers,
        lambda session: stimuli(script, session),
        case,
        unpaired=script.unpaired,
        absent=script.without,
    )


def _tours(engine: Engine, made: Book, chosen: Sequence[Case]) -> Iterator[Play]:
    wanted = {case.id for case in chosen}
    cases = {case.id: case for case in made.cases}
    most = engine.target.hello.servers
    for tour in made.tours.tours:
        if tour.covers & wanted and tour.servers <= most and not engine.tired_of("tour"):
            covered = tuple(cases[i] for i in sorted(tour.covers & wanted) if not cases[i].watched)
            main = cases[tour.case] if tour.case in wanted and not cases[tour.case].watched else None
            main = main or next(iter(covered), None)
            yield Play("tour", tour.servers, lambda _, word=tour.word: word, main, covered)  # type: ignore[misc]


def _hypothesis(engine: Engine, *, steps: int, seed: int, servers: int | None) -> None:
    """Programs of Hypothesis, ``steps`` steps in all or up to the first violation.

    Here Hypothesis drives and sessions are made as it goes on, so they are not offered to be played.
    """
    # Here, because importing Hypothesis takes as long as a short check.
    from vnic_conformance.generation.stateful import hunt

    opened: list[tuple[Watched, Play]] = []

    def session(_: Requests, number: int, __: Profile) -> Session:
        while opened:
            engine.end(*opened.pop())
        play = Play("hypothesis", servers or number, lambda _: (), seed=seed)
        made = engine.session(play)
        opened.append((made, play))
        return made

    most = min(engine.target.hello.servers, max(SERVERS))
    hunt(engine.requests, engine.profile, seed=seed, steps=steps, most_servers=most, session=session)
    # Where the hunt was ended from outside, the engine ends the session that it knows to be open.
    while opened:
        engine.end(*opened.pop())


def _walks(engine: Engine, *, steps: int, seed: int, servers: int | None) -> Iterator[Play]:
    """Random walks, ``steps`` steps in all."""
    most = engine.target.hello.servers
    numbers = cycle([n for n in SERVERS if n <= most] if servers is None else [servers])
    done = 0
    while done < steps and not engine.tired_of("walk"):
        length = min(WALK, steps - done)
        number = seed + done

        def stimuli(session: Session, length: int = length, number: int = number) -> Iterator[Stimulus]:
            return islice(walk(session.oracle, number), length)

        yield Play("walk", next(numbers), stimuli, seed=number)
        done += length
