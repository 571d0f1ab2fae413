"""The cases of role client: rules that watch every step; procedures, deviations and injections that are played."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from vnic_conformance.client_role import monitor
from vnic_conformance.client_role.injection import EVENTS, OUTAGE_MS, PROCEDURES, SPAN_MS
from vnic_conformance.client_role.partner import DEVIATIONS, MAC, PEER
from vnic_conformance.client_role.rule import RULES, Rule
from vnic_conformance.client_role.words import deviate, event, feature_of, inside, passes, straight, user
from vnic_conformance.running.plan import Case, Phase
from vnic_conformance.stimulus import Stimulus

#: The requirement that each procedure is about.
ABOUT: Final[Mapping[str, str]] = {
    "open": "CLI-10", "failover": "CLI-1", "migration": "CLI-3", "complaint": "CLI-19", "reopen": "CLI-6",
    "removal": "CLI-17", "mtu": "DLG-10",
}  # fmt: skip
#: How each of them begins.
_BEGINS: Final[Mapping[str, tuple[Stimulus, ...]]] = {
    "open": (user("open"),),
    "failover": (event("failover"),),
    "migration": (event("migrated"),),
    "complaint": (user("complain"),),
    "reopen": (user("close"), passes(10), user("open")),
    "removal": (user("remove"),),
    "mtu": (user("mtu", value=9000),),
}


@dataclass(frozen=True, slots=True)
class Story:
    """What is done to a fresh client, as a case."""

    case: Case
    word: tuple[Stimulus, ...]


def id_of(rule: Rule) -> str:
    """The ID of the case of a rule."""
    return f"{rule.requirements[0]}/{rule.name.replace('_', '-')}"


@cache
def watched() -> tuple[Case, ...]:
    """One for each rule of the monitor."""
    assert monitor.FILLED_BY
    return tuple(
        Case(
            id_of(rule),
            Phase.STEPS,
            rule.sentence,
            rule.requirements,
            exercised_by=f"what it looks at: {', '.join(kind.__name__ for kind in rule.on)}",
        )
        for rule in RULES.values()
    )


def _frame(number: int) -> Stimulus:
    return user("send", hex=(PEER + MAC + b"\x88\xb5" + number.to_bytes(50, "big")).hex())


def _features(word: tuple[Stimulus, ...]) -> frozenset[str]:
    return frozenset(filter(None, map(feature_of, word)))


def _case(name: str, phase: Phase, purpose: str, word: tuple[Stimulus, ...]) -> Case:
    return Case(name, phase, purpose, (name.partition("/")[0],), _features(word))


def prepared(procedure: str) -> tuple[Stimulus, ...]:
    """What brings a fresh client to where a procedure begins."""
    opened = (user("open"), passes(SPAN_MS)) if PROCEDURES[procedure].opened else ()
    return (user("add"), passes(10), *opened)


def played(procedure: str, recovery_ms: int, *injections: tuple[int, str]) -> tuple[Stimulus, ...]:
    """A procedure with events inside its calls, and then all well for as long as the client claims to need."""
    injected = tuple(inside(call, name) for call, name in injections)
    well = (passes(OUTAGE_MS), straight(), passes(recovery_ms + 1))
    return (*prepared(procedure), *injected, *_BEGINS[procedure], passes(SPAN_MS), *well)


def lived(name: str, recovery_ms: int) -> tuple[Stimulus, ...]:
    """What is most of a client's life, with a deviation from its beginning."""
    return (
        user("add"), passes(10), deviate(name), user("open"), passes(3_000), _frame(1), passes(10), _frame(2), passes(10),
        event("failover"), passes(3_000), event("migrated"), passes(3_000), _frame(3), passes(10), user("complain"),
        passes(3_000), straight(), passes(recovery_ms + 1), _frame(4), passes(10), user("remove"), passes(15_000),
    )  # fmt: skip


def stories(recovery_ms: int) -> list[Story]:
    """What is played as scripted cases: each procedure alone, and a life with each deviation."""
    found = []
    for name, requirement in ABOUT.items():
        word = played(name, recovery_ms)
        purpose = f"Procedure {name}, with hypervisor and servers doing all rightly."
        found.append(Story(_case(f"{requirement}/procedure-{name}", Phase.SCRIPT, purpose, word), word))
    for name, deviation in DEVIATIONS.items():
        word = lived(name, recovery_ms)
        way = "legal" if deviation.legal else "wrong"
        case = f"{deviation.requirement}/{way}-{name.replace('_', '-')}"
        # What a client cannot do for its user is left out of its life, so the case needs no feature.
        made = Case(case, Phase.SCRIPT, f"{deviation.sentence} (a {way} way)", (deviation.requirement,))
        found.append(Story(made, word))
    return found


def tours() -> list[tuple[Case, str, str]]:
    """Each event inside the calls of each procedure: the case, the procedure, the event."""
    found = []
    for procedure in PROCEDURES:
        for name in EVENTS:
            slug = f"CLI-21/{name.replace('_', '-')}-inside-{procedure}"
            purpose = f"{name} inside a call of procedure {procedure}: it recovers."
            needs = _features((inside(1, name), *_BEGINS[procedure]))
            found.append((Case(slug, Phase.TOUR, purpose, ("CLI-21",), needs), procedure, name))
    return found
