"""Generated cases of two things that meet: events and a full queue, a last server that goes and a client in each of its states.

Each kind of event is put over the last element of a full queue, for each of the ways in which it comes about; then a second event
follows while the first has not been read. What has to lie there says the oracle (CRQ-4, CRQ-7), as it says whose complaint is
taken back (MON-5).
"""

from __future__ import annotations

from collections.abc import Callable

from vnic_conformance.cases.journeys import family
from vnic_conformance.cases.script import Steps, call, do
from vnic_conformance.cases.words import (
    LONG,
    S0,
    S1,
    activate,
    add,
    complain,
    connected,
    consume,
    data,
    enable,
    fill,
    free,
    migrate,
    plain,
    power,
    queue_pages,
    rank,
    ready,
    register,
    remove,
    report,
    send,
    sub_element,
    token,
)
from vnic_conformance.features import feature_of
from vnic_conformance.stimulus import CLIENT, Stimulus, advance, server
from vnic_spec.profile import Profile
from vnic_spec.wire import ELEMENTS_PER_PAGE, HEADER_VALID_BIT, PAGE_BYTES, SUB_ELEMENTS_PER_PAGE

#: Times apart enough that no two servers may fall silent in the order that is not their own, in ms.
_APART = tuple(4**n for n in range(3, 9))
#: The interval that a server announces whose report then fails to come, in ms.
_SOON = 300


def _needs(*stimuli: Stimulus, more: str = "") -> str:
    """The features that these stimuli need, and more."""
    return " ".join(sorted({f for each in stimuli if (f := feature_of(each)) is not None} | set(more.split())))


def _silence(who: str) -> tuple[Stimulus, ...]:
    """A server does not report in time."""
    return report(who, interval_ms=_SOON), advance(_SOON * 9)


# --- events that meet a full queue -----------------------------------------------------------------------------------

#: What puts an event into the queue of the server that serves, by its name in an ID.
_AT_SERVER: dict[str, tuple[Stimulus, ...]] = {
    "crash": (power("crash", CLIENT),),
    "power-off": (power("power_off", CLIENT),),
    "switch": (activate(S1),),
    "migration": (migrate(),),
    "silence": _silence(S0),
    "link-down": (report(S0, 2),),
}
#: The same for the client's queue; there is a second server, or none.
_AT_CLIENT: dict[str, tuple[Stimulus, ...]] = {
    "crash": (power("crash", S0),),
    "power-off": (power("power_off", S0),),
    "free": (free(S0),),
    "removal": (remove(S0),),
    "silence": _silence(S0),
    "link-down": (report(S0, 2),),
    "migration": (migrate(),),
}


def _full_server(done: tuple[Stimulus, ...]) -> Callable[[Profile], Steps]:
    """An event over the last element of the server's queue; then the client comes back and goes again before it is read."""

    def write(p: Profile) -> Steps:
        yield from plain(rank(S0, 10), rank(S1, 20))
        yield from connected(S0, S1)
        yield from fill(CLIENT)
        yield from plain(*done)
        yield from plain(power("power_on", CLIENT), enable(), register(CLIENT), report(S0), activate(S0), send(CLIENT))
        yield from plain(power("crash", CLIENT), power("power_on", CLIENT), register(CLIENT), free(CLIENT))
        yield from plain(register(CLIENT), consume(S0), free(S0), register(S0), report(S0), activate(S0))
        yield from plain(send(CLIENT, data(1)), consume(S0))

    return write


def _full_client(done: tuple[Stimulus, ...], alone: bool) -> Callable[[Profile], Steps]:
    """An event over the last element of the client's queue, and others over that; one element is read, and more come."""

    def write(p: Profile) -> Steps:
        yield from plain(rank(S0, 10), rank(S1, 20))
        yield from ready(S0) if alone else ready(S0, S1)
        yield from plain(register(CLIENT))
        yield from fill(S0)
        yield from plain(*done, migrate(), enable(), consume(CLIENT), send(S1), send(S0))
        yield from plain(power("power_on", S0), register(S0), report(S0), activate(S0), send(S0, data(1)), migrate())
        yield from plain(consume(CLIENT), enable(), report(S0), activate(S0), send(S0, data(2)), consume(CLIENT))

    return write


for _name, _done in _AT_SERVER.items():
    family(
        f"CRQ-7/server-full-then-{_name}",
        f"A server's queue is full, and then: {_name.replace('-', ' ')}; further events before it has read.",
        _full_server(_done),
        _needs(*_done, more="console power"),
    )
for _name, _done in _AT_CLIENT.items():
    for _alone in (False, True) if _name in ("crash", "free", "removal") else (False,):
        family(
            f"CRQ-7/client-full-then-{_name}{'-of-the-only-one' if _alone else ''}",
            f"A client's queue is full, and then: {_name.replace('-', ' ')}{' of its only server' if _alone else ''};"
            " further events before it has read.",
            _full_client(_done, _alone),
            _needs(*_done, more="console migration power"),
        )

# --- the last server that can serve goes -----------------------------------------------------------------------------

#: What the client may be when its last server goes; a complaint about server 0 stands before that.
_CLIENT_IS: dict[str, tuple[Stimulus, ...]] = {
    "open": (),
    "closed": (free(CLIENT),),
    "off": (power("power_off", CLIENT),),
    "rebooted": (power("crash", CLIENT), power("power_on", CLIENT)),
    "disabled": (migrate(),),
}
#: How server 1, the last that can serve, goes.
_GOES: tuple[tuple[Stimulus, ...], ...] = (
    (power("crash", S1),),
    (free(S1),),
    (report(S1, 2),),
    (report(S1, 3),),
    (remove(S1),),
    _silence(S1),
)


def _last_goes(client: tuple[Stimulus, ...]) -> Callable[[Profile], Steps]:
    """Nobody is left whom no complaint speaks of, in each of the ways; then the client opens."""

    def write(p: Profile) -> Steps:
        yield from plain(rank(S0, 10), rank(S1, 20))
        for gone in _GOES:
            yield from connected(S0, S1)
            yield from plain(token(), complain("token"), *client, *gone)
            yield from plain(power("power_on", CLIENT), register(CLIENT), enable(), token(), send(CLIENT))
            yield from plain(free(CLIENT), power("power_on", S1), free(S1), add(S1, priority=20), free(S0))
            yield from plain(*(consume(who) for who in (CLIENT, S0, S1) for _ in range(6)))

    return write


for _name, _client in _CLIENT_IS.items():
    family(
        f"MON-5/last-one-goes-client-{_name}",
        f"The last server without a complaint goes, in six ways, while the client is {_name}.",
        _last_goes(_client),
        _needs(*_client, more="console power"),
    )

# --- many things due in one step -------------------------------------------------------------------------------------


def _all_in_one_step(p: Profile) -> Steps:
    """Each server falls silent at a time of its own, the best first, and the clock makes one step over all of them."""
    names = [server(i) for i in range(len(_APART))]
    for place, who in enumerate(names, 1):
        yield from plain(rank(who, 10 * place))
    for order in (_APART, tuple(reversed(_APART))):
        yield from connected(*names, interval_ms=LONG)
        for who, ms in zip(names, order, strict=True):
            yield from plain(report(who, interval_ms=ms))
        yield from plain(advance(_APART[-1] * p.grace + 1), free(CLIENT))
        for who in names:
            yield from plain(free(who), consume(who))


family(
    "MON-2/six-in-one-step",
    "Six servers fall silent at six times within one step of the clock.",
    _all_in_one_step,
    "console",
    servers=len(_APART),
    when=lambda p: p.max_servers >= len(_APART) and p.grace < 4,
)

# --- a queue that is another one -------------------------------------------------------------------------------------


def _another_length(who: str, partner: str) -> Callable[[Profile], Steps]:
    """A queue is registered with other lengths in turn, at one address: each time it holds as many elements as it says."""

    def write(p: Profile) -> Steps:
        if who == CLIENT:
            yield from ready(S0)
        for pages in (2, 1):
            yield from plain(register(who, length=queue_pages(pages)))
            if who == S0:
                yield from plain(report(S0), register(CLIENT))
            for number in range(pages * ELEMENTS_PER_PAGE + 1):
                yield from plain(send(partner, data(number)))
            yield from plain(consume(who), consume(who), send(partner, data(7)))
            yield from plain(free(CLIENT), consume(S0), *([free(S0)] if who == S0 else []))

    return write


def _bad_header_at_each_place(who: str, partner: str) -> Callable[[Profile], Steps]:
    """Of a block of elements one has a header that is not valid, each in turn: none is stored."""

    def write(p: Profile) -> Steps:
        yield from connected(S0)
        yield do(call(who, "reg_sub_crq", address=8 * PAGE_BYTES, length=queue_pages(2)), remember={"q": "handle"})
        most = min(p.indirect_limit, SUB_ELEMENTS_PER_PAGE)
        for count in sorted({1, 2, min(17, most), most}):
            for place in range(count):
                bad = place % HEADER_VALID_BIT
                block = "".join(sub_element(n, bad if n == place else HEADER_VALID_BIT) for n in range(count))
                yield do(call(partner, "send_sub_crq_indirect", handle="$q", hex=block))
        yield do(call(who, "consume", handle="$q"))

    return write


for _name, _who, _partner in (("client", CLIENT, S0), ("server", S0, CLIENT)):
    family(
        f"CRQ-2/another-length-{_name}",
        f"A {_name}'s queue is registered with two pages and then with one, at one address, and filled each time.",
        _another_length(_who, _partner),
        "",
    )
    family(
        f"CRQ-12/bad-header-at-each-place-{_name}",
        f"One element of an indirect send to a {_name} has a header that is not valid, at each place.",
        _bad_header_at_each_place(_who, _partner),
        "sub_crq",
    )
