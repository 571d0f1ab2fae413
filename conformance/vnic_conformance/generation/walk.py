"""Random walks guided by the model: the next stimulus is drawn from the menu of a state the implementation may be in."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TypeVar

from vnic_conformance.generation.menu import element, menu
from vnic_conformance.oracle import Oracle
from vnic_conformance.stimulus import CLIENT, Stimulus, server
from vnic_model.direct import DirectQueue

_T = TypeVar("_T")
#: How often, in steps, a queue is filled on purpose: a queue of 256 elements never gets full by chance (CRQ-7).
FILL_EVERY = 400


class RandomDraw:
    """Choices by a seeded generator: the same seed makes the same walk against the same answers."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def choice(self, options: Sequence[_T]) -> _T:
        """One of the options, each equally often."""
        return self.random.choice(options)

    def bytes(self, count: int) -> bytes:
        """Arbitrary bytes."""
        return self.random.randbytes(count)


def walk(oracle: Oracle, seed: int) -> Iterator[Stimulus]:
    """Endless stimuli for the implementation that ``oracle`` follows."""
    draw = RandomDraw(seed)
    while True:
        if draw.random.randrange(FILL_EVERY) == 0:
            yield from fill(oracle, draw)
        offers = menu(oracle.one(), oracle.servers, draw)
        (chosen,) = draw.random.choices(offers, [offer.weight for offer in offers])
        yield chosen.stimulus


def fill(oracle: Oracle, draw: RandomDraw) -> Iterator[Stimulus]:
    """Fill the client's queue, or that of its server, to the last element and one beyond (CRQ-3, CRQ-7)."""
    s = oracle.one().state
    selected = s.selected
    if not isinstance(selected, int) or not s.connected(selected):
        return
    to_client = draw.choice((True, False))
    queue = s.to_client if to_client else s.to_server(selected)
    assert isinstance(queue, DirectQueue)
    who = server(selected) if to_client else CLIENT
    for _ in range(queue.depth - len(queue.items) + 1):
        yield Stimulus.of(who, "send_crq", hex=element(draw, ("8012",)))
