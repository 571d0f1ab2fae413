"""Words of the command line: numbers have bounds, and an option that would be ignored is refused."""

from __future__ import annotations

from collections.abc import Callable

import click
import pytest
from click.testing import Result

from vnic_conformance.cli import VERBS, main
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.options import Real, Whole, real, whole

Kit = Callable[..., Result]

REFERENCE = "python:vnic_reference.adapter:Adapter"
CHECK = ("check", "--adapter", REFERENCE)
HUGE = "1" + "0" * 5000


@pytest.mark.parametrize("value", ["nan", "-nan", "inf", "-inf", "1e9", "-1", "", "x", HUGE, "1e400"])
def test_what_is_no_number_within_bounds(value: str) -> None:
    assert real(value, 0.001, 1000) is None
    assert whole(value, 0, 1000) is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((*CHECK, "--time-scale", "nan"), "'nan' is not a number from 0.001 to 1000"),
        ((*CHECK, "--time-scale", "1e9"), "from 0.001 to 1000"),
        ((*CHECK, "--longest-wait", "inf"), "from 0 to 86400"),
        ((*CHECK, "--steps", HUGE), "(5001 characters)' is not a whole number from 0 to 1000000000"),
        ((*CHECK, "--seed", HUGE), "from -999999999999 to 999999999999"),
        ((*CHECK, "--servers", "0"), "from 1 to 999"),
        ((*CHECK, "--profile", f"gap_ms={10**29}"), "must be integer 1..86400000"),
        ((*CHECK, "--profile", "hold_limit_ms=-1"), "must be integer 1..86400000 | None"),
        (("smoke", "--adapter", REFERENCE, "--time-scale", "inf"), "from 0.001 to 1000"),
        (("score", "--seeds", "1001"), "from 1 to 1000"),
        (("score", "--steps", "-1"), "from 0 to 1000000000"),
        (("explore", "--at-most", HUGE), "from 1 to 1099511627776"),
        (("explore", "--memory", HUGE), "--memory"),
        (("explore", "--client-depth", "65"), "--client-depth"),
        (("export", "--to", "smv", "--server-depth", "65"), "--server-depth"),
        (("export", "--to", "smv", "--servers", "7"), "a vNIC has 1 to 6"),
        (("prove", "--jobs", "0"), "--jobs"),
        (("smoke", "--adapter", "tcp:127.0.0.1:99999"), "is not of the form tcp:host:port"),
        (("smoke", "--adapter", f"tcp:127.0.0.1:{HUGE}"), "is not of the form tcp:host:port"),
        ((*CHECK, "--profile", f"grace={HUGE}"), "must be integer 1..1000, not '1000000"),
        ((*CHECK, "--profile", f"indirect_limit={HUGE}"), "must be 16 | 128, not '1000000"),
        ((*CHECK, "--profile", f"event_full={HUGE}"), "must be OVERLAY | DEFER, not '1000000"),
        ((*CHECK, "--profile", f"{HUGE}=1"), "no profile parameter '1000000"),
        (("explore", "--profile", f"grace={HUGE}"), "must be integer 1..1000, not '1000000"),
        (("export", "--to", "smv", "--profile", f"gap_ms=-{HUGE}"), "must be integer 1..86400000, not '-1000000"),
        (("prove", "--servers", HUGE), "--servers takes any, or a number from 1 to 6"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, tuple) else "",
)
def test_a_number_beyond_its_bounds_is_told_them(words: tuple[str, ...], says: str, vnickit: Kit) -> None:
    result = vnickit(*words)
    assert result.exit_code == ExitCode.USAGE, result.output
    assert says in " ".join(result.stderr.split())
    assert len(result.stderr) < 12_000
    assert "set_int_max_str_digits" not in result.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((*CHECK, "--phase", "scripted", "--steps", "5"), "--steps: only the phases hypothesis and walk are random"),
        ((*CHECK, "--phase", "scripted", "--seed", "5"), "--seed: only the phases"),
        ((*CHECK, "--phase", "tour", "--servers", "2"), "--servers: only the phases"),
        ((*CHECK, "--phase", "walk", "--longest-wait", "5"), "--longest-wait: the adapter's clock is virtual"),
        (("score", "--phase", "scripted", "--seeds", "2"), "--seeds: only the phases"),
        (("score", "--phase", "tour", "--steps", "2"), "--steps: only the phases"),
        (("linux", "check", "--seed", "2"), "--seed: only the phase hypothesis is random"),
        (("linux", "check", "--phase", "tour", "--steps", "2"), "--steps: only the phase hypothesis"),
        (
            ("linux", "survey", "--phase", "scripted", "--stride", "2"),
            "--stride: events are injected in the phase tour",
        ),
        (("linux", "bugs", "--jobs", "2"), "--jobs: nothing is played without --hunt"),
        (("linux", "bugs", "--out", "x.md"), "--output: nothing is played without --hunt"),
    ],
    ids=lambda value: " ".join(value)[-60:] if isinstance(value, tuple) else "",
)
def test_an_option_that_would_be_ignored_is_refused(words: tuple[str, ...], says: str, vnickit: Kit) -> None:
    result = vnickit(*words)
    assert result.exit_code == ExitCode.USAGE, result.output
    assert says in " ".join(result.stderr.split())


@pytest.mark.parametrize("values", [("3", "4"), ("3", "3"), (" 3", "x")])
@pytest.mark.parametrize("verb", [CHECK, ("explore",), ("export", "--to", "smv")], ids=lambda verb: verb[0])
def test_a_decision_that_is_given_twice_is_refused(
    verb: tuple[str, ...], values: tuple[str, str], vnickit: Kit
) -> None:
    first, second = values
    result = vnickit(*verb, "--profile", f"grace={first}", "--profile", f"grace ={second}")
    assert result.exit_code == ExitCode.USAGE, result.output
    assert f"--profile grace is given twice, as '{first.strip()}' and '{second}'" in result.stderr


def test_every_verb_with_a_profile_is_among_them() -> None:
    commands = {verb.name: main.get_command(click.Context(main), verb.name) for verb in VERBS}
    with_it = {name for name, made in commands.items() if made and "profile" in {p.name for p in made.params}}
    assert with_it == {"check", "explore", "export"}


@pytest.mark.parametrize("option", ["--servers", "--longest-wait"])
def test_role_system_refuses_what_it_does_not_read(option: str, vnickit: Kit) -> None:
    adapter = "python:vnic_reference.system.adapter:SystemAdapter"
    result = vnickit("check", "--adapter", adapter, option, "2")
    assert result.exit_code == ExitCode.USAGE, result.output
    assert f"{option}: " in result.stderr


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_every_number_of_every_verb_has_two_bounds(verb: str) -> None:
    command = main.get_command(click.Context(main), verb)
    assert command is not None
    for option in command.params:
        if verb in ("explore", "export") and option.name == "servers":
            continue  # the instance itself has 1 to 6 of them
        kind = option.type
        assert kind.name not in ("integer", "float"), option.name
        if isinstance(kind, click.IntRange | click.FloatRange):
            assert isinstance(kind, Whole | Real) or None not in (kind.min, kind.max), option.name


#: Verbs whose options all go together: each says what to read, how to show it or how long to wait. None makes another one
#: idle; a new option has to be thought about before it stands here.
TOGETHER = {
    "replay": {"file", "adapter", "case", "time_scale", "as_json", "html"},
    "judge": {"file", "as_json"},
    "monitor": {"file", "untouched", "as_json"},
    "list": {"globs", "phases", "as_json", "role"},
    "matrix": {"log", "proofs", "globs", "as_json", "html"},
    "smoke": {"spec", "time_scale", "as_json"},
    "new-adapter": {"directory", "lang", "role"},
    "explain": {"name", "as_json"},
    "demo": {"with_linux"},
    "specification": {"out"},
    "linux adapter": {"driver", "kasan", "bug", "xics"},
    "linux build": {"driver", "kasan", "bug"},
    "linux list": set(),
    "linux shell": {"driver", "kasan", "bug", "xics", "debug", "around"},
}
#: Verbs with options that do not: test_options_together.py has a table for each, or the tests above.
NOT_ALL = {
    "check", "score", "show", "prove", "explore", "export", "linux check", "linux survey", "linux bugs",
}  # fmt: skip


def commands() -> dict[str, click.Command]:
    """Every command by its words, those of a group one by one."""
    found: dict[str, click.Command] = {}
    for verb in VERBS:
        command = main.get_command(click.Context(main), verb.name)
        assert command is not None
        if isinstance(command, click.Group):
            found |= {f"{verb.name} {name}": one for name, one in command.commands.items()}
        else:
            found[verb.name] = command
    return found


def test_every_verb_has_its_place() -> None:
    assert commands().keys() == TOGETHER.keys() | NOT_ALL


@pytest.mark.parametrize("verb", TOGETHER)
def test_verbs_whose_options_all_go_together_have_no_others(verb: str) -> None:
    assert {parameter.name for parameter in commands()[verb].params} == TOGETHER[verb]
