"""The traceability matrix: for each requirement its properties, proofs, witnesses, misreadings, cases and verdict.

Rules of this file: everything is collected from where it stands (requirements, properties, mutations, the cases of the kit, the
log of a run, what ``vnickit prove --json`` has printed). What is not there is an empty cell and stays visible as one. The
solver is never needed: a proof is looked at, not made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from vnic_conformance.episode import HYPERVISOR
from vnic_conformance.explaining import properties_of
from vnic_conformance.reports.summary import role_of
from vnic_conformance.reports.summary import rows as summary_rows
from vnic_conformance.running.book import book
from vnic_conformance.running.plan import Case
from vnic_conformance.running.recorded import RecordedRun
from vnic_conformance.running.role import role_named
from vnic_conformance.running.verdicts import CaseResult, Verdict
from vnic_model.examples import mutations_against
from vnic_model.goals import PLANS
from vnic_model.intake import Fields, IntakeError, json_of, shown
from vnic_spec.mutations import EVERY_MUTATION, Mutation
from vnic_spec.profile import Profile
from vnic_spec.property import Property, Scope
from vnic_spec.requirements import GROUPS, REQUIREMENTS, Requirement

#: The columns that can be empty, in order.
COLUMNS = ("property", "proof", "witness", "mutation", "cases", "exercised", "verdict")
#: What an empty cell shows.
EMPTY = "–"
#: The method of a property that nobody sets out to prove; the plan says why.
UNPLANNED = "none"
VERDICTS = ("proved", "refuted", "unknown")


class ProofsError(ValueError):
    """A document that is not what ``vnickit prove --json`` prints; the text says why."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What there is to say about the proof of one property.

    Attributes:
        method: how it is proved, or is to be.
        verdict: ``proved``, ``refuted`` or ``unknown``; empty: nobody has shown a result.
        obligations: how many questions the solver answered.
        seconds: how long that took.
        lemmas: the auxiliary lemmas that it rests on.
    """

    method: str
    verdict: str = ""
    obligations: int | None = None
    seconds: float | None = None
    lemmas: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """As a cell shows it: for how many servers, and what came out."""
        if self.method == UNPLANNED:
            return "not any N"
        return " ".join(part for part in (self.method.removeprefix("k-induction, "), self.verdict) if part)

    @property
    def failed(self) -> bool:
        """It was tried and did not come out."""
        return self.method != UNPLANNED and self.verdict in ("refuted", "unknown")


@dataclass(frozen=True, slots=True)
class Formal:
    """One property of a requirement, with what speaks for it."""

    claim: Property
    proof: Proof | None
    mutations: tuple[Mutation, ...]


@dataclass(frozen=True, slots=True)
class Traced:
    """One row: a requirement and all that hangs on it.

    Attributes:
        entry: the requirement.
        formal: its properties.
        misread: mutations that misread it and violate a property of another requirement.
        cases: cases of the kit that are about it, those named after it first.
        exercised: how many of them a run has put to the test; None: there is no run.
        results: verdicts on them, from the run.
        verdict: of the requirement, from the run; empty: none.
        reason: why a cell is empty that need not be, in words; or empty.
    """

    entry: Requirement
    formal: tuple[Formal, ...]
    misread: tuple[Mutation, ...]
    cases: tuple[Case, ...]
    exercised: int | None
    results: tuple[CaseResult, ...]
    verdict: Verdict | None
    reason: str

    @property
    def mutations(self) -> tuple[Mutation, ...]:
        """Every mutation of the row, once."""
        every = [m for f in self.formal for m in f.mutations] + list(self.misread)
        return tuple({m.name: m for m in every}.values())

    @property
    def empty(self) -> tuple[str, ...]:
        """The columns in which there is nothing."""
        filled = {
            "property": bool(self.formal),
            "proof": bool(self.formal) and all(f.proof is not None for f in self.formal),
            "witness": bool(self.formal),
            "mutation": bool(self.mutations),
            "cases": bool(self.cases),
            "exercised": bool(self.exercised),
            "verdict": self.verdict not in (None, Verdict.NOT_EXERCISED),
        }
        return tuple(column for column in COLUMNS if not filled[column])


@dataclass(frozen=True)
class Matrix:
    """The rows that were asked for, and what they were made from."""

    rows: tuple[Traced, ...]
    run: RecordedRun | None
    proofs: Mapping[str, Proof] | None

    def empty(self) -> dict[str, int]:
        """How many rows have nothing in a column."""
        return {column: sum(column in row.empty for row in self.rows) for column in COLUMNS}


def matrix(
    globs: Iterable[str] = (),
    run: RecordedRun | None = None,
    judged: Sequence[CaseResult] = (),
    proofs: Mapping[str, Proof] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Matrix:
    """Gather the rows.

    Args:
        globs: of requirement IDs; none: all.
        run: the log of a run.
        judged: what its steps say of each case; what the log says of them itself may be anything.
        proofs: what :func:`read_proofs` has read.
        tell: told when something takes a while.

    Raises:
        LookupError: a glob matches no requirement; the text is the glob.
    """
    wanted = list(globs)
    for glob in wanted:
        if not any(fnmatchcase(requirement, glob.upper()) for requirement in REQUIREMENTS):
            raise LookupError(glob)
    chosen = [e for e in REQUIREMENTS.values() if not wanted or any(fnmatchcase(e.id, g.upper()) for g in wanted)]
    role = HYPERVISOR if run is None else role_of(run.header)
    if role == HYPERVISOR:
        cases = book(Profile() if run is None else run.header.profile, tell=tell).cases
    else:
        made = role_named(role)
        cases = made.book(Profile(), made.phases, tell).cases
    found = _rows(chosen, cases, None if run is None else judged, role, planned() | dict(proofs or {}))
    return Matrix(tuple(found), run, proofs)


def rows_of(
    requirements: Iterable[str], cases: Sequence[Case], results: Sequence[CaseResult], role: str
) -> list[Traced]:
    """The rows of some requirements after a run; nothing is judged again.

    Args:
        requirements: their IDs; an ID that nobody knows has no row.
        cases: every case that counted in the run.
        results: the verdicts on them.
        role: what was checked.
    """
    chosen = [REQUIREMENTS[name] for name in requirements if name in REQUIREMENTS]
    return _rows(chosen, cases, results, role, planned())


def _rows(
    chosen: Sequence[Requirement],
    cases: Sequence[Case],
    judged: Sequence[CaseResult] | None,
    role: str,
    known: Mapping[str, Proof],
) -> list[Traced]:
    results = {result.case: result for result in judged or ()}
    verdicts = {} if judged is None else {row.requirement.id: row for row in summary_rows(cases, judged, role=role)}
    found = []
    for entry in chosen:
        own = _cases(entry, cases)
        row = verdicts.get(entry.id)
        said = tuple(results[case.id] for case in own if case.id in results)
        found.append(
            Traced(
                entry,
                formal=tuple(Formal(p, known.get(p.name), tuple(mutations_against(p))) for p in properties_of(entry)),
                misread=_misread(entry),
                cases=own,
                exercised=None if judged is None else sum(r.verdict > Verdict.NOT_EXERCISED for r in said),
                results=said,
                verdict=max((r.verdict for r in said), default=None) if row is None else row.verdict,
                reason=_reason(entry, "" if row is None else row.reason),
            )
        )
    return found


def _cases(entry: Requirement, cases: Sequence[Case]) -> tuple[Case, ...]:
    about = [case for case in cases if entry.id in case.requirements]
    return tuple(sorted(about, key=lambda case: case.requirement != entry.id))


def _misread(entry: Requirement) -> tuple[Mutation, ...]:
    named = {p.name for p in properties_of(entry)}
    return tuple(
        m for m in EVERY_MUTATION.values() if entry.id in (m.requirement, m.refutes) and m.refutes not in named
    )


def _reason(entry: Requirement, of_the_run: str) -> str:
    """Why a row is not full, from what the requirement says itself, from its group, or from the run."""
    if entry.elsewhere is not None:
        return f"{entry.elsewhere.where}. {entry.elsewhere.reason}"
    named = properties_of(entry)
    if named and all(claim.scope is Scope.DRIVERS for claim in named):
        return "speaks of a client and servers that keep to the dialogue: the proof and the tests cover it, no case drives it"
    if entry.group not in HYPERVISOR:
        return f"a duty of another role ({GROUPS[entry.group]}): the tests cover it, no case drives it"
    return of_the_run


# --- proofs --------------------------------------------------------------------------------------------------------


def planned() -> dict[str, Proof]:
    """How each property is to be proved. Never imports a solver."""
    return {name: Proof("any N" if plan.any_number else UNPLANNED, lemmas=plan.using) for name, plan in PLANS.items()}


def read_proofs(text: str) -> dict[str, Proof]:
    """Read what ``vnickit prove --json`` has printed.

    Raises:
        ProofsError: it is none of that.
    """
    try:
        document = json_of(text)
        listed = document.get("properties") if isinstance(document, dict) else None
        if not isinstance(listed, list):
            raise ProofsError('no member "properties" with a list; vnickit prove --json prints one')
        return dict(_proof(entry, f"entry {number}") for number, entry in enumerate(listed, 1))
    except IntakeError as error:
        raise ProofsError(str(error)) from None


def _proof(entry: object, where: str) -> tuple[str, Proof]:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        raise ProofsError(f'{where} has no "id"')
    where = f"{where} ({shown(entry['id'])[1:-1]})"
    f = Fields(entry, where)
    if f.maybe("verdict") not in VERDICTS:
        raise ProofsError(f"{where}: the verdict is {str(f.maybe('verdict'))[:60]!a}, not {' or '.join(VERDICTS)}")
    if not isinstance(f.maybe("method"), str):
        raise ProofsError(f'{where} has no "method"')
    obligations = f.maybe("obligations")
    if isinstance(obligations, list):
        number: int | None = len(obligations)
    else:
        number = None if obligations is None else f.whole("obligations", 0)
    seconds = None if f.maybe("seconds") is None else f.seconds("seconds")
    lemmas = f.texts("lemmas") if "lemmas" in f else ()
    return f.text("id"), Proof(f.text("method"), f.text("verdict"), number, seconds, lemmas)


# --- as plain data -------------------------------------------------------------------------------------------------


def plain_matrix(made: Matrix) -> dict[str, object]:
    """The matrix as one JSON object."""
    run = made.run
    return {
        "run": None
        if run is None
        else {
            "adapter": run.header.adapter,
            "kit": run.header.kit,
            "profile": run.header.profile.as_mapping(),
            "complete": not run.truncated,
        },
        "proofs": made.proofs is not None,
        "requirements": [_plain_row(row) for row in made.rows],
        "empty": made.empty(),
    }


def _plain_row(row: Traced) -> dict[str, object]:
    elsewhere = row.entry.elsewhere
    return {
        "requirement": row.entry.id,
        "level": str(row.entry.level),
        "properties": [
            {
                "property": f.claim.name,
                "proof": None if f.proof is None else _plain_proof(f.proof),
                "witness": {"sentence": f.claim.witness_sentence, "instance": f.claim.instance},
                "mutations": [m.name for m in f.mutations],
            }
            for f in row.formal
        ],
        "mutations": [m.name for m in row.mutations],
        "cases": [case.id for case in row.cases],
        "exercised": row.exercised,
        "results": [{"case": r.case, "verdict": r.words, "exercised": r.exercised} for r in row.results],
        "verdict": None if row.verdict is None else row.verdict.words,
        "elsewhere": None
        if elsewhere is None
        else {"reason": elsewhere.reason, "where": elsewhere.where, "whole": elsewhere.whole},
        "empty": list(row.empty),
    }


def _plain_proof(proof: Proof) -> dict[str, object]:
    return {
        "method": proof.method,
        "verdict": proof.verdict or None,
        "obligations": proof.obligations,
        "seconds": proof.seconds,
        "lemmas": list(proof.lemmas),
    }
