"""Endless runs as traces: stem and loop, stored, read back, checked, and refused where they show nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from vnic_model.examples import mutation_trace
from vnic_model.instances import instance
from vnic_model.liveness import decide
from vnic_model.replay import record, replay, trace_of_lasso
from vnic_model.trace import Trace, TraceError
from vnic_model.trace_text import text_of
from vnic_spec.mutations import ENDLESS
from vnic_spec.vocabulary import Status


@cache
def lasso(name: str) -> Trace:
    """By a misreading, or by the specification without an assumption."""
    if name in ENDLESS:
        return mutation_trace(ENDLESS[name])
    return trace_of_lasso(decide(instance("core", 1), "LIV-1", without=frozenset({name})))


@pytest.mark.parametrize("name", ["both_wait_after_02", "complaint_not_remembered", "patient", "fair"])
def test_the_documents_are_as_they_were(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"lasso_{name}.txt", text_of(lasso(name)))
    if name == "complaint_not_remembered":
        golden(f"lasso_{name}.jsonl", lasso(name).dump())


@pytest.mark.parametrize(
    "name",
    [*(pytest.param(n, marks=pytest.mark.slow) if n == "equals_take_turns" else n for n in ENDLESS), "patient", "fair"],
)
def test_a_lasso_replays(name: str) -> None:
    trace = lasso(name)
    assert Trace.load(trace.dump()) == trace
    assert replay(trace, traced=True) == trace
    for compact in (False, True):
        assert max(map(len, text_of(trace, compact=compact).splitlines())) <= 100


def test_without_back_off_the_loop_is_a_time_out_before_every_answer() -> None:
    trace = lasso("patient")
    assert trace.header.loop is not None
    loop = [step.action for step in trace.steps[trace.header.loop - 1 :]]
    assert "client_times_out" in loop
    assert "server_reads_init" not in loop
    assert trace.header.without == ["patient"]


def test_a_violation_has_no_loop_in_its_document() -> None:
    violation = replace(lasso("fair").header, kind="violation", loop=None, without=[])
    head = json.loads(Trace(violation, ()).dump().splitlines()[0])
    assert not {"loop", "without"} & set(head)


# --- lassos that are none --------------------------------------------------------------------------------------------


def edited(name: str, change: Callable[[list[dict[str, Any]]], object]) -> Trace:
    records = [json.loads(line) for line in lasso(name).dump().splitlines()]
    change(records)
    return Trace.load("".join(json.dumps(record) + "\n" for record in records))


def head(**changes: object) -> Callable[[list[dict[str, Any]]], object]:
    return lambda records: records[0].update(changes)


def cut(last: int) -> Callable[[list[dict[str, Any]]], object]:
    """The document without the steps after ``last``."""

    def change(records: list[dict[str, Any]]) -> None:
        records[last + 1 : -1] = []
        records[-1]["steps"] = last
        records[last]["point"] = "lasso"
        records[0]["loop"] = last + 1

    return change


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("patient", head(loop=0), "loop is 0, not the number of a step, 1 to 11"),
        ("patient", head(loop=True), "field loop must be a whole number .*, not true"),
        ("patient", head(loop="9"), 'field loop must be a whole number .*, not "9"'),
        ("patient", head(loop=6), "the loop does not close: the state after step 10 is not the one before step 6"),
        ("patient", head(loop=5), "the loop is not fair: always possible in it, and never taken: server_reports"),
        ("patient", head(without=[]), "step 7: client_times_out may happen, but not in the loop"),
        ("patient", head(without="patient"), "'without' is no list, but \"patient\""),
        ("patient", head(without=["quiet"]), "LIV-1 does not assume quiet"),
        ("patient", cut(3), "the loop is not fair: always possible in it, and never taken: .*server_reports"),
        ("patient", cut(1), "LIV-1 is not refuted: no server stays as it assumes"),
        ("both_wait_after_02", head(property="LIV-2", requirement="LIV-2"), "header: sentence is recorded as"),
        ("both_wait_after_02", head(property=["LIV-1"]), "field property must be a text, not"),
        ("both_wait_after_02", head(property="INV-1"), "header: no lasso of a property 'INV-1' is known"),
        ("both_wait_after_02", head(mutation=None), "step 8, server_reads_event: "),
        ("complaint_not_remembered", head(loop=12), "LIV-2 is not refuted: .* no step of the loop does that"),
    ],
)
def test_a_lasso_that_shows_nothing_is_refused(
    name: str, change: Callable[[list[dict[str, Any]]], object], why: str
) -> None:
    with pytest.raises(TraceError, match=why):
        replay(edited(name, change))


def test_a_loop_in_which_the_client_is_logged_in_refutes_nothing() -> None:
    """The goal's own loop: logged in, the server reports for ever."""
    run: list[tuple[str, tuple[object, ...]]] = [
        ("server_registers", (0, None, False)),
        ("server_reports", (0, Status.OPERATIONAL, None, False, False)),
        ("client_registers", (0,)),
        ("client_sends_init", (False,)),
        ("server_reads_init", (0, False)),
        ("client_reads_init_complete", ()),
        ("client_sends_login", (False,)),
        ("server_reads_login", (0, False)),
        ("client_reads_login_rsp", ()),
    ]
    header = replace(lasso("both_wait_after_02").header, mutation=None, loop=10)
    with pytest.raises(TraceError, match="LIV-1 is not refuted: it is reached after step 9, in the loop"):
        record(header, run)
