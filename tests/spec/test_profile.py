"""Profiles: each parameter is described once, and every value is checked against that description."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vnic_spec.profile import (
    DEFAULT,
    PARAMETERS,
    ClientInit,
    ComplaintOrder,
    Crossing,
    EventFull,
    Parameter,
    Profile,
    Reopen,
    TieBreak,
    parameter,
)


def values(described: Parameter) -> st.SearchStrategy[Any]:
    """Allowed values of one parameter."""
    if described.choices is not None:
        return st.sampled_from(list(described.choices))
    if described.numbers:
        return st.sampled_from(described.numbers)
    numbers = st.integers(described.minimum, described.maximum)
    return st.none() | numbers if described.optional else numbers


profiles = st.builds(Profile, **{name: values(described) for name, described in PARAMETERS.items()})


def test_our_own_decisions() -> None:
    assert Profile() == Profile(
        event_full=EventFull.OVERLAY,
        crossing=Crossing.HOLD,
        tie_break=TieBreak.OLDEST,
        reopen=Reopen.KEEP,
        complaint_order=ComplaintOrder.CHECK_FIRST,
        client_init=ClientInit.REREGISTER,
        grace=3,
        hold_limit_ms=None,
        gap_ms=1500,
        preempt_delay_ms=0,
        max_servers=6,
        srv_wait_ms=1000,
        indirect_limit=128,
        quiet_time_ms=0,
    )
    assert DEFAULT.differences() == {}


def test_fields_and_descriptions_agree() -> None:
    assert [field.name for field in fields(Profile)] == list(PARAMETERS)
    assert {field.name: field.default for field in fields(Profile)} == {
        name: described.default for name, described in PARAMETERS.items()
    }


@pytest.mark.parametrize("name", PARAMETERS)
def test_exactly_one_kind_of_range_is_described(name: str) -> None:
    described = PARAMETERS[name]
    kinds = (described.choices is not None, bool(described.numbers), described.minimum is not None)
    assert sum(kinds) == 1
    assert described.accepts(described.default)
    assert described.meaning.endswith(".")
    assert described.abstract == (described.choices is not None)


def test_values_print_as_their_bare_names() -> None:
    assert str(DEFAULT).startswith("Profile(event_full=OVERLAY, crossing=HOLD, tie_break=OLDEST, reopen=KEEP,")


@given(profiles)
def test_plain_data_and_back(profile: Profile) -> None:
    assert Profile.from_mapping(profile.as_mapping()) == profile
    assert Profile.from_mapping(profile.differences()) == profile


@given(profiles)
def test_text_and_back(profile: Profile) -> None:
    assert Profile.from_mapping({name: str(value).lower() for name, value in profile.as_mapping().items()}) == profile


def test_a_subset_keeps_the_other_defaults() -> None:
    profile = Profile.from_mapping({"tie_break": "any", "grace": "5"})
    assert profile == replace(DEFAULT, tie_break=TieBreak.ANY, grace=5)
    assert profile.differences() == {"tie_break": "ANY", "grace": 5}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("tie_break", "random", "tie_break (SEL-5) must be OLDEST | NEWEST | PORT | ANY, not 'random'"),
        ("tie_break", Crossing.HOLD, "tie_break (SEL-5) must be OLDEST | NEWEST | PORT | ANY, not HOLD"),
        ("tie_break", None, "tie_break (SEL-5) must be OLDEST | NEWEST | PORT | ANY, not None"),
        ("grace", 0, "grace (MON-2) must be integer 1..1000, not 0"),
        ("grace", True, "grace (MON-2) must be integer 1..1000, not True"),
        ("grace", 1.5, "grace (MON-2) must be integer 1..1000, not 1.5"),
        ("grace", "-1", "grace (MON-2) must be integer 1..1000, not '-1'"),
        ("max_servers", 65, "max_servers (ADM-1) must be integer 1..64, not 65"),
        ("max_servers", 0, "max_servers (ADM-1) must be integer 1..64, not 0"),
        ("indirect_limit", 64, "indirect_limit (CRQ-12) must be 16 | 128, not 64"),
        ("hold_limit_ms", 0, "hold_limit_ms (CRQ-13) must be integer 1..86400000 | None, not 0"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused(name: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message) + "$"):
        Profile.from_mapping({name: value})
    if not isinstance(value, str):
        wrong: dict[str, Any] = {name: value}
        with pytest.raises(ValueError, match=re.escape(message) + "$"):
            Profile(**wrong)


@pytest.mark.parametrize(
    ("wrong", "advice"), [("tiebreak", "did you mean tie_break?"), ("xyzzy", "there are: event_full, crossing, ")]
)
def test_an_unknown_parameter_is_refused_with_advice(wrong: str, advice: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"no profile parameter {wrong!r}; {advice}")):
        parameter(wrong)
    with pytest.raises(ValueError, match="no profile parameter"):
        Profile.from_mapping({wrong: 1})
