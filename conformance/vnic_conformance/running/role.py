"""A role is data and an oracle: what the one engine needs to know of what an implementation plays.

Engine, log, reports, ``replay``, ``judge``, ``matrix``, score and the pytest plugin take everything that differs between roles
from here; ``CONTRIBUTING.md`` says how to add one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from vnic_conformance.answer import Answer
from vnic_conformance.defaults import ROLES
from vnic_conformance.episode import Episode, Setting
from vnic_conformance.oracle import Judge, Judgement
from vnic_conformance.protocol.hello import Hello
from vnic_conformance.running.book import Book
from vnic_conformance.running.plan import Case
from vnic_conformance.running.play import Budget, Narrowed, Play, Run
from vnic_conformance.session import Conversation, Session, Turns, conversation
from vnic_conformance.stimulus import Stimulus
from vnic_conformance.targets import Target
from vnic_spec.profile import Profile
from vnic_spec.requirements import Requirement


@dataclass(frozen=True)
class Role:
    """What one role supplies.

    Attributes:
        name: as ``hello`` has it.
        phases: what can be played, in order.
        on_request: what is played beside them where it is asked for.
        requirements: the requirements that bind it, in order.
        watched: the cases that are judged at every step.
        case: the case of an ID that a log names, or that a violation is blamed on and no plan has.
        book: what can be played under a profile, for some phases; told when that takes a while.
        feature_of: the feature that a stimulus needs, or None.
        refuses: why an implementation cannot be judged by a profile; empty if it can.
        times: what its oracle goes by beside the profile, from ``hello``.
        judge: the oracle of a session; with counts it says what is put to the test, as often as they still ask for it.
        plays: what is played for the cases that were chosen.
        turns: what a scripted case does, by its ID; None: there is no such case.
        retold: what a case does whose ID leaves something open, from what was done; None: there is no such case.
        narrow: a failing episode made short, and repeated; thoroughly, or within a small budget.
        phrase: a stimulus in words.
        also: IDs of watched cases that a played one counts for.
        changed: a field of two answers that differ, in words.
        by_case: its reports list cases instead of requirements.
        own_servers: its cases say how many servers there are, also where chance plays.
        conversation: how an implementation is asked, where a step is more than one request of the protocol.
        problem: why a stimulus is none of the role, where the protocol has none of its stimuli; empty if it is one.
        unreadable: why an answer that was recorded in such a role cannot be judged; empty if it can.
        claimed: reads what a log has of ``times``; a ``ValueError`` says what is wrong with it.
    """

    name: str
    phases: tuple[str, ...]
    requirements: Callable[[], Sequence[Requirement]]
    watched: Callable[[], Sequence[Case]]
    case: Callable[[str], Case]
    book: Callable[[Profile, Sequence[str], Callable[[str], None]], Book]
    feature_of: Callable[[Stimulus], str | None]
    refuses: Callable[[Hello, Profile], str]
    times: Callable[[Hello], dict[str, int]]
    judge: Callable[[Setting, Counter[str] | None], Judge]
    plays: Callable[[Run, Book, Sequence[Case], Budget], Iterator[Play]]
    turns: Callable[[str], Callable[[Session[Judge]], Turns] | None]
    narrow: Callable[[Conversation, Episode, Judgement, bool], Narrowed]
    phrase: Callable[[Stimulus], str]
    also: Callable[[str], frozenset[str]] = lambda _: frozenset()
    changed: Callable[[str, object, object], str] = lambda name, was, now: f"{name} was {was}, is {now}"
    retold: Callable[[str, Sequence[Stimulus]], Callable[[Session[Judge]], Turns] | None] = lambda name, word: None
    by_case: bool = False
    own_servers: bool = False
    on_request: tuple[str, ...] = ()
    conversation: Callable[[Target], Conversation] | None = None
    problem: Callable[[Stimulus], str] | None = None
    unreadable: Callable[[Answer], str] | None = None
    claimed: Callable[[Mapping[str, int]], object] | None = None


def converse(role: Role, target: Target, profile: Profile) -> Conversation:
    """Requests to an implementation that is to be judged by a profile, in its role."""
    if role.conversation is not None:
        return role.conversation(target)
    return conversation(target, profile, role.feature_of)


@cache
def role_named(name: str) -> Role:
    """The role of that name.

    Raises:
        LookupError: the kit checks no such role; the text lists those that it does.
    """
    if name not in ROLES:
        raise LookupError(f"this kit checks the roles {' and '.join(ROLES)}")
    found = import_module(ROLES[name]).ROLE
    assert isinstance(found, Role)
    return found
