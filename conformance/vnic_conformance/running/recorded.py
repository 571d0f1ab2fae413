"""Reading the log of a run: everything that :mod:`vnic_conformance.running.runlog` has written, or has written in version 1.

In version 1 reply, observation and the facts of the kit stood in one member, ``came``, told apart by their names alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vnic_conformance.answer import Answer, Facts
from vnic_conformance.protocol.rules import is_observed
from vnic_conformance.running.episode import Episode, Moment
from vnic_conformance.running.events import AdapterFailed, Alternative, Failure, RunBegan, RunEnded
from vnic_conformance.running.runlog import FORMAT, VERSION
from vnic_conformance.running.verdicts import CaseResult, Rerun, Verdict
from vnic_conformance.stimulus import Stimulus
from vnic_spec.profile import Profile

#: The versions that are read.
READS = (1, VERSION)
#: Names of the kit's own fields in version 1.
_FACTS_THEN = ("absent", "measured", "repeated", "gone")


class RunLogError(ValueError):
    """A document that is no log of a run, or a damaged one. The message says where and why."""


@dataclass
class RecordedSession:
    """One session of a log."""

    number: int
    phase: str
    case: str | None
    episode: Episode
    verdict: str  #: ok, fail, or inconclusive: when it was over; where the log does not say so, of its last step
    covers: tuple[str, ...] = ()  #: IDs of further cases that it went through
    reason: str = ""  #: of an ok session: why its case was not played to the end, or empty


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
    version = records[0][1].get("version")
    if version not in READS:
        raise RunLogError(f"line 1: version {version!r}; this kit reads versions {' and '.join(map(str, READS))}")
    reader = _Reader(_header(records[0][1]), version)
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

    def __init__(self, header: RunBegan, version: int) -> None:
        self.run = RecordedRun(header)
        self._version = version
        self._open: dict[str, Any] | None = None
        self._moments: list[Moment] = []
        self._shown: dict[str, object] = {}
        self._start = Answer()

    def take(self, record: dict[str, Any]) -> None:
        """One line."""
        run = self.run
        if "step" in record:
            assert self._open is not None
            self._moments.append(Moment(_stimulus(record), self._answer(record)))
            self._open["verdict"] = record["verdict"]
        elif "session" in record and "phase" in record:
            self.close_session()
            self._open, self._moments, self._shown = record, [], {}
            self._start = self._answer(record)
        elif "over" in record:
            assert self._open is not None
            self._open |= {"verdict": record["verdict"], "reason": record["reason"]}
        elif "failure" in record:
            run.failures.append(self._failure(record))
        elif "broken" in record:
            episode = record["episode"]
            stimulus = record["open"]
            run.broken = AdapterFailed(
                record["session"],
                record["broken"],
                record["text"],
                None if stimulus is None else _stimulus(stimulus),
                None if episode is None else self._episode(episode),
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
            run.end = RunEnded(
                record["sessions"],
                record["steps"],
                record["seconds"],
                record["exit"],
                record.get("beside", {}),
                record.get("unclear", 0),
            )
        else:
            raise ValueError(f"unknown record with the members {', '.join(record)}")

    def close_session(self) -> None:
        """Put the session that is open to the others."""
        if self._open is not None:
            opened = self._open
            profile, unpaired = self.run.header.profile, tuple(opened["unpaired"])
            episode = Episode(opened["servers"], profile, self._start, tuple(self._moments), unpaired)
            self.run.sessions.append(
                RecordedSession(
                    opened["session"],
                    opened["phase"],
                    opened["case"],
                    episode,
                    opened["verdict"],
                    tuple(opened.get("covers", ())),
                    opened.get("reason", "") if opened["verdict"] == "ok" else "",
                )
            )
            self._open = None

    def _answer(self, record: Mapping[str, Any]) -> Answer:
        """What came, with its whole observation again."""
        news: Mapping[str, object] | None
        if self._version == 1:
            reply, news, facts = _parts(record["came"])
        else:
            reply, news, facts = record["reply"], record.get("seen"), _facts(record)
        if news is None:
            return Answer(reply, None, facts)
        changed = {name: _held(self._shown.get(name), value) for name, value in news.items()}
        self._shown = {name: value for name, value in {**self._shown, **changed}.items() if value is not None}
        return Answer(reply, self._shown, facts)

    def _whole(self, came: Mapping[str, Any]) -> Answer:
        """What came, where the log has it whole."""
        if self._version == 1:
            reply, seen, facts = _parts(came)
            return Answer(reply, seen or None, facts)
        return Answer(came["reply"], came.get("seen"), _facts(came))

    def _episode(self, record: Mapping[str, Any]) -> Episode:
        then = self._version == 1
        moments = tuple(Moment(_stimulus(s), self._whole(s["came"] if then else s)) for s in record["steps"])
        profile = Profile.from_mapping(record["profile"])
        return Episode(record["servers"], profile, self._whole(record["start"]), moments, tuple(record["unpaired"]))

    def _failure(self, record: Mapping[str, Any]) -> Failure:
        return Failure(
            case=record["failure"],
            requirement=record["hurts"],
            sentence=record["sentence"],
            phase=record["phase"],
            script=record["script"],
            episode=self._episode(record["episode"]),
            allowed=tuple(_alternative(entry) for entry in record["allowed"]),
            found_after=record["found_after"],
            rerun=None if record["rerun"] is None else Rerun(*record["rerun"]),
            length_note=record["length_note"],
        )


def _facts(record: Mapping[str, Any]) -> Facts:
    facts = record.get("facts", {})
    measured = facts.get("measured")
    return Facts(facts.get("absent", ""), None if measured is None else _times(measured), facts.get("repeated", 0))


def _times(numbers: Iterable[Any]) -> tuple[int, int, int, int, int]:
    called, answered, looks, seen, lag = (int(number) for number in numbers)
    return called, answered, looks, seen, lag


def _parts(came: Mapping[str, Any]) -> tuple[dict[str, object], dict[str, object], Facts]:
    """The three parts of what came, as version 1 has it: whole, or what changed."""
    reply = {name: value for name, value in came.items() if not is_observed(name) and name not in _FACTS_THEN}
    seen = {name: value for name, value in came.items() if is_observed(name)}
    seen |= dict.fromkeys(str(came.get("gone", "")).split())
    measured = came.get("measured")
    times = None if measured is None else _times(str(measured).split())
    return reply, seen, Facts(str(came.get("absent", "")), times, int(came.get("repeated", 0)))


def _stimulus(record: Mapping[str, Any]) -> Stimulus:
    return Stimulus(record["who"], record["call"], tuple(record["with"].items()))


def _alternative(record: Mapping[str, Any]) -> Alternative:
    instead = {name: tuple(value) if isinstance(value, list) else value for name, value in record["instead"].items()}
    return Alternative(instead, tuple(record["by"]))


def _held(before: object, moved: object) -> object:
    """What a queue holds, from what :func:`_moved` has written."""
    if not isinstance(moved, dict):
        return moved
    return " ".join([*str(before).split()[moved["taken"] :], *moved["added"].split()])
