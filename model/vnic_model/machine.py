"""The machine of an instance on packed states: steps, properties and witnesses, each remembered by projection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from vnic_model.codegen import Compiled, Step, generate, predicate
from vnic_model.direct import initial_state
from vnic_model.expression import Node
from vnic_model.instance import Instance
from vnic_model.traced import Traced, Tracer
from vnic_spec.action import Action
from vnic_spec.catalogue import ACTIONS
from vnic_spec.property import Property, StepLaw
from vnic_spec.property import Step as StepContext
from vnic_spec.state import State
from vnic_spec.wire import Rc


@dataclass(frozen=True)
class Move:
    """One possible step out of a state."""

    action: Action
    parameters: tuple[object, ...]
    answer: Rc | None
    after: int  #: packed state
    marks: tuple[int, ...]  #: numbers of the watched step laws that do not hold of it


class Group:
    """One action of the machine: its combinations of parameters, its generated function, and what that has answered."""

    def __init__(self, action: Action, traced: Sequence[Traced], compiled: Compiled[Step]) -> None:
        self.action = action
        self.traced = traced
        self.mask = compiled.mask
        self.call = compiled.call
        self.source = compiled.source
        self.known: dict[int, tuple[Step, ...]] = {}

    def steps(self, packed: int) -> tuple[Step, ...]:
        """The steps of this action that are possible in a state."""
        key = packed & self.mask
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self.call(key)
        return found

    def move(self, packed: int, step: Step) -> Move:
        """One of the steps out of a state, in full."""
        number, keep, add, answer, marks = step
        return Move(
            self.action,
            self.traced[number].parameters,
            None if answer is None else Rc(answer),
            packed & keep | add,
            marks,
        )


class Machine:
    """An instance ready to run.

    ``properties`` are checked on the way. A step law is evaluated when a step is first met under a projection, so it costs
    nothing afterwards; state properties are asked for by :meth:`violated`. ``watched`` are further step laws, such as the
    negation of a witness; their numbers follow those of the step properties in the marks of a move.
    """

    def __init__(
        self, instance: Instance, properties: Sequence[Property] = (), watched: Sequence[StepLaw] = ()
    ) -> None:
        self.instance = instance
        self.tracer = Tracer(instance)
        self.layout = self.tracer.layout
        self.state_properties = tuple(p for p in properties if p.of_state is not None)
        self.step_properties = tuple(p for p in properties if p.of_step is not None)
        self.watched = tuple(watched)
        self.initial = self.layout.encode(initial_state(instance))
        self._judge = self.tracer.ops.of_the_specification()
        self._groups: dict[str, Group] = {}
        self._state_laws = [
            (p, self._predicate(self._judge.node(p.of_state(self._judge, self.tracer.state))))
            for p in self.state_properties
            if p.of_state is not None
        ]
        self._known: list[dict[int, bool]] = [{} for _ in self._state_laws]

    def _predicate(self, node: Node) -> Compiled[int]:
        return predicate(self.layout, "state_property", [node])

    def _obligations(self, t: Traced) -> list[tuple[int, Node]]:
        """What is left to check of the step laws once this step is known: mostly nothing."""
        o, before = self._judge, self.tracer.state
        step = StepContext(
            t.action.name,
            {p: o.node(v) for p, v in zip(t.action.parameters, t.parameters, strict=True)},
            t.answer,
        )
        laws: list[StepLaw] = []
        for p in self.step_properties:
            assert p.of_step is not None
            laws.append(p.of_step if p.speaks_of(t.action) else lambda o, s, t, x: o.true)
        laws.extend(self.watched)
        nodes = [(index, o.node(law(o, before, t.after, step))) for index, law in enumerate(laws)]
        return [(index, node) for index, node in nodes if node is not o.true]

    def group(self, name: str) -> Group:
        """An action of this instance, traced and compiled when first used."""
        found = self._groups.get(name)
        if found is None:
            traced = self.tracer.trace(name)
            obligations = {number: self._obligations(t) for number, t in enumerate(traced)}
            compiled = generate(self.layout, self.tracer.ops.builder, name, traced, obligations)
            found = self._groups[name] = Group(ACTIONS[name], traced, compiled)
        return found

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Every action of the instance."""
        return tuple(self.group(name) for name in ACTIONS if name in self.instance.actions)

    def moves(self, packed: int) -> Iterator[Move]:
        """Every possible step out of a state."""
        for group in self.groups:
            for step in group.steps(packed):
                yield group.move(packed, step)

    def step(self, packed: int, action: str, parameters: tuple[object, ...]) -> int | None:
        """The state after one given step, or None where it is not possible."""
        group = self.group(action)
        for number, keep, add, _, _ in group.steps(packed):
            if group.traced[number].parameters == parameters:
                return packed & keep | add
        return None

    def violated(self, packed: int) -> tuple[Property, ...]:
        """The state properties that do not hold in a state."""
        result = []
        for (p, compiled), known in zip(self._state_laws, self._known, strict=True):
            key = packed & compiled.mask
            bad = known.get(key)
            if bad is None:
                bad = known[key] = bool(compiled.call(key))
            if bad:
                result.append(p)
        return tuple(result)

    def decode(self, packed: int) -> State:
        """A packed state as a state of plain Python values."""
        return self.layout.decode(packed)
