"""Who may import whom: docs/architecture.md, enforced.

The rules are data, the check is a function from an import graph to a list of violations. Each rule is shown to be able
to fail on a small tree that breaks it.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import grimp
import networkx
import pytest

SPEC, MODEL, KIT, REFERENCE = "vnic_spec", "vnic_model", "vnic_conformance", "vnic_reference"
ROOMS = (SPEC, MODEL, KIT, REFERENCE)

#: The modules of the model that may import a solver, each with everything below it.
PROVER = (f"{MODEL}.prover",)
#: The modules of the kit that may import the prover, each with everything below it.
BEHIND_PROVE = (f"{KIT}.commands.prove", f"{KIT}.commands.demo")
#: The pytest plugin is the only module of the kit that may import pytest.
PLUGIN = (f"{KIT}.pytest_plugin",)
#: What the reference implementation may share with the specification: words and numbers, no behaviour.
SHARED = (SPEC, f"{SPEC}.vocabulary", f"{SPEC}.wire")


@dataclass(frozen=True)
class Rule:
    """What the modules of one room may import besides their own room and the standard library."""

    room: str
    rooms: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()


RULES = (
    Rule(SPEC),
    Rule(MODEL, rooms=(SPEC,), outside=("cvc5", "networkx", "z3")),
    Rule(
        KIT,
        rooms=(SPEC, MODEL),
        outside=("click", "hypothesis", "jinja2", "networkx", "pytest", "_pytest"),
    ),
    Rule(REFERENCE, rooms=(SPEC,)),
)


def within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def violations(graph: grimp.ImportGraph) -> list[str]:
    """Every import that a rule forbids, as "importer -> imported: why", sorted."""
    found = set()
    for rule in RULES:
        for importer in {rule.room, *graph.find_descendants(rule.room)}:
            for imported in graph.find_modules_directly_imported_by(importer):
                why = forbidden(rule, importer, imported)
                if why:
                    found.add(f"{importer} -> {imported}: {why}")
    found |= {
        f"{module} -> {imported}: shared with the reference implementation, so only words and numbers"
        for module in SHARED
        if module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
        if within(imported, ROOMS) and imported not in SHARED
    }
    return sorted(found)


def forbidden(rule: Rule, importer: str, imported: str) -> str:
    """Why one import is forbidden, or the empty string."""
    top = imported.partition(".")[0]
    if top == rule.room or top in sys.stdlib_module_names:
        return prover_used(importer, imported)
    if top not in rule.rooms + rule.outside:
        return f"{rule.room} may import {', '.join(rule.rooms + rule.outside) or 'the standard library only'}"
    if rule.room == REFERENCE and imported not in SHARED:
        return f"{REFERENCE} may import {', '.join(SHARED)}"
    if top in ("cvc5", "z3") and not within(importer, PROVER):
        return f"{top} belongs in {', '.join(PROVER)}"
    if top in ("pytest", "_pytest") and not within(importer, PLUGIN):
        return f"pytest belongs in {', '.join(PLUGIN)}"
    return prover_used(importer, imported)


def prover_used(importer: str, imported: str) -> str:
    """Why importing the prover is forbidden here, or the empty string. Everything else works without z3."""
    if within(imported, PROVER) and not within(importer, PROVER + BEHIND_PROVE):
        return f"the prover needs z3, which is optional; only {', '.join(BEHIND_PROVE)} may import it"
    return ""


def build_graph() -> grimp.ImportGraph:
    return grimp.build_graph(*ROOMS, include_external_packages=True, cache_dir=None)


#: A part of a thing that says in an annotation whose part it is. Nothing of that is imported when it runs.
OWNERS = {
    ("vnic_reference.client.conversation", "vnic_reference.client.client"),
    ("vnic_reference.system.actions", "vnic_reference.system.system"),
    ("vnic_reference.system.states", "vnic_reference.system.system"),
}


def circles(graph: grimp.ImportGraph, depth: int | None = None) -> list[str]:
    """Modules that import each other, each circle as one line; imports for annotations count, too.

    With a depth, what lies deeper counts as the package that it belongs to.
    """
    imports: networkx.DiGraph[str] = networkx.DiGraph()
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            if within(module, ROOMS) and within(imported, ROOMS) and (module, imported) not in OWNERS:
                one, other = (".".join(name.split(".")[:depth]) for name in (module, imported))
                if one != other:
                    imports.add_edge(one, other)
    found = networkx.strongly_connected_components(imports)
    return sorted(" - ".join(sorted(circle)) for circle in found if len(circle) > 1)


def test_no_modules_import_each_other() -> None:
    graph = build_graph()
    assert circles(graph) == []
    # Systems have faults, and the list of all faults has those of systems.
    assert circles(graph, depth=2) == ["vnic_reference.faults - vnic_reference.system"]
    assert all(importer in graph.find_modules_that_directly_import(owner) for importer, owner in OWNERS)


def test_a_circle_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(
        tmp_path,
        monkeypatch,
        {
            "vnic_model.direct": "import vnic_model.traced",
            "vnic_model.traced": "def late():\n    import vnic_model.reading",
            "vnic_model.reading": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import vnic_model.direct",
        },
    )
    assert circles(build_graph()) == ["vnic_model.direct - vnic_model.reading - vnic_model.traced"]


def test_nobody_imports_what_he_must_not_know() -> None:
    assert violations(build_graph()) == []


@pytest.mark.parametrize(
    ("module", "line", "complaint"),
    [
        ("vnic_spec.actions", "import z3", "vnic_spec may import the standard library only"),
        ("vnic_spec.actions", "import vnic_model.direct", "vnic_spec may import the standard library only"),
        ("vnic_spec.wire", "from vnic_spec import actions", "only words and numbers"),
        ("vnic_model.direct", "import z3", "z3 belongs in"),
        ("vnic_model.direct", "import cvc5", "cvc5 belongs in"),
        ("vnic_model.direct", "import hypothesis", "vnic_model may import"),
        ("vnic_model.direct", "from vnic_model.prover import induction", "the prover needs z3"),
        ("vnic_model.direct", "def late():\n    import vnic_reference.hypervisor", "vnic_model may import"),
        ("vnic_conformance.oracle", "import vnic_reference.hypervisor", "vnic_conformance may import"),
        ("vnic_conformance.oracle", "import z3", "vnic_conformance may import"),
        ("vnic_conformance.oracle", "from vnic_model.prover import induction", "the prover needs z3"),
        ("vnic_conformance.oracle", "import pytest", "pytest belongs in"),
        ("vnic_reference.hypervisor", "from vnic_spec.actions import step", "vnic_reference may import"),
        ("vnic_reference.hypervisor", "import networkx", "vnic_reference may import"),
        ("vnic_reference.hypervisor", "import vnic_conformance", "vnic_reference may import"),
    ],
)
def test_a_forbidden_import_is_found(
    module: str, line: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, monkeypatch, {module: line})
    found = violations(build_graph())
    assert [violation.partition(" ")[0] for violation in found] == [module]
    assert complaint in found[0]


def test_a_tree_that_keeps_the_rules_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(
        tmp_path,
        monkeypatch,
        {
            "vnic_spec.actions": "import enum\nimport vnic_spec.wire",
            "vnic_model.prover.induction": "import z3\nimport networkx\nfrom vnic_spec import actions",
            "vnic_conformance.oracle": "import hypothesis\nimport vnic_model.direct",
            "vnic_conformance.commands.prove": "from vnic_model.prover import induction",
            "vnic_conformance.pytest_plugin": "import pytest",
            "vnic_reference.hypervisor": "import heapq\nfrom vnic_spec.wire import Rc\nfrom vnic_spec import wire",
        },
    )
    assert violations(build_graph()) == []


def plant(root: Path, monkeypatch: pytest.MonkeyPatch, lines: dict[str, str]) -> None:
    """Put a small tree of the four rooms where imports find it first; ``lines`` holds the text of chosen modules."""
    plain = (
        "vnic_spec.actions",
        "vnic_spec.vocabulary",
        "vnic_spec.wire",
        "vnic_model.direct",
        "vnic_model.prover.induction",
        "vnic_conformance.oracle",
        "vnic_conformance.commands.prove",
        "vnic_reference.hypervisor",
    )
    for module in {*plain, *lines}:
        path = root.joinpath(*module.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        for package in path.relative_to(root).parents:
            if package.name:
                (root / package / "__init__.py").touch()
        path.write_text(lines.get(module, "") + "\n")
    # What is imported already would be found before the tree is looked at.
    for name in list(sys.modules):
        if within(name, ROOMS):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(root))


@pytest.mark.parametrize("late", ["z3", "hypothesis", "networkx", "vnic_reference"])
def test_the_command_line_starts_without(late: str) -> None:
    # The static rules allow an import; only running shows what a start really loads.
    program = f"import sys, vnic_conformance.cli; sys.exit({late!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_what_the_command_line_loads_would_be_noticed() -> None:
    program = "import sys, vnic_conformance.cli; sys.exit('click' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 1
