"""Playing a script: the oracle judges every step, and the script what the oracle cannot know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import GeneratorType

from vnic_conformance.cases.script import NOTHING, Expected, Not, OneOf, Script, ScriptStep, Shown
from vnic_conformance.oracle import Judgement, Oracle
from vnic_conformance.oracle.possibility import Allowed, Mismatch, matches
from vnic_conformance.protocol.hello import Hello
from vnic_conformance.protocol.messages import Outcome
from vnic_conformance.session import Session, Turn
from vnic_conformance.stimulus import Stimulus
from vnic_spec.profile import Profile
from vnic_spec.requirements import requirement

Memory = dict[str, object]


def applies(script: Script, hello: Hello, profile: Profile) -> bool:
    """Whether the script says anything about this implementation under this profile."""
    fits = script.servers <= hello.servers and (script.crowded or script.servers <= profile.max_servers)
    return fits and script.when(profile) and not script.without & hello.features


def turns(script: Script, session: Session[Oracle]) -> Iterator[Turn]:
    """What a script does and expects, for a session that has begun.

    To be asked for the next turn when the one before has been judged. A script that is a generator is sent what came.
    """
    memory: Memory = dict(session.judgements[-1].came)
    steps = iter(script.write(session.profile))
    step = next(steps, None)
    while step is not None:
        unknown = _unknown(step.stimulus, memory)
        if unknown:
            # The clock was faster than the script, and what it is about has not come; or it is never told here.
            if not session.oracle.by_time:
                session.undecided(f"the script needs what was not told: {unknown}")
            return
        yield Turn(_filled(step.stimulus, memory), partial(_expected, step, memory, session.oracle))
        last = session.judgements[-1]
        if session.failure is not None or last.inconclusive or session.skipped is not None:
            return
        memory.update({name: last.came.get(field) for name, field in step.remember.items()})
        step = _following(steps, last.came)


def _following(steps: Iterator[ScriptStep], came: Mapping[str, object]) -> ScriptStep | None:
    # What another iterator is asked for on the script's behalf is not for the script itself.
    if not isinstance(steps, GeneratorType) or steps.gi_yieldfrom is not None:
        return next(steps, None)
    try:
        found: ScriptStep = steps.send(came)
    except StopIteration:
        return None
    return found


def _expected(step: ScriptStep, memory: Memory, oracle: Oracle, judgement: Judgement) -> Judgement:
    """What a script says of a step that the oracle has no objection to."""
    if judgement.came.reply.get("outcome") == Outcome.UNKNOWN:
        # The oracle follows both ways; what a script expects from here on only one of them leads to.
        who = f"{judgement.stimulus.who} {judgement.stimulus.call}"
        return replace(
            judgement, inconclusive=f"{who} is answered unknown, and what the script expects then is not known"
        )
    if oracle.by_time or not step.expected:
        # On a real clock a script cannot know what has happened by itself by now. The oracle does.
        return judgement
    expected = {_name(name, memory): _value(value, memory) for name, value in step.expected.items()}
    wrong = tuple(name for name, value in expected.items() if not _agrees(value, judgement.came.get(name)))
    return _failure(step, judgement, wrong, expected) if wrong else judgement


def _failure(
    step: ScriptStep, judgement: Judgement, wrong: tuple[str, ...], expected: Mapping[str, Expected]
) -> Judgement:
    agreed = judgement.agreed[0]
    allowed = Allowed(agreed.possibility, agreed.action, agreed.parameters, (step.requirement,), agreed.rc)
    return replace(
        judgement,
        ok=False,
        scripted=True,
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
    arguments = tuple([(name, _text(value, memory)) for name, value in stimulus.arguments])
    return stimulus if arguments == stimulus.arguments else replace(stimulus, arguments=arguments)


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
