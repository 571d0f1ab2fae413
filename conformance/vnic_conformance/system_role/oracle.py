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
_REPORTED = (Status.OPERATIONAL, Status.LINK_DOWN, Status.ADAPTER_ERROR)


@dataclass(frozen=True, slots=True)
class Times:
    """What an implementation claims of its times, in milliseconds.

    Attributes:
        report_interval_ms: between two reports of a server (MON-1).
        recovery_ms: from when all is well until the application has its link (LIV-1).
        transit_ms: a ping there and back, addresses asked for included.
    """

    report_interval_ms: int
    recovery_ms: int
    transit_ms: int


@dataclass
class Facts:
    """What the kit has made so; servers by index.

    Attributes:
        running: partitions that are on; None is the client's.
        hung: since when software does nothing; None is the client's.
        down: servers whose port has no link.
        frozen: adapters in error.
        added: until when a server that was added may not have reported.
        open: the user wants the interface open.
    """

    adapters: dict[int, int]
    running: set[int | None]
    hung: dict[int | None, int] = field(default_factory=dict)
    down: set[int] = field(default_factory=set)
    frozen: set[int] = field(default_factory=set)
    added: dict[int, int] = field(default_factory=dict)
    open: bool = True

    def health(self, i: int) -> Status:
        """What a server has to report (SRV-6)."""
        if self.adapters[i] in self.frozen:
            return Status.ADAPTER_ERROR
        return Status.LINK_DOWN if i in self.down else Status.OPERATIONAL

    def acts(self, who: int | None) -> bool:
        """It runs and does not hang."""
        return who in self.running and who not in self.hung


@dataclass
class _Asked:
    """A ping, or a datagram of the host, that must arrive if nothing comes between."""

    at: int
    what: bytes | Echo


class SystemOracle:
    """Judges one system, from ``reset`` on.

    Args:
        servers: server partitions.
        profile: what the implementation claims.
        times: likewise.

    Attributes:
        counts: how often each case was put to the test.
        now: virtual time of the last look.
    """

    def __init__(self, servers: int, profile: Profile, times: Times) -> None:
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
        self._spoke_through: str = ""

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
        self.came = came
        now = came.get("now")
        self.now = now if isinstance(now, int) else self.now
        self.lockstep.begin_step()
        found = list(self._listing(stimulus, came, link_before, now_before))
        if stimulus.who not in (CLOCK, NETWORK, APPLICATION) or stimulus.call not in ("advance", "send", "ping"):
            self._disturbed()
        if before.get("selected") != came.get("selected"):
            self._disturbed()
        found += self.frames.step(came, self.lockstep.through if not found else frozenset(range(self.servers)))
        self.counts.update(self.frames.passed)
        self.frames.passed.clear()
        found += self._link_laws()
        found += self._delivery(stimulus, came, link_before)
        found += self._progress()
        return found

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
        reached = lockstep.follow(paths, happenings, deaf)
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
        elif stimulus.who == NETWORK and who is not None:
            changes = {
                "link_down": lambda: facts.down.add(who),
                "link_up": lambda: facts.down.discard(who),
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
            if i not in facts.running:
                facts.added.pop(i, None)
                self.counts["MON-3/off"] += 1
                if shown is not Status.POWERED_OFF:
                    yield _status(
                        "MON-3/off", "MON-3", "A server whose partition is off is POWERED_OFF.", i, shown, "POWERED_OFF"
                    )
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
        return chosen is not None and facts.acts(chosen) and facts.acts(None) and facts.open

    def _delivery(self, stimulus: Stimulus, came: Mapping[str, object], link_before: bool) -> Iterator[Finding]:
        """A ping is answered, a datagram arrives, as long as nothing comes between (DAT-3)."""
        if not (self.link and self._well()):
            self._pings.clear()
            self._sends.clear()
            return
        if (stimulus.who, stimulus.call) == (APPLICATION, "ping") and link_before:
            self._pings.append(_Asked(self.now, b""))
        received = frames_of(came, "client_received")
        for asked in self._pings:
            requests = [echo for frame in frames_of(came, "client_sent") if (echo := echo_of(frame)) and not echo.reply]
            if asked.what == b"" and requests:
                asked.what = requests[-1]
        answered = {(e.identifier, e.sequence) for frame in received if (e := echo_of(frame)) and e.reply}
        for asked in list(self._pings):
            if isinstance(asked.what, Echo) and (asked.what.identifier, asked.what.sequence) in answered:
                self.counts["DAT-1/delivered"] += 1
                self._pings.remove(asked)
            elif self.now - asked.at >= self.times.transit_ms:
                self.counts["DAT-1/delivered"] += 1
                self._pings.remove(asked)
                yield self._undelivered("DAT-1/delivered", "DAT-1, DAT-2", "the answer to a ping", asked.at)
        if (stimulus.who, stimulus.call) == (NETWORK, "send"):
            self._sends.append(_Asked(self.now, b""))
        for frame in frames_of(came, "host_sent"):
            for asked in self._sends:
                if asked.what == b"" and is_datagram(frame):
                    asked.what = frame
                    break
        for asked in list(self._sends):
            if asked.what != b"" and asked.what in received:
                self.counts["DAT-3/follows"] += 1
                self._sends.remove(asked)
            elif self.now - asked.at >= self.times.transit_ms:
                self.counts["DAT-3/follows"] += 1
                self._sends.remove(asked)
                yield self._undelivered("DAT-3/follows", "DAT-3, DAT-2", "a datagram of the host", asked.at)

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
