"""Traces as data: they are stored, read back and replayed, and a trace that is none is refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from vnic_model.describe import PHRASES, SENDS
from vnic_model.examples import mutation_trace, witness_trace
from vnic_model.explorer import explore
from vnic_model.instances import instance
from vnic_model.replay import perform, replay, trace_of
from vnic_model.trace import Trace, TraceError
from vnic_model.trace_text import text_of
from vnic_spec.catalogue import ACTIONS
from vnic_spec.mutations import MUTATIONS
from vnic_spec.properties import PROPERTIES
from vnic_spec.vocabulary import Status

GOLDEN = ("drop_event_on_full", "no_hold", "server_waits_after_02", "reselect_at_open")


@cache
def mutant(name: str) -> Trace:
    return mutation_trace(MUTATIONS[name])


@pytest.mark.parametrize("name", GOLDEN)
def test_the_documents_are_as_they_were(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"trace_{name}.jsonl", mutant(name).dump())
    golden(f"trace_{name}.txt", text_of(mutant(name)))


def check(trace: Trace, *, traced: bool = False) -> None:
    """What holds of every trace."""
    assert Trace.load(trace.dump()) == trace
    assert replay(trace, traced=traced) == trace
    for compact in (False, True):
        text = text_of(trace, compact=compact)
        assert max(map(len, text.splitlines())) <= 100
        assert "\x1b" not in text


@pytest.mark.parametrize("name", GOLDEN)
def test_a_trace_replays(name: str) -> None:
    check(mutant(name), traced=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTATIONS)
def test_every_mutation_has_a_trace_that_replays(name: str) -> None:
    """It is the run that ``vnickit prove --mutate`` and ``vnickit explore --mutate`` show."""
    trace = mutant(name)
    check(trace, traced=True)
    assert trace.header.property == MUTATIONS[name].refutes
    assert trace.header.requirement in PROPERTIES[trace.header.property].requirements
    assert trace.steps


@pytest.mark.slow
@pytest.mark.parametrize("name", PROPERTIES)
def test_every_property_has_a_witness_that_replays(name: str) -> None:
    trace = witness_trace(PROPERTIES[name])
    check(trace, traced=True)
    assert trace.header.kind == "witness"


def test_only_the_last_step_is_the_point() -> None:
    *before, last = mutant("no_hold").steps
    assert {step.point for step in before} == {""}
    assert last.point == "violation"


def test_a_sentence_with_clauses_of_several_requirements_names_them_all() -> None:
    of_several = next(m for m in MUTATIONS.values() if m.refutes == "CRQ-5/client")
    text = text_of(mutant(of_several.name))
    assert "touches        CRQ-5, CRQ-6, CRQ-7, CRQ-8, CRQ-9, FOV-3, FOV-6: the sentence has clauses of each" in text
    assert f"again          vnickit explore --mutate {of_several.name}" in text
    assert "touches" not in text_of(mutant("no_hold"))


def test_faults_are_marked() -> None:
    faults = {step.action for step in mutant("no_hold").steps if step.fault}
    assert faults == {"client_crashes"}
    full = [step for step in mutant("drop_event_on_full").steps if step.fault]
    assert [step.parameters["client_full"] for step in full] == [True]


def test_a_history_variable_is_marked() -> None:
    proof = {c.variable: c.proof for step in mutant("no_hold").steps for c in step.changes}
    assert proof["deceived"]
    assert proof["seen"]
    assert not proof["selected"]


def test_every_action_has_a_phrase() -> None:
    assert set(PHRASES) == set(ACTIONS)
    assert set(SENDS) <= set(ACTIONS)


@pytest.mark.parametrize("servers", [1, 3, pytest.param(6, marks=pytest.mark.slow)])
def test_lanes_fit_for_any_number_of_servers(servers: int) -> None:
    claim = PROPERTIES["FOV-3"]
    mutation = MUTATIONS["silent_without_successor"]
    found = explore(instance("core", servers, mutation=mutation), [claim])
    check(trace_of(found, claim, mutation=mutation))


def test_a_deferred_event_is_shown_as_owed() -> None:
    made = instance("deferred", 2)
    found = explore(made, watched=[lambda o, s, t, step: o.no(step.get("client_full", o.false))])
    *_, (last, _) = perform(made, [(move.action.name, move.parameters) for move in found.path])
    assert [(e.deed, e.sender, e.name) for e in last.elements if e.receiver == "client"] == [
        ("OWED", "hypervisor", "EVENT 08 FAILOVER")
    ]


# --- traces that are none --------------------------------------------------------------------------------------------


def edited(change: Callable[[list[dict[str, object]]], object], name: str = "drop_event_on_full") -> str:
    records = [json.loads(line) for line in mutant(name).dump().splitlines()]
    change(records)
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda r: r.pop(), "the closing line is missing after 10 steps"),
        (lambda r: r.pop(5), "the closing line does not fit the 9 steps"),
        (lambda r: r.append(r[-1]), "the closing line does not fit"),
        (lambda r: r.pop(0), "line 1: no header"),
        (lambda r: r[0].update(version=2), "line 1: version 2; this kit reads version 1"),
        (lambda r: r[0].pop("servers"), "line 1: expected the members"),
        (lambda r: r[3].update(extra=1), "line 4: expected the members"),
        (lambda r: r[3].update(changes="none"), "line 4: 'changes' is no list"),
    ],
)
def test_what_is_no_document_is_not_read(change: Callable[[list[dict[str, object]]], object], why: str) -> None:
    with pytest.raises(TraceError, match=why.replace("(", r"\(")):
        Trace.load(edited(change))


@pytest.mark.parametrize("text", ["", "{}\n", "hello\n", '["trace"]\n', '{"trace": "another"}\n'])
def test_another_file_is_not_read(text: str) -> None:
    with pytest.raises(TraceError, match="line 1"):
        Trace.load(text)


def step(number: int, **changes: object) -> Callable[[list[dict[str, object]]], object]:
    return lambda records: records[number].update(changes)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (step(3, answer="H_CLOSED"), "step 3, server_reports: answer is recorded as 'H_CLOSED' and is 'H_SUCCESS'"),
        (
            step(4, changes=[]),
            "step 4, client_registers: recorded and not so: nothing; so and not recorded: .*selected",
        ),
        (step(7, elements=[]), "step 7, server_reports: .*EVENT 02 DEREGISTERED"),
        (step(7, fault=False), "step 7, server_reports: fault is recorded as False and is True"),
        (step(5, action="client_frees", parameters={"server_full": False}), "step 5: client_frees is not possible"),
        (step(5, action="client_migrates"), "step 5: instance core has no action 'client_migrates'"),
        (step(1, parameters={"i": 0}), r"step 1: server_registers takes \(i, b, client_full\)"),
        (
            step(1, parameters={"i": 7, "b": "nobody", "client_full": False}),
            "step 1: server_registers cannot have i = 7",
        ),
        (step(0, mutation=None), "step 7, server_reports: "),
        (step(0, mutation="no_such"), "header: this kit has no instance or mutation 'no_such'"),
        (step(0, instance="nowhere"), "header: this kit has no instance or mutation 'nowhere'"),
        (step(0, servers=7), "header: servers is 7"),
        (step(0, property="INV-99"), "header: no violation of a property 'INV-99'"),
        (step(0, sentence="All is well."), "header: sentence is recorded as 'All is well.'"),
        (
            step(0, property="INV-1", requirement="INV-1", sentence=PROPERTIES["INV-1"].sentence),
            "step 10 does not show",
        ),
    ],
)
def test_a_tampered_trace_is_refused(change: Callable[[list[dict[str, object]]], object], why: str) -> None:
    with pytest.raises(TraceError, match=why):
        replay(Trace.load(edited(change)))


def test_a_trace_that_goes_on_after_its_point_is_refused() -> None:
    trace = mutant("drop_event_on_full")
    more = replace(trace.steps[-1], number=11, action="client_times_out", parameters={}, point="violation")
    crash = replace(more, action="client_crashes", parameters={"server_full": False})
    before = (*trace.steps[:-1], replace(trace.steps[-1], point=""))
    with pytest.raises(TraceError, match="step 11, client_crashes: "):
        replay(Trace(trace.header, (*before, crash)))
    with pytest.raises(TraceError, match="step 10 already shows"):
        replay(rerecorded(Trace(trace.header, (*before, crash))))


def rerecorded(trace: Trace) -> Trace:
    """The trace as it would be recorded, whether or not it shows anything."""
    made = trace.header.machine()
    run = [(step.action, tuple(None if v == "nobody" else v for v in step.parameters.values())) for step in trace.steps]
    run = [(name, tuple(Status.OPERATIONAL if v == "OPERATIONAL" else v for v in values)) for name, values in run]
    return Trace(trace.header, tuple(step for step, _ in perform(made, run, "violation")))
