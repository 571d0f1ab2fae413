"""The rosters that are scored where nobody names others: the reference in each role, and the hypervisor in C."""

from __future__ import annotations

import importlib.util
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from vnic_conformance.scoring.roster import Roster, RosterError, asked

#: Programs that list what they have. They are asked by name, as anybody's would be: the kit imports none of them.
PROGRAMS = ("-m vnic_reference", "-m vnic_reference --role system", "-m vnic_reference --role client")
#: The package that the sources of the hypervisor in C come with. It is looked up, not imported.
C_BESIDE = "vnic_reference"
COMPILE_S = 120


def default_rosters(build: Path, tell: Callable[[str], None]) -> list[Roster]:
    """The rosters of this project.

    Args:
        build: a directory for the C hypervisor; it has to be there as long as the rosters are used.
        tell: told what is left out, and why.

    Raises:
        RosterError: the reference does not list what it has.
    """
    found = [asked(f"{shlex.quote(sys.executable)} {words}") for words in PROGRAMS]
    try:
        found.append(asked(compiled(build)))
    except RosterError as error:
        tell(f"the hypervisor in C is left out: {error}")
    return found


def c_sources() -> list[Path]:
    """The files of the hypervisor in C: ``c`` in the installed package, or beside it in a checkout; empty if there are none."""
    package = importlib.util.find_spec(C_BESIDE)
    for home in (package.submodule_search_locations or ()) if package else ():
        for directory in (Path(home) / "c", Path(home).parent / "c"):
            if found := sorted(directory.glob("*.c")):
                return found
    return []


def compiled(build: Path) -> str:
    """Compile the hypervisor in C; the command line that starts it.

    Raises:
        RosterError: there is no compiler, there are no sources, or they do not compile.
    """
    compiler = shutil.which("cc")
    sources = [str(source) for source in c_sources()]
    if compiler is None or not sources:
        raise RosterError("there is no C compiler (cc)" if sources else "its sources are not installed with the kit")
    out = str(build / "c-hypervisor")
    try:
        done = subprocess.run(
            [compiler, "-std=c99", "-O2", "-o", out, *sources],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMPILE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RosterError(f"{compiler}: {error}") from None
    if done.returncode:
        raise RosterError(f"{compiler} fails on its sources")
    return shlex.quote(out)
