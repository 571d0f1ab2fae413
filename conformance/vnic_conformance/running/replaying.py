"""Putting an implementation through a recorded failure again, and saying what has become of it.

A failure that did not come every time is played so often that, if it were still there at its recorded rate, all of these runs
would miss it with a probability below one in a hundred.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from vnic_conformance.defaults import LONGEST_WAIT_MS
from vnic_conformance.episode import Episode
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.oracle import Judge, Judgement
from vnic_conformance.protocol.messages import Outcome
from vnic_conformance.running.episode import Retraced, again, retrace, session_of
from vnic_conformance.running.events import Failure
from vnic_conformance.running.repeating import runs_within
from vnic_conformance.running.role import converse, role_named
from vnic_conformance.running.verdicts import Rerun
from vnic_conformance.session import Conversation, Session, too_long
from vnic_conformance.targets import AdapterBroken, Target

#: Fields of a reply in which two runs differ without any meaning.
_FREE = ("seq", "now", "r4", "handle", "source", "reason")


#: With what probability a failure that is still there may be missed.
MISSED = 0.01
#: So often a failure is played at most, and, on a real clock, for so many seconds.
MOST_RUNS, MOST_S = 500, 60.0
#: So often one is played whose rate is not known.
UNKNOWN_RATE = 5


def runs_wanted(rerun: Rerun | None) -> int:
    """How often a failure has to be played before its absence says something.

    Args:
        rerun: how often it came again when it was recorded. One that never did is taken to come once in one run more than
            were made.
    """
    if rerun is None or not rerun.runs:
        return UNKNOWN_RATE
    if rerun.deterministic:
        return 1
    rate = rerun.failed / rerun.runs if rerun.failed else 1 / (rerun.runs + 1)
    return min(MOST_RUNS, math.ceil(math.log(MISSED) / math.log(1 - rate)))


def missed(rerun: Rerun | None, runs: int) -> str:
    """What remains unknown when a failure did not come in so many runs; empty if nothing does."""
    if rerun is None or not rerun.runs:
        return "how often it used to come is not recorded"
    if rerun.deterministic:
        return ""
    if not rerun.failed:
        return f"it did not come again in {rerun.runs} runs when it was found, so it may come seldom and still be there"
    chance = (1 - rerun.failed / rerun.runs) ** runs
    words = f"it came in {rerun.failed} of {rerun.runs} runs; if it still did, these runs would miss it with a probability of "
    return f"{words}{chance:.1%}"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What has become of a failure.

    Attributes:
        failure: the one that was recorded.
        code: FIXED, STILL FAILS or CANNOT REPLAY, as exit codes have it.
        reason: one sentence.
        retraced: the steps of the new run.
        changed: steps that went otherwise than recorded, and in what.
        failed: in how many runs a requirement was violated.
        runs: how many there were.
        unknown: what remains unknown where it is FIXED, or empty.
    """

    failure: Failure
    code: ExitCode
    reason: str
    retraced: tuple[Retraced, ...]
    changed: Mapping[int, str]
    failed: int = 0
    runs: int = 0
    unknown: str = ""

    @property
    def words(self) -> str:
        """The verdict as it is printed."""
        names = {ExitCode.CONFORMS: "FIXED", ExitCode.VIOLATION: "STILL FAILS"}
        return names.get(self.code, "CANNOT REPLAY")


def replay_failure(target: Target, failure: Failure) -> Replayed:
    """Do again what led to a failure, as often as its own rate asks for.

    Raises:
        AdapterBroken: the adapter broke.
    """
    recorded = failure.episode
    why = _impossible(target, recorded) or _allowed_today(failure)
    if why:
        return Replayed(failure, ExitCode.INCONCLUSIVE, why, (), {})
    asked = converse(role_named(recorded.setting.role), target, recorded.profile)
    wanted = runs_wanted(failure.rerun)
    if asked.real:
        wanted = max(1, min(wanted, runs_within(MOST_S, recorded, most=wanted)))
    sessions: list[Session[Judge]] = []
    for _ in range(wanted):
        try:
            session = _again(asked, failure)
        except (AdapterBroken, KeyboardInterrupt):
            if any(made.failure is not None for made in sessions):
                break  # what was seen counts
            raise
        if session is None:
            return Replayed(failure, ExitCode.INCONCLUSIVE, f"this kit has no script {failure.script}", (), {})
        sessions.append(session)
    failing = [session for session in sessions if session.failure is not None]
    undecided = [session for session in sessions if _undecided(session) is not None]
    said = _said(failure, (failing or undecided or sessions)[0])
    unknown = missed(failure.rerun, len(sessions)) if said.code is ExitCode.CONFORMS else ""
    return replace(said, failed=len(failing), runs=len(sessions), unknown=unknown)


def _undecided(session: Session[Judge]) -> Judgement | None:
    """The first answer that says nothing."""
    unknown = (j for j in session.judgements if j.inconclusive or j.came.get("outcome") == Outcome.UNKNOWN)
    return next(unknown, None)


def _said(failure: Failure, session: Session[Judge]) -> Replayed:
    """What one run says."""
    recorded, new = failure.episode, session.episode
    changed = changes(recorded, new)
    retraced = tuple(retrace(new))
    unsupported = _undecided(session)
    now = session.failure
    if now is not None:
        number = len(new.moments)
        same = now.requirement == failure.requirement and number == len(recorded.moments)
        reason = f"step {number} hurts {now.requirement}{', as recorded' if same else ''}: {now.sentence}"
        return Replayed(failure, ExitCode.VIOLATION, reason, retraced, changed)
    if unsupported is not None:
        why = unsupported.inconclusive or "whether it was carried out is not known"
        reason = f"{role_named(recorded.setting.role).phrase(unsupported.stimulus)}: {why}"
        return Replayed(failure, ExitCode.INCONCLUSIVE, reason, retraced, changed)
    many = len(recorded.moments)
    return Replayed(failure, ExitCode.CONFORMS, f"all {many} steps are as they must be", retraced, changed)


def _again(target: Conversation, failure: Failure) -> Session[Judge] | None:
    """The steps of a failure done again; where only a script knows what is wrong, by that script."""
    recorded = failure.episode
    if not failure.script:
        return again(target, recorded)
    turns = role_named(recorded.setting.role).turns(failure.script)
    if turns is None:
        return None
    session = session_of(target, recorded.setting)
    if session.begin().ok:
        for _ in session.steps(turns(session)):
            pass
    return session


def _impossible(target: Target, recorded: Episode) -> str:
    """Why the steps cannot even be tried; empty if they can."""
    hello, role = target.hello, role_named(recorded.setting.role)
    if hello.role != role.name:
        return f"it was recorded in role {role.name}; the adapter plays the role {hello.role}"
    if recorded.servers > hello.servers:
        return f"it takes {recorded.servers} servers; the adapter has at most {hello.servers}"
    asked = (moment.stimulus for moment in recorded.moments if not moment.came.facts.absent)
    needed = {feature for stimulus in asked if (feature := role.feature_of(stimulus)) is not None}
    if recorded.setting.unpaired:
        needed.add("unpaired")
    missing = sorted(needed - hello.features)
    waits = "" if hello.virtual else next(filter(None, (too_long(s, LONGEST_WAIT_MS) for s in recorded.word)), "")
    if waits:
        return waits
    if missing:
        return f"the adapter does not claim {', '.join(missing)}"
    if recorded.profile != hello.profile and "profiles" not in hello.features:
        mine, theirs = recorded.profile.as_mapping(), hello.profile.as_mapping()
        other = ", ".join(f"{name} = {mine[name]}" for name in mine if mine[name] != theirs[name])
        return f"it was recorded under another profile ({other}), which the adapter does not offer"
    return ""


def _allowed_today(failure: Failure) -> str:
    """Why doing it again would show nothing: what was recorded is no violation by this kit. Empty if it is one.

    What only a script knows to be wrong is left to the script.
    """
    if failure.script or not retrace(failure.episode)[-1].judgement.ok:
        return ""
    many = len(failure.episode.moments)
    return (
        f"by this kit's specification the {many} recorded steps violate nothing, so doing them again would show nothing"
    )


def changes(recorded: Episode, new: Episode) -> dict[int, str]:
    """The steps that went otherwise, and in what."""
    role = role_named(recorded.setting.role)
    found: dict[int, str] = {}
    for number, (old, now) in enumerate(zip(recorded.moments, new.moments, strict=False), 1):
        words = [
            role.changed(name, old.came.get(name), now.came.get(name))
            for name in dict.fromkeys([*old.came, *now.came])
            if name not in _FREE and old.came.get(name) != now.came.get(name)
        ]
        if words:
            found[number] = "; ".join(words)
    return found
