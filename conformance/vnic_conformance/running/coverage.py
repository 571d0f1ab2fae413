"""What a step has put to the test: the witnesses of the properties, and the requirements that decided the answer.

The implementation's state is known only as a set of possibilities. A witness counts where it is certain: when it is one in
every possibility. What happens by itself while the clock moves is no step of its own at the interface; where exactly one
thing has happened it is judged as the machine's step that it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from vnic_conformance.oracle import Allowed, Judgement, Possibility
from vnic_conformance.oracle.possibility import OracleOps, is_event
from vnic_conformance.protocol.messages import Outcome
from vnic_conformance.running.plan import ANSWERS, CARRIED_BY
from vnic_conformance.stimulus import CLOCK
from vnic_model.direct import DirectQueue
from vnic_spec.algebra import Ops
from vnic_spec.catalogue import ACTIONS
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Property, Scope, Step, StepLaw
from vnic_spec.state import State
from vnic_spec.vocabulary import Status

#: Beyond so many pairs of states nothing is looked at: it would not be certain anyway.
_PAIRS = 16
#: A witness that has been met so often is looked for no more; it costs more than the step.
ENOUGH = 50

#: The cases of the requirements that have no property of their own, by the properties that put them to the test.
_CARRIES: Mapping[str, tuple[str, ...]] = {
    p: tuple(f"{r}/{ANSWERS}" for r, carriers in CARRIED_BY.items() if p in carriers) for p in PROPERTIES
}
_CLAIMED = tuple(p for p in PROPERTIES.values() if p.scope is Scope.ANYBODY)
#: Those that an action can be a witness of.
_BY_ACTION: Mapping[str, tuple[Property, ...]] = {
    name: tuple(p for p in _CLAIMED if not p.actions or name in p.actions) for name in ACTIONS
}


class Coverage:
    """Says of each step which watched cases it has put to the test.

    Args:
        counts: how often each was until now, over a whole run; whoever records a step counts.
    """

    def __init__(self, counts: Counter[str]) -> None:
        self.counts = counts
        self._open: dict[str, list[tuple[Property, StepLaw]]] = {}  #: by action, each with what tells that it was met

    def exercised(self, ops: OracleOps, before: Iterable[Possibility], judgement: Judgement) -> tuple[str, ...]:
        """The cases that one step has put to the test. An answer that says that it is unknown puts nothing to the test.

        Args:
            ops: the algebra of the oracle.
            before: what the implementation's state may have been.
            judgement: what the step showed.
        """
        if not judgement.ok or not judgement.agreed or judgement.came.reply.get("outcome") == Outcome.UNKNOWN:
            return ()
        states = [p.state for p in before]
        if len(states) * len(judgement.agreed) > _PAIRS:
            return ()
        if judgement.stimulus.who == CLOCK:
            pairs = [(s, a.possibility.state) for s in states for a in judgement.agreed]
            fired = [(s, t, step) for s, t in pairs if (step := _by_itself(s, t)) is not None]
            if len(fired) < len(pairs):
                return ()
            return (
                *_answers([ACTIONS[step.action].requirements for _, _, step in fired]),
                *self._witnesses(ops, fired),
            )
        found = _answers([a.requirements for a in judgement.agreed])
        moved = [a for a in judgement.agreed if a.action in ACTIONS]
        if len(moved) == len(judgement.agreed):
            found += self._witnesses(ops, [(s, a.possibility.state, _step(a)) for s in states for a in moved])
        return tuple(found)

    def _witnesses(self, ops: OracleOps, steps: list[tuple[State, State, Step]]) -> list[str]:
        found: list[str] = []
        s, t, first = steps[0]
        still = self._open.get(first.action)
        if still is None:
            still = self._open[first.action] = self._not_met(ops, first.action)
        enough = False
        for claim, witness in still:
            if not witness(ops, s, t, first):
                continue
            if self.counts[claim.name] >= ENOUGH:
                enough = True
            elif len(steps) == 1 or all(
                claim.speaks_of(ACTIONS[step.action]) and witness(ops, before, after, step)
                for before, after, step in steps[1:]
            ):
                found += (claim.name, *_CARRIES[claim.name])
        if enough:
            self._open[first.action] = self._not_met(ops, first.action)
        return found

    def _not_met(self, ops: OracleOps, action: str) -> list[tuple[Property, StepLaw]]:
        """The claims of which an action may be a witness, and that have not been met often enough."""
        return [
            (claim, ops.carrying(_AT_THE_INTERFACE.get(claim.name, claim.witness)))
            for claim in _BY_ACTION[action]
            if self.counts[claim.name] < ENOUGH
        ]


def _answers(decided: list[tuple[str, ...]]) -> list[str]:
    return [f"ADM-7/{ANSWERS}", *(f"{entry}/{ANSWERS}" for entry in set(decided[0]).intersection(*decided[1:]))]


def _handed_over(o: Ops, before: State, after: State, step: Step) -> bool:
    """An element has come to stand in the client's queue behind an event, and before that one of another server."""
    queue, was = after.to_client, before.to_client
    assert isinstance(queue, DirectQueue)
    assert isinstance(was, DirectQueue)
    if len(queue.items) <= len(was.items) or len(queue.items) < 3:
        return False
    *_, first, event, last = queue.items
    apart = first.sender is not None and last.sender is not None and first.sender != last.sender
    return apart and is_event(event.kind)


#: Witnesses of properties whose own is a step that a driver makes, as they can be seen at the interface.
_AT_THE_INTERFACE: Mapping[str, StepLaw] = {"INV-2": _handed_over}


def _step(a: Allowed) -> Step:
    return Step(a.action, dict(a.parameters), a.rc)


def _by_itself(s: State, t: State) -> Step | None:
    """The one step of the machine by which time led from one state to another, if it is one."""
    servers = range(len(s.status.values))  # type: ignore[attr-defined]  # a DirectMap in this reading
    found = list(_expiries(s, t, servers))
    if len(found) != 1:
        return None
    (action, late) = found[0]
    parameters: dict[str, object] = {"b": t.selected, "client_full": False, "server_full": False}
    parameters |= dict(zip(("i", "j"), late, strict=False))
    return Step(action, {name: parameters[name] for name in ACTIONS[action].parameters}, None)


def _expiries(s: State, t: State, servers: range) -> Iterator[tuple[str, tuple[int, ...]]]:
    silent = tuple(i for i in servers if t.status(i) is Status.UNRESPONSIVE and s.status(i) is not Status.UNRESPONSIVE)
    if silent:
        yield {1: "report_expires", 2: "reports_expire_together"}.get(len(silent), "report_expires"), silent[:2]
    if len(silent) > 2:
        yield "report_expires", silent[2:]
    for i in servers:
        if t.overdue(i) and not s.overdue(i):
            yield "hold_expires", (i,)
        elif s.held(i) and not t.held(i) and not silent:
            yield "gap_ends", (i,)
    moved = s.selected is not None and t.selected is not None and t.selected != s.selected
    if moved and not silent and not any(t.overdue(i) and not s.overdue(i) for i in servers):
        yield "delay_ends", ()
