"""An instance: how many servers, how deep the queues, which profile, which actions of the environment.

An instance restricts what the *environment* does, never how the mechanism answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from vnic_spec.action import Action, Effect
from vnic_spec.profile import Profile
from vnic_spec.rule import Replacements


@dataclass(frozen=True)
class Instance:
    """A finite machine to be explored.

    ``actions`` names the actions that may occur; ``parameters`` narrows what a parameter of an action ranges over, by
    ``"action.parameter"`` or by ``"parameter"``; ``start`` overrides initial values, a tuple standing for one value per
    server (a number stands for all). ``rules`` and ``effects`` are the specification's unless a mutation replaces some.
    ``interventions`` bounds how many environment actions a run has; None: as many as it likes.
    """

    name: str
    servers: int
    actions: frozenset[str]
    client_depth: int = 2
    server_depth: int = 2
    levels: int = 2
    interventions: int | None = None
    profile: Profile = field(default_factory=Profile)
    parameters: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    start: Mapping[str, Enum | bool | int | tuple[object, ...] | None] = field(default_factory=dict)
    rules: Replacements = field(default_factory=dict)
    effects: Mapping[str, Callable[..., Effect]] = field(default_factory=dict)

    def effect_of(self, action: Action) -> Callable[..., Effect]:
        """What carries out an action here: the specification's function, or the one that a mutation puts in its place."""
        return self.effects.get(action.name, action.effect)

    def __post_init__(self) -> None:
        check_servers(self.servers)
        if self.client_depth < 1 or self.server_depth < 1:
            raise ValueError("a queue holds at least one element")
        if self.interventions is not None and not 0 <= self.interventions <= 64:
            raise ValueError(f"interventions is {self.interventions}; 0 to 64 are counted")


def check_servers(servers: int) -> None:
    """Raise ValueError for a number of servers that no vNIC has (ADM-1)."""
    if not 1 <= servers <= 6:
        raise ValueError(f"servers is {servers}; a vNIC has 1 to 6 (ADM-1)")
