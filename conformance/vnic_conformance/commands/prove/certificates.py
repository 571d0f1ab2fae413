"""``vnickit prove --certify`` and ``--recheck``: every obligation as a file, proved by two solvers, and verifying that."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import click

from vnic_conformance.commands.prove.proving import reporter
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.terminal import progress_ends
from vnic_model.goals import PLANS
from vnic_model.prover.induction import REFUTED

#: What to type where the second solver is missing.
NO_CVC5 = "certificates need cvc5, which is optional: pip install 'vnic-failover-kit[certify]'"
#: So many problems of a directory are shown.
SHOWN = 20


def _library() -> ModuleType:
    try:
        # Here, because cvc5 is optional.
        from vnic_model.prover import certificate
    except ImportError as error:
        if error.name != "cvc5":
            raise
        raise click.UsageError(NO_CVC5) from None
    return certificate


def certify(wanted: Sequence[str], directory: Path, *, report: bool) -> ExitCode:
    """Write and prove what was asked for and all that it rests on.

    Returns CONFORMS if both solvers prove everything, VIOLATION if one refutes something, else INCONCLUSIVE.
    """
    certificate = _library()
    if directory.exists() and any(directory.iterdir()):
        raise click.UsageError(f"{directory} is not empty; a certificate needs a directory of its own")
    provable = [name for name in wanted if PLANS[name].any_number]
    for name in wanted:
        if name not in provable:
            click.echo(f"{name} is not proved for any number of servers, so it has no certificate.")
    if not provable:
        return ExitCode.INCONCLUSIVE
    start = time.monotonic()
    try:
        written = certificate.certify(provable, directory, report=reporter(report))
    except OSError as error:
        raise click.UsageError(f"{directory} cannot be written: {error.strerror}") from None
    progress_ends()
    by_z3, by_cvc5 = certificate.slowest(written.entries)
    total = len(written.entries)
    click.echo(f"obligations   {total}, of {len(written.goals)} properties and lemmas")
    for solver, seconds, slowest in (
        ("z3", sum(x.z3_seconds for x in written.entries), f"{by_z3.z3_seconds:.1f} s ({by_z3.file})"),
        ("cvc5", sum(x.cvc5_seconds for x in written.entries), f"{by_cvc5.cvc5_seconds:.1f} s ({by_cvc5.file})"),
    ):
        proved = sum(getattr(x, solver) == "proved" for x in written.entries)
        click.echo(f"{solver:<13} {proved} proved in {seconds:.1f} s, the slowest in {slowest}")
    click.echo(f"proofs        {sum(x.proof is not None for x in written.entries)}")
    click.echo(f"SHA-256       {written.sha256}  {certificate.MANIFEST}")
    click.echo()
    for entry in written.disagreed[:SHOWN]:
        click.echo(f"{entry.file}: z3 {entry.z3}, cvc5 {entry.cvc5} {entry.why}".rstrip())
    if not written.disagreed:
        click.echo(
            f"CERTIFIED in {time.monotonic() - start:.0f} s. Verify it with: vnickit prove --recheck {directory}"
        )
        return ExitCode.CONFORMS
    click.echo(f"NOT CERTIFIED: {len(written.disagreed)} obligations are not proved by both solvers.")
    refuted = any(REFUTED in (x.z3, x.cvc5) for x in written.disagreed)
    return ExitCode.VIOLATION if refuted else ExitCode.INCONCLUSIVE


def recheck(directory: Path, *, report: bool = False) -> ExitCode:
    """Verify a directory that :func:`certify` has written.

    Returns CONFORMS if everything in it is verified, else VIOLATION.
    """
    certificate = _library()
    start = time.monotonic()
    try:
        found = certificate.recheck(directory, report=reporter(report))
    except OSError as error:
        why = f"{error.filename or directory}: {error.strerror}"
        raise click.UsageError(f"{directory} is not a directory that --certify has written ({why})") from None
    progress_ends()
    z3, cvc5 = found.written_with
    total = found.total
    click.echo(
        f"manifest       {total} obligations of {len(found.goals)} properties and lemmas, written with z3 {z3}, cvc5 {cvc5}"
    )
    click.echo(f"files          {found.files} of {2 * total} there with the hash that the manifest gives")
    click.echo(f"specification  {found.as_specified} of {total} obligations are word for word those of this kit")
    click.echo(f"cvc5           proves {found.proved} of {total} again from the files, in {found.seconds:.1f} s")
    click.echo(
        f"proofs         {found.reproduced} of {total} are byte for byte what cvc5 derived again, checked by its own checker"
    )
    if found.complete:
        click.echo(
            f"               {found.complete} are of another cvc5 or another platform; of these only the outside was looked at"
        )
    click.echo("               no independent proof checker was used")
    click.echo(f"SHA-256        {found.sha256}  {certificate.MANIFEST}")
    click.echo()
    for problem in found.problems[:SHOWN]:
        click.echo(problem)
    if len(found.problems) > SHOWN:
        click.echo(f"and {len(found.problems) - SHOWN} problems more")
    if not found.problems:
        click.echo(f"VERIFIED in {time.monotonic() - start:.0f} s.")
        return ExitCode.CONFORMS
    click.echo(f"NOT VERIFIED: {len(found.problems)} problems.")
    return ExitCode.VIOLATION
