"""A survey: everything that is wrong with a driver, not only what is met first.

A check ends a session at its first violation and leaves a phase that meets nothing else. A survey plays every session to its
end, keeps each violation, and puts those together that say the same. Sessions are independent of each other, so they are played
by several processes; what comes out does not depend on how many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from multiprocessing.util import Finalize
from typing import Final

from vnic_conformance.client_role.cases import tours
from vnic_conformance.client_role.injection import EVENTS, OUTAGE_MS, SPAN_MS, may_happen_in
from vnic_conformance.client_role.stories import Word, injected, played, prepared, stories
from vnic_conformance.client_role.words import inside, passes, straight, user
from vnic_conformance.linux.client import LinuxClient
from vnic_conformance.linux.driver_stories import driver_stories
from vnic_conformance.linux.kernel import Kernel
from vnic_conformance.linux.playing import Found, Key, Played, play
from vnic_conformance.linux.twins import Family, families, play_family
from vnic_model.workers import Workers

#: Every so many calls an event is injected; 1: into every call.
STRIDE: Final = 15

#: The procedure that the role has not: the driver looks at a device that has just appeared.
PROBE: Final = "add"
#: A probe that fails is tried for 20 s and more; nobody can open the device before.
_ADDED: Final[Word] = (user("add"), passes(30_000))
#: Events that ask for something of a device, which there is not yet while the driver probes.
_USERS: Final = frozenset({"removal", "close", "open", "complaint", "mtu", "multicast"})
_MOST_CALLS: Final = 400


@dataclass(frozen=True, slots=True)
class Finding:
    """What the same violations of several sessions come to.

    Attributes:
        first: the shortest of them.
        name: what was played there.
        others: what else shows it, in order.
        after: keys of violations that precede it in every session: it may follow from one of them.
    """

    first: Found
    name: str
    others: tuple[str, ...]
    after: frozenset[Key] = frozenset()


@dataclass(frozen=True, slots=True)
class Survey:
    """What came out.

    Attributes:
        sessions: every session, in order.
        findings: by requirement, then by rule.
    """

    sessions: tuple[Played, ...]
    findings: tuple[Finding, ...]

    @property
    def calls(self) -> int:
        """Hypervisor calls of all sessions."""
        return sum(session.calls for session in self.sessions)


# -- what there is to play ---------------------------------------------------------------------------------------------


def wanted(name: str, select: Sequence[str]) -> bool:
    """Whether a glob takes this in; without any, all is taken in. A case's own ID takes in all its injections."""
    return not select or any(fnmatchcase(each, glob) for glob in select for each in (name, name.partition("@")[0]))


def told_stories(client: LinuxClient, select: Sequence[str]) -> list[tuple[str, Word]]:
    """The scripted cases, and then those of this driver."""
    told = [(story.case.id, story.word) for story in stories(client.hello.client)]
    told += driver_stories(client.hello.client.recovery_ms)
    return [(name, word) for name, word in told if wanted(name, select)]


def injections(
    client: LinuxClient, select: Sequence[str], stride: int, count: Callable[[str], tuple[int, ...]]
) -> Iterator[tuple[str, Word]]:
    """Events inside calls of procedures.

    Args:
        client: the driver.
        select: globs.
        stride: every so many calls.
        count: the opcodes of a procedure's calls.
    """
    names, recovery_ms = list(EVENTS), client.hello.client.recovery_ms
    counted: dict[str, tuple[int, ...]] = {}
    inside_procedures = [(case.id, procedure, event) for case, procedure, event in tours()]
    inside_probe = [(f"CLI-21/{event.replace('_', '-')}-inside-{PROBE}", PROBE, event) for event in names]
    for case, procedure, event in (*inside_procedures, *(each for each in inside_probe if each[2] not in _USERS)):
        if not any(wanted(f"{case}@{number}", select) for number in range(1, _MOST_CALLS)):
            continue
        if procedure not in counted:
            counted[procedure] = count(procedure)
        calls = [at for at, opcode in enumerate(counted[procedure], 1) if may_happen_in(event, opcode)]
        first = min(names.index(event) % stride, max(len(calls) - 1, 0))
        every = calls if any("@" in glob for glob in select) else calls[first::stride]
        for call in every:
            if wanted(f"{case}@{call}", select):
                word = _probed(recovery_ms, call, event) if procedure == PROBE else None
                yield f"{case}@{call}", word or injected(procedure, recovery_ms, call, event)[0]


def opcodes(client: LinuxClient, procedure: str) -> tuple[int, ...]:
    """What a procedure calls, played alone."""
    if procedure == PROBE:
        return play(client, procedure, _ADDED, codes_after=0).codes
    return play(client, procedure, played(procedure, 0)[:-3], codes_after=len(prepared(procedure))).codes


def _probed(recovery_ms: int, call: int, event: str) -> Word:
    """An event inside a call of the driver's probe; then the user opens the device, and all is well."""
    well = (straight(), passes(recovery_ms + 1))
    return (inside(call, event), *_ADDED, user("open"), passes(SPAN_MS), passes(OUTAGE_MS), *well)


# -- several processes ---------------------------------------------------------------------------------------------------

_client: LinuxClient | None = None


#: Sessions that are played by one process without a break: those of a family, or one by its place, name and word.
Job = Family | tuple[int, str, Word]


def _played(client: LinuxClient, job: Job) -> list[tuple[int, Played]]:
    """Play sessions; each with its place."""
    if isinstance(job, Family):
        return list(play_family(client, job))
    place, name, word = job
    return [(place, play(client, name, word))]


def _plays(kernel: Kernel, xics: bool, job: Job) -> list[tuple[int, Played]]:
    """Play sessions in a process of its own, which has one driver for all that it is given."""
    global _client  # noqa: PLW0603 - one for each process of the pool
    if _client is None:
        _client = LinuxClient(kernel, xics=xics)
        Finalize(None, _client.close, exitpriority=1)
    return _played(_client, job)


def survey(
    kernel: Kernel,
    select: Sequence[str] = (),
    *,
    phases: Sequence[str] = ("scripted", "tour"),
    stride: int = STRIDE,
    jobs: int = 1,
    xics: bool = False,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Survey:
    """Play, and put together what was found.

    Args:
        kernel: with the driver.
        select: globs of cases; none: every case.
        phases: scripted cases, events inside calls.
        stride: every so many calls an event is injected.
        jobs: how many processes play.
        xics: which interrupt controller.
        tell: told how many sessions are over, and how many there are.
    """
    done: dict[int, Played] = {}

    def take(played: list[tuple[int, Played]]) -> None:
        done.update(played)
        tell(len(done), len(words))

    with closing(LinuxClient(kernel, xics=xics)) as client:
        words = told_stories(client, select) if "scripted" in phases else []
        if "tour" in phases:
            words += injections(client, select, stride, lambda procedure: opcodes(client, procedure))
        found, alone = families(words, jobs)
        todo: list[Job] = [*found, *((place, *words[place]) for place in alone)]
        if jobs == 1:
            for job in todo:
                take(_played(client, job))
    if jobs > 1:
        with Workers(min(jobs, max(len(todo), 1))) as pool:
            for played in pool.map(partial(_plays, kernel, xics), todo):
                take(played)
    sessions = tuple(done[place] for place in range(len(words)))
    return Survey(sessions, tuple(findings(sessions)))


def findings(sessions: Iterable[Played]) -> list[Finding]:
    """The same violations of different sessions as one, by requirement and rule."""
    by_key: dict[Key, list[tuple[Found, str]]] = {}
    before: dict[Key, frozenset[Key]] = {}
    for session in sessions:
        earlier: list[Key] = []
        for found in session.found:
            by_key.setdefault(found.key, []).append((found, session.name))
            before[found.key] = before.get(found.key, frozenset(earlier)) & frozenset(earlier)
            earlier.append(found.key)
    made = []
    for key, shown in by_key.items():
        first, name = min(shown, key=lambda one: one[0].length)
        made.append(Finding(first, name, tuple(other for _, other in shown if other != name), before[key]))
    return sorted(made, key=in_order)


def in_order(finding: Finding) -> tuple[str, int, Key]:
    """What findings are sorted by: requirement, then rule."""
    group, _, number = finding.first.requirement.partition("-")
    return group, int(number), finding.first.key
