"""What there is to say about a requirement, a property, an action or a misreading, as lines of text for ``vnickit explain``."""

from __future__ import annotations

from collections.abc import Iterator

from vnic_conformance import explaining
from vnic_conformance.explaining import Examples
from vnic_conformance.reports.paragraphs import LABEL, heading, para
from vnic_model.instances import SCENARIOS
from vnic_model.trace import LASSO, Trace
from vnic_model.trace_text import Line, command_of, legend_of, lines_of
from vnic_spec.action import PARAMETERS as ACTION_PARAMETERS
from vnic_spec.action import Action
from vnic_spec.catalogue import ACTIONS
from vnic_spec.mutations import EVERY_MUTATION, Mutation
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Property
from vnic_spec.requirements import ALL_PARAMETERS, CLAIM_MAP, GROUPS, REQUIREMENTS, Requirement, links


def requirement_lines(entry: Requirement, examples: Examples) -> Iterator[Line]:
    """A requirement and all that hangs on it."""
    found = links(entry.id, ACTIONS, PROPERTIES)
    yield Line(f"{entry.id}   {GROUPS[entry.group]}", "verdict")
    yield Line("")
    yield from para(entry.text, 2)
    yield Line("")
    yield from para(f"{entry.level}", LABEL, "level")
    yield from para(entry.source, LABEL, "source")
    if entry.decision:
        yield from para(entry.decision, LABEL, "decision")
    for name in entry.profile:
        described = ALL_PARAMETERS[name]
        words = f"{name} = {described.default} (allowed: {described.allowed}). {described.meaning}"
        yield from para(words, LABEL, "profile")
    for element in CLAIM_MAP:
        if entry.id in element.requirements:
            yield from para(f"US9552264B1, {element.where}: {element.element}", LABEL, "patent")
    if entry.elsewhere is not None:
        what = "all of it" if entry.elsewhere.whole else "a part of it"
        yield from para(f"{what}: {entry.elsewhere.where}. {entry.elsewhere.reason}", LABEL, "elsewhere")
    named = explaining.properties_of(entry)
    if named:
        yield from heading(f"Formal properties ({len(named)})")
        for claim in named[:1]:
            yield from property_lines(claim)
        for claim in named[1:]:
            yield from property_lines(claim, code=False)
    if found.actions:
        yield from heading("Actions of the machine that carry it out")
        for name in found.actions:
            yield from para(f"{ACTIONS[name].sentence}", 30, f"  {name}")
    misread = explaining.mutations_of(entry)
    if misread:
        yield from heading("Misreadings")
        for mutation in misread:
            yield from para(f"{mutation.sentence} (violates {mutation.refutes})", 30, f"  {mutation.name}")
    yield from examples_lines(examples)
    if not (named or found.actions or misread):
        yield Line("")
        yield from para("The abstract machine says nothing about it, so there is no trace to show.")


def property_lines(claim: Property, *, code: bool = True) -> Iterator[Line]:
    """A property in words, as formula and as code."""
    where, text = explaining.source_of(claim)
    kind = "of every state" if claim.of_state else "of every step"
    yield Line("")
    yield Line(f"  {claim.name}   {kind}, claimed {explaining.CLAIMED[claim.scope]}", "verdict")
    yield from para(claim.sentence, 4 + LABEL, "    in words")
    for number, line in enumerate(explaining.formula_lines(claim)):
        yield Line(f"{'    formula' if number == 0 else '':<{4 + LABEL}}{line}")
    if claim.of_step:
        yield from para("x′ is x after the step", 4 + LABEL)
    yield from para(where, 4 + LABEL, "    code")
    if code:
        yield Line("")
        for line in text.splitlines():
            yield Line(f"    {line}", "proof")


def examples_lines(examples: Examples) -> Iterator[Line]:
    """A run that exercises a property, and one that violates it."""
    if examples.witness is not None:
        claim = PROPERTIES[examples.witness.header.property]
        yield from heading(f"{claim.name} put to the test: a shortest run")
        yield from para(f"{claim.witness_sentence} ({_steps(examples.witness)})", 2)
        yield Line("")
        yield from lines_of(examples.witness, compact=True)
    if examples.mutation is not None:
        mutation = EVERY_MUTATION[examples.mutation.header.mutation or ""]
        which = "an endless" if examples.mutation.header.kind == LASSO else "a shortest"
        yield from heading(f"{mutation.refutes} violated: {which} run under the misreading {mutation.name}")
        words = f"{mutation.requirement} read as: {mutation.sentence} ({_steps(examples.mutation)})"
        yield from para(words, 2)
        yield Line("")
        yield from lines_of(examples.mutation, compact=True)
        yield Line("")
        yield from para(f"In full, with every byte: {command_of(examples.mutation.header)}")
    shown = [trace for trace in (examples.witness, examples.mutation) if trace is not None]
    if shown:
        yield Line("")
        yield from legend_of(shown)


def _steps(trace: Trace) -> str:
    many = "1 step" if len(trace.steps) == 1 else f"{len(trace.steps)} steps"
    return f"{many}, instance {trace.header.instance}"


def action_lines(action: Action) -> Iterator[Line]:
    """An action of the machine."""
    who = {"clock": "time passing", "platform": "the platform", "console": "an administrator"}
    actor = action.actor.name.lower()
    yield Line(f"{action.name}   an action of {who.get(actor, f'the {actor}')}", "verdict")
    yield Line("")
    yield from para(" ".join((action.effect.__doc__ or "").split()), 2)
    yield Line("")
    for name in action.parameters:
        yield from para(ACTION_PARAMETERS[name][1], 4 + LABEL, f"    {name}")
    words = "may be left out: it is a choice of users, administrators, faults or time" if action.environment else ""
    if words:
        yield from para(words, 4 + LABEL, "    instance")
    instances = [s.name for s in SCENARIOS.values() if action.name in s.actions]
    yield from para(", ".join(instances) or "none", 4 + LABEL, "    occurs in")
    yield from heading("Requirements that it carries out")
    for requirement in action.requirements:
        yield from para(REQUIREMENTS[requirement].text, 10, f"  {requirement}")
    replaced = [m for m in EVERY_MUTATION.values() if action.name in m.effects]
    if replaced:
        yield from heading("Misreadings")
        for mutation in replaced:
            yield from para(f"{mutation.sentence} (violates {mutation.refutes})", 30, f"  {mutation.name}")
    yield from heading(f"{action.module}.{action.name}")
    yield Line("")
    for line in explaining.code_of(action.effect).splitlines():
        yield Line(f"  {line}", "proof")


def mutation_lines(mutation: Mutation, found: Trace) -> Iterator[Line]:
    """A misreading, and the run by which it does harm."""
    yield Line(
        f"{mutation.name}   a misreading of {mutation.requirement}, which violates {mutation.refutes}", "verdict"
    )
    yield Line("")
    yield from para(mutation.sentence, 12, "  read as")
    yield from para(REQUIREMENTS[mutation.requirement].text, 12, "  it says")
    yield Line("")
    yield from lines_of(found)
