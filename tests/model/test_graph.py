"""The state graph: it is what the explorer counts, and paths, quotients and files of it are true."""

from __future__ import annotations

import io
import shutil
import subprocess

import networkx as nx
import pytest

from vnic_model.explorer import explore
from vnic_model.graph import GraphError, StateGraph, dot, graphml
from vnic_model.instances import instance
from vnic_model.quotient import quotients


@pytest.fixture(scope="module")
def core() -> StateGraph:
    return StateGraph(instance("core", 1))


def test_it_is_what_the_explorer_counts(core: StateGraph) -> None:
    counted = explore(instance("core", 1))
    assert len(core.graph) == counted.states
    assert sum(len(steps) for _, _, steps in core.graph.edges(data="steps")) == counted.transitions
    lengths = nx.single_source_shortest_path_length(core.graph, core.initial)
    assert max(lengths.values()) == counted.depth


def test_the_shortest_way_to_a_login_is_a_run_of_the_machine(core: StateGraph) -> None:
    path = core.shortest([core.initial], core.find(phase="LOGGED_IN"))
    assert [taken.action for _, taken, _ in path] == [
        "server_registers",
        "server_reports",
        "client_registers",
        "client_sends_init",
        "server_reads_init",
        "client_reads_init_complete",
        "client_sends_login",
        "server_reads_login",
        "client_reads_login_rsp",
    ]
    state = core.initial
    for before, taken, after in path:
        assert before == state
        assert core.machine.step(before, taken.action, taken.parameters) == after
        state = after
    assert core.value(state, "phase") == "LOGGED_IN"
    assert core.value(path[-1][0], "phase") == "LOGIN_SENT"


def test_paths_lead_between_described_states(core: StateGraph) -> None:
    served = core.where({"phase": "LOGGED_IN", "powered[0]": "yes"})
    gone = core.where({"powered[0]": "no", "phase": "WAITING"})
    path = core.shortest(served, gone)
    assert [taken.action for _, taken, _ in path] == ["server_crashes", "client_reads_failover"]
    assert str(path[0][1]) == "server_crashes(i=0, b=nobody, client_full=False)"


def test_a_neighbourhood_is_what_is_near(core: StateGraph) -> None:
    near = core.neighbourhood(core.initial)
    around = {core.initial, *core.graph.successors(core.initial), *core.graph.predecessors(core.initial)}
    assert set(near) == around
    assert set(near) < set(core.neighbourhood(core.initial, 2))


def test_a_quotient_is_the_diagram_of_the_document(core: StateGraph) -> None:
    """The diagrams in docs/specification.md come from ``quotient.py``; both say the same."""
    seen = core.quotient(["phase"])
    diagram = quotients(instance("core", 1), {"phase": lambda s: s.phase})["phase"]
    found = {(one[0], other[0]): actions for one, other, actions in seen.edges(data="actions")}
    assert found == dict(diagram.edges)
    assert sum(states for _, states in seen.nodes(data="states")) == len(core.graph)


def test_a_quotient_by_two_attributes_keeps_both(core: StateGraph) -> None:
    seen = core.quotient(["crq", "phase"])
    assert ("OPEN", "LOGGED_IN") in seen
    assert ("CLOSED", "LOGGED_IN") not in seen, "INV-8: nobody is logged in without a CRQ"
    assert set(seen.edges[("CLOSED", "RECOVERING"), ("OPEN", "REGISTERED")]["actions"]) == {"client_registers"}


def test_graphml_is_read_back(core: StateGraph) -> None:
    found = nx.read_graphml(io.BytesIO(graphml(core.written()).encode()))
    assert len(found) == len(core.graph)
    assert found.number_of_edges() == core.graph.number_of_edges()
    assert found.nodes["s0"]["phase"] == "RECOVERING"
    assert found.nodes["s0"]["status[0]"] == "POWERED_OFF"
    labels = {label for _, _, label in found.edges("s0", data="label")}
    assert "server_registers(i=0, b=nobody, client_full=False)" in labels


def test_dot_names_every_node_and_edge(core: StateGraph) -> None:
    written = core.written(["crq"])
    text = dot(written)
    assert text.startswith('digraph "core" {\n')
    assert '  s0 [label="crq = CLOSED", peripheries=2];\n' in text
    assert '[label="client_registers"];' in text
    assert text.count(" -> ") == written.number_of_edges()
    graphviz = shutil.which("dot")
    if graphviz:
        subprocess.run([graphviz, "-Tsvg", "-o/dev/null"], input=text.encode(), check=True)


def test_quotes_and_backslashes_survive() -> None:
    odd = nx.DiGraph(name='a "b"')
    odd.add_node("s0", label="x\\y\nz")
    assert dot(odd).splitlines()[0] == 'digraph "a \\"b\\"" {'
    assert '[label="x\\\\y\\nz", peripheries=2]' in dot(odd)


def test_what_is_not_there_is_said(core: StateGraph) -> None:
    with pytest.raises(GraphError, match=r"no attribute 'phas'; it has crq, .*phase"):
        core.value(core.initial, "phas")
    with pytest.raises(GraphError, match=r"phase is never 'READ'; it is .*READY"):
        core.find(phase="READ")
    with pytest.raises(GraphError, match="no attribute 'status'"):
        core.quotient(["status"])
    with pytest.raises(GraphError, match="at least one attribute"):
        core.quotient([])
    with pytest.raises(GraphError, match="no state to start from"):
        core.shortest([], [core.initial])
    with pytest.raises(GraphError, match="more than 100 states"):
        StateGraph(instance("core", 1), at_most=100)


def test_where_no_path_leads_that_is_said() -> None:
    """Without crash and migration a standing selection never ends (SEL-7)."""
    damped = StateGraph(instance("damped", 1))
    with pytest.raises(GraphError, match="no path leads there"):
        damped.shortest(damped.find(standing="yes"), [damped.initial])
