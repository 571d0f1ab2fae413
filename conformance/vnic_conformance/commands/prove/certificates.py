"""``vnickit prove --certify`` and ``--recheck``: every obligation as a file, proved by two solvers, and verifying that."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click

from vnic_conformance.commands.prove.proving import reporter
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.terminal import progress_ends, say, show_json
from vnic_model.goals import PLANS
from vnic_model.prover.induction import REFUTED

if TYPE_CHECKING:
    from vnic_model.prover.certificate import Certificate
    from vnic_model.prover.verifying import Recheck

#: What to type where the second solver is missing.
NO_CVC5 = "certificates need cvc5, which is optional: pip install 'vnic-failover-kit[certify]'"
#: So many problems of a directory are shown.
SHOWN = 20


def _libraries() -> tuple[ModuleType, ModuleType]:
    try:
        # Here, because cvc5 is optional.
        from vnic_model.prover import certificate, verifying
    except ImportError as error:
        if error.name != "cvc5":
            raise
        raise click.UsageError(NO_CVC5) from None
    return certificate, verifying


def _provable(wanted: Sequence[str], *, err: bool) -> list[str]:
    """Those that have a proof for any number of servers; of the others it is said that they have none."""
    for name in wanted:
        if not PLANS[name].any_number:
            say(f"{name} is not proved for any number of servers, so it has no certificate.", err=err)
    return [name for name in wanted if PLANS[name].any_number]


# --- writing -------------------------------------------------------------------------------------------------------


def certify(wanted: Sequence[str], directory: Path, *, jobs: int, as_json: bool, report: bool) -> ExitCode:
    """Write and prove what was asked for and all that it rests on.

    Returns CONFORMS if both solvers prove everything, VIOLATION if one refutes something, else INCONCLUSIVE.
    """
    certificate, _ = _libraries()
    if directory.exists() and any(directory.iterdir()):
        raise click.UsageError(f"{directory} is not empty; a certificate needs a directory of its own")
    provable = _provable(wanted, err=as_json)
    if not provable:
        return ExitCode.INCONCLUSIVE
    start = time.monotonic()
    try:
        written: Certificate = certificate.certify(provable, directory, jobs=jobs, report=reporter(report))
    except OSError as error:
        raise click.UsageError(f"{directory} cannot be written: {error.strerror}") from None
    progress_ends()
    seconds = time.monotonic() - start
    refuted = any(REFUTED in (x.z3, x.cvc5) for x in written.disagreed)
    if as_json:
        plain = {
            "certified": not written.disagreed,
            "directory": str(directory),
            "asked": provable,
            "goals": list(written.goals),
            "obligations": len(written.entries),
            "disagreed": [asdict(x) for x in written.disagreed],
            "sha256": written.sha256,
            "seconds": round(seconds, 3),
        }
        show_json(plain)
    else:
        _written(written, directory, seconds, certificate)
    if not written.disagreed:
        return ExitCode.CONFORMS
    return ExitCode.VIOLATION if refuted else ExitCode.INCONCLUSIVE


def _written(written: Certificate, directory: Path, seconds: float, certificate: ModuleType) -> None:
    by_z3, by_cvc5 = certificate.slowest(written.entries)
    say(f"obligations   {len(written.entries)}, of {len(written.goals)} properties and lemmas")
    for solver, took, slowest in (
        ("z3", sum(x.z3_seconds for x in written.entries), f"{by_z3.z3_seconds:.1f} s ({by_z3.file})"),
        ("cvc5", sum(x.cvc5_seconds for x in written.entries), f"{by_cvc5.cvc5_seconds:.1f} s ({by_cvc5.file})"),
    ):
        proved = sum(getattr(x, solver) == "proved" for x in written.entries)
        say(f"{solver:<13} {proved} proved in {took:.1f} s, the slowest in {slowest}")
    say(f"proofs        {sum(x.proof is not None for x in written.entries)}")
    say(f"SHA-256       {written.sha256}  {certificate.MANIFEST}")
    say()
    for entry in written.disagreed[:SHOWN]:
        say(f"{entry.file}: z3 {entry.z3}, cvc5 {entry.cvc5} {entry.why}".rstrip())
    if written.disagreed:
        say(f"NOT CERTIFIED: {len(written.disagreed)} obligations are not proved by both solvers.")
        return
    say(f"CERTIFIED in {seconds:.0f} s: {_some(written.asked)}. Verify it with:")
    ids = "" if len(written.asked) > SHOWN else f" {' '.join(written.asked)}"
    say(f"  vnickit prove{ids} --recheck {directory}")


# --- verifying -----------------------------------------------------------------------------------------------------


def recheck(wanted: Sequence[str], directory: Path, *, jobs: int, as_json: bool, report: bool) -> ExitCode:
    """Verify a directory that :func:`certify` has written, for everything that is wanted and what it rests on.

    Returns CONFORMS if all of that is verified; VIOLATION if something in the directory is not what it says; INCONCLUSIVE if
    what is there is verified and something that is wanted is missing.
    """
    _, verifying = _libraries()
    provable = _provable(wanted, err=as_json)
    if not provable:
        return ExitCode.INCONCLUSIVE
    start = time.monotonic()
    try:
        found: Recheck = verifying.recheck(directory, provable, jobs=jobs, report=reporter(report))
    except OSError as error:
        why = f"{error.filename or directory}: {error.strerror}"
        raise click.UsageError(f"{directory} is not a directory that --certify has written ({why})") from None
    progress_ends()
    if not found.readable:
        raise click.ClickException(f"{directory}: {found.problems[-1]}")
    seconds = time.monotonic() - start
    if as_json:
        show_json(_plain(found, directory, seconds))
    else:
        _rechecked(found, seconds)
    if found.verified:
        return ExitCode.CONFORMS
    return ExitCode.VIOLATION if found.problems else ExitCode.INCONCLUSIVE


def _plain(found: Recheck, directory: Path, seconds: float) -> dict[str, object]:
    return {
        "directory": str(directory),
        "verified": found.verified,
        "asked": list(found.asked),
        "covered": [name for name in found.asked if found.covers(name)],
        "goals": [{"id": name, "standing": standing} for name, standing in found.standing.items()],
        "not_asked": list(found.others),
        "obligations": found.total,
        "listed": found.listed,
        "foreign": found.foreign,
        "files": found.files,
        "as_specified": found.as_specified,
        "proved": found.proved,
        "reproduced": found.reproduced,
        "outside_only": found.complete,
        "z3": found.written_with[0],
        "cvc5": found.written_with[1],
        "sha256": found.sha256,
        "seconds": round(seconds, 3),
        "problems": found.problems,
    }


def _rechecked(found: Recheck, seconds: float) -> None:
    z3, cvc5 = found.written_with
    total = found.total
    say(f"asked for      {total} obligations of {len(found.goals)} properties and lemmas, by this kit's specification")
    say(f"manifest       lists {found.listed} of {total}, written with z3 {z3}, cvc5 {cvc5}")
    say(f"files          {found.files} of {2 * total} there with the hash that the manifest gives")
    say(f"specification  {found.as_specified} of {total} obligations are word for word those of this kit")
    say(f"cvc5           proves {found.proved} of {total} again from the files, in {found.seconds:.1f} s")
    say(
        f"proofs         {found.reproduced} of {total} are byte for byte what cvc5 derived again, checked by its own checker"
    )
    if found.complete:
        say(
            f"               {found.complete} are of another cvc5 or another platform; of these only the outside was looked at"
        )
    say("               no independent proof checker was used")
    say(f"SHA-256        {found.sha256}  manifest.json")
    say()
    covered = [name for name in found.asked if found.covers(name)]
    say(f"covered        {_some(covered) or 'nothing that was asked for'}")
    for standing in ("missing", "of another version", "not verified"):
        names = [name for name, what in found.standing.items() if what == standing]
        if names:
            say(f"{standing:<14} {_some(names)}")
    if found.foreign:
        say(f"foreign        {found.foreign} entries that are no obligation of the present specification")
    if found.others:
        say(f"not asked for  {_some(found.others)}; not looked at")
    say()
    for problem in found.problems[:SHOWN]:
        say(problem)
    if len(found.problems) > SHOWN:
        say(f"and {len(found.problems) - SHOWN} problems more")
    if found.verified:
        say(f"VERIFIED in {seconds:.0f} s: {_some(covered)}.")
    elif found.problems:
        say(f"NOT VERIFIED: {len(found.problems)} problems.")
    else:
        say(
            f"NOT VERIFIED: {len(found.asked) - len(covered)} of {len(found.asked)} that were asked for are not covered."
        )
        if covered:
            say("What is there is verified; name it to ask for no more: vnickit prove ID... --recheck DIR")


def _some(names: Sequence[str]) -> str:
    """Names, and how many they are where they are many."""
    if len(names) <= SHOWN:
        return ", ".join(names)
    return f"{len(names)} properties and lemmas ({', '.join(names[:8])} ...)"
