"""The specification in lockstep with a whole system, of which only the listing is seen (SEL, FOV, ADM, MON).

The servers of a system report by themselves, and its client registers by itself. What each of them must do follows from
what the kit has done around them; *that* they did it shows in the listing; only the order is not seen. So for every step
the actions of the machine that must have happened are tried in every order, and what agrees with the listing stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

from vnic_conformance.oracle.calls import Calls
from vnic_conformance.oracle.judge import starting_state
from vnic_conformance.oracle.possibility import NotChosen, OracleOps, Possibility, shown_status
from vnic_conformance.oracle.spent import Spent
from vnic_conformance.oracle.time import Clock, Instant, fullness
from vnic_conformance.stimulus import CLIENT, CONSOLE, PLATFORM, Stimulus, server
from vnic_model.direct import DirectQueue
from vnic_spec.action import carry_out, reached
from vnic_spec.monitoring import delay_ends, fall_silent
from vnic_spec.profile import Profile
from vnic_spec.selection import preempted
from vnic_spec.vocabulary import Crq, Status, Token
from vnic_spec.wire import Rc, Vioctl

_NOW = Instant(0, 0)  #: the machine's own timers are not used: when silence counts is judged from the listing
_TOKEN = 1


@dataclass(frozen=True, slots=True)
class Path:
    """One way in which the machine may have come here.

    Attributes:
        here: its state.
        through: servers that were selected at some time in this step.
        outranked: not before and not after which time a better server was there first, without one ever since; None: there
            is none, or preemption does not wait.
    """

    here: Possibility
    through: frozenset[int | None]
    outranked: tuple[int, int] | None = None

    def to(self, after: Possibility) -> Path:
        """The path one action further."""
        chosen = after.state.selected
        return replace(self, here=replace(after, timers=()), through=self.through | {chosen})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Report:
    """A server registers if it has to, and reports this status."""

    server: int
    status: Status


@dataclass(frozen=True, slots=True)
class Silence:
    """A server's report does not come."""

    server: int


@dataclass(frozen=True, slots=True)
class ClientOpens:
    """The client registers its CRQ, or enables it after a migration."""


Happening = Report | Silence | ClientOpens


class Lockstep:
    """The machine beside one system, from ``reset`` on.

    Args:
        servers: server partitions.
        profile: what the implementation claims.
        interval_ms: announced time between reports.
    """

    def __init__(self, servers: int, profile: Profile, interval_ms: int) -> None:
        self.servers = servers
        self._interval_ms = interval_ms
        self.ops = OracleOps(servers, profile)
        self._calls = Calls(self.ops, Clock(self.ops, servers, profile), servers, profile)
        start = Possibility(starting_state(servers, min(servers, profile.max_servers)))
        self.paths: frozenset[Path] = frozenset({Path(start, frozenset({None}))})
        self._delay_ms = profile.preempt_delay_ms
        self._span = (0, 0)

    @property
    def through(self) -> frozenset[int | None]:
        """Servers that may have been selected at some time in the last step."""
        return frozenset(i for path in self.paths for i in path.through)

    def status(self, i: int) -> Status:
        """What the machine has stored of a server (MON-4)."""
        stored = next(iter(self.paths)).here.state.status(i)
        assert isinstance(stored, Status)
        return stored

    def listed(self, i: int) -> bool:
        """Whether it is on the list."""
        return bool(next(iter(self.paths)).here.state.listed(i))

    def crq(self) -> Crq:
        """The client's half."""
        crq = next(iter(self.paths)).here.state.crq
        assert isinstance(crq, Crq)
        return crq

    # -- what the kit does ---------------------------------------------------------------------------------------

    def begin_step(self, begin: int, end: int) -> None:
        """From here on it counts what is selected in this step, which takes from one virtual time to another, in ms."""
        self._span = (begin, end)
        self.paths = frozenset(
            replace(path, through=frozenset({path.here.state.selected}))  # type: ignore[arg-type]  # a server or nobody
            for path in self.paths
        )

    def does(self, stimulus: Stimulus, outcome: object) -> frozenset[Path]:
        """The paths on which console or platform answer this to a stimulus; none: they must not."""
        if stimulus.call in ("rmdev", "mkdev"):
            return self._restarts(str(stimulus.given["target"]), stimulus.call, outcome)
        if stimulus.call == "migrate" and "servers" in stimulus.given:
            return self._moves(frozenset(str(stimulus.given["servers"]).split()), outcome)
        return self._answers(self.paths, stimulus, outcome)

    def _answers(self, paths: Iterable[Path], stimulus: Stimulus, outcome: object) -> frozenset[Path]:
        return frozenset(
            path.to(allowed.possibility)
            for path in paths
            for allowed in self._calls.allowed(path.here, stimulus, _NOW)
            if allowed.outcome is None or allowed.outcome == outcome
        )

    def _moves(self, there: frozenset[str], outcome: object) -> frozenset[Path]:
        """A migration to where other servers are: that, and then who is not there is removed, and who is new is added."""
        paths = self._answers(self.paths, Stimulus.of(PLATFORM, "migrate"), outcome)
        if outcome != "done":
            return paths
        here = frozenset(server(i) for i in range(self.servers) if self.listed(i))
        leaving = [Stimulus.of(CONSOLE, "remove", server=name) for name in sorted(here - there)]
        arriving = [Stimulus.of(CONSOLE, "add", server=name) for name in sorted(there - here)]
        # The last one of a list cannot be removed, and a full one takes nobody.
        last = [] if here & there else leaving[-1:]
        rest = leaving[: len(leaving) - len(last)]
        for each in (*rest, *arriving[: len(last)], *last, *arriving[len(last) :]):
            paths = self._answers(paths, each, "done")
        return paths

    def _restarts(self, who: str, call: str, outcome: object) -> frozenset[Path]:
        """A server's software is taken out of its partition, and its CRQ is freed; or it is put in, and does the rest itself."""
        if call == "mkdev" or outcome == "refused":
            return self.paths
        return frozenset(after for path in self.paths for after in self._called(path, who, "free_crq"))

    def complains(self, outcome: object, *, may_be_cut_off: bool) -> frozenset[Path]:
        """The paths on which the client's complaint is answered so (SES-2).

        Args:
            outcome: ``done``: the hypervisor took it; ``refused``.
            may_be_cut_off: the client may be without a session for reasons of its own, and then has no token.
        """
        found = set()
        for path in self.paths:
            after = list(self._complaints(path))
            if outcome == "done":
                found |= {path.to(p) for p, rc in after if rc == Rc.H_SUCCESS}
            elif may_be_cut_off or not after or any(rc != Rc.H_SUCCESS for _, rc in after):
                found.add(path)
        return frozenset(found)

    def _complaints(self, path: Path) -> Iterator[tuple[Possibility, int | None]]:
        state = path.here.state
        if state.selected is None or not state.connected(state.selected):
            return
        held = replace(path.here, token=_TOKEN, state=state.but(token=Token.CURRENT))
        stimulus = Stimulus.of(CLIENT, "vioctl", sub=int(Vioctl.SESSION_ERROR_DETECTED), p1=_TOKEN)
        for allowed in self._calls.allowed(held, stimulus, _NOW):
            yield replace(allowed.possibility, token=None, spent=Spent()), allowed.rc

    # -- what happens by itself -----------------------------------------------------------------------------------

    def follow(
        self, paths: Iterable[Path], happenings: Iterable[Happening], deaf: frozenset[int | None]
    ) -> frozenset[Path]:
        """Every way in which these happenings may have come after each other; servers may fall silent together.

        Args:
            paths: where the machine may be.
            happenings: all that happened.
            deaf: who does not read its queue: indexes of servers, None the client.
        """
        every = frozenset(happenings)
        first = {late for path in paths for late in self._preempting(self._read(path, deaf), deaf)}
        frontier: dict[frozenset[Happening], set[Path]] = {every: first}
        for size in range(len(every), 0, -1):
            for rest in [rest for rest in frontier if len(rest) == size]:
                for path in frontier.pop(rest):
                    for group in _groups(rest):
                        for after in self._happens(path, group):
                            read = self._read(after, deaf)
                            frontier.setdefault(rest - group, set()).update(self._preempting(read, deaf))
        return frozenset(path for path in frontier.get(frozenset(), ()) if not self._overdue(path))

    # -- a preemption that waits (MON-5) --------------------------------------------------------------------------

    def _preempting(self, path: Path, deaf: frozenset[int | None]) -> Iterator[Path]:
        """The path, with its delay begun, kept or ended by what is the case now; and the one in which the delay is over."""
        state = path.here.state
        waits = bool(self._delay_ms) and state.selected is not None and bool(preempted(self.ops, state))
        path = replace(path, outranked=(path.outranked or self._span) if waits else None)
        yield path
        if path.outranked is None or self._span[1] < path.outranked[0] + self._delay_ms:
            return
        client_full, server_full = fullness(state)
        for b in range(self.servers):
            try:
                over = carry_out(delay_ends, self.ops, state, b, client_full, server_full)
            except NotChosen:
                continue
            if over.guard:
                yield replace(self._read(path.to(path.here.with_state(over.state)), deaf), outranked=None)

    def _overdue(self, path: Path) -> bool:
        """Its delay is over, whenever in its step it began, and nobody was preempted."""
        return path.outranked is not None and path.outranked[1] + self._delay_ms <= self._span[1]

    def agreeing(self, paths: Iterable[Path], came: Mapping[str, object]) -> frozenset[Path]:
        """The paths that agree with a listing."""
        return frozenset(path for path in paths if not self.differing(path, came))

    def differing(self, path: Path, came: Mapping[str, object]) -> tuple[str, ...]:
        """The fields of a listing in which a path does not agree with it."""
        return tuple(name for name, value in self.view(path).items() if _plain(name, came.get(name)) != value)

    def view(self, path: Path) -> dict[str, object]:
        """The listing that a path makes (ADM-7)."""
        state = path.here.state
        seen: dict[str, object] = {
            "auto": int(bool(state.auto)),
            "selected": "" if state.selected is None else f"server{state.selected}",
            "pinned": "" if state.pin is None else f"server{state.pin}",
            "listed": " ".join(sorted(server(i) for i in range(self.servers) if state.listed(i))),
        }
        for i in range(self.servers):
            if state.listed(i):
                seen[f"server{i}_status"] = str(shown_status(state, i))
                seen[f"server{i}_priority"] = state.priority(i)
        return seen

    def _happens(self, path: Path, group: frozenset[Happening]) -> Iterator[Path]:
        silent = {each.server for each in group if isinstance(each, Silence)}
        if silent:
            yield from self._fall_silent(path, silent)
            return
        (happening,) = group
        if isinstance(happening, ClientOpens):
            call = "enable_crq" if path.here.state.crq is Crq.DISABLED else "reg_crq"
            yield from self._called(path, CLIENT, call)
        elif isinstance(happening, Report):
            who = server(happening.server)
            registered = bool(path.here.state.registered(happening.server))
            for before in [path] if registered else self._called(path, who, "reg_crq"):
                yield from self._called(
                    before,
                    who,
                    "vioctl",
                    sub=int(Vioctl.VNIC_SERVER_STATUS),
                    p1=int(happening.status.value),
                    p2=self._interval_ms,
                )

    def _called(self, path: Path, who: str, call: str, **arguments: int) -> Iterator[Path]:
        for allowed in self._calls.allowed(path.here, Stimulus.of(who, call, **arguments), _NOW):
            yield path.to(allowed.possibility)

    def _fall_silent(self, path: Path, silent: set[int]) -> Iterator[Path]:
        client_full, server_full = fullness(path.here.state)
        for b in (*range(self.servers), None):
            try:
                silenced = fall_silent(self.ops, path.here.state, lambda j: j in silent, b, client_full, server_full)
                possible, after = reached(self.ops, silenced)
            except NotChosen:
                continue
            if possible:
                yield path.to(path.here.with_state(after))

    def _read(self, path: Path, deaf: frozenset[int | None]) -> Path:
        """Whoever runs reads its queue (CRQ-13)."""
        for i in range(self.servers):
            while i not in deaf and path.here.state.powered(i) and _waiting(path.here.state.to_server(i)):
                (path,) = self._called(path, server(i), "consume")
        while None not in deaf and _waiting(path.here.state.to_client):
            (path,) = self._called(path, CLIENT, "consume")
        return path


def _waiting(queue: object) -> bool:
    assert isinstance(queue, DirectQueue)
    return bool(queue.items)


def _groups(rest: frozenset[Happening]) -> Iterator[frozenset[Happening]]:
    """What may happen next: any one thing, or several servers falling silent at the same time (MON-2)."""
    silent = sorted((each for each in rest if isinstance(each, Silence)), key=lambda each: each.server)
    for each in rest:
        if not isinstance(each, Silence):
            yield frozenset({each})
    for size in range(1, len(silent) + 1):
        yield from (frozenset(group) for group in combinations(silent, size))


def _plain(name: str, value: object) -> object:
    return " ".join(sorted(value.split())) if name == "listed" and isinstance(value, str) else value
