"""The decisions of the machine that a mutation may replace, gathered in one record.

Actions reach these through ``o.rules``; everything else they call by name. A *mutation* (:mod:`vnic_spec.mutations`) is
this record with one function replaced by a plausible misreading, so it changes the behaviour everywhere the decision is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vnic_spec import failover, handshake, selection, session, transport
from vnic_spec.algebra import Ops, Term, Truth
from vnic_spec.state import State
from vnic_spec.vocabulary import Kind


@dataclass(frozen=True)
class Rules:
    """One function per decision; the defaults are the specification."""

    # SEL, MON
    eligible: Callable[[Ops, State, Term], Truth] = selection.eligible
    beats: Callable[[Ops, State, Term, Term], Truth] = selection.beats
    preempted: Callable[[Ops, State], Truth] = selection.preempted
    choice: Callable[[Ops, State, Term, Truth], Truth] = selection.choice
    last_resort: Callable[[Ops, State], State] = selection.last_resort
    reopened: Callable[[Ops, State], Term] = transport.reopened
    # FOV, CRQ
    fence: Callable[[Ops, State, Term, Truth], State] = failover.fence
    tell_client: Callable[[Ops, State, Kind, Truth, Truth], tuple[Truth, State]] = failover.tell_client
    tell_server: Callable[[Ops, State, Term, Kind, Truth, Truth], tuple[Truth, State]] = failover.tell_server
    overlaid: Callable[[Ops, Term, Kind], Term] = failover.overlaid
    connects: Callable[[Ops, State, Term], Truth] = failover.connects
    pin_after: Callable[[Ops, State, Truth], Term] = failover.pin_after
    accepts: Callable[[Ops, State, Term], Truth] = transport.accepts
    # SES
    complain: Callable[[Ops, State], State] = session.complain
    late_complaint: Callable[[Ops, State], State] = session.late_complaint
    # CLI, SRV
    after_failover: Callable[[Ops, State], Term] = handshake.after_failover
    answers_init: Callable[[Ops, State], Truth] = handshake.answers_init
    after_event: Callable[[Ops, State, Term], Term] = handshake.after_event


#: The specification.
RULES = Rules()
