"""What every export is made from: scalars with their initial values, steps, and what is claimed of states and steps.

A scalar that cannot change in an instance, such as the complaint about a server where no client complains, is written as its
value. That it cannot change is found by induction over the traced steps (:func:`constants`). What the guard of a step excludes is
left out of the step (:func:`under_its_guard`). Both make the text short and the search fast, and take nothing away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from vnic_model.expression import Builder, Node
from vnic_model.instance import Instance
from vnic_model.layout import Scalar
from vnic_model.machine import Machine
from vnic_spec.action import show_parameter
from vnic_spec.catalogue import ACTIONS
from vnic_spec.property import Property


@dataclass(frozen=True)
class ExportedStep:
    """One action with one combination of parameters."""

    title: str  #: as a trace prints it
    guard: Node
    updates: Mapping[str, Node]  #: scalar → new value, computed from the old ones; the others keep theirs
    obligations: tuple[tuple[Property, Node], ...]  #: step properties that it could break: what has to hold before it


@dataclass(frozen=True)
class Source:
    """A machine taken apart for an export."""

    instance: Instance
    scalars: Mapping[str, Scalar]  #: those that can change
    initial: Mapping[str, int]  #: of every scalar
    steps: tuple[ExportedStep, ...]
    laws: tuple[tuple[Property, Node], ...]  #: state properties

    @property
    def fixed(self) -> dict[str, int]:
        """The scalars that keep their initial value."""
        return {name: value for name, value in self.initial.items() if name not in self.scalars}

    @property
    def properties(self) -> tuple[Property, ...]:
        """The properties that the export speaks of, each once; one that nothing here could break is left out."""
        of_steps = (p for step in self.steps for p, _ in step.obligations)
        return tuple(dict.fromkeys([*(p for p, _ in self.laws), *of_steps]))


class Folding:
    """Nodes rewritten with some scalars replaced by their values, and some expressions by what is known of them."""

    def __init__(self, builder: Builder, values: Mapping[str, Node], known: Mapping[int, Node] | None = None) -> None:
        self.builder = builder
        self.values = values
        self.done: dict[int, Node] = dict(known or {})

    def of(self, node: Node) -> Node:
        """The node with the values put in, and folded."""
        found = self.done.get(node.ident)
        if found is None:
            found = self.done[node.ident] = self._rebuilt(node)
        return found

    def _rebuilt(self, node: Node) -> Node:
        if node.op == "const":
            return node
        if node.op == "var":
            return self.values.get(str(node.value), node)
        args = [self.of(a) for a in node.args]
        b = self.builder
        if node.op == "not":
            return b.no(*args)
        if node.op == "and":
            return b.all_of(args)
        if node.op == "or":
            return b.any_of(args)
        if node.op == "ite":
            return b.ite(*args)
        return b.eq(*args) if node.op == "eq" else b.lt(*args)

    def step(self, step: ExportedStep) -> ExportedStep:
        """A step with the values put in; what has one is not written."""
        return replace(
            step,
            guard=self.of(step.guard),
            updates={name: self.of(node) for name, node in step.updates.items() if name not in self.values},
            obligations=self.owed(step),
        )

    def owed(self, step: ExportedStep) -> tuple[tuple[Property, Node], ...]:
        """What is left of the properties of a step."""
        obligations = ((p, self.of(node)) for p, node in step.obligations)
        return tuple((p, node) for p, node in obligations if node is not self.builder.true)


def _conjuncts(node: Node) -> tuple[Node, ...]:
    return node.args if node.op == "and" else (node,)


def _known(builder: Builder, truths: Iterable[Node]) -> Folding:
    """What follows at a glance from expressions that are true."""
    values: dict[str, Node] = {}
    known: dict[int, Node] = {}
    for node in truths:
        known[node.ident] = builder.true
        if node.op == "not":
            known[node.args[0].ident] = builder.false
        if node.op == "eq" and node.args[0].op == "var" and node.args[1].is_const():
            values[str(node.args[0].value)] = node.args[1]
    return Folding(builder, values, known)


def _is_literal(node: Node) -> bool:
    """A scalar, or a scalar compared with a number, or the negation of such."""
    inner = node.args[0] if node.op == "not" else node
    return inner.op == "var" or (inner.op == "eq" and inner.args[0].op == "var" and inner.args[1].is_const())


def under_its_guard(builder: Builder, scalars: Mapping[str, Scalar], step: ExportedStep) -> ExportedStep:
    """A step without what its guard excludes, and without values that do not change.

    In the guard itself only literals are used, and they are left as they are, so that no two conjuncts justify each other.
    """
    guard, simpler = None, step.guard
    while simpler is not guard:
        guard = simpler
        literals = [node for node in _conjuncts(guard) if _is_literal(node)]
        folding = _known(builder, literals)
        others = (folding.of(node) for node in _conjuncts(guard) if not _is_literal(node))
        simpler = builder.all_of([*literals, *others])
    inside = _known(builder, [*_conjuncts(step.guard), *_conjuncts(simpler)])
    updates = {name: inside.of(node) for name, node in step.updates.items()}
    old = {name: inside.of(builder.var(name, scalars[name].truth)) for name in updates}
    return replace(
        step,
        guard=simpler,
        updates={name: node for name, node in updates.items() if node is not old[name]},
        obligations=inside.owed(step),
    )


def constants(builder: Builder, initial: Mapping[str, Node], steps: Sequence[ExportedStep]) -> Folding:
    """The scalars that no step can change, with their values.

    Induction: assume that a set of scalars has its initial values; what a possible step would then change leaves the set,
    until nothing does.
    """
    kept = dict(initial)
    while True:
        folding = Folding(builder, kept)
        changed = set()
        for step in steps:
            if folding.of(step.guard) is not builder.false:
                changed |= {n for n, node in step.updates.items() if n in kept and folding.of(node) is not kept[n]}
        if not changed:
            return folding
        kept = {name: value for name, value in kept.items() if name not in changed}


def source_of(instance: Instance, properties: Sequence[Property] = ()) -> Source:
    """Trace an instance; ``properties`` are to be exported with it."""
    machine = Machine(instance, properties)
    judge, state, scalars = machine._judge, machine.tracer.state, machine.layout.scalars
    builder = machine.tracer.ops.builder
    steps = []
    for name in ACTIONS:
        if name not in instance.actions:
            continue
        for traced in machine.tracer.trace(name):
            values = zip(traced.action.parameters, traced.parameters, strict=True)
            named = ", ".join(f"{parameter} = {show_parameter(value)}" for parameter, value in values)
            obligations = tuple((machine.step_properties[k], node) for k, node in machine._obligations(traced))
            steps.append(ExportedStep(f"{name}({named})", traced.guard, traced.updates, obligations))
    initial = machine.layout.unpack(machine.initial)
    begin = {n: builder.truth(bool(v)) if scalars[n].truth else builder.const(v) for n, v in initial.items()}
    folding = constants(builder, begin, steps)
    folded = (under_its_guard(builder, scalars, folding.step(step)) for step in steps)
    laws = ((p, judge.node(p.of_state(judge, state))) for p in machine.state_properties if p.of_state is not None)
    return Source(
        instance,
        {name: scalar for name, scalar in scalars.items() if name not in folding.values},
        initial,
        tuple(step for step in folded if step.guard is not builder.false),
        tuple((p, node) for p, node in ((p, folding.of(node)) for p, node in laws) if node is not builder.true),
    )
