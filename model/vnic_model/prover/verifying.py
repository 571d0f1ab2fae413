"""Verifying a certificate without believing it, against what the specification of today asks for.

What is asked for is decided here, never by the directory: each obligation of the goals that somebody wants to rely on, and of all
that their proofs rest on. An obligation is verified if it is listed, its files have the hashes that are listed, its text is
word for word what the present specification says, cvc5 proves that text again, and the proof that is kept is the one that comes
out. Everything else has a name: missing, foreign, of another version, or a problem.
"""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import chain
from pathlib import Path

from vnic_model.goals import GOALS, PLANS
from vnic_model.intake import Fields, IntakeError, bytes_of, record_of, shown
from vnic_model.prover import second
from vnic_model.prover.certificate import (
    FORMAT,
    HASH,
    MANIFEST,
    Report,
    all_of,
    by_action,
    place_of,
    sha256_of,
)
from vnic_model.prover.fresh_process import alone
from vnic_model.prover.induction import PROVED, Obligation, obligations
from vnic_model.prover.run import machine, plan_of
from vnic_model.prover.smtlib import LOGIC, Texts

#: The largest manifest, obligation or unpacked proof that is looked at, in bytes; ours have 2 MB each at most.
MOST = 1 << 26
#: So many obligations may a manifest list; all of ours are some thousands.
MOST_LISTED = 100_000
#: What becomes of a goal.
VERIFIED, MISSING, ANOTHER, UNVERIFIED = "verified", "missing", "of another version", "not verified"


@dataclass
class Recheck:
    """What verifying a directory has shown.

    Attributes:
        asked: the goals that somebody wants to rely on.
        goals: these, and all that their proofs rest on today.
        readable: there is a manifest in the format of this kit.
        others: goals that the certificate is about, too, and that nobody asked for; they were not looked at.
        written_with: versions of z3 and of cvc5.
        sha256: of the manifest.
        total: obligations of ``goals``.
        listed: those of them that the manifest lists.
        files: files there with the right hash, proofs included.
        as_specified: obligations that are word for word what the present specification says.
        proved: obligations that cvc5 has proved again.
        reproduced: proofs that are byte for byte what cvc5 derived again.
        complete: proofs of another cvc5 or platform: derivations of false that use rules only, as far as their outside shows.
        foreign: how many entries are no obligation of the present specification.
        seconds: time that cvc5 took.
        standing: what has become of each of ``goals``.
        problems: in what the directory is not what it says of itself, or does not say what the specification does.
    """

    asked: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    readable: bool = False
    others: tuple[str, ...] = ()
    written_with: tuple[str, str] = ("", "")
    sha256: str = ""
    total: int = 0
    listed: int = 0
    files: int = 0
    as_specified: int = 0
    proved: int = 0
    reproduced: int = 0
    complete: int = 0
    foreign: int = 0
    seconds: float = 0.0
    standing: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def covers(self, goal: str) -> bool:
        """A goal is verified, and so is everything that its proof rests on."""
        return all(self.standing.get(name) == VERIFIED for name in plan_of([goal]))

    @property
    def missing(self) -> tuple[str, ...]:
        """Goals that were asked for, or are rested on, and are not in the certificate."""
        return tuple(name for name in self.goals if self.standing.get(name, MISSING) == MISSING)

    @property
    def verified(self) -> bool:
        """Everything that was asked for is, and nothing is wrong with the directory."""
        return bool(self.asked) and not self.problems and all(map(self.covers, self.asked))


@dataclass(frozen=True)
class Listed:
    """One obligation as the manifest lists it."""

    file: str
    sha256: str
    proof: str
    proof_sha256: str
    by: tuple[str, str]  #: version of cvc5, and platform


@dataclass(frozen=True)
class _Rechecked:
    obligation: Obligation
    as_specified: bool = False
    proved: bool = False
    reproduced: bool = False
    complete: bool = False
    seconds: float = 0.0
    problems: tuple[str, ...] = ()

    @property
    def verified(self) -> bool:
        return self.as_specified and self.proved and (self.reproduced or self.complete)


def recheck(
    directory: Path, wanted: Iterable[str] | None = None, *, jobs: int = 2, report: Report | None = None
) -> Recheck:
    """Verify a directory without believing it.

    Args:
        directory: that :func:`vnic_model.prover.certificate.certify` has written, or somebody else.
        wanted: the goals that are to be relied on; None: those that the certificate says it is about.
        jobs: how many processes work at the same time.
        report: told now and then how far it is.

    Raises:
        OSError: it has no manifest.
        ValueError: a goal that is wanted has no proof for any number of servers.
    """
    found = Recheck() if wanted is None else Recheck(asked=tuple(wanted))
    manifest = _manifest(directory, found)
    claimed = () if manifest is None else _claimed(manifest, found)
    found.asked = claimed if wanted is None else found.asked
    found.goals = plan_of(found.asked)
    found.others = tuple(name for name in plan_of(claimed) if name not in found.goals)
    found.total = len(all_of(found.goals))
    found.standing = dict.fromkeys(found.goals, MISSING)
    if manifest is None:
        return found
    entries = _entries(manifest, claimed, found)
    whole = _files(directory, entries, found)
    asked = {x: entry for x, entry in whole.items() if x.goal in found.standing}
    listed = {x for x in entries if x.goal in found.standing}
    found.listed = len(listed)
    if not entries:
        found.problems.append(f"{MANIFEST}: it lists no obligations")
    work = partial(_recheck_action, directory, {(x.goal, x.action): entry for x, entry in asked.items()})
    done = list(by_action(work, found.goals, jobs, report)) if asked else []
    for one in done:
        found.as_specified += one.as_specified
        found.proved += one.proved
        found.reproduced += one.reproduced
        found.complete += one.complete
        found.seconds += one.seconds
        found.problems += one.problems
    of = {one.obligation: one for one in done}
    found.standing = {name: _standing(name, listed, of) for name in found.goals}
    return found


def _standing(goal: str, listed: set[Obligation], done: Mapping[Obligation, _Rechecked]) -> str:
    own = obligations(goal)
    if not set(own) <= listed:
        return MISSING
    if all(x in done and done[x].verified for x in own):
        return VERIFIED
    return ANOTHER if any(x in done and not done[x].as_specified for x in own) else UNVERIFIED


# --- the manifest --------------------------------------------------------------------------------------------------


def _manifest(directory: Path, found: Recheck) -> Fields | None:
    if not os.path.lexists(directory / MANIFEST):
        raise FileNotFoundError(2, "there is none", str(directory / MANIFEST))
    try:
        data = bytes_of(directory / MANIFEST, MOST)
    except IntakeError as error:
        found.problems.append(f"{MANIFEST}: {error}")
        return None
    found.sha256 = sha256_of(data)
    try:
        recorded = bytes_of(directory / HASH, 200)
    except IntakeError:
        recorded = b""
    if recorded != f"{found.sha256}  {MANIFEST}\n".encode():
        found.problems.append(f"{HASH}: it is missing or is not the hash of {MANIFEST}")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        found.problems.append(f"{MANIFEST}: it is not JSON: byte {error.start + 1} is not UTF-8")
        return None
    try:
        manifest = Fields(record_of(text), MANIFEST)
    except IntakeError as error:
        # An object of another format, or what is no object at all, is told from what cannot be read.
        what = (
            f"not a manifest of format {FORMAT}"
            if str(error) == "no JSON object"
            else f"not JSON that is read ({error})"
        )
        found.problems.append(f"{MANIFEST}: it is {what}")
        return None
    if manifest.maybe("format") != FORMAT:
        found.problems.append(f"{MANIFEST}: it is not a manifest of format {FORMAT}")
        return None
    found.readable = True
    return manifest


def _claimed(manifest: Fields, found: Recheck) -> tuple[str, ...]:
    """The goals that the certificate says it is about."""
    say = found.problems.append
    found.written_with = (_version(manifest.maybe("z3")), _version(manifest.maybe("cvc5")))
    if manifest.maybe("logic") != LOGIC or manifest.maybe("cvc5_options") != second.OPTIONS:
        say(f"{MANIFEST}: its logic or cvc5_options are not {LOGIC} and what this kit uses")
    asked = manifest.maybe("asked")
    names = asked if isinstance(asked, list) else [None]
    known = [x for x in names if isinstance(x, str) and x in PLANS and PLANS[x].any_number]
    if len(known) != len(names):
        say(f"{MANIFEST}: asked is not a list of goals that the present specification proves for any number of servers")
    claimed = tuple(name for name in GOALS if name in set(known))
    if manifest.maybe("goals") != list(plan_of(claimed)):
        say(f"{MANIFEST}: goals are not those asked for and all that their proofs rest on today")
    return claimed


def _version(came: object) -> str:
    return shown(came, 40)[1:-1] if isinstance(came, str) else shown(came, 40)


@cache
def _today() -> frozenset[Obligation]:
    """Every obligation that the present specification has."""
    return frozenset(all_of(name for name in GOALS if PLANS[name].any_number))


def _entries(manifest: Fields, claimed: tuple[str, ...], found: Recheck) -> dict[Obligation, Listed]:
    """The obligations that the manifest lists, those of them that can be; what is wrong with it goes to the problems."""
    say = found.problems.append
    try:
        listed = manifest.items("obligations")
        if len(listed) > MOST_LISTED:
            raise IntakeError(f"{MANIFEST}: it lists more than {MOST_LISTED:,} obligations")
    except IntakeError as error:
        say(str(error))
        listed = []
    today = _today()
    by = (found.written_with[1], str(manifest.maybe("platform")))
    entries: dict[Obligation, Listed] = {}
    for number, one in enumerate(listed):
        try:
            entry = Fields(one, MANIFEST, f"obligations[{number}]")
            x = Obligation(entry.text("goal"), "" if entry.maybe("action") is None else entry.text("action"))
            file, proof = entry.text("file"), entry.text("proof")
            hashes = Listed(file, entry.text("sha256"), proof, entry.text("proof_sha256"), by)
            verdicts = (entry.text("z3"), entry.text("cvc5"))
        except IntakeError as error:
            found.foreign += 1
            say(str(error))
            continue
        if x not in today:
            found.foreign += 1
            say(
                f"{MANIFEST}: obligations[{number}] is {shown(str(x))}, no obligation of the present specification: foreign"
            )
        elif x in entries:
            say(f"{MANIFEST}: {x} is listed twice")
        elif (hashes.file, hashes.proof) != (place_of(x), place_of(x, proof=True)):
            say(f"{MANIFEST}: the files of {x} are not where they belong")
        else:
            entries[x] = hashes
            if verdicts != (PROVED, PROVED):
                say(f"{x}: the manifest itself says that not both solvers proved it")
    found.problems += [f"{x}: missing from {MANIFEST}" for x in all_of(plan_of(claimed)) if x not in entries]
    return entries


# --- the files -----------------------------------------------------------------------------------------------------


def _files(directory: Path, entries: Mapping[Obligation, Listed], found: Recheck) -> dict[Obligation, Listed]:
    """The obligations asked for whose files are there, plain and with the hashes listed; others go to the problems."""
    present = set()
    for root, directories, names in os.walk(directory):
        for name in chain(directories, names):
            path = Path(root, name)
            if path.is_symlink() or name in names:
                present.add(path.relative_to(directory).as_posix())
    known = {name for entry in entries.values() for name in (entry.file, entry.proof)}
    extra = sorted(present - known - {MANIFEST, HASH})
    found.problems += [
        f"{shown(name, 200)[1:-1]}: a file that the manifest does not know" for name in extra[:MOST_LISTED]
    ]
    whole = {}
    for x, entry in entries.items():
        if x.goal not in found.standing:
            continue
        flaws = [
            _file_flaw(directory, name, recorded, present)
            for name, recorded in ((entry.file, entry.sha256), (entry.proof, entry.proof_sha256))
        ]
        found.files += flaws.count("")
        found.problems += filter(None, flaws)
        if _plain(directory / entry.file):
            whole[x] = entry
    return whole


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _file_flaw(directory: Path, name: str, recorded: str, present: set[str]) -> str:
    path = directory / name
    if name not in present:
        return f"{name}: missing"
    if not _plain(path):
        return f"{name}: not a plain file"
    try:
        same = sha256_of(bytes_of(path, MOST)) == recorded
    except IntakeError as error:
        return f"{name}: {error}"
    return "" if same else f"{name}: changed, its hash is not the one in the manifest"


# --- the obligations -----------------------------------------------------------------------------------------------


def _recheck_action(
    directory: Path, entries: Mapping[tuple[str, str], Listed], goals: tuple[str, ...], action: str
) -> list[_Rechecked]:
    asked = [x for x in all_of(goals) if x.action == action and (x.goal, x.action) in entries]
    if not asked:
        return []
    texts = Texts(machine())
    return [_rechecked(directory, x, entries[x.goal, x.action], texts) for x in asked]


def _rechecked(directory: Path, x: Obligation, entry: Listed, texts: Texts) -> _Rechecked:
    try:
        text = bytes_of(directory / entry.file, MOST)
    except IntakeError as error:
        return _Rechecked(x, problems=(f"{entry.file}: {error}",))
    if text != texts.text(x).encode():
        other = f"{entry.file}: an obligation of another specification; not given to cvc5"
        return _Rechecked(x, problems=(other,))
    answer = alone().decide(text.decode())
    problems = []
    if answer.verdict != PROVED:
        problems.append(f"{entry.file}: cvc5 does not prove it: {answer.why}")
    stored = _unpacked(directory / entry.proof)
    same = bool(answer.proof) and stored == answer.proof.encode()
    flaw = "" if same else _flaw(stored, entry.by)
    if flaw:
        problems.append(f"{entry.proof}: {flaw}")
    return _Rechecked(x, True, answer.verdict == PROVED, same, not same and not flaw, answer.seconds, tuple(problems))


def _unpacked(path: Path) -> bytes | None:
    """A proof; None where it is missing, damaged or of a size that none has."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(bytes_of(path, MOST))) as file:
            data = file.read(MOST)
    except (IntakeError, OSError, EOFError, zlib.error):
        return None
    return data if len(data) < MOST else None


def _flaw(stored: bytes | None, by: tuple[str, str]) -> str:
    if stored is None:
        return "missing or damaged"
    if by == (second.version(), second.platform()):
        return "it is not the proof that this same version of cvc5 derives from the file on this same platform"
    return second.flaw_of(stored.decode(errors="replace"))
