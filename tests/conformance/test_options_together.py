"""Options that do not go together are refused: every pair, by a table of what goes together that is written here once more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import Result

from vnic_conformance import instance_list
from vnic_conformance.commands.explore import below, exploring, mutants
from vnic_conformance.commands.export import exporting
from vnic_conformance.exit_codes import ExitCode

Kit = Callable[..., Result]

#: What each option is followed by here; None: it is a flag, or the word itself.
PROVE: Mapping[str, str | None] = {
    "INV-1": None,
    "--servers": "2",
    "--mutate": "no_fence",
    "--json": None,
    "--jobs": "1",
    "--certify": "new",
    "--recheck": ".",
    "--find-lemmas": None,
    "--naive": None,
    "--no-cache": None,
    "--progress": None,
}
#: Whatever is within one of these goes together; nothing else does.
PROVE_MODES = (
    {"INV-1", "--no-cache", "--json", "--jobs", "--progress"},
    {"INV-1", "--servers", "--json", "--jobs", "--progress"},
    {"INV-1", "--servers", "--mutate", "--json", "--progress"},
    {"INV-1", "--certify", "--json", "--jobs", "--progress"},
    {"INV-1", "--recheck", "--json", "--jobs", "--progress"},
    {"--find-lemmas", "--json", "--progress"},
    {"INV-1", "--naive", "--json", "--jobs", "--progress"},
)

MACHINE: Mapping[str, str | None] = {
    "--instance": "core",
    "--servers": "1",
    "--mutate": "no_fence",
    "--profile": "reopen=reselect",
    "--client-depth": "2",
    "--server-depth": "2",
    "--interventions": "2",
    "--at-most": "9",
}
EXPLORE: Mapping[str, str | None] = {
    **MACHINE,
    "--all-properties": None,
    "--engine": "c",
    "--memory": "9",
    "--symmetry": None,
    "--liveness": None,
    "--without": "patient",
    "--graph": "g.dot",
    "--quotient": "crq",
    "--trace": "t.jsonl",
    "--below": None,
    "--mutants": None,
    "--operators": "semantic",
    "--sample": "9",
    "--out": "r.md",
    "--json": None,
    "--list": None,
    "--progress": None,
}
EXPLORE_MODES = (
    {*MACHINE, "--all-properties", "--engine", "--memory", "--symmetry", "--trace", "--json", "--progress"},
    {*MACHINE, "--all-properties", "--liveness", "--without", "--trace", "--json", "--progress"},
    {*MACHINE, "--graph", "--quotient"},
    {"--below", "--servers", "--mutate", "--all-properties", "--interventions", "--at-most", "--json"},
    {"--mutants", "--instance", "--servers", "--at-most", "--operators", "--sample", "--out", "--json", "--progress"},
    {"--list"},
)
#: What means nothing without another one.
COMPANION = {
    "--without": "--liveness",
    "--quotient": "--graph",
    "--out": "--mutants",
    "--operators": "--mutants",
    "--sample": "--mutants",
    "--all-properties": "--mutate",
}


def words(options: Mapping[str, str | None], names: set[str]) -> list[str]:
    return [word for name in options if name in names for word in (name, options[name]) if word is not None]


def goes(names: set[str], modes: tuple[set[str], ...]) -> bool:
    return any(names <= mode for mode in modes)


def pairs(options: Mapping[str, str | None]) -> Iterator[set[str]]:
    for pair in combinations(options, 2):
        yield {*pair, *(COMPANION[name] for name in pair if name in COMPANION)}


@pytest.fixture
def nothing_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever prove would do for seconds is done at once."""
    pytest.importorskip("z3")
    from vnic_conformance.commands.prove import again, bounded, certificates, finding, proving

    for module, names in (
        (bounded, ("prove_all", "refute_misreading")),
        (proving, ("prove_all", "refute_misreading")),
        (certificates, ("certify", "recheck")),
        (finding, ("find",)),
        (again, ("prove_again",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, lambda *given, **named: ExitCode.CONFORMS)


def test_every_pair_of_prove(vnickit: Kit, nothing_proved: None) -> None:
    for names in pairs(PROVE):
        result = vnickit("prove", *words(PROVE, names))
        assert result.exit_code == (0 if goes(names, PROVE_MODES) else ExitCode.USAGE), (names, result.output)


@pytest.fixture
def nothing_explored(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        (below, "explored_below"),
        (mutants, "show_mutants"),
        (instance_list, "list_instances"),
        *((exploring, name) for name in ("export", "_endless", "show_result", "_write")),
    ):
        monkeypatch.setattr(module, name, lambda *given, **named: ExitCode.CONFORMS)

    class Done:
        found = SimpleNamespace(violation=None)
        trace = None
        code = ExitCode.CONFORMS

    monkeypatch.setattr(exploring, "run", lambda *given, **named: Done())
    monkeypatch.setattr(exploring, "plain", lambda *given: {})


def test_every_pair_of_explore(vnickit: Kit, nothing_explored: None) -> None:
    for names in pairs(EXPLORE):
        result = vnickit("explore", *words(EXPLORE, names))
        assert result.exit_code == (0 if goes(names, EXPLORE_MODES) else ExitCode.USAGE), (names, result.output)


@pytest.mark.parametrize("option", COMPANION)
def test_what_means_nothing_alone_is_refused(option: str, vnickit: Kit) -> None:
    result = vnickit("explore", *words(EXPLORE, {option}))
    assert result.exit_code == ExitCode.USAGE
    assert f"add {COMPANION[option]}" in result.stderr


def test_memory_bounds_the_c_engine(vnickit: Kit) -> None:
    assert vnickit("explore", "--memory", "9", "--engine", "python").exit_code == ExitCode.USAGE


def test_every_pair_of_export(vnickit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "exported", lambda *given, **named: "")
    options = {name: value for name, value in MACHINE.items() if name not in ("--interventions", "--at-most")}
    options |= {"--properties": None, "--out": "x.pml"}
    for names in combinations(options, 2):
        assert vnickit("export", "--to", "promela", *words(options, set(names))).exit_code == 0, names


def test_a_decision_is_given_once(vnickit: Kit) -> None:
    result = vnickit("explore", "--profile", "reopen=keep", "--profile", "reopen = reselect")
    assert result.exit_code == ExitCode.USAGE
    assert "--profile reopen is given twice" in result.stderr


GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize(
    ("more", "code"), [((), 0), (("--as", "json"), 0), (("--as", "log"), 2), (("--case", "INV-2"), 2)]
)
def test_what_show_can_do_with_a_trace(more: tuple[str, ...], code: int, vnickit: Kit) -> None:
    result = vnickit("show", GOLDEN / "trace_reselect_at_open.jsonl", *more)
    assert result.exit_code == code
    assert ("is for logs of vnickit check" in result.stderr) == bool(code)


@pytest.mark.parametrize("name", ["inv-1", "Inv-1", "INV-1", "crq-13", "sel-7/ENDS", "Nothing-Follows-the-Event"])
def test_a_name_is_known_in_any_case_of_letters(name: str, vnickit: Kit, nothing_proved: None) -> None:
    assert vnickit("prove", name).exit_code == 0


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (("prove", "inv-99"), "INV-9"),
        (("prove", "--mutate", "NO_FENSE"), "no_fence"),
        (("explore", "--instance", "CORRE"), "core"),
        (("explore", "--mutate", "no-fence"), "no_fence"),
        (("explore", "--liveness", "--without", "patien"), "patient"),
        (("explore", "--profile", "reopenn=keep"), "reopen"),
        (("export", "--to", "smv", "--instance", "gapp"), "gap"),
        (("export", "--to", "smv", "--mutate", "no_fenc"), "no_fence"),
    ],
)
def test_what_nobody_knows_resembles_something(words: tuple[str, ...], near: str, vnickit: Kit) -> None:
    result = vnickit(*words)
    assert result.exit_code == ExitCode.USAGE
    assert "did you mean" in result.stderr
    assert near in result.stderr.partition("did you mean")[2]


@pytest.mark.parametrize("servers", ["0", "7", "1000000000000000000000000000000", "-1"])
def test_a_number_of_servers_that_no_vnic_has(servers: str, vnickit: Kit) -> None:
    for verb in (("explore",), ("export", "--to", "smv"), ("prove",), ("explore", "--mutants")):
        result = vnickit(*verb, f"--servers={servers}")
        assert result.exit_code == ExitCode.USAGE
        assert "1 to 6" in result.stderr
