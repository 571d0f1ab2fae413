"""``vnickit explore --below``: verdicts, exit codes and the run with a lane for each CPU."""

from __future__ import annotations

import json
from collections.abc import Callable

from click.testing import CliRunner, Result

from vnic_conformance.cli import main
from vnic_conformance.commands.explore.below import silent_parts
from vnic_conformance.exit_codes import ExitCode
from vnic_model.below.exploring import FineExploration
from vnic_model.below.instance import below
from vnic_model.below.machine import FineMachine
from vnic_spec.below.programs import MISORDERINGS


def below_said(*words: str) -> Result:
    return CliRunner().invoke(main, ["explore", "--below", *words], prog_name="vnickit")


def test_a_misread_order_is_refuted_in_two_lanes(golden: Callable[[str, str], None]) -> None:
    result = below_said("--mutate", "fence_without_drain")
    assert result.exit_code == ExitCode.VIOLATION, result.output
    golden("explore_below_fence_without_drain.txt", result.stdout)


def test_all_that_is_claimed_may_be_asked_for() -> None:
    words = ("--mutate", "connect_before_event", "--json")
    target, everything = (json.loads(below_said(*words, *more).stdout) for more in ((), ("--all-properties",)))
    assert (target["violation"], everything["violation"]) == ("FOV-2/new", "FOV-2/connect")
    assert len(everything["run"]) < len(target["run"])


def test_one_server_holds() -> None:
    result = below_said("--servers", "1", "--interventions", "1", "--json")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    said = json.loads(result.stdout)
    assert (said["complete"], said["silent"], said["violation"]) == (True, [], None)
    assert said["interrupted"] > 0


def test_a_bound_makes_it_inconclusive() -> None:
    result = below_said("--at-most", "200")
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert "NOT EXHAUSTED" in result.stdout


def test_what_never_fires_makes_it_inconclusive() -> None:
    result = below_said("--servers", "1", "--interventions", "0")
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert "SILENT: no violation, but there was no occasion for announce" in result.stdout
    nothing = FineExploration(FineMachine(below(2)))
    assert "a send interrupted by a fence" in silent_parts(nothing)


def test_an_unknown_order_is_refused_by_name() -> None:
    result = below_said("--mutate", "connect_before_events")
    assert result.exit_code == ExitCode.USAGE
    assert "did you mean connect_before_event" in result.output
    assert below_said("--servers", "7").exit_code == ExitCode.USAGE
    above = CliRunner().invoke(main, ["explore", "--mutate", "connect_before_event"])
    assert above.exit_code == ExitCode.USAGE
    assert "explore --below takes it" in above.output


def test_the_list_has_them() -> None:
    listed = CliRunner().invoke(main, ["explore", "--list"]).stdout
    assert all(f"  {name} " in listed for name in MISORDERINGS)
