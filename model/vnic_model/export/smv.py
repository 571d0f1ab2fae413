"""An instance in SMV, for NuSMV.

The input ``step`` names an action with one combination of its parameters. It may be chosen where the guard holds, and every
scalar's next value is a function of the state and of it. The reachable states are ours; how many transitions there are NuSMV
does not say.
"""

from __future__ import annotations

from vnic_model.export.source import Source
from vnic_model.export.text import Syntax, Writer, identifier, names_of, shared
from vnic_model.expression import Node
from vnic_model.layout import Scalar

#: Words of SMV that look like a name of ours; the others are in capitals.
_RESERVED = (
    "abs array bool boolean case count esac extend in init integer max min mod next of process real resize self signed sizeof"
    " step swconst toint union unsigned uwconst word word1 xnor xor"
)
SYNTAX = Syntax(
    "TRUE",
    "FALSE",
    "&",
    "|",
    "=",
    choose=lambda condition, then, otherwise: f"({condition} ? {then} : {otherwise})",
    reserved=frozenset(_RESERVED.split()),
)
_ADVICE = """\
To run it: NuSMV -dynamic -df -source COMMANDS {file}, where COMMANDS is a file with the lines

  go
  print_reachable_states
  check_invar
  quit

"reachable states: ... out of ..." begins with the number of our states."""


def _type(scalar: Scalar) -> str:
    return "boolean" if scalar.truth else f"0..{(1 << scalar.width) - 1}"


def _value(scalar: Scalar, value: int) -> str:
    if scalar.truth:
        return SYNTAX.true if value else SYNTAX.false
    return str(value)


def smv(source: Source, title: str, file: str = "FILE") -> str:
    """The instance in SMV.

    Args:
        source: steps and properties; the properties become ``INVARSPEC``, those of steps with the step in them.
        title: what the comment at the head begins with, e.g. the command that made the text.
        file: the name of the file that the text will be in.
    """
    names = names_of(source.scalars, SYNTAX.reserved)
    writer = Writer(SYNTAX, names)
    roots = [node for step in source.steps for node in (step.guard, *step.updates.values())]
    roots += [node for step in source.steps for _, node in step.obligations]
    roots += [node for _, node in source.laws]
    defined = []
    for node in shared(roots):
        defined.append(f"  n{node.ident} := {writer.text(node)};")
        writer.named[node.ident] = f"n{node.ident}"

    lines = [f"-- {line}".rstrip() for line in [*title.splitlines(), "", *_ADVICE.format(file=file).splitlines()]]
    if source.fixed:
        lines += ["--", "-- These keep their initial value here, and are written as it:"]
        lines += [f"--   {name} = {value}" for name, value in source.fixed.items()]
    lines += ["", "MODULE main", "", "IVAR"]
    lines += [f"  step : 0..{len(source.steps) - 1};", "", "VAR"]
    lines += [f"  {names[n]} : {_type(scalar)};" for n, scalar in source.scalars.items()]
    lines += ["", "DEFINE", *defined] if defined else []
    lines += ["", "ASSIGN"]
    lines += [f"  init({names[n]}) := {_value(scalar, source.initial[n])};" for n, scalar in source.scalars.items()]
    for name in source.scalars:
        cases: dict[str, list[int]] = {}
        for number, step in enumerate(source.steps):
            if name in step.updates:
                cases.setdefault(writer.text(step.updates[name]), []).append(number)
        lines += [f"  next({names[name]}) := case"]
        lines += [f"    step in {_numbers(numbers)} : {value};" for value, numbers in cases.items()]
        lines += [f"    TRUE : {names[name]};", "  esac;"]
    lines += [""]
    guards: dict[Node, list[int]] = {}
    for number, step in enumerate(source.steps):
        lines.append(f"-- step {number}: {step.title}")
        guards.setdefault(step.guard, []).append(number)
    for guard, numbers in guards.items():
        lines.append(f"TRANS step in {_numbers(numbers)} -> {writer.text(guard)}")
    lines += [""]
    for p, node in source.laws:
        lines += [f"-- {p.name}", f"INVARSPEC NAME {identifier(p.name, SYNTAX.reserved)} := {writer.text(node)}"]
    for p in source.properties:
        owed = [
            f"(step = {number} & {writer.text(step.guard)} & !{writer.text(node)})"
            for number, step in enumerate(source.steps)
            for claimed, node in step.obligations
            if claimed is p
        ]
        if owed:
            lines += [f"-- {p.name}", f"INVARSPEC NAME {identifier(p.name, SYNTAX.reserved)} := !({' | '.join(owed)})"]
    return "\n".join(lines) + "\n"


def _numbers(numbers: list[int]) -> str:
    return "{" + ", ".join(map(str, numbers)) + "}"
