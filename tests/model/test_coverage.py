"""What the instances cover together: said by the program, and what it says is so."""

from __future__ import annotations

from itertools import combinations

from vnic_model.coverage import REPORTABLE, profile_values, reported, together, uncovered
from vnic_model.direct import domain
from vnic_model.instance import Instance
from vnic_model.instances import SCENARIOS
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import PARAMETERS


def test_what_no_instance_covers_is_said() -> None:
    assert list(uncovered()) == [
        "a server that reports ADAPTER_ERROR",
        "tie_break = newest or port or any, unless --profile asks for it",
        "reopen = reselect, unless --profile asks for it",
        "complaint_order = lopar, unless --profile asks for it",
        (
            "delay_ends, gap_ends, server_reads_init_complete together with most other actions:"
            " each is of another profile than the default"
        ),
        "596 pairs of actions in one run, but for the instance all, that is with few interventions",
        "calls of partners that keep to no protocol together with the drivers' dialogue",
    ]


def test_a_server_can_say_of_itself_what_is_listed() -> None:
    whole = Instance("whole", 1, frozenset(ACTIONS))
    assert set(domain(whole, ACTIONS["server_reports"], "status")) == set(REPORTABLE) > reported()


def test_all_brings_everything_together_that_one_profile_lets_happen() -> None:
    elsewhere = {"delay_ends", "gap_ends", "server_reads_init_complete"}
    here = sorted(name for name, action in ACTIONS.items() if not action.bare and name not in elsewhere)
    assert SCENARIOS["all"].actions == set(here)
    assert {frozenset(pair) for pair in combinations(here, 2)} <= together()


def test_every_value_used_is_one_of_the_parameters() -> None:
    for name, used in profile_values().items():
        choices = PARAMETERS[name].choices
        assert choices is not None
        assert used <= {member.name.lower() for member in choices}
