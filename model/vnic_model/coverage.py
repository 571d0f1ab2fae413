"""What the named instances cover together, and what none of them does: read off their definitions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from vnic_model.direct import domain
from vnic_model.instances import SCENARIOS, instance
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import PARAMETERS
from vnic_spec.vocabulary import Status

#: What a server can say of itself (MON-1).
REPORTABLE = (Status.OPERATIONAL, Status.LINK_DOWN, Status.ADAPTER_ERROR)


def reported() -> frozenset[Status]:
    """The statuses that servers report in some instance."""
    report = ACTIONS["server_reports"]
    return frozenset(Status(s) for name in SCENARIOS for s in domain(instance(name, 2), report, "status"))


def profile_values() -> dict[str, frozenset[str]]:
    """Of each parameter that the machine reads: the values that some instance starts with."""
    used: dict[str, frozenset[str]] = {}
    for name, parameter in PARAMETERS.items():
        if parameter.choices is not None:
            found = (scenario.profile.as_mapping()[name] for scenario in SCENARIOS.values())
            used[name] = frozenset(str(value).lower() for value in found)
    return used


def together(*, bounded: bool = True) -> frozenset[frozenset[str]]:
    """The pairs of actions that occur in one run of some instance; with or without those of bounded interventions."""
    scenarios = [s for s in SCENARIOS.values() if bounded or s.interventions is None]
    return frozenset(frozenset(pair) for s in scenarios for pair in combinations(sorted(s.actions), 2))


def uncovered() -> Iterator[str]:
    """What no instance covers, in sentences."""
    unsaid = [status for status in REPORTABLE if status not in reported()]
    if unsaid:
        yield f"a server that reports {' or '.join(status.name for status in unsaid)}"
    for name, used in profile_values().items():
        choices = PARAMETERS[name].choices
        assert choices is not None
        missing = [member.name.lower() for member in choices if member.name.lower() not in used]
        if missing:
            yield f"{name} = {' or '.join(missing)}, unless --profile asks for it"
    pairs, often = together(), together(bounded=False)
    of_drivers = [name for name, action in ACTIONS.items() if not action.bare]
    apart = {frozenset(p) for p in combinations(sorted(of_drivers), 2)} - pairs
    rare = sorted(name for name in of_drivers if sum(name in pair for pair in apart) > len(of_drivers) // 2)
    yield f"{', '.join(rare)} together with most other actions: each is of another profile than the default"
    seldom = len(pairs - often)
    yield f"{seldom} pairs of actions in one run, but for the instance all, that is with few interventions"
    yield "calls of partners that keep to no protocol together with the drivers' dialogue"
