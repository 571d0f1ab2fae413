"""The chapters that are tables of data: terms, requirements with their trace, profile, state, decisions, claim."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from vnic_conformance import glossary
from vnic_conformance.explaining import mutations_of, properties_of
from vnic_conformance.specification.contents import place
from vnic_conformance.specification.markdown import item, link, links, paragraph, plain, table
from vnic_conformance.specification.prose import ACTORS, ELEMENTS, TERMS
from vnic_model.describe import element_bytes, element_name, value
from vnic_model.pseudocode import changed_by
from vnic_spec.catalogue import ACTIONS
from vnic_spec.client_profile import CLIENT_PARAMETERS
from vnic_spec.profile import PARAMETERS, Parameter
from vnic_spec.requirements import ALL_PARAMETERS, CLAIM_MAP, GROUPS, REQUIREMENTS, Requirement
from vnic_spec.sorts import Added, Choice, Each, Elements, Flag, Level, Server
from vnic_spec.state import VARIABLES, Variable
from vnic_spec.vocabulary import Belief, ClientPhase, Crq, Kind, Owed, Status, Token

#: The vocabularies in the order in which a reader needs them.
VOCABULARIES: tuple[tuple[type[Enum], str], ...] = (
    (Crq, "The client's half of the CRQ"),
    (Status, "Status of a server"),
    (ClientPhase, "Phases of the client"),
    (Belief, "Beliefs of a server"),
    (Token, "Session token in the client's hand"),
    (Owed, "Events owed to the client (profile event_full = DEFER)"),
)


def notes_of(vocabulary: type[Enum]) -> dict[str, str]:
    """The comments beside the members of a vocabulary, as running text."""
    return {name: plain(note) for name, note in glossary.notes_of(vocabulary).items()}


def terms() -> Iterator[str]:
    """The words, and the values that variables take."""
    yield from table(("word", "meaning"), ((f"*{word}*", meaning) for word, meaning in TERMS.items()))
    yield from paragraph(
        "Elements, as far as failover depends on them (CRQ-1); `·` stands for bytes that say nothing here:"
    )
    rows = []
    for kind in Kind:
        first = element_bytes(kind)[:2]
        shown = f"`{first[0]:02X} {first[1]:02X} ·`" if kind is not Kind.DATA else f"`{first[0]:02X} ·`"
        meaning = ELEMENTS.get(kind.name) or notes_of(Kind)[kind.name].split(", ", 1)[-1]
        rows.append((element_name(kind), shown, meaning))
    yield from table(("element", "first bytes", "meaning"), rows)
    for vocabulary, heading in VOCABULARIES:
        notes = glossary.STATUSES if vocabulary is Status else notes_of(vocabulary)
        yield from paragraph(f"{heading}:")
        for member in vocabulary:
            note = notes.get(member.name, "")
            yield from item(f"`{member.name}`{f': {note}' if note else ''}")
        yield ""


def requirements() -> Iterator[str]:
    """The chapter: what is demanded. Where it comes from and what hangs on it is in :func:`trace`."""
    yield from paragraph(
        f"Before each stands its level ({place('Conformance')}); *decision* marks what the sources leave open. Sources, "
        f"properties, actions and refuted readings of each are in {place('Trace of requirements')}."
    )
    for group, heading in GROUPS.items():
        yield f"### {group}: {heading}"
        yield ""
        for entry in REQUIREMENTS.values():
            if entry.group == group:
                yield from _requirement(entry)


def _requirement(entry: Requirement) -> Iterator[str]:
    yield f"#### {entry.id}"
    yield ""
    yield from paragraph(f"**{entry.level}**{' · decision' if entry.decision else ''} · {entry.text}")
    if entry.decision:
        yield from item(f"*Decision*: {entry.decision}")
    own = [f"`{name}`" for name in entry.profile if ALL_PARAMETERS[name].requirements[0] == entry.id]
    if own:
        yield from item(f"*Profile* ({place('Profile')}): {', '.join(own)}")
    if entry.elsewhere is not None:
        what = "Not in the machine" if entry.elsewhere.whole else "Not in the machine, in part"
        yield from item(f"*{what}*: {entry.elsewhere.reason} Tested elsewhere: {entry.elsewhere.where}.")
    if entry.decision or own or entry.elsewhere is not None:
        yield ""


def trace() -> Iterator[str]:
    """The annex: for each requirement its source, and what is made of it."""
    for entry in REQUIREMENTS.values():
        yield f"#### Trace of {entry.id}"
        yield ""
        yield from item(f"*Requirement*: {link(entry.id)}")
        yield from item(f"*Source*: {entry.source}")
        named = properties_of(entry)
        if named:
            made = (property_link(p.name, p.of_state or p.of_step) for p in named)
            yield from item(f"*Properties*: {', '.join(made)}")
        actions = [f"[`{a.name}`](#{a.name})" for a in ACTIONS.values() if entry.id in a.requirements]
        if actions:
            yield from item(f"*Actions*: {', '.join(actions)}")
        misread = [m for m in mutations_of(entry) if entry.id in (m.requirement, m.refutes.partition("/")[0])]
        if misread:
            told = "; ".join(f"{m.sentence} (`{m.name}`)" for m in misread)
            yield from item(f"*Wrong readings, refuted*: {told}")
        yield ""


def property_title(name: str, function: object) -> str:
    """The heading of a property: its name, and what it claims in a few words."""
    return f"{name}: {getattr(function, '__name__', '').strip('_').replace('_', ' ')}"


def property_link(name: str, function: object) -> str:
    """A reference to a property."""
    anchor = re.sub(r"[^\w\- ]", "", property_title(name, function).lower()).replace(" ", "-")
    return f"[{name}](#{anchor})"


def profile() -> Iterator[str]:
    """The chapter of the profile."""
    yield from paragraph(
        "Where the sources are silent an implementation decides, and declares its decision by these parameters. The machine "
        "reads the first ones, the *choices*; the others are numbers, which matter where time and size do. Times are in "
        "milliseconds."
    )
    yield from table(
        ("parameter", "allowed", "default", "requirements", "meaning"), map(_parameter, PARAMETERS.values())
    )
    yield from paragraph("A client that is judged alone has parameters of its own beside `client_init`:")
    own = [parameter for name, parameter in CLIENT_PARAMETERS.items() if name not in PARAMETERS]
    yield from table(("parameter", "allowed", "default", "requirements", "meaning"), map(_parameter, own))
    yield from paragraph("What the choices mean:")
    for parameter in ALL_PARAMETERS.values():
        if parameter.choices is not None:
            notes = notes_of(parameter.choices)
            words = "; ".join(f"`{m.name}`: {notes[m.name]}" for m in parameter.choices)
            yield from item(f"`{parameter.name}`: {words}")
    yield ""


def _parameter(described: Parameter) -> tuple[str, ...]:
    default = "None" if described.default is None else str(described.default)
    return f"`{described.name}`", described.allowed, default, links(described.requirements), described.meaning


def state() -> Iterator[str]:
    """The annex of the state: its variables."""
    yield from paragraph(
        "Every variable with its owner: whose knowledge it is. *Changed by* says whose actions can change it, directly or "
        "through what the hypervisor does on them."
    )
    yield from table(("variable", "values", "initially", "owner", "changed by", "meaning"), map(_variable, VARIABLES))


def _variable(variable: Variable) -> tuple[str, ...]:
    found = {action.actor for action in ACTIONS.values() if variable.name in changed_by(action)}
    who = ", ".join(ACTORS[actor.name] for actor in sorted(found, key=lambda a: a.value))
    name = f"`{variable.name}(i)`" if isinstance(variable.sort, Each) else f"`{variable.name}`"
    return name, _sort(variable.sort), _initially(variable), variable.owner, who or "nobody", variable.meaning


def _sort(sort: object) -> str:
    if isinstance(sort, Each):
        return _sort(sort.sort)
    if isinstance(sort, Flag):
        return "yes, no"
    if isinstance(sort, Choice):
        return ", ".join(member.name for member in sort.members)
    if isinstance(sort, Server):
        return "a server, or nobody"
    if isinstance(sort, Level):
        return "a priority"
    if isinstance(sort, Elements):
        return f"queue of {', '.join(kind.name for kind in sort.kinds)}"
    assert isinstance(sort, Added)
    return "order of the servers"


def _initially(variable: Variable) -> str:
    if isinstance(variable.sort, Server):
        return "nobody"
    sort = variable.sort.sort if isinstance(variable.sort, Each) else variable.sort
    if isinstance(sort, Elements):
        return "empty"
    if isinstance(sort, Level | Added):
        return "any"
    return value(variable.initially)


def decisions() -> Iterator[str]:
    """The annex of decisions."""
    yield from paragraph(
        "What the sources leave open and we decided. The [decision log](decisions.md) has the contradictions that forced a "
        "repair, the naive readings that were refuted, each with its shortest trace, and the decisions about the kit."
    )
    rows = []
    for entry in REQUIREMENTS.values():
        if entry.decision:
            mine = [f"`{n}`" for n in entry.profile if ALL_PARAMETERS[n].requirements[0] == entry.id]
            rows.append((link(entry.id), entry.decision, ", ".join(mine)))
    yield from table(("requirement", "decision", "profile parameter"), rows)


def claim() -> Iterator[str]:
    """The annex of the claim."""
    rows = ((e.where, e.element, e.realised_by, links(e.requirements)) for e in CLAIM_MAP)
    yield from table(("of US9552264B1", "element", "realised by", "requirements"), rows)
