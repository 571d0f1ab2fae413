"""Exploring in generated C says what exploring in Python says: counts, answers, verdicts, the same shortest paths.

Nothing here is compared with a recorded figure: both explorers run, and what they found is compared whole. The figures
themselves are pinned in test_model_counts.py.
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from vnic_model.explorer import Exploration, explore
from vnic_model.expression import Builder, Node
from vnic_model.instances import SCENARIOS, claims, instance
from vnic_model.machine import Machine
from vnic_model.native import NativeError, compiler, engine, explore_native
from vnic_model.native.narrowing import Ranges, Simplifier, reachable_values
from vnic_model.native.source import Source, source
from vnic_spec.mutations import MUTATIONS
from vnic_spec.properties import PROPERTIES
from vnic_spec.vocabulary import Belief, ClientPhase

Explored = Callable[[str, int], Exploration]

needs_compiler = pytest.mark.skipif(
    compiler() is None, reason="there is no C compiler here; exploring in Python needs none"
)


@pytest.fixture(autouse=True)
def programs(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled programs are kept from one test to the next, and not among the user's."""
    monkeypatch.setenv("VNICKIT_CACHE", str(tmp_path_factory.getbasetemp() / "programs"))


def same(native: Exploration, python: Exploration) -> None:
    assert (native.states, native.transitions, native.depth) == (python.states, python.transitions, python.depth)
    assert native.fired == python.fired
    assert native.complete == python.complete
    assert native.violation is python.violation
    assert native.path == python.path


# --- the same exploration ------------------------------------------------------------------------------------------


@needs_compiler
@pytest.mark.parametrize(
    "name", [n if n in ("core", "gap") else pytest.param(n, marks=pytest.mark.slow) for n in SCENARIOS]
)
def test_one_server(name: str, explored: Explored) -> None:
    native = explore_native(instance(name, 1), claims(name))
    same(native, explored(name, 1))
    assert native.answers.keys() == explored(name, 1).answers.keys()
    assert sum(native.answers.values()) == native.transitions


#: Python would take minutes for the others; their counts are pinned in test_model_counts.py.
COMPARED = tuple(name for name in SCENARIOS if name not in ("all", "data"))


@needs_compiler
@pytest.mark.slow
@pytest.mark.parametrize("name", COMPARED)
def test_two_servers(name: str, explored: Explored) -> None:
    native = explore_native(instance(name, 2), claims(name))
    same(native, explored(name, 2))
    assert native.answers.keys() == explored(name, 2).answers.keys()


#: One in six: what is compared is the explorers, and each mutation explores the same machine but for one rule.
SAMPLE = sorted({"free_unnoticed", "no_fence", "no_hold", *list(MUTATIONS)[::6]})


@needs_compiler
@pytest.mark.parametrize(
    "name", [n if n == "free_unnoticed" else pytest.param(n, marks=pytest.mark.slow) for n in SAMPLE]
)
def test_a_mutation_is_refuted_by_the_same_path(name: str) -> None:
    mutation = MUTATIONS[name]
    p = PROPERTIES[mutation.refutes]
    made = instance(mutation.instance or p.instance, mutation.servers, mutation=mutation)
    native = explore_native(made, [p])
    assert native.violation is p
    same(native, explore(made, [p]))


@needs_compiler
def test_what_is_wrong_at_once_is_found_without_a_step() -> None:
    wrong = replace(PROPERTIES["INV-1"], of_state=lambda o, s: o.no(o.eq(s.selected, o.nobody)), of_step=None)
    native = explore_native(instance("core", 1), [wrong])
    assert (native.violation, native.path, native.states) == (wrong, [], 1)


@needs_compiler
def test_a_state_far_away_is_reached_by_the_same_path() -> None:
    """Predecessors are not kept but found again, batch by batch: the way there leads through many batches."""
    p = replace(
        PROPERTIES["INV-1"],
        of_state=lambda o, s: o.no(
            o.all_of(
                o.eq(s.phase, ClientPhase.LOGGED_IN),
                o.every(lambda i: o.all_of(s.hung(i), o.eq(s.belief(i), Belief.STANDBY))),
            )
        ),
        of_step=None,
    )
    native, python = explore_native(instance("core", 1), [p]), explore(instance("core", 1), [p])
    assert len(python.path) > 10
    same(native, python)


@needs_compiler
@pytest.mark.parametrize("at_most", [1, 100, 1_000])
def test_a_bound_on_states_stops_both_at_the_same_state(at_most: int) -> None:
    native = explore_native(instance("core", 1), at_most=at_most)
    same(native, explore(instance("core", 1), at_most=at_most))
    assert not native.complete
    assert not native.out_of_memory


@needs_compiler
def test_a_bound_that_is_not_reached_changes_nothing(explored: Explored) -> None:
    assert explore_native(instance("core", 1), claims("core"), at_most=2_058).complete


@needs_compiler
@pytest.mark.parametrize("weak", ["h & 3", "h & ~(u64)0xffff"], ids=["few chains", "one chain"])
def test_duplicates_are_found_exactly_however_bad_the_hash_is(
    weak: str, monkeypatch: pytest.MonkeyPatch, explored: Explored
) -> None:
    def weakened(*given: Any) -> Source:
        made = source(*given)
        assert made.text.count("return h ^ h >> 29;") == 1
        return replace(made, text=made.text.replace("return h ^ h >> 29;", f"return {weak};"))

    monkeypatch.setattr(engine, "source", weakened)
    same(explore_native(instance("holding", 1), claims("holding")), explored("holding", 1))


# --- memory --------------------------------------------------------------------------------------------------------


@needs_compiler
@pytest.mark.slow
def test_the_bound_on_memory_is_kept_and_said() -> None:
    native = explore_native(instance("core", 2), mebibytes=4)
    assert native.out_of_memory
    assert not native.complete
    assert native.violation is None
    assert 50_000 < native.states < 323_728
    assert native.bytes_used <= 4 << 20
    assert native.fired["server_crashes"] > 0


@needs_compiler
@pytest.mark.slow
def test_a_state_takes_few_bytes() -> None:
    native = explore_native(instance("core", 2))
    assert native.words == 1
    assert native.bytes_used / native.states < 20


# --- telling -------------------------------------------------------------------------------------------------------


@needs_compiler
def test_every_level_is_told() -> None:
    told: list[tuple[int, int, int]] = []
    native = explore_native(instance("gap", 1), progress=lambda *numbers: told.append(numbers))
    assert told[0] == (0, 1, 0)
    assert {numbers[0] for numbers in told} == set(range(native.depth + 1))
    assert all(one <= other for one, other in pairwise(told))
    assert told[-1][1] == native.states


@needs_compiler
def test_the_program_is_compiled_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VNICKIT_CACHE", str(tmp_path / "kept"))
    explore_native(instance("gap", 1))
    (kept,) = (tmp_path / "kept").iterdir()
    made = kept.stat().st_mtime_ns
    explore_native(instance("gap", 1))
    assert [(f, f.stat().st_mtime_ns) for f in (tmp_path / "kept").iterdir()] == [(kept, made)]


# --- when it does not work -----------------------------------------------------------------------------------------


def fake_compiler(directory: Path, body: str) -> Path:
    file = directory / "cc"
    file.write_text(f'#!/bin/sh\n[ "$1" = --version ] && {{ echo fake 1.0; exit; }}\n{body}\n', encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def test_without_a_compiler_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "/nowhere/at/all/cc")
    assert compiler() is None
    with pytest.raises(NativeError, match="no C compiler: neither CC nor cc names one"):
        explore_native(instance("gap", 1))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "echo 'x.c:1: error: no such thing' >&2; exit 1",
            "does not compile the explorer: x.c:1: error: no such thing",
        ),
        ("exit 0", "does not compile the explorer"),
        # What it makes says nothing, is killed, or talks nonsense.
        ('printf "#!/bin/sh\\nexit 0\\n" > "$4"; chmod +x "$4"', "ended early: exit code 0"),
        ('printf "#!/bin/sh\\nkill -9 \\$\\$\\n" > "$4"; chmod +x "$4"', "ended early: signal 9"),
        ('printf "#!/bin/sh\\necho 57\\n" > "$4"; chmod +x "$4"', "ended early: exit code 0"),
        ('printf "#!/bin/sh\\necho at once\\n" > "$4"; chmod +x "$4"', "not understood"),
    ],
)
def test_a_compiler_or_a_program_that_fails_is_reported(
    body: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CC", str(fake_compiler(tmp_path, body)))
    monkeypatch.setenv("VNICKIT_CACHE", "")
    told: list[object] = []
    with pytest.raises(NativeError, match=message):
        explore_native(instance("gap", 1), progress=lambda *numbers: told.append(numbers))


def test_another_compiler_or_another_version_of_it_is_another_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    monkeypatch.setenv("VNICKIT_CACHE", str(kept))
    for body in ("", "# another file\n"):
        (tmp_path / str(len(body))).mkdir()
        made = fake_compiler(tmp_path / str(len(body)), f'{body}printf "#!/bin/sh\\n" > "$4"; chmod +x "$4"')
        monkeypatch.setenv("CC", str(made))
        with pytest.raises(NativeError):
            explore_native(instance("gap", 1))
    assert len(list(kept.iterdir())) == 2


# --- what the C is made of -----------------------------------------------------------------------------------------


def value(node: Node, scalars: dict[str, int]) -> int:
    """An expression evaluated, as plainly as can be."""
    if node.op == "const":
        return int(node.value)
    if node.op == "var":
        return scalars[str(node.value)]
    args = [value(a, scalars) for a in node.args]
    if node.op == "not":
        return 1 - args[0]
    if node.op in ("and", "or"):
        return min(args) if node.op == "and" else max(args)
    if node.op == "ite":
        return args[1] if args[0] else args[2]
    return int(args[0] == args[1]) if node.op == "eq" else int(args[0] < args[1])


@pytest.mark.parametrize("name", ["gap", "core"])
def test_the_values_foretold_are_those_that_occur_and_fields_keep_them(
    name: str, reached: Callable[[str, int], tuple[Machine, tuple[int, ...]]]
) -> None:
    machine, states = reached(name, 1)
    fields = source(machine).fields
    traced = [t for action in machine.instance.actions for t in machine.tracer.trace(action)]
    foretold = reachable_values(machine.layout.unpack(machine.initial), traced)
    for state in states:
        assert all(number in foretold[scalar] for scalar, number in machine.layout.unpack(state).items())
        assert fields.decode(fields.encode(state)) == state
    assert len({fields.encode(state) for state in states}) == len(states)


@pytest.mark.slow
def test_no_field_straddles_two_words() -> None:
    fields = source(Machine(instance("core", 3))).fields
    assert fields.words == 2
    taken = [0] * fields.words
    for f in fields.fields.values():
        assert f.mask < 1 << 64
        assert not taken[f.word] & f.mask
        taken[f.word] |= f.mask
    assert sum(mask.bit_count() for mask in taken) == fields.width


def test_what_is_simplified_under_a_guard_is_equal_wherever_the_guard_holds(
    reached: Callable[[str, int], tuple[Machine, tuple[int, ...]]],
) -> None:
    machine, states = reached("gap", 1)
    builder = machine.tracer.ops.builder
    traced = [t for action in machine.instance.actions for t in machine.tracer.trace(action)]
    values = reachable_values(machine.layout.unpack(machine.initial), traced)
    compared = smaller = 0
    for t in traced:
        simple = Simplifier(builder, values, t.guard.args if t.guard.op == "and" else (t.guard,))
        for node in t.updates.values():
            smaller += simple(node) is not node
            for state in states:
                scalars = dict(machine.layout.unpack(state))
                if value(t.guard, scalars):
                    compared += 1
                    assert value(simple(node), scalars) == value(node, scalars)
    assert compared > 100
    assert smaller > 10


def test_a_range_is_never_too_small() -> None:
    b = Builder()
    x, y, flag = b.var("x", False), b.var("y", False), b.var("flag", True)
    scalars = {"x": frozenset((0, 2)), "y": frozenset((1, 2, 5)), "flag": frozenset((0, 1))}
    ranges = Ranges(scalars)
    nodes = [
        b.eq(x, y), b.lt(x, y), b.lt(y, x), b.ite(flag, x, y), b.all_of((flag, b.eq(x, b.const(1)))),
        b.any_of((b.no(flag), b.lt(y, x))), b.eq(b.ite(flag, x, b.const(7)), y), b.no(b.eq(x, b.const(2))),
    ]  # fmt: skip
    for node in nodes:
        occurring = {
            value(node, {"x": i, "y": j, "flag": k})
            for i in scalars["x"]
            for j in scalars["y"]
            for k in scalars["flag"]
        }
        assert occurring <= ranges(node)
    assert ranges(b.all_of((flag, b.eq(x, b.const(1))))) == {0}
