"""Python source from traced actions, on packed states.

One function per action. It takes a packed state and answers a tuple of steps ``(number, keep, add, answer, broken)``: the
successor is ``state & keep | add``, ``number`` tells the combination of parameters, ``broken`` the step properties that fail.

The function looks only at the scalars in its *read mask*, so its result can be remembered under ``state & mask``. The
projections that occur are far fewer than the states, which is what makes pure Python fast enough here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from vnic_model.expression import Builder, Node
from vnic_model.layout import Layout
from vnic_model.traced import Traced

_T = TypeVar("_T")

#: number of the combination, bits to keep, bits to add, answer or None, indices of violated step properties
Step = tuple[int, int, int, int | None, tuple[int, ...]]


@dataclass(frozen=True)
class Compiled(Generic[_T]):
    """A generated function with its read mask and its source."""

    mask: int
    call: Callable[[int], tuple[_T, ...]]
    source: str


class _Writer:
    """Writes expressions as Python, shared subexpressions once per block."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.reads: set[str] = set()
        self.lines: list[str] = []
        self.names: dict[int, str] = {}

    def text(self, node: Node) -> str:
        if node.ident in self.names:
            return self.names[node.ident]
        if node.op == "const":
            return str(node.value)
        if node.op == "var":
            return self._variable(str(node.value))
        args = [self.text(a) for a in node.args]
        if node.op == "not":
            return f"(not {args[0]})"
        if node.op == "and":
            return "(" + " and ".join(args) + ")"
        if node.op == "or":
            return "(" + " or ".join(args) + ")"
        if node.op == "ite":
            return f"({args[1]} if {args[0]} else {args[2]})"
        return f"({args[0]} {'==' if node.op == 'eq' else '<'} {args[1]})"

    def _variable(self, name: str) -> str:
        self.reads.add(name)
        scalar = self.layout.scalars[name]
        return f"(s >> {scalar.shift} & {(1 << scalar.width) - 1})"

    def share(self, roots: Iterable[Node], indent: str) -> list[int]:
        """Assign every subexpression used more than once below ``roots`` to a local; answer what was named."""
        uses: dict[int, int] = {}
        nodes: dict[int, Node] = {}

        def visit(node: Node) -> None:
            if node.op == "const" or node.ident in self.names:
                return
            uses[node.ident] = uses.get(node.ident, 0) + 1
            if uses[node.ident] == 1:
                nodes[node.ident] = node
                for a in node.args:
                    visit(a)

        for root in roots:
            visit(root)
        named = []
        for ident in sorted(nodes):  # arguments are older than what is made of them
            if uses[ident] > 1:
                self.lines.append(f"{indent}n{ident} = {self.text(nodes[ident])}")
                self.names[ident] = f"n{ident}"
                named.append(ident)
        return named


def _cases(builder: Builder, name: str, node: Node) -> list[tuple[Node, Node]]:
    """Split an update of scalar ``name`` into (condition, new value); where no condition holds it keeps its value.

    This keeps the old value out of the read mask, and the result small enough to be remembered often.
    """
    cases: list[tuple[Node, Node]] = []

    def is_old(n: Node) -> bool:
        return n.op == "var" and n.value == name

    def split(n: Node, condition: Node) -> None:
        if is_old(n):
            return
        if n.op == "ite":
            split(n.args[1], builder.all_of((condition, n.args[0])))
            split(n.args[2], builder.all_of((condition, builder.no(n.args[0]))))
        elif n.op == "or" and any(is_old(a) for a in n.args):
            rest = builder.any_of(a for a in n.args if not is_old(a))
            cases.append((builder.all_of((condition, rest)), builder.true))
        elif n.op == "and" and any(is_old(a) for a in n.args):
            rest = builder.all_of(a for a in n.args if not is_old(a))
            cases.append((builder.all_of((condition, builder.no(rest))), builder.false))
        else:
            cases.append((condition, n))

    split(node, builder.true)
    return cases


def generate(
    layout: Layout,
    builder: Builder,
    name: str,
    traced: Sequence[Traced],
    obligations: Mapping[int, Sequence[tuple[int, Node]]],
) -> Compiled[Step]:
    """Generate the function of one action.

    ``obligations`` gives, per combination, what is left of the step properties: (index, expression that must hold).
    """
    writer = _Writer(layout)
    out = writer.lines
    out.append(f"def {name}(s):")
    out.append("    steps = []")
    writer.share((t.guard for t in traced), "    ")
    for number, t in enumerate(traced):
        out.append(f"    if {writer.text(t.guard)}:")
        outer = dict(writer.names)
        required = obligations.get(number, ())
        updates = [(layout.scalars[n], c, v) for n, node in t.updates.items() for c, v in _cases(builder, n, node)]
        roots = [n for _, condition, value in updates for n in (condition, value)]
        roots += [node for _, node in required] + ([t.answer] if t.answer is not None else [])
        writer.share(roots, "        ")
        keep, add, dynamic = 0, 0, []
        for scalar, condition, value in updates:
            place = f"a |= {writer.text(value)} << {scalar.shift}"
            if condition is not builder.true:
                dynamic += [
                    f"        if {writer.text(condition)}:",
                    f"            k &= ~{scalar.mask}",
                    "            " + place,
                ]
                continue
            keep |= scalar.mask
            if value.is_const():
                add |= int(value.value) << scalar.shift
            else:
                dynamic.append("        " + place)
        out += [f"        k = ~{keep}", f"        a = {add}", *dynamic, "        broken = ()"]
        for index, node in required:
            out += [f"        if not {writer.text(node)}:", f"            broken += ({index},)"]
        answer = "None" if t.answer is None else writer.text(t.answer)
        out.append(f"        steps.append(({number}, k, a, {answer}, broken))")
        writer.names = outer
    out.append("    return tuple(steps)")
    return _compiled(writer, name)


def predicate(layout: Layout, name: str, nodes: Sequence[Node]) -> Compiled[int]:
    """Generate a function that answers the indices of the expressions that do *not* hold in a state."""
    writer = _Writer(layout)
    out = writer.lines
    out += [f"def {name}(s):", "    broken = ()"]
    writer.share(nodes, "    ")
    for index, node in enumerate(nodes):
        out += [f"    if not {writer.text(node)}:", f"        broken += ({index},)"]
    out.append("    return broken")
    return _compiled(writer, name)


def _compiled(writer: _Writer, name: str) -> Compiled[Any]:
    source = "\n".join(writer.lines) + "\n"
    namespace: dict[str, Any] = {}
    exec(compile(source, f"<generated {name}>", "exec"), namespace)  # noqa: S102  # source that this module has just written
    return Compiled(writer.layout.mask(writer.reads), namespace[name], source)
