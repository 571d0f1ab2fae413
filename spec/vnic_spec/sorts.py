"""Sorts: what a state variable or a parameter ranges over, as data.

A sort describes at run time what a type of the algebra (:mod:`vnic_spec.algebra`) says to the type checker.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


@dataclass(frozen=True)
class Flag:
    """A Boolean."""


@dataclass(frozen=True)
class Choice:
    """A member of a vocabulary, one of ``members``."""

    members: tuple[Enum, ...]


@dataclass(frozen=True)
class Server:
    """A server, or nobody where ``or_nobody``."""

    or_nobody: bool = True


@dataclass(frozen=True)
class Level:
    """A priority. Only its order matters (SEL-4), so a finite reading has a few levels, 0 the best."""


@dataclass(frozen=True)
class Elements:
    """A queue of elements of these kinds; ``senders`` where who sent them matters to the proof."""

    kinds: tuple[Enum, ...]
    senders: bool


@dataclass(frozen=True)
class Added:
    """The order in which the servers were added to the list."""


@dataclass(frozen=True)
class Each:
    """One value per server."""

    sort: Flag | Choice | Level | Elements


Sort: TypeAlias = Flag | Choice | Server | Level | Elements | Added | Each
