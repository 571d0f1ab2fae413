"""From moves of the machine to stimuli at the interface.

What the machine leaves abstract becomes concrete here. *Time*: a server falls silent because it announces a short interval and
then says nothing, while the others have announced a long one. *Fullness*: where a queue is full in the machine, as many fillers
are sent as a real queue has room for, at the last moment at which somebody could send them; when the machine's element is
consumed later, the fillers before it are consumed with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vnic_conformance.generation.menu import FILLER, report, vioctl
from vnic_conformance.generation.search import Way
from vnic_conformance.interface import CALL_OF, Operation
from vnic_conformance.stimulus import CLIENT, CONSOLE, PLATFORM, TOKEN_LATEST, Stimulus, advance, server
from vnic_model.direct import DirectQueue
from vnic_model.machine import Move
from vnic_spec.profile import Profile
from vnic_spec.state import State
from vnic_spec.vocabulary import Kind, Status
from vnic_spec.wire import ELEMENT_BYTES, ELEMENTS_PER_PAGE, Vioctl

#: What servers announce: so long that nothing in a tour outlasts it, and so short that nothing else happens in it.
LONG_MS, SHORT_MS = 1_000_000, 1
#: Priorities for the machine's levels. As texts they compare the other way round (SEL-4).
LEVELS = (9, 50, 100)
_DEFAULT_LEVEL = 50

_HEADERS = {
    Kind.INIT: "c001",
    Kind.INIT_COMPLETE: "c002",
    Kind.LOGIN: "8004",
    Kind.LOGIN_RSP: "8084",
    Kind.DATA: FILLER,
}
#: What happens because time passes; everything else is a call.
_OF_TIME = ("report_expires", "reports_expire_together", "hold_expires", "gap_ends", "delay_ends")
EVENTS = (Kind.FAILED, Kind.DEREGISTERED, Kind.MIGRATED, Kind.FAILOVER)
_REPORTED = (Status.OPERATIONAL, Status.LINK_DOWN, Status.ADAPTER_ERROR)
_CLEARING_CLIENT = ("h_reg_crq", "h_free_crq", "client_crashes")
_CLEARING_SERVER = ("server_registers", "server_frees", "server_crashes")


class CannotTranslate(ValueError):  # noqa: N818 - no error of the program: a way that cannot be gone at the interface
    """A way asks for a full queue when nobody could have filled it."""


def element(kind: object, number: int) -> str:
    """An element of a kind, in hex; the number makes it one that can be told from others."""
    assert isinstance(kind, Kind)
    return _HEADERS[kind] + f"{number:0{2 * ELEMENT_BYTES - 4}x}"


def translate(way: Way, servers: int, profile: Profile) -> tuple[Stimulus, ...]:
    """The stimuli by which an implementation goes a way from reset.

    Raises:
        CannotTranslate: it asks for a full queue when nobody could have filled it.
    """
    return tuple(_Translation(way, servers, profile).word())


def probes(servers: int) -> Iterator[Stimulus]:
    """What makes visible where a way has led: who is connected, what is queued, who is held."""
    for i in range(servers):
        yield vioctl(server(i), Vioctl.GET_VNIC_SERVER_INFO)
    yield vioctl(CLIENT, Vioctl.GET_SESSION_TOKEN)
    for i in range(servers):
        yield Stimulus.of(server(i), "send_crq", hex=element(Kind.DATA, 0xE0 + i))
    yield Stimulus.of(CLIENT, "send_crq", hex=element(Kind.INIT, 0xEF))
    for who in (CLIENT, *(server(i) for i in range(servers))):
        yield Stimulus.of(who, "consume")


class _Translation:
    """One way being translated. ``real`` has, for each queue, which of its elements the machine knows of."""

    def __init__(self, way: Way, servers: int, profile: Profile) -> None:
        self.way = way
        self.servers = servers
        self.profile = profile
        self.real: dict[str, list[bool]] = {who: [] for who in (CLIENT, *map(server, range(servers)))}
        self.sent = 0
        self.fills = self._fills()

    def word(self) -> Iterator[Stimulus]:
        yield from self._ranks(self.way.states[0])
        for k, move in enumerate(self.way.moves):
            for queue in self.fills.get(k, ()):
                yield from self._fill(k, queue)
            before, after = self.way.states[k], self.way.states[k + 1]
            yield from self._stimuli(move, before, after)
            self._follow(move, before, after)

    def _ranks(self, initial: State) -> Iterator[Stimulus]:
        for i in range(self.servers):
            priority = LEVELS[_number(initial.priority(i))]
            if priority != _DEFAULT_LEVEL:
                yield Stimulus.of(CONSOLE, "priority", server=server(i), value=priority)

    # -- fullness -------------------------------------------------------------------------------------------------

    def _fills(self) -> dict[int, list[str]]:
        """Before which move which queue is to be filled."""
        found: dict[int, list[str]] = {}
        for k, move in enumerate(self.way.moves):
            for queue in _full_queues(move, self.way.states[k]):
                found.setdefault(self._last_chance(k, queue), []).append(queue)
        return found

    def _last_chance(self, k: int, queue: str) -> int:
        """Before which move a queue can be filled that is full at move ``k``, and ends then with what the machine says."""
        for j in range(self._newest_since(k, queue), -1, -1):
            s = self.way.states[j]
            selected = s.selected
            if isinstance(selected, int) and s.connected(selected) and queue in (CLIENT, server(selected)):
                return j
            if j > 0 and not self._lasts(j - 1, queue):
                break
        raise CannotTranslate(f"nobody can fill the queue of {queue} before {self.way.moves[k].action.name}")

    def _newest_since(self, k: int, queue: str) -> int:
        """The move by which a queue got the event that is its last element at move ``k``; ``k`` where that is no event."""
        items = _queue(self.way.states[k], queue).items
        if not items or items[-1].kind not in EVENTS:
            return k
        length = len(items)
        while k > 0 and len(_queue(self.way.states[k], queue).items) >= length:
            k -= 1
        return k

    def _lasts(self, k: int, queue: str) -> bool:
        """Nothing is taken from a queue by a move, not even what only fills it."""
        move = self.way.moves[k]
        owner = CLIENT if move.action.name in _CLEARING_CLIENT else server(_which(move))
        if move.action.name in (*_CLEARING_CLIENT, *_CLEARING_SERVER) and owner == queue:
            return False
        return len(_queue(self.way.states[k + 1], queue).items) >= len(_queue(self.way.states[k], queue).items)

    def _fill(self, k: int, queue: str) -> Iterator[Stimulus]:
        """Fill a queue so far that it is full when the next move comes that meets a full one."""
        meets = next(m for m in range(k, len(self.way.moves)) if queue in self._full_at(m))
        to_come = len(_queue(self.way.states[meets], queue).items) - len(_queue(self.way.states[k], queue).items)
        selected = self.way.states[k].selected
        assert isinstance(selected, int)
        sender = server(selected) if queue == CLIENT else CLIENT
        for _ in range(ELEMENTS_PER_PAGE - len(self.real[queue]) - to_come):
            self.sent += 1
            self.real[queue].append(False)
            yield Stimulus.of(sender, "send_crq", hex=element(Kind.DATA, self.sent))

    def _full_at(self, k: int) -> Sequence[str]:
        return _full_queues(self.way.moves[k], self.way.states[k])

    def _follow(self, move: Move, before: State, after: State) -> None:
        """Keep track of which real elements are the machine's."""
        full = _full_queues(move, before)
        for queue, real in self.real.items():
            was, now = len(_queue(before, queue).items), len(_queue(after, queue).items)
            taken = queue == _consumer(move)
            if taken:
                del real[: real.index(True) + 1]
                was -= 1
            if now == 0 and was > 0:
                real.clear()
            elif now > was:
                if len(real) + now - was > ELEMENTS_PER_PAGE:
                    raise CannotTranslate(f"the queue of {queue} is full and has no room when {move.action.name} comes")
                real += [True] * (now - was)
            elif queue in full and _queue(before, queue).items != _queue(after, queue).items:
                last = len(real) - 1 - real[::-1].index(True)
                real[last], real[-1] = False, True

    # -- moves ----------------------------------------------------------------------------------------------------

    def _stimuli(self, move: Move, before: State, after: State) -> Iterator[Stimulus]:
        name = move.action.name
        given: dict[str, Any] = dict(zip(move.action.parameters, move.parameters, strict=True))
        if name in _OF_TIME:
            yield from self._time(name, [given[who] for who in ("i", "j") if who in given], before, after)
            return
        if name not in CALL_OF:
            raise ValueError(f"the interface has no call that is the action {name}")
        o = CALL_OF[name]
        who = server(given["i"]) if "i" in given else CLIENT
        if o.caller == CONSOLE:
            yield _console(o, given)
        elif o.caller == PLATFORM:
            yield Stimulus.of(PLATFORM, o.call, **{argument.name: who for argument in o.arguments})
        elif o.call == "send_crq":
            self.sent += 1
            kind = given["to_server_kind" if who == CLIENT else "to_client_kind"]
            yield Stimulus.of(who, o.call, hex=element(kind, self.sent))
        elif o.call == "consume":
            for _ in range(self.real[who].index(True) + 1):
                yield Stimulus.of(who, o.call)
        elif o.sub is Vioctl.VNIC_SERVER_STATUS:
            yield report(who, given.get("status", Status.OPERATIONAL).value, LONG_MS)
        elif o.sub is not None:
            yield vioctl(who, o.sub, TOKEN_LATEST if o.sub is Vioctl.SESSION_ERROR_DETECTED else 0)
        else:
            yield Stimulus.of(who, o.call)

    def _time(self, name: str, silent: Sequence[int], before: State, after: State) -> Iterator[Stimulus]:
        if name == "gap_ends":
            yield advance(self.profile.gap_ms)
        elif name == "delay_ends":
            yield advance(self.profile.preempt_delay_ms)
        elif name == "hold_expires":
            yield from self._outlast(before)
        else:
            for i in silent:
                status = before.status(i)
                assert isinstance(status, Status)
                yield report(server(i), status.value, SHORT_MS)
            yield advance(self.profile.grace * SHORT_MS + 1)

    def _outlast(self, s: State) -> Iterator[Stimulus]:
        """Time passes until a hold has lasted too long, while everybody goes on reporting what he reported."""
        left = self.profile.hold_limit_ms or LONG_MS * self.profile.grace
        while left > 0:
            yield advance(min(left, LONG_MS))
            left -= LONG_MS
            for i in range(self.servers):
                status = s.status(i)
                if s.listed(i) and s.registered(i) and status in _REPORTED:
                    assert isinstance(status, Status)
                    yield report(server(i), status.value, LONG_MS)
        yield advance(1)


def _console(o: Operation, given: dict[str, Any]) -> Stimulus:
    value = LEVELS[given["level"]] if "level" in given else int(given.get("on", 0))
    i = given.get("i", 0)
    known = {"server": server(i), "port": i, "priority": value, "value": value}
    return Stimulus.of(CONSOLE, o.call, **{argument.name: known[argument.name] for argument in o.arguments})


def _consumer(move: Move) -> str:
    if move.action.name == "server_consumes":
        return server(_which(move))
    return CLIENT if move.action.name == "client_consumes" else ""


def _which(move: Move) -> int:
    """The server concerned; 0 where there is none."""
    given = dict(zip(move.action.parameters, move.parameters, strict=True))
    return _number(given.get("i", 0))


def _full_queues(move: Move, before: State) -> tuple[str, ...]:
    """The queues that are full when a move is made."""
    given = dict(zip(move.action.parameters, move.parameters, strict=True))
    selected = before.selected
    partner = server(selected) if isinstance(selected, int) else ""
    found = []
    if given.get("full"):
        found.append(CLIENT if "to_client_kind" in given else partner)
    if given.get("client_full"):
        found.append(CLIENT)
    if given.get("server_full"):
        found.append(partner)
    return tuple(found)


def _queue(s: State, who: str) -> DirectQueue:
    queue = s.to_client if who == CLIENT else s.to_server(int(who.removeprefix("server")))
    assert isinstance(queue, DirectQueue)
    return queue


def _number(level: object) -> int:
    assert isinstance(level, int)
    return level
