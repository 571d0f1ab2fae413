"""Erring actions put to the proof for any number of servers: the same, refuted, or neither."""

from __future__ import annotations

import pytest

from vnic_model.mutants.planted import Planted, candidates
from vnic_model.prover.erring import Examined, examined
from vnic_spec.catalogue import ACTIONS


def planted(function: str, sentence: str) -> Planted:
    return next(p for p in candidates(function) if p.sentence == sentence)


@pytest.mark.parametrize(
    ("function", "sentence", "found"),
    [
        (
            "client_migrates",
            "o.all_of(client_is_on(o, s), o.eq(s.crq, Crq.OPEN)) becomes o.all_of(o.eq(s.crq, Crq.OPEN))",
            Examined(True),
        ),
        pytest.param(
            "client_crashes",
            "Token.NO_TOKEN becomes Token.CURRENT",
            Examined(False, "SES-1", "client_crashes"),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "server_registers_again",
            "o.all_of(awake(o, s, i), s.registered(i)) becomes o.all_of(s.registered(i))",
            Examined(False, "guard of server_registers_again too weak", "server_registers_again"),
            marks=pytest.mark.slow,
        ),
        (
            "server_uses_grant",
            "o.ite(s.granted(i), o.const(Rc.H_SUCCESS), o.const(Rc.H_PARAMETER)) becomes o.const(Rc.H_PARAMETER)",
            Examined(False, "FOV-10/memory", "server_uses_grant"),
        ),
    ],
)
def test_every_answer_has_an_example(function: str, sentence: str, found: Examined) -> None:
    assert examined(planted(function, sentence).effects) == found
    assert found.guard is found.by.startswith("guard")


def test_an_action_is_the_same_as_itself() -> None:
    assert examined({"removes_last_server": ACTIONS["removes_last_server"].effect}) == Examined(True)
