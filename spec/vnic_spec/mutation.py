"""Mutations as data: misreadings of the requirements that replace one decision or one action, and must be refuted.

For every property there is a mutation that violates it, so no property holds for want of an opponent. The known naive readings
of the protocol are among them, each with the trace that speaks against it in ``docs/decisions.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace

from vnic_spec.action import Effect
from vnic_spec.rules import RULES, Rules


@dataclass(frozen=True)
class Mutation:
    """One misreading."""

    name: str
    requirement: str  #: the requirement that is misread
    refutes: str  #: the property that it must violate
    sentence: str
    rules: Rules = RULES
    effects: Mapping[str, Callable[..., Effect]] = field(default_factory=dict)  #: actions replaced
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


def misreading(name: str, requirement: str, refutes: str, sentence: str, **more: object) -> None:
    """Register a mutation.

    Args:
        name: as the command line takes it.
        requirement: ID of the requirement that is misread.
        refutes: name of the property that it must violate.
        sentence: the misreading in words.
        more: fields of :class:`Mutation`; what is none names the rule (:class:`~vnic_spec.rules.Rules`) that is replaced, or
            else the action.
    """
    own = {f.name: more.pop(f.name) for f in fields(Mutation) if f.name in more}
    decisions = {f.name: more.pop(f.name) for f in fields(Rules) if f.name in more}
    if name in MUTATIONS or len(decisions) + len(more) == 0:
        raise TypeError(f"mutation {name} is defined twice, or replaces nothing")
    MUTATIONS[name] = Mutation(
        name,
        requirement,
        refutes,
        sentence,
        rules=replace(RULES, **decisions),  # type: ignore[arg-type]  # functions of the rules' types
        effects=more,  # type: ignore[arg-type]  # functions of the actions' types
        **own,  # type: ignore[arg-type]  # fields of Mutation
    )
