"""Putting an implementation through a recorded failure again, and saying what has become of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vnic_conformance.cases import LONG_SCRIPTS, SCRIPTS
from vnic_conformance.cases.runner import stimuli
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.oracle import ABSENT, MEASURED, REPEATED
from vnic_conformance.reports import naming
from vnic_conformance.running.episode import (
    Episode,
    Recording,
    Retraced,
    Strict,
    again,
    conversation,
    feature_of,
    retrace,
    too_long,
)
from vnic_conformance.running.events import Failure
from vnic_conformance.targets import Target

#: Fields of a reply in which two runs differ without any meaning.
_FREE = (MEASURED, REPEATED, "seq", "now", "r4", "handle", "source", "reason")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What has become of a failure.

    Attributes:
        failure: the one that was recorded.
        code: FIXED, STILL FAILS or CANNOT REPLAY, as exit codes have it.
        reason: one sentence.
        retraced: the steps of the new run.
        changed: steps that went otherwise than recorded, and in what.
    """

    failure: Failure
    code: ExitCode
    reason: str
    retraced: tuple[Retraced, ...]
    changed: Mapping[int, str]

    @property
    def words(self) -> str:
        """The verdict as it is printed."""
        names = {ExitCode.CONFORMS: "FIXED", ExitCode.VIOLATION: "STILL FAILS"}
        return names.get(self.code, "CANNOT REPLAY")


def replay_failure(target: Target, failure: Failure) -> Replayed:
    """Do again what led to a failure.

    Raises:
        AdapterBroken: the adapter broke.
    """
    recorded = failure.episode
    why = _impossible(target, recorded)
    if why:
        return Replayed(failure, ExitCode.INCONCLUSIVE, why, (), {})
    session = _again(conversation(target, recorded.profile), failure)
    if session is None:
        return Replayed(failure, ExitCode.INCONCLUSIVE, f"this kit has no script {failure.script}", (), {})
    new = session.episode
    changed = changes(recorded, new)
    retraced = tuple(retrace(new))
    unsupported = next((j for j in session.judgements if j.inconclusive), None)
    now = session.failure
    if now is not None:
        number = len(new.moments)
        same = now.requirement == failure.requirement and number == len(recorded.moments)
        reason = f"step {number} hurts {now.requirement}{', as recorded' if same else ''}: {now.sentence}"
        return Replayed(failure, ExitCode.VIOLATION, reason, retraced, changed)
    if unsupported is not None:
        reason = f"{naming.phrase(unsupported.stimulus)}: {unsupported.inconclusive}"
        return Replayed(failure, ExitCode.INCONCLUSIVE, reason, retraced, changed)
    many = len(recorded.moments)
    return Replayed(failure, ExitCode.CONFORMS, f"all {many} steps are as they must be", retraced, changed)


def _again(target: Strict, failure: Failure) -> Recording | None:
    """The steps of a failure done again; where only a script knows what is wrong, by that script."""
    recorded = failure.episode
    if not failure.script:
        return again(target, recorded)
    script = (SCRIPTS | LONG_SCRIPTS).get(failure.script)
    if script is None:
        return None
    session = Recording(target, script.servers, recorded.profile, unpaired=script.unpaired)
    if session.begin().ok:
        for stimulus in stimuli(script, session):
            session.apply(stimulus)
    return session


def _impossible(target: Target, recorded: Episode) -> str:
    """Why the steps cannot even be tried; empty if they can."""
    hello = target.hello
    if recorded.servers > hello.servers:
        return f"it takes {recorded.servers} servers; the adapter has at most {hello.servers}"
    asked = (moment.stimulus for moment in recorded.moments if ABSENT not in moment.came)
    needed = {feature for stimulus in asked if (feature := feature_of(stimulus)) is not None}
    if recorded.unpaired:
        needed.add("unpaired")
    missing = sorted(needed - hello.features)
    waits = "" if hello.virtual else next(filter(None, map(too_long, recorded.word)), "")
    if waits:
        return waits
    if missing:
        return f"the adapter does not claim {', '.join(missing)}"
    if recorded.profile != hello.profile and "profiles" not in hello.features:
        mine, theirs = recorded.profile.as_mapping(), hello.profile.as_mapping()
        other = ", ".join(f"{name} = {mine[name]}" for name in mine if mine[name] != theirs[name])
        return f"it was recorded under another profile ({other}), which the adapter does not offer"
    return ""


def changes(recorded: Episode, new: Episode) -> dict[int, str]:
    """The steps that went otherwise, and in what."""
    found: dict[int, str] = {}
    for number, (old, now) in enumerate(zip(recorded.moments, new.moments, strict=False), 1):
        words = [
            f"{naming.field_name(name)} was {naming.field_value(name, old.came.get(name))}, "
            f"is {naming.field_value(name, now.came.get(name))}"
            for name in dict.fromkeys([*old.came, *now.came])
            if name not in _FREE and old.came.get(name) != now.came.get(name)
        ]
        if words:
            found[number] = "; ".join(words)
    return found
