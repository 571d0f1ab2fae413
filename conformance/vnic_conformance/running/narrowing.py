"""From a long failing session to a short word that fails in the same way, and how often it does.

Leaving out, and searching breadth-first for a still shorter word, is the business of :mod:`vnic_conformance.generation`; here
it is asked for within a budget, and what comes out is repeated from ``reset``.
"""

from __future__ import annotations

from dataclasses import dataclass

from vnic_conformance.generation import failure as words
from vnic_conformance.generation.shortest import Shortest, shortest
from vnic_conformance.generation.shrink import shrink
from vnic_conformance.oracle import Judgement
from vnic_conformance.running.episode import Episode, Recording, again
from vnic_conformance.running.verdicts import Rerun
from vnic_conformance.session import Requests

#: How often a failing word is repeated.
RERUNS = 5
#: How many stimuli leaving out may cost, and the search for a still shorter word.
SHRINKING, SEARCHING = 10_000, 5_000


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A failing word and what is known of it."""

    episode: Episode
    judgement: Judgement
    rerun: Rerun
    note: str


def narrow(target: Requests, episode: Episode, failure: Judgement) -> Narrowed:
    """Shorten a failing episode, and repeat the result.

    A word that does not fail again as it stands is not shortened: that would only look for another one.

    Raises:
        AdapterBroken: the adapter broke on the way.
    """
    found = words.Failure(episode.servers, episode.profile, episode.word, failure)
    many = f"{len(episode.moments)} step{'' if len(episode.moments) == 1 else 's'}"
    if episode.unpaired:
        runs = [again(target, episode).failure for _ in range(RERUNS)]
        same = sum(run is not None and run.requirement == failure.requirement for run in runs)
        return Narrowed(episode, failure, Rerun(same, RERUNS), f"{many}, not shortened")
    first = words.rerun(target, found, RERUNS)
    if not first.reproducible:
        where = "" if first.first_difference is None else f"; answers differ from step {first.first_difference} on"
        return Narrowed(episode, failure, Rerun(first.failed, first.runs), f"{many}, not shortened{where}")
    best = shortest(target, shrink(target, found, budget=SHRINKING), budget=SEARCHING)
    session = Recording(target, best.failure.servers, episode.profile)
    session.play(best.failure.word)
    if session.failure is None:
        return Narrowed(episode, failure, Rerun(first.failed, first.runs), f"{many}, not shortened")
    last = words.rerun(target, best.failure, RERUNS)
    return Narrowed(session.episode, session.failure, Rerun(last.failed, last.runs), length_note(best))


def length_note(best: Shortest) -> str:
    """What is known of shorter words."""
    many = f"{best.letters} step{'' if best.letters == 1 else 's'}"
    if best.letters < len(best.failure.word):
        many += ", a fill counted as one"
    if best.known:
        return f"{many}, the shortest there is"
    if best.complete_to < 1:
        return many
    return f"{many}; none of up to {best.complete_to} shows it, longer ones were not all tried"
