"""Scripts of the console: ADM."""

from __future__ import annotations

from vnic_conformance.cases.script import Not, Steps, do, script
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
    migrate,
    plain,
    rank,
    ready,
    register,
    remove,
    report,
    send,
    token,
)
from vnic_conformance.stimulus import CLIENT, TOKEN_LATEST, advance
from vnic_spec.profile import Profile
from vnic_spec.wire import Event, Rc

_FAILOVER = event(Event.DEVICE_FAILOVER)
_S2 = "server2"


@script("ADM-1/one-too-many", servers=7, crowded=True, when=lambda p: p.max_servers == 6)
def _(p: Profile) -> Steps:
    """A seventh server is refused without effect; in the place of another it is taken."""
    six = " ".join(f"server{i}" for i in range(6))
    yield do(add("server6"), "ADM-1", outcome="refused", listed=six)
    yield from plain(remove("server2"))
    yield do(add("server6"), "ADM-1", outcome="done", listed=six.replace("server2 ", "") + " server6")
    yield do(add("server2"), "ADM-1", outcome="refused")


@script("ADM-1/one-too-many-of-two", servers=3, crowded=True, when=lambda p: p.max_servers == 2)
def _(p: Profile) -> Steps:
    """With room for two servers a third is refused without effect."""
    yield do(add(_S2), "ADM-1", outcome="refused", listed=f"{S0} {S1}")


@script("ADM-1/one-too-many-of-eight", servers=9, crowded=True, when=lambda p: p.max_servers == 8)
def _(p: Profile) -> Steps:
    """With room for eight servers a ninth is refused without effect; all eight can serve."""
    eight = " ".join(f"server{i}" for i in range(8))
    yield do(add("server8"), "ADM-1", outcome="refused", listed=eight)
    yield from best(*(f"server{i}" for i in range(8)))
    for i in range(7):
        yield do(report(f"server{i}", status=2), "SEL-4", selected=f"server{i + 1}", listed=eight)


@script("ADM-1/same-port")
def _(p: Profile) -> Steps:
    """A server on a port that another one of the list has is refused without effect."""
    yield from plain(remove(S1))
    yield do(add(S1, port="$server0_port"), "ADM-1", outcome="refused", listed=S0)
    yield do(add(S1, port="$server1_port"), "ADM-1", outcome="done", server1_port="$server1_port")


@script("ADM-1/listed-already")
def _(p: Profile) -> Steps:
    """A server that is on the list is not added again."""
    yield do(add(S0, priority=1), "ADM-1", outcome="refused", server0_priority=50)


@script("ADM-2/adding-disturbs-nobody")
def _(p: Profile) -> Steps:
    """A server that is added, even as the best, changes nothing for the client until it reports."""
    yield from plain(remove(S1))
    yield from connected(S0)
    yield from plain(register(S1))
    yield do(add(S1, priority=1), "ADM-2", selected=S0, client_queue="")
    yield do(send(S0, data(1)), "ADM-2", rc=Rc.H_SUCCESS)
    yield from plain(report(S1), advance(p.preempt_delay_ms))
    yield do(report(S1), "ADM-2", selected=S1, client_queue=(data(1), _FAILOVER))


@script("ADM-3/removing", servers=3)
def _(p: Profile) -> Steps:
    """Removing a standby disturbs nobody; removing the selected server is a switch; the last one cannot be removed."""
    yield from best(S0, S1, _S2)
    yield do(remove(_S2), "ADM-3", selected=S0, client_queue="")
    yield do(remove(S0), "ADM-3", selected=S1, client_queue=(_FAILOVER,), listed=S1)
    yield do(send(S0), "FOV-10", rc=Rc.H_CLOSED)
    yield do(remove(S1), "ADM-3", outcome="refused", selected=S1, listed=S1)
    yield do(remove(S0), "ADM-3", outcome="refused")


@script("ADM-4/takes-effect-at-once")
def _(p: Profile) -> Steps:
    """A changed priority selects at once with automatic failover on, by making another better or the selected one worse."""
    yield from best(S0, S1)
    yield do(rank(S1, 9), "ADM-4", selected=S1, server1_priority=9, client_queue=(_FAILOVER,))
    yield from plain(consume(S0))
    yield do(rank(S1, 11), "ADM-4", selected=S0, client_queue=(_FAILOVER,) * 2)


@script("ADM-4/not-when-off-or-pinned")
def _(p: Profile) -> Steps:
    """A changed priority switches nobody with automatic failover off, or while a manual choice holds."""
    yield from best(S0, S1)
    yield from plain(auto(0))
    yield do(rank(S1, 1), "ADM-4", selected=S0, server1_priority=1)
    yield from plain(rank(S1, 20), auto(1), activate(S0))
    yield do(rank(S1, 1), "ADM-4", selected=S0, pinned=S0)


@script("ADM-5/default-on")
def _(p: Profile) -> Steps:
    """Automatic failover is on at first; writing it on selects by priority at once, also on top of on."""
    yield from best(S0, S1)
    yield from plain(auto(0))
    yield do(rank(S1, 1), "ADM-5", auto=0, selected=S0)
    yield do(auto(1), "ADM-5", auto=1, selected=S1)
    yield from plain(activate(S0))
    yield do(auto(1), "ADM-5", auto=1, selected=S1, pinned="")


@script("ADM-5/off-ends-pin")
def _(p: Profile) -> Steps:
    """Writing off ends a manual choice and switches nobody."""
    yield from best(S0, S1)
    yield from plain(activate(S1))
    yield do(auto(0), "ADM-5", pinned="", selected=S1, client_queue=(_FAILOVER,))


@script("ADM-6/pin-holds", servers=3)
def _(p: Profile) -> Steps:
    """A server that was activated keeps the client against better ones that report, register or change; until it fails."""
    yield from best(S0, S1, _S2)
    yield do(activate(_S2), "ADM-6", selected=_S2, pinned=_S2, client_queue=(_FAILOVER,))
    yield from plain(report(S0), free(S1), register(S1), report(S1), rank(S0, 1), advance(p.preempt_delay_ms + 1))
    yield do(report(S1), "ADM-6", selected=_S2, pinned=_S2)
    yield do(report(_S2, status=2), "ADM-6", selected=S0, pinned="")
    yield do(report(_S2), "ADM-6", selected=S0, pinned="")


@script("ADM-6/selected", servers=2)
def _(p: Profile) -> Steps:
    """Activating the selected server pins it and does nothing else."""
    yield from best(S0, S1)
    yield do(activate(S0), "ADM-6", selected=S0, pinned=S0, client_queue="")
    yield do(rank(S1, 1), "ADM-6", selected=S0, pinned=S0)


@script("ADM-6/refused", servers=3)
def _(p: Profile) -> Steps:
    """A server that cannot serve is not activated, for whatever reason it cannot: nothing happens."""
    yield from best(S0, S1)
    for stimulus in (activate(_S2), report(S1, status=2)):
        yield from plain(stimulus)
    yield do(activate(S1), "ADM-6", outcome="refused", selected=S0, pinned="", client_queue="")
    yield from plain(register(_S2))
    yield do(activate(_S2), "ADM-6", outcome="refused", selected=S0)
    yield from plain(report(_S2), remove(_S2))
    yield do(activate(_S2), "ADM-6", outcome="refused", selected=S0)


@script("ADM-6/complaint-is-cleared")
def _(p: Profile) -> Steps:
    """A server whose only fault is a complaint is activated, and the complaint is forgotten."""
    yield from best(S0, S1)
    yield from plain(token(), complain(TOKEN_LATEST))
    yield do(activate(S0), "ADM-6", outcome="done", selected=S0, pinned=S0, server0_status="OPERATIONAL")
    yield from plain(consume(S0), report(S0))


@script("ADM-6/before-opening")
def _(p: Profile) -> Steps:
    """A server may be activated before the client opens its CRQ; it is selected then, and nobody is told."""
    yield from plain(rank(S0, 10), rank(S1, 20))
    yield from ready(S0, S1)
    yield do(activate(S1), "ADM-6", outcome="done", selected=S1, pinned=S1, server1_queue="")


@script("ADM-7/listing")
def _(p: Profile) -> Steps:
    """The listing has the servers in the order of their addition, with port, priority, status, and who is selected."""
    yield from best(S0, S1)
    yield do(rank(S0, 33), "ADM-7", listed=f"{S0} {S1}", server0_priority=33, server1_priority=20, selected=S1)
    yield from plain(remove(S0))
    yield do(
        add(S0, priority=44, port="$server0_port"),
        "ADM-7",
        listed=f"{S1} {S0}",
        server0_priority=44,
        server0_port="$server0_port",
        server0_status="POWERED_OFF",
    )
    yield do(activate(S1), "ADM-7", pinned=S1, auto=1, client_crq="OPEN")
    yield do(free(CLIENT), "ADM-7", client_crq="CLOSED", pinned=S1)


@script("ADM-7/disabled-is-shown")
def _(p: Profile) -> Steps:
    """The listing shows that the client's CRQ is disabled."""
    yield from connected(S0)
    yield do(migrate(), "ADM-7", client_crq="DISABLED", selected="")


@script("ADM-7/without-console", without=("console",))
def _(p: Profile) -> Steps:
    """Without the console's calls the listing is seen all the same, with the defaults; the dialogue works."""
    yield from ready(S0, S1)
    yield do(register(CLIENT), "ADM-7", listed=f"{S0} {S1}", auto=1, pinned="", selected=Not(""))
    yield from plain(report(S0, status=2), report(S1, status=2), report(S1))
