"""The tours of a check, worked out once for each profile and kept.

Working them out means exploring the machine, which takes some seconds; what comes out depends on nothing but this kit's own
text and the profile. So it is kept in the user's cache directory, under a name that changes with every line of that text. What is
found there counts only if it is whole and says that it was made from that same text and profile; else it is made anew.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import vnic_conformance
import vnic_model
import vnic_spec
from vnic_conformance.running.plan import Case, Phase
from vnic_conformance.stimulus import Stimulus
from vnic_model import cache
from vnic_model.intake import Fields, IntakeError, shown
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import Profile
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Scope


@dataclass(frozen=True, slots=True)
class Tour:
    """One word from ``reset``, and the cases that it goes through."""

    case: str
    covers: frozenset[str]
    servers: int
    word: tuple[Stimulus, ...]


@dataclass(frozen=True, slots=True)
class Tours:
    """All of them under one profile, and the cases that none of them reaches, each with the reason."""

    tours: tuple[Tour, ...]
    unreached: Mapping[str, str]

    def cases(self) -> list[Case]:
        """What is covered and is no watched case, by ID."""
        return _cases(self.ids())

    def ids(self) -> list[str]:
        """The IDs of these cases, sorted."""
        watched = {p.name for p in PROPERTIES.values()}
        return sorted(frozenset().union(*(tour.covers for tour in self.tours)) - watched)


def _cases(ids: Iterable[str]) -> list[Case]:
    return [Case(i, Phase.TOUR, _purpose(i), (i.partition("/")[0],), exercised_by="a tour went there") for i in ids]


def _purpose(case: str) -> str:
    """A case in a sentence: what its action does, and with which effects here."""
    slug = case.partition("/")[2].replace("-", "_")
    names = [name for name in ACTIONS if slug == name or slug.startswith(f"{name}_")]
    if not names:
        return f"A way to: {slug.replace('_', ' ')}."
    action = max(names, key=len)
    more = slug[len(action) :].strip("_").replace("_", " ")
    return f"{ACTIONS[action].sentence.rstrip('.')}{f' ({more})' if more else ''}."


_known: dict[Profile, Tours] = {}


def tours(profile: Profile, tell: Callable[[str], None] = lambda _: None) -> Tours:
    """The tours under a profile.

    Args:
        profile: what the implementation claims.
        tell: told when they have to be worked out, which takes a while.
    """
    if profile not in _known:
        _known[profile] = _kept(profile, tell)
    return _known[profile]


def toured(profile: Profile, tell: Callable[[str], None] = lambda _: None) -> list[Case]:
    """The cases of :func:`tours`, for who only lists them: their IDs are kept beside the tours, and are read much faster."""
    home, key = cache.home(), _key(profile)
    file = None if home is None else home / f"toured-{key[:24]}.json"
    data = None if file is None else cache.found(file)
    if data is not None:
        with contextlib.suppress(IntakeError):
            return _cases(_read_ids(data, key))
    ids = tours(profile, tell).ids()
    if file is not None:
        cache.keep(file, json.dumps({"key": key, "cases": ids}, separators=(",", ":")).encode())
    return _cases(ids)


def _kept(profile: Profile, tell: Callable[[str], None]) -> Tours:
    home, key = cache.home(), _key(profile)
    file = None if home is None else home / f"tours-{key[:24]}.json"
    data = None if file is None else cache.found(file)
    if data is not None:
        with contextlib.suppress(IntakeError):
            return read(data, key)
    tell("working out the tours, once for this version and profile ...")
    found = _work_out(profile)
    if file is not None:
        cache.keep(file, written(found, key))
    return found


def _work_out(profile: Profile) -> Tours:
    # Here, because working them out needs the explorer, and reading what is kept does not.
    from vnic_conformance.generation.goals import witness_case
    from vnic_conformance.generation.tours import plan

    made = plan(profile)
    names = {witness_case(p): p.name for p in PROPERTIES.values() if p.scope is Scope.ANYBODY}
    found = [
        Tour(names.get(t.case, t.case), frozenset(names.get(c, c) for c in t.covers), t.servers, t.word)
        for t in made.tours
    ]
    return Tours(tuple(found), {names.get(case, case): why for case, why in made.unreached.items()})


# --- keeping ---------------------------------------------------------------------------------------------------------


def _key(profile: Profile) -> str:
    """Everything that tours depend on, as one digest."""
    digest = hashlib.sha256(_text_of_the_kit())
    digest.update(json.dumps(profile.as_mapping()).encode())
    return digest.hexdigest()


@functools.cache
def _text_of_the_kit() -> bytes:
    """The text of the kit, as far as tours depend on it, as one digest."""
    return cache.digest_of(_sources())


def _sources() -> Iterator[Path]:
    for package in (vnic_spec, vnic_model, vnic_conformance):
        for place in package.__path__:
            parts = ("generation", "stimulus.py") if package is vnic_conformance else ("",)
            for part in parts:
                root = Path(place, part)
                yield from sorted(root.rglob("*.py")) if root.is_dir() else (root,)


def written(found: Tours, key: str) -> bytes:
    """Tours as they are kept."""
    plain = {
        "key": key,
        "tours": [
            [t.case, sorted(t.covers), t.servers, [[s.who, s.call, dict(s.arguments)] for s in t.word]]
            for t in found.tours
        ],
        "unreached": dict(found.unreached),
    }
    return json.dumps(plain, separators=(",", ":")).encode()


def read(data: bytes, key: str) -> Tours:
    """Tours that were kept.

    Raises:
        IntakeError: they are no such thing, or those of another kit or profile.
    """
    plain = cache.record(data, key, "tours", "tours", "unreached")
    unreached = plain.inner("unreached")
    return Tours(tuple(map(_tour, plain.items("tours"))), {case: unreached.text(case) for case in unreached})


def _read_ids(data: bytes, key: str) -> tuple[str, ...]:
    """The IDs of cases that were kept beside the tours; raises :class:`IntakeError` as :func:`read` does."""
    return cache.record(data, key, "tours", "cases").texts("cases")


def _tour(one: object) -> Tour:
    case, covers, servers, word = _row(one, 4)
    fields = Fields({"case": case, "covers": covers, "servers": servers}, "tour")
    steps = tuple(_stimulus(step) for step in Fields({"word": word}, "tour").items("word"))
    return Tour(fields.text("case"), frozenset(fields.texts("covers")), fields.whole("servers", 1, 6), steps)


def _stimulus(one: object) -> Stimulus:
    match one:
        case [str(who), str(call), dict(given)] if all(type(v) in (str, int) for v in given.values()):
            return Stimulus(who, call, tuple(given.items()))  # there are tens of thousands; only faults need words
    fields = Fields(dict(zip(("who", "call", "with"), _row(one, 3), strict=True)), "step")
    return Stimulus(fields.text("who"), fields.text("call"), tuple(fields.scalars("with").items()))


def _row(one: object, length: int) -> list[object]:
    if not isinstance(one, list) or len(one) != length:
        raise IntakeError(f"{shown(one)} is no list of {length}")
    return one
