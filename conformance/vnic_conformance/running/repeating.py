"""How often a failing episode is repeated."""

from __future__ import annotations

from vnic_conformance.episode import Episode
from vnic_conformance.oracle import measured

#: How often a failing word is repeated.
RERUNS = 5
#: On a real clock, how many seconds leaving out, and repeating, may take; nothing shorter is searched for.
REAL_S = 10.0


def reruns(episode: Episode) -> int:
    """How often a failing episode is repeated: fewer times if that takes long, which it does on a real clock only."""
    return min(RERUNS, runs_within(REAL_S, episode))


def runs_within(seconds: float, episode: Episode, *, most: int = RERUNS) -> int:
    """How often an episode can be run in so many seconds, at least once; as often as is wanted on a virtual clock."""
    times = measured(episode.moments[-1].came) if episode.moments else None
    if times is None:
        return most
    return max(1, int(seconds * 1000 / max(1, times[1].last)))
