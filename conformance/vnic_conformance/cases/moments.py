"""Generated cases of time: intervals at the bounds of integers, short steps against a long one, things due at once (MON-2).

Products of interval and grace go beyond 32 and 63 bits; time itself goes as far as 2^41 ms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vnic_conformance.cases.journeys import family
from vnic_conformance.cases.script import Steps
from vnic_conformance.cases.words import (
    LONG,
    S0,
    S1,
    S2,
    activate,
    add,
    auto,
    connected,
    consume,
    enable,
    free,
    migrate,
    plain,
    power,
    rank,
    record,
    register,
    remove,
    report,
)
from vnic_conformance.features import feature_of
from vnic_conformance.stimulus import CLIENT, Stimulus, advance, server
from vnic_spec.profile import Crossing, Profile

#: Intervals at which a narrower integer, or one of a product, wraps.
_INTERVALS = (
    *(1, 2, 3, 255, 256, 257, 32_767, 32_768, 65_535, 65_536, 65_537),
    *((1 << 31) // 3, (1 << 31) // 3 + 1, (1 << 31) - 1, 1 << 31, (1 << 32) // 3, (1 << 32) // 3 + 1),
    *((1 << 32) - 1, 1 << 32, (1 << 32) + 1, (1 << 32) + 100, 1 << 33),
)
#: So long that nobody waits for them: too early is what can be seen.
_ENDLESS = (
    (1 << 62) // 3,
    (1 << 63) // 3 + 1,
    1 << 62,
    (1 << 63) - 1,
    1 << 63,
    (1 << 63) + 5,
    (1 << 64) // 3 + 1,
    (1 << 64) - 1,
)
_FOREVER = (1 << 53) - 1


def _long(ms: int) -> Iterator[Stimulus]:
    """Time passes, in steps that an adapter has to take."""
    while ms > 1 << 40:
        yield advance(1 << 40)
        ms -= 1 << 40
    yield advance(ms)


def _bounds(p: Profile) -> Steps:
    """Standby and selected server announce each interval; it is looked just before, at and behind both bounds."""
    yield from plain(rank(S0, 10), rank(S1, 20))
    yield from connected(S0, S1, interval_ms=_FOREVER)
    for interval in _INTERVALS:
        for who in (S1, S0):
            yield from plain(report(who, interval_ms=interval))
            for ms in (interval - 1, 1, interval * (p.grace - 1) - 1, 1, 1):
                if ms > 0:
                    yield from plain(*_long(ms))
            yield from plain(record(who), report(who, interval_ms=_FOREVER), consume(CLIENT), consume(S0), consume(S1))


def _endless(p: Profile) -> Steps:
    """Intervals whose products no integer of 64 bits holds: nobody falls silent in a while."""
    yield from plain(rank(S0, 10), rank(S1, 20))
    yield from connected(S0, S1, interval_ms=_FOREVER)
    for interval in _ENDLESS:
        for who in (S1, S0):
            yield from plain(report(who, interval_ms=interval), advance(1), advance(1 << 20), advance(1 << 40))
            yield from plain(record(who), report(who, interval_ms=_FOREVER))


def _late(p: Profile) -> Steps:
    """When the clock has gone far, reports count from now."""
    yield from plain(rank(S0, 10), rank(S1, 20))
    yield from connected(S0, S1, interval_ms=_FOREVER)
    for far in ((1 << 31) - 1_000, 2_000, (1 << 32) - (1 << 31) - 2_000, 2_000, 1 << 40):
        yield from plain(*_long(far))
        for who in (S1, S0):
            yield from plain(report(who, interval_ms=300), advance(300), advance(300 * p.grace - 300), advance(1))
            yield from plain(report(who, interval_ms=_FOREVER), consume(CLIENT), consume(S0), consume(S1))


def _steps(ms: int, parts: int) -> Iterator[Stimulus]:
    """The same time in so many steps."""
    done = 0
    for part in range(1, parts + 1):
        upto = ms * part // parts
        yield advance(upto - done)
        done = upto


def _in_parts(parts: int) -> Callable[[Profile], Steps]:
    """Servers fall silent in turn within one span, however it is cut."""

    def write(p: Profile) -> Steps:
        names = [server(i) for i in range(3)]
        for place, who in enumerate(names):
            yield from plain(rank(who, 10 + place))
        yield from connected(*names, interval_ms=LONG)
        for place, who in enumerate(names[:-1]):
            yield from plain(report(who, interval_ms=10 + 20 * place))
        yield from plain(*_steps(30 * p.grace + 1, parts))
        for who in names:
            yield from plain(consume(CLIENT), consume(who), record(who))

    return write


def _together(p: Profile) -> Steps:
    """Equal times: some, all but one, all."""
    names = [server(i) for i in range(3)]
    yield from connected(*names, interval_ms=LONG)
    for silent in (names[:2], names[1:], names[::2], names):
        for who in silent:
            yield from plain(report(who, interval_ms=40))
        yield from plain(advance(40), advance(40 * p.grace - 40), advance(1))
        for who in names:
            yield from plain(report(who), consume(who), consume(CLIENT))


#: What may happen between the announcement of a report and its end; who is concerned is server 0.
_BETWEEN: dict[str, tuple[Stimulus, ...]] = {
    "client-closed": (free(CLIENT),),
    "client-off": (power("crash", CLIENT),),
    "disabled": (migrate(),),
    "reopened": (free(CLIENT), register(CLIENT)),
    "switched": (activate(S1),),
    "switched-back": (activate(S1), activate(S0)),
    "freed": (free(S0),),
    "registered-again": (free(S0), register(S0)),
    "rebooted": (power("crash", S0), power("power_on", S0), register(S0)),
    "removed": (remove(S0),),
    "added-again": (remove(S0), add(S0, priority=10)),
    "ranked": (rank(S0, 60), auto(0), auto(1)),
    "link-down": (report(S0, 2, 900),),
    "longer": (report(S0, 1, 900),),
    "shorter": (report(S0, 1, 90),),
    "refused-status": (report(S0, 4, 90),),
    "refused-interval": (report(S0, 1, 0),),
    "refused-parameter": (report(S0, 1, 90, 1),),
    "wrong-unit": (report(S0, 1, 90, unit="wrong"),),
    "enabled": (migrate(), enable()),
}


def _meanwhile(done: tuple[Stimulus, ...]) -> Callable[[Profile], Steps]:
    """What a timer does when something happens while it runs: it goes on, begins anew or ends."""

    def write(p: Profile) -> Steps:
        yield from plain(rank(S0, 10), rank(S1, 20), rank(S2, 30))
        yield from connected(S0, S1, S2)
        for again in (False, True):
            yield from plain(report(S0, interval_ms=300), report(S2, interval_ms=340), advance(170), *done)
            for ms in (90, 40, 1, 90, 300 * p.grace - 391, 40 * p.grace, 90, 500, 900 * p.grace):
                if ms > 0:
                    yield from plain(advance(ms))
            if not again:
                yield from plain(power("power_on", CLIENT), power("power_on", S0), add(S0, priority=10), register(S0))
                yield from plain(report(S0), report(S1), report(S2), register(CLIENT), enable(), auto(1))
                yield from plain(*(consume(who) for who in (CLIENT, S0, S1, S2) for _ in range(4)))

    return write


def _features(done: tuple[Stimulus, ...]) -> str:
    """What a story needs: its own calls, and those by which everything is brought back."""
    own = {f for stimulus in done if (f := feature_of(stimulus)) is not None}
    return " ".join(sorted({"console", "power"} | own))


def _holds(p: Profile) -> Steps:
    """How long a server may keep the client held: to the millisecond, whatever happens meanwhile, and anew each time."""
    yield from plain(rank(S0, 10), rank(S1, 20))
    yield from connected(S0, S1)
    limit = p.hold_limit_ms or 500 * p.grace
    for between in (
        (),
        (free(CLIENT), register(CLIENT)),
        (migrate(), enable()),
        (rank(S0, 11),),
        (report(S0, 1, 500),),
    ):
        yield from plain(report(S0, interval_ms=500), report(S1), free(CLIENT), register(CLIENT))
        yield from plain(advance(limit // 2 + 1), report(S0, 1, 500), *between)
        yield from plain(advance(max(limit - limit // 2 - 2, 0)), report(S0, 1, 500), advance(1), advance(1))
        yield from plain(advance(limit // 2), report(S0, 1, 500), advance(limit // 2), report(S0, 1, LONG))
        yield from plain(*(consume(who) for who in (S0, S1, CLIENT) for _ in range(4)), report(S0), advance(limit + 1))


family(
    "MON-2/bounds", "Intervals at the bounds of integers and of products, selected and standing by.", _bounds, "console"
)
family("MON-2/endless", "Intervals whose products 64 bits do not hold.", _endless, "console")
family("MON-2/late", "Reports when the clock has gone far.", _late, "console")
for _parts in (1, 2, 7, 31):
    family(
        f"MON-2/in-{_parts}-parts",
        f"Servers fall silent within one span of time, which passes in {_parts} parts.",
        _in_parts(_parts),
        "console",
        servers=3,
    )
family("MON-2/together", "Several servers fall silent at the same time.", _together, "", servers=3)
for _name, _done in _BETWEEN.items():
    family(
        f"MON-2/meanwhile-{_name}",
        f"A report is awaited, and meanwhile: {_name.replace('-', ' ')}.",
        _meanwhile(_done),
        _features(_done),
        servers=3,
    )
family(
    "CRQ-13/holds",
    "Holds to the millisecond, whatever happens meanwhile.",
    _holds,
    "console migration",
    when=lambda p: p.crossing is Crossing.HOLD,
)
