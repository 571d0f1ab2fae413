"""An arbitrary state, an initial one, and what every state looks like."""

from __future__ import annotations

from enum import Enum
from typing import Any

from vnic_model.prover.naive.ops import NaiveOps
from vnic_model.prover.naive.script import BOOL, INT, SERVER, Said, applied, number
from vnic_model.prover.naive.values import Earlier, Map, Row, both, implied, less, negated, same
from vnic_spec.action import Action
from vnic_spec.algebra import Element
from vnic_spec.sorts import Added, Choice, Each, Elements, Flag, Level, Server, Sort
from vnic_spec.state import VARIABLES, State

#: How many elements the client's queue and that of a server can hold: unknown numbers.
_DEPTHS = {True: Said("client.depth", INT), False: Said("server.depth", INT)}


def declare_depths(o: NaiveOps) -> None:
    """A queue can hold something."""
    for depth in _DEPTHS.values():
        o.script.constant(depth.text, INT)
        o.script.demand(less(Said("0", INT), depth))


def few(o: NaiveOps, servers: int, depth: int) -> list[Said]:
    """There are so many servers and no others, and queues hold no more than so many elements."""
    names = [o.script.constant(f"server.{k}", SERVER) for k in range(servers)]
    different = Said(f"(distinct {o.nobody.text} {' '.join(name.text for name in names)})", BOOL)
    bounds = [negated(less(number(depth), found)) for found in _DEPTHS.values()]
    return [different, o.every(lambda i: o.any_of(*(same(i, name) for name in names))), *bounds]


def arbitrary(o: NaiveOps, suffix: str = "0") -> State:
    """A state of which nothing is known; its functions are called like the variables."""
    return State(**{v.name: _variable(o, f"{v.name}.{suffix}", v.sort) for v in VARIABLES})


def _plain(sort: Sort) -> str:
    if isinstance(sort, Flag):
        return BOOL
    if isinstance(sort, Level):
        return INT
    if isinstance(sort, Server):
        return SERVER
    assert isinstance(sort, Choice)
    return type(sort.members[0]).__name__


def _variable(o: NaiveOps, name: str, sort: Sort) -> Any:
    script = o.script
    if isinstance(sort, Added):
        script.declare(name, (SERVER, SERVER), BOOL)
        return Earlier(script, lambda a, b: applied(name, BOOL, a, b))
    if isinstance(sort, Elements):
        return _queue(o, name, sort)()
    if isinstance(sort, Each) and isinstance(sort.sort, Elements):
        return Map(script, _queue(o, name, sort.sort, SERVER))
    if isinstance(sort, Each):
        plain = _plain(sort.sort)
        script.declare(name, (SERVER,), plain)
        return Map(script, lambda i: applied(name, plain, i))
    return script.constant(name, _plain(sort))


def _queue(o: NaiveOps, name: str, sort: Elements, *of: str) -> Any:
    o.script.declare(f"{name}.length", of, INT)
    for part, plain in (("kind", "Kind"), ("sender", SERVER), ("fresh", BOOL)):
        o.script.declare(f"{name}.{part}", (*of, INT), plain)

    def at(*owner: Said) -> Row:
        def element(p: Said) -> Element:
            return Element(
                applied(f"{name}.kind", "Kind", *owner, p),
                applied(f"{name}.sender", SERVER, *owner, p),
                applied(f"{name}.fresh", BOOL, *owner, p),
            )

        return Row(o.script, _DEPTHS[sort.senders], applied(f"{name}.length", INT, *owner), element)

    return at


def is_initial(o: NaiveOps, s: State) -> Said:
    """Every variable has its initial value; priorities and the order of the list are whatever the administrator chose."""
    return both(
        *(
            _begins(o, getattr(s, v.name), v.sort, v.initially)
            for v in VARIABLES
            if v.sort not in (Added(), Each(Level()))
        )
    )


def _begins(o: NaiveOps, value: Any, sort: Sort, initially: Any) -> Said:
    if isinstance(sort, Each):
        each = sort.sort
        return o.every(lambda i: _begins(o, value(i), each, initially))
    if isinstance(sort, Elements):
        return value.empty()  # type: ignore[no-any-return]
    if isinstance(sort, Flag):
        return o.iff(value, o.true if initially else o.false)
    return o.eq(value, o.nobody if isinstance(sort, Server) else initially)


def well_formed(o: NaiveOps, s: State) -> Said:
    """What every state looks like: words that a variable can have, lengths of queues, an order of the servers.

    And nobody's flags are false, as :class:`vnic_spec.algebra.PerServer` has it.
    """
    return both(*(_in_range(o, getattr(s, v.name), v.sort) for v in VARIABLES))


def _in_range(o: NaiveOps, value: Any, sort: Sort) -> Said:
    if isinstance(sort, Each):
        each = sort.sort
        if isinstance(each, Flag):
            return negated(value(o.nobody))
        return o.every(lambda i: _in_range(o, value(i), each))
    if isinstance(sort, Elements):
        fits = Said(f"(<= 0 {value.length.text} {value.depth.text})", BOOL)
        return both(fits, value.every(lambda e: o.one_of(e.kind, *sort.kinds)))
    if isinstance(sort, Added):
        return _ordered(o, value)
    return _word(o, value, sort) if isinstance(sort, Choice) else o.true


def _word(o: NaiveOps, value: Said, sort: Choice) -> Said:
    whole: tuple[Enum, ...] = tuple(type(sort.members[0]))
    return o.true if set(sort.members) == set(whole) else o.one_of(value, *sort.members)


def _ordered(o: NaiveOps, earlier: Earlier) -> Said:
    def total(a: Said, b: Said) -> Said:
        return o.any_of(same(a, b), earlier(a, b), earlier(b, a))

    def transitive(a: Said, b: Said, c: Said) -> Said:
        return implied(both(earlier(a, b), earlier(b, c)), earlier(a, c))

    return both(
        o.every(lambda a: negated(earlier(a, a))),
        o.every(lambda a: o.every(lambda b: total(a, b))),
        o.every(lambda a: o.every(lambda b: o.every(lambda c: transitive(a, b, c)))),
    )


def parameters(o: NaiveOps, action: Action) -> tuple[dict[str, Said], list[Said]]:
    """Arbitrary parameters of an action, and what they range over."""
    found: dict[str, Said] = {}
    within: list[Said] = []
    for name in action.parameters:
        sort = action.sort(name)
        found[name] = value = o.script.constant(f"parameter.{name}", _plain(sort))
        if isinstance(sort, Choice):
            within.append(_word(o, value, sort))
        if isinstance(sort, Server) and not sort.or_nobody:
            within.append(o.ne(value, o.nobody))
    return found, within
