"""Mutations as data: misreadings of the requirements that replace one rule or one action, and must be refuted.

For every property there is a mutation that violates it, so every property is known to be able to fail. The known naive readings
of the protocol are among them, each with the trace that speaks against it in ``docs/decisions.md``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from vnic_spec.action import Carrier
from vnic_spec.catalogue import ACTIONS, RULES


@dataclass(frozen=True)
class Mutation:
    """One misreading."""

    name: str
    requirement: str  #: the requirement that is misread
    refutes: str  #: the property that it must violate
    sentence: str
    rules: Mapping[str, Callable[..., Any]] = field(default_factory=dict)  #: rules replaced
    effects: Mapping[str, Carrier] = field(default_factory=dict)  #: actions replaced
    instance: str = ""  #: where the violation is looked for, if not where the property's witness is
    servers: int = 2
    client_depth: int | None = None
    server_depth: int | None = None


#: Every mutation in the order of definition.
MUTATIONS: dict[str, Mutation] = {}
#: Those that no state and no step shows, only an endless run: what they refute is a goal (:mod:`vnic_spec.liveness`).
ENDLESS: dict[str, Mutation] = {}


def without_end(mutation: Mutation) -> None:
    """Register a mutation that only an endless run refutes; it names the instance in which that is looked for."""
    if mutation.name in MUTATIONS or mutation.name in ENDLESS or not mutation.instance:
        raise TypeError(f"mutation {mutation.name} is defined twice, or names no instance")
    ENDLESS[mutation.name] = mutation


def misreading(name: str, requirement: str, refutes: str, sentence: str, **more: Any) -> None:
    """Register a mutation.

    Args:
        name: as the command line takes it.
        requirement: ID of the requirement that is misread.
        refutes: name of the property that it must violate.
        sentence: the misreading in words.
        more: fields of :class:`Mutation`; what is none names a rule or an action, and is the function in its place.

    Raises:
        TypeError: it replaces nothing, or something that does not exist or takes other arguments.
    """
    own = {f.name: more.pop(f.name) for f in fields(Mutation) if f.name in more}
    if name in MUTATIONS or not more:
        raise TypeError(f"mutation {name} is defined twice, or replaces nothing")
    for replaced, function in more.items():
        if replaced not in RULES and replaced not in ACTIONS:
            raise TypeError(f"mutation {name} replaces {replaced}, which is no rule and no action")
        original = RULES[replaced].function if replaced in RULES else ACTIONS[replaced].effect
        wanted, given = (len(inspect.signature(f).parameters) for f in (original, function))
        if wanted != given:
            raise TypeError(f"mutation {name} replaces {replaced}, which takes {wanted} arguments, not {given}")
    rules = {replaced: function for replaced, function in more.items() if replaced in RULES}
    effects = {replaced: function for replaced, function in more.items() if replaced in ACTIONS}
    MUTATIONS[name] = Mutation(name, requirement, refutes, sentence, rules=rules, effects=effects, **own)
