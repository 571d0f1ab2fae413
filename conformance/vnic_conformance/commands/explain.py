"""``vnickit explain``: all about one requirement, property, action or misreading."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator

import click

from vnic_conformance import explaining
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.explaining import Examples
from vnic_conformance.terminal import refusal, show
from vnic_model.examples import mutation_trace, mutations_against, witness_trace
from vnic_model.instances import SCENARIOS
from vnic_model.trace import LASSO, Trace
from vnic_model.trace_text import WIDTH, Line, command_of, legend_of, lines_of
from vnic_spec.action import PARAMETERS as ACTION_PARAMETERS
from vnic_spec.action import Action
from vnic_spec.catalogue import ACTIONS
from vnic_spec.mutations import EVERY_MUTATION, Mutation
from vnic_spec.profile import PARAMETERS
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Property
from vnic_spec.requirements import CLAIM_MAP, GROUPS, REQUIREMENTS, Requirement, links

_LABEL = 12


@click.command(epilog="Exit codes: 0 explained; 2 nobody knows that name.")
@click.argument("name", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(name: str, as_json: bool) -> ExitCode:
    """Say everything about one thing: what is required, why, how it is formalised, what it looks like when it happens.

    ID is a requirement, a property, an action or a misreading (mutation). The traces are found while you wait: the
    shortest run in which the property is put to the test, and the shortest in which a misreading violates it.

    \b
    Examples:
      vnickit explain INV-2                 a requirement
      vnickit explain FOV-10/memory         a property
      vnickit explain client_reads_init     an action
      vnickit explain drop_event_on_full    a misreading
    """  # noqa: D301 - click wants the character, not its name
    upper = name.upper()
    if upper in REQUIREMENTS:
        entry = REQUIREMENTS[upper]
        examples = explaining.examples_of(entry)
        return _out(as_json, explaining.plain_requirement(entry, examples), _requirement(entry, examples))
    for claim in PROPERTIES.values():
        if claim.name.lower() == name.lower():
            against = mutations_against(claim)
            examples = Examples(witness_trace(claim), mutation_trace(against[0]) if against else None)
            plain = explaining.plain_property(claim) | explaining.plain_examples(examples)
            return _out(as_json, plain, [*_property(claim), *_examples(examples)])
    if name in ACTIONS:
        return _out(as_json, explaining.plain_action(ACTIONS[name]), _action(ACTIONS[name]))
    if name in EVERY_MUTATION:
        found = mutation_trace(EVERY_MUTATION[name])
        plain = explaining.plain_mutation(EVERY_MUTATION[name]) | explaining.plain_examples(Examples(mutation=found))
        return _out(as_json, plain, _mutation(EVERY_MUTATION[name], found))
    group = upper.partition("-")[0]
    if group in GROUPS:
        members = [entry.id for entry in REQUIREMENTS.values() if entry.group == group]
        raise click.ClickException(f"no requirement {name!r}; {group} ({GROUPS[group]}) has {', '.join(members)}")
    known = explaining.everything()
    raise refusal("requirement, property, action or mutation", upper if "-" in name else name, _shortened(known, name))


def _shortened(known: list[str], name: str) -> list[str]:
    """All names; for one that resembles none of them the message should not list hundreds."""
    near = refusal("", name.upper() if "-" in name else name, known).message
    return (
        known
        if "did you mean" in near
        else ["requirements such as INV-2", "actions, mutations: vnickit explore --list"]
    )


def _out(as_json: bool, plain: dict[str, object], lines: Iterable[Line]) -> ExitCode:
    if as_json:
        click.echo(json.dumps(plain, indent=2, ensure_ascii=False))
    else:
        show(lines)
    return ExitCode.CONFORMS


# --- pieces of text ------------------------------------------------------------------------------------------------


def _para(words: str, indent: int = 0, label: str = "") -> Iterator[Line]:
    if label and len(label) >= indent:
        yield Line(label)
        label = ""
    first = f"{label:<{indent}}" if label else " " * indent
    for line in textwrap.wrap(
        words,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        break_long_words=False,
    ):
        yield Line(line)


def _heading(words: str) -> Iterator[Line]:
    yield Line("")
    yield Line(words, "verdict")


def _requirement(entry: Requirement, examples: Examples) -> Iterator[Line]:
    found = links(entry.id, ACTIONS, PROPERTIES)
    yield Line(f"{entry.id}   {GROUPS[entry.group]}", "verdict")
    yield Line("")
    yield from _para(entry.text, 2)
    yield Line("")
    yield from _para(f"{entry.level}", _LABEL, "level")
    yield from _para(entry.source, _LABEL, "source")
    if entry.decision:
        yield from _para(entry.decision, _LABEL, "decision")
    for name in entry.profile:
        described = PARAMETERS[name]
        words = f"{name} = {described.default} (allowed: {described.allowed}). {described.meaning}"
        yield from _para(words, _LABEL, "profile")
    for element in CLAIM_MAP:
        if entry.id in element.requirements:
            yield from _para(f"US9552264B1, {element.where}: {element.element}", _LABEL, "patent")
    if entry.elsewhere is not None:
        what = "all of it" if entry.elsewhere.whole else "a part of it"
        yield from _para(f"{what}: {entry.elsewhere.where}. {entry.elsewhere.reason}", _LABEL, "elsewhere")
    named = explaining.properties_of(entry)
    if named:
        yield from _heading(f"Formal properties ({len(named)})")
        for claim in named[:1]:
            yield from _property(claim)
        for claim in named[1:]:
            yield from _property(claim, code=False)
    if found.actions:
        yield from _heading("Actions of the machine that carry it out")
        for name in found.actions:
            yield from _para(f"{ACTIONS[name].sentence}", 30, f"  {name}")
    misread = explaining.mutations_of(entry)
    if misread:
        yield from _heading("Misreadings")
        for mutation in misread:
            yield from _para(f"{mutation.sentence} (violates {mutation.refutes})", 30, f"  {mutation.name}")
    yield from _examples(examples)
    if not (named or found.actions or misread):
        yield Line("")
        yield from _para("The abstract machine says nothing about it, so there is no trace to show.")


def _property(claim: Property, *, code: bool = True) -> Iterator[Line]:
    where, text = explaining.source_of(claim)
    kind = "of every state" if claim.of_state else "of every step"
    yield Line("")
    yield Line(f"  {claim.name}   {kind}, claimed {explaining.CLAIMED[claim.scope]}", "verdict")
    yield from _para(claim.sentence, 4 + _LABEL, "    in words")
    for number, line in enumerate(explaining.formula_lines(claim)):
        yield Line(f"{'    formula' if number == 0 else '':<{4 + _LABEL}}{line}")
    if claim.of_step:
        yield from _para("x′ is x after the step", 4 + _LABEL)
    yield from _para(where, 4 + _LABEL, "    code")
    if code:
        yield Line("")
        for line in text.splitlines():
            yield Line(f"    {line}", "proof")


def _examples(examples: Examples) -> Iterator[Line]:
    if examples.witness is not None:
        claim = PROPERTIES[examples.witness.header.property]
        yield from _heading(f"{claim.name} put to the test: a shortest run")
        yield from _para(f"{claim.witness_sentence} ({_steps(examples.witness)})", 2)
        yield Line("")
        yield from lines_of(examples.witness, compact=True)
    if examples.mutation is not None:
        mutation = EVERY_MUTATION[examples.mutation.header.mutation or ""]
        which = "an endless" if examples.mutation.header.kind == LASSO else "a shortest"
        yield from _heading(f"{mutation.refutes} violated: {which} run under the misreading {mutation.name}")
        words = f"{mutation.requirement} read as: {mutation.sentence} ({_steps(examples.mutation)})"
        yield from _para(words, 2)
        yield Line("")
        yield from lines_of(examples.mutation, compact=True)
        yield Line("")
        yield from _para(f"In full, with every byte: {command_of(examples.mutation.header)}")
    shown = [trace for trace in (examples.witness, examples.mutation) if trace is not None]
    if shown:
        yield Line("")
        yield from legend_of(shown)


def _steps(trace: Trace) -> str:
    many = "1 step" if len(trace.steps) == 1 else f"{len(trace.steps)} steps"
    return f"{many}, instance {trace.header.instance}"


def _action(action: Action) -> Iterator[Line]:
    who = {"clock": "time passing", "platform": "the platform", "console": "an administrator"}
    actor = action.actor.name.lower()
    yield Line(f"{action.name}   an action of {who.get(actor, f'the {actor}')}", "verdict")
    yield Line("")
    yield from _para(" ".join((action.effect.__doc__ or "").split()), 2)
    yield Line("")
    for name in action.parameters:
        yield from _para(ACTION_PARAMETERS[name][1], 4 + _LABEL, f"    {name}")
    words = "may be left out: it is a choice of users, administrators, faults or time" if action.environment else ""
    if words:
        yield from _para(words, 4 + _LABEL, "    instance")
    instances = [s.name for s in SCENARIOS.values() if action.name in s.actions]
    yield from _para(", ".join(instances) or "none", 4 + _LABEL, "    occurs in")
    yield from _heading("Requirements that it carries out")
    for requirement in action.requirements:
        yield from _para(REQUIREMENTS[requirement].text, 10, f"  {requirement}")
    replaced = [m for m in EVERY_MUTATION.values() if action.name in m.effects]
    if replaced:
        yield from _heading("Misreadings")
        for mutation in replaced:
            yield from _para(f"{mutation.sentence} (violates {mutation.refutes})", 30, f"  {mutation.name}")
    yield from _heading(f"{action.module}.{action.name}")
    yield Line("")
    for line in explaining.code_of(action.effect).splitlines():
        yield Line(f"  {line}", "proof")


def _mutation(mutation: Mutation, found: Trace) -> Iterator[Line]:
    yield Line(
        f"{mutation.name}   a misreading of {mutation.requirement}, which violates {mutation.refutes}", "verdict"
    )
    yield Line("")
    yield from _para(mutation.sentence, 12, "  read as")
    yield from _para(REQUIREMENTS[mutation.requirement].text, 12, "  it says")
    yield Line("")
    yield from lines_of(found)
