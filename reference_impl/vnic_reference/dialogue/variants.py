"""Faulty variants of the VNIC server and client: what they are, and lists of them.

A variant is a subclass that does one thing wrong, made by overriding; nothing is copied. It is put in the place of the
right class when a system is made.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

_T = TypeVar("_T")
_C = TypeVar("_C", bound=type)


@dataclass(frozen=True, slots=True)
class Variant(Generic[_T]):
    """One faulty variant.

    Attributes:
        name: how it is asked for.
        requirement: ID of the requirement that it hurts.
        description: what it does wrong, in a sentence.
        make: the class.
    """

    name: str
    requirement: str
    description: str
    make: type[_T]


class Variants(Mapping[str, Variant[_T]]):
    """The faulty variants of one class, by name, in the order in which they are defined."""

    def __init__(self) -> None:
        self._all: dict[str, Variant[_T]] = {}

    def enter(self, requirement: str) -> Callable[[_C], _C]:
        """Put a class into the list; its name gives the variant's, the first line of its docstring says what is wrong."""

        def put(made: _C) -> _C:
            name = re.sub(r"(?<!^)(?=[A-Z])", "_", made.__name__).lower()
            assert name not in self._all, f"two variants are called {name}"
            description = (inspect.getdoc(made) or "").partition("\n")[0]
            self._all[name] = Variant(name, requirement, description, made)
            return made

        return put

    def __getitem__(self, name: str) -> Variant[_T]:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)
