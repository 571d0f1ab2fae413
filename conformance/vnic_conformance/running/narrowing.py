"""From a long failing session to a short word that fails in the same way, and how often it does.

Leaving out, and searching breadth-first for a still shorter word, is the business of :mod:`vnic_conformance.generation`; here
it is asked for within a budget, and what comes out is repeated from ``reset``.
"""

from __future__ import annotations

from vnic_conformance.episode import Episode
from vnic_conformance.generation import failure as words
from vnic_conformance.generation.shortest import Shortest, shortest
from vnic_conformance.generation.shrink import shrink
from vnic_conformance.oracle import Judgement
from vnic_conformance.running.episode import again
from vnic_conformance.running.play import Narrowed
from vnic_conformance.running.repeating import REAL_S, reruns, runs_within
from vnic_conformance.running.verdicts import Rerun
from vnic_conformance.session import Conversation, hypervisor_session

#: How many stimuli leaving out may cost, and the search for a still shorter word.
SHRINKING, SEARCHING = 10_000, 5_000
#: How many stimuli leaving out may cost where a run has shown some failures already; nothing shorter is searched for then.
BRIEF = 2_000


def narrow(target: Conversation, episode: Episode, failure: Judgement, *, thorough: bool = True) -> Narrowed:
    """Shorten a failing episode, and repeat the result.

    A word that does not fail again as it stands is not shortened: that would only look for another one.

    Args:
        target: the implementation.
        episode: what led to the violation.
        failure: the violation.
        thorough: look for the shortest word; else leave out what can be left out within a small budget.

    Raises:
        AdapterBroken: the adapter broke on the way.
    """
    found = words.Failure(episode.servers, episode.profile, episode.word, failure)
    many = f"{len(episode.moments)} step{'' if len(episode.moments) == 1 else 's'}"
    times = reruns(episode)
    if episode.setting.unpaired:
        runs = [again(target, episode).failure for _ in range(times)]
        same = sum(run is not None and run.requirement == failure.requirement for run in runs)
        return Narrowed(episode, failure, Rerun(same, times), f"{many}, not shortened")
    first = words.rerun(target, found, times)
    if not first.reproducible:
        where = "" if first.first_difference is None else f"; answers differ from step {first.first_difference} on"
        return Narrowed(episode, failure, Rerun(first.failed, first.runs), f"{many}, not shortened{where}")
    shrinking, searching = (SHRINKING, SEARCHING) if thorough else (BRIEF, 0)
    if target.real:
        shrinking, searching = (len(episode.moments) + 1) * runs_within(REAL_S, episode), 0
    best = shortest(target, shrink(target, found, budget=shrinking), budget=searching)
    session = hypervisor_session(target, best.failure.servers, episode.profile)
    session.play(best.failure.word)
    if session.failure is None:
        return Narrowed(episode, failure, Rerun(first.failed, first.runs), f"{many}, not shortened")
    last = words.rerun(target, best.failure, reruns(session.episode))
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
