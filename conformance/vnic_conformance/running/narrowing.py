"""From a long failing session to a short word that fails in the same way, and how often it does.

Shortening is the business of :mod:`vnic_conformance.generation`; here it is asked for, and what comes out is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vnic_conformance.oracle import Judgement
from vnic_conformance.running.episode import Episode, again
from vnic_conformance.running.verdicts import Rerun
from vnic_conformance.session import Requests

#: How often a failing word is repeated.
RERUNS = 5


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A failing word and what is known of it."""

    episode: Episode
    judgement: Judgement
    rerun: Rerun
    note: str


def narrow(
    target: Requests, episode: Episode, failure: Judgement, claims: Mapping[str, str | int] | None = None
) -> Narrowed:
    """Shorten a failing episode, and repeat the result."""
    failed = repeat(target, episode, failure.requirement, claims)
    many = len(episode.moments)
    return Narrowed(episode, failure, failed, f"{many} step{'' if many == 1 else 's'}; not shortened")


def repeat(
    target: Requests, episode: Episode, requirement: str, claims: Mapping[str, str | int] | None = None
) -> Rerun:
    """Run a failing episode again from ``reset``; count how often its last step hurts the same requirement."""
    failed = 0
    for _ in range(RERUNS):
        session = again(target, episode, claims)
        same = session.failure is not None and session.failure.requirement == requirement
        failed += same and len(session.judgements) - 1 == len(episode.moments)
    return Rerun(failed, RERUNS)
