"""The oracle of role ``system``: what each step may show, from what the kit has done so far.

It keeps the facts that the kit itself makes (what runs, hangs, has a link, is in error), asks the machine in lockstep what
the listing may be, and judges link, frames and time. A step may break several laws; each is a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from vnic_conformance.stimulus import CLIENT, CLOCK, CONSOLE, PLATFORM, Stimulus
from vnic_conformance.system_role.frames import Echo, Finding, FrameLaws, describe, echo_of, frames_of, is_datagram
from vnic_conformance.system_role.lockstep import ClientOpens, Happening, Lockstep, Report, Silence
from vnic_spec.profile import Profile
from vnic_spec.vocabulary import Crq, Status

APPLICATION, NETWORK = "application", "network"
#: Who tries the first frame later than this says nothing about how long there was none.
_LOOKED_SOON_MS = 1_000
#: Bytes of the longest frame that an MTU of so many makes, and the longest that is asked for.
_ETHER_HEADER, _LONGEST = 14, 1514
_REPORTED = (Status.OPERATIONAL, Status.LINK_DOWN, Status.ADAPTER_ERROR)


@dataclass(frozen=True, slots=True)
class Times:
    """What an implementation claims of its times, in milliseconds.

    Attributes:
        report_interval_ms: between two reports of a server (MON-1).
        recovery_ms: from when all is well until the application has its link (LIV-1).
        transit_ms: a ping there and back, addresses asked for included.
    """

    report_interval_ms: int = 1_000
    recovery_ms: int = 100_000
    transit_ms: int = 20


@dataclass
class Facts:
    """What the kit has made so; servers by index.

    Attributes:
        running: partitions that are on; None is the client's.
        hung: since when software does nothing; None is the client's.
        down: servers whose port has no link.
        dead: servers whose port has its link and forwards nothing.
        frozen: adapters in error.
        stopped: servers whose software was taken out of a partition that runs on.
        added: until when a server that was added may not have reported.
        open: the user wants the interface open.
    """

    adapters: dict[int, int]
    running: set[int | None]
    hung: dict[int | None, int] = field(default_factory=dict)
    down: set[int] = field(default_factory=set)
    dead: set[int] = field(default_factory=set)
    frozen: set[int] = field(default_factory=set)
    stopped: set[int] = field(default_factory=set)
    added: dict[int, int] = field(default_factory=dict)
    open: bool = True

    def health(self, i: int) -> Status:
        """What a server has to report (SRV-6)."""
        if self.adapters[i] in self.frozen:
            return Status.ADAPTER_ERROR
        return Status.LINK_DOWN if i in self.down else Status.OPERATIONAL

    def acts(self, who: int | None) -> bool:
        """Its software is there, runs and does not hang."""
        return who in self.running and who not in self.hung and who not in self.stopped


@dataclass
class _Asked:
    """A ping, or a datagram of the host, that must arrive if nothing comes between."""

    at: int
    what: bytes | Echo
    length: int | None = None

    @property
    def size(self) -> str:
        """The length in words, where one was asked for."""
        return "" if self.length is None else f" in a frame of {self.length} bytes"

    def fits(self, frame: bytes) -> bool:
        """It has the length that was asked for."""
        return self.length is None or len(frame) == self.length


@dataclass(frozen=True, slots=True, order=True)
class Outage:
    """A time without frames that nobody wanted, from a trigger on.

    Attributes:
        least_ms: so long it was seen to last: until the last frame that was tried in vain.
        most_ms: longer it was not: until a frame came through.
        cause: what was done when it began.
    """

    least_ms: int
    most_ms: int
    cause: str


@dataclass
class _Interrupted:
    """An outage that has not ended: it began in a step that took from ``begin`` to ``end``, when ``cause`` was done."""

    begin: int
    end: int
    cause: str
    tries: list[int] = field(default_factory=list)


class SystemOracle:
    """Judges one system, from ``reset`` on.

    Args:
        servers: server partitions.
        profile: what the implementation claims.
        times: likewise.
        limits: fields of the reset that say what a server's port has.

    Attributes:
        counts: how often each case was put to the test.
        now: virtual time of the last look.
        longest: the longest outage, by what was seen of it.
    """

    def __init__(
        self, servers: int, profile: Profile, times: Times, limits: Mapping[str, int | str] | None = None
    ) -> None:
        self.limits = limits or {}
        self.servers = servers
        self.times = times
        self.profile = profile
        self.lockstep = Lockstep(servers, profile, times.report_interval_ms)
        self.frames = FrameLaws(servers)
        self.counts: Counter[str] = Counter()
        self.facts = Facts({i: i for i in range(servers)}, {None, *range(servers)})
        self.now = 0
        self.came: Mapping[str, object] = {}
        self._calm_since = 0
        self._pings: list[_Asked] = []
        self._sends: list[_Asked] = []
        #: Until when frames may be missing although the port is alive again: who asked for an address waits.
        self._numb_until = 0
        #: The network has not heard of the client since its port was dead, and may not know where it is (DAT-3).
        self._unheard = False
        self._listed_before = ""
        self.longest = Outage(0, 0, "")
        self._interrupted: _Interrupted | None = None

    @property
    def selected(self) -> int | None:
        """Index of the server that the listing shows as selected."""
        word = str(self.came.get("selected", ""))
        return int(word.removeprefix("server")) if word else None

    @property
    def link(self) -> bool:
        """Whether the application has its link."""
        return self.came.get("client_link") == 1

    # -- steps ---------------------------------------------------------------------------------------------------

    def begin(self, came: Mapping[str, object]) -> list[Finding]:
        """Judge what ``reset`` shows: everything runs and has come to rest."""
        for i in range(self.servers):
            adapter = came.get(f"server{i}_adapter")
            if isinstance(adapter, int):
                self.facts.adapters[i] = adapter
            port = came.get(f"server{i}_port")
            if isinstance(port, int):
                self.lockstep.ops.ports[i] = port
        return self._judged(Stimulus.of("kit", "reset", servers=self.servers), came)

    def step(self, stimulus: Stimulus, came: Mapping[str, object]) -> list[Finding]:
        """Judge what came back for a stimulus, and follow it."""
        return self._judged(stimulus, came)

    def _judged(self, stimulus: Stimulus, came: Mapping[str, object]) -> list[Finding]:
        before, link_before, now_before = self.came, self.link, self.now
        self._listed_before = str(before.get("listed", ""))
        self.came = came
        now = came.get("now")
        self.now = now if isinstance(now, int) else self.now
        self.lockstep.begin_step(now_before, self.now)
        found = list(self._listing(stimulus, came, link_before, now_before))
        if stimulus.who not in (CLOCK, NETWORK, APPLICATION) or stimulus.call not in ("advance", "send", "ping"):
            self._disturbed()
        if before.get("selected") != came.get("selected"):
            self._disturbed()
        found += self.frames.step(came, self.lockstep.through if not found else frozenset(range(self.servers)))
        self.counts.update(self.frames.passed)
        self.frames.passed.clear()
        self._notice_dead_port(before)
        found += self._link_laws()
        found += self._delivery(stimulus, came, link_before)
        found += self._progress()
        self._outages(stimulus, str(before.get("selected", "")), link_before, now_before)
        return found

    def _outages(self, stimulus: Stimulus, selected_before: str, link_before: bool, now_before: int) -> None:
        """How long the client is without frames after a switch, or a loss of its link, that its user did not ask for."""
        if not (self.facts.open and self.facts.acts(None)) or self.selected is None:
            self._interrupted = None  # nobody wants frames, or nobody could pass them
            return
        left = bool(selected_before) and selected_before != self.came.get("selected")
        if self._interrupted is None and (left or (link_before and not self.link)):
            words = " ".join([stimulus.call, *(str(value) for _, value in stimulus.arguments)])
            self._interrupted = _Interrupted(now_before, self.now, words)
        running = self._interrupted
        if running is None:
            return
        if stimulus.call in ("ping", "send"):
            running.tries.append(self.now)
        if self.link and self.came.get("client_received"):
            vain = [at for at in running.tries if at < running.tries[-1]]
            least = max(vain[-1] - running.end, 0) if vain else 0
            if vain or self.now - running.begin <= _LOOKED_SOON_MS:
                self.longest = max(self.longest, Outage(least, self.now - running.begin, running.cause))
            self._interrupted = None

    def _disturbed(self) -> None:
        """What was asked for need not be answered any more."""
        self._calm_since = self.now
        self._pings.clear()
        self._sends.clear()

    # -- the listing ---------------------------------------------------------------------------------------------

    def _listing(
        self, stimulus: Stimulus, came: Mapping[str, object], link_before: bool, now_before: int
    ) -> Iterator[Finding]:
        lockstep = self.lockstep
        paths, refusal = lockstep.paths, None
        if stimulus.who in (CONSOLE, PLATFORM) and stimulus.call not in ("hang", "resume"):
            paths = lockstep.does(stimulus, came.get("outcome"))
            self.counts["ADM-1/answers" if stimulus.who == CONSOLE else "MON-3/answers"] += 1
        elif (stimulus.who, stimulus.call) == (APPLICATION, "complain"):
            cut_off = not link_before or not self.facts.acts(None)
            paths = lockstep.complains(came.get("outcome"), may_be_cut_off=cut_off)
            self.counts["SES-2/answers"] += 1
        if not paths:
            refusal = self._wrong_answer(stimulus, came)
            yield refusal
            return
        lockstep.paths = paths
        self._note(stimulus, came)
        happenings = list(self._happenings(came))
        wrong = [*self._untrue(came, happenings, now_before), *self._late(came)]
        if wrong:
            yield from wrong
            return
        deaf = frozenset(self.facts.hung)
        reached = lockstep.follow(paths, happenings, deaf) or paths
        agreeing = lockstep.agreeing(reached, came)
        self.counts["FOV-5/successor"] += 1
        if stimulus.who == CLOCK:
            self.counts["FOV-7/stability"] += 1
        if agreeing:
            lockstep.paths = agreeing
            return
        nearest = min(reached, key=lambda path: len(lockstep.differing(path, came)))
        names = lockstep.differing(nearest, came)
        allowed = sorted({", ".join(f"{n}: {lockstep.view(path)[n] or 'nobody'}" for n in names) for path in reached})
        still = stimulus.who == CLOCK and not happenings
        if self.profile.preempt_delay_ms and "selected" in names:
            yield Finding(
                "FOV-5/successor",
                "MON-5, FOV-1",
                f"A better server takes the client exactly {self.profile.preempt_delay_ms} ms after the selected one was first "
                "outranked; who fails is left at once.",
                ", ".join(f"{name}: {came.get(name) or 'nobody'}" for name in names),
                "; or ".join(allowed),
            )
            return
        yield Finding(
            "FOV-7/stability" if still else "FOV-5/successor",
            "FOV-7" if still else "FOV-1, FOV-5",
            "Without a trigger there is no switch."
            if still
            else "The successor is the best eligible server (for manual activation: the one named), at once.",
            ", ".join(f"{name}: {came.get(name) or 'nobody'}" for name in names),
            "; or ".join(allowed),
        )

    def _wrong_answer(self, stimulus: Stimulus, came: Mapping[str, object]) -> Finding:
        if stimulus.who == APPLICATION:
            case, requirement = "SES-2/answers", "SES-2"
        elif stimulus.who == CONSOLE:
            case = "ADM-1/answers"
            requirement = {"add": "ADM-1", "remove": "ADM-3", "activate": "ADM-6"}.get(stimulus.call, "ADM-4")
        else:
            case, requirement = "MON-3/answers", "MON-3"
        other = "refused" if came.get("outcome") == "done" else "done"
        return Finding(
            case,
            requirement,
            "What is possible is done, what is not is refused.",
            f"outcome: {came.get('outcome')}",
            other,
        )

    def _note(self, stimulus: Stimulus, came: Mapping[str, object]) -> None:
        """Take over what the kit has just made so."""
        facts, call, given = self.facts, stimulus.call, stimulus.given
        done = came.get("outcome") == "done"
        if call == "migrate" and done:
            for name in str(given.get("servers", "")).split():
                i = int(name.removeprefix("server"))
                if name not in self._listed_before.split():
                    facts.added[i] = self.now + self.times.report_interval_ms
            return
        named = str(given.get("target", given.get("server", "")))
        who = None if named in ("", CLIENT) else int(named.removeprefix("server"))
        if stimulus.who == PLATFORM and done:
            if call == "power_on":
                facts.running.add(who)
            elif call in ("power_off", "crash"):
                facts.running.discard(who)
                facts.hung.pop(who, None)
            elif call == "hang":
                facts.hung.setdefault(who, self.now)
            elif call == "resume":
                facts.hung.pop(who, None)
            elif call == "rmdev" and who is not None:
                facts.hung.pop(who, None)
                facts.stopped.add(who)
            elif call == "mkdev" and who is not None:
                facts.stopped.discard(who)
            if call in ("power_off", "crash") and who is not None:
                facts.stopped.discard(who)
        elif stimulus.who == NETWORK and who is not None:
            changes = {
                "link_down": lambda: facts.down.add(who),
                "link_up": lambda: facts.down.discard(who),
                "port_dead": lambda: facts.dead.add(who),
                "port_live": lambda: facts.dead.discard(who),
                "adapter_error": lambda: facts.frozen.add(facts.adapters[who]),
                "adapter_recover": lambda: facts.frozen.discard(facts.adapters[who]),
            }
            changes.get(call, lambda: None)()
        elif stimulus.who == CONSOLE and call == "add" and done and who is not None:
            facts.added[who] = self.now + self.times.report_interval_ms
        elif stimulus.who == APPLICATION and call in ("open", "close"):
            facts.open = call == "open"

    def _happenings(self, came: Mapping[str, object]) -> Iterator[Happening]:
        """What the listing says has happened, order unknown."""
        for i in range(self.servers):
            shown = _stored(came.get(f"server{i}_status"))
            known = self.lockstep.status(i)
            if shown is None or not self.lockstep.listed(i):
                if i in self.facts.running and not self.lockstep.listed(i):
                    continue  # its reports are not heard
                continue
            if shown is Status.UNRESPONSIVE and known is not Status.UNRESPONSIVE:
                yield Silence(i)
            elif shown in _REPORTED and shown is not known:
                yield Report(i, shown)
        if self.lockstep.crq() is not Crq.OPEN and came.get("client_crq") == "OPEN":
            yield ClientOpens()

    def _untrue(self, came: Mapping[str, object], happenings: list[Happening], now_before: int) -> Iterator[Finding]:
        """Statuses that nobody can have reported."""
        facts = self.facts
        for happening in happenings:
            if isinstance(happening, Silence):
                i = happening.server
                self.counts["MON-2/silence"] += 1
                since = facts.hung.get(i)
                if since is None or since == self.now or i not in facts.running:
                    yield Finding(
                        "MON-2/silence",
                        "MON-2, MON-1",
                        "A server that runs reports in time, and one from which reports come in time is not UNRESPONSIVE.",
                        f"server{i}_status: UNRESPONSIVE",
                        f"server{i}_status: {facts.health(i)}",
                    )
            elif isinstance(happening, Report):
                i = happening.server
                if not facts.acts(i) or happening.status is not facts.health(i):
                    yield Finding(
                        "SRV-6/health",
                        "SRV-6, MON-3",
                        "A server reports the state of its own link and adapter; one that does not run or hangs reports nothing.",
                        f"server{i}_status: {happening.status}",
                        f"server{i}_status: {facts.health(i) if facts.acts(i) else self.lockstep.status(i)}",
                    )
            elif not facts.acts(None):
                yield Finding(
                    "CLI-1/link",
                    "CLI-1",
                    "A client that does not run or hangs does nothing.",
                    "client_crq: OPEN",
                    "no change",
                )

    def _late(self, came: Mapping[str, object]) -> Iterator[Finding]:
        """Statuses that must have changed by now."""
        facts = self.facts
        for i in range(self.servers):
            shown = _stored(came.get(f"server{i}_status"))
            if not self.lockstep.listed(i) or shown is None:
                continue
            if i not in facts.running or i in facts.stopped:
                facts.added.pop(i, None)
                self.counts["MON-3/off"] += 1
                if shown is not Status.POWERED_OFF:
                    sentence = "A server whose partition is off, or that has freed its CRQ, is POWERED_OFF."
                    yield _status("MON-3/off", "MON-3", sentence, i, shown, "POWERED_OFF")
            elif i in facts.hung:
                limit = facts.hung[i] + self.profile.grace * self.times.report_interval_ms
                if self.now > limit:
                    self.counts["MON-2/silence"] += 1
                    if shown in _REPORTED:
                        yield _status(
                            "MON-2/silence",
                            "MON-2",
                            "A server from which no report has come in time is UNRESPONSIVE.",
                            i,
                            shown,
                            f"UNRESPONSIVE: it hangs since {facts.hung[i]} ms",
                        )
            else:
                self.counts["SRV-6/health"] += 1
                if shown is facts.health(i):
                    facts.added.pop(i, None)
                elif not (shown is Status.POWERED_OFF and self.now <= facts.added.get(i, -1)):
                    yield _status(
                        "SRV-6/health",
                        "SRV-6",
                        "A server watches its logical port, and a change is reported at once.",
                        i,
                        shown,
                        str(facts.health(i)),
                    )

    # -- link, delivery, progress --------------------------------------------------------------------------------

    def _link_laws(self) -> Iterator[Finding]:
        facts = self.facts
        if not facts.acts(None) and None in facts.running:
            return  # what it believes while it hangs is its own affair
        self.counts["CLI-1/link"] += 1
        why = ""
        if None not in facts.running:
            why = "its partition is off"
        elif self.selected is None:
            why = "no server is selected"
        elif not facts.open:
            why = "its user has closed it"
        if self.link and why:
            yield Finding(
                "CLI-1/link",
                "CLI-1, CLI-6",
                "Frames pass only while a server is selected and the user wants it.",
                "client_link: 1",
                f"client_link: 0, for {why}",
            )

    def _well(self) -> bool:
        """Everything that a frame needs between the application and the host."""
        chosen, facts = self.selected, self.facts
        ready = chosen is not None and facts.acts(chosen) and facts.acts(None) and facts.open
        return ready and chosen not in facts.dead

    def _notice_dead_port(self, before: Mapping[str, object]) -> None:
        """While the selected server's port is dead nothing need pass, and what was asked for then may still be awaited."""
        if self.selected in self.facts.dead:
            self._numb_until = self.now + self.times.recovery_ms
            self._unheard = True
        elif before.get("selected") != self.came.get("selected"):
            self._unheard = False

    def _fits(self, length: object) -> bool:
        """Whether the selected server's port has an MTU for a frame of this length (DLG-10)."""
        mtu = self.limits.get(f"server{self.selected}_mtu", _LONGEST)
        return not isinstance(length, int) or not isinstance(mtu, int) or length <= mtu + _ETHER_HEADER

    def _delivery(self, stimulus: Stimulus, came: Mapping[str, object], link_before: bool) -> Iterator[Finding]:
        """A ping is answered, a datagram arrives, as long as nothing comes between (DAT-3)."""
        if not (self.link and self._well()):
            self._pings.clear()
            self._sends.clear()
            return
        demanded = self.now >= self._numb_until and self._fits(stimulus.given.get("length"))
        if (stimulus.who, stimulus.call) == (APPLICATION, "ping") and link_before and demanded:
            self._pings.append(_Asked(self.now, b"", stimulus.given.get("length")))
        received = frames_of(came, "client_received")
        for asked in self._pings:
            sent = [frame for frame in frames_of(came, "client_sent") if asked.fits(frame)]
            requests = [echo for frame in sent if (echo := echo_of(frame)) and not echo.reply]
            if asked.what == b"" and requests:
                asked.what = requests[-1]
        answered = {(e.identifier, e.sequence) for frame in received if (e := echo_of(frame)) and e.reply}
        for asked in list(self._pings):
            if isinstance(asked.what, Echo) and (asked.what.identifier, asked.what.sequence) in answered:
                self.counts["DAT-1/delivered"] += 1
                self._unheard = False
                self._pings.remove(asked)
            elif self.now - asked.at >= self.times.transit_ms:
                self.counts["DAT-1/delivered"] += 1
                self._pings.remove(asked)
                yield self._undelivered(
                    "DAT-1/delivered", "DAT-1, DAT-2", f"the answer to a ping{asked.size}", asked.at
                )
        if (stimulus.who, stimulus.call) == (NETWORK, "send") and demanded and not self._unheard:
            self._sends.append(_Asked(self.now, b"", stimulus.given.get("length")))
        for frame in frames_of(came, "host_sent"):
            for asked in self._sends:
                if asked.what == b"" and is_datagram(frame) and asked.fits(frame):
                    asked.what = frame
                    break
        for asked in list(self._sends):
            if asked.what != b"" and asked.what in received:
                self.counts["DAT-3/follows"] += 1
                self._sends.remove(asked)
            elif self.now - asked.at >= self.times.transit_ms:
                self.counts["DAT-3/follows"] += 1
                self._sends.remove(asked)
                yield self._undelivered(
                    "DAT-3/follows", "DAT-3, DAT-2", f"a datagram of the host{asked.size}", asked.at
                )

    def _undelivered(self, case: str, requirement: str, what: str, at: int) -> Finding:
        return Finding(
            case,
            requirement,
            "While all is well frames pass, and after a switch the network's forwarding follows the client to the new port.",
            f"{what}, sent at {at} ms, has not come by {self.now} ms",
            f"it comes within {self.times.transit_ms} ms; nothing has happened since",
        )

    def _progress(self) -> Iterator[Finding]:
        """LIV-1: somebody serves if somebody can."""
        chosen = self.selected
        if not self._well() or chosen is None or self.facts.health(chosen) is not Status.OPERATIONAL:
            self._calm_since = self.now
            return
        if self.now - self._calm_since < self.times.recovery_ms:
            return
        self.counts["LIV-1/served"] += 1
        if not self.link:
            self._calm_since = self.now
            yield Finding(
                "LIV-1/served",
                "LIV-1",
                "If a server stays eligible and nothing happens, the client is logged in eventually.",
                "client_link: 0",
                f"client_link: 1, for all has been well for {self.times.recovery_ms} ms",
            )


def _stored(shown: object) -> Status | None:
    """A status as it is stored: NETWORK_ERROR is only shown (MON-4)."""
    if not isinstance(shown, str) or shown not in Status.__members__:
        return None
    return Status.OPERATIONAL if shown == "NETWORK_ERROR" else Status[shown]


def _status(case: str, requirement: str, sentence: str, i: int, shown: Status, allowed: str) -> Finding:
    return Finding(case, requirement, sentence, f"server{i}_status: {shown}", f"server{i}_status: {allowed}")


__all__ = ["APPLICATION", "NETWORK", "Facts", "Finding", "SystemOracle", "Times", "describe"]
