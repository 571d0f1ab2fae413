"""Which known bugs are found when they are put back: the driver with and without each, in the same sessions.

A bug is found where a session breaks a rule in a way in which it does not without the bug.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from vnic_conformance.linux.bugs import Bug
from vnic_conformance.linux.kernel import Kernel
from vnic_conformance.linux.playing import Found, Played
from vnic_conformance.linux.survey import survey

#: Every so many calls an event is injected: closer than in a survey, because each bug has few cases of its own.
CLOSE: Final = 4


@dataclass(frozen=True, slots=True)
class Hunted:
    """What came of looking for a bug.

    Attributes:
        bug: which.
        case: what showed it first; empty: nothing did.
        found: what was wrong there.
        sessions: how many sessions were played up to and with that one.
        calls: hypervisor calls of them.
    """

    bug: Bug
    case: str
    found: Found | None
    sessions: int
    calls: int


def hunt(
    bugs: Sequence[Bug], built: Callable[[Bug | None], Kernel], *, jobs: int = 1, stride: int = CLOSE
) -> Iterator[Hunted]:
    """Look for bugs, one after the other.

    Args:
        bugs: which.
        built: the kernel with a bug, or without any.
        jobs: how many processes play.
        stride: every so many calls an event is injected.
    """
    usual: dict[str, Played] = {}
    sound = built(None)
    for bug in bugs:
        kernel = built(bug)
        with_it = survey(kernel, bug.shown_by, jobs=jobs, stride=stride).sessions
        missing = [session.name for session in with_it if session.name not in usual]
        if missing:
            usual |= {session.name: session for session in survey(sound, missing, jobs=jobs, stride=1).sessions}
        yield _compared(bug, with_it, usual)


def _compared(bug: Bug, with_it: Sequence[Played], usual: Mapping[str, Played]) -> Hunted:
    calls = 0
    for number, session in enumerate(with_it, 1):
        calls += session.calls
        before = usual.get(session.name)
        known = set() if before is None else {found.key for found in before.whole}
        new = [found for found in session.whole if found.key not in known]
        if new and before is not None:
            return Hunted(bug, session.name, new[0], number, calls)
    return Hunted(bug, "", None, len(with_it), calls)
