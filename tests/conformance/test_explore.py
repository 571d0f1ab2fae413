"""``vnickit explore``: verdicts, exit codes, output, and errors that say what to type instead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pytest
from click.testing import CliRunner, Result
from markupsafe import escape

from vnic_conformance.cli import main
from vnic_conformance.commands.explore import running
from vnic_conformance.exit_codes import ExitCode
from vnic_model.instance import Instance
from vnic_model.machine import Machine
from vnic_model.native import NativeExploration, compiler
from vnic_model.replay import replay
from vnic_model.trace import Trace


def vnickit(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), prog_name="vnickit")


def test_help_teaches_with_examples(golden: Callable[[str, str], None]) -> None:
    golden("explore_help.txt", vnickit("explore", "--help").output)


def test_an_exhausted_instance_holds(golden: Callable[[str, str], None]) -> None:
    result = vnickit("explore", "--servers", "1")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    golden("explore_core_1.txt", result.stdout)
    assert result.stderr == ""


def test_a_mutation_is_refuted_by_its_trace(golden: Callable[[str, str], None], tmp_path: Path) -> None:
    file = tmp_path / "p.html"
    result = vnickit("explore", "--mutate", "no_fence", "--html", str(file))
    assert result.exit_code == ExitCode.VIOLATION
    page = file.read_text(encoding="utf-8")
    assert escape(result.stdout.rstrip()) in page
    assert page.count("here it leaves the specification") == 1
    golden("explore_no_fence.txt", result.stdout)


def test_a_bound_makes_it_inconclusive() -> None:
    result = vnickit("explore", "--at-most", "500")
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert "NOT EXHAUSTED" in result.stdout


def test_an_action_that_never_fires_makes_it_inconclusive() -> None:
    result = vnickit("explore", "--instance", "gap", "--servers", "1", "--profile", "crossing=hold")
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert "SILENT: no violation, but gap_ends never fired" in result.stdout
    assert "gap_ends                               0   never" in result.stdout


# --- engines ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def programs(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled programs are kept from one test to the next, as they are for a user."""
    monkeypatch.setenv("VNICKIT_CACHE", str(tmp_path_factory.getbasetemp() / "programs"))


needs_compiler = pytest.mark.skipif(
    compiler() is None, reason="there is no C compiler here; exploring in Python needs none"
)


@needs_compiler
def test_both_engines_say_the_same_and_which_they_are(programs: None) -> None:
    python, c = (vnickit("explore", "--servers", "1", "--engine", engine).stdout for engine in ("python", "c"))
    ours = re.compile(r"^(time|explored by) .*\n", flags=re.MULTILINE)
    assert ours.sub("", python) == ours.sub("", c)
    assert "\nexplored by     Python\n" in python
    assert re.search(r"^explored by     C, compiled by .*; \d+ MiB, [\d.]+ bytes per state$", c, flags=re.MULTILINE)


@needs_compiler
def test_a_trace_found_in_c_is_the_same_trace(tmp_path: Path) -> None:
    files = [tmp_path / "python.jsonl", tmp_path / "c.jsonl"]
    for file in files:
        words = ("--mutate", "free_unnoticed", "--engine", file.stem, "--trace", str(file))
        assert vnickit("explore", *words).exit_code == ExitCode.VIOLATION
    assert files[0].read_text(encoding="utf-8") == files[1].read_text(encoding="utf-8")


@needs_compiler
def test_auto_turns_to_c_when_there_are_many_states_and_stays_in_python_where_there_are_few(
    programs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert json.loads(vnickit("explore", "--servers", "1", "--json").stdout)["engine"] == "python"
    monkeypatch.setattr(running, "FEW", 1_000)
    found = json.loads(vnickit("explore", "--servers", "1", "--json").stdout)
    assert (found["engine"], found["states"], found["verdict"]) == ("c", 2_058, "holds")


def test_auto_says_that_there_is_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "/nowhere/at/all/cc")
    monkeypatch.setattr(running, "FEW", 1_000)
    result = vnickit("explore", "--servers", "1")
    assert result.exit_code == ExitCode.CONFORMS
    assert "explored by     Python, for want of a C compiler\n" in result.stdout


def test_auto_says_that_a_compiler_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "false")
    monkeypatch.setattr(running, "FEW", 1_000)
    result = vnickit("explore", "--servers", "1")
    assert result.exit_code == ExitCode.CONFORMS
    assert (
        "note: false does not compile the explorer: exit code 1, and no program; exploring in Python" in result.stderr
    )


def test_c_without_a_compiler_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "/nowhere/at/all/cc")
    result = vnickit("explore", "--engine", "c")
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert "there is no C compiler: neither CC nor cc names one; explore with --engine python" in result.stderr


def test_the_bound_on_memory_makes_it_inconclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(machine: Instance, properties: object, *, mebibytes: int, **more: object) -> NativeExploration:
        return NativeExploration(
            Machine(machine), states=70_000, depth=9, out_of_memory=True, bytes_used=mebibytes << 20
        )

    monkeypatch.setattr(running, "explore_native", full)
    result = vnickit("explore", "--engine", "c", "--memory", "1")
    assert result.exit_code == ExitCode.INCONCLUSIVE
    said = " ".join(result.stdout.split())
    assert (
        "no violation up to depth 9, but 70,000 states fill the memory that was allowed; allow more with --memory"
        in said
    )
    assert "1 MiB, 15.0 bytes per state" in said


@pytest.mark.slow
def test_symmetry_is_said_and_takes_fewer_states() -> None:
    words = ("explore", "--instance", "damped", "--profile", "tie_break=any", "--profile", "preempt_delay_ms=1000")
    whole, reduced = (json.loads(vnickit(*words, "--json", *more).stdout) for more in ((), ("--symmetry",)))
    assert (whole["verdict"], reduced["verdict"], reduced["symmetry"]) == ("holds", "holds", True)
    assert 0.5 <= reduced["states"] / whole["states"] < 0.6
    assert reduced["silent"] == whole["silent"]
    said = vnickit(*words, "--symmetry").stdout
    assert "symmetry        one state stands for up to 2, which differ in the servers' names only\n" in said


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["--instance", "gap"], "--symmetry: tie_break = oldest tells servers apart by their order on the list"),
        (["--instance", "gap", "--profile", "tie_break=port"], "--symmetry: servers are told apart by their ports"),
        (
            ["--instance", "gap", "--profile", "tie_break=any"],
            "differ by what nothing changes there, such as their prior",
        ),
        (["--liveness"], "--symmetry goes with neither --liveness nor --graph"),
    ],
    ids=["order", "ports", "priorities", "liveness"],
)
def test_symmetry_is_refused_where_nothing_is_gained(words: list[str], advice: str) -> None:
    result = vnickit("explore", "--symmetry", *words)
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert advice in result.stderr


# --- verdicts --------------------------------------------------------------------------------------------------------


def test_a_misreading_that_is_not_refuted_is_said_so() -> None:
    result = vnickit("explore", "--mutate", "no_fence", "--servers", "1")
    assert result.exit_code == ExitCode.CONFORMS
    assert "HOLDS, even under the misreading no_fence" in result.stdout


def test_json_holds_the_same(tmp_path: Path) -> None:
    result = vnickit("explore", "--mutate", "no_fence", "--json")
    assert result.exit_code == ExitCode.VIOLATION
    found = json.loads(result.stdout)
    assert (found["verdict"], found["violated"], found["mutation"]) == ("violated", "INV-1", "no_fence")
    trace = "".join(json.dumps(line) + "\n" for line in found["trace"])
    assert replay(Trace.load(trace)).header.property == "INV-1"

    held = json.loads(vnickit("explore", "--servers", "1", "--json").stdout)
    assert (held["verdict"], held["violated"], held["trace"], held["silent"]) == ("holds", None, None, [])
    assert held["complete"]
    assert sum(held["fired"].values()) == held["transitions"]
    assert "ADM-2" in held["not_exercised"]


def test_a_trace_is_written_and_replays(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    assert vnickit("explore", "--mutate", "no_fence", "--trace", str(file)).exit_code == ExitCode.VIOLATION
    assert replay(Trace.load(file.read_text(encoding="utf-8"))).header.mutation == "no_fence"


def test_a_trace_that_cannot_be_written_takes_no_verdict_away() -> None:
    result = vnickit("explore", "--mutate", "no_fence", "--trace", "/dev/full")
    assert result.exit_code == ExitCode.VIOLATION
    assert "no_fence" in result.stdout
    assert "vnickit: /dev/full could not be written" in result.stderr


def test_without_a_violation_no_trace_is_written(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    result = vnickit("explore", "--servers", "1", "--trace", str(file))
    assert result.exit_code == ExitCode.CONFORMS
    assert not file.exists()
    assert "is not written" in result.stderr


def test_a_mutation_can_be_held_against_every_property() -> None:
    result = vnickit("explore", "--mutate", "no_fence", "--all-properties", "--json")
    found = json.loads(result.stdout)
    assert found["verdict"] == "violated"
    assert len(found["properties"]) > 20


def test_the_command_in_a_trace_finds_it_again() -> None:
    first = vnickit("explore", "--mutate", "no_fence", "--servers", "3", "--server-depth", "1").stdout
    line = next(line for line in first.splitlines() if line.startswith("again "))
    assert line == "again          vnickit explore --mutate no_fence --servers 3 --server-depth 1"
    again = vnickit(*line.split()[2:]).stdout
    assert again.split("found after")[0] == first.split("found after")[0]


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["--instance", "cor"], "no instance 'cor'; did you mean core?"),
        (["--instance", "xyzzy"], "no instance 'xyzzy'; there are: core, "),
        (["--mutate", "drop_event"], "no mutation 'drop_event'; did you mean drop_event_on_full"),
        (["--servers", "0"], "servers is 0; a vNIC has 1 to 6 (ADM-1)"),
        (["--servers", "7"], "servers is 7; a vNIC has 1 to 6 (ADM-1)"),
        (["--servers", "two"], "'two' is not a valid integer"),
        (["--profile", "event_ful=defer"], "no profile parameter 'event_ful'; did you mean event_full?"),
        (["--profile", "event_full=drop"], "profile parameter event_full (CRQ-7) must be OVERLAY | DEFER, not 'drop'"),
        (["--profile", "event_full"], "--profile takes NAME=VALUE, not 'event_full'"),
        (["--at-most", "0"], "'0' is not a whole number from 1 to "),
        (["--client-depth", "0"], "0 is not in the range 1<=x<=64"),
        (["--trace", "/nowhere/at/all/t.jsonl"], "there is no directory /nowhere/at/all"),
    ],
    ids=" ".join,
)
def test_wrong_words_are_answered_with_advice(words: list[str], advice: str) -> None:
    result = vnickit("explore", *words)
    assert result.exit_code == ExitCode.USAGE
    assert advice in result.stderr
    assert result.stdout == ""


def test_interventions_are_counted() -> None:
    none = json.loads(vnickit("explore", "--servers", "1", "--interventions", "0", "--json").stdout)
    some = json.loads(vnickit("explore", "--servers", "1", "--interventions", "2", "--json").stdout)
    assert (none["interventions"], some["interventions"]) == (0, 2)
    assert 0 < none["states"] < some["states"]
    assert none["verdict"] == "silent", "crashes are interventions, and there is none"
    assert "; at most 2 interventions" in vnickit("explore", "--servers", "1", "--interventions", "2").stdout
    trace = vnickit("explore", "--mutate", "no_fence", "--interventions", "3").stdout
    assert "vnickit explore --mutate no_fence --interventions 3" in " ".join(trace.split())
    refused = vnickit("explore", "--liveness", "--servers", "1", "--interventions", "2")
    assert "every endless run is calm" in " ".join(refused.stdout.split())
    assert refused.stdout.count("MEANS NOTHING HERE") == 2


def test_a_number_that_the_machine_does_not_read_is_said_to_change_nothing() -> None:
    result = vnickit("explore", "--servers", "1", "--profile", "grace=5")
    assert "note: grace changes nothing" in result.stderr
    assert result.exit_code == ExitCode.CONFORMS


def test_the_list_names_everything() -> None:
    result = vnickit("explore", "--list")
    assert result.exit_code == ExitCode.CONFORMS
    for word in ("core", "admin", "drop_event_on_full", "violates INV-2"):
        assert word in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_progress_goes_to_standard_error() -> None:
    result = vnickit("explore", "--servers", "1", "--progress")
    assert "states/s" not in result.stderr.replace("depth", "") or "depth" in result.stderr
    assert "depth 1:" not in result.stdout


def test_there_is_no_colour_without_a_terminal() -> None:
    assert "\x1b" not in vnickit("explore", "--mutate", "no_fence").output


# --- what must happen eventually -------------------------------------------------------------------------------------


def test_progress_holds_under_assumptions_that_are_said(golden: Callable[[str, str], None], tmp_path: Path) -> None:
    file = tmp_path / "p.html"
    result = vnickit("explore", "--liveness", "--servers", "1", "--html", str(file))
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert escape(result.stdout.rstrip()) in file.read_text(encoding="utf-8")
    golden("explore_liveness.txt", re.sub(r"\([0-9.]+ s\)", "(0.0 s)", result.stdout))


def test_a_misreading_is_refuted_by_a_run_without_end(tmp_path: Path) -> None:
    file = tmp_path / "lasso.jsonl"
    result = vnickit("explore", "--liveness", "--mutate", "both_wait_after_02", "--trace", str(file))
    assert result.exit_code == ExitCode.VIOLATION
    assert "back to step 9, for ever: LIV-1 is violated" in result.stdout
    assert replay(Trace.load(file.read_text(encoding="utf-8"))).header.loop == 9
    shown = vnickit("show", str(file))
    assert shown.exit_code == ExitCode.CONFORMS
    assert shown.stdout.strip() in result.stdout


def test_a_dead_end_is_shown_by_the_steps_into_it() -> None:
    words = ("--instance", "core", "--servers", "1", "--mutate", "server_waits_after_02")
    result = vnickit("explore", "--liveness", *words)
    assert result.exit_code == ExitCode.VIOLATION
    assert "LIV-3: the steps into a dead end" in result.stdout


def test_a_dropped_assumption_is_said_to_be_dropped() -> None:
    result = vnickit("explore", "--liveness", "--servers", "1", "--without", "patient", "--json")
    assert result.exit_code == ExitCode.VIOLATION
    one, two, three = json.loads(result.stdout)["liveness"]
    assert (one["verdict"], two["verdict"], three["verdict"]) == ("refuted", "holds", "holds")
    assert "patient" not in {a["name"] for a in one["assumed"]}
    assert json.loads(one["trace"][0])["without"] == ["patient"]


def test_progress_beyond_a_bound_is_no_verdict() -> None:
    result = vnickit("explore", "--liveness", "--servers", "1", "--at-most", "50")
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert "LIV-1  NOT DECIDED" in result.stdout


def test_what_means_nothing_is_not_called_true() -> None:
    result = vnickit("explore", "--liveness", "--instance", "gap", "--servers", "1")
    assert result.exit_code == ExitCode.CONFORMS
    assert "LIV-1  MEANS NOTHING HERE" in result.stdout
    assert "LIV-2  HOLDS" in result.stdout


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["--liveness", "--without", "patence"], "no assumption 'patence'; did you mean patient?"),
        (["--without", "patient"], "--without drops an assumption about endless runs; add --liveness"),
        (["--mutate", "report_forgives"], "no single state or step refutes report_forgives, an endless run does"),
    ],
    ids=" ".join,
)
def test_what_speaks_of_endless_runs_wants_liveness(words: list[str], advice: str) -> None:
    result = vnickit("explore", *words)
    assert result.exit_code == ExitCode.USAGE
    assert advice in result.stderr


# --- the state graph -------------------------------------------------------------------------------------------------


def test_the_graph_is_written(tmp_path: Path) -> None:
    file = tmp_path / "core.graphml"
    result = vnickit("explore", "--servers", "1", "--graph", str(file))
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert len(nx.read_graphml(file)) == 2_058
    assert "2,058 states and" in result.stdout


def test_a_quotient_of_it_is_written_for_graphviz(tmp_path: Path) -> None:
    file = tmp_path / "core.dot"
    result = vnickit("explore", "--servers", "1", "--graph", str(file), "--quotient", "crq, phase")
    assert result.exit_code == ExitCode.CONFORMS, result.output
    assert 'label="crq = OPEN\\nphase = LOGGED_IN"' in file.read_text(encoding="utf-8")


def test_a_graph_that_is_too_large_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "core.dot"
    result = vnickit("explore", "--graph", str(file), "--at-most", "1000")
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert "NOT WRITTEN: more than 1,000 states are reachable" in result.stdout
    assert not file.exists()


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["--graph", "core.png"], "the name has to end in .graphml or .dot"),
        (["--graph", "core.dot", "--quotient", "status"], "a state has no attribute 'status'; it has crq, "),
        (["--graph", "/nowhere/at/all/core.dot"], "/nowhere/at/all/core.dot"),
        (["--quotient", "crq"], "add --graph FILE"),
        (["--graph", "core.dot", "--liveness"], "it goes with neither --liveness nor --trace nor --json"),
    ],
    ids=" ".join,
)
def test_a_graph_that_cannot_be_is_refused(words: list[str], advice: str) -> None:
    result = vnickit("explore", "--servers", "1", *words)
    assert result.exit_code == ExitCode.USAGE
    assert advice in result.stderr
