"""Lemmas: what a proof by induction needs besides the properties themselves.

A lemma says of every reachable state what nobody would ask of an implementation, because it speaks of history variables or
of the inside of queues. It is proved together with the properties, and each is needed: without it some proof fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vnic_spec.algebra import Ops, Truth
from vnic_spec.property import Scope
from vnic_spec.state import State


@dataclass(frozen=True)
class Lemma:
    """One lemma."""

    name: str
    sentence: str
    scope: Scope
    of_state: Callable[[Ops, State], Truth]


#: Every lemma in the order of definition.
LEMMAS: dict[str, Lemma] = {}


def lemma(*, scope: Scope = Scope.ANYBODY) -> Callable[[Callable[[Ops, State], Truth]], Callable[[Ops, State], Truth]]:
    """Register a function of a state as a lemma, named like the function; its docstring is the sentence."""

    def register(function: Callable[[Ops, State], Truth]) -> Callable[[Ops, State], Truth]:
        name = function.__name__.replace("_", "-")
        if name in LEMMAS:
            raise TypeError(f"lemma {name} is defined twice")
        LEMMAS[name] = Lemma(name, " ".join((function.__doc__ or "").split()), scope, function)
        return function

    return register
