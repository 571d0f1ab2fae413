"""A rule of the monitor: a requirement as far as a record can contradict it, and what it takes to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from vnic_spec.requirements import check_ids
from vnic_spec.vocabulary import Word


class Subject(Word):
    """Whom a rule is about. The value is the word for it."""

    HYPERVISOR = "the hypervisor"
    CLIENT = "the client"
    SERVER = "a server"


class Needs(Word):
    """What a record has to show for a rule. The value says it."""

    LINES = "lines of the driver"
    ELEMENTS = "elements of the CRQ in both directions: a capture, or dynamic debugging of the driver"
    RESETS = "lines about resets: dynamic debugging of the driver"
    TIMES = "time stamps"
    SENDERS = "who sends each element to whom: a capture that says it"
    TAKEN = "elements when they are sent and again when they are read: a capture that has both"
    STEPS = "hypervisor calls with their answers: a capture of vnickit"
    LISTINGS = "listings of the console over time"
    SLOTS = "of which vNIC each row is, which nobody can tell here: list slot_num, too, or one vNIC alone (--filter slots=...)"
    CONSOLE = (
        "whether a server is pinned, which listings do not show: lines that begin with $ and tell what was done at the console, "
        "or --untouched if no server was activated there"
    )


#: What came, and what was allowed.
Finding = tuple[str, str]
#: What a check yields where its condition holds, before anything that contradicts it.
HELD: Final = None
#: Looks at what was seen before the view has taken it in. What view and seen are depends on the source.
Check = Callable[[Any, Any], Iterator[Finding | None]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: unlike that of any other rule.
        requirements: IDs, the one that is contradicted first.
        subject: whom it is about.
        sentence: the rule in a sentence.
        when: what its condition is: where it holds the record can tell.
        needs: what the record has to show.
        check: finds where the condition holds, and what contradicts it.
    """

    name: str
    requirements: tuple[str, ...]
    subject: Subject
    sentence: str
    when: str
    needs: Needs
    check: Check


class Rules(dict[str, Rule]):
    """Rules by name, in the order in which they are defined."""

    def rule(
        self, *requirements: str, subject: Subject, sentence: str, when: str, needs: Needs
    ) -> Callable[[Check], Check]:
        """Enter a check as a rule; its name is the function's.

        Raises:
            ValueError: there is a rule of this name, or a requirement does not exist.
        """

        def enter(check: Check) -> Check:
            name = check.__name__
            check_ids(f"rule {name}", requirements)
            if name in self:
                raise ValueError(f"rule {name} is defined twice")
            self[name] = Rule(name, requirements, subject, sentence, when, needs, check)
            return check

        return enter
