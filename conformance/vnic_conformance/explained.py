"""A name that somebody asks about: what it stands for, and all that is said of it, as data and as lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from vnic_conformance.defaults import LONG, PHASES
from vnic_conformance.glossary import Entry, entries, entry_of_case, found, names, text_of
from vnic_conformance.reports.paragraphs import LABEL, heading, para
from vnic_conformance.running.plan import Case
from vnic_conformance.terminal import refusal, say
from vnic_model.lines import Line
from vnic_spec.catalogue import ACTIONS
from vnic_spec.mutations import EVERY_MUTATION
from vnic_spec.profile import Profile
from vnic_spec.properties import PROPERTIES
from vnic_spec.requirements import GROUPS, REQUIREMENTS


def explained(name: str) -> tuple[dict[str, object], Iterable[Line]]:
    """What there is to say about a name.

    Args:
        name: of anything that a report, a trace or a page prints, in any case of letters.

    Raises:
        click.ClickException: nobody knows it; the message names the nearest.
    """
    at_length = _at_length(name)
    if at_length is not None:
        return at_length
    known = entries()
    matching = found(name, known) or _case(name)
    if matching:
        return _plain(matching), _lines(matching)
    group = name.upper().partition("-")[0]
    if group in GROUPS and "/" not in name:
        members = [entry.id for entry in REQUIREMENTS.values() if entry.group == group]
        raise click.ClickException(f"no requirement {name!r}; {group} ({GROUPS[group]}) has {', '.join(members)}")
    raise _unknown(name, known)


def _at_length(name: str) -> tuple[dict[str, object], Iterable[Line]] | None:
    """What is explained at length, as data and as lines; None: no requirement, property, action or misreading."""
    folded = name.casefold()
    kinds: tuple[Iterable[str], ...] = (REQUIREMENTS, PROPERTIES, ACTIONS, EVERY_MUTATION)
    if not any(folded == known.casefold() for kind in kinds for known in kind):
        return None
    # Here, because traces are found and formulas made: that takes the machine.
    from vnic_conformance import explaining
    from vnic_conformance.reports import explanation
    from vnic_model.examples import mutation_trace, mutations_against, witness_trace

    if name.upper() in REQUIREMENTS:
        entry = REQUIREMENTS[name.upper()]
        examples = explaining.examples_of(entry)
        return explaining.plain_requirement(entry, examples), explanation.requirement_lines(entry, examples)
    for claim in PROPERTIES.values():
        if claim.name.casefold() == folded:
            against = mutations_against(claim)
            examples = explaining.Examples(witness_trace(claim), mutation_trace(against[0]) if against else None)
            plain = explaining.plain_property(claim) | explaining.plain_examples(examples)
            return plain, [*explanation.property_lines(claim), *explanation.examples_lines(examples)]
    for action in ACTIONS.values():
        if action.name.casefold() == folded:
            return explaining.plain_action(action), explanation.action_lines(action)
    mutation = next(m for m in EVERY_MUTATION.values() if m.name.casefold() == folded)
    trace = mutation_trace(mutation)
    plain = explaining.plain_mutation(mutation) | explaining.plain_examples(explaining.Examples(mutation=trace))
    return plain, explanation.mutation_lines(mutation, trace)


def _cases(*, tours: bool) -> list[Case]:
    """Every case of every role; a hypervisor's tours only if asked for: they may have to be worked out first."""
    from vnic_conformance.client_role import cases as client
    from vnic_conformance.running.book import listed
    from vnic_conformance.system_role import cases as system

    phases = (*PHASES, LONG) if tours else ("scripted", LONG)
    known = listed(Profile(), phases, lambda words: say(words, err=True))
    return [*known, *system.watched(), *(story.case for story in system.stories()), *client.every_case()]


def _case(name: str) -> list[Entry]:
    """The case of that ID, if there is one."""
    if "/" not in name:
        return []
    for tours in (False, True) if _may_be_toured(name) else (False,):
        for case in _cases(tours=tours):
            if case.id.casefold() == name.casefold():
                return [entry_of_case(case)]
    return []


def _may_be_toured(name: str) -> bool:
    """Whether a tour can have a case of that ID; working them out for a name that nobody has would take a minute.

    A tour's ID is a requirement and an action, with what came of it; some tours are written by hand.
    """
    from vnic_conformance.generation import scripted

    if any(name.casefold() == case.casefold() for case, _, _ in scripted.words()):
        return True
    requirement, _, slug = name.partition("/")
    slug = slug.replace("-", "_").casefold()
    return requirement.upper() in REQUIREMENTS and any(slug.startswith(action) for action in ACTIONS)


def _plain(matching: list[Entry]) -> dict[str, object]:
    return {"name": matching[0].name, "entries": [entry.plain() for entry in matching]}


def _lines(matching: list[Entry]) -> Iterator[Line]:
    for number, entry in enumerate(matching):
        if number:
            yield Line("")
        yield Line(f"{entry.name}   {entry.what}", "verdict")
        yield Line("")
        yield from para(entry.meaning, 2)
        if entry.facts:
            yield Line("")
        for label, words in entry.facts:
            yield from para(words, LABEL + 4, label)
    demanded = list(dict.fromkeys(requirement for entry in matching for requirement in entry.requirements))
    if demanded:
        yield from heading("Requirements")
        for requirement in demanded:
            yield from para(text_of(requirement), 10, f"  {requirement}")


def _unknown(name: str, known: list[Entry]) -> click.ClickException:
    """The nearest names; where there is none the message does not list hundreds."""
    everything = [*REQUIREMENTS, *PROPERTIES, *ACTIONS, *EVERY_MUTATION, *names(known)]
    if "/" in name:
        everything += [case.id for case in _cases(tours=_may_be_toured(name))]
    what = "requirement, property, action, mutation, case or other name"
    near = refusal(what, name, dict.fromkeys(everything))
    if "did you mean" in near.message:
        return near
    where = ["requirements such as INV-2", "cases: vnickit list", "actions, mutations: vnickit explore --list"]
    return refusal(what, name, where)
