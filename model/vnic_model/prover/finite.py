"""The finite reading: the specification as quantifier-free formulas, for 1 to 6 servers and queues of a given depth.

It is the traced reading with nothing left to enumerate: the parameters of an action and the choices of the profile are
variables, so an action is one formula and a proof covers every profile. The nodes that come out are shared and simplified
already; here they become bit-vectors and Booleans, and a model of those becomes a state of the direct reading.

*Full* is real here as in the other finite readings: there is room as long as a queue is shorter than its depth, and one that
is not empty may be full whenever it likes.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import z3

from vnic_model.expression import Builder, Node
from vnic_model.instance import Instance
from vnic_model.prover.sorts import BOOL, Formula
from vnic_model.traced import TracedChoices, TracedMap, TracedOps, Tracer
from vnic_spec.action import Action, Effect, carry_out
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import DEFAULT, PARAMETERS, Profile
from vnic_spec.property import Step
from vnic_spec.rule import Replacements
from vnic_spec.sorts import Choice, Each, Elements, Flag, Level, Server, Sort
from vnic_spec.state import VARIABLES, State

#: Every number is one of these: members of vocabularies, servers, priorities, lengths, return codes of the machine.
NUMBER = z3.BitVecSort(8)
_PROFILE, _PARAMETER = "profile.", "parameter."


class FreeChoices(TracedChoices):
    """The profile's choices as variables."""

    def __init__(self, o: TracedOps) -> None:
        for name, parameter in PARAMETERS.items():
            if parameter.choices is not None:
                setattr(self, name, o.builder.var(f"{_PROFILE}{name}", False))
        self.damped = o.builder.var(f"{_PROFILE}damped", True)


class FiniteOps(TracedOps):
    """The algebra over nodes that stand for z3 formulas.

    Args:
        servers: 1 to 6.
        profile: None for every profile at once.
        rules: the specification's decisions, or those of a mutation.
    """

    def __init__(self, servers: int, profile: Profile | None, rules: Replacements) -> None:
        super().__init__(servers, profile or DEFAULT, rules)
        self.known_profile = profile
        if profile is None:
            self.profile = FreeChoices(self)

    def profile_choice(self, name: str) -> Node:
        """A choice of the profile by its name."""
        choice = getattr(self.profile, name)
        assert isinstance(choice, Node)
        return choice


class Terms:
    """Expression nodes as z3 terms, each made once."""

    def __init__(self) -> None:
        self._made: dict[int, Formula] = {}

    def of(self, node: Node) -> Formula:
        """The term of a node."""
        todo = [node]
        while todo:
            last = todo[-1]
            missing = [a for a in last.args if a.ident not in self._made]
            if missing:
                todo += missing
                continue
            todo.pop()
            if last.ident not in self._made:
                self._made[last.ident] = self._make(last, [self._made[a.ident] for a in last.args])
        return self._made[node.ident]

    def _make(self, node: Node, args: list[Formula]) -> Formula:
        match node.op:
            case "const":
                return z3.BoolVal(bool(node.value)) if node.truth else z3.BitVecVal(int(node.value), NUMBER)
            case "var":
                return z3.Const(str(node.value), BOOL if node.truth else NUMBER)
            case "not":
                return z3.Not(args[0])
            case "and":
                return z3.And(*args)
            case "or":
                return z3.Or(*args)
            case "ite":
                return z3.If(*args)
            case "eq":
                return args[0] == args[1]
            case "lt":
                return z3.ULT(args[0], args[1])
        raise AssertionError(f"no term for {node.op}")


class FiniteMachine:
    """The machine of the specification or of a mutation, every action one formula.

    Args:
        instance: servers, depths, levels, rules and effects; what restricts the environment is not looked at.
        profile: None for every profile at once.
    """

    def __init__(self, instance: Instance, profile: Profile | None = None) -> None:
        self.instance = instance
        self.o = FiniteOps(instance.servers, profile, instance.rules)
        self.judge = self.o.of_the_specification()
        self.tracer = Tracer(instance, self.o)
        self.layout = self.tracer.layout
        self.before = self.tracer.state
        self.terms = Terms()
        self._taken: dict[str, tuple[dict[str, Node], Effect]] = {}

    @property
    def builder(self) -> Builder:
        """What makes the nodes."""
        return self.o.builder

    def scalars(self, state: State) -> dict[str, Node]:
        """A symbolic state taken apart, by the names of the layout."""
        return self.tracer.scalars(state)

    def taken(self, name: str) -> tuple[dict[str, Node], Effect]:
        """An action taken from :attr:`before` with arbitrary parameters: (parameters, effect)."""
        if name not in self._taken:
            action = ACTIONS[name]
            values = {p: self.builder.var(_PARAMETER + p, isinstance(action.sort(p), Flag)) for p in action.parameters}
            self._taken[name] = (
                values,
                carry_out(self.instance.effect_of(action), self.o, self.before, *values.values()),
            )
        return self._taken[name]

    def step(self, name: str) -> Step:
        """What a law may ask about the step of an action."""
        parameters, effect = self.taken(name)
        return Step(name, dict(parameters), effect.answer)

    @cached_property
    def start(self) -> State:
        """Every initial state at once: any servers on the list, any priorities, added in any order (ADM-1)."""
        changes: dict[str, Any] = {}
        for v in VARIABLES:
            held: Any = getattr(self.before, v.name)
            if v.name in ("listed", "priority", "added"):
                continue
            if isinstance(v.sort, Elements):
                changes[v.name] = held.clear()
            elif isinstance(v.sort, Each) and isinstance(v.sort.sort, Elements):
                changes[v.name] = held.each(lambda _, queue: queue.clear())
            elif isinstance(v.sort, Each):
                changes[v.name] = TracedMap(self.o, (self.o.node(v.initially),) * self.o.servers, held.default)
            else:
                changes[v.name] = self.o.node(v.initially)
        return self.before.but(**changes)

    # -- what restricts the variables -------------------------------------------------------------------------------

    def well_formed(self) -> Node:
        """Every variable has a value of its sort, and ``added`` is an order."""
        o, n = self.o, self.instance.servers
        parts: list[object] = []
        for v in VARIABLES:
            sort = v.sort.sort if isinstance(v.sort, Each) else v.sort
            depth = self.instance.server_depth if isinstance(v.sort, Each) else self.instance.client_depth
            names = [f"{v.name}[{i}]" for i in range(n)] if isinstance(v.sort, Each) else [v.name]
            for name in names:
                parts += self._within(name, sort, depth)
        added: Any = self.before.added
        servers = [o.number(i) for i in range(n)]
        parts += [
            o.implies(o.all_of(added(a, b), added(b, c)), added(a, c))
            for a in servers
            for b in servers
            for c in servers
            if a is not b and b is not c and a is not c
        ]
        return o.all_of(*parts)

    def _within(self, name: str, sort: Sort, depth: int) -> list[object]:
        def numbers(name: str, allowed: range) -> Node:
            return self.builder.lt(self.builder.var(name, False), self.o.number(len(allowed)))

        if isinstance(sort, Choice):
            return [self.o.one_of(self.builder.var(name, False), *sort.members)]
        if isinstance(sort, Server):
            return [numbers(name, range(self.o.servers + (1 if sort.or_nobody else 0)))]
        if isinstance(sort, Level):
            return [numbers(name, range(self.instance.levels))]
        if not isinstance(sort, Elements):
            return []
        parts: list[object] = [numbers(f"{name}.length", range(depth + 1))]
        for k in range(depth):
            parts += self._within(f"{name}[{k}].kind", Choice(sort.kinds), depth)
            if sort.senders:
                parts += self._within(f"{name}[{k}].sender", Server(), depth)
        return parts

    def possible(self, name: str) -> Node:
        """The action can happen: its guard, and parameters of their sorts."""
        parameters, effect = self.taken(name)
        action: Action = ACTIONS[name]
        within = [part for p in parameters for part in self._within(_PARAMETER + p, action.sort(p), 0)]
        return self.o.all_of(effect.guard, *within)

    def profiles(self) -> Node:
        """The choices of the profile are choices."""
        if self.o.known_profile is not None:
            return self.o.true
        return self.o.all_of(
            *(
                self.o.one_of(self.o.profile_choice(name), *p.choices)
                for name, p in PARAMETERS.items()
                if p.choices is not None
            )
        )
