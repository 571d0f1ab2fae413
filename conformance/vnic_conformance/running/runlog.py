"""The log of a run: a JSON-lines document that is written while the run goes on, and read by everything else.

Header, then a line per session, step, failure and verdict, then a footer; without the footer the document is truncated. Each
line is handed to the operating system when it is written, so nothing recorded is lost when the adapter dies or the kit is
stopped. In a session only what changed in the observation is repeated from step to step, and of a queue what moved.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.oracle import Judgement
from vnic_conformance.protocol.rules import is_observed
from vnic_conformance.running.episode import Episode, Moment
from vnic_conformance.running.events import (
    AdapterFailed,
    Alternative,
    CaseDone,
    Event,
    Failure,
    Narrowing,
    Noted,
    RunBegan,
    RunEnded,
    SessionBegan,
    StepDone,
    Stopped,
    alternatives,
)
from vnic_conformance.running.verdicts import CaseResult, Rerun, Verdict
from vnic_conformance.stimulus import Stimulus
from vnic_spec.profile import Profile

FORMAT = "vnic-run"
VERSION = 1
#: Fields that come with every reply and say nothing.
_DULL = ("seq",)


class RunLogError(ValueError):
    """A document that is no log of a run, or a damaged one. The message says where and why."""


# --- writing ---------------------------------------------------------------------------------------------------------


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
            self._file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
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
                "servers": event.servers,
                "unpaired": list(event.unpaired),
                "seed": event.seed,
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
        record: dict[str, object] = {"came": self._news(judgement.came), **verdict_of(judgement)}
        return record

    def _news(self, came: Mapping[str, object]) -> dict[str, object]:
        """What is new in a reply: its own fields, and what changed in the observation."""
        news = {
            name: _moved(self._shown.get(name), value) if name.endswith("_queue") else value
            for name, value in came.items()
            if name not in _DULL and (not is_observed(name) or self._shown.get(name) != value)
        }
        if "client_queue" in came:  # a reply with an observation: what is missing in it is gone
            gone = [name for name in self._shown if name not in came]
            self._shown = {name: value for name, value in came.items() if is_observed(name)}
            if gone:
                news["gone"] = " ".join(gone)
        return news


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


def _held(before: object, moved: object) -> object:
    """What a queue holds, from what :func:`_moved` has written."""
    if not isinstance(moved, dict):
        return moved
    return " ".join([*str(before).split()[moved["taken"] :], *moved["added"].split()])


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
            "allowed": [alternative_record(a) for a in alternatives(judgement)],
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
    return {"instead": dict(alternative.instead), "by": list(alternative.by)}


def episode_record(episode: Episode) -> dict[str, object]:
    """An episode in full, so that a failure can be taken out of its log."""
    return {
        "servers": episode.servers,
        "unpaired": list(episode.unpaired),
        "profile": episode.profile.as_mapping(),
        "start": _without_dull(episode.start),
        "steps": [{**stimulus_record(m.stimulus), "came": _without_dull(m.came)} for m in episode.moments],
    }


def _without_dull(came: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in came.items() if name not in _DULL}


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


# --- reading ---------------------------------------------------------------------------------------------------------


@dataclass
class RecordedSession:
    """One session of a log."""

    number: int
    phase: str
    case: str | None
    episode: Episode
    verdict: str  #: ok, fail, or inconclusive: of its last step


@dataclass
class RecordedRun:
    """A log that was read.

    Attributes:
        header: the first line.
        sessions: every session, as it was.
        failures: every violation, with the word that was kept of it.
        broken: what the adapter did, if it broke.
        results: the verdicts.
        notes: what a reader should know.
        end: the footer; None: the log is truncated.
        stopped: who stopped the run, or empty.
    """

    header: RunBegan
    sessions: list[RecordedSession] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    broken: AdapterFailed | None = None
    results: list[CaseResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    end: RunEnded | None = None
    stopped: str = ""

    @property
    def truncated(self) -> bool:
        """The footer is missing: the run did not come to its end."""
        return self.end is None


def is_run(text: str) -> bool:
    """The document begins like a log of a run."""
    try:
        first = json.loads(text.partition("\n")[0])
    except ValueError:
        return False
    return isinstance(first, dict) and first.get("run") == FORMAT


def load(text: str) -> RecordedRun:
    """Read a log. A last line that was cut off counts as missing.

    Raises:
        RunLogError: it is none, of another version, or damaged before its last line.
    """
    records = list(_lines(text))
    if not records or records[0][1].get("run") != FORMAT:
        raise RunLogError(f'line 1: no header {{"run": "{FORMAT}", ...}}; this is no log of this kit')
    if records[0][1].get("version") != VERSION:
        raise RunLogError(f"line 1: version {records[0][1].get('version')!r}; this kit reads version {VERSION}")
    reader = _Reader(_header(records[0][1]))
    for line, record in records[1:]:
        try:
            reader.take(record)
        except (KeyError, TypeError, ValueError) as error:
            raise RunLogError(f"line {line}: {type(error).__name__}: {error}") from None
    reader.close_session()
    return reader.run


def read(path: Path) -> RecordedRun:
    """Read a log from a file; see :func:`load`."""
    return load(path.read_text(encoding="utf-8"))


def _lines(text: str) -> Iterable[tuple[int, dict[str, Any]]]:
    lines = text.splitlines()
    for line, content in enumerate(lines, 1):
        try:
            record = json.loads(content)
        except ValueError as error:
            if line == len(lines) and not text.endswith("\n"):
                return
            raise RunLogError(f"line {line} is no JSON: {error}") from None
        if not isinstance(record, dict):
            raise RunLogError(f"line {line} is no JSON object")
        yield line, record


def _header(record: Mapping[str, Any]) -> RunBegan:
    try:
        return RunBegan(
            kit=record["kit"],
            adapter=record["adapter"],
            hello=record["hello"],
            profile=Profile.from_mapping(record["profile"]),
            seed=record["seed"],
            steps=record["steps"],
            select=tuple(record["select"]),
            cases=tuple(record["cases"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RunLogError(f"line 1: {type(error).__name__}: {error}") from None


class _Reader:
    """Takes a log in line by line."""

    def __init__(self, header: RunBegan) -> None:
        self.run = RecordedRun(header)
        self._open: dict[str, Any] | None = None
        self._moments: list[Moment] = []
        self._shown: dict[str, object] = {}
        self._start: Mapping[str, object] = {}

    def take(self, record: dict[str, Any]) -> None:
        """One line."""
        run = self.run
        if "step" in record:
            assert self._open is not None
            self._moments.append(Moment(_stimulus(record), self._full(record["came"])))
            self._open["verdict"] = record["verdict"]
        elif "session" in record and "phase" in record:
            self.close_session()
            self._open, self._moments, self._shown = record, [], {}
            self._start = self._full(record["came"])
        elif "failure" in record:
            run.failures.append(_failure(record))
        elif "broken" in record:
            episode = record["episode"]
            stimulus = record["open"]
            run.broken = AdapterFailed(
                record["session"],
                record["broken"],
                record["text"],
                None if stimulus is None else _stimulus(stimulus),
                None if episode is None else _episode(episode),
            )
        elif "case" in record:
            rerun = None if record["rerun"] is None else Rerun(*record["rerun"])
            verdict = Verdict.of(record["verdict"])
            run.results.append(CaseResult(record["case"], verdict, record["exercised"], record["reason"], rerun))
        elif "note" in record:
            run.notes.append(record["note"])
        elif "stopped" in record:
            run.stopped = record["stopped"]
        elif record.get("end") == FORMAT:
            run.end = RunEnded(record["sessions"], record["steps"], record["seconds"], record["exit"])
        else:
            raise ValueError(f"unknown record with the members {', '.join(record)}")

    def close_session(self) -> None:
        """Put the session that is open to the others."""
        if self._open is not None:
            opened = self._open
            profile, unpaired = self.run.header.profile, tuple(opened["unpaired"])
            episode = Episode(opened["servers"], profile, self._start, tuple(self._moments), unpaired)
            self.run.sessions.append(
                RecordedSession(opened["session"], opened["phase"], opened["case"], episode, opened["verdict"])
            )
            self._open = None

    def _full(self, news: Mapping[str, object]) -> dict[str, object]:
        """A reply with its whole observation again."""
        own = {name: value for name, value in news.items() if not is_observed(name) and name != "gone"}
        gone = str(news.get("gone", "")).split()
        changed = {name: _held(self._shown.get(name), value) for name, value in news.items() if is_observed(name)}
        observed = {**self._shown, **changed}
        self._shown = {name: value for name, value in observed.items() if name not in gone}
        return {**own, **self._shown}


def _stimulus(record: Mapping[str, Any]) -> Stimulus:
    return Stimulus(record["who"], record["call"], tuple(record["with"].items()))


def _episode(record: Mapping[str, Any]) -> Episode:
    moments = tuple(Moment(_stimulus(step), step["came"]) for step in record["steps"])
    profile = Profile.from_mapping(record["profile"])
    return Episode(record["servers"], profile, record["start"], moments, tuple(record["unpaired"]))


def _alternative(record: Mapping[str, Any]) -> Alternative:
    instead = {name: tuple(value) if isinstance(value, list) else value for name, value in record["instead"].items()}
    return Alternative(instead, tuple(record["by"]))


def _failure(record: Mapping[str, Any]) -> Failure:
    return Failure(
        case=record["failure"],
        requirement=record["hurts"],
        sentence=record["sentence"],
        phase=record["phase"],
        script=record["script"],
        episode=_episode(record["episode"]),
        allowed=tuple(_alternative(entry) for entry in record["allowed"]),
        found_after=record["found_after"],
        rerun=None if record["rerun"] is None else Rerun(*record["rerun"]),
        length_note=record["length_note"],
    )
