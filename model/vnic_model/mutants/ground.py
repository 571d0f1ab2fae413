"""An instance explored once; mutants are judged by comparison with it.

A mutant changes one action, mostly in few states. So nothing is explored again that is known: the steps of the other actions
are remembered (:class:`~vnic_model.machine.Group`), and what the mutant does is first compared with the action, in every
reachable state. That is done on *projections*, the part of a state that either of them reads or changes differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from vnic_model.codegen import Compiled, Step, generate, predicate
from vnic_model.expression import Node
from vnic_model.instances import SCENARIOS, claims, instance
from vnic_model.layout import INTERVENTIONS
from vnic_model.machine import Group, Machine
from vnic_model.mutants.single import Mutant
from vnic_model.search import Reached, Visitor, breadth_first
from vnic_model.traced import Traced, Tracer
from vnic_spec.algebra import Ops, Truth
from vnic_spec.lemmas import LEMMAS
from vnic_spec.property import Property, Scope, StepLaw
from vnic_spec.property import Step as StepContext
from vnic_spec.state import VARIABLES, State
from vnic_spec.wire import Rc

#: What only the proof needs: variables, and what else it notes of an element.
_HISTORY = frozenset(v.name for v in VARIABLES if v.ghost)
_NOTED = (".sender", ".fresh")


def _exercised(p: Property) -> StepLaw:
    """The step law that fails where a property is exercised."""

    def unlike(o: Ops, s: State, t: State, step: StepContext) -> Truth:
        speaks = not p.actions or step.action in p.actions
        return o.no(p.witness(o, s, t, step)) if speaks else o.true

    return unlike


def _lemmas(name: str) -> tuple[Property, ...]:
    """The lemmas that hold in an instance, as properties: a mutant that breaks one breaks the proof."""
    bare = SCENARIOS[name].bare
    return tuple(
        Property(
            f"lemma {x.name}", (), x.sentence, x.scope, lambda o, s, t, step: o.true, "", name, of_state=x.of_state
        )
        for x in LEMMAS.values()
        if x.scope is Scope.ANYBODY or not bare
    )


def is_history(scalar: str) -> bool:
    """No implementation has this scalar: it is written for the proof only, or counts what an instance bounds."""
    return scalar.partition("[")[0] in _HISTORY or scalar.endswith(_NOTED) or scalar == INTERVENTIONS


@dataclass(frozen=True)
class Coverage:
    """What happens in an instance at all."""

    answers: frozenset[tuple[str, str]]  #: action and answer; the answer is empty where nobody is told anything
    exercised: frozenset[str]  #: properties whose witness is met

    def lost(self, other: Coverage) -> list[str]:
        """What happens here and does not in the other, in words; the weightiest first."""
        words = [f"witness of {name}" for name in sorted(self.exercised - other.exercised)]
        still = {action for action, _ in other.answers}
        for action, answer in sorted(self.answers - other.answers):
            words.append(f"{action} is answered {answer}" if action in still else f"{action} happens")
        return list(dict.fromkeys(words))


@dataclass(frozen=True)
class Difference:
    """Where a mutant differs from its action, among the reachable states of a ground.

    Attributes:
        before: the combinations of parameters that the mutant changes, as they were.
        after: the same as they are.
        mask: the bits of a state that say whether the two differ.
        keys: the projections in which they do.
        added: the mutant can do something in one of them that the action cannot.
        removed: the mutant cannot do something that the action can.
        visible: somebody could tell: the two differ in more than history variables, and in more than steps that change nothing
            and answer nothing.
    """

    before: tuple[Traced, ...]
    after: tuple[Traced, ...]
    mask: int
    keys: frozenset[int]
    added: bool
    removed: bool
    visible: bool


class Swapped(Group):
    """The action as the mutant has it: what is changed is asked of the mutant, the rest of the original."""

    def __init__(
        self, original: Group, traced: Sequence[Traced], compiled: Compiled[Step], changed: frozenset[int]
    ) -> None:
        super().__init__(original.action, (*original.traced, *traced), compiled)
        first = len(original.traced)

        def call(packed: int) -> tuple[Step, ...]:
            kept = tuple(step for step in original.call(packed) if step[0] not in changed)
            changes = compiled.call(packed)
            return kept + tuple((n + first, keep, add, answer, marks) for n, keep, add, answer, marks in changes)

        self.mask = original.mask | compiled.mask
        self.call = call


@dataclass
class Walk:
    """What an exploration of a mutated ground found."""

    states: int = 0
    complete: bool = False
    violated: str = ""
    coverage: Coverage = field(default_factory=lambda: Coverage(frozenset(), frozenset()))


class _Judge(Visitor):
    """Ends a walk at the first property that is violated."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.violated = ""

    def found(self, state: int) -> bool:
        """Properties of states."""
        for p in self.ground.violated(state):
            self.violated = p.name
            return True
        return False

    def met(self, state: int, group: Group, steps: tuple[Step, ...]) -> bool:
        """Properties of steps."""
        for step in steps:
            if step[4] and min(step[4]) < self.ground.laws:
                self.violated = self.ground.step_properties[min(step[4])].name
                return True
        return False


class Ground(Machine):
    """A named instance with everything it claims, all its reachable states, and what happens among them.

    Args:
        name: of the instance.
        servers: how many.
        at_most: bound on the states; beyond it the ground is not :attr:`complete` and judges nothing.
    """

    def __init__(self, name: str, servers: int, at_most: int) -> None:
        self.claimed = claims(name)
        witnesses = [_exercised(p) for p in self.claimed]
        super().__init__(instance(name, servers), (*self.claimed, *_lemmas(name)), witnesses)
        self.laws = len(self.step_properties)
        walk = self._walk(self.groups, at_most)
        self.order: tuple[int, ...] = tuple(self._seen)
        self.known_states = frozenset(self._seen)
        self.complete = walk.complete
        self.violated_at_all = walk.violated
        self.coverage = walk.coverage

    @property
    def label(self) -> str:
        """Name and number of servers."""
        return f"{self.instance.name} {self.instance.servers}"

    @property
    def dialogue(self) -> bool:
        """Clients and servers keep to their dialogue, so that the client logs in; and as often as it takes."""
        return not SCENARIOS[self.instance.name].bare and self.instance.interventions is None

    # -- what a mutant changes ----------------------------------------------------------------------------------

    def difference(self, mutant: Mutant) -> Difference | None:
        """Where the mutant differs in a reachable state; None: nowhere, so its graph is that of the action."""
        before = {t.parameters: t for t in self.group(mutant.action).traced}
        changed = replace(self.instance, effects={mutant.action: mutant.effect})
        after = {t.parameters: t for t in Tracer(changed, self.tracer.ops).trace(mutant.action)}
        pairs = [(before.get(p), after.get(p)) for p in dict.fromkeys((*before, *after))]
        pairs = [(one, other) for one, other in pairs if not _same(one, other)]
        nodes = [self._only(one, other) for one, other in pairs]
        nodes += [self._only(other, one) for one, other in pairs]
        nodes += [self._visibly(a, b) for one, other in pairs for a, b in ((one, other), (other, one))]
        no = self.tracer.ops.builder.no
        compiled = predicate(self.layout, "difference", [no(node) for node in nodes])
        keys: dict[int, tuple[int, ...]] = {}
        for key in {s & compiled.mask for s in self.order} if pairs else ():
            found = compiled.call(key)
            if found:
                keys[key] = found
        if not keys:
            return None
        return Difference(
            tuple(one for one, _ in pairs if one),
            tuple(other for _, other in pairs if other),
            compiled.mask,
            frozenset(keys),
            added=any(len(pairs) <= k < 2 * len(pairs) for found in keys.values() for k in found),
            removed=any(k < len(pairs) for found in keys.values() for k in found),
            visible=any(k >= 2 * len(pairs) for found in keys.values() for k in found),
        )

    def _only(self, one: Traced | None, other: Traced | None, *, seen: bool = False) -> Node:
        """``one`` is possible, and ``other`` is not, or leads elsewhere or answers otherwise (``seen``: visibly so)."""
        o = self.tracer.ops
        if one is None:
            return o.false
        if other is None:
            return one.guard
        unlike = [
            o.ne(self._new(one, name), self._new(other, name))
            for name in dict.fromkeys((*one.updates, *other.updates))
            if not (seen and is_history(name))
        ]
        if one.answer is not other.answer:
            assert one.answer is not None
            unlike.append(o.ne(one.answer, other.answer))
        return o.all_of(one.guard, o.any_of(o.no(other.guard), *unlike))

    def _new(self, traced: Traced, scalar: str) -> Node:
        """What a step makes of a scalar."""
        found = traced.updates.get(scalar)
        return found if found is not None else self._old(scalar)

    def _old(self, scalar: str) -> Node:
        return self.tracer.ops.builder.var(scalar, self.layout.scalars[scalar].truth)

    def _visibly(self, one: Traced | None, other: Traced | None) -> Node:
        """As :meth:`_only`, of what somebody could tell."""
        o = self.tracer.ops
        if one is None or one.answer is not None:
            return self._only(one, other, seen=True)
        changes = o.any_of(*(o.ne(node, self._old(name)) for name, node in one.updates.items() if not is_history(name)))
        return o.all_of(self._only(one, other, seen=True), changes)

    def swapped(self, action: str, difference: Difference, *, witnesses: bool = False) -> Swapped:
        """The mutated action; with what it exercises only if that is asked for, which takes time."""
        original = self.group(action)
        watched, self.watched = self.watched, self.watched if witnesses else ()
        obligations = {n: self._obligations(t) for n, t in enumerate(difference.after)}
        self.watched = watched
        compiled = generate(self.layout, self.tracer.ops.builder, action, difference.after, obligations)
        gone = {t.parameters for t in difference.before}
        numbers = frozenset(n for n, t in enumerate(original.traced) if t.parameters in gone)
        return Swapped(original, difference.after, compiled, numbers)

    def added(self, mutant: Mutant, difference: Difference) -> Iterator[tuple[int, int, int | None]]:
        """What the mutant can do that the action cannot: state before, state after, answer; in reachable states."""
        group = self.swapped(mutant.action, difference)
        for state in self.order:
            if state & difference.mask in difference.keys:
                usual = self.results(state, mutant.action)
                for _, keep, add, answer, _ in group.steps(state):
                    if (state & keep | add, answer) not in usual:
                        yield state, state & keep | add, answer

    def results(self, state: int, action: str) -> frozenset[tuple[int, int | None]]:
        """What an action, of the instance or not, can make of a state: states after, with the answers."""
        return frozenset((state & keep | add, answer) for _, keep, add, answer, _ in self.group(action).steps(state))

    # -- walking ------------------------------------------------------------------------------------------------

    def suspicious(self, group: Swapped, difference: Difference, at_most: int) -> bool:
        """Some property may be violated by the mutant: judged on all states that are reachable with either of the two.

        Every state that the mutant reaches is among them, so what is not suspicious violates nothing.
        """
        new: dict[int, None] = {}
        mask, keys = difference.mask, difference.keys
        for s in self.order:
            if s & mask in keys:
                for _, keep, add, _, marks in group.steps(s):
                    if marks and min(marks) < self.laws:
                        return True
                    t = s & keep | add
                    if t not in self.known_states:
                        new[t] = None
        walk = self._walk(self.with_group(group), at_most, tuple(new), self.known_states)
        return bool(walk.violated) or not walk.complete

    def walk(self, group: Swapped, at_most: int) -> Walk:
        """The mutated machine from its beginning: the first violation, or what happens in it."""
        return self._walk(self.with_group(group), at_most)

    def with_group(self, group: Group) -> tuple[Group, ...]:
        """The actions of the instance with one of them replaced."""
        return tuple(group if g.action.name == group.action.name else g for g in self.groups)

    def _walk(
        self,
        groups: Iterable[Group],
        at_most: int,
        start: tuple[int, ...] | None = None,
        known: frozenset[int] = frozenset(),
    ) -> Walk:
        judge = _Judge(self)
        reached = breadth_first(
            groups, (self.initial,) if start is None else start, judge, at_most=at_most, known=known
        )
        self._seen = reached.came_from
        result = Walk(violated=judge.violated)
        if reached.complete:
            result.states, result.complete = len(reached.came_from), True
            result.coverage = self._covered(reached)
        return result

    def _covered(self, reached: Reached) -> Coverage:
        answers: set[tuple[str, str]] = set()
        exercised: set[int] = set()
        for group, met in reached.steps:
            for steps in met.values():
                for _, _, _, answer, marks in steps:
                    answers.add((group.action.name, "" if answer is None else str(Rc(answer))))
                    exercised.update(marks)
        return Coverage(
            frozenset(answers), frozenset(self.claimed[m - self.laws].name for m in exercised if m >= self.laws)
        )


def _same(one: Traced | None, other: Traced | None) -> bool:
    """Node by node the same; the nodes of one builder are equal where they are identical."""
    if one is None or other is None:
        return one is other
    return (
        one.guard is other.guard
        and one.answer is other.answer
        and one.updates.keys() == other.updates.keys()
        and all(node is other.updates[name] for name, node in one.updates.items())
    )


def grounds(names: Iterable[str], servers: Iterable[int], at_most: int) -> Iterator[Ground]:
    """Grounds for named instances, in the order of names within each number of servers."""
    for n in servers:
        for name in names:
            yield Ground(name, n, at_most)
