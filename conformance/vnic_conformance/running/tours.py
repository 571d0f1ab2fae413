"""The tours of a check, worked out once for each profile and kept.

Working them out means exploring the machine, which takes some seconds; what comes out depends on nothing but this kit's own
text and the profile. So it is kept in the user's cache directory, under a name that changes with every line of that text.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import vnic_conformance
import vnic_model
import vnic_spec
from vnic_conformance.running.plan import Case, Phase
from vnic_conformance.stimulus import Stimulus
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import Profile
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Scope

#: Where tours are kept instead of the user's cache directory; the empty string: nowhere.
CACHE_VARIABLE = "VNICKIT_CACHE"


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
        watched = {p.name for p in PROPERTIES.values()}
        ids = frozenset().union(*(tour.covers for tour in self.tours)) - watched
        found = [
            Case(i, Phase.TOUR, _purpose(i), (i.partition("/")[0],), exercised_by="a tour went there") for i in ids
        ]
        return sorted(found, key=lambda case: case.id)


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


def _kept(profile: Profile, tell: Callable[[str], None]) -> Tours:
    file = _file(profile)
    if file is not None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return _read(json.loads(file.read_text(encoding="utf-8")))
    tell("working out the tours, once for this version and profile ...")
    found = _work_out(profile)
    if file is not None:
        with contextlib.suppress(OSError):
            _keep(file, json.dumps(_plain(found), separators=(",", ":")))
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


def _file(profile: Profile) -> Path | None:
    where = os.environ.get(CACHE_VARIABLE)
    if where == "":
        return None
    base = Path(where) if where else _cache_home() / "vnic-failover-kit"
    digest = hashlib.sha256(_text_of_the_kit())
    digest.update(json.dumps(profile.as_mapping()).encode())
    return base / f"tours-{digest.hexdigest()[:24]}.json"


def _cache_home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


@cache
def _text_of_the_kit() -> bytes:
    """Everything that the tours depend on, as one digest."""
    digest = hashlib.sha256()
    for file in _sources():
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.digest()


def _sources() -> Iterator[Path]:
    for package in (vnic_spec, vnic_model, vnic_conformance):
        for place in package.__path__:
            parts = ("generation", "stimulus.py") if package is vnic_conformance else ("",)
            for part in parts:
                root = Path(place, part)
                yield from sorted(root.rglob("*.py")) if root.is_dir() else (root,)


def _keep(file: Path, text: str) -> None:
    """Write a file so that nobody ever reads half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as half:
        half.write(text)
    Path(half.name).replace(file)


def _plain(found: Tours) -> dict[str, object]:
    return {
        "tours": [
            [t.case, sorted(t.covers), t.servers, [[s.who, s.call, dict(s.arguments)] for s in t.word]]
            for t in found.tours
        ],
        "unreached": dict(found.unreached),
    }


def _read(plain: Mapping[str, Any]) -> Tours:
    found = [
        Tour(case, frozenset(covers), servers, tuple(Stimulus(who, call, tuple(w.items())) for who, call, w in word))
        for case, covers, servers, word in plain["tours"]
    ]
    return Tours(tuple(found), plain["unreached"])
