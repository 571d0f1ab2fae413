"""``vnickit prove`` as a user meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from markupsafe import escape

from vnic_conformance.cli import main
from vnic_conformance.commands.explore.request import Request
from vnic_conformance.commands.explore.running import Result as Explored
from vnic_conformance.commands.prove import bounded, proving
from vnic_conformance.exit_codes import ExitCode
from vnic_model.explorer import Exploration
from vnic_model.goals import PLANS, Plan, closure
from vnic_model.instances import instance
from vnic_model.machine import Machine
from vnic_model.prover import run as proof
from vnic_model.prover.induction import PROVED, REFUTED, Induction, Obligation, Verdict, obligations
from vnic_model.prover.needs import holds_of_itself, needed
from vnic_spec.mutations import MUTATIONS
from vnic_spec.properties import PROPERTIES
from vnic_spec.properties.of_itself import OF_ITSELF


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What was proved before, by the user or another test, is none of a test's business."""
    monkeypatch.setenv("VNICKIT_CACHE", str(tmp_path / "cache"))


def prove(*words: str) -> Result:
    return CliRunner().invoke(main, ["prove", *words], prog_name="vnickit")


def test_help(golden: Callable[[str, str], None]) -> None:
    golden("prove_help.txt", prove("--help").output)


def test_a_property_with_what_its_proof_rests_on(golden: Callable[[str, str], None]) -> None:
    result = prove("INV-1", "--jobs", "1")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    golden("prove_INV-1.txt", result.stdout)


def test_what_is_taken_from_the_cache_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(*more: str) -> str:
        result = prove("INV-1", "--jobs", "1", *more)
        assert result.exit_code == ExitCode.CONFORMS, result.output
        return " ".join(result.stdout.split())

    assert "cache" not in told()  # nothing was proved before
    document = json.loads(told("--json"))
    decided = [o for entry in document["properties"] for o in entry["obligations"]]
    taken = [o for o in decided if o.get("from_cache")]
    assert len(taken) == len(decided) - sum(entry["trivial"] for entry in document["properties"]) > 0
    assert {o["verdict"] for o in taken} == {"proved"}
    assert document["from_cache"] == len(taken)
    assert f": {len(taken)} taken from the cache of earlier proofs, 0 proved now." in told()
    assert json.loads(told("--json", "--no-cache"))["from_cache"] == 0
    monkeypatch.setattr(proving, "needs_of", lambda goals, jobs: {})
    assert "cache" not in told("--explain")


def test_a_requirement_means_every_property_that_formalises_it() -> None:
    document = json.loads(prove("ADM-4", "SES-3", "--json", "--jobs", "1").stdout)
    asked = [p.name for p in PROPERTIES.values() if {"ADM-4", "SES-3"} & set(p.requirements)]
    assert document["asked"] == asked  # in the order of the specification
    assert {"MON-4", "ADM-2/list", "ADM-4", "SES-3"} <= set(asked)
    by_name = {entry["id"]: entry for entry in document["properties"]}
    assert {entry["verdict"] for entry in by_name.values()} == {"proved"}
    assert set(by_name) == set(closure(tuple(asked)))
    assert by_name["ADM-4"]["lemmas"] == ["SEL-7/ends", "INV-3"]
    assert [o["action"] for o in by_name["ADM-4"]["obligations"]] == ["sets_priority"]
    assert by_name["INV-3"]["method"] == "any N"


def test_a_misreading_is_shown_as_a_step_and_as_the_shortest_run(
    golden: Callable[[str, str], None], tmp_path: Path
) -> None:
    page = tmp_path / "p.html"
    result = prove("--mutate", "no_fence", "--html", str(page))
    assert result.exit_code == ExitCode.VIOLATION, result.output
    text = page.read_text(encoding="utf-8")
    assert escape(result.stdout.rstrip()) in text
    assert text.count("here it leaves the specification") == 1
    assert max(map(len, result.stdout.splitlines())) <= 100
    # Which of several equal pictures is shown is z3's choice; the run is the shortest one, whoever asks.
    picture, _, shortest = result.stdout.partition("The shortest run from the beginning:")
    assert "refuted     property INV-1: No two servers are connected at the same time." in picture
    assert "again       vnickit prove INV-1 --mutate no_fence" in picture.splitlines()
    rows = dict(line.split(maxsplit=1) for line in picture.splitlines() if line.startswith("  connected["))
    assert len(rows) == 2  # two servers matter, and one of them is connected by this step although the other one is
    assert sorted(rows.values()) == [f"{'no':<34}→ yes", "yes"]
    golden("prove_no_fence.txt", shortest)


@pytest.mark.parametrize("more", [(), ("--servers", "2")])
def test_a_proof_that_is_cut_off_says_what_it_has_decided(
    monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    verdict = PROVED

    def some(goals: tuple[str, ...], *, decided: dict[Obligation, Verdict], **more: object) -> object:
        first, *_ = goals
        decided |= {x: Verdict(x, verdict, 0.1) for x in obligations(first)}
        raise KeyboardInterrupt

    for module in (proving, bounded):
        monkeypatch.setattr(module, "prove", some)
    result = prove("INV-3", "INV-1", *more)
    assert result.exit_code == ExitCode.INCONCLUSIVE, result.output
    goals = closure(("INV-1", "INV-3"))
    total = sum(len(obligations(name)) for name in goals)
    words = " ".join(result.stdout.split())
    assert f"{len(obligations(goals[0]))} of {total} obligations are decided" in words
    assert "not decided" in words
    assert "there is no verdict" in result.stderr
    found = json.loads(prove("INV-3", "INV-1", "--json", *more).stdout)
    assert sorted(found["proved"] + found["not_decided"]) == ["INV-1", "INV-3"]
    verdict = REFUTED
    refuted = prove("INV-3", "INV-1", *more)
    assert refuted.exit_code == ExitCode.VIOLATION, refuted.output
    assert f"REFUTED: {obligations(goals[0])[0]}" in " ".join(refuted.stdout.split())


@pytest.mark.parametrize("more", [(), ("--servers", "1")])
def test_a_property_that_nothing_puts_to_the_test_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    """Proved, but for want of an occasion: one whose witness no step of its instance shows."""
    idle = replace(PROPERTIES["ADM-6/activation"], witness=lambda o, s, t, step: o.false, instance="damped")
    monkeypatch.setitem(PROPERTIES, idle.name, idle)
    result = prove(idle.name, "--jobs", "1", *more)
    assert result.exit_code == ExitCode.VIOLATION, result.output
    words = " ".join(result.stdout.split())
    assert "VACUOUS: ADM-6/activation is vacuous: no step of damped with 2 servers puts it to the test" in words
    assert "NOT PROVED: ADM-6/activation." in words
    document = json.loads(prove(idle.name, "--jobs", "1", "--json", *more).stdout)
    assert [entry["id"] for entry in document["vacuous"]] == [idle.name]


def test_what_is_put_to_the_test_is_not_vacuous() -> None:
    assert json.loads(prove("ADM-6/activation", "--jobs", "1", "--json").stdout)["vacuous"] == []


def test_what_a_step_needs() -> None:
    """A lemma that its plan says a step needs, and nothing at all."""
    bare = Induction()
    assert "lemma" in needed(bare, Obligation("MON-7", "server_polls")).hypotheses
    assert needed(bare, Obligation("ADM-5/auto", "server_polls")).hypotheses == frozenset()


def test_a_property_that_needs_nothing_has_to_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(OF_ITSELF, "ADM-5/auto")
    result = prove("ADM-5/auto", "--jobs", "1", "--explain")
    assert result.exit_code == ExitCode.VIOLATION, result.output
    assert "EMPTY: no step of ADM-5/auto needs a hypothesis" in result.stdout
    assert "NOT PROVED: ADM-5/auto." in result.stdout


@pytest.mark.slow
def test_every_reason_belongs_to_a_property_that_needs_nothing() -> None:
    """And no other property needs nothing: the list is complete."""
    bare = Induction()
    assert {name for name in PROPERTIES if PLANS[name].any_number and holds_of_itself(bare, name)} == set(OF_ITSELF)


def test_what_is_not_proved_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLANS, "LIV-3/speaker", Plan(reason="Nobody has found a proof."))
    result = prove("LIV-3/speaker")
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert "LIV-3/speaker: not proved for any N. Nobody has found a proof." in result.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("INV-99",), "no property, requirement or lemma with a proof 'INV-99'; did you mean INV-9"),
        (("--mutate", "no_fense"), "no mutation 'no_fense'; did you mean no_fence"),
        (("--servers", "7"), "--servers takes any, or a number from 1 to 6 (ADM-1), not '7'"),
        (("--servers", "0"), "--servers takes any, or a number from 1 to 6 (ADM-1), not '0'"),
        (("--servers", "two"), "not 'two'"),
    ],
)
def test_wrong_usage_is_one_clear_line(words: tuple[str, ...], says: str) -> None:
    result = prove(*words)
    assert result.exit_code == ExitCode.USAGE
    assert says in result.stderr
    assert "Traceback" not in result.output


WITHOUT_Z3 = """
import sys
sys.modules["z3"] = None  # importing it fails as if it were not installed
from vnic_conformance.cli import main
main(["prove", "INV-1"])
"""


def test_without_the_solver_it_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_Z3], capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.USAGE
    assert "pip install 'vnic-failover-kit[proofs]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTATIONS)
def test_every_misreading_is_refuted_by_a_step_and_a_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of the command but the exploration: which run it gives is shown, for each misreading, by tests/model/test_trace.py.

    Here the command has to ask for that exploration, and for no other. Of a misreading that replaces effects only, just the
    obligations of their actions are decided: those of the others are the specification's, proved below.
    """
    mutation = MUTATIONS[name]
    asked: list[Request] = []

    def unexplored(request: Request) -> Explored:
        asked.append(request)
        return Explored(request, Exploration(Machine(instance("gap", 1))), 0.0)

    def touched(goal: str) -> tuple[Obligation, ...]:
        return tuple(x for x in obligations(goal) if mutation.rules or x.action in mutation.effects)

    monkeypatch.setattr(proving, "run", unexplored)
    monkeypatch.setattr(proof, "obligations", touched)
    refuted = PROPERTIES[mutation.refutes]
    result = prove("--mutate", name, "--json")
    assert result.exit_code == ExitCode.VIOLATION, result.output
    document = json.loads(result.stdout)
    where = instance(mutation.instance or refuted.instance, mutation.servers, mutation=mutation)
    assert asked == [Request(where, mutation, (refuted,))]
    if PLANS[refuted.name].any_number:
        decided = {entry["id"]: entry["obligations"] for entry in document["properties"] if entry["obligations"]}
        broken = [goal for goal, verdicts in decided.items() if verdicts[-1]["verdict"] == "refuted"]
        assert set(broken) <= set(closure((refuted.name,)))
        assert broken
        assert document["counterexample"][0].startswith("refuted ")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["no_fence", "removal_tells_everybody", "silent_from_the_start"])
def test_a_misreading_and_its_run_are_one_document(name: str) -> None:
    """Three whose runs are short: the way from the exploration to the document is one for all."""
    trace = json.loads(prove("--mutate", name, "--json").stdout)["trace"]
    assert trace[0]["property"] == MUTATIONS[name].refutes
    assert trace[0]["requirement"] in PROPERTIES[MUTATIONS[name].refutes].requirements
    assert len(trace) >= 2


@pytest.mark.slow
def test_everything_is_proved_for_any_number_of_servers() -> None:
    result = prove("--json")
    assert result.exit_code == ExitCode.CONFORMS, result.output[-2000:]
    document = json.loads(result.stdout)
    verdicts = {entry["id"]: entry["verdict"] for entry in document["properties"]}
    assert set(PROPERTIES) <= set(verdicts)
    assert {name for name, verdict in verdicts.items() if verdict != "proved"} == set()
    decided = [o for entry in document["properties"] for o in entry["obligations"]]
    assert len(decided) == 4664
    assert document["z3"]
