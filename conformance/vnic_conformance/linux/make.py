"""Kbuild: configure and make a kernel in an object tree that is kept."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from vnic_conformance.linux.cache import Progress, digest
from vnic_conformance.linux.errors import BuildError
from vnic_conformance.linux.tree import PLACE

MODULE: Final = PLACE / "ibmvnic.ko"
BINARY: Final = "linux"

#: What the object tree is configured by, and which kernel it holds: files of ours in it.
_CONFIGURED: Final = ".vnickit-configured"
_HOLDS: Final = ".vnickit-holds"
#: Who built it, where and when is the same everywhere.
_NOBODY: Final = {
    "KBUILD_BUILD_USER": "vnickit",
    "KBUILD_BUILD_HOST": "vnickit",
    "KBUILD_BUILD_TIMESTAMP": "1970-01-01",
    "LC_ALL": "C",
}
_STEP = re.compile(r"^  (?:CC|AS|LD|AR|MODPOST|LINK)[A-Z0-9 ]*(?:\[M\])? +\S+")
#: So often the user is told, in files.
_EVERY: Final = 50
_TAKES: Final = "a whole kernel takes 3 to 15 minutes of CPU, the next one seconds"


class ObjectTree:
    """The objects of one configuration.

    Args:
        objects: the directory; it need not exist.
        source: the kernel's source tree.
        options: the configuration; all that it does not name is off.
        progress: told what is going on.
    """

    def __init__(self, objects: Path, source: Path, options: str, progress: Progress) -> None:
        self.objects = objects
        self._source = source
        self._options = options
        self._progress = progress

    def make(self, kernel: str) -> None:
        """Make the kernel with this key, if it is not the one that is here, and the driver.

        Raises:
            BuildError: something does not compile, or an option could not be had.
        """
        self.objects.mkdir(parents=True, exist_ok=True)
        self._configure()
        holds = self.objects / _HOLDS
        if not holds.is_file() or holds.read_text() != kernel or not (self.objects / BINARY).is_file():
            holds.unlink(missing_ok=True)
            self._progress(f"building the kernel; {_TAKES}")
            self._run([], "the kernel does not build")
            holds.write_text(kernel)
        self._progress("building the driver")
        self._run([str(MODULE)], "the driver does not compile in this kernel")

    def _configure(self) -> None:
        mark = self.objects / _CONFIGURED
        key = digest(self._options, str(self._source))
        if mark.is_file() and mark.read_text() == key:
            return
        mark.unlink(missing_ok=True)
        fragment = self.objects / ".vnickit-options"
        fragment.write_text(self._options)
        self._run([f"KCONFIG_ALLCONFIG={fragment}", "allnoconfig"], "the kernel cannot be configured")
        refused = refused_options(self._options, (self.objects / ".config").read_text())
        if refused:
            raise BuildError(f"this kernel does not take {', '.join(refused)}: it is laid out in a way we do not know")
        mark.write_text(key)

    def _run(self, targets: Sequence[str], complaint: str) -> None:
        words = ["setpriv", "--pdeathsig", "TERM", "nice", "-n", "5"]
        words += ["make", "-C", str(self._source), f"O={self.objects}", "ARCH=um", "-j2", *targets]
        environment = {
            name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "ARCH")
        }
        log = self.objects / ".vnickit-log"
        with log.open("w") as said:
            running = subprocess.Popen(
                words,
                env={**environment, **_NOBODY},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            try:
                self._follow(running)
            except BaseException:
                # make removes what it has half made when it is terminated.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(running.pid, signal.SIGTERM)
                running.wait()
                raise
        if running.returncode != 0:
            raise BuildError(f"{complaint}:\n{errors_of(log.read_text(errors='replace'))}\n(all of it: {log})")

    def _follow(self, running: subprocess.Popen[str]) -> None:
        assert running.stdout is not None
        done = 0
        with running.stdout as lines:
            for line in lines:
                if _STEP.match(line):
                    done += 1
                    if done % _EVERY == 0:
                        self._progress(f"{done} files compiled")
        running.wait()


def refused_options(wanted: str, got: str) -> list[str]:
    """Options that are on in a fragment and not the same in the configuration that came of it."""
    lines = set(got.splitlines())
    return [
        line
        for line in wanted.splitlines()
        if line.startswith("CONFIG_") and not line.endswith("=n") and line not in lines
    ]


def errors_of(log: str) -> str:
    """The first errors in what a compiler and make said; the end, where none can be told."""
    lines = [line for line in log.splitlines() if line.strip()]
    errors = [
        line for line in lines if re.search(r"\berror\b|undefined (?:reference|!)|\bundefined!", line, re.IGNORECASE)
    ]
    own = [line for line in errors if "make" not in line.partition(":")[0]]
    return "\n".join((own or errors or lines[-10:])[:10])
