"""Certificates: every obligation as a file, proved by two solvers, with proofs and a list of hashes; and verifying one.

A directory holds::

    manifest.json                          what was proved, with what, the hash of every file
    manifest.json.sha256                   the manifest's own hash, as sha256sum -c reads it
    obligations/<goal>/<action>.smt2       one obligation, readable, decidable by any solver of SMT-LIB 2.6
    proofs/<goal>/<action>.cpc.gz          why it holds: cvc5's proof in the Cooperating Proof Calculus

Nothing in such a directory is believed: an obligation counts if its file is word for word what the present specification
says, and if cvc5 proves that file again.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import multiprocessing
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from vnic_model.goals import PLANS
from vnic_model.prover import second
from vnic_model.prover.fresh_process import Alone
from vnic_model.prover.induction import PROVED, Obligation, obligations
from vnic_model.prover.run import machine, plan_of, z3_version
from vnic_model.prover.smtlib import LOGIC, Texts
from vnic_spec.catalogue import ACTIONS

FORMAT = 1
MANIFEST, HASH = "manifest.json", "manifest.json.sha256"
#: The largest manifest, and the largest proof when unpacked, that is looked at, in bytes; ours have 2 MB each at most.
MOST = 1 << 26
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

    goals: tuple[str, ...]
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
    found = {(x.goal, x.action or ""): x for x in _by_action(partial(_certify_action, directory), goals, jobs, report)}
    entries = tuple(found[x.goal, x.action] for x in _all(goals))
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
    (directory / HASH).write_text(f"{_sha256(data)}  {MANIFEST}\n")
    return Certificate(goals, entries, _sha256(data))


def _certify_action(directory: Path, goals: tuple[str, ...], action: str) -> list[Entry]:
    fresh = machine()
    texts = Texts(fresh)
    with Alone() as alone:
        return [
            _certified(directory, x, fresh.decide(x), texts.text(x), alone) for x in _all(goals) if x.action == action
        ]


def _certified(directory: Path, obligation: Obligation, by_z3: Any, text: str, alone: Alone) -> Entry:
    answer = alone.decide(text)
    proof = place_of(obligation, proof=True) if answer.proof else None
    packed = gzip.compress(answer.proof.encode(), mtime=0)
    _write(directory / place_of(obligation), text.encode())
    if proof:
        _write(directory / proof, packed)
    return Entry(
        obligation.goal,
        obligation.action or None,
        place_of(obligation),
        _sha256(text.encode()),
        by_z3.verdict,
        round(by_z3.seconds, 3),
        answer.verdict,
        round(answer.seconds, 3),
        proof,
        _sha256(packed) if proof else None,
        answer.why,
    )


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _all(goals: Iterable[str]) -> list[Obligation]:
    return [x for name in goals for x in obligations(name)]


def _by_action(
    work: Callable[[tuple[str, ...], str], list[_T]], goals: tuple[str, ...], jobs: int, report: Report | None
) -> Iterator[_T]:
    """What ``work`` makes of every action and of the initial states, in several processes."""
    needed = {x.action for x in _all(goals)}
    actions = [a for a in ("", *ACTIONS) if a in needed]
    total, done = len(_all(goals)), 0
    jobs = min(jobs, os.cpu_count() or 1)
    context = multiprocessing.get_context("spawn")  # z3 does not like to be forked
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        for found in pool.map(partial(work, goals), actions):
            done += len(found)
            if report is not None:
                report(done, total)
            yield from found


# --- verifying -----------------------------------------------------------------------------------------------------


@dataclass
class Recheck:
    """What verifying a directory has shown."""

    goals: tuple[str, ...] = ()
    written_with: tuple[str, str] = ("", "")  #: versions of z3 and of cvc5
    sha256: str = ""  #: of the manifest
    total: int = 0
    files: int = 0  #: files there with the right hash, proofs included
    as_specified: int = 0  #: obligations that are word for word what the present specification says
    proved: int = 0  #: obligations that cvc5 has proved again
    reproduced: int = 0  #: proofs that are byte for byte what cvc5 derived again
    #: Proofs of another cvc5 or platform: derivations of false that use rules only, as far as their outside shows.
    complete: int = 0
    seconds: float = 0.0  #: time that cvc5 took
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Rechecked:
    as_specified: bool
    proved: bool
    reproduced: bool
    complete: bool
    seconds: float
    problems: tuple[str, ...]


def recheck(directory: Path, *, jobs: int = 2, report: Report | None = None) -> Recheck:
    """Verify a directory without believing it.

    Raises:
        OSError: it has no manifest, or that cannot be read.
    """
    found = Recheck()
    manifest = _manifest(directory, found)
    entries = _entries(manifest, found) if manifest is not None else {}
    if not entries:
        found.problems.append(f"{MANIFEST}: it lists no obligations")
        return found
    _files(directory, entries, found)
    readable = {x: entry for x, entry in entries.items() if (directory / entry["file"]).is_file()}
    work = partial(_recheck_action, directory, {(x.goal, x.action): entry for x, entry in readable.items()})
    for one in _by_action(work, found.goals, jobs, report):
        found.as_specified += one.as_specified
        found.proved += one.proved
        found.reproduced += one.reproduced
        found.complete += one.complete
        found.seconds += one.seconds
        found.problems += one.problems
    return found


def _manifest(directory: Path, found: Recheck) -> dict[str, Any] | None:
    with (directory / MANIFEST).open("rb") as file:
        data = file.read(MOST)
    found.sha256 = _sha256(data)
    recorded = directory / HASH
    if not recorded.is_file() or recorded.read_bytes()[:200] != f"{found.sha256}  {MANIFEST}\n".encode():
        found.problems.append(f"{HASH}: it is missing or is not the hash of {MANIFEST}")
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError) as error:
        found.problems.append(f"{MANIFEST}: it is not JSON ({type(error).__name__})")
        return None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found.problems.append(f"{MANIFEST}: it is not a manifest of format {FORMAT}")
        return None
    return manifest


_STRINGS = ("goal", "file", "sha256", "z3", "cvc5", "proof", "proof_sha256")


def _entries(manifest: dict[str, Any], found: Recheck) -> dict[Obligation, dict[str, Any]]:
    """The obligations that the manifest lists, those of them that can be; what is wrong with it goes to the problems."""
    say = found.problems.append
    found.written_with = (str(manifest.get("z3"))[:40], str(manifest.get("cvc5"))[:40])
    by = (found.written_with[1], manifest.get("platform"))
    if manifest.get("logic") != LOGIC or manifest.get("cvc5_options") != second.OPTIONS:
        say(f"{MANIFEST}: its logic or cvc5_options are not {LOGIC} and what this kit uses")
    asked = manifest.get("asked")
    known = isinstance(asked, list) and all(isinstance(x, str) and x in PLANS and PLANS[x].any_number for x in asked)
    if not known:
        say(f"{MANIFEST}: asked is not a list of goals that the present specification proves for any number of servers")
        return {}
    found.goals = plan_of(asked or ())
    if manifest.get("goals") != list(found.goals):
        say(f"{MANIFEST}: goals are not those asked for and all that their proofs rest on today")
    needed = _all(found.goals)
    found.total = len(needed)
    listed = manifest.get("obligations")
    entries: dict[Obligation, dict[str, Any]] = {}
    for entry in listed if isinstance(listed, list) else []:
        strings = isinstance(entry, dict) and all(isinstance(entry.get(key), str) for key in _STRINGS)
        x = Obligation(entry["goal"], str(entry.get("action") or "")) if strings else None
        if x is None or x not in needed or x in entries:
            say(f"{MANIFEST}: {str(entry)[:100]} is malformed, listed twice, or no obligation of these goals today")
        elif (entry["file"], entry["proof"]) != (place_of(x), place_of(x, proof=True)):
            say(f"{MANIFEST}: the files of {x} are not where they belong")
        else:
            entries[x] = entry | {"by": by}
            if not entry["z3"] == entry["cvc5"] == PROVED:
                say(f"{x}: the manifest itself says that not both solvers proved it")
    found.problems += [f"{x}: missing from {MANIFEST}" for x in needed if x not in entries]
    return entries


def _files(directory: Path, entries: dict[Obligation, dict[str, Any]], found: Recheck) -> None:
    """Every file is there with its hash, and no other."""
    expected = {e["file"]: e["sha256"] for e in entries.values()}
    expected |= {e["proof"]: e["proof_sha256"] for e in entries.values()}
    present = set()
    for root, directories, names in os.walk(directory):
        for name in chain(directories, names):
            path = Path(root, name)
            if path.is_symlink() or name in names:
                present.add(path.relative_to(directory).as_posix())
    extra = present - set(expected) - {MANIFEST, HASH}
    found.problems += [f"{name}: a file that the manifest does not know" for name in sorted(extra)]
    for name, recorded in expected.items():
        path = directory / name
        if name not in present:
            found.problems.append(f"{name}: missing")
        elif path.is_symlink() or not path.is_file():
            found.problems.append(f"{name}: not a plain file")
        elif _sha256(path.read_bytes()) != recorded:
            found.problems.append(f"{name}: changed, its hash is not the one in the manifest")
        else:
            found.files += 1


def _recheck_action(
    directory: Path, entries: dict[tuple[str, str], dict[str, Any]], goals: tuple[str, ...], action: str
) -> list[_Rechecked]:
    texts = Texts(machine())
    with Alone() as alone:
        return [_rechecked(directory, x, entries, texts, alone) for x in _all(goals) if x.action == action]


def _rechecked(
    directory: Path, x: Obligation, entries: dict[tuple[str, str], dict[str, Any]], texts: Texts, alone: Alone
) -> _Rechecked:
    entry = entries.get((x.goal, x.action))
    if entry is None:
        return _Rechecked(False, False, False, False, 0.0, ())
    text = (directory / entry["file"]).read_bytes()
    if text != texts.text(x).encode():
        other = f"{entry['file']}: an obligation of another specification; not given to cvc5"
        return _Rechecked(False, False, False, False, 0.0, (other,))
    answer = alone.decide(text.decode())
    problems = []
    if answer.verdict != PROVED:
        problems.append(f"{entry['file']}: cvc5 does not prove it: {answer.why}")
    stored = _unpacked(directory / entry["proof"])
    same = bool(answer.proof) and stored == answer.proof.encode()
    flaw = "" if same else _flaw(stored, entry["by"])
    if flaw:
        problems.append(f"{entry['proof']}: {flaw}")
    return _Rechecked(True, answer.verdict == PROVED, same, not same and not flaw, answer.seconds, tuple(problems))


def _unpacked(path: Path) -> bytes | None:
    """A proof; None where it is missing, damaged or of a size that none has."""
    try:
        with gzip.open(path) as file:
            data = file.read(MOST)
    except (OSError, EOFError, zlib.error):
        return None
    return data if len(data) < MOST else None


def _flaw(stored: bytes | None, by: tuple[str, object]) -> str:
    if stored is None:
        return "missing or damaged"
    if by == (second.version(), second.platform()):
        return "it is not the proof that this same version of cvc5 derives from the file on this same platform"
    return second.flaw_of(stored.decode(errors="replace"))


def slowest(entries: Sequence[Entry]) -> tuple[Entry, Entry]:
    """The obligation that took z3 the longest time, and the one that took cvc5 the longest."""
    return max(entries, key=lambda x: x.z3_seconds), max(entries, key=lambda x: x.cvc5_seconds)
