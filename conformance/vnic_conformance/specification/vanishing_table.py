"""The table of what vanishes and what stays: every kind of thing against every event, each cell read off the oracle's states.

Everything is built up as the cases of :mod:`vnic_conformance.cases.vanishing` build it. A thing that is there before an event and
not after it is *gone*, one that is there after it is *kept*, and one that is there neither before nor after is *n/a*. The oracle
has these states from the machine, so nothing in the table is written by hand; a case for each event puts its cells to the test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from vnic_conformance.cases.script import Script, Steps
from vnic_conformance.cases.vanishing import EVENTS, Event, beginning
from vnic_conformance.cases.words import S0, S2
from vnic_conformance.oracle import Possibility
from vnic_conformance.oracle.beside import registered
from vnic_conformance.running.scripts import turns
from vnic_conformance.session import Conversation, hypervisor_session
from vnic_conformance.stimulus import CLIENT
from vnic_model.direct import DirectQueue
from vnic_spec.profile import Profile
from vnic_spec.vocabulary import Status
from vnic_spec.wire import ELEMENTS_PER_PAGE, PAGE_BYTES

GONE, KEPT, NOT_THERE = "gone", "kept", "n/a"
_DEEP = 2 * ELEMENTS_PER_PAGE
_SHARED = 20 * PAGE_BYTES


def _queue(p: Possibility, who: str) -> DirectQueue:
    found = p.state.to_client if who == CLIENT else p.state.to_server(int(who.removeprefix("server")))
    assert isinstance(found, DirectQueue)
    return found


def _holds_data(who: str) -> Callable[[Possibility], bool]:
    return lambda p: any(hasattr(e.kind, "element") for e in _queue(p, who).items)


def _has_sub(
    who: str, *, pending: bool = False, enabled: bool = False, filled: bool = False
) -> Callable[[Possibility], bool]:
    def there(p: Possibility) -> bool:
        mine = [s for s in p.beside.subs if s.owner == who]
        return any((s.pending or not pending) and (s.enabled or not enabled) and (s.items or not filled) for s in mine)

    return there


#: Kind of thing → the requirement that makes it one, and how it is seen in a state.
KINDS: Mapping[str, tuple[str, Callable[[Possibility], bool]]] = {
    "client's CRQ": ("CRQ-2", lambda p: registered(p.state, CLIENT)),
    "client's elements": ("CRQ-5", _holds_data(CLIENT)),
    "length of client's queue": ("CRQ-2", lambda p: registered(p.state, CLIENT) and _queue(p, CLIENT).depth == _DEEP),
    "server's CRQ": ("CRQ-2", lambda p: registered(p.state, S0)),
    "server's elements": ("CRQ-5", _holds_data(S0)),
    "length of server's queue": ("CRQ-2", lambda p: registered(p.state, S0) and _queue(p, S0).depth == _DEEP),
    "client's sub-CRQs": ("CRQ-12", _has_sub(CLIENT)),
    "server's sub-CRQs": ("CRQ-12", _has_sub(S0)),
    "standby's sub-CRQs": ("CRQ-12", _has_sub(S2)),
    "elements in sub-CRQs": ("CRQ-12", _has_sub(CLIENT, filled=True)),
    "sub-CRQ interrupt enabled": ("CRQ-11", _has_sub(CLIENT, enabled=True)),
    "sub-CRQ interrupt pending": ("CRQ-11", _has_sub(CLIENT, pending=True)),
    "client's interrupt enabled": ("CRQ-11", lambda p: CLIENT in p.beside.enabled),
    "client's interrupt pending": ("CRQ-11", lambda p: CLIENT in p.beside.pending),
    "server's interrupt enabled": ("CRQ-11", lambda p: S0 in p.beside.enabled),
    "server's interrupt pending": ("CRQ-11", lambda p: S0 in p.beside.pending),
    "standby's interrupt enabled": ("CRQ-11", lambda p: S2 in p.beside.enabled),
    "maps": ("CRQ-12", lambda p: bool(p.beside.maps)),
    "client's memory": ("CRQ-12", lambda p: "??" not in p.beside.memory.read(CLIENT, _SHARED, 8)),
    "server's memory": ("MON-7", lambda p: "??" not in p.beside.memory.read(S0, _SHARED, 8)),
    "token": ("SES-1", lambda p: p.token is not None),
    "session": ("SES-1", lambda p: bool(p.state.connected(0))),
    "selection of server 0": ("SEL-7", lambda p: p.state.selected == 0),
    "standing selection": ("SEL-7", lambda p: bool(p.state.standing)),
    "pin": ("ADM-6", lambda p: p.state.pin is not None),
    "auto off": ("ADM-5", lambda p: not p.state.auto),
    "complaint about server 1": ("MON-4", lambda p: bool(p.state.complaint(1))),
    "status of server 0": ("MON-4", lambda p: p.state.status(0) is Status.OPERATIONAL),
    "report awaited of server 0": ("MON-2", lambda p: p.timer("report", 0) is not None),
    "report awaited of server 2": ("MON-2", lambda p: p.timer("report", 2) is not None),
    "priority of server 0": ("SEL-4", lambda p: p.state.priority(0) == 10),
    "priority of server 2": ("SEL-4", lambda p: p.state.priority(2) == 30),
    "server 0 on the list": ("ADM-7", lambda p: bool(p.state.listed(0))),
    "server 0 before server 2": ("SEL-5", lambda p: bool(p.state.added(0, 2))),
}


def _played(target: Conversation, event: Event, profile: Profile) -> tuple[Possibility, Possibility]:
    """The states before and after an event."""

    def write(p: Profile) -> Steps:
        yield from beginning(p)

    script = Script("MON-1/table", "", 3, frozenset(), frozenset(), (), write, lambda _: True)
    session = hypervisor_session(target, 3, profile)
    session.begin()
    for _ in session.steps(turns(script, session)):
        pass
    before = session.oracle.one()
    for stimulus in event.stimuli:
        session.apply(stimulus)
    assert session.failure is None, session.failure
    return before, session.oracle.one()


def cells(target: Conversation, profile: Profile) -> Iterator[tuple[str, str, str, str]]:
    """Every cell: kind, event, what becomes of it, and the requirement: the event's where it is gone, its own where it is kept.

    Args:
        target: an implementation that conforms; what it answers shows the oracle which numbers it gives out.
        profile: what it is judged by.
    """
    for event in EVENTS:
        before, after = _played(target, event, profile)
        for kind, (requirement, there) in KINDS.items():
            was, now = there(before), there(after)
            said = NOT_THERE if not was and not now else KEPT if now else GONE
            yield kind, event.name, said, event.requirement if said == GONE else requirement


_SIGNS = {GONE: "–", KEPT: "=", NOT_THERE: "·"}


def page(found: Iterator[tuple[str, str, str, str]]) -> list[str]:
    """The table as Markdown: one row for each kind, one column for each event by its number."""
    rows: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for kind, _, said, _ in found:
        rows[kind].append(_SIGNS[said])
    lines = ["Events, each with the requirement by which something goes:", ""]
    lines += [
        f"{number}. {event.name.replace('-', ' ')} ({event.requirement})" for number, event in enumerate(EVENTS, 1)
    ]
    heads = " | ".join(str(number) for number in range(1, len(EVENTS) + 1))
    lines += ["", f"| thing, with the requirement by which it stays | {heads} |", f"|---|{'---|' * len(EVENTS)}"]
    lines += [f"| {kind} ({KINDS[kind][0]}) | {' | '.join(signs)} |" for kind, signs in rows.items()]
    return lines
