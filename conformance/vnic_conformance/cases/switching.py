"""Scripts of selection, failover and the client's complaint: SEL, FOV, SES."""

from __future__ import annotations

from vnic_conformance.cases.script import Not, OneOf, Steps, do, script
from vnic_conformance.cases.words import (
    S0,
    S1,
    activate,
    add,
    auto,
    best,
    complain,
    connected,
    consume,
    data,
    event,
    free,
    plain,
    power,
    rank,
    ready,
    register,
    remove,
    report,
    send,
    token,
    vioctl,
)
from vnic_conformance.stimulus import CLIENT, NO_TOKEN, TOKEN_BEFORE, TOKEN_LATEST, advance
from vnic_spec.calls import DEFAULT_PRIORITY, PRIORITIES
from vnic_spec.profile import Profile, Reopen, TieBreak
from vnic_spec.wire import Event, Rc, Vioctl

_FAILOVER = event(Event.DEVICE_FAILOVER)
_S2 = "server2"


@script("SEL-2/nothing-before-opening", servers=3)
def _(p: Profile) -> Steps:
    """Nobody is selected before the client opens its CRQ; then it is the best of those that can serve."""
    yield from plain(rank(S0, 30), rank(S1, 20), rank(_S2, 10))
    yield from ready(S0, S1)
    yield do(register(_S2), "SEL-2", selected="")
    yield do(register(CLIENT), "SEL-2", selected=S1)


@script("SEL-2/auto-off", servers=2)
def _(p: Profile) -> Steps:
    """With automatic failover off, too, it is the best server that the opening client gets."""
    yield from plain(auto(0), rank(S0, 30), rank(S1, 20))
    yield from ready(S0, S1)
    yield do(register(CLIENT), "SEL-2", selected=S1)


@script("SEL-4/numbers-not-text", servers=3)
def _(p: Profile) -> Steps:
    """Priorities are compared as numbers: 9 is better than 10, and 10 better than 100."""
    yield from plain(rank(S0, 100), rank(S1, 10), rank(_S2, 9))
    yield from ready(S0, S1, _S2)
    yield do(register(CLIENT), "SEL-4", selected=_S2)
    yield do(report(_S2, status=2), "SEL-4", selected=S1)
    yield do(report(S1, status=2), "SEL-4", selected=S0)
    yield do(report(S1), "SEL-4", selected=OneOf((S1,)) if not p.preempt_delay_ms else OneOf((S0, S1)))


@script("SEL-4/range")
def _(p: Profile) -> Steps:
    """Priorities outside 1 to 100 are refused without effect, for a change and for an addition; the ends are taken."""
    low, high = PRIORITIES[0], PRIORITIES[-1]
    for value in (low - 1, high + 1, -1, 1 << 32):
        yield do(rank(S0, value), "SEL-4", outcome="refused", server0_priority=DEFAULT_PRIORITY)
    for value in (low, high):
        yield do(rank(S0, value), "SEL-4", outcome="done", server0_priority=value)
    yield from plain(remove(S1))
    for value in (low - 1, high + 1):
        yield do(add(S1, priority=value), "SEL-4", outcome="refused", listed=S0)
    yield do(add(S1), "SEL-4", outcome="done", server1_priority=DEFAULT_PRIORITY)


@script("SEL-5/selected-keeps-client", servers=3)
def _(p: Profile) -> Steps:
    """A server of equal priority does not take the client from the selected one, whichever was added first."""
    yield from connected(S1)
    yield from ready(S0, _S2)
    yield do(report(S0), "SEL-5", selected=S1)
    yield do(rank(S0, DEFAULT_PRIORITY), "SEL-5", selected=S1)
    yield do(auto(1), "SEL-5", selected=S1)


@script("SEL-5/tie-among-standbys", servers=4)
def _(p: Profile) -> Steps:
    """Among standbys of equal priority the rule of the profile decides; added again, a server is the newest."""
    yield from plain(remove(S1), add(S1), rank("server3", 10))
    yield from ready(S0, S1, _S2, "server3")
    yield from plain(register(CLIENT))
    expected = {
        TieBreak.OLDEST: (S0,),
        TieBreak.NEWEST: (S1,),
        TieBreak.PORT: (S0, S1, _S2),
        TieBreak.ANY: (S0, S1, _S2),
    }
    yield do(report("server3", status=3), "SEL-5", selected=OneOf(expected[p.tie_break]))


@script("SEL-6/waits", servers=2)
def _(p: Profile) -> Steps:
    """With nobody eligible the client's CRQ stays registered, sends are H_CLOSED, and the first that comes is taken."""
    yield from plain(auto(0))
    yield do(register(CLIENT), "SEL-6", rc=Rc.H_CLOSED, client_crq="OPEN", selected="")
    yield do(send(CLIENT), "SEL-6", rc=Rc.H_CLOSED)
    yield from plain(register(S1))
    yield do(report(S1), "SEL-6", selected=S1, client_queue="")
    yield do(send(CLIENT), "SEL-6", rc=Rc.H_SUCCESS)


@script("SEL-7/reopening", when=lambda p: p.reopen is Reopen.KEEP)
def _(p: Profile) -> Steps:
    """A selection by hand survives that the client frees and registers its CRQ."""
    yield from best(S0, S1)
    yield from plain(activate(S1), consume(S0), free(CLIENT))
    yield do(register(CLIENT), "SEL-7", selected=S1, pinned=S1)


@script("SEL-7/reopening-reselects", when=lambda p: p.reopen is Reopen.RESELECT)
def _(p: Profile) -> Steps:
    """Under reopen = reselect every registration selects the best server, and ends the pin."""
    yield from best(S0, S1)
    yield from plain(activate(S1), consume(S0), free(CLIENT))
    yield do(register(CLIENT), "SEL-7", selected=S0, pinned="")


@script("SEL-7/power-off-ends")
def _(p: Profile) -> Steps:
    """A selection, with its pin, ends when the client's partition powers off, and a new one begins when it opens again."""
    yield from best(S0, S1)
    yield from plain(activate(S1))
    yield do(power("power_off", CLIENT), "SEL-7", selected="", pinned="")
    yield from plain(power("power_on", CLIENT))
    yield do(register(CLIENT), "SEL-7", selected=S0, pinned="")


@script("SEL-8/while-closed", servers=2)
def _(p: Profile) -> Steps:
    """While the client's CRQ is closed the selection moves, empties and is filled, and nobody is told."""
    yield from best(S0, S1)
    yield from plain(free(CLIENT))
    yield do(report(S0, status=2), "SEL-8", selected=S1)
    yield do(report(S1, status=2), "SEL-8", selected="")
    yield do(report(S0), "SEL-8", selected=S0)
    yield do(activate(S0), "SEL-8", pinned=S0)
    yield do(register(CLIENT), "SEL-8", selected=S0 if p.reopen is Reopen.KEEP else OneOf((S0, S1)), client_queue="")


@script("FOV-2/order-of-effects")
def _(p: Profile) -> Steps:
    """Between what the old server has sent and what the new one sends stands the event, in the client's queue."""
    yield from best(S0, S1)
    yield from plain(send(S0, data(1)), activate(S1))
    yield do(send(S0, data(2)), "FOV-2", rc=Rc.H_CLOSED)
    yield do(send(S1, data(3)), "FOV-2", client_queue=(data(1), _FAILOVER, data(3)))


@script("FOV-3/one-event-for-one-switch", servers=3)
def _(p: Profile) -> Steps:
    """Each of several switches puts one event."""
    yield from best(S0, S1, _S2)
    for count, who in enumerate((S1, _S2, S1), 1):
        yield do(activate(who), "FOV-3", client_queue=(_FAILOVER,) * count)
    yield from plain(report(S1, status=3), report(S0, status=3), report(_S2, status=3))


@script("FOV-4/queue-stays", servers=2)
def _(p: Profile) -> Steps:
    """Through a switch the client's queue stays as it is, its position included: the client goes on reading."""
    yield from best(S0, S1)
    yield from plain(send(S0, data(1)), send(S0, data(2)), consume(CLIENT), activate(S1), send(S1, data(3)))
    for element in (data(2), (_FAILOVER,), data(3)):
        yield do(consume(CLIENT), "FOV-4", element=element)


@script("FOV-5/successor", servers=4)
def _(p: Profile) -> Steps:
    """The successor is the best of the eligible, not the next on the list."""
    yield from plain(rank(S0, 10), rank(S1, 40), rank(_S2, 30), rank("server3", 20))
    yield from connected(S0, S1, _S2, "server3")
    yield from plain(report("server3", status=2))
    yield do(report(S0, status=3), "FOV-5", selected=_S2)


@script("FOV-6/no-successor")
def _(p: Profile) -> Steps:
    """Without a successor the event is sent all the same, and the client waits."""
    yield from connected(S0)
    yield do(report(S0, status=2), "FOV-6", selected="", client_queue=(_FAILOVER,), client_crq="OPEN")
    yield do(report(S0), "SEL-6", selected=S0, client_queue=(_FAILOVER,))


@script("FOV-7/auto-off-is-stable", servers=2)
def _(p: Profile) -> Steps:
    """With automatic failover off a healthy server is not left for a better one; a failure is followed all the same."""
    yield from plain(auto(0), rank(S0, 10), rank(S1, 20))
    yield from connected(S1)
    yield from ready(S0)
    yield do(rank(S0, 1), "FOV-7", selected=S1, client_queue="")
    yield do(report(S1, status=3), "FOV-1", selected=S0, client_queue=(_FAILOVER,))
    yield do(report(S1), "FOV-7", selected=S0)


@script("FOV-7/nothing-happens", servers=3)
def _(p: Profile) -> Steps:
    """Reports that say nothing new, registrations of standbys and time that passes switch nobody."""
    yield from best(S0, S1, _S2)
    for who in (S0, S1, _S2):
        yield do(report(who), "FOV-7", selected=S0, client_queue="")
    yield from plain(free(_S2), register(_S2), report(_S2), register(S1), free(CLIENT), consume(S0), register(CLIENT))
    yield do(advance(1), "FOV-7", selected=S0, client_queue="")


@script("SES-1/token")
def _(p: Profile) -> Steps:
    """A session has one token; without a session there is none."""
    yield do(token(), "SES-1", rc=Rc.H_STATE)
    yield from connected(S0)
    yield do(token(), "SES-1", remember={"t": "r4"}, rc=Rc.H_SUCCESS)
    yield from plain(report(S0), send(S0), consume(CLIENT))
    yield do(token(), "SES-1", rc=Rc.H_SUCCESS, r4="$t")
    yield from plain(free(CLIENT))
    yield do(token(), "SES-1", rc=Rc.H_STATE)


@script("SES-1/never-again", servers=2)
def _(p: Profile) -> Steps:
    """Every session has a token of its own: after a free and register, and with a server that is selected again."""
    yield from best(S0, S1)
    yield do(token(), remember={"first": "r4"})
    yield from plain(free(CLIENT), consume(S0), register(CLIENT), advance(p.gap_ms))
    yield do(token(), "SES-1", remember={"second": "r4"}, r4=Not("$first"))
    yield from plain(activate(S1), consume(S0))
    yield do(token(), "SES-1", r4=Not("$second"))
    yield from plain(activate(S0), advance(p.gap_ms))
    yield do(token(), "SES-1", r4=Not("$first"))
    yield do(token(), "SES-1", r4=Not("$second"))


@script("SES-1/arguments")
def _(p: Profile) -> Steps:
    """Unused parameters must be 0, with and without a session; the unit must be the caller's."""
    for _ in range(2):
        for p1, p2, p3 in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
            yield do(vioctl(CLIENT, Vioctl.GET_SESSION_TOKEN, p1, p2, p3), "SES-1", rc=Rc.H_PARAMETER)
        yield from connected(S0)
    yield do(vioctl(CLIENT, Vioctl.GET_SESSION_TOKEN, unit="wrong"), "SES-1", rc=Rc.H_PARAMETER)


@script("SES-2/order-of-checks", servers=2)
def _(p: Profile) -> Steps:
    """Unused parameters come before the token, the token before whether another server could take over."""
    yield from connected(S0)
    yield from plain(token())
    for p2, p3 in ((1, 0), (0, 1), (1, 1)):
        yield do(complain(NO_TOKEN, p2, p3), "SES-2", rc=Rc.H_PARAMETER)
        yield do(complain(TOKEN_LATEST, p2, p3), "SES-2", rc=Rc.H_PARAMETER)
    yield do(complain(NO_TOKEN), "SES-2", rc=Rc.H_STATE)
    yield do(complain(TOKEN_LATEST), "SES-2", rc=Rc.H_CONSTRAINED, selected=S0)
    yield from ready(S1)
    yield do(complain(NO_TOKEN), "SES-2", rc=Rc.H_STATE, selected=S0)
    yield do(complain(TOKEN_LATEST, unit="wrong"), "SES-2", rc=Rc.H_PARAMETER, selected=S0)
    yield do(complain(TOKEN_LATEST), "SES-2", rc=Rc.H_SUCCESS, selected=S1, server0_status="NETWORK_ERROR")


@script("SES-2/token-of-another-session", servers=2)
def _(p: Profile) -> Steps:
    """A token of an earlier session is of no use, with the same server or with another."""
    yield from best(S0, S1)
    yield from plain(token(), free(CLIENT), consume(S0), register(CLIENT), advance(p.gap_ms))
    yield do(complain(TOKEN_LATEST), "SES-2", rc=Rc.H_STATE, selected=S0)
    yield from plain(token())
    yield do(complain(TOKEN_BEFORE), "SES-2", rc=Rc.H_STATE, selected=S0)
    yield from plain(activate(S1))
    yield do(complain(TOKEN_LATEST), "SES-2", rc=Rc.H_STATE, selected=S1)


@script("SES-3/not-undone")
def _(p: Profile) -> Steps:
    """With automatic failover on, priority does not bring back at once the server that was complained of."""
    yield from best(S0, S1)
    yield from plain(token())
    yield do(complain(TOKEN_LATEST), "SES-3", selected=S1, server0_status="NETWORK_ERROR")
    yield do(report(S0), "SES-3", selected=S1)
    yield do(auto(1), "SES-3", selected=S1)
    yield do(rank(S0, 1), "SES-3", selected=S1)
    yield do(advance(p.preempt_delay_ms + 1), "SES-3", selected=S1)
