"""One script played alone, without a run around it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vnic_conformance.cases import SCRIPTS
from vnic_conformance.cases.journeys import GENERATED
from vnic_conformance.cases.script import Script
from vnic_conformance.oracle import Judgement, Oracle
from vnic_conformance.protocol.hello import Hello
from vnic_conformance.running.scripts import applies, turns
from vnic_conformance.session import Session, conversation, hypervisor_session
from vnic_conformance.targets import Target
from vnic_spec.profile import Profile


class Verdict(StrEnum):
    """What came of a script."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    UNSUPPORTED = "unsupported"  #: the implementation does not claim what it needs
    NOT_APPLICABLE = "not applicable"  #: it is about another profile, or about features that are absent


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a script.

    Attributes:
        script: which one.
        verdict: what may be said.
        why: of anything but a pass, in words.
        step: number of the step that went wrong, from 1; 0 where none did.
        failure: the judgement of that step, with everything that was allowed.
        session: what was done and seen, where it was played.
    """

    script: Script
    verdict: Verdict
    why: str = ""
    step: int = 0
    failure: Judgement | None = None
    session: Session[Oracle] | None = None


def missing(script: Script, features: frozenset[str]) -> tuple[str, ...]:
    """Features that the script needs and the implementation does not claim."""
    return tuple(sorted(script.features - features))


def play(script: Script, target: Target, hello: Hello, profile: Profile) -> Played:
    """Play one script from a reset on.

    Args:
        script: what to play.
        target: the implementation.
        hello: what it says of itself.
        profile: what it is judged by.
    """
    absent = missing(script, hello.features)
    if absent:
        return Played(script, Verdict.UNSUPPORTED, f"not claimed: {', '.join(absent)}")
    if not applies(script, hello, profile):
        return Played(script, Verdict.NOT_APPLICABLE, "it is about other claims")
    session = hypervisor_session(conversation(target, profile), script.servers, profile, script.unpaired)
    if session.begin().ok:
        for _ in session.steps(turns(script, session)):
            pass
    return _verdict(script, session)


def _verdict(script: Script, session: Session[Oracle]) -> Played:
    step, last = len(session.judgements) - 1, session.judgements[-1]
    if session.failure is not None:
        why = f"{session.failure.requirement}: {session.failure.sentence}"
        return Played(script, Verdict.FAIL, why, step, session.failure, session)
    if last.inconclusive:
        verdict = Verdict.UNSUPPORTED if last.came.get("outcome") == "unsupported" else Verdict.INCONCLUSIVE
        return Played(script, verdict, last.inconclusive, step, None, session)
    return Played(script, Verdict.PASS, session=session)


#: Rows of tables: a call's values and sizes, an event and the situation that it meets. No parameter is what they are about.
TABLES = tuple(f"vnic_conformance.cases.{name}" for name in ("geometry", "values", "vanishing"))


def dealt(part: int, parts: int) -> list[str]:
    """The cases to be played under one of several profiles: all but the rows of :data:`TABLES`, and of these a part.

    A part has rows of every table, and neighbours are in different parts.
    """
    rows = [
        name
        for table in TABLES
        for name in sorted(GENERATED)
        if (s := SCRIPTS.get(name)) and s.write.__module__ == table
    ]
    left_out = set(rows) - set(rows[part::parts])
    return [name for name in SCRIPTS if name not in left_out]
