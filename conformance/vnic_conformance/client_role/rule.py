"""A rule of the monitor: a requirement as something that can be seen to be broken, and what is said then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from vnic_conformance.client_role.happenings import KINDS, Happening
from vnic_conformance.client_role.view import View

#: What came, and what was allowed.
Finding = tuple[str, str]
#: Looks at a happening before the view has taken it in.
Check = Callable[[View, Happening], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: unlike that of any other rule.
        requirements: IDs, the one that is broken first.
        sentence: the rule in a sentence.
        on: the happenings that can break it.
        watches: names of the fields of the :class:`~.view.View` that it looks at.
        check: finds what breaks it.
    """

    name: str
    requirements: tuple[str, ...]
    sentence: str
    on: tuple[type[Happening], ...]
    watches: tuple[str, ...]
    check: Check


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule was broken, at ``now``: what came, and all that was allowed."""

    rule: Rule
    now: int
    came: str
    allowed: str

    @property
    def requirement(self) -> str:
        """ID of the requirement that is broken."""
        return self.rule.requirements[0]

    def __str__(self) -> str:
        return f"{self.requirement} at {self.now} ms: {self.rule.sentence} Came: {self.came}. Allowed: {self.allowed}."


#: Every rule by name, in the order of the modules that define them.
RULES: Final[dict[str, Rule]] = {}


def rule(*requirements: str, on: str, sentence: str, watches: str = "") -> Callable[[Check], Check]:
    """Enter a check as a rule; its name is the function's, ``on`` and ``watches`` are names with blanks between.

    Raises:
        ValueError: there is a rule of this name, or it watches what is no field of the view.
        KeyError: there is no such happening.
    """

    def enter(check: Check) -> Check:
        name = check.__name__
        fields = tuple(watches.split())
        unknown = [field for field in fields if field not in View.__slots__]
        if name in RULES or unknown:
            raise ValueError(f"rule {name}: defined twice, or watches {unknown}")
        RULES[name] = Rule(name, requirements, sentence, tuple(KINDS[kind] for kind in on.split()), fields, check)
        return check

    return enter
