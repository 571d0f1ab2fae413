"""What a faulty variant is, and the list of them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import TypeVar

from vnic_reference.adapter import Adapter
from vnic_reference.parts import Parts

_Part = TypeVar("_Part", bound=type)


@dataclass(frozen=True, slots=True)
class Fault:
    """One faulty variant of the reference hypervisor.

    Attributes:
        name: how it is asked for.
        requirement: ID of the requirement that it hurts.
        description: what it does wrong, in a sentence.
        parts: the classes of its machines; one differs from the usual ones.
        claims: settings that it claims, where the fault does not show under the requirements' own decisions.
    """

    name: str
    requirement: str
    description: str
    parts: Parts
    claims: Mapping[str, str | int]

    def adapter(
        self, clock: Callable[[], int] | None = None, quiet_ms: int = 0, without: Collection[str] = ()
    ) -> Adapter:
        """A new adapter with this fault; its arguments are those of :class:`~vnic_reference.adapter.Adapter`."""
        return Adapter(self.parts, self.claims, clock, quiet_ms, without)


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant that is not faulty: it does what the reference does not, and may.

    Attributes:
        name: how it is asked for.
        description: what it does, in a sentence.
        parts: the classes of its machines.
        claims: settings that it claims.
        without: features that it does not have.
    """

    name: str
    description: str
    parts: Parts
    claims: Mapping[str, str | int]
    without: tuple[str, ...]

    def adapter(
        self, clock: Callable[[], int] | None = None, quiet_ms: int = 0, without: Collection[str] = ()
    ) -> Adapter:
        """A new adapter of this kind; its arguments are those of :class:`~vnic_reference.adapter.Adapter`."""
        return Adapter(self.parts, self.claims, clock, quiet_ms, (*self.without, *without))


#: Every variant that is not faulty, by name.
VARIANTS: dict[str, Variant] = {}


def variant(
    name: str,
    description: str,
    parts: Parts | None = None,
    claims: Mapping[str, str | int] | None = None,
    without: tuple[str, ...] = (),
) -> None:
    """Put a variant that is not faulty into the list."""
    assert name not in VARIANTS, f"two variants are called {name}"
    VARIANTS[name] = Variant(name, description, parts or Parts(), claims or {}, without)


#: Every faulty variant by name, in the order of the modules that define them.
FAULTS: dict[str, Fault] = {}


def fault(requirement: str, **claims: str | int) -> Callable[[_Part], _Part]:
    """Put a class into the list: a part of the machine with one thing done wrong.

    Its name gives the fault's, the first line of its docstring says what is wrong, its base says which part it is.
    """

    def enter(part: _Part) -> _Part:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", part.__name__).lower()
        usual = Parts()
        (place,) = (field.name for field in fields(usual) if issubclass(part, getattr(usual, field.name)))
        assert name not in FAULTS, f"two faults are called {name}"
        description = (inspect.getdoc(part) or "").partition("\n")[0]
        FAULTS[name] = Fault(name, requirement, description, replace(usual, **{place: part}), claims)
        return part

    return enter
