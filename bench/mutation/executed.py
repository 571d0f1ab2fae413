"""Which statements of the Python implementation a stage executes: a mutant anywhere else needs no look there.

Every statement gets a mark before it that notes its line. That costs little, while a tracing function would be called for
everything that the kit does as well.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, ModuleType

_MARK = "_executed"
#: File and line of a statement.
Place = tuple[str, int]


class Marks(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the modules of a package with a mark before each statement.

    Args:
        package: the directory of a package that has not been imported.

    Attributes:
        seen: what is executed is noted here.
    """

    def __init__(self, package: Path) -> None:
        self._package = package
        self.seen: set[Place] = set()

    @contextlib.contextmanager
    def noting(self) -> Iterator[None]:
        """Imports are marked meanwhile."""
        sys.meta_path.insert(0, self)
        try:
            yield
        finally:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The modules of the package, not those of packages in it."""
        package, _, name = fullname.rpartition(".")
        if package != self._package.name or not (self._package / f"{name}.py").exists():
            return None
        return importlib.util.spec_from_loader(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        """Run the marked text."""
        file = f"{module.__name__.rpartition('.')[2]}.py"
        code = _marked((self._package / file).read_text(encoding="utf-8"), file)
        module.__dict__[_MARK] = lambda line: self.seen.add((file, line))
        exec(code, module.__dict__)  # noqa: S102 - it is our own source with marks in it


class _Marker(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list):
                setattr(node, name, [one for statement in body for one in (*_mark(statement), statement)])
        return node


def _mark(statement: ast.stmt) -> list[ast.stmt]:
    text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    if text or isinstance(statement, ast.ImportFrom):  # a docstring has to come first, and so has __future__
        return []
    mark = ast.parse(f"{_MARK}({statement.lineno})").body[0]
    return [ast.copy_location(mark, statement)]


def _marked(source: str, file: str) -> CodeType:
    tree = _Marker().visit(ast.parse(source))
    return compile(ast.fix_missing_locations(tree), file, "exec")
