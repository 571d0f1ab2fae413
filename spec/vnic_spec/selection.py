"""SEL, MON-5: who may be selected, and who is.

The selection is a *parameter* ``b`` of every action that ends a step; :func:`choice` is its guard and says that nobody
eligible beats ``b``. No reading has to compute a best server, and the proof needs no quantifier under another.
"""

from __future__ import annotations

from vnic_spec.algebra import Ops, Server, Truth
from vnic_spec.profile import TieBreak
from vnic_spec.rule import rule
from vnic_spec.state import State
from vnic_spec.vocabulary import Status


@rule("fit({0})")
def fit(o: Ops, s: State, i: Server) -> Truth:
    """All of SEL-3 but the complaint; an overdue server counts as UNRESPONSIVE (CRQ-13)."""
    return o.all_of(
        s.listed(i),
        s.powered(i),
        s.registered(i),
        o.eq(s.status(i), Status.OPERATIONAL),
        o.no(s.overdue(i)),
    )


@rule("eligible({0})")
def eligible(o: Ops, s: State, i: Server) -> Truth:
    """SEL-3: server ``i`` may be selected. A complaint shows as NETWORK_ERROR, which is not OPERATIONAL (MON-4)."""
    return o.all_of(fit(o, s, i), o.no(s.complaint(i)))


def only_fault_is_complaint(o: Ops, s: State, i: Server) -> Truth:
    """MON-5, ADM-6: ``i`` would be eligible if nobody had complained about it."""
    return o.all_of(fit(o, s, i), s.complaint(i))


@rule("nobody is eligible", contrary="somebody is eligible")
def nobody_eligible(o: Ops, s: State) -> Truth:
    """SEL-6: there is no server to select."""
    return o.every(lambda j: o.no(eligible(o, s, j)))


@rule("{0} beats {1}", contrary="{0} does not beat {1}")
def beats(o: Ops, s: State, j: Server, i: Server) -> Truth:
    """SEL-4, SEL-5: among standbys, ``j`` is to be preferred to ``i``. Under tie_break ``any`` equals do not beat."""
    by = o.profile.tie_break
    tie = o.any_of(
        o.all_of(o.eq(by, TieBreak.OLDEST), s.added(j, i)),
        o.all_of(o.eq(by, TieBreak.NEWEST), s.added(i, j)),
        o.all_of(o.eq(by, TieBreak.PORT), o.lower_port(j, i)),
    )
    better = o.outranks(s.priority(j), s.priority(i))
    return o.any_of(better, o.all_of(o.no(o.outranks(s.priority(i), s.priority(j))), tie))


@rule("best({0})")
def best(o: Ops, s: State, b: Server) -> Truth:
    """SEL-2, SEL-6, FOV-5: ``b`` is a best eligible server, or nobody because there is none."""
    return o.any_of(
        o.all_of(o.eq(b, o.nobody), nobody_eligible(o, s)),
        o.all_of(
            o.ne(b, o.nobody),
            eligible(o, s, b),
            o.every(lambda j: o.no(o.all_of(eligible(o, s, j), beats(o, s, j, b)))),
        ),
    )


@rule("outranked")
def outranked(o: Ops, s: State) -> Truth:
    """FOV-7: an eligible server is strictly better than the selected one. Equals never preempt (SEL-5)."""
    return o.some(lambda j: o.all_of(eligible(o, s, j), o.outranks(s.priority(j), s.priority(s.selected))))


@rule("preempted")
def preempted(o: Ops, s: State) -> Truth:
    """FOV-1, SEL-4: priority takes the client from the selected server. Not with auto off, not from a pinned one."""
    return o.all_of(s.auto, o.eq(s.pin, o.nobody), outranked(o, s))


@rule("choice({0}, {1})")
def choice(o: Ops, s: State, b: Server, at_once: Truth) -> Truth:
    """``b`` is the selection at the end of this step.

    No standing selection: nobody (SEL-2). A selected server stays while it is eligible and not preempted (FOV-7);
    ``at_once`` says that a damping of preemption does not count, as for an administrator's write. Otherwise the best.
    """
    stays = o.all_of(
        o.ne(s.selected, o.nobody),
        eligible(o, s, s.selected),
        o.no(o.all_of(preempted(o, s), o.any_of(at_once, o.no(o.profile.damped)))),
    )
    return o.ite(
        s.standing,
        o.ite(stays, o.eq(b, s.selected), best(o, s, b)),
        o.eq(b, o.nobody),
    )


@rule("LAST RESORT")
def last_resort(o: Ops, s: State) -> State:
    """MON-5: when nobody is eligible, every server whose only fault is a complaint has it cleared."""
    desperate = nobody_eligible(o, s)
    return s.but(
        complaint=s.complaint.each(
            lambda j, has: o.all_of(has, o.no(o.all_of(desperate, only_fault_is_complaint(o, s, j))))
        )
    )
