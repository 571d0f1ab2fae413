"""``vnickit prove --naive``: what it prints, and its exit codes."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("z3")

from vnic_conformance.cli import main
from vnic_conformance.commands.prove import again
from vnic_conformance.exit_codes import ExitCode
from vnic_model.prover.induction import REFUTED, UNKNOWN, Obligation, Verdict, obligations
from vnic_model.prover.naive.deciding import decide_action


def prove(*words: str) -> Result:
    return CliRunner().invoke(main, ["prove", *words, "--naive", "--jobs", "1"], prog_name="vnickit")


def test_what_is_proved_again_says_so() -> None:
    result = prove("INV-1")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    words = " ".join(result.stdout.split())
    assert "PROVED AGAIN by the naive reading for any number of servers, any depth of queues and every profile" in words
    assert "1 property with 1 lemma, 126 obligations" in words


def test_as_json_the_method_says_which_reading_it_was() -> None:
    result = prove("INV-7", "--json")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    found = {entry["id"]: (entry["verdict"], entry["method"]) for entry in json.loads(result.stdout)["properties"]}
    assert found == dict.fromkeys(("CRQ-12/granted", "FOV-10/memory", "INV-7"), ("proved", "any N, naive reading"))


@pytest.mark.parametrize(("became", "code"), [(UNKNOWN, ExitCode.INCONCLUSIVE), (REFUTED, ExitCode.VIOLATION)])
def test_one_obligation_that_is_not_proved_spoils_all(
    became: str, code: ExitCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt = Obligation("connected-only-as-selected", "server_boots")

    def decide(goals: tuple[str, ...], mutation: str, action: str) -> list[Verdict]:
        if action == spoilt.action:
            return [Verdict(x, became, 0.0, "why not") for g in goals for x in obligations(g) if x.action == action]
        return decide_action(goals, mutation, action)

    monkeypatch.setattr(again, "decide_action", decide)
    result = prove("INV-1")
    assert result.exit_code == code, result.output
    assert "NOT PROVED AGAIN by the naive reading: INV-1, connected-only-as-selected." in " ".join(
        result.stdout.split()
    )
    assert f"    {became:<10}server_boots: why not" in result.stdout.splitlines()
