"""Failing words made short: stimuli left out, fills no longer than needed, fewer servers, plain arguments.

Every candidate is run from reset against the target, and counts only if the same thing is wrong
(:class:`~vnic_conformance.generation.failure.Signature`). Whether the result is the *shortest* word is the question of
:mod:`vnic_conformance.generation.shortest`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from vnic_conformance.generation.failure import Failure, Runs
from vnic_conformance.generation.menu import FILLER
from vnic_conformance.session import Implementation, hypervisor_session
from vnic_conformance.stimulus import CLOCK, Stimulus

#: How many stimuli shrinking may cost.
BUDGET = 100_000
#: As many sends of one partner in a row are taken for a fill.
_RUN = 8
#: Plain values of arguments, the plainest first.
_PLAIN: dict[tuple[str, str], tuple[int | str, ...]] = {
    ("vioctl", "p2"): (1_000,),
    ("priority", "value"): (1, 100),
    ("add", "priority"): (50,),
    ("advance", "ms"): (1, 100, 1_000, 10_000, 100_000),
}
_SERVER = re.compile(r"server(\d+)")


def shrink(target: Implementation, failure: Failure, *, budget: int = BUDGET) -> Failure:
    """The shortest failing word that leaving out and simplifying leads to."""
    runs = Runs.of(target, failure, budget)
    best = _without_idle_steps(runs, failure)
    while True:
        before = best
        best = _minimise(runs, best)
        best = _shorten_fills(runs, best)
        best = _with_fewer_servers(runs, best)
        best = _plainer(runs, best)
        if best.word == before.word or runs.exhausted:
            return best


def _try(runs: Runs, best: Failure, word: Sequence[Stimulus], servers: int | None = None) -> Failure | None:
    if runs.exhausted:
        return None
    return runs.fails(word, best.servers if servers is None else servers, best.signature)


def _without_idle_steps(runs: Runs, failure: Failure) -> Failure:
    """Most steps of a random word change nothing: try to do without all of them at once."""
    session = hypervisor_session(runs.target, failure.servers, failure.profile)
    session.begin()
    kept: list[Stimulus] = []
    for stimulus in failure.word:
        before = session.oracle.possibilities
        if not session.apply(stimulus).ok or session.oracle.possibilities != before:
            kept.append(stimulus)
    runs.steps += len(session.word)
    return _try(runs, failure, kept) or failure


def units(word: Sequence[Stimulus]) -> list[tuple[Stimulus, ...]]:
    """The word in pieces that are left out together: a fill, or a single stimulus."""
    parts: list[tuple[Stimulus, ...]] = []
    for key, run in groupby(word, lambda s: s.who if s.call == "send_crq" else ""):
        stimuli = tuple(run)
        if key and len(stimuli) >= _RUN:
            parts.append(stimuli)
        else:
            parts += [(s,) for s in stimuli]
    return parts


def _minimise(runs: Runs, best: Failure) -> Failure:
    """Delta debugging: leave out ever smaller pieces until no single unit can be left out."""
    parts = units(best.word)
    size = max(1, len(parts) // 2)
    while not runs.exhausted:
        shorter = None
        for begin in range(0, len(parts), size):
            candidate = [s for unit in (*parts[:begin], *parts[begin + size :]) for s in unit]
            shorter = _try(runs, best, candidate)
            if shorter is not None:
                break
        if shorter is not None:
            best = shorter
            parts = units(best.word)
            size = min(size, max(1, len(parts) // 2))
        elif size == 1:
            break
        else:
            size //= 2
    return best


def _shorten_fills(runs: Runs, best: Failure) -> Failure:
    """A fill needs as many elements as it needs: found by halving."""
    for k, unit in enumerate(units(best.word)):
        if len(unit) < _RUN:
            continue
        low, high = 0, len(unit)  # with high elements it fails, with low perhaps not
        while low + 1 < high and not runs.exhausted:
            middle = (low + high) // 2
            parts = units(best.word)
            if k >= len(parts):
                break
            candidate = [s for u in (*parts[:k], parts[k][:middle], *parts[k + 1 :]) for s in u]
            shorter = _try(runs, best, candidate)
            if shorter is None:
                low = middle
            else:
                best, high = shorter, middle
    return best


def _with_fewer_servers(runs: Runs, best: Failure) -> Failure:
    """Leave out servers that the word does not mention, and count the others from 0."""
    named = sorted({int(n) for s in best.word for n in _SERVER.findall(f"{s.who} {s.arguments}")})
    names = {str(old): str(new) for new, old in enumerate(named)}
    for servers in range(max(1, len(named)), best.servers + 1):
        renamed = [_renamed(s, names) for s in best.word]
        if servers == best.servers and tuple(renamed) == best.word:
            break
        smaller = _try(runs, best, renamed, servers)
        if smaller is not None:
            return smaller
    return best


def _renamed(stimulus: Stimulus, names: dict[str, str]) -> Stimulus:
    def rename(value: int | str) -> int | str:
        if not isinstance(value, str):
            return value
        return _SERVER.sub(lambda m: "server" + names.get(m[1], m[1]), value)

    arguments = tuple((name, rename(value)) for name, value in stimulus.arguments)
    return Stimulus(str(rename(stimulus.who)), stimulus.call, arguments)


def _plainer(runs: Runs, best: Failure) -> Failure:
    """Arguments as plain as they can be; fills all at once."""
    fills = [s for unit in units(best.word) if len(unit) >= _RUN for s in unit]
    best = _try(runs, best, [_plain_payload(s) if s in fills else s for s in best.word]) or best if fills else best
    for k in range(len(best.word)):
        if k >= len(best.word) or best.word[k] in fills:
            continue
        for candidate in _simpler(best.word[k]):
            if candidate == best.word[k]:
                break
            plainer = _try(runs, best, [*best.word[:k], candidate, *best.word[k + 1 :]])
            if plainer is not None and len(plainer.word) <= len(best.word):
                best = plainer
                break
    return best


def _simpler(stimulus: Stimulus) -> Iterator[Stimulus]:
    """Plainer stimuli in place of one, the plainest first, up to itself."""
    if stimulus.call == "send_crq":
        yield Stimulus.of(stimulus.who, "send_crq", hex=FILLER + 28 * "0")
        yield _plain_payload(stimulus)
    elif stimulus.call == "power_off":
        yield Stimulus(stimulus.who, "crash", stimulus.arguments)
    for name, value in stimulus.arguments:
        call = "advance" if stimulus.who == CLOCK else stimulus.call
        for plain in _PLAIN.get((call, name), ()):
            if plain == value:
                break
            yield Stimulus(
                stimulus.who, stimulus.call, tuple((n, plain if n == name else v) for n, v in stimulus.arguments)
            )
    yield stimulus


def _plain_payload(stimulus: Stimulus) -> Stimulus:
    header = str(stimulus.given["hex"])[:4]
    return Stimulus.of(stimulus.who, "send_crq", hex=header + 28 * "0")
