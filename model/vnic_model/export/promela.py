"""An instance in Promela, for Spin.

One process with one loop; each option of the loop is one action with one combination of its parameters, in a ``d_step``: guard,
new values computed from the old ones into temporaries, assignments. Temporaries are ``hidden``, so they are no part of the state.
Spin therefore stores exactly our states. It counts as transitions "stored + matched": the initial state is stored without a
transition, so it reports one more than we do.
"""

from __future__ import annotations

from vnic_model.export.source import ExportedStep, Source
from vnic_model.export.text import Syntax, Writer, identifier, names_of, shared
from vnic_model.expression import Node
from vnic_model.layout import Scalar
from vnic_spec.property import Property

#: Words of Promela, and words of C, which Spin's verifier is in: a variable cannot have them for a name.
_RESERVED = (
    "active assert atomic auto bit bool break byte case chan char const continue default do double else empty enabled end enum"
    " eval extern false fi float for full goto hidden if init inline int len local long ltl machine mtype nempty never nfull"
    " now od of pc_value printf priority proctype provided register return run select short show signed sizeof skip static"
    " struct switch timeout trace true typedef union unless unsigned void volatile while xr xs"
)
SYNTAX = Syntax(
    "1",
    "0",
    "&&",
    "||",
    "==",
    choose=lambda condition, then, otherwise: f"({condition} -> {then} : {otherwise})",
    reserved=frozenset(_RESERVED.split()),
)

#: How Spin is run: counts can be compared only without reduction and without approximation.
COMMANDS = (
    "spin -o2 -a {file}",
    "gcc -w -O3 -DSAFETY -DNOREDUCE -DMEMLIM=8000 -o pan pan.c",
    "./pan -n -m1000000 -w20",
)
_ADVICE = """\
To run it (-o2: nothing is left out of the state; -DNOREDUCE: no step is left out; -w: a hash table of 2^w slots, best about the
number of states; -m: the longest path that is searched, to be raised if Spin says "max search depth too small"):

{commands}

"states, stored" are our states. "transitions (= stored+matched)" are ours and one: the initial state is stored, too, and no
transition leads to it. With partial order reduction, -DBITSTATE or -DHC neither figure would say anything.
"""


def _type(scalar: Scalar) -> str:
    return "bit" if scalar.width == 1 else "unsigned"


def _declaration(name: str, scalar: Scalar, initial: int) -> str:
    width = "" if scalar.width == 1 else f" : {scalar.width}"
    return f"{_type(scalar)} {name}{width} = {initial};"


class _Text:
    """The text of one export as it grows."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.names = names_of(source.scalars, SYNTAX.reserved)
        self.flags = {p.name: "holds_" + identifier(p.name, frozenset()) for p in source.properties}
        self.temporaries: dict[str, None] = {}
        self.writer = Writer(SYNTAX, self.names)

    def guards(self) -> list[str]:
        """What several guards have in common, as macros."""
        lines = []
        for node in shared(step.guard for step in self.source.steps):
            if node.op != "not":
                lines.append(f"#define g{node.ident} {self.writer.text(node)}")
                self.writer.named[node.ident] = f"g{node.ident}"
        return lines

    def step(self, step: ExportedStep) -> list[str]:
        """One option of the loop."""
        lines = [f":: d_step {{ /* {step.title} */", f"     {self.writer.text(step.guard)} ->"]
        outer = dict(self.writer.named)
        roots = [*step.updates.values(), *(node for _, node in step.obligations)]
        # A macro spares nothing when the program runs, so inside a step even what has one is computed only once.
        self.writer.named = {}
        for node in shared(roots):
            lines.append(f"     {self._temporary(f'n{node.ident}')} = {self.writer.text(node)};")
            self.writer.named[node.ident] = f"n{node.ident}"
        for p, node in step.obligations:
            lines += self._claim(p, node)
        late = []
        for name, node in step.updates.items():
            value = self.writer.text(node)
            if not node.is_const():
                lines.append(f"     {self._temporary(f'next_{self.names[name]}')} = {value};")
                value = f"next_{self.names[name]}"
            late.append(f"     {self.names[name]} = {value};")
        self.writer.named = outer
        return [*lines, *late, *([] if late else ["     skip"]), "   }"]

    def _temporary(self, name: str) -> str:
        self.temporaries[name] = None
        return name

    def _claim(self, p: Property, node: Node) -> list[str]:
        flag = self.flags[p.name]
        return [f"     {flag} = {self.writer.text(node)};", f"     assert({flag});"]

    def law(self, p: Property, node: Node) -> list[str]:
        """An option that is possible only in a state that breaks the property; it adds no state and no transition."""
        broken, flag = self.writer.text(node), self.flags[p.name]
        begin = [f":: d_step {{ /* {p.name} does not hold */", f"     !({broken}) ->"]
        return [*begin, f"     {flag} = 0;", f"     assert({flag})", "   }"]


def promela(source: Source, title: str, file: str = "FILE") -> str:
    """The instance in Promela.

    Args:
        source: steps and properties; the properties become assertions.
        title: what the comment at the head begins with, e.g. the command that made the text.
        file: the name of the file that the text will be in.
    """
    text = _Text(source)
    macros = text.guards()
    options = [line for step in source.steps for line in text.step(step)]
    options += [line for p, node in source.laws for line in text.law(p, node)]
    commands = "\n".join("  " + c for c in COMMANDS).format(file=file)
    head = [*title.splitlines(), "", *_ADVICE.format(commands=commands).splitlines()]
    if text.flags:
        head += ["", "A property that does not hold ends the search with 'assertion violated holds_...'."]
    if source.fixed:
        head += ["", "These keep their initial value here, and are written as it:"]
        head += [f"  {name} = {value}" for name, value in source.fixed.items()]
    lines = ["/*", *((" * " + line).rstrip() for line in head), " */", ""]
    lines += [_declaration(text.names[n], scalar, source.initial[n]) for n, scalar in source.scalars.items()]
    lines += ["", "/* computed within a step; no part of the state */"]
    lines += [f"hidden byte {name};" for name in text.temporaries]
    lines += [f"hidden byte {flag};" for flag in text.flags.values()]
    lines += ["", *macros, "", "active proctype machine()", "{", "end:"]
    lines += ["  do", *("  " + line for line in options), "  od", "}"]
    return "\n".join(lines) + "\n"
