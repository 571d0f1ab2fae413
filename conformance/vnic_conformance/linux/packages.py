"""Debian packages: fetched by apt, read without being installed; and the tools that a build needs, which are installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vnic_conformance.linux.cache import Progress
from vnic_conformance.linux.errors import BuildError

#: Tools of a build, each with its package.
TOOLS: Final = {
    "gcc": "gcc",
    "make": "make",
    "flex": "flex",
    "bison": "bison",
    "bc": "bc",
    "xz": "xz-utils",
    "dpkg-deb": "dpkg",
    "setpriv": "util-linux",
}
#: A static kernel needs a static C library.
LIBRARY: Final = "libc6-dev"

_ON_ROOT: Final = ("-o", "APT::Sandbox::User=root")


@dataclass(frozen=True, slots=True)
class Package:
    """A version of a package, as a file.

    Attributes:
        name: of the package.
        version: as Debian writes it.
        file: the package.
    """

    name: str
    version: str
    file: Path


def cached(name: str, directory: Path, version: str = "") -> Package | None:
    """The package of this name, and version if one is given, that was fetched before; the last fetched one."""
    wanted = re.compile(rf"{re.escape(name)}_(.+)_[a-z0-9]+\.deb")
    found = [
        Package(name, match[1].replace("%3a", ":"), file)
        for file in (
            sorted(directory.glob("*.deb"), key=lambda file: file.stat().st_mtime) if directory.is_dir() else ()
        )
        if (match := wanted.fullmatch(file.name)) and version in ("", match[1].replace("%3a", ":"))
    ]
    return found[-1] if found else None


def fetch(name: str, directory: Path, progress: Progress, version: str = "") -> Package:
    """A package, from those fetched before or else by apt; nothing is installed.

    Args:
        name: of the package.
        directory: where packages are kept.
        progress: told what is going on.
        version: exactly this one; empty: one that was fetched before, or else the one that apt would install.

    Raises:
        BuildError: there is no apt here, or it does not know the package or cannot fetch it.
    """
    there = cached(name, directory, version)
    if there is not None:
        return there
    if shutil.which("apt-get") is None:
        raise BuildError(
            f"Debian's package {name} is needed and there is no apt here: put {name}_*.deb into {directory} "
            f"(from https://packages.debian.org/{name}), or run this in a Debian container"
        )
    found = version or _candidate(name, progress)
    progress(f"fetching {name} {found}")
    directory.mkdir(parents=True, exist_ok=True)
    options = _ON_ROOT if os.geteuid() == 0 else ()
    done = _run(["apt-get", "-q", *options, "download", f"{name}={found}"], directory)
    fetched = cached(name, directory, found)
    if done.returncode != 0 or fetched is None:
        raise BuildError(f"apt cannot fetch {name} {found}: {_last_line(done.stderr)}")
    return fetched


def _candidate(name: str, progress: Progress) -> str:
    found = _policy(name)
    if found is None and os.geteuid() == 0:
        progress("updating apt's lists")
        _run(["apt-get", "-q", "update"])
        found = _policy(name)
    if found is None:
        raise BuildError(
            f"apt does not know a package {name}: run 'apt-get update' as root; on Debian 12 it comes from bookworm-security, "
            "elsewhere it may be called otherwise (apt-cache search linux-source)"
        )
    return found


def _policy(name: str) -> str | None:
    said = _run(["apt-cache", "policy", name]).stdout
    match = re.search(r"^ +Candidate: (\S+)$", said, re.MULTILINE)
    return match[1] if match and match[1] != "(none)" else None


def missing() -> list[str]:
    """Packages of the tools that a build needs and that are not here."""
    packages = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if shutil.which("gcc") and not Path(_run(["gcc", "-print-file-name=libc.a"]).stdout.strip()).is_absolute():
        packages.append(LIBRARY)
    return packages


def require_tools(progress: Progress) -> None:
    """Install what is missing where that is possible: as root on Debian.

    Raises:
        BuildError: something is missing and cannot be installed; the message says how to.
    """
    packages = missing()
    if not packages:
        return
    line = f"apt-get install --no-install-recommends {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        raise BuildError(
            f"a build needs {', '.join(packages)} (as Debian calls the packages); install them and try again"
        )
    if os.geteuid() != 0:
        raise BuildError(f"a build needs {', '.join(packages)}; as root: {line}")
    progress(f"installing {', '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "-q", "-y", "install", "--no-install-recommends", *packages]
    done = _run(command, environment=environment)
    if done.returncode != 0:
        _run(["apt-get", "-q", "update"])
        done = _run(command, environment=environment)
    if done.returncode != 0 or missing():
        raise BuildError(f"'{line}' failed: {_last_line(done.stderr)}")


def member(package: Package, name: str) -> bytes:
    """One file of a package.

    Raises:
        BuildError: it has none of this name.
    """
    read = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package.file)], stdout=subprocess.PIPE)
    taken = subprocess.run(["tar", "-xO", f"./{name}"], stdin=read.stdout, capture_output=True, check=False)
    assert read.stdout is not None
    read.stdout.close()
    read.wait()
    if taken.returncode != 0:
        raise BuildError(f"{package.file} has no file {name}, or is damaged: {_last_line(taken.stderr.decode())}")
    return taken.stdout


def unpack_source(package: Package, into: Path, arguments: Sequence[str]) -> None:
    """Unpack the source tree that a linux-source package holds.

    Args:
        package: the package.
        into: an empty directory.
        arguments: more of tar's, to choose.

    Raises:
        BuildError: it cannot be unpacked.
    """
    tarball = f"./usr/src/{package.name}.tar.xz"
    steps = [
        ["dpkg-deb", "--fsys-tarfile", str(package.file)],
        ["tar", "-xO", tarball],
        ["nice", "-n", "5", "tar", "-xJ", "-C", str(into), "--strip-components=1", *arguments],
    ]
    previous: subprocess.Popen[bytes] | None = None
    running = []
    for step in steps:
        source = None if previous is None else previous.stdout
        last = step is steps[-1]
        previous = subprocess.Popen(
            step, stdin=source, stdout=None if last else subprocess.PIPE, stderr=subprocess.PIPE if last else None
        )
        running.append(previous)
        if source is not None:
            source.close()
    said = running[-1].communicate()[1].decode(errors="replace")
    for process in running[:-1]:
        process.wait()
    if running[-1].returncode != 0:
        raise BuildError(f"{package.file} cannot be unpacked: {_last_line(said)}")


def _run(
    words: Sequence[str], where: Path | None = None, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, cwd=where, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no reason given")
