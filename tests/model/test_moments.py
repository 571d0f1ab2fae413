"""Several silences at one moment, and holds that reach their limit with them: what the oracle takes for one step is proved."""

from __future__ import annotations

from typing import Any

import pytest

from vnic_model.prover.induction import PROVED, REFUTED
from vnic_model.prover.moments import OF_ONE_SERVER, goals_of_a_moment, moments
from vnic_spec.action import Effect
from vnic_spec.monitoring import moment_passes
from vnic_spec.properties import PROPERTIES


def test_a_moment_keeps_everything_that_is_proved() -> None:
    found = list(moments())
    assert [str(v.obligation) for v in found if v.verdict != PROVED] == []
    assert {"INV-1", "INV-5/path", "FOV-1", "MON-5", "CRQ-5/client"} <= {v.obligation.goal for v in found}
    assert set(OF_ONE_SERVER) <= set(PROPERTIES)
    assert not set(OF_ONE_SERVER) & set(goals_of_a_moment())


def _of_anybody(o: Any, s: Any, late: Any, over: Any, *more: Any) -> Effect:
    """A moment at which holds reach their limit, whoever is selected."""
    return moment_passes(o, s, late, over, *more)._replace(guard=o.true)


@pytest.mark.parametrize(("goal", "verdict"), [("CRQ-13/limit", REFUTED), ("INV-1", PROVED)])
def test_a_moment_that_forgets_whom_it_may_concern_is_refuted(goal: str, verdict: str) -> None:
    assert [v.verdict for v in moments((goal,), _of_anybody)] == [verdict]
