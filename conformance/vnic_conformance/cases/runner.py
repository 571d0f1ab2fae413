"""Playing a script: the oracle judges every step, and the script what the oracle cannot know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from vnic_conformance.cases.script import NOTHING, Expected, Not, OneOf, Script, ScriptStep, Shown
from vnic_conformance.oracle.judge import Judgement, Mismatch
from vnic_conformance.oracle.possibility import Allowed, matches
from vnic_conformance.protocol.hello import Hello
from vnic_conformance.protocol.messages import Outcome
from vnic_conformance.running.episode import conversation
from vnic_conformance.session import Session
from vnic_conformance.stimulus import Stimulus
from vnic_conformance.targets import Target
from vnic_spec.profile import Profile
from vnic_spec.requirements import requirement

Memory = dict[str, object]


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
    session: Session | None = None


def missing(script: Script, features: frozenset[str]) -> tuple[str, ...]:
    """Features that the script needs and the implementation does not claim."""
    return tuple(sorted(script.features - features))


def applies(script: Script, hello: Hello, profile: Profile) -> bool:
    """Whether the script says anything about this implementation under this profile."""
    fits = script.servers <= hello.servers and (script.crowded or script.servers <= profile.max_servers)
    return fits and script.when(profile) and not script.without & hello.features


def stimuli(script: Script, session: Session) -> Iterator[Stimulus]:
    """The stimuli of a script, for a session that has begun.

    To be asked for the next one when the one before has been applied: then what came is compared with what the script
    expects. A difference becomes the session's failure, as if the oracle had found it.
    """
    memory: Memory = dict(session.judgements[-1].came)
    for step in script.steps(session.profile):
        unknown = _unknown(step.stimulus, memory)
        if unknown:
            # The clock was faster than the script, and what it is about has not come; or it is never told here.
            if not session.oracle.by_time:
                why = f"the script needs what was not told: {unknown}"
                session.judgements[-1] = replace(session.judgements[-1], inconclusive=why)
            return
        stimulus = _filled(step.stimulus, memory)
        yield stimulus
        judgement = session.judgements[-1]
        if session.failure is not None or judgement.inconclusive:
            return
        if judgement.came.get("outcome") == Outcome.UNKNOWN:
            # The oracle follows both ways; what a script expects from here on only one of them leads to.
            why = f"{stimulus.who} {stimulus.call} is answered unknown, and what the script expects then is not known"
            session.judgements[-1] = replace(judgement, inconclusive=why)
            return
        if session.oracle.by_time:
            # On a real clock a script cannot know what has happened by itself by now. The oracle does.
            memory.update({name: judgement.came.get(field) for name, field in step.remember.items()})
            continue
        expected = {_name(name, memory): _value(value, memory) for name, value in step.expected.items()}
        wrong = tuple(name for name, value in expected.items() if not _agrees(value, judgement.came.get(name)))
        if wrong:
            session.failure = session.judgements[-1] = _failure(step, judgement, wrong, expected)
            return
        memory.update({name: judgement.came.get(field) for name, field in step.remember.items()})


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
    session = Session(conversation(target, profile), script.servers, profile, script.unpaired)
    if session.begin().ok:
        for stimulus in stimuli(script, session):
            session.apply(stimulus)
    return _verdict(script, session)


def _verdict(script: Script, session: Session) -> Played:
    step, last = len(session.judgements) - 1, session.judgements[-1]
    if session.failure is not None:
        why = f"{session.failure.requirement}: {session.failure.sentence}"
        return Played(script, Verdict.FAIL, why, step, session.failure, session)
    if last.inconclusive:
        verdict = Verdict.UNSUPPORTED if last.came.get("outcome") == "unsupported" else Verdict.INCONCLUSIVE
        return Played(script, verdict, last.inconclusive, step, None, session)
    return Played(script, Verdict.PASS, session=session)


def _failure(
    step: ScriptStep, judgement: Judgement, wrong: tuple[str, ...], expected: Mapping[str, Expected]
) -> Judgement:
    agreed = judgement.agreed[0]
    allowed = Allowed(agreed.possibility, agreed.action, agreed.parameters, (step.requirement,), agreed.rc)
    return replace(
        judgement,
        ok=False,
        agreed=(),
        mismatches=(Mismatch(allowed, wrong, dict(expected)),),
        requirement=step.requirement,
        sentence=requirement(step.requirement).text,
    )


def _agrees(expected: Expected, came: object) -> bool:
    if isinstance(expected, Not):
        return came is not None and came != expected.value
    if isinstance(expected, OneOf):
        return came in expected.values
    if expected is NOTHING:
        return came is None
    return matches(expected, came)


def _unknown(stimulus: Stimulus, memory: Memory) -> str:
    """The name of a value that it needs and that has not come; empty if there is none."""
    named = (v[1:].partition("^")[0] for _, v in stimulus.arguments if isinstance(v, str) and v.startswith("$"))
    return next((name for name in named if memory.get(name) is None), "")


def _filled(stimulus: Stimulus, memory: Memory) -> Stimulus:
    arguments = tuple((name, _text(value, memory)) for name, value in stimulus.arguments)
    return replace(stimulus, arguments=arguments)


def _text(value: int | str, memory: Memory) -> int | str:
    if isinstance(value, str) and value.startswith("$"):
        name, changed, bits = value[1:].partition("^")
        found = memory[name]
        assert isinstance(found, int | str), f"{value} is {found!r}"
        return found ^ int(bits, 0) if changed and isinstance(found, int) else found
    return value


def _name(name: str, memory: Memory) -> str:
    head, dollar, tail = name.partition("$")
    return f"{head}{memory[tail]}" if dollar else name


def _value(value: Expected, memory: Memory) -> Expected:
    if isinstance(value, Not):
        return Not(_text(value.value, memory))
    if isinstance(value, Shown):
        return str(_text(value.value, memory))
    return _text(value, memory) if isinstance(value, int | str) else value
