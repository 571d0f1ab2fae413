"""The chapter of conformance: which text wins, key words, and for each role the requirements that bind it."""

from __future__ import annotations

from collections.abc import Iterator

from vnic_conformance.call_reference import DESCRIBED
from vnic_conformance.explaining import properties_of
from vnic_conformance.specification.markdown import item, links, paragraph
from vnic_conformance.specification.prose import AUTHORITY, BINDING, CLAUSES, KEY_WORDS, LEVELS
from vnic_spec.property import Scope
from vnic_spec.requirements import ALL_PARAMETERS, BINDS, REQUIREMENTS, Level, Party, Requirement

#: Requirements that decide the answer of a call.
_ANSWERED = frozenset(id_ for call in DESCRIBED for check in call.checks for id_ in check.requirements)


def party_of(entry: Requirement) -> Party:
    """Whom a requirement binds: its group says so.

    A requirement of the hypervisor that is claimed only of a client and servers that keep to the dialogue, and decides the answer
    of no call, binds all of them together.
    """
    group = BINDS[entry.group]
    claimed = properties_of(entry)
    together = bool(claimed) and all(claim.scope is Scope.DRIVERS for claim in claimed)
    return Party.SYSTEM if group is Party.HYPERVISOR and together and entry.id not in _ANSWERED else group


def bound(party: Party, level: Level) -> tuple[str, ...]:
    """The requirements of one level that bind one role, in order."""
    return tuple(e.id for e in REQUIREMENTS.values() if e.level is level and party_of(e) is party)


def declared(party: Party) -> tuple[str, ...]:
    """The profile parameters by which one role says what it decided."""
    return tuple(p.name for p in ALL_PARAMETERS.values() if party_of(REQUIREMENTS[p.requirements[0]]) is party)


def clauses() -> Iterator[str]:
    """The chapter."""
    yield "### Which text wins"
    yield ""
    yield from paragraph(AUTHORITY)
    yield "### Key words"
    yield ""
    yield from paragraph(KEY_WORDS)
    for word, meaning in LEVELS.items():
        yield from item(f"**{word}**: {meaning}")
    yield ""
    yield "### Roles"
    yield ""
    yield from paragraph(BINDING)
    for party, (heading, claim, judged) in CLAUSES.items():
        yield f"### Conformance of a {heading.lower()}"
        yield ""
        yield from paragraph(f"{claim} {judged}")
        for level in Level:
            ids = bound(party, level)
            if ids:
                yield from item(f"**{level}** ({len(ids)}): {links(ids)}")
        names = declared(party)
        if names:
            yield from item(f"declares: {', '.join(f'`{name}`' for name in names)}")
        yield ""
