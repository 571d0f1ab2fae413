"""Episodes judged again, and an implementation put through one again.

Values that an implementation makes up differ from run to run: session tokens stand in an episode by name, and a handle is
replaced by the one of the new run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vnic_conformance.episode import Episode, Setting
from vnic_conformance.oracle import Judge, Judgement, Oracle, Possibility
from vnic_conformance.running.role import role_named
from vnic_conformance.session import Conversation, Session
from vnic_conformance.stimulus import Stimulus, with_tokens


@dataclass(frozen=True, slots=True)
class Retraced:
    """One step of an episode, judged again.

    Attributes:
        number: 0 is the reset.
        now: virtual time before the step, in milliseconds.
        before: what the implementation's state may have been.
        judgement: what the oracle says of it.
        shown: what could be seen before the step.
    """

    number: int
    now: int
    before: frozenset[Possibility]
    judgement: Judgement
    shown: Mapping[str, object]


def retrace(episode: Episode) -> list[Retraced]:
    """Judge an episode again, up to the first violation."""
    judge = role_named(episode.setting.role).judge(episode.setting, None)
    known = frozenset(judge.possibilities) if isinstance(judge, Oracle) else frozenset()
    found = [Retraced(0, 0, known, judge.begin(episode.start), {})]
    shown: Mapping[str, object] = episode.start
    tokens: list[int] = []
    for number, moment in enumerate(episode.moments, 1):
        if not found[-1].judgement.ok:
            break
        before, now = (judge.possibilities, judge.now) if isinstance(judge, Oracle) else (known, 0)
        judgement = judge.step(with_tokens(moment.stimulus, tokens), moment.came)
        found.append(Retraced(number, now, before, judgement, shown))
        shown = {**_lasting(shown, moment.came), **moment.came}
        token = moment.came.get("r4")
        if isinstance(token, int) and token not in tokens[-1:]:
            tokens.append(token)
    return found


def _lasting(shown: Mapping[str, object], came: Mapping[str, object]) -> Mapping[str, object]:
    """What is still to be seen after a step: a look that does not show a sub-CRQ any more says that it is gone."""
    if "client_queue" not in came:
        return shown
    return {name: value for name, value in shown.items() if "_sub_" not in name}


class Handles:
    """Handles that the implementation gave out in one run, and those that it gave out in another."""

    def __init__(self) -> None:
        self._new: dict[int | str, int] = {}

    def learn(self, old: Mapping[str, object], new: Mapping[str, object]) -> None:
        """Take in the two replies to one stimulus."""
        was, now = old.get("handle"), new.get("handle")
        if isinstance(was, int) and isinstance(now, int):
            self._new[was] = now

    def stimulus(self, stimulus: Stimulus) -> Stimulus:
        """The stimulus with the handle of the new run."""
        if "handle" not in stimulus.given:
            return stimulus
        arguments = tuple((k, self._new.get(v, v) if k == "handle" else v) for k, v in stimulus.arguments)
        return replace(stimulus, arguments=arguments)


def again(target: Conversation, episode: Episode) -> Session[Judge]:
    """Put an implementation through an episode again, up to the first violation."""
    session = session_of(target, episode.setting)
    if session.begin().ok:
        handles = Handles()
        for moment in episode.moments:
            judgement = session.apply(handles.stimulus(moment.stimulus))
            if not judgement.ok:
                break
            handles.learn(moment.came, judgement.came)
    return session


def session_of(target: Conversation, setting: Setting) -> Session[Judge]:
    """A session that nobody is told of."""
    return Session(target, setting, role_named(setting.role).judge(setting, None))
