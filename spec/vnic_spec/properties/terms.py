"""The terms of the requirements as the properties mean them: said here from the requirement, and not borrowed.

The chapters of actions have rules of the same names, which form guards and effects. A property that asked them would follow
every error that is made in them. So nothing in this package imports from those chapters (a test forbids it), and that both
say the same of every state is proved (``vnic_model.prover.agreement``). A text calls them by the names of the rules.
"""

from __future__ import annotations

from vnic_spec.algebra import Ops, Server, Truth
from vnic_spec.profile import TieBreak
from vnic_spec.rule import Rule
from vnic_spec.state import State
from vnic_spec.vocabulary import ClientPhase, Crq, Owed, Status


def faultless(o: Ops, s: State, i: Server) -> Truth:
    """SEL-3 but for a complaint: listed, powered, registered, OPERATIONAL, and not overdue (CRQ-13)."""
    there = o.all_of(s.listed(i), s.powered(i), s.registered(i))
    return o.all_of(there, o.eq(s.status(i), Status.OPERATIONAL), o.no(s.overdue(i)))


def _eligible(o: Ops, s: State, i: Server) -> Truth:
    return o.all_of(faultless(o, s, i), o.no(s.complaint(i)))


def _preferred(o: Ops, s: State, j: Server, i: Server) -> Truth:
    by = o.profile.tie_break
    tied = o.ite(
        o.eq(by, TieBreak.OLDEST),
        s.added(j, i),
        o.ite(o.eq(by, TieBreak.NEWEST), s.added(i, j), o.all_of(o.eq(by, TieBreak.PORT), o.lower_port(j, i))),
    )
    return o.any_of(o.outranks(s.priority(j), s.priority(i)), o.all_of(o.eq(s.priority(j), s.priority(i)), tied))


#: SEL-3: a server may be selected.
eligible = Rule("eligible", _eligible, "eligible({0})", "")
#: SEL-4, SEL-5: of two that may, the first is to be selected. Under tie_break ``any`` either, if their priorities are equal.
preferred = Rule("beats", _preferred, "{0} beats {1}", "{0} does not beat {1}")


def nobody_eligible(o: Ops, s: State) -> Truth:
    """SEL-6: there is nobody to select."""
    return o.no(o.some(lambda i: eligible(o, s, i)))


def only_complained_of(o: Ops, s: State, i: Server) -> Truth:
    """MON-5, ADM-6: the only fault of ``i`` is a complaint."""
    return o.all_of(s.complaint(i), faultless(o, s, i))


def first_choice(o: Ops, s: State, i: Server) -> Truth:
    """SEL-2, FOV-5: ``i`` may be selected, and nobody who may is preferred to it."""
    rival = o.some(lambda j: o.all_of(preferred(o, s, j, i), eligible(o, s, j)))
    return o.all_of(eligible(o, s, i), o.no(rival))


def best(o: Ops, s: State, b: Server) -> Truth:
    """SEL-2, SEL-6: ``b`` is whom a selection made now has to choose; nobody, if nobody is eligible."""
    return o.ite(o.eq(b, o.nobody), nobody_eligible(o, s), first_choice(o, s, b))


def outranked(o: Ops, s: State) -> Truth:
    """FOV-7: somebody eligible has a strictly better priority than the selected server."""
    return o.some(lambda j: o.all_of(o.outranks(s.priority(j), s.priority(s.selected)), eligible(o, s, j)))


def has_path(o: Ops, s: State, i: Server) -> Truth:
    """Elements can flow between the client and ``i``: it is selected, both halves are registered and enabled, it has read how
    its last session ended (CRQ-13), and no event is owed to the client (CRQ-7)."""
    both = o.all_of(o.eq(s.selected, i), s.registered(i), o.eq(s.crq, Crq.OPEN))
    return o.all_of(both, o.no(s.held(i)), o.eq(s.owed, Owed.NOTHING))


def awake(o: Ops, s: State, i: Server) -> Truth:
    """The partition of ``i`` is on, and it does not hang."""
    return o.all_of(o.no(s.hung(i)), s.powered(i))


def client_is_on(o: Ops, s: State) -> Truth:
    """The client's partition is on."""
    return o.ne(s.phase, ClientPhase.OFF)


def in_session(o: Ops, s: State) -> Truth:
    """SES-1: a session is running."""
    return o.some(s.connected)


def another_eligible(o: Ops, s: State) -> Truth:
    """SES-2: a server that is not the selected one is eligible."""
    return o.some(lambda j: o.all_of(eligible(o, s, j), o.ne(s.selected, j)))


def asks(o: Ops, s: State) -> Truth:
    """CLI-1, CLI-2: the client has an INIT or a LOGIN of its own outstanding."""
    return o.any_of(o.eq(s.phase, ClientPhase.INIT_SENT), o.eq(s.phase, ClientPhase.LOGIN_SENT))
