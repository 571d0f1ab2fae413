"""``vnickit smoke``: sane adapters pass, and every lie that an adapter may tell has a check that finds it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from vnic_conformance import sanity
from vnic_conformance.cli import main
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.sanity import Examination, Verdict, examine
from vnic_conformance.targets import base
from vnic_reference.adapter import Adapter

REFERENCE = "python:vnic_reference.adapter:Adapter"
Reply = dict[str, Any]


def smoke(*words: str) -> Result:
    return CliRunner().invoke(main, ["smoke", *words])


def found(exam: Examination) -> dict[str, Verdict]:
    """The checks that did not end well."""
    return {result.name: result.verdict for result in exam.results if result.verdict is not Verdict.OK}


def examined(monkeypatch: pytest.MonkeyPatch, factory: Callable[[], object]) -> Examination:
    """The examination of an adapter that ``factory`` makes."""
    monkeypatch.setattr("vnic_reference.adapter.liar", factory, raising=False)
    return examine("python:vnic_reference.adapter:liar")


def liar(lie: Callable[[Adapter, Reply, Reply], Reply]) -> Callable[[], Callable[[Reply], Reply]]:
    """A factory of adapters that tell the truth but for one lie, made of adapter, request and true reply."""

    def factory() -> Callable[[Reply], Reply]:
        adapter = Adapter()
        return lambda request: lie(adapter, request, adapter(request))

    return factory


@pytest.mark.parametrize("spec", [REFERENCE, f"{sys.executable} -m vnic_reference"], ids=["in process", "child"])
def test_the_reference_is_sane(spec: str) -> None:
    exam = examine(spec)
    assert found(exam) == {}
    assert len(exam.results) == len(sanity.CHECKS) + 1


# --- lies ------------------------------------------------------------------------------------------------------------


def null(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    """Says that everything is done, and does nothing."""
    if request["op"] == "hello":
        return reply
    return Adapter()({"op": "observe"}) | {"seq": request["seq"], "rc": 0, "element": "", "r4": 1, "info": "00" * 32}


def forgets_to_reset(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    return reply


def accepts_nonsense(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    return {"seq": request["seq"], "outcome": "done"} if reply["outcome"] == "error" else reply


def nonsense_has_an_effect(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    if reply["outcome"] == "error":
        adapter({"op": "apply", "who": "client", "call": "reg_crq"})
    return reply


def is_strict_about_fields(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    strict = any(name.startswith("x_") for name in request)
    return {"seq": request["seq"], "outcome": "error", "error": "x_note?"} if strict else reply


def consumes_by_looking(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    if request["op"] == "observe":
        adapter({"op": "apply", "who": "client", "call": "consume"})
    return reply


def hands_out_zeros(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    return reply | {"element": "00" * 16} if reply.get("element") else reply


def never_empties(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    return reply | {"element": "c001" + "00" * 14} if reply.get("element") == "" else reply


def hides_queues(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    return reply | {"client_queue": ""} if reply.get("client_queue") else reply


def two_views(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    return reply | {"server0_port": 5} if request["op"] == "apply" and "listed" in reply else reply


def shows_old_priorities(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    return reply | {"server0_priority": 50} if "server0_priority" in reply else reply


def same_ports(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    return reply | {"server1_port": 0} if "server1_port" in reply else reply


def stands_still(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    return reply | {"now": 0} if "now" in reply else reply


def cannot_advance(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    return {"seq": request["seq"], "outcome": "unsupported"} if request["op"] == "advance" else reply


def cannot_settle(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    return {"seq": request["seq"], "outcome": "unsupported"} if request["op"] == "settle" else reply


def is_never_quiet(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    if request["op"] == "settle":
        adapter({"op": "apply", "who": "console", "call": "auto", "value": 0})
    return reply


def claims_a_typing_error(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    return reply | {"features": "consloe"} if request["op"] == "hello" else reply


def cannot_reset(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
    return {"seq": request["seq"], "outcome": "unsupported"} if request["op"] == "reset" else reply


class CountsByItself:
    """Does not echo numbers."""

    def __init__(self) -> None:
        self.adapter, self.count = Adapter(), 0

    def __call__(self, request: Reply) -> Reply:
        self.count += 1
        return self.adapter(request) | {"seq": self.count}


class KeepsOldSystems:
    """Resets once."""

    def __init__(self) -> None:
        self.adapter, self.started = Adapter(), False

    def __call__(self, request: Reply) -> Reply:
        if request["op"] == "reset":
            if self.started:
                request = {"seq": request["seq"], "op": "observe"}
            self.started = True
        return self.adapter(request)


@pytest.mark.parametrize(
    ("lie", "check"),
    [
        (null, "declines"),
        (accepts_nonsense, "declines"),
        (nonsense_has_an_effect, "declines"),
        (is_strict_about_fields, "ignores"),
        (consumes_by_looking, "hands out"),
        (hands_out_zeros, "hands out"),
        (never_empties, "hands out"),
        (hides_queues, "hands out"),
        (two_views, "looks"),
        (shows_old_priorities, "console"),
        (same_ports, "resets"),
        (stands_still, "advances"),
        (cannot_advance, "advances"),
        (cannot_settle, "settles"),
        (is_never_quiet, "settles"),
        (claims_a_typing_error, "claims"),
        (cannot_reset, "resets"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_lie_is_found(
    lie: Callable[[Adapter, Reply, Reply], Reply], check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = examined(monkeypatch, liar(lie))
    assert found(exam)[check] is Verdict.FAILED
    assert exam.failed


@pytest.mark.parametrize(("factory", "check"), [(CountsByItself, "echoes"), (KeepsOldSystems, "erases")])
def test_a_lie_that_needs_memory_is_found(
    factory: Callable[[], object], check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(examined(monkeypatch, factory))[check] is Verdict.FAILED


def test_after_a_reset_that_failed_nothing_else_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    exam = examined(monkeypatch, liar(cannot_reset))
    assert set(found(exam).values()) == {Verdict.FAILED, Verdict.NOT_RUN}


def test_what_could_not_be_tried_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    def drops_everything(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
        return reply | {"rc": -12} if request.get("call") == "send_crq" and "rc" in reply else reply

    exam = examined(monkeypatch, liar(drops_everything))
    assert found(exam) == {"hands out": Verdict.NOT_TRIED}
    assert (exam.failed, exam.inconclusive) == (False, True)


def test_a_role_that_is_reserved_is_not_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    def server(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
        return reply | {"role": "server"} if request["op"] == "hello" else reply

    exam = examined(monkeypatch, liar(server))
    assert found(exam)["claims"] is Verdict.NOT_TRIED
    assert set(list(found(exam).values())[1:]) == {Verdict.NOT_RUN}
    assert (exam.failed, exam.inconclusive) == (False, True)


def test_an_adapter_without_features_and_with_a_real_clock_can_be_sane(monkeypatch: pytest.MonkeyPatch) -> None:
    def modest(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
        reply = {name: value for name, value in reply.items() if name != "now" and "interrupts" not in name}
        return reply | {"features": "", "clock": "real"} if request["op"] == "hello" else reply

    exam = examined(monkeypatch, liar(modest))
    assert found(exam) == {"console": Verdict.NOT_TRIED, "advances": Verdict.NOT_TRIED}
    assert (exam.failed, exam.inconclusive) == (False, False)


# --- the command -----------------------------------------------------------------------------------------------------


def test_exit_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "WAIT_S", dict.fromkeys(base.WAIT_S, 0.3))
    assert smoke("--adapter", REFERENCE).exit_code == ExitCode.CONFORMS
    assert smoke("--adapter", "sleep 1000").exit_code == ExitCode.ADAPTER_BROKEN
    assert smoke("--adapter", "/no/such/program").exit_code == ExitCode.ADAPTER_BROKEN
    assert smoke("--adapter", "").exit_code == ExitCode.USAGE
    assert smoke("--adapter", "tcp:192.0.2.1:7000").exit_code == ExitCode.USAGE
    assert smoke().exit_code == ExitCode.USAGE
    assert smoke("--adapter", REFERENCE, "--time-scale", "0").exit_code == ExitCode.USAGE

    def drops(adapter: Adapter, request: Reply, reply: Reply) -> Reply:
        return reply | {"rc": -12} if request.get("call") == "send_crq" and "rc" in reply else reply

    monkeypatch.setattr("vnic_reference.adapter.liar", liar(drops), raising=False)
    result = smoke("--adapter", "python:vnic_reference.adapter:liar")
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert "Nothing is wrong so far" in result.output


def test_the_checklist() -> None:
    lines = smoke("--adapter", REFERENCE).output.splitlines()
    assert [line[10:22].strip() for line in lines if line.startswith("ok ")] == [
        "greets",
        *[name for name, *_ in sanity.CHECKS],
    ]
    assert lines[-1] == f"  vnickit check --adapter {REFERENCE}"
    assert max(map(len, lines)) <= 100


def test_as_data() -> None:
    plain = json.loads(smoke("--adapter", REFERENCE, "--json").output)
    assert (plain["verdict"], plain["protocol"], plain["role"], plain["broken"]) == ("sane", "1.0", "hypervisor", None)
    assert {check["verdict"] for check in plain["checks"]} == {"ok"}
    result = smoke("--adapter", "false", "--json")
    assert result.exit_code == ExitCode.ADAPTER_BROKEN
    plain = json.loads(result.output)
    assert (plain["verdict"], plain["implementation"]) == ("broken", None)
    assert plain["broken"]["broken"] == "Died"
    assert plain["broken"]["came"] == "the end of its output; exit status 1"
