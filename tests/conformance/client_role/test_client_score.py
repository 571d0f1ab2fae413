"""The kit's score in role client: every faulty client is found by a scripted case."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable

import pytest
from click.testing import Result

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.scoring.roster import Entry
from vnic_conformance.scoring.score import Row, Score
from vnic_conformance.scoring.trial import Job, Trial, attempt
from vnic_reference.client.faults import CLIENT_FAULTS
from vnic_reference.client.slips import CLIENT_SLIPS
from vnic_reference.client_variants import CLIENT_VARIANTS
from vnic_spec.requirements import REQUIREMENTS

#: Who is found by no case of the requirement that it hurts, and by which: all others would be played before that one.
BY_ANOTHER = {"pauseless": "CLI-7/attempts-that-fail"}
BOUND = [entry.id for entry in REQUIREMENTS.values() if entry.group in ("CLI", "DLG")]


def entry(name: str) -> Entry:
    return Entry(name, f"python:vnic_reference.client_variants:{name}", CLIENT_VARIANTS[name].requirement)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*CLIENT_FAULTS, *CLIENT_SLIPS])
def test_a_faulty_client_is_found_by_a_scripted_case(name: str) -> None:
    """Those of the requirement that it hurts come first, so that few are played. Of the others, see ``test_client_bugs``."""
    select = (BY_ANOTHER[name],) if name in BY_ANOTHER else ()
    trial = attempt(Job(entry(name), 1, 0, ("scripted",), select=select, own_first=True))
    assert trial.killed
    assert trial.code is ExitCode.VIOLATION
    assert trial.phase == "scripted"


def test_one_faulty_client_alone(vnickit: Callable[..., Result]) -> None:
    """Only what it hurts is asked for: of everything else nothing is known."""
    result = vnickit(
        "score",
        "--adapter",
        f"{shlex.quote(sys.executable)} -m vnic_reference --role client",
        "--only",
        "greedy",
        "--phase",
        "scripted",
    )
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert "1 of 1 fault found." in result.stdout
    assert "None did for" not in result.stdout


def test_the_requirements_that_are_asked_for_are_those_of_the_roles_that_were_tried() -> None:
    client = Row("mine", Entry("x", "./x"), (Trial(1, ExitCode.VIOLATION, "CLI-1", "CLI-1/x", role="client"),))
    assert list(Score((client,), ()).binding) == BOUND
    hypervisor = Row("mine", Entry("y", "./y"), (Trial(1, ExitCode.VIOLATION),))
    both = Score((client, hypervisor), ()).binding
    assert set(BOUND) < set(both)
    assert "SEL-2" in both
    assert "CLI-1" not in Score((client, hypervisor), ()).ineffective
