"""Reading the log of a run: everything that :mod:`vnic_conformance.running.runlog` has written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vnic_conformance.protocol.rules import is_observed
from vnic_conformance.running.episode import Episode, Moment
from vnic_conformance.running.events import AdapterFailed, Alternative, Failure, RunBegan, RunEnded
from vnic_conformance.running.runlog import FORMAT, VERSION
from vnic_conformance.running.verdicts import CaseResult, Rerun, Verdict
from vnic_conformance.stimulus import Stimulus
from vnic_spec.profile import Profile


class RunLogError(ValueError):
    """A document that is no log of a run, or a damaged one. The message says where and why."""


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


def _held(before: object, moved: object) -> object:
    """What a queue holds, from what :func:`_moved` has written."""
    if not isinstance(moved, dict):
        return moved
    return " ".join([*str(before).split()[moved["taken"] :], *moved["added"].split()])
