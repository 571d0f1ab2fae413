"""A rule of the monitor: a requirement as something that can be seen to be broken, and what is said then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from vnic_conformance.client_role.happenings import KINDS, Happening
from vnic_conformance.client_role.view import View
from vnic_spec.wire import Hcall

#: What came, and what was allowed.
Finding = tuple[str, str]
#: What a check yields where its condition holds, before anything that breaks it: the rule is put to the test.
HELD: Final = None
#: Looks at a happening before the view has taken it in.
Check = Callable[[View, Happening], Iterator[Finding | None]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: unlike that of any other rule.
        requirements: IDs, the one that is broken first.
        sentence: the rule in a sentence.
        when: what its condition is, in words: where it holds the rule is put to the test.
        on: the happenings at which its condition may hold.
        watches: names of the fields of the :class:`~.view.View` that it looks at.
        calls: the hypervisor calls in which its condition may hold; None: any.
        reads: it reads the client's memory.
        check: finds where its condition holds, and what breaks it.
    """

    name: str
    requirements: tuple[str, ...]
    sentence: str
    when: str
    on: tuple[type[Happening], ...]
    watches: tuple[str, ...]
    calls: frozenset[int] | None
    reads: bool
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


def rule(
    *requirements: str, on: str, sentence: str, when: str = "", watches: str = "", calls: str = "", reads: bool = False
) -> Callable[[Check], Check]:
    """Enter a check as a rule; its name is the function's. ``on``, ``watches`` and ``calls`` are names with blanks between.

    Raises:
        ValueError: there is a rule of this name, or it watches what is no field of the view.
        KeyError: there is no such happening, or no such call.
    """

    def enter(check: Check) -> Check:
        name = check.__name__
        fields = tuple(watches.split())
        unknown = [field for field in fields if field not in View.__slots__]
        if name in RULES or unknown:
            raise ValueError(f"rule {name}: defined twice, or watches {unknown}")
        kinds = tuple(KINDS[kind] for kind in on.split())
        opcodes = frozenset(int(Hcall[call]) for call in calls.split()) if calls else None
        RULES[name] = Rule(name, requirements, sentence, when, kinds, fields, opcodes, reads, check)
        return check

    return enter
