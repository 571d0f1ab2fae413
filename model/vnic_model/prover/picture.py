"""A counterexample to induction as text: the two states side by side, only what matters."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from vnic_model import describe
from vnic_model.direct import DirectMap, DirectOrder, DirectQueue
from vnic_model.goals import GOALS
from vnic_model.prover.counterexample import Counterexample
from vnic_spec.properties import PROPERTIES
from vnic_spec.sorts import Each, Elements, Server
from vnic_spec.state import VARIABLES, State

WIDTH = 100
_NAME = 24  #: column at which the state before the step begins


def lines_of(found: Counterexample) -> Iterator[str]:
    """The picture, at most 100 columns."""
    goal = GOALS[found.obligation.goal]
    kind = "lemma" if goal.lemma else "property"
    yield from _labelled("refuted", f"{kind} {goal.name}: {goal.sentence}")
    claim = PROPERTIES.get(goal.name)
    if claim is not None and "/" in claim.name and len(claim.requirements) > 1:
        yield from _labelled("touches", f"{', '.join(claim.requirements)}: the sentence has clauses of each")
    yield from _labelled("step", _step(found))
    yield from _labelled("with", _setting(found))
    yield ""
    yield f"  {'':<{_NAME - 2}}{'before':<36}after"
    for name, before, after in _rows(found):
        shown = "" if after == before else after
        yield from _row(name, before, shown)
    yield ""
    yield from textwrap.wrap(
        "A state before a step that keeps it, of which induction knows no better; whether the machine gets there, "
        "vnickit explore says. Variables at their initial values before and after are left out.",
        WIDTH,
    )


def _step(found: Counterexample) -> str:
    if not found.obligation.action:
        return "none: this is an initial state"
    phrase = describe.phrase(found.obligation.action, found.parameters)
    happens = [name for name, value in found.parameters.items() if value is True]
    return phrase + (f" ({', '.join(happens)})" if happens else "")


def _setting(found: Counterexample) -> str:
    profile = ", ".join(f"{k} = {v}" for k, v in found.profile.differences().items())
    return f"{found.servers} server{'s' if found.servers > 1 else ''}; {profile or 'default profile'}"


def _labelled(label: str, words: str) -> list[str]:
    return textwrap.wrap(words, WIDTH, initial_indent=f"{label:<12}", subsequent_indent=" " * 12)


def _row(name: str, before: str, after: str) -> Iterator[str]:
    left, right = textwrap.wrap(before, 34) or [""], textwrap.wrap(after, 38) or [""]
    for k in range(max(len(left), len(right))):
        arrow = "→ " if after and k == 0 else "  "
        a = left[k] if k < len(left) else ""
        b = right[k] if k < len(right) else ""
        yield f"  {name if k == 0 else '':<{_NAME - 2}}{a:<34}{arrow}{b}".rstrip()


def _rows(found: Counterexample) -> Iterator[tuple[str, str, str]]:
    before, after = dict(cells(found.before, found.servers)), dict(cells(found.after, found.servers))
    initial = _initially(found.servers)
    for name in before:
        if before[name] != after[name] or before[name] != initial.get(name, before[name]):
            yield name, before[name], after[name]


def cells(state: State, servers: int) -> Iterator[tuple[str, str]]:
    """Every scalar and queue of a state by name, in words."""
    for v in VARIABLES:
        value = getattr(state, v.name)
        if isinstance(value, DirectMap):
            for i in range(servers):
                yield f"{v.name}[{i}]", _words(value(i), server=False)
        elif isinstance(value, DirectOrder):
            first = sorted(range(servers), key=lambda i: sum((j, i) in value.before for j in range(servers)))
            yield v.name, " before ".join(map(str, first))
        else:
            yield v.name, _words(value, server=isinstance(v.sort, Server))


def _words(value: object, *, server: bool) -> str:
    if isinstance(value, DirectQueue):
        return ", ".join(_element(e.kind, e.sender) for e in value.items) or "empty"
    if server:
        return describe.server(value)  # type: ignore[arg-type]  # a server's number or None
    return describe.value(value)


def _element(kind: object, sender: object) -> str:
    return f"{kind}" if sender is None else f"{kind} of server {sender}"


def _initially(servers: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for v in VARIABLES:
        if isinstance(v.sort, Each):
            words = "empty" if isinstance(v.sort.sort, Elements) else _words(v.initially, server=False)
            found.update({f"{v.name}[{i}]": words for i in range(servers)})
        elif isinstance(v.sort, Elements):
            found[v.name] = "empty"
        elif v.name != "added":
            found[v.name] = _words(v.initially, server=isinstance(v.sort, Server))
    if servers == 1:
        found["added"] = "0"
    return found
