"""INV: what never happens."""

from __future__ import annotations

from vnic_spec.algebra import Ops, Truth
from vnic_spec.profile import Crossing
from vnic_spec.properties.steps import is_event, some_eligible, somebody, switched, switched_between
from vnic_spec.properties.terms import eligible, outranked
from vnic_spec.property import Scope, Step, state_property
from vnic_spec.state import State
from vnic_spec.vocabulary import Belief, ClientPhase, Crq, Kind, Owed

_BETWEEN = ("the client is switched from one connected server to another", switched_between)


@state_property("INV-1", "SEL-1", witness=_BETWEEN)
def never_two_connected(o: Ops, s: State) -> Truth:
    """No two servers are connected at the same time."""
    return o.every(lambda i: o.every(lambda j: o.implies(o.all_of(s.connected(i), s.connected(j)), o.eq(i, j))))


def _hand_over(o: Ops, s: State, t: State, step: Step) -> Truth:
    of_another = s.to_client.last(lambda e: o.all_of(somebody(o, e.sender), o.ne(e.sender, s.seen)))
    waits = o.all_of(o.no(s.to_client.empty()), of_another)
    return o.all_of(step.by(o, "client_reads_failover"), somebody(o, s.seen), waits)


@state_property(
    "INV-2",
    "FOV-2",
    witness=("the client, having heard one server, reads event 08 with an element of another behind it", _hand_over),
)
def one_server_at_a_time(o: Ops, s: State) -> Truth:
    """The next element that the client will handle is an event, or comes from the one server whose elements it has handled
    since its last event or registration; and nothing was ever stored for it by a server that was not connected."""
    return o.all_of(
        o.no(s.intruded),
        s.to_client.first(lambda e: o.any_of(is_event(o, e), o.eq(s.seen, o.nobody), o.eq(e.sender, s.seen))),
    )


@state_property("INV-3", "SEL-3", "FOV-1", witness=_BETWEEN)
def selected_is_eligible(o: Ops, s: State) -> Truth:
    """A connected server is eligible, and so is the selected one."""
    return o.all_of(
        o.every(lambda i: o.implies(s.connected(i), eligible(o, s, i))),
        o.implies(somebody(o, s.selected), eligible(o, s, s.selected)),
    )


def _preempts(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(switched(o, s, t, step), eligible(o, t, s.selected), somebody(o, t.selected))


@state_property("INV-4", "SEL-4", witness=("a better server takes the client from a healthy one", _preempts))
def nobody_better(o: Ops, s: State) -> Truth:
    """With auto on, no pin and no preempt_delay, no eligible server is strictly better than the selected one."""
    free = o.all_of(s.auto, o.eq(s.pin, o.nobody), o.no(o.profile.damped), somebody(o, s.selected))
    return o.implies(free, o.no(outranked(o, s)))


def _found(o: Ops, s: State, t: State, step: Step) -> Truth:
    waits = o.all_of(o.eq(s.crq, Crq.OPEN), o.eq(s.selected, o.nobody))
    return o.all_of(waits, o.eq(t.crq, Crq.OPEN), somebody(o, t.selected))


@state_property(
    "INV-5", "SEL-6", "FOV-9", witness=("a waiting client is given the first server to become eligible", _found)
)
def client_is_served(o: Ops, s: State) -> Truth:
    """If the client's CRQ is open and a server is eligible, one is selected, and connected unless an unread event holds it
    (CRQ-13) or an event is owed to the client (CRQ-7)."""
    served = o.all_of(
        somebody(o, s.selected),
        o.any_of(s.connected(s.selected), s.held(s.selected), o.ne(s.owed, Owed.NOTHING)),
    )
    return o.implies(o.all_of(o.eq(s.crq, Crq.OPEN), some_eligible(o, s)), served)


def _closes_in_session(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(o.some(s.connected), o.no(s.to_client.empty()), o.eq(t.crq, Crq.CLOSED))


@state_property("INV-6", "CRQ-4", witness=("the client leaves a session with elements unread", _closes_in_session))
def closed_is_silent(o: Ops, s: State) -> Truth:
    """While the client's CRQ is closed nobody is connected and nothing is queued for the client or owed to it."""
    silent = o.all_of(o.every(lambda i: o.no(s.connected(i))), s.to_client.empty(), o.eq(s.owed, Owed.NOTHING))
    return o.implies(o.eq(s.crq, Crq.CLOSED), silent)


def _fenced_with_grants(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(s.granted(s.selected), switched(o, s, t, step))


@state_property("INV-7", "FOV-10", "CRQ-12", witness=("a server with grants is left", _fenced_with_grants))
def fenced_has_no_path(o: Ops, s: State) -> Truth:
    """A server that is not connected may use no sub-CRQ handle and no DMA map of the client's."""
    return o.every(lambda i: o.implies(s.granted(i), s.connected(i)))


def _logs_in(o: Ops, s: State, t: State, step: Step) -> Truth:
    return o.all_of(o.eq(t.phase, ClientPhase.LOGGED_IN), o.ne(s.phase, ClientPhase.LOGGED_IN))


@state_property("INV-8", witness=("the client logs in", _logs_in), scope=Scope.DRIVERS)
def login_is_mutual(o: Ops, s: State) -> Truth:
    """A client that believes it is logged in, with no event queued or owed, is connected to the server it logged in to, and
    that server regards it as logged in. Claimed under crossing = hold: a gap relies on the server reading in time."""
    believes = o.all_of(
        o.eq(s.phase, ClientPhase.LOGGED_IN),
        s.to_client.every(lambda e: o.no(is_event(o, e))),
        o.eq(s.owed, Owed.NOTHING),
        o.eq(o.profile.crossing, Crossing.HOLD),
    )
    mutual = o.all_of(somebody(o, s.seen), s.connected(s.seen), o.eq(s.belief(s.seen), Belief.SERVING))
    return o.implies(believes, mutual)


def _merges(o: Ops, s: State, t: State, step: Step) -> Truth:
    last = s.to_client.last(lambda e: o.eq(e.kind, Kind.FAILOVER))
    return o.all_of(switched(o, s, t, step), o.no(s.to_client.empty()), last)


@state_property("INV-9", "FOV-3", "FOV-8", witness=("a second switch before the client has read event 08", _merges))
def events_and_switches_balance(o: Ops, s: State) -> Truth:
    """Events 08 put on the client's queue (queued, handled, merged or owed) and switches in this registration balance: neither
    happens without the other. One for each is what CRQ-5/client and CRQ-7/owed say."""
    return o.no(s.unbalanced)
