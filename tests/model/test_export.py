"""Exports: what another model checker reads is our machine, and where one is installed it finds what we find."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from vnic_model.explorer import Exploration, explore
from vnic_model.export.promela import COMMANDS, promela
from vnic_model.export.smv import smv
from vnic_model.export.source import Source, source_of
from vnic_model.export.text import identifier, names_of
from vnic_model.expression import Node
from vnic_model.instance import Instance
from vnic_model.instances import claims, instance
from vnic_model.machine import Machine
from vnic_spec.mutations import MUTATIONS
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Property

Explored = Callable[[str, int], Exploration]
Reached = Callable[[str, int], tuple[Machine, tuple[int, ...]]]

BY_HAND = Path(__file__).parents[2] / "bench" / "promela" / "selection.pml"

needs_spin = pytest.mark.skipif(
    shutil.which("spin") is None or shutil.which("gcc") is None, reason="Spin or gcc is not installed"
)
needs_nusmv = pytest.mark.skipif(shutil.which("NuSMV") is None, reason="NuSMV is not installed")


# --- what is exported is the machine ------------------------------------------------------------------------------


def value(node: Node, state: Mapping[str, int]) -> int:
    """What an expression is in a state, worked out from what its operators mean and nothing else."""
    if node.op == "const":
        return int(node.value)
    if node.op == "var":
        return state[str(node.value)]
    if node.op == "ite":
        return value(node.args[1] if value(node.args[0], state) else node.args[2], state)
    args = [value(a, state) for a in node.args]
    if node.op == "not":
        return int(not args[0])
    if node.op in ("and", "or"):
        return int(all(args) if node.op == "and" else any(args))
    return int(args[0] == args[1] if node.op == "eq" else args[0] < args[1])


@pytest.mark.parametrize(
    ("name", "servers"), [("gap", 1), ("admin", 1), ("complaint", 1), pytest.param("gap", 2, marks=pytest.mark.slow)]
)
def test_the_exported_steps_are_those_of_the_machine(name: str, servers: int, reached: Reached) -> None:
    machine, states = reached(name, servers)
    source = source_of(machine.instance)
    for packed in states:
        state = machine.layout.unpack(packed)
        assert {n: state[n] for n in source.fixed} == source.fixed
        found = Counter[int]()
        for step in source.steps:
            if value(step.guard, state):
                after = {**state, **{n: value(node, state) for n, node in step.updates.items()}}
                found[sum(v << machine.layout.scalars[n].shift for n, v in after.items())] += 1
        assert found == Counter(move.after for move in machine.moves(packed))


@pytest.mark.parametrize("mutation", [None, "failover_disables", "closed_is_frozen"])
def test_what_is_claimed_is_exported(mutation: str | None, reachable: Callable[[Machine], tuple[int, ...]]) -> None:
    machine = Machine(instance("gap", 1, mutation=MUTATIONS[mutation] if mutation else None))
    source = source_of(machine.instance, claims("gap"))
    broken = set()
    for state in map(machine.layout.unpack, reachable(machine)):
        broken |= {p.name for p, node in source.laws if not value(node, state)}
        taken = [step for step in source.steps if value(step.guard, state)]
        broken |= {p.name for step in taken for p, node in step.obligations if not value(node, state)}
    assert bool(broken) is bool(mutation)
    if mutation:
        assert MUTATIONS[mutation].refutes in broken


def test_what_cannot_change_is_found_by_induction() -> None:
    # A server's status changes by its reports, so it stays; nobody complains there, although reports clear complaints.
    fixed = source_of(instance("gap", 1)).fixed
    assert {n: fixed[n] for n in ("complaint[0]", "listed[0]", "pin")} == {"complaint[0]": 0, "listed[0]": 1, "pin": 1}
    assert not fixed.keys() & {"crq", "selected", "status[0]", "to_client.length"}
    assert "complaint[0]" not in source_of(instance("complaint", 2)).fixed


def test_names() -> None:
    assert identifier("to_client[0].kind", frozenset()) == "to_client_0_kind"
    assert identifier("added[0,1]", frozenset()) == "added_0_1"
    assert identifier("auto", frozenset({"auto"})) == "auto_"
    with pytest.raises(ValueError, match="same name"):
        names_of(["a[0]", "a.0"], frozenset())


@pytest.mark.parametrize("write", [promela, smv])
def test_what_is_written_is_complete(write: Callable[[Source, str], str]) -> None:
    source = source_of(instance("admin", 1), claims("admin"))
    text = write(source, "the title")
    assert "the title" in text.splitlines()[1 if write is promela else 0]
    for name, fixed in source.fixed.items():
        assert f"{name} = {fixed}" in text
    for step in source.steps:
        assert step.title in text
    # What speaks of actions that the instance does not have cannot be broken.
    assert {p.name for p in source.properties} <= {p.name for p in claims("admin")}
    assert {"INV-3", "ADM-6"} <= {p.name for p in source.properties}
    for p in source.properties:
        assert re.search(rf"\b{identifier(p.name, frozenset())}\b", text.replace("holds_", "")), p.name


# --- Promela -------------------------------------------------------------------------------------------------------


def spin(text: str, directory: Path) -> dict[str, int]:
    """Run Spin as the head of every export says, but with a compiler in a hurry; what it counts."""
    (directory / "model.pml").write_text(text, encoding="utf-8")
    for command in COMMANDS:
        words = command.format(file="model.pml").replace("-O3", "-O0").split()
        done = subprocess.run(words, cwd=directory, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    found = re.findall(r"^\s*(\d+) (states, stored|transitions)|(errors): (\d+)", done.stdout, re.M)
    violated = re.findall(r"assertion violated (\w+)", done.stdout)
    return {a or c: int(b or d) for b, a, c, d in found} | dict.fromkeys(violated, 1)


@needs_spin
@pytest.mark.parametrize(
    ("name", "servers"),
    [("gap", 1)]
    + [pytest.param(n, s, marks=pytest.mark.slow) for n, s in [("complaint", 1), ("core", 1), ("all", 1), ("wish", 2)]],
)
def test_spin_finds_our_states_and_transitions(name: str, servers: int, tmp_path: Path, explored: Explored) -> None:
    ours = explored(name, servers)
    assert ours.violation is None
    text = promela(source_of(instance(name, servers), claims(name)), name)
    # The initial state counts as stored by a transition.
    assert spin(text, tmp_path) == {"errors": 0, "states, stored": ours.states, "transitions": ours.transitions + 1}


@needs_spin
@pytest.mark.parametrize(
    ("name", "mutation"),
    [
        ("gap", "failover_disables"),
        ("gap", "closed_is_frozen"),
    ],  # the one breaks a property of steps, the other of states
)
def test_spin_refutes_what_we_refute(name: str, mutation: str, tmp_path: Path) -> None:
    mutated = MUTATIONS[mutation]
    target = PROPERTIES[mutated.refutes]
    machine = instance(name, 1, mutation=mutated)
    assert explore(machine, [target]).violation is target
    found = spin(promela(source_of(machine, [target]), mutation), tmp_path)
    assert found["errors"] == 1
    assert f"holds_{identifier(target.name, frozenset())}" in found


@needs_spin
@pytest.mark.parametrize(
    "servers", [pytest.param(1, marks=pytest.mark.slow), 2, pytest.param(3, marks=pytest.mark.slow)]
)
def test_spin_finds_our_states_in_a_model_written_by_hand(servers: int, tmp_path: Path, explored: Explored) -> None:
    ours = explored("selection", servers)
    found = spin(f"#define N {servers}\n{BY_HAND.read_text(encoding='utf-8')}", tmp_path)
    assert found == {"errors": 0, "states, stored": ours.states, "transitions": ours.transitions + 1}


@needs_spin
@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (":: opened_once ->\n", ":: true ->\n"),  # SEL-2: nobody is selected before the client opens
        ("event = open ", "event = 1 "),  # SEL-8: no event while the CRQ is closed
        ("!(auto_on && PRIORITY", "!(PRIORITY"),  # FOV-7: with auto off nobody is preempted
        (" open = 0;", " open = 0; selected = NOBODY;"),  # SEL-7: the selection survives the client's leaving
    ],
)
def test_a_difference_between_the_models_shows_in_the_counts(
    right: str, wrong: str, tmp_path: Path, explored: Explored
) -> None:
    text = BY_HAND.read_text(encoding="utf-8")
    assert text.count(right) == 1
    found = spin("#define N 2\n" + text.replace(right, wrong), tmp_path)
    ours = explored("selection", 2)
    assert (found["states, stored"], found["transitions"]) != (ours.states, ours.transitions + 1)


def test_a_mutation_changes_what_is_exported() -> None:
    text = promela(source_of(instance("gap", 1)), "")
    assert text != promela(source_of(instance("gap", 1, mutation=MUTATIONS["failover_disables"])), "")


# --- SMV -----------------------------------------------------------------------------------------------------------


class Reader:
    """Reads an expression of SMV, as far as our exports use them, into Python."""

    def __init__(self, text: str) -> None:
        self.words: list[str] = re.findall(r"\w+|[(){}!&|=<?:,]", text)

    def read(self) -> str:
        found = self.operand()
        while self.words and self.words[0] in ("&", "|", "=", "<", "in"):
            operator = {"&": "and", "|": "or", "=": "==", "<": "<", "in": "in"}[self.words.pop(0)]
            found = f"{found} {operator} {self.operand()}"
        if self.words and self.words[0] == "?":
            self.words.pop(0)
            then = self.read()
            assert self.words.pop(0) == ":"
            return f"({then}) if ({found}) else ({self.read()})"
        return found

    def operand(self) -> str:
        word = self.words.pop(0)
        if word == "!":
            return f"(not {self.operand()})"
        if word == "(":
            inner = self.read()
            assert self.words.pop(0) == ")"
            return f"({inner})"
        if word == "{":
            end = self.words.index("}")
            members, self.words = self.words[:end], self.words[end + 1 :]
            return "{" + "".join(members) + "}"
        if word in ("TRUE", "FALSE"):
            return word.title()
        return word if word.isdigit() else f"v['{word}']"


def python(text: str) -> str:
    reader = Reader(text)
    found = reader.read()
    assert not reader.words, text
    return found


State = tuple[int | None, ...]


def states_of_smv(text: str) -> tuple[int, int]:
    """States and steps of an SMV text, by an interpreter that knows only the text."""
    lines = [line.strip() for line in text.splitlines() if not line.startswith("--")]
    joined = "\n".join(lines)
    steps = int(re.findall(r"^step : 0\.\.(\d+);", joined, re.M)[0]) + 1
    variables = re.findall(r"^(\w+) : (?:boolean|0\.\.\d+);", joined.partition("VAR\n\nDEFINE")[0], re.M)
    variables.remove("step")
    program = ["def successors(state):", " for step in range(STEPS):", "  v = dict(zip(NAMES, state), step=step)"]
    program += [f"  v['{n}'] = {python(t)}" for n, t in re.findall(r"^(\w+) := (.+);$", joined, re.M)]
    program += [
        f"  if ({python(condition)}) and not ({python(guard)}): continue"
        for condition, guard in re.findall(r"^TRANS (step in \{[\d, ]+\}) -> (.+)$", joined, re.M)
    ]
    for name, cases in re.findall(r"^next\((\w+)\) := case\n(.*?)\nesac;", joined, re.M | re.S):
        rows = [line.rstrip(";").split(" : ", 1) for line in cases.splitlines()]
        chain = " else ".join(f"({python(text)}) if ({python(condition)})" for condition, text in rows)
        program.append(f"  v['next {name}'] = {chain} else None")
    program.append("  yield tuple(v['next ' + name] for name in NAMES)")
    space: dict[str, object] = {"STEPS": steps, "NAMES": variables}
    exec("\n".join(program), space)  # noqa: S102  # made of the text that is being tested
    successors: Callable[[State], Iterator[State]] = space["successors"]  # type: ignore[assignment]
    begin = {n: python(word) for n, word in re.findall(r"^init\((\w+)\) := (\w+);$", joined, re.M)}
    first: State = tuple({"True": 1, "False": 0}[w] if w.isalpha() else int(w) for w in (begin[n] for n in variables))
    found, pending, transitions = {first}, [first], 0
    while pending:
        for after in successors(pending.pop()):
            transitions += 1
            if after not in found:
                found.add(after)
                pending.append(after)
    return len(found), transitions


@pytest.mark.parametrize("name", ["gap", "complaint"])
def test_the_smv_text_has_our_states_and_transitions(name: str, explored: Explored) -> None:
    ours = explored(name, 1)
    assert states_of_smv(smv(source_of(instance(name, 1), claims(name)), name)) == (ours.states, ours.transitions)


@needs_nusmv
@pytest.mark.parametrize("name", ["gap", "complaint"])
def test_nusmv_finds_our_states_and_no_violation(name: str, tmp_path: Path, explored: Explored) -> None:
    ours = explored(name, 1)
    found = nusmv(instance(name, 1), claims(name), tmp_path)
    # The diameter is the number of images until nothing new comes: one more than our depth.
    assert f"system diameter: {ours.depth + 1}" in found
    assert f"reachable states: {ours.states} " in found
    assert "is true" in found
    assert "is false" not in found


@needs_nusmv
@pytest.mark.parametrize("mutation", ["failover_disables", "closed_is_frozen"])
def test_nusmv_refutes_what_we_refute(mutation: str, tmp_path: Path) -> None:
    mutated = MUTATIONS[mutation]
    assert "is false" in nusmv(instance("gap", 1, mutation=mutated), (PROPERTIES[mutated.refutes],), tmp_path)


def nusmv(machine: Instance, properties: tuple[Property, ...], directory: Path) -> str:
    """Run NuSMV as the head of every export says; what it prints."""
    source = source_of(machine, properties)
    (directory / "model.smv").write_text(smv(source, ""), encoding="utf-8")
    (directory / "commands").write_text("go\nprint_reachable_states\ncheck_invar\nquit\n", encoding="utf-8")
    words = ["NuSMV", "-dynamic", "-df", "-source", "commands", "model.smv"]
    return subprocess.run(words, cwd=directory, capture_output=True, text=True, check=True).stdout
