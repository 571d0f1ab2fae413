"""Role ``hypervisor``, as the engine takes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from vnic_conformance.cases import LONG_SCRIPTS, SCRIPTS
from vnic_conformance.defaults import LONG, PHASES
from vnic_conformance.episode import HYPERVISOR, Episode, Setting
from vnic_conformance.features import feature_of
from vnic_conformance.oracle import Judgement, Oracle
from vnic_conformance.protocol.hello import Hello
from vnic_conformance.reports import naming
from vnic_conformance.running.book import Book, book
from vnic_conformance.running.coverage import Coverage
from vnic_conformance.running.plan import (
    Case,
    exercised_by_script,
    known_case,
    requirements_of_role,
    watched_cases,
)
from vnic_conformance.running.play import Budget, Narrowed, Play, Run
from vnic_conformance.running.role import Role
from vnic_conformance.session import Conversation, Session, Turns
from vnic_spec.profile import Profile


def judge(setting: Setting, counts: Counter[str] | None = None) -> Oracle:
    """The oracle of a session."""
    exercised = None if counts is None else Coverage(counts).exercised
    return Oracle(setting.servers, setting.profile, frozenset(setting.unpaired), exercised)


def _plays(run: Run, made: Book, chosen: Sequence[Case], budget: Budget) -> Iterator[Play]:
    # Here, and below, because what plays needs more than what judges a log.
    from vnic_conformance.running import phases

    return phases.plays(run, made, chosen, budget)


def _turns(case: str) -> Callable[[Session[Any]], Turns] | None:
    script = (SCRIPTS | LONG_SCRIPTS).get(case)
    if script is None:
        return None
    from vnic_conformance.running.scripts import turns

    return lambda session: turns(script, session)


def _narrow(target: Conversation, episode: Episode, failure: Judgement, thorough: bool) -> Narrowed:
    from vnic_conformance.running.narrowing import narrow

    return narrow(target, episode, failure, thorough=thorough)


def _refuses(_: Hello, __: Profile) -> str:
    return ""


def _changed(name: str, was: object, now: object) -> str:
    words = naming.field_value(name, was), naming.field_value(name, now)
    return f"{naming.field_name(name)} was {words[0]}, is {words[1]}"


ROLE = Role(
    name=HYPERVISOR,
    phases=PHASES,
    requirements=requirements_of_role,
    watched=watched_cases,
    case=known_case,
    also=exercised_by_script,
    book=book,
    feature_of=feature_of,
    refuses=_refuses,
    times=lambda _: {},
    judge=judge,
    plays=_plays,
    turns=_turns,
    narrow=_narrow,
    phrase=naming.phrase,
    changed=_changed,
    on_request=(LONG,),
)
