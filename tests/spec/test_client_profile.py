"""The client's profile: its defaults are ours, its values are checked, it reads back what it writes."""

from __future__ import annotations

from dataclasses import fields

import pytest

from vnic_spec.client_profile import CLIENT_PARAMETERS, ClientProfile, ComplaintFallback
from vnic_spec.requirements import REQUIREMENTS, check_ids


def test_every_parameter_is_a_field_with_its_default() -> None:
    assert [field.name for field in fields(ClientProfile)] == list(CLIENT_PARAMETERS)
    assert all(getattr(ClientProfile(), name) == described.default for name, described in CLIENT_PARAMETERS.items())


@pytest.mark.parametrize("name", CLIENT_PARAMETERS)
def test_a_parameter_belongs_to_a_requirement_that_speaks_of_it(name: str) -> None:
    named = CLIENT_PARAMETERS[name].requirements
    check_ids(name, named)
    assert all(name in REQUIREMENTS[entry].profile for entry in named)
    assert "profile" in REQUIREMENTS[named[0]].text


def test_claims_are_read_as_an_adapter_writes_them() -> None:
    read = ClientProfile.from_mapping({"complaint_fallback": "none", "burst": "50", "recovery_ms": 7})
    assert (read.complaint_fallback, read.burst, read.recovery_ms) == (ComplaintFallback.NONE, 50, 7)
    assert ClientProfile.from_mapping(read.as_mapping()) == read


@pytest.mark.parametrize(("name", "value"), [("burst", 0), ("client_init", "sometimes"), ("user_ms", "soon"), ("x", 1)])
def test_a_value_that_is_not_allowed_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        ClientProfile.from_mapping({name: value})
