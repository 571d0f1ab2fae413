"""The log of a run: a JSON-lines document that is written while the run goes on, and read by everything else.

Header, then a line per session, step, failure and verdict, then a footer; without the footer the document is truncated. Each
line is handed to the operating system when it is written, so nothing recorded is lost when the adapter dies or the kit is
stopped.

What came has the parts of an :class:`~vnic_conformance.answer.Answer`: ``reply`` is what the adapter said, ``seen`` the
observation, ``facts`` what the kit knows (absent where there is none). A record without ``seen`` is one of a step after which
nobody looked. In a session ``seen`` holds what changed since the last look: of a queue what moved, and ``null`` for a field that
is gone; in the episode of a failure it is whole.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TextIO

from vnic_conformance.answer import Answer, Facts
from vnic_conformance.episode import Episode, Setting
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.oracle import Alternative, Judgement
from vnic_conformance.running.events import (
    AdapterFailed,
    CaseDone,
    Event,
    Failure,
    Narrowing,
    Noted,
    RunBegan,
    RunEnded,
    SessionBegan,
    SessionEnded,
    StepDone,
    Stopped,
)
from vnic_conformance.running.verdicts import CaseResult, Verdict
from vnic_conformance.stimulus import Stimulus

FORMAT = "vnic-run"
VERSION = 2
#: Fields that come with every reply and say nothing.
_DULL = ("seq",)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class RunLog:
    """Writes the events of a run, each at once.

    Args:
        file: where to; it stays open until :meth:`close`.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._shown: dict[str, object] = {}
        self._cases: list[CaseResult] = []

    def __call__(self, event: Event) -> None:
        """Write one event."""
        for record in self._records(event):
            self._file.write(_ENCODER.encode(record) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _records(self, event: Event) -> Iterator[dict[str, object]]:
        if isinstance(event, RunBegan):
            yield header_record(event)
        elif isinstance(event, SessionBegan):
            self._shown = {}
            yield {
                "session": event.session,
                "phase": event.phase,
                "case": event.case,
                **setting_record(event.setting),
                "seed": event.seed,
                "covers": list(event.covers),
                **self._judged(event.judgement),
            }
        elif isinstance(event, StepDone):
            yield {
                "step": event.number,
                **stimulus_record(event.given),
                **self._judged(event.judgement),
            }
        elif not isinstance(event, Narrowing):
            yield plain_event(event)

    def _judged(self, judgement: Judgement) -> dict[str, object]:
        came = judgement.came
        seen = {} if came.seen is None else {"seen": self._news(came.seen)}
        return {"reply": _reply(came), **seen, **_facts(came.facts), **verdict_of(judgement)}

    def _news(self, seen: Mapping[str, object]) -> dict[str, object]:
        """What changed in the observation since the last one."""
        before, self._shown = self._shown, dict(seen)
        gone: dict[str, object] = dict.fromkeys(name for name in before if name not in seen)
        changed = {
            name: _moved(before.get(name), value) if name.endswith("_queue") else value
            for name, value in seen.items()
            if name not in before or before[name] != value
        }
        return {**changed, **gone}


def _moved(before: object, after: object) -> object:
    """What a queue holds now, by what it held before where that is shorter: how many were taken, which were added."""
    if not isinstance(before, str) or not isinstance(after, str):
        return after
    old, new = before.split(), after.split()
    for taken in (0, 1):
        left = old[taken:]
        if taken <= len(old) and left and new[: len(left)] == left:
            return {"taken": taken, "added": " ".join(new[len(left) :])}
    return after


def header_record(event: RunBegan) -> dict[str, object]:
    """The first line."""
    return {
        "run": FORMAT,
        "version": VERSION,
        "kit": event.kit,
        "adapter": event.adapter,
        "hello": dict(event.hello),
        "profile": event.profile.as_mapping(),
        "seed": event.seed,
        "steps": event.steps,
        "select": list(event.select),
        "cases": list(event.cases),
    }


def stimulus_record(stimulus: Stimulus) -> dict[str, object]:
    """A stimulus."""
    return {"who": stimulus.who, "call": stimulus.call, "with": dict(stimulus.arguments)}


def verdict_of(judgement: Judgement) -> dict[str, object]:
    """What the oracle said of a step; of a violation, everything that was allowed."""
    if not judgement.ok:
        return {
            "verdict": "fail",
            "hurts": judgement.requirement,
            "sentence": judgement.sentence,
            "allowed": [alternative_record(a) for a in judgement.alternatives],
        }
    agreed: list[dict[str, object]] = []
    for a in judgement.agreed:
        entry: dict[str, object] = {"action": a.action, "by": list(a.requirements), "rc": a.rc, "outcome": a.outcome}
        entry = {name: value for name, value in entry.items() if value not in (None, "")}
        if entry not in agreed:
            agreed.append(entry)
    verdict = "inconclusive" if judgement.inconclusive else "ok"
    reason = {"reason": judgement.inconclusive} if judgement.inconclusive else {}
    return {"verdict": verdict, "agreed": agreed, **reason}


def alternative_record(alternative: Alternative) -> dict[str, object]:
    """An answer that was allowed."""
    words = {"words": alternative.words} if alternative.words else {}
    return {"instead": dict(alternative.instead), "by": list(alternative.by), **words}


def setting_record(setting: Setting) -> dict[str, object]:
    """What differs from session to session of what they are judged by."""
    limits = {"limits": dict(setting.limits)} if setting.limits else {}
    return {"servers": setting.servers, "unpaired": list(setting.unpaired), **limits}


def episode_record(episode: Episode) -> dict[str, object]:
    """An episode in full, so that a failure can be taken out of its log."""
    return {
        **setting_record(episode.setting),
        "profile": episode.profile.as_mapping(),
        "start": answer_record(episode.start),
        "steps": [{**stimulus_record(m.stimulus), **answer_record(m.came)} for m in episode.moments],
    }


def answer_record(came: Answer) -> dict[str, object]:
    """What came, whole."""
    seen = {} if came.seen is None else {"seen": dict(came.seen)}
    return {"reply": _reply(came), **seen, **_facts(came.facts)}


def _reply(came: Answer) -> dict[str, object]:
    return {name: value for name, value in came.reply.items() if name not in _DULL}


def _facts(facts: Facts) -> dict[str, object]:
    known = {
        "absent": facts.absent,
        "measured": None if facts.measured is None else list(facts.measured),
        "repeated": facts.repeated,
    }
    known = {name: value for name, value in known.items() if value}
    return {"facts": known} if known else {}


def plain_event(event: Event) -> dict[str, object]:
    """An event that is neither header, session nor step."""
    if isinstance(event, Failure):
        rerun = event.rerun
        return {
            "failure": event.case,
            "hurts": event.requirement,
            "sentence": event.sentence,
            "phase": event.phase,
            "script": event.script,
            "found_after": event.found_after,
            "rerun": None if rerun is None else [rerun.failed, rerun.runs],
            "length_note": event.length_note,
            **({"shown": event.shown} if event.shown else {}),
            **({"played": event.played} if event.played else {}),
            "allowed": [alternative_record(a) for a in event.allowed],
            "episode": episode_record(event.episode),
        }
    if isinstance(event, AdapterFailed):
        return {
            "broken": dict(event.trouble),
            "text": event.text,
            "session": event.session,
            "open": None if event.stimulus is None else stimulus_record(event.stimulus),
            "episode": None if event.episode is None else episode_record(event.episode),
        }
    if isinstance(event, CaseDone):
        result = event.result
        rerun = result.rerun
        return {
            "case": result.case,
            "verdict": result.verdict.words,
            "exercised": result.exercised,
            "reason": result.reason,
            "rerun": None if rerun is None else [rerun.failed, rerun.runs],
        }
    if isinstance(event, SessionEnded):
        return {
            "over": event.session,
            "verdict": event.verdict,
            "hurts": event.requirement,
            "reason": event.reason,
        }
    if isinstance(event, Noted):
        return {"note": event.text}
    if isinstance(event, Stopped):
        return {"stopped": event.why}
    assert isinstance(event, RunEnded)
    return {
        "end": FORMAT,
        "sessions": event.sessions,
        "steps": event.steps,
        "seconds": round(event.seconds, 3),
        "exit": event.code,
        "beside": dict(event.beside),
        "unclear": event.unclear,
    }


def excerpt(header: RunBegan, failures: Sequence[Failure]) -> str:
    """A log that holds nothing but failures, complete in itself: what is kept, attached to reports, and replayed."""
    file = io.StringIO()
    log = RunLog(file)
    cases = tuple(dict.fromkeys(failure.case for failure in failures))
    log(replace(header, cases=cases, select=cases))
    for failure in failures:
        log(failure)
        log(CaseDone(CaseResult(failure.case, Verdict.FAIL, 1, failure.sentence, failure.rerun)))
    log(RunEnded(0, 0, 0.0, int(ExitCode.VIOLATION)))
    return file.getvalue()
