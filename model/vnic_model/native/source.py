"""One C file for an instance: a function per action, one for the state laws, and the explorer of ``explorer.c`` behind them.

The definition is the one that the Python machine is generated from: the traced actions, and what is left of each property
once a step is known. What the file prints is read by :mod:`vnic_model.native.engine`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from vnic_model.expression import Node
from vnic_model.machine import Machine
from vnic_model.native.blocks import Block, nest, place
from vnic_model.native.canonical import Alike, Canonical
from vnic_model.native.ctext import CText, Pick, needs, split
from vnic_model.native.fields import Field, Fields
from vnic_model.native.narrowing import Ranges, Simplifier, conjuncts, reachable_values
from vnic_model.next_state import AFTER, afterwards
from vnic_model.symmetry import Symmetry
from vnic_model.traced import Traced
from vnic_spec.catalogue import ACTIONS
from vnic_spec.property import Step as StepContext
from vnic_spec.wire import Rc


@dataclass(frozen=True)
class Leaf:
    """What a combination of an action does where its guard holds."""

    updates: tuple[tuple[Field, Pick], ...]
    laws: tuple[int, ...]  #: numbers of the step laws to check
    counter: int  #: the first of its counters
    which: Node | None  #: which of its counters counts the step, where it has several

    def needs(self) -> tuple[Node, ...]:
        """What its code computes with."""
        values = [n for _, pick in self.updates for n in needs(pick)]
        return (*values, *([] if self.which is None else [self.which]))


@dataclass(frozen=True)
class Source:
    """The C text and what is needed to understand what it prints."""

    text: str
    fields: Fields
    actions: tuple[str, ...]  #: in the order of exploration
    counters: tuple[tuple[str, str], ...]  #: action and answer ("" without one) that each counter counts


@dataclass(frozen=True)
class _Step:
    """A combination of an action under what its guard says."""

    traced: Traced
    guard: Node
    updates: dict[str, Node]
    laws: tuple[int, ...]


class _Maker:
    """Makes the expressions of an instance small, lays its states out, and writes the file."""

    def __init__(self, machine: Machine, symmetry: Symmetry | None) -> None:
        self.machine = machine
        self.builder = machine.tracer.ops.builder
        self.actions = tuple(name for name in ACTIONS if name in machine.instance.actions)
        traced = {name: machine.tracer.trace(name) for name in self.actions}
        initial = machine.layout.unpack(machine.initial)
        alike = None if symmetry is None else Alike(symmetry, initial)
        everything = [t for some in traced.values() for t in some]
        self.values = reachable_values(initial, everything, dict if alike is None else alike.close)
        self.values |= {AFTER + name: some for name, some in self.values.items()}
        self.ranges = Ranges(self.values)
        self.after = afterwards(self.builder, machine.tracer.state)
        self._laws_of: dict[tuple[object, ...], int] = {}
        self.step_laws: dict[int, tuple[int, Node]] = {}  #: by the node: its number and itself
        self.simplify = Simplifier(self.builder, self.values)
        steps = {name: list(self._steps(some)) for name, some in traced.items()}
        judge, state = machine._judge, machine.tracer.state
        laws = [judge.node(p.of_state(judge, state)) for p in machine.state_properties if p.of_state is not None]
        self.laws = tuple(conjuncts(self.builder.all_of(self.simplify(law) for law in laws)))
        written = [n for some in steps.values() for s in some for n in (s.guard, *s.updates.values())]
        written += [node for _, node in self.step_laws.values()]
        assigned = [(n, node) for some in steps.values() for s in some for n, node in s.updates.items()]
        blocks = () if alike is None else alike.blocks
        self.fields = Fields(machine.layout, machine.initial, self.values, [*written, *self.laws], assigned, blocks)
        self.canonical = None if symmetry is None else Canonical(symmetry, self.fields)
        self.counters: list[tuple[str, str]] = []
        self.blocks: dict[str, Block[Leaf]] = {}
        self.widest = 0  #: the most steps that one state can have
        for name, some in steps.items():
            self.widest += len({s.traced.parameters for s in some})
            self.blocks[name] = nest(
                [(conjuncts(s.guard), leaf, leaf.needs()) for s in some for leaf in [self._leaf(s)]]
            )
            place(self.blocks[name])

    def _steps(self, traced: Sequence[Traced]) -> Iterator[_Step]:
        """The combinations that are not impossible in every state that can be reached, in pieces.

        Most of what a step does depends on who is selected, so each possibility is a piece of its own. They exclude each other:
        that the pieces of several combinations are mixed does not change the order of the steps out of any state.
        """
        b = self.builder
        selected = sorted(self.values["selected"])
        pieces = [b.eq(b.var("selected", False), b.const(v)) for v in selected] if len(selected) > 1 else [b.true]
        obligations = [list(self.machine._obligations(t)) for t in traced]
        for piece in pieces:
            narrowed = Simplifier(b, self.values, conjuncts(piece))
            for t, required in zip(traced, obligations, strict=True):
                rest = narrowed(t.guard)
                if rest is b.false:
                    continue
                within = Simplifier(b, self.values, (*conjuncts(piece), *conjuncts(rest)))
                updates = {name: within(narrowed(node)) for name, node in t.updates.items()}
                left = [k for k, node in required if within(narrowed(node)) is not b.true]
                yield _Step(t, b.all_of((piece, rest)), updates, tuple(sorted({self._law(t, k) for k in left})))

    def _law(self, t: Traced, which: int) -> int:
        """The number of a step property as a function of the states before and after; equal ones have one."""
        key = t.action.name, t.parameters, which
        if key not in self._laws_of:
            self._laws_of[key] = self._made_law(t, which)
        return self._laws_of[key]

    def _made_law(self, t: Traced, which: int) -> int:
        judge, p = self.machine._judge, self.machine.step_properties[which]
        assert p.of_step is not None
        given: dict[str, object] = {n: judge.node(v) for n, v in zip(t.action.parameters, t.parameters, strict=True)}
        step = StepContext(t.action.name, given, t.answer)
        node = self.simplify(judge.node(p.of_step(judge, self.machine.tracer.state, self.after, step)))
        return self.step_laws.setdefault(node.ident, (len(self.step_laws), node))[0]

    def _leaf(self, step: _Step) -> Leaf:
        updates = tuple(
            (field, split(self.builder, name, step.updates[name]))
            for name, field in self.fields.fields.items()
            if name in step.updates
        )
        counter, which, action = len(self.counters), None, step.traced.action.name
        if step.traced.answer is None:
            self.counters.append((action, ""))
        else:
            answer = self.simplify(step.traced.answer)
            possible = sorted(self.ranges(answer))
            self.counters += [(action, str(Rc(value))) for value in possible]
            if len(possible) > 1:
                which = answer
        return Leaf(updates, step.laws, counter, which)

    # -- text -----------------------------------------------------------------------------------------------------

    @property
    def words(self) -> range:
        return range(self.fields.words)

    def lines(self) -> Iterator[str]:
        """The part of the file that belongs to the instance."""
        given = ", ".join(f"u64 w{k}" for k in self.words)
        initial = ", ".join(f"{word:#x}u" for word in self.fields.encode(self.machine.initial))
        yield f"#define WORDS {self.fields.words}"
        yield f"#define ACTIONS {len(self.actions)}"
        yield f"#define COUNTERS {len(self.counters)}"
        yield f"#define WIDEST {self.widest}"
        yield ""
        yield "typedef struct { u64 w[WORDS]; } state;"
        yield f"static const state initial = {{{{{initial}}}}};"
        yield "static u64 count[COUNTERS];"
        yield "static int broken;"
        yield from self._step_laws()
        for name, block in self.blocks.items():
            yield ""
            yield f"static state *{name}({given}, state *out)"
            yield "{"
            yield from self._block(block, CText(self.fields), 1)
            yield "    return out;"
            yield "}"
        yield ""
        yield f"static state *(*const action[ACTIONS])({', '.join('u64' for _ in self.words)}, state *) = {{"
        yield from (f"    {name}," for name in self.actions)
        yield "};"
        values = ", ".join(f"(s)->w[{k}]" for k in self.words)
        yield f"#define APPLY(act, s, out) act({values}, out)"
        yield f"#define LAWFUL(s) lawful({values})"
        if self.canonical is None:
            yield "#define CANONICAL(s) ((void)0)"
        else:
            yield ""
            yield from self.canonical.lines()
            yield ""
            yield "#define CANONICAL(s) canonical(s)"
        yield ""
        yield "static state *every_action(const state *s, state *out)"
        yield "{"
        yield from (f"    out = APPLY({name}, s, out);" for name in self.actions)
        yield "    return out;"
        yield "}"
        yield ""
        yield f"static int lawful({given})"
        yield "{"
        yield from self._verdict(self.laws)
        yield "}"

    def _step_laws(self) -> Iterator[str]:
        """A function for each step law."""
        given = ", ".join([f"u64 w{k}" for k in self.words] + [f"u64 t{k}" for k in self.words])
        for number, node in self.step_laws.values():
            yield ""
            yield f"static int obeys_{number}({given})"
            yield "{"
            yield from self._verdict((node,))
            yield "}"

    def _verdict(self, laws: tuple[Node, ...]) -> Iterator[str]:
        """The body of a function that answers whether all laws hold."""
        block: Block[Leaf] = Block(needs=laws)
        place(block)
        text = CText(self.fields)
        yield from (f"    {text.declared(node)}" for node in block.named)
        yield f"    return {text.every(laws)};"

    def _block(self, block: Block[Leaf], text: CText, depth: int) -> Iterator[str]:
        indent = "    " * depth
        for node in block.named:
            yield indent + text.declared(node)
        for inner in block.inside:
            yield f"{indent}if ({text.every(inner.tests)}) {{"
            yield from self._block(inner, text, depth + 1)
            yield f"{indent}}}"
        if block.body is not None:
            yield from (indent + line for line in self._leaf_lines(block.body, text))
        text.named.difference_update(node.ident for node in block.named)

    def _leaf_lines(self, leaf: Leaf, text: CText) -> Iterator[str]:
        scalars = self.machine.layout.scalars
        changed = {field.name: pick for field, pick in leaf.updates}
        for k in self.words:
            here = [f for f in self.fields.fields.values() if f.word == k]
            if any(f.name in changed for f in here):
                after = [
                    (f, changed[f.name] if f.name in changed else self.builder.var(f.name, scalars[f.name].truth))
                    for f in here
                ]
                yield f"out->w[{k}] = {text.word(after)};"
            else:
                yield f"out->w[{k}] = w{k};"
        if leaf.laws:
            states = ", ".join([f"w{k}" for k in self.words] + [f"out->w[{k}]" for k in self.words])
            obeys = " && ".join(f"obeys_{number}({states})" for number in leaf.laws)
            yield f"if (UNLIKELY(!({obeys}))) broken = 1;"
        counter = str(leaf.counter)
        if leaf.which is not None:
            possible = sorted(self.ranges(leaf.which))
            counter += f" + {text.choice(leaf.which, {v: k for k, v in enumerate(possible)})}"
        yield f"count[{counter}]++;"
        yield f"out += {' | '.join(f'(out->w[{k}] != w{k})' for k in self.words)};"


def source(machine: Machine, symmetry: Symmetry | None = None) -> Source:
    """The C file for a machine and its properties; with ``symmetry``, for its reduced graph.

    Raises:
        NativeError: what is said of one server does not fit into a word.
    """
    made = _Maker(machine, symmetry)
    place = files("vnic_model.native")
    parts = [
        place.joinpath("prelude.c").read_text(encoding="utf-8"),
        "\n".join(made.lines()) + "\n",
        place.joinpath("explorer.c").read_text(encoding="utf-8"),
    ]
    return Source("\n".join(parts), made.fields, made.actions, tuple(made.counters))
