"""Exploring with the Python or the C engine, and telling which."""

from __future__ import annotations

import time
from dataclasses import dataclass

import click

from vnic_conformance.commands.explore.engine import Engine
from vnic_conformance.commands.explore.request import Request
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.terminal import progress, progress_ends, say
from vnic_model.explorer import Exploration, Progress, explore
from vnic_model.limits import MEBIBYTES
from vnic_model.native import NativeError, NativeExploration, compiler, explore_native
from vnic_model.replay import trace_of
from vnic_model.symmetry import SymmetryError, explore_reduced
from vnic_model.trace import Trace

#: Up to so many states, Python is done before a compiler is.
FEW = 20_000


@dataclass(frozen=True)
class Result:
    """What came out."""

    request: Request
    found: Exploration
    seconds: float
    engine: Engine = Engine.PYTHON  #: the one that did it, so never auto
    symmetric: bool = False  #: only one state of each class was explored

    @property
    def trace(self) -> Trace | None:
        """The shortest run to the violation."""
        if self.found.violation is None:
            return None
        return trace_of(self.found, self.found.violation, mutation=self.request.mutation)

    @property
    def verdict(self) -> str:
        """One word: violated, incomplete, silent or holds."""
        if self.found.violation is not None:
            return "violated"
        if not self.found.complete:
            return "incomplete"
        return "silent" if self.found.silent else "holds"

    @property
    def code(self) -> ExitCode:
        """What the verdict means to a script."""
        codes = {"violated": ExitCode.VIOLATION, "holds": ExitCode.CONFORMS}
        return codes.get(self.verdict, ExitCode.INCONCLUSIVE)

    @property
    def explored_by(self) -> str:
        """The engine in words, and why it is that one where another was to be expected."""
        if self.engine is Engine.C:
            return f"C, compiled by {compiler()}"
        return "Python, for want of a C compiler" if compiler() is None and self.found.states > FEW else "Python"


def run(
    request: Request,
    *,
    at_most: int | None = None,
    mebibytes: int | None = None,
    engine: Engine = Engine.PYTHON,
    symmetric: bool = False,
    report: bool = False,
) -> Result:
    """Explore, with progress on standard error where it is wanted.

    Args:
        request: what to explore.
        at_most: bound on the states.
        mebibytes: bound on the memory for states, of the C engine; None: its usual one.
        engine: what is to explore; auto begins in Python and, where there is a compiler, turns to C beyond a few states.
        symmetric: explore one state of each class of states that differ in the servers' names only.
        report: tell progress even where standard error is no terminal.

    Raises:
        click.ClickException: C is wanted and there is no compiler, or it fails; or nothing is to be had from symmetry.
    """
    start = time.monotonic()
    try:
        found = _explored(request, at_most, mebibytes, engine, symmetric, progress(report))
    except SymmetryError as error:
        raise click.ClickException(f"--symmetry: {error}") from None
    finally:
        progress_ends()
    used = Engine.C if isinstance(found, NativeExploration) else Engine.PYTHON
    return Result(request, found, time.monotonic() - start, used, symmetric)


def _explored(
    request: Request,
    at_most: int | None,
    mebibytes: int | None,
    engine: Engine,
    symmetric: bool,
    tell: Progress | None,
) -> Exploration:
    machine, properties = request.machine, request.properties
    in_python = explore_reduced if symmetric else explore
    if engine is Engine.AUTO and (at_most is None or at_most > FEW) and compiler() is not None:
        small = in_python(machine, properties, at_most=FEW, progress=tell)
        if small.complete or small.violation is not None:
            return small
    elif engine is not Engine.C:
        return in_python(machine, properties, at_most=at_most, progress=tell)
    most = mebibytes or MEBIBYTES
    try:
        return explore_native(machine, properties, at_most=at_most, mebibytes=most, symmetric=symmetric, progress=tell)
    except NativeError as error:
        if engine is Engine.C:
            raise click.ClickException(f"{error}; explore with --engine python") from None
        say(f"note: {error}; exploring in Python", err=True)
        return in_python(machine, properties, at_most=at_most, progress=tell)
