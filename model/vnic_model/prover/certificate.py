"""Certificates: every obligation as a file, proved by two solvers, with proofs and a list of hashes.

A directory holds::

    manifest.json                          what was proved, with what, the hash of every file
    manifest.json.sha256                   the manifest's own hash, as sha256sum -c reads it
    obligations/<goal>/<action>.smt2       one obligation, readable, decidable by any solver of SMT-LIB 2.6
    proofs/<goal>/<action>.cpc.gz          why it holds: cvc5's proof in the Cooperating Proof Calculus

Nothing in such a directory is believed (:mod:`vnic_model.prover.verifying`): an obligation counts if its file is word for word
what the present specification says, and if cvc5 proves that file again.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from vnic_model.prover import second
from vnic_model.prover.fresh_process import alone
from vnic_model.prover.induction import PROVED, Obligation, obligations
from vnic_model.prover.run import machine, plan_of, z3_version
from vnic_model.prover.smtlib import LOGIC, Texts
from vnic_model.workers import Workers
from vnic_spec.catalogue import ACTIONS

FORMAT = 1
MANIFEST, HASH = "manifest.json", "manifest.json.sha256"
_T = TypeVar("_T")
Report = Callable[[int, int], None]  #: (obligations done, obligations in all)


@dataclass(frozen=True)
class Entry:
    """One obligation in the manifest."""

    goal: str
    action: str | None  #: None: the initial states
    file: str
    sha256: str
    z3: str  #: z3's verdict
    z3_seconds: float
    cvc5: str
    cvc5_seconds: float
    proof: str | None  #: the proof's file; None where cvc5 has none
    proof_sha256: str | None
    why: str = ""  #: what cvc5 says of an unknown

    @property
    def agreed(self) -> bool:
        """Both solvers prove it."""
        return self.z3 == self.cvc5 == PROVED


def place_of(obligation: Obligation, proof: bool = False) -> str:
    """Where the file of an obligation, or its proof, is in the directory."""
    place = f"{obligation.goal.replace('/', '_')}/{obligation.action or 'initially'}"
    return f"proofs/{place}.cpc.gz" if proof else f"obligations/{place}.smt2"


# --- writing -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Certificate:
    """What has been written."""

    asked: tuple[str, ...]
    goals: tuple[str, ...]  #: what was asked for, and all that it rests on
    entries: tuple[Entry, ...]
    sha256: str  #: of the manifest

    @property
    def disagreed(self) -> tuple[Entry, ...]:
        """What is not proved by both."""
        return tuple(x for x in self.entries if not x.agreed)


def certify(wanted: Iterable[str], directory: Path, *, jobs: int = 2, report: Report | None = None) -> Certificate:
    """Write the certificate of some goals and of all that their proofs rest on.

    Args:
        wanted: names of goals that have a proof for any number of servers.
        directory: an empty or new one.
        jobs: how many processes work at the same time.
        report: told now and then how far it is.

    Raises:
        ValueError: a goal has no such proof.
        OSError: the directory cannot be written.
    """
    asked = tuple(wanted)
    goals = plan_of(asked)
    directory.mkdir(parents=True, exist_ok=True)
    found = {(x.goal, x.action or ""): x for x in by_action(partial(_certify_action, directory), goals, jobs, report)}
    entries = tuple(found[x.goal, x.action] for x in all_of(goals))
    manifest = {
        "format": FORMAT,
        "logic": LOGIC,
        "z3": z3_version(),
        "cvc5": second.version(),
        "cvc5_options": second.OPTIONS,
        "platform": second.platform(),
        "asked": asked,
        "goals": goals,
        "obligations": [asdict(x) for x in entries],
    }
    data = (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()
    (directory / MANIFEST).write_bytes(data)
    (directory / HASH).write_text(f"{sha256_of(data)}  {MANIFEST}\n")
    return Certificate(asked, goals, entries, sha256_of(data))


def _certify_action(directory: Path, goals: tuple[str, ...], action: str) -> list[Entry]:
    fresh = machine()
    texts = Texts(fresh)
    own = [x for x in all_of(goals) if x.action == action]
    return [_certified(directory, x, fresh.decide(x), texts.text(x)) for x in own]


def _certified(directory: Path, obligation: Obligation, by_z3: Any, text: str) -> Entry:
    answer = alone().decide(text)
    proof = place_of(obligation, proof=True) if answer.proof else None
    packed = gzip.compress(answer.proof.encode(), mtime=0)
    _write(directory / place_of(obligation), text.encode())
    if proof:
        _write(directory / proof, packed)
    return Entry(
        obligation.goal,
        obligation.action or None,
        place_of(obligation),
        sha256_of(text.encode()),
        by_z3.verdict,
        round(by_z3.seconds, 3),
        answer.verdict,
        round(answer.seconds, 3),
        proof,
        sha256_of(packed) if proof else None,
        answer.why,
    )


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def sha256_of(data: bytes) -> str:
    """The hash of a file, as the manifest has it."""
    return hashlib.sha256(data).hexdigest()


def all_of(goals: Iterable[str]) -> list[Obligation]:
    """Every obligation of some goals."""
    return [x for name in goals for x in obligations(name)]


def by_action(
    work: Callable[[tuple[str, ...], str], list[_T]], goals: tuple[str, ...], jobs: int, report: Report | None
) -> Iterator[_T]:
    """What ``work`` makes of every action and of the initial states, in several processes."""
    needed = {x.action for x in all_of(goals)}
    actions = [a for a in ("", *ACTIONS) if a in needed]
    total, done = len(all_of(goals)), 0
    jobs = min(jobs, os.cpu_count() or 1)
    with Workers(jobs) as pool:
        for found in pool.map(partial(work, goals), actions):
            done += len(found)
            if report is not None:
                report(done, total)
            yield from found


def slowest(entries: Sequence[Entry]) -> tuple[Entry, Entry]:
    """The obligation that took z3 the longest time, and the one that took cvc5 the longest."""
    return max(entries, key=lambda x: x.z3_seconds), max(entries, key=lambda x: x.cvc5_seconds)
