"""The cases of role client: rules that watch every step, events inside calls of each procedure; of stories, :mod:`.stories`."""

from __future__ import annotations

from functools import cache

from vnic_conformance.client_role import monitor
from vnic_conformance.client_role.injection import EVENTS, PROCEDURES
from vnic_conformance.client_role.long_lives import long_stories
from vnic_conformance.client_role.rule import RULES, Rule
from vnic_conformance.client_role.stories import BEGINS, features, stories
from vnic_conformance.client_role.words import inside
from vnic_conformance.running.plan import Case, Phase
from vnic_spec.client_profile import ClientProfile


def id_of(rule: Rule) -> str:
    """The ID of the case of a rule."""
    return f"{rule.requirements[0]}/{rule.name.replace('_', '-')}"


@cache
def watched() -> tuple[Case, ...]:
    """One for each rule of the monitor."""
    assert monitor.FILLED_BY
    return tuple(
        Case(id_of(rule), Phase.STEPS, rule.sentence, rule.requirements, exercised_by=rule.when)
        for rule in RULES.values()
    )


def tours() -> list[tuple[Case, str, str]]:
    """Each event inside the calls of each procedure: the case, the procedure, the event."""
    found = []
    for procedure in PROCEDURES:
        for name in EVENTS:
            slug = f"CLI-21/{name.replace('_', '-')}-inside-{procedure}"
            purpose = f"{name} inside a call of procedure {procedure}: it recovers."
            needs = features((inside(1, name), *BEGINS[procedure]))
            exercised = "the event came about inside a call of the procedure"
            found.append((Case(slug, Phase.TOUR, purpose, ("CLI-21",), needs, exercised), procedure, name))
    return found


def every_case() -> list[Case]:
    """All cases of the role, the watched ones first, those that take long last."""
    told = (story.case for story in stories(ClientProfile()))
    return [*watched(), *told, *(case for case, _, _ in tours()), *long_cases()]


def long_cases() -> list[Case]:
    """Those that take long."""
    return [story.case for story in long_stories(ClientProfile())]
