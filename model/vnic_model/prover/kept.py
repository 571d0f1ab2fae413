"""What has been proved before: obligations by the hash of what they say, in the user's cache directory.

A file per action holds hashes of queries that z3 has answered with "unsat", and nothing else; what is refuted or unknown is
asked again each time. The hash is that of assumptions and claim, as the any-N reading writes them today
(:mod:`vnic_model.prover.paper`), so an obligation counts as proved only if word for word the same one was. The file also says by
which z3, and by which text of this package; by another one everything is proved again. Whoever can write the user's files can
write this one: ``--no-cache`` does not look at it, and certificates rest on nothing of it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache as once
from pathlib import Path

import z3

from vnic_model import cache
from vnic_model.intake import IntakeError
from vnic_model.prover.induction import PATIENCE, Query

#: Of what was not asked for today, so many hashes of an action stay in its file: an edit that is taken back finds them again.
MOST = 2_000


@once
def prover() -> str:
    """The version of z3 and the text of this package, as a digest.

    Raises:
        OSError: the package cannot be read.
    """
    files = sorted(Path(__file__).parent.glob("*.py"))
    if not files:
        raise FileNotFoundError("the text of this package is in no directory")
    own = cache.digest_of(files).hex()
    return hashlib.sha256(f"1\0{z3.get_full_version()}\0{PATIENCE}\0{own}".encode()).hexdigest()


def digest(query: Query) -> str:
    """What a query on paper says, whatever the order of its assumptions."""
    assumed = sorted({f.digest for f in query.assumed})
    return hashlib.sha256(b"".join(assumed) + b"claim" + query.claim.digest).hexdigest()


@dataclass
class Kept:
    """The proved obligations of one action; without a file nothing is known and nothing kept."""

    file: Path | None
    known: dict[str, None] = field(default_factory=dict)  #: hashes as they were found
    seen: dict[str, None] = field(default_factory=dict)  #: what was asked for today and is proved, then or now

    @classmethod
    def of(cls, action: str) -> Kept:
        """What is kept of an action; empty: of the initial states."""
        home = cache.home()
        if home is None:
            return cls(None)
        file = home / "proofs" / f"{action or 'initially'}.json"
        try:
            return cls(file, _hashes(file, prover()))
        except OSError:
            return cls(None)

    def has(self, hashed: str) -> bool:
        """Whether this was proved before."""
        if hashed in self.known:
            self.seen[hashed] = None
            return True
        return False

    def add(self, hashed: str) -> None:
        """This is proved."""
        self.seen[hashed] = None

    def close(self) -> None:
        """Keep what has been added."""
        if self.file is None or self.seen.keys() <= self.known.keys():
            return
        others = [h for h in self.known if h not in self.seen][:MOST]
        data = json.dumps({"key": prover(), "proved": [*self.seen, *others]}, indent=0)
        cache.keep(self.file, data.encode())


def _hashes(file: Path, key: str) -> dict[str, None]:
    """The hashes in a file that is believed; none where it is damaged, somebody else's, or made by another prover."""
    data = cache.found(file)
    if data is None:
        return {}
    try:
        plain = cache.record(data, key, "proved obligations", "proved")
        return dict.fromkeys(plain.texts("proved"))
    except IntakeError:
        return {}
