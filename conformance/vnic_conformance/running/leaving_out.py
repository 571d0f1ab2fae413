"""Steps left out of a failing session of a role whose oracle is made of laws: what remains hurts the same requirement."""

from __future__ import annotations

from typing import Any

from vnic_conformance.episode import Episode
from vnic_conformance.oracle import Judgement
from vnic_conformance.running.episode import again
from vnic_conformance.running.play import Narrowed
from vnic_conformance.running.verdicts import Rerun
from vnic_conformance.session import Conversation, Session

#: Runs that leaving out may cost, and in brief.
LEAVING_OUT, BRIEFLY = 200, 40


def left_out(target: Conversation, episode: Episode, failure: Judgement, *, runs: int) -> Narrowed:
    """Leave out what is not needed, as long as the same requirement is hurt.

    Args:
        target: the implementation.
        episode: what led to the violation.
        failure: the violation.
        runs: how many shorter sessions are tried.

    Raises:
        AdapterBroken: the adapter broke on the way.
    """

    def finds(candidate: Episode) -> Session[Any] | None:
        session = again(target, candidate)
        return session if session.failure is not None and session.failure.requirement == failure.requirement else None

    many = len(episode.moments)
    first = finds(episode)
    if first is None:
        return Narrowed(episode, failure, Rerun(0, 1), f"{many} steps, not shortened")
    best, size = first.episode, max(1, many // 2)
    judgement, at = first.failure or failure, 0
    while runs > 0:
        moments = best.moments
        if at >= len(moments) - 1:
            if size == 1:
                break
            size, at = size // 2, 0
            continue
        runs -= 1
        found = finds(Episode(best.setting, best.start, (*moments[:at], *moments[min(at + size, len(moments) - 1) :])))
        if found is None or found.failure is None:
            at += size
        else:
            best, judgement = found.episode, found.failure
    many = len(best.moments)
    return Narrowed(best, judgement, Rerun(1, 1), f"{many} step{'' if many == 1 else 's'}")
