"""The two implementations that are mutated: how a mutant of each is made to run, in a copy of its sources."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Protocol

from mutation import c_mutants, python_mutants
from mutation.c_values import ValueChanges
from mutation.looking import GENERATED, OTHERS, SCRIPTED, SYSTEM, THOROUGH, Stage, short
from mutation.mutant import PYTHON, C, Mutant

_PACKAGE = "vnic_reference"


class NoMutantError(Exception):
    """A change makes nothing that could run, or nothing else than before; the text says which."""


class Implementation(Protocol):
    """What is mutated."""

    name: str
    stages: tuple[Stage, ...]

    def every(self) -> list[Mutant]:
        """All mutants."""

    def source(self, file: str) -> str:
        """A source as it is."""

    def adapter(self, mutant: Mutant | None, stage: Stage, work: Path) -> str:
        """What ``--adapter`` takes for a mutant; None: for the implementation as it is. Called in a process of its own.

        Raises:
            NoMutantError: there is nothing to be looked at.
        """


class Python:
    """The reference hypervisor, in this process: what is imported comes from a copy, and one module is changed on the way."""

    name = "python"
    stages = (SCRIPTED, *OTHERS, *GENERATED, SYSTEM)

    def __init__(self, copy: Path) -> None:
        if _PACKAGE in sys.modules:
            raise RuntimeError(f"{_PACKAGE} has been imported; a mutant would not be")
        shutil.copytree(PYTHON, copy / _PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
        self.copy = copy

    def every(self) -> list[Mutant]:
        """See :class:`Implementation`."""
        return [m for file in python_mutants.FILES for m in python_mutants.of_source(file, self.source(file))]

    def source(self, file: str) -> str:
        """See :class:`Implementation`."""
        return (self.copy / _PACKAGE / file).read_text(encoding="utf-8")

    def adapter(self, mutant: Mutant | None, stage: Stage, work: Path) -> str:
        """See :class:`Implementation`."""
        if str(self.copy) not in sys.path:
            sys.path.insert(0, str(self.copy))
            if mutant is not None:
                sys.meta_path.insert(0, _Changed(mutant, self.source(mutant.file)))
        module = f"{_PACKAGE}.system.adapter" if stage.system else f"{_PACKAGE}.adapter"
        try:
            importlib.import_module(module)
        except Exception as error:
            raise NoMutantError(f"cannot be imported: {type(error).__name__}: {error}") from None
        return f"python:{module}:{'SystemAdapter' if stage.system else 'Adapter'}"


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module, whose text is changed."""

    def __init__(self, mutant: Mutant, source: str) -> None:
        self._mutant, self._source = mutant, source
        self._module = f"{_PACKAGE}.{mutant.file.removesuffix('.py')}"

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The changed module, and no other."""
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._module else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the changed text."""
        code = compile(self._mutant.applied(self._source), self._mutant.file, "exec")
        exec(code, module.__dict__)  # noqa: S102 - it is our own source with one place changed


class Compiled:
    """The hypervisor in C, as a child process: one file is compiled anew, the others once.

    A change that makes the compiler warn, or that makes the very machine code that was there before, is no mutant.
    """

    name = "c"
    changes: type[c_mutants.Changes] = c_mutants.Changes
    stages: tuple[Stage, ...] = (SCRIPTED, *OTHERS, *GENERATED)
    flags = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic")

    def __init__(self, copy: Path) -> None:
        shutil.copytree(C, copy / "c", ignore=shutil.ignore_patterns("build"))
        self.copy = copy / "c"
        for source in sorted(self.copy.glob("*.c")):
            self._compile(source, source.with_suffix(".o"))

    def every(self) -> list[Mutant]:
        """See :class:`Implementation`."""
        return [m for file in c_mutants.FILES for m in c_mutants.of_source(file, self.source(file), self.changes)]

    def source(self, file: str) -> str:
        """See :class:`Implementation`."""
        return (self.copy / file).read_text(encoding="utf-8")

    def adapter(self, mutant: Mutant | None, stage: Stage, work: Path) -> str:
        """See :class:`Implementation`."""
        program = work / "c-hypervisor"
        if program.exists():
            return str(program)
        objects = {path.stem: path for path in self.copy.glob("*.o")}
        if mutant is not None:
            changed = work / mutant.file
            changed.write_text(mutant.applied(self.source(mutant.file)), encoding="utf-8")
            stem = changed.stem
            self._compile(changed, changed.with_suffix(".o"))
            if changed.with_suffix(".o").read_bytes() == objects[stem].read_bytes():
                raise NoMutantError("the same machine code")
            objects[stem] = changed.with_suffix(".o")
        subprocess.run(["cc", "-o", str(program), *sorted(map(str, objects.values()))], check=True)
        return str(program)

    def _compile(self, source: Path, out: Path) -> None:
        words = ["cc", *self.flags, f"-I{self.copy}", "-c", "-o", str(out), source.name]
        done = subprocess.run(words, cwd=source.parent, capture_output=True, text=True, check=False)
        if done.returncode:
            wrong = next((line for line in done.stderr.splitlines() if "error:" in line), "cc fails")
            raise NoMutantError(f"does not compile: {wrong.partition('error: ')[2] or wrong}")


class CompiledValues(Compiled):
    """The same with the mutants on values and histories, looked at by ``vnickit check`` without options, then ``--thorough``."""

    name = "c-values"
    changes = ValueChanges

    def __init__(self, copy: Path) -> None:
        super().__init__(copy)
        self.stages = (short(), SCRIPTED, *GENERATED, THOROUGH)


IMPLEMENTATIONS: dict[str, Callable[[Path], Python | Compiled]] = {
    "python": Python,
    "c": Compiled,
    "c-values": CompiledValues,
}
