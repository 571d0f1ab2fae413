"""What there is to check: every case with its ID, and the choice of some of them.

A case is watched or played. *Watched* cases are judged at every step of every run: a property of the specification that is
claimed against any client and any server, or the answers that a requirement decides. *Played* cases are words of stimuli: a
scripted case or a tour. An ID is ``REQ-ID/slug`` (or the bare ID for the property of that name) and never changes its
meaning.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import cache

from vnic_conformance.running.case import Case as Case
from vnic_conformance.running.case import Phase as Phase
from vnic_model.instances import SCENARIOS
from vnic_spec.catalogue import ACTIONS
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Scope
from vnic_spec.requirements import BINDS, REQUIREMENTS, Party, Requirement

#: Groups of requirements that bind the hypervisor; the others bind clients, servers or a whole system.
HYPERVISOR = tuple(group for group, party in BINDS.items() if party is Party.HYPERVISOR)
#: The slug of the cases that watch answers.
ANSWERS = "answers"
#: Requirements that decide answers: those of the actions that stand for calls, and those that do so without an action.
_DECIDES_ANSWERS = {"ADM-7", "CRQ-6", "MON-7", "SEL-4"}.union(
    *(ACTIONS[name].requirements for scenario in SCENARIOS.values() if scenario.bare for name in scenario.actions)
)
#: Requirements that decide answers in the scripts named after them only; the machine knows nothing of what they speak of.
_ONLY_SCRIPTED = ("CRQ-11", "CRQ-12")
#: What an implementation has to claim before a requirement can be put to the test.
_NEEDS: Mapping[str, frozenset[str]] = {
    "CRQ-8": frozenset({"migration"}),
    "CRQ-8/session": frozenset({"migration"}),
    "CRQ-12": frozenset({"sub_crq"}),
    "FOV-10/memory": frozenset({"dma"}),
    **{f"ADM-{number}": frozenset({"console"}) for number in range(1, 7)},
}


#: Properties that the oracle does not see broken, because what they speak of no observation shows, and the scripts that try what
#: they forbid. INV-7 speaks of grants: what a server may still do to the client's sub-CRQs and memory. A grant is no state that a
#: listing has; whether there is one, only an attempt tells, and each attempt's answer and effect is what the scripts look at.
#: So the oracle follows no grants, and these scripts count for the property: it passes and fails with them.
EXERCISED_BY: Mapping[str, tuple[str, ...]] = {
    "INV-7": (
        *("FOV-10/sends", "FOV-10/sub-queues", "FOV-10/memory-of-a-fenced", "FOV-10/standby-memory"),
        *("CRQ-12/die-with-session", "CRQ-12/handles-not-reused", "CRQ-12/grants-die-with-session"),
    ),
}


#: Requirements that no property is named after and that decide no answer by themselves, and the properties that put them to the
#: test. A violation may be blamed on each of them, so each has a case that counts it.
CARRIED_BY: Mapping[str, tuple[str, ...]] = {
    entry: carriers
    for entry in REQUIREMENTS
    if entry not in PROPERTIES
    and entry not in _DECIDES_ANSWERS | set(_ONLY_SCRIPTED)
    and (carriers := tuple(p.name for p in PROPERTIES.values() if entry in p.requirements and p.scope is Scope.ANYBODY))
}


def requirements_of_role() -> list[Requirement]:
    """The requirements that bind the hypervisor, in order."""
    return [entry for entry in REQUIREMENTS.values() if entry.group in HYPERVISOR]


def watched_cases() -> list[Case]:
    """The cases that are judged at every step, by requirement."""
    return list(_watched().values())


@cache
def _watched() -> Mapping[str, Case]:
    """These cases by ID; a judge of a log asks for each."""
    found: list[Case] = []
    for entry in requirements_of_role():
        found += [
            Case(p.name, Phase.STEPS, p.sentence, p.requirements, _needs(p.name), p.witness_sentence)
            for p in PROPERTIES.values()
            if p.requirements[0] == entry.id and p.scope is Scope.ANYBODY
        ]
        if entry.id in _DECIDES_ANSWERS or entry.id in _ONLY_SCRIPTED or entry.id in CARRIED_BY:
            found.append(answers_case(entry.id))
    return {case.id: case for case in found}


def answers_case(requirement: str) -> Case:
    """The case that counts what is blamed on a requirement, and on no property of it."""
    purpose = f"What {requirement} decides about an answer is so: return code, outcome, and what can be seen then."
    exercised = "an answer that it decides"
    if requirement in CARRIED_BY:
        exercised = f"a step that puts {' or '.join(CARRIED_BY[requirement])} to the test"
    elif requirement in _ONLY_SCRIPTED:
        exercised = "a script named after it, or a call that is not claimed"
    name = f"{requirement}/{ANSWERS}"
    return Case(name, Phase.STEPS, purpose, (requirement,), _needs(requirement), exercised)


def known_case(name: str) -> Case:
    """The case of an ID that a log names, or that a violation is blamed on; of one that is not watched only the ID is known."""
    watched = _watched()
    if name in watched:
        return watched[name]
    requirement, _, slug = name.partition("/")
    return answers_case(requirement) if slug == ANSWERS else Case(name, Phase.TOUR, "", (requirement,))


def case_among(cases: Iterable[Case], name: str) -> Case:
    """The case of an ID that a log names; of one that is not among them only the ID is known."""
    known = {case.id: case for case in cases}
    return known.get(name) or Case(name, Phase.SCRIPT, "", (name.partition("/")[0],))


def _needs(name: str) -> frozenset[str]:
    return _NEEDS.get(name, _NEEDS.get(name.partition("/")[0], frozenset()))


def exercised_by_script(script: str) -> frozenset[str]:
    """The watched cases that a script counts for."""
    named = frozenset(name for name, scripts in EXERCISED_BY.items() if script in scripts)
    requirement = script.partition("/")[0]
    return named | {f"{requirement}/{ANSWERS}"} if requirement in _ONLY_SCRIPTED else named


def case_of(blamed: str, cases: Mapping[str, Case]) -> str:
    """The ID of the case that a violation counts against.

    Args:
        blamed: the property or requirement that the oracle names.
        cases: every case by ID.
    """
    if blamed in cases:
        return blamed
    return f"{blamed.partition('/')[0]}/{ANSWERS}"


def counted_against(
    blamed: str,
    played: Case | None,
    chosen: Container[str],
    cases: Mapping[str, Case],
    *,
    selected: bool,
    also: Callable[[str], frozenset[str]] = exercised_by_script,
) -> frozenset[str]:
    """The IDs of the cases that a violation counts against. Where nothing was deselected there is always one.

    Args:
        blamed: the property or requirement that the oracle names.
        played: the case that was played, if it was one.
        chosen: IDs of the cases that count.
        cases: every case by ID.
        selected: somebody has chosen, and so may have deselected the case.
        also: IDs of watched cases that a played one counts for.
    """
    own = case_of(blamed, cases)
    counted = {own} if own in chosen else set()
    if played is not None:
        if played.phase is Phase.SCRIPT or not counted:
            counted.add(played.id)
        counted |= also(played.id)
    counted = {case for case in counted if case in chosen}
    if not counted and (not selected or own not in cases):
        counted = {own}
    return frozenset(counted)


class NothingSelectedError(ValueError):
    """A glob matches no case; the text names the nearest ones."""


def select(cases: Sequence[Case], globs: Iterable[str]) -> list[Case]:
    """The cases that one of the globs matches; all of them without globs.

    A glob is compared with the whole ID and with the requirement's, in any case of letters.

    Raises:
        NothingSelectedError: a glob that matches nothing.
    """
    wanted = list(globs)
    if not wanted:
        return list(cases)
    chosen: dict[str, Case] = {}
    for glob in wanted:
        matching = [case for case in cases if case.matches(glob)]
        if not matching:
            raise NothingSelectedError(f"no case matches {glob!r}; {_nearest(glob, cases)}")
        chosen |= {case.id: case for case in matching}
    return [case for case in cases if case.id in chosen]


def _nearest(glob: str, cases: Sequence[Case]) -> str:
    entry = REQUIREMENTS.get(glob.upper())
    if entry is not None and entry.group not in HYPERVISOR:
        return f"{entry.id} binds no hypervisor but another role"
    if entry is not None:
        also = [case.id for case in cases if entry.id in case.requirements]
        where = f"; {entry.elsewhere.where}" if entry.elsewhere is not None else ""
        return (
            f"{entry.id} is checked as part of {', '.join(also)}" if also else f"nothing checks {entry.id} here{where}"
        )
    names = list(dict.fromkeys([*(case.id for case in cases), *(case.requirement for case in cases)]))
    folded = {name.upper(): name for name in names}
    near = [folded[name] for name in difflib.get_close_matches(glob.upper(), folded, n=3, cutoff=0.5)]
    return f"did you mean {' or '.join(near)}?" if near else "vnickit list shows all"
