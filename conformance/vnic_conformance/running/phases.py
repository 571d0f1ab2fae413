"""What is played in a check, in order: scripted cases, tours, Hypothesis, random walks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle, islice

from vnic_conformance.generation.walk import walk
from vnic_conformance.running.engine import Engine, Play
from vnic_conformance.running.plan import Case, watched_cases
from vnic_conformance.session import Session
from vnic_conformance.stimulus import Stimulus

#: Steps of one random walk.
WALK = 400
#: Numbers of servers that walks take in turn.
SERVERS = (2, 3, 2, 4, 1, 6)


def all_cases() -> list[Case]:
    """Every case there is, in the order of the requirements."""
    return watched_cases()


def walks(engine: Engine, *, steps: int, seed: int, servers: int | None = None) -> Iterator[Play]:
    """Random walks, ``steps`` steps in all."""
    most = min(engine.target.hello.servers, engine.profile.max_servers)
    numbers = cycle([n for n in SERVERS if n <= most] if servers is None else [servers])
    done = 0
    while done < steps and not engine.tired_of("walk"):
        length = min(WALK, steps - done)
        number = seed + done

        def stimuli(session: Session, length: int = length, number: int = number) -> Iterator[Stimulus]:
            return islice(walk(session.oracle, number), length)

        yield Play("walk", next(numbers), stimuli, seed=number)
        done += length


def plays(
    engine: Engine, chosen: Sequence[Case], *, steps: int, seed: int, servers: int | None = None
) -> Iterator[Play]:
    """Everything that a check plays."""
    if any(case.watched for case in chosen):
        yield from walks(engine, steps=steps, seed=seed, servers=servers)
