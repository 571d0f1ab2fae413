"""Random walks guided by the model: the next stimulus is drawn from the menu of a state the implementation may be in.

The same seed makes the same walk against the same answers. Now and then a queue is filled on purpose, because 256 elements never
come together by chance (CRQ-3, CRQ-7), and emptied again after a while, because a full one hides what else could be seen.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from typing import TypeVar

from vnic_conformance.generation.menu import FILLER, Draw, element, menu
from vnic_conformance.oracle import Oracle
from vnic_conformance.session import Implementation, Session, hypervisor_session
from vnic_conformance.stimulus import CLIENT, Stimulus, server
from vnic_model.direct import DirectQueue
from vnic_spec.profile import Profile

_T = TypeVar("_T")
#: How often, in steps, a queue is filled on purpose.
FILL_EVERY = 400
#: How many ordinary steps follow a fill before the queue is emptied.
AFTER_FILL = 12


class RandomDraw:
    """Choices by a seeded generator."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def choice(self, options: Sequence[_T]) -> _T:
        """One of the options, each equally often."""
        return options[int(self.random.random() * len(options))]

    def bytes(self, count: int) -> bytes:
        """Arbitrary bytes."""
        return self.random.randbytes(count)


def walk(oracle: Oracle, seed: int) -> Iterator[Stimulus]:
    """Endless stimuli for the implementation that ``oracle`` follows."""
    draw = RandomDraw(seed)
    while True:
        if draw.random.random() * FILL_EVERY < 1:
            to_client = draw.choice((True, False))
            yield from fill(oracle, to_client, draw)
            for _ in range(draw.choice(range(1, AFTER_FILL))):
                yield step(oracle, draw)
            yield from empty(oracle, to_client, draw)
        yield step(oracle, draw)


def step(oracle: Oracle, draw: RandomDraw) -> Stimulus:
    """One stimulus from the menu."""
    offers = menu(oracle.one(), oracle.servers)
    weights = list(accumulate(offer.weight for offer in offers))
    (chosen,) = draw.random.choices(offers, cum_weights=weights)
    return chosen.make(draw)


def fill(oracle: Oracle, to_client: bool, draw: Draw) -> Iterator[Stimulus]:
    """Fill the client's queue, or that of its server, to the last element and one beyond."""
    s = oracle.one().state
    selected = s.selected
    if not isinstance(selected, int) or not s.connected(selected):
        return
    queue = s.to_client if to_client else s.to_server(selected)
    assert isinstance(queue, DirectQueue)
    who = server(selected) if to_client else CLIENT
    for _ in range(queue.depth - len(queue.items) + 1):
        yield Stimulus.of(who, "send_crq", hex=element(draw, (FILLER,)))


def empty(oracle: Oracle, to_client: bool, draw: Draw) -> Iterator[Stimulus]:
    """Empty full queues: element by element, so that their order is seen (CRQ-5), or mostly at one blow."""
    s = oracle.one().state
    queues = [(CLIENT, s.to_client)] if to_client else [(server(i), s.to_server(i)) for i in range(oracle.servers)]
    for who, queue in queues:
        assert isinstance(queue, DirectQueue)
        if len(queue.items) < queue.depth // 2:
            continue
        if draw.choice(range(4)) == 0:
            for _ in queue.items:
                yield Stimulus.of(who, "consume")
        else:
            yield Stimulus.of(who, "free_crq")
            yield Stimulus.of(who, "reg_crq")


def random_walk(target: Implementation, servers: int, profile: Profile, *, seed: int, steps: int) -> Session[Oracle]:
    """Walk until a violation, or until so many steps have been taken. The session has the word and the judgements."""
    session = hypervisor_session(target, servers, profile)
    if session.begin().ok:
        for stimulus in islice(walk(session.oracle, seed), steps):
            if not session.apply(stimulus).ok:
                break
    return session
