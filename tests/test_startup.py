"""Verbs that play nothing start without what only playing, exploring and proving need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from vnic_conformance.cases import LONG_SCRIPTS, SCRIPTS
from vnic_conformance.cases.journeys import GENERATED
from vnic_conformance.cli import main
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.features import feature_of
from vnic_conformance.running import book
from vnic_spec.profile import Profile

#: What takes longer to import than a verb may take that only prints.
HEAVY = {"asyncio", "cvc5", "email", "hypothesis", "networkx", "pytest", "z3"}
#: The machine, and what judges by it: needed to play, to explore and to prove.
MACHINE = {
    "vnic_model.codegen",
    "vnic_model.explorer",
    "vnic_model.native",
    "vnic_model.prover",
    "vnic_conformance.oracle",
}
#: What is checked, explored and claimed; a help text names none of it.
CASES = {
    "vnic_conformance.cases",
    "vnic_conformance.reports",
    "vnic_conformance.running",
    "vnic_conformance.targets",
    "vnic_model.instance",
    "vnic_spec.catalogue",
    "vnic_spec.properties",
}
PROGRAM = """
import json, os, sys
words, said = json.loads(sys.argv[1]), sys.stdout
sys.stdout = open(os.devnull, "w")
from vnic_conformance.cli import main
try:
    main(words, prog_name="vnickit")
except SystemExit as end:
    print(json.dumps([end.code, sorted(sys.modules)]), file=said)
"""


def loaded(*words: str, cache: str | None = None) -> set[str]:
    """The modules that a verb has imported when it ends; ``cache`` is where it keeps answers, else where the user does."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(words)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | ({} if cache is None else {"VNICKIT_CACHE": cache}),
    )
    code, modules = json.loads(ran.stdout)
    assert code == 0, ran.stderr
    return set(modules)


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["list", "-k", "CRQ-*", "--phase", "scripted"],
        ["list", "--json", "--phase", "scripted"],
        ["explain", "hold_limit_ms"],
        ["explain", "H_CLOSED"],
        ["explain", "--help"],
        ["list", "--help"],
        ["new-adapter", "--help"],
        ["prove", "--help"],
        ["smoke", "--help"],
        ["judge", "--help"],
        ["monitor", "--help"],
        ["matrix", "--help"],
        ["specification", "--help"],
        ["show", "--help"],
        ["demo", "--help"],
        ["check", "--help"],
        ["replay", "--help"],
        ["score", "--help"],
        ["explore", "--help"],
        ["export", "--help"],
        ["linux", "--help"],
        ["linux", "build", "--help"],
        ["linux", "list", "--help"],
        ["linux", "shell", "--help"],
    ],
    ids=" ".join,
)
def test_what_only_prints_starts_without_the_machine(words: list[str]) -> None:
    assert not loaded(*words) & (HEAVY | MACHINE)


@pytest.mark.parametrize("verb", ["check", "replay", "score", "explore", "export", "judge", "monitor", "show", "demo"])
def test_help_of_a_verb_that_plays_needs_no_case_and_no_action(verb: str) -> None:
    assert not loaded(verb, "--help") & (HEAVY | MACHINE | CASES)


@pytest.mark.parametrize(
    "words",
    [
        ["list", "--phase", "scripted"],
        ["list", "--role", "client", "-k", "CLI-*", "--json"],
        ["explain", "client_reads_init"],
        ["explain", "H_CLOSED", "--json"],
    ],
    ids=" ".join,
)
def test_an_answer_that_is_kept_needs_no_specification(words: list[str], tmp_path: Path) -> None:
    assert "vnic_spec.requirements" in loaded(*words, cache=str(tmp_path))
    again = loaded(*words, cache=str(tmp_path))
    assert not again & (HEAVY | MACHINE | CASES) - {
        "vnic_conformance.running"
    }  # a package, of which one module is needed
    assert [name for name in again if name.startswith("vnic_spec")] == ["vnic_spec"]


def test_a_list_of_instances_needs_neither_explorer_nor_compiler() -> None:
    assert not loaded("explore", "--list") & (HEAVY | MACHINE | {"vnic_conformance.cases", "vnic_conformance.liveness"})


def test_a_stop_while_python_imports_is_quiet() -> None:
    """The first thing that is imported late is where the interruption comes."""
    program = (
        "import sys\n"
        "class Interrupts:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'vnic_conformance.cli':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupts())\n"
        "from vnic_conformance.__main__ import run\n"
        "run()\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == ExitCode.INCONCLUSIVE
    assert ran.stderr == "vnickit: stopped; there is no verdict\n"


@pytest.mark.parametrize("name", ["INV-2/x", "NO-1/such", "CRQ-2/bad-queuess"])
def test_a_name_that_nobody_has_is_answered_without_tours(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for way in ("tours", "toured"):
        monkeypatch.setattr(book, way, lambda *_: pytest.fail("tours are worked out"))
    result = CliRunner().invoke(main, ["explain", name], prog_name="vnickit")
    assert result.exit_code == ExitCode.USAGE
    assert "did you mean" in result.output


def test_the_check_would_notice() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", f"import hypothesis{PROGRAM}", json.dumps(["--help"])],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent,
    )
    assert set(json.loads(ran.stdout)[1]) & HEAVY


@pytest.mark.slow
def test_the_beginning_of_a_script_demands_and_needs_what_all_of_it_does() -> None:
    for name, script in (SCRIPTS | LONG_SCRIPTS).items():
        if name in GENERATED:  # they say themselves what they need, and test_families compares
            continue
        steps = script.steps(Profile())
        assert name in SCRIPTS or len(steps) > 5_000, name
        demanded = dict.fromkeys((script.requirement, *(step.requirement for step in steps if step.requirement)))
        assert script.requirements == tuple(demanded)
        needed = {feature for step in steps if (feature := feature_of(step.stimulus)) is not None}
        assert needed - script.without <= script.features, name
        assert name in SCRIPTS or needed == script.features
    assert not set(LONG_SCRIPTS) & set(SCRIPTS)
