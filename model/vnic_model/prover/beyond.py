"""Steps that the oracle allows and the machine has no action for: they keep what is proved, too, for any number of servers.

The machine's actions let one server fall silent, or two, or one hold reach its limit, and migrate a client whose CRQ is open. The
oracle knows only that a moment has passed, in which more may have come together, and a platform migrates whom it likes. So every
obligation of the proof is decided of these steps as well, each in the place of the action that is nearest to it. What says of
that action alone whom it concerns, or what it finds, is left out by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import z3

from vnic_model.goals import GOALS, PLANS
from vnic_model.prover.induction import Induction, Obligation, Verdict
from vnic_model.prover.sorts import BOOL, SERVER
from vnic_model.prover.structures import AnyMap
from vnic_spec.action import Carrier, Effect
from vnic_spec.catalogue import ACTIONS
from vnic_spec.monitoring import moment_passes
from vnic_spec.state import State
from vnic_spec.transport import client_is_on, selection_ends
from vnic_spec.vocabulary import Crq


@dataclass(frozen=True)
class Beyond:
    """A step beyond the machine's actions.

    Attributes:
        sentence: what happens.
        place: the action in whose place it stands; it has the parameters of that action.
        effect: what it does.
        left_out: goal → what that says of the action which is not so of this step.
    """

    sentence: str
    place: str
    effect: Carrier
    left_out: dict[str, str]

    @property
    def goals(self) -> tuple[str, ...]:
        """What is proved for any number of servers, and has to hold of this step."""
        action = ACTIONS[self.place]
        return tuple(
            name
            for name, plan in PLANS.items()
            if plan.any_number and GOALS[name].concerns(action) and name not in self.left_out
        )


def _moment(o: Any, s: State, i: Any, b: Any, client_full: Any, server_full: Any) -> Effect:
    late, over = (AnyMap(o, z3.Function(f"moment.{name}", SERVER, BOOL)) for name in ("late", "over"))
    return moment_passes(o, s, late, over, b, client_full, server_full)


def _migrates_again(o: Any, s: State, client_full: Any, server_full: Any) -> Effect:
    found = ACTIONS["client_migrates"].effect(o, s.but(crq=o.const(Crq.OPEN)), client_full, server_full)
    return found._replace(guard=o.all_of(client_is_on(o, s), o.eq(s.crq, Crq.DISABLED)))


def _migrates_closed(o: Any, s: State, client_full: Any, server_full: Any) -> Effect:
    guard = o.all_of(client_is_on(o, s), o.eq(s.crq, Crq.CLOSED), o.no(client_full), o.no(server_full))
    return Effect(guard, selection_ends(o, s))


_WHOM = "it says which action makes it so of whom; of a moment its definition does"
_FOUND = "it says that a client migrates whose CRQ is open, which this one's is not"
_DRIVERS = (
    "a second event 06 follows the first; what rests on this lemma is claimed of drivers, which are migrated once"
)
_CLOSED = "there is nobody to be told, and nothing to be disabled"

#: Every step that the oracle allows beyond the actions.
BEYOND: dict[str, Beyond] = {
    "moment": Beyond(
        "any servers that have announced a report fall silent at once, and any hold reaches its limit with them (MON-2, CRQ-13)",
        "report_expires",
        _moment,
        dict.fromkeys(("MON-2", "MON-2/status", "CRQ-13/released"), _WHOM),
    ),
    "migration-again": Beyond(
        "the client migrates while its CRQ is disabled (CRQ-8)",
        "client_migrates",
        _migrates_again,
        {"CRQ-2/half": _FOUND, "only-failovers-follow-a-migration": _DRIVERS},
    ),
    "migration-closed": Beyond(
        "the client migrates while its CRQ is closed (CRQ-8, SEL-7)",
        "client_migrates",
        _migrates_closed,
        {"CRQ-2/half": _FOUND, "CRQ-5/client": _CLOSED, "CRQ-8/session": _CLOSED},
    ),
}


def decided(beyond: Beyond, goals: tuple[str, ...] | None = None) -> Iterator[Verdict]:
    """Decide the obligations of a step, of all its goals if none are named."""
    machine = Induction(effects={beyond.place: beyond.effect})
    for name in beyond.goals if goals is None else goals:
        yield machine.decide(Obligation(name, beyond.place))
