"""Generated cases of every index: one to six servers, each in each role, ties of all sizes, neighbouring priorities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

from vnic_conformance.cases.journeys import family
from vnic_conformance.cases.script import Steps
from vnic_conformance.cases.words import (
    S0,
    S1,
    activate,
    add,
    auto,
    complain,
    connected,
    consume,
    data,
    free,
    plain,
    rank,
    ready,
    record,
    register,
    remove,
    report,
    send,
    token,
)
from vnic_conformance.stimulus import CLIENT, advance, server
from vnic_spec.profile import Profile

_MOST = 6


def _names(count: int) -> list[str]:
    return [server(i) for i in range(count)]


def _empty(who: Sequence[str], times: int = 2) -> Steps:
    """The client and these servers read what they have been told."""
    for each in (CLIENT, *who):
        yield from plain(*(consume(each) for _ in range(times)))


def _serves(who: Sequence[str]) -> Steps:
    """Everybody sends, the client to whoever serves, and everybody asks what it is."""
    yield from plain(send(CLIENT, data(1)))
    for each in who:
        yield from plain(send(each, data(2)), record(each), consume(each))
    yield from plain(consume(CLIENT), token())


def _best(count: int) -> Callable[[Profile], Steps]:
    """Each is the best in turn, and then fails."""

    def write(p: Profile) -> Steps:
        names = _names(count)
        for place, who in enumerate(names):
            yield from plain(rank(who, 50 + place))
        yield from connected(*names)
        for best in (*names, *reversed(names)):
            yield from plain(rank(best, 10))
            yield from _serves(names)
            yield from _empty(names)
            for status in (2, 3):
                yield from plain(report(best, status))
                yield from _empty(names)
                yield from plain(report(best))
                yield from _empty(names)
            yield from plain(free(best), register(best), report(best))
            yield from _empty(names)
            yield from plain(rank(best, 60))
            yield from _empty(names)

    return write


def _fall(count: int, backwards: bool) -> Callable[[Profile], Steps]:
    """One after the other fails until nobody is left, and they come back in another order."""

    def write(p: Profile) -> Steps:
        names = _names(count)
        for place, who in enumerate(names):
            yield from plain(rank(who, 10 + (count - place if backwards else place)))
        yield from connected(*names)
        order = list(reversed(names)) if backwards else names
        for who in order:
            yield from plain(report(who, 3))
            yield from _serves(names)
            yield from _empty(names)
        for who in order[1:] + order[:1]:
            yield from plain(report(who))
            yield from _serves(names)
            yield from _empty(names)
        for who in order:
            yield from plain(free(who))
            yield from _empty(names)
        for who in reversed(order):
            yield from plain(register(who), report(who))
            yield from _empty(names)

    return write


def _ties(p: Profile) -> Steps:
    """Two, three, four and six equals, each of them selected by hand, then failing; the others are worse."""
    names = _names(_MOST)
    yield from plain(auto(1))
    yield from connected(*names)
    for size in (2, 3, 4, 6):
        for chosen in list(combinations(names, size))[:: max(1, size - 1)]:
            for who in names:
                yield from plain(rank(who, 40 if who in chosen else 60))
            yield from plain(report(chosen[0], 2), report(chosen[0]), report(chosen[-1], 2), report(chosen[-1]))
            yield from _empty(names)


def _activated(count: int) -> Callable[[Profile], Steps]:
    """Each is activated from each, complained about, removed and added again."""

    def write(p: Profile) -> Steps:
        names = _names(count)
        yield from connected(*names)
        for who in (*names, *reversed(names)):
            yield from plain(activate(who))
            yield from _serves(names)
            yield from _empty(names)
        for who in names:
            yield from plain(activate(who))
            yield from _empty(names)
            yield from plain(token(), complain("token"))
            yield from _empty(names)
            yield from plain(report(who), report(who, 2), report(who))
            yield from _empty(names)
        for who in names:
            yield from plain(remove(who), send(who), record(who))
            yield from _empty(names)
            yield from plain(add(who, priority=30), report(who))
            yield from _empty(names)
            yield from plain(report(names[0], 2), report(names[0]))
            yield from _empty(names)

    return write


def _silent(count: int) -> Callable[[Profile], Steps]:
    """Each falls silent alone, and all at once."""

    def write(p: Profile) -> Steps:
        names = _names(count)
        yield from ready(*names)
        yield from plain(register(CLIENT))
        for who in names:
            yield from plain(report(who, interval_ms=10))
            yield from plain(*(advance(ms) for ms in (10, 10 * p.grace - 10, 1)))
            yield from _empty(names)
            yield from plain(report(who))
            yield from _empty(names)

    return write


def _neighbours(p: Profile) -> Steps:
    """Two servers with neighbouring priorities, the better one standing by; then they change places."""
    yield from plain(rank(S0, 1), rank(S1, 2))
    yield from connected(S0, S1)
    for level in range(1, 100):
        first, second = (S0, S1) if level % 2 else (S1, S0)
        yield from plain(rank(first, level + 1), rank(second, level))
        yield from plain(consume(CLIENT), consume(S0), consume(S1))


def _ports(p: Profile) -> Steps:
    """Ports in every order: taken ones are refused, free ones are not."""
    names = _names(4)
    for who in names[1:]:
        yield from plain(remove(who))
    for ports in ((3, 2, 1), (2, 3, 1), (1, 3, 2), (9, 8, 7), (0, 1, 0)):
        for who, port in zip(names[1:], ports, strict=True):
            yield from plain(add(who, port=port), add(names[1], port=port), register(who), report(who))
        yield from plain(report(S0, 2), register(S0), report(S0), register(CLIENT))
        for who in names[1:]:
            yield from plain(remove(who))
        yield from _empty(names)


for _count in range(1, _MOST + 1):
    family(
        f"SEL-2/each-of-{_count}",
        f"Of {_count} servers each is the best in turn, fails and comes back.",
        _best(_count),
        "console",
        servers=_count,
        long=_count > 3,
    )
    for _name, _backwards in (("falling", False), ("rising", True)):
        family(
            f"FOV-5/{_name}-of-{_count}",
            f"Of {_count} servers one after the other fails, in {_name} order, until nobody is left, and comes back.",
            _fall(_count, _backwards),
            "console",
            servers=_count,
            long=_count in (4, 5),
        )
    if _count > 1:
        family(
            f"ADM-6/each-of-{_count}",
            f"Of {_count} servers each is activated, complained about, removed and added again.",
            _activated(_count),
            "console",
            servers=_count,
            long=_count > 3,
        )
    family(
        f"MON-2/each-of-{_count}",
        f"Of {_count} servers each falls silent.",
        _silent(_count),
        "",
        servers=_count,
        long=_count in (4, 5),
    )
family("SEL-5/ties", "Ties of two, three, four and six, whichever of them fails.", _ties, "console", servers=_MOST)
family("SEL-4/neighbours", "Every pair of neighbouring priorities: the better one takes over.", _neighbours, "console")
family("ADM-1/each-port", "Ports in every order, and each that is taken.", _ports, "console", servers=4)
