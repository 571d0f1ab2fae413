"""What each stimulus may lead to: from a request of the protocol to the action of the machine that it is.

Arguments are judged first, by :mod:`vnic_spec.calls`; then the machine answers. Where an answer depends on a free choice of the
policy (ties under ``any``) there are several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from vnic_conformance.interface import OPERATIONS, PARTITION, UNIT_DEMANDED_BY, UNIT_DEMANDED_BY_SUB
from vnic_conformance.oracle.beside_calls import ANSWERS, INTERRUPT_SUBFUNCTIONS, BesideCalls, within
from vnic_conformance.oracle.possibility import (
    Allowed,
    NotChosen,
    OracleOps,
    Possibility,
    Wired,
    element_pattern,
    shown_status,
    with_what_follows,
)
from vnic_conformance.oracle.time import Clock, Instant, fullness
from vnic_conformance.stimulus import ADAPTERS_OWN, CLIENT, CONSOLE, MAPPED, PLATFORM, Stimulus, server
from vnic_model.direct import DirectQueue
from vnic_spec import calls
from vnic_spec.action import Action, carry_out
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import Profile
from vnic_spec.state import State
from vnic_spec.transport import selection_ends
from vnic_spec.vocabulary import ClientPhase, Crq, Status, Token
from vnic_spec.wire import ELEMENT_BYTES, PAGE_BYTES, Rc, ServerInfo, Vioctl


def _actions(*, of_server: bool) -> Mapping[str | Vioctl, tuple[str, ...]]:
    """The actions that a call of a partition may be; those of a server say which server it is."""
    found = {}
    for o in OPERATIONS:
        if o.caller == PARTITION:
            found[o.sub or o.call] = tuple(a for a in o.actions if ("i" in ACTIONS[a].parameters) == of_server)
    return found


_BY_CLIENT, _BY_SERVER = _actions(of_server=False), _actions(of_server=True)


def lies_beside(call: str, given: Mapping[str, Any]) -> bool:
    """Whether a call is none of the machine's: :class:`BesideCalls` answers it."""
    if call == "vioctl":
        return int(given.get("sub", 0)) in INTERRUPT_SUBFUNCTIONS
    return "handle" in given if call == "consume" else call in ANSWERS


@dataclass(frozen=True)
class Calls:
    """Knows what every stimulus means."""

    ops: OracleOps
    clock: Clock
    servers: int
    profile: Profile
    unpaired: frozenset[str] = frozenset()

    @cached_property
    def beside(self) -> BesideCalls:
        """The calls that the machine does not have."""
        return BesideCalls(self.servers, self.profile, self.unpaired)

    def allowed(self, p: Possibility, stimulus: Stimulus, now: Instant) -> list[Allowed]:
        """Everything that this call may lead to in this possibility; no step of the clock.

        Raises:
            ValueError: the kit itself made a stimulus that means nothing.
        """
        found = list(self._dispatch(p, stimulus, dict(stimulus.arguments), now))
        if not found:
            raise ValueError(f"no action of the machine answers {stimulus}")
        return [
            Allowed(self.clock.settle(q, now), a.action, a.parameters, self._because(a), a.rc, a.outcome, a.values)
            for a in found
            for q in with_what_follows(p, a.possibility, self.servers, stimulus.call)
        ]

    def _because(self, a: Allowed) -> tuple[str, ...]:
        """The requirements that allow an answer; CRQ-13 is one if by it a server is shown UNRESPONSIVE, whatever it reports."""
        s = a.possibility.state
        if True not in s.overdue.values:  # type: ignore[attr-defined]  # a DirectMap in this reading
            return a.requirements
        shown = any(bool(s.overdue(i)) and s.status(i) is not Status.UNRESPONSIVE for i in range(self.servers))
        return a.requirements if not shown or "CRQ-13" in a.requirements else (*a.requirements, "CRQ-13")

    def _dispatch(self, p: Possibility, stimulus: Stimulus, given: dict[str, Any], now: Instant) -> Iterator[Allowed]:
        who, call = stimulus.who, stimulus.call
        if who not in (CONSOLE, PLATFORM) and not _running(p.state, who):
            yield self._same(p, None, "MON-3", outcome="refused")
        elif given.get("unit") == "wrong":
            yield self._wrong_unit(p, call, int(given.get("sub", 0)))
        elif lies_beside(call, given):
            yield from self.beside.allowed(p, stimulus)
        elif who == CONSOLE:
            yield from self._console(p, call, given)
        elif who == PLATFORM:
            yield from self._platform(p, call, str(given.get("target", "")))
        else:
            yield from self._partition(p, who, call, given, now)

    # -- steps of the machine -----------------------------------------------------------------------------------

    def _steps(self, p: Possibility, names: tuple[str, ...], **parameters: Any) -> Iterator[Allowed]:
        """Every way in which one of these actions is possible here; selection and fullness are filled in."""
        client_full, server_full = fullness(p.state)
        for name in names:
            action = ACTIONS[name]
            carrying = self.ops.carrying(action.effect)
            full = client_full if action.parameters and "to_client_kind" in action.parameters else server_full
            facts = {"client_full": client_full, "server_full": server_full, "full": full}
            for combination in self._combinations(action, parameters, facts):
                try:
                    effect = carry_out(carrying, self.ops, p.state, *combination.values())
                except NotChosen:
                    continue
                if effect.guard:
                    rc = None if effect.answer is None else int(effect.answer)  # type: ignore[call-overload]
                    after = p.with_state(effect.state)
                    yield Allowed(after, name, combination, action.requirements, rc)

    def _combinations(self, action: Action, given: dict[str, Any], facts: dict[str, bool]) -> Iterator[dict[str, Any]]:
        found: list[dict[str, Any]] = [{}]
        for parameter in action.parameters:
            values: tuple[Any, ...]
            if parameter in given:
                values = (given[parameter],)
            elif parameter == "b":
                values = (*range(self.servers), None)
            else:
                values = tuple({False, facts[parameter]})
            found = [{**c, parameter: v} for c in found for v in values]
        yield from found

    def _wrong_unit(self, p: Possibility, call: str, sub: int) -> Allowed:
        """A call on a unit that is not the caller's. H_VIOCTL looks at the subfunction first, of which some are unknown."""
        if call != "vioctl":
            return self._same(p, Rc.H_PARAMETER, UNIT_DEMANDED_BY[call])
        known = UNIT_DEMANDED_BY_SUB.get(sub)
        return self._same(p, None if known is None else Rc.H_PARAMETER, known or "MON-7")

    def _same(self, p: Possibility, rc: Rc | None, *requirements: str, **more: Any) -> Allowed:
        """An answer that changes nothing."""
        return Allowed(p, "", {}, requirements, None if rc is None else int(rc), **more)

    # -- partitions ---------------------------------------------------------------------------------------------

    def _partition(self, p: Possibility, who: str, call: str, given: dict[str, Any], now: Instant) -> Iterator[Allowed]:
        s = p.state
        i = None if who == CLIENT else int(who.removeprefix("server"))
        actions = (_BY_CLIENT if i is None else _BY_SERVER).get(call, ())
        which = {} if i is None else {"i": i}
        if call == "reg_crq":
            depth, refusal = self._registration(p, who, given)
            if refusal is not None:
                yield refusal
                if not _adapters_own(given):
                    return
                yield self._same(p, Rc.H_PARAMETER, "CRQ-2")
                if refusal.rc == Rc.H_NOT_FOUND:
                    return
            for a in self._steps(p, actions, **which):
                yield a if a.rc == Rc.H_RESOURCE else _deepened(a, depth, i)
        elif call == "send_crq":
            kind = "to_server_kind" if i is None else "to_client_kind"
            yield from self._sends(p, given, actions, kind, **which)
        elif call == "consume":
            yield from self._consumes(p, s.to_client if i is None else s.to_server(i), actions, **which)
        elif call == "vioctl":
            yield from self._client_vioctl(p, given) if i is None else self._server_vioctl(p, i, given, now)
        elif call == "enable_crq" and i is not None:
            yield self._same(p, Rc.H_SUCCESS, "CRQ-8")
        else:
            yield from self._steps(p, actions, **which)

    def _registration(self, p: Possibility, who: str, given: dict[str, Any]) -> tuple[int, Allowed | None]:
        """The depth of the queue to be registered, and the refusal of the call by what it says (CRQ-2)."""
        address, length = int(given.get("address", 0)), int(given.get("length", PAGE_BYTES))
        refused = calls.reg_crq(address, length, MAPPED)
        if who in self.unpaired and (refused is None or _adapters_own(given)):
            refused = Rc.H_NOT_FOUND
        return length // ELEMENT_BYTES, None if refused is None else self._same(p, refused, "CRQ-2")

    def _sends(
        self, p: Possibility, given: dict[str, Any], actions: tuple[str, ...], kind: str, **more: Any
    ) -> Iterator[Allowed]:
        element = bytes.fromhex(str(given["hex"]))
        refused = calls.send_crq(element)
        if refused is not None:
            yield self._same(p, refused, "CRQ-3", "CRQ-6")
            return
        yield from self._steps(p, actions, **{kind: Wired(calls.kind_of(element), element)}, **more)

    def _consumes(self, p: Possibility, queue: object, actions: tuple[str, ...], **more: Any) -> Iterator[Allowed]:
        assert isinstance(queue, DirectQueue)
        if not queue.items:
            yield self._same(p, None, "CRQ-5", values={"element": ""})
            return
        pattern = element_pattern(queue.items[0].kind)
        for a in self._steps(p, actions, **more):
            yield replace(a, values={"element": (pattern,)})

    def _client_vioctl(self, p: Possibility, given: dict[str, Any]) -> Iterator[Allowed]:
        sub, p1, p2, p3 = (int(given.get(n, 0)) for n in ("sub", "p1", "p2", "p3"))
        if sub == Vioctl.GET_SESSION_TOKEN:
            refused = calls.no_parameters(p1, p2, p3)
            if refused is not None:
                yield self._same(p, refused, "SES-1")
                return
            known = replace(p, state=p.state.but(token=Token.CURRENT)) if p.token is not None else p
            yield from self._steps(known, _BY_CLIENT[Vioctl.GET_SESSION_TOKEN])
        elif sub == Vioctl.SESSION_ERROR_DETECTED:
            refused = calls.no_parameters(p2, p3)
            if refused is not None:
                yield self._same(p, refused, "SES-2")
                return
            hand = Token.CURRENT if p.token is not None and p1 == p.token else Token.STALE
            presented = replace(p, state=p.state.but(token=hand))
            for a in self._steps(presented, _BY_CLIENT[Vioctl.SESSION_ERROR_DETECTED]):
                yield replace(a, possibility=_token_back(p, a.possibility))
        else:
            yield self._same(p, None, "SES-1")

    def _server_vioctl(self, p: Possibility, i: int, given: dict[str, Any], now: Instant) -> Iterator[Allowed]:
        s = p.state
        sub, p1, p2, p3 = (int(given.get(n, 0)) for n in ("sub", "p1", "p2", "p3"))
        if sub == Vioctl.VNIC_SERVER_STATUS:
            refused = calls.report(p1, p2, p3, bool(s.listed(i)) and bool(s.registered(i)))
            if refused is Rc.H_STATE:
                yield from self._steps(p, ("server_reports_unlisted",), i=i)
                return
            if refused is not None:
                yield self._same(p, refused, "MON-1")
                return
            for a in self._steps(p, ("server_reports",), i=i, status=Status(p1)):
                timer = self.clock.report_timer(i, now, p2)
                others = tuple(t for t in a.possibility.timers if (t.what, t.server) != ("report", i))
                yield replace(a, possibility=replace(a.possibility, timers=(*others, timer)))
        elif sub == Vioctl.GET_VNIC_SERVER_INFO and s.listed(i):
            active = int(bool(s.connected(i)))
            info = ServerInfo(1, active, int(shown_status(s, i).value), int(str(s.priority(i))))
            if p1 == p2 == p3 == 0:
                yield self._same(p, Rc.H_SUCCESS, "MON-7", values={"info": info.pack().hex()})
            else:
                yield from self.beside.asks(p, server(i), given, info)
        else:
            yield self._same(p, None, "MON-7")

    # -- console and platform -----------------------------------------------------------------------------------

    def _console(self, p: Possibility, call: str, given: dict[str, Any]) -> Iterator[Allowed]:
        s = p.state
        i = int(str(given.get("server", "server0")).removeprefix("server"))
        level = int(given.get("value" if call == "priority" else "priority", calls.DEFAULT_PRIORITY))
        if call in ("add", "priority") and level not in calls.PRIORITIES:
            yield self._same(p, None, "SEL-4", outcome="refused")
        elif call == "add":
            listed = sum(1 for j in range(self.servers) if s.listed(j))
            if s.listed(i) or listed >= self.profile.max_servers or given.get("taken"):
                yield self._same(p, None, "ADM-1", outcome="refused")
            else:
                yield from self._done(self._steps(p, ("adds_server",), i=i, level=level))
        elif call == "remove":
            if not s.listed(i):
                yield self._same(p, None, "ADM-3", outcome="refused")
                return
            yield from self._done(self._steps(p, ("removes_server",), i=i))
            for a in self._steps(p, ("removes_last_server",), i=i):
                yield replace(a, outcome="refused")
        elif call == "priority":
            if not s.listed(i):
                yield self._same(p, None, "ADM-4", outcome="refused")
                return
            yield from self._done(self._steps(p, ("sets_priority",), i=i, level=level))
        elif call == "auto":
            yield from self._done(self._steps(p, ("sets_auto",), on=bool(given["value"])))
        elif call == "activate":
            yield from self._done(self._steps(p, ("activates_server",), i=i))
            for a in self._steps(p, ("activation_refused",), i=i):
                yield replace(a, outcome="refused")

    def _done(self, found: Iterator[Allowed]) -> Iterator[Allowed]:
        return (replace(a, outcome="done") for a in found)

    def _platform(self, p: Possibility, call: str, target: str) -> Iterator[Allowed]:
        s = p.state
        if call == "migrate":
            yield from self._migrations(p)
            return
        if target == CLIENT:
            on = s.phase is not ClientPhase.OFF
            names = {"power_on": "client_boots", "power_off": "client_crashes", "crash": "client_crashes"}
            more: dict[str, Any] = {}
        else:
            i = int(target.removeprefix("server"))
            on = bool(s.powered(i))
            names = {"power_on": "server_boots", "power_off": "server_crashes", "crash": "server_crashes"}
            more = {"i": i}
        if on == (call == "power_on"):
            yield self._same(p, None, "MON-3")
        else:
            yield from self._done(self._steps(p, (names[call],), **more))

    def _migrations(self, p: Possibility) -> Iterator[Allowed]:
        """CRQ-8. The machine has migrations of a client whose CRQ is open; the platform may migrate it at any other time too.

        While the CRQ is disabled there is another event 06. While it is closed there is nobody to be told and nothing to be
        disabled, but the selection ends as well (decision R1). Such a migration may be refused, and so may that of a
        partition that does not run.
        """
        s = p.state
        if s.phase is not ClientPhase.OFF and s.crq is Crq.CLOSED:
            ended = Allowed(p.with_state(selection_ends(self.ops, s)), "", {}, ("CRQ-8", "SEL-7"))
            yield from self._done(iter((ended,)))
        else:
            open_ = replace(p, state=s.but(crq=Crq.OPEN))
            yield from self._done(self._steps(open_, ("client_migrates",)))
        if s.phase is ClientPhase.OFF or s.crq is not Crq.OPEN:
            yield self._same(p, None, "CRQ-8", outcome="refused")


def _adapters_own(given: dict[str, Any]) -> bool:
    """A queue that would be in order if what lies behind the kit's memory were mapped, which is the adapter's business (D4)."""
    address, length = int(given.get("address", 0)), int(given.get("length", PAGE_BYTES))
    return within(address, length) is None and calls.reg_crq(address, length, ADAPTERS_OWN) is None


def _running(s: State, who: str) -> bool:
    """The partition of the client, or of a server, is powered."""
    if who == CLIENT:
        return s.phase is not ClientPhase.OFF
    return bool(s.powered(int(who.removeprefix("server"))))


def _deepened(a: Allowed, depth: int, server: int | None = None) -> Allowed:
    """The queue just registered is as deep as its length says."""
    s: State = a.possibility.state
    if server is None:
        assert isinstance(s.to_client, DirectQueue)
        after = s.but(to_client=replace(s.to_client, depth=depth))
    else:
        resize: Callable[[DirectQueue], DirectQueue] = lambda q: replace(q, depth=depth)  # noqa: E731
        after = s.but(to_server=s.to_server.update(server, resize))  # type: ignore[arg-type]  # direct queues
    return replace(a, possibility=replace(a.possibility, state=after))


def _token_back(before: Possibility, after: Possibility) -> Possibility:
    """The token that was presented is not necessarily the one in hand: put the hand back, unless the session has ended."""
    if before.token is None:
        return replace(after, state=after.state.but(token=Token.NO_TOKEN), token=None, spent=before.spent)
    over = before.state.selected is None or not after.state.connected(before.state.selected)
    token = Token.STALE if over else Token.CURRENT
    restored = replace(before, state=after.state.but(token=Token.CURRENT), timers=after.timers)
    return restored.with_state(after.state.but(token=token))
