"""LIV: progress: what must happen eventually."""

from __future__ import annotations

from vnic_spec.requirements.record import Elsewhere, Requirement

REQUIREMENTS = (
    Requirement(
        "LIV-1",
        text=(
            "If from some time on one server stays eligible, running and reporting, the client's partition is on "
            "and its user wants the device open, and no trigger occurs, then the client is logged in eventually."
        ),
        source=(
            "Our own; US9552264B1, abstract: recovery without a change in the client; Linux driver history: devices "
            "that stayed down for good."
        ),
        elsewhere=Elsewhere(
            reason="Progress under fairness is a property of infinite runs, not of a state or a step.",
            where=(
                "model: fair cycles of the explored graphs of the instances with a dialogue, under assumptions that "
                "vnickit explore --liveness prints"
            ),
        ),
    ),
    Requirement(
        "LIV-2",
        text="Once triggers stop, switches stop.",
        source="Our own, from FOV-7 and FOV-8.",
        elsewhere=Elsewhere(
            reason="Progress is a property of infinite runs, not of a state or a step.",
            where=(
                "model: cycles of the explored graphs; complaints may go on there, which asks for more than the text "
                "(vnickit explore --liveness)"
            ),
        ),
    ),
    Requirement(
        "LIV-3",
        text=(
            "No dead end: from every reachable state a logged-in client is reachable without client reboot and "
            "without console actions, given servers that come back."
        ),
        source="Our own; Linux driver history: states that only a reboot or a manual failover left.",
        elsewhere=Elsewhere(
            reason="Reachability from every state is a property of the graph, not of a state or a step.",
            where="model: explored graphs of the instances with a dialogue: tests/model/test_progress.py",
            whole=False,
        ),
    ),
)
