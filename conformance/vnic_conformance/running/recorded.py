"""Reading the log of a run: everything that :mod:`vnic_conformance.running.runlog` has written, or has written in version 1.

A log may be longer than memory, so it is read line by line, and a session is handed over when it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from vnic_conformance.episode import Episode, Moment
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.running import records
from vnic_conformance.running.case import Phase, matches
from vnic_conformance.running.events import AdapterFailed, Failure, RunBegan, RunEnded
from vnic_conformance.running.runlog import FORMAT, VERSION
from vnic_conformance.running.verdicts import CaseResult
from vnic_model.intake import Fields, IntakeError, lines_of, record_of, shown

#: The versions that are read.
READS = (1, VERSION)
#: So many sessions may a log have; and so many failures, verdicts or notes.
MOST_SESSIONS, MOST_FEW = 200_000, 10_000


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
        sessions: every session, as it was, unless they were handed over one by one.
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
    sessions_read: int = 0  #: how many sessions there are, handed over or not
    steps_read: int = 0  #: how many steps there are in them

    @property
    def truncated(self) -> bool:
        """The footer is missing: the run did not come to its end."""
        return self.end is None


def is_run(source: Path | str) -> bool:
    """The document begins like a log of a run; raises :class:`RunLogError` where it cannot be read at all."""
    try:
        _, first, _ = next(iter(lines_of(source)), (1, "", True))
    except IntakeError as error:
        if isinstance(source, Path) and not str(error).startswith("line "):
            raise RunLogError(str(error)) from None
        return False
    try:
        return record_of(first).get("run") == FORMAT
    except IntakeError:
        return False


def load(source: Path | str) -> RecordedRun:
    """Read a log, sessions and all. A last line that was cut off counts as missing.

    Args:
        source: the file, or the text itself.

    Raises:
        RunLogError: it is none, of another version, or damaged before its last line.
    """
    run, sessions = begun(source)
    run.sessions += sessions
    return run


def begun(source: Path | str) -> tuple[RecordedRun, Iterator[RecordedSession]]:
    """Begin to read a log that may be longer than memory: the run, and its sessions one by one.

    The run has its header at once, and all the rest when the sessions have been gone through; it does not keep them.

    Raises:
        RunLogError: as :func:`load`; also while the sessions are gone through.
    """
    try:
        lines = _lines(source)
        _, head = next(lines, (1, Fields({}, "line 1")))
        if head.maybe("run") != FORMAT:
            raise RunLogError(f'line 1: no header {{"run": "{FORMAT}", ...}}; this is no log of this kit')
        version = head.maybe("version")
        if version not in READS or isinstance(version, bool):
            reads = " and ".join(map(str, READS))
            raise RunLogError(f"line 1: version {shown(version)}; this kit reads versions {reads}")
        reader = _Reader(records.header_of(head), records.Source.of(head, version))
    except IntakeError as error:
        raise RunLogError(str(error)) from None
    return reader.run, _sessions(reader, lines)


def _sessions(reader: _Reader, lines: Iterator[tuple[int, Fields]]) -> Iterator[RecordedSession]:
    try:
        for _, record in lines:
            yield from reader.take(record)
        yield from reader.closed()
    except IntakeError as error:
        raise RunLogError(str(error)) from None


def read(path: Path) -> RecordedRun:
    """Read a log from a file; see :func:`load`."""
    return load(path)


def _lines(source: Path | str) -> Iterator[tuple[int, Fields]]:
    for line, content, complete in lines_of(source):
        where = f"line {line}"
        try:
            record = record_of(content)
        except IntakeError as error:
            if not complete:
                return
            words = str(error)
            raise RunLogError(f"{where} is {words}" if words.startswith("no JSON") else f"{where}: {words}") from None
        yield line, Fields(record, where)


@dataclass
class _Open:
    """A session that is being read."""

    number: int
    phase: str
    case: str | None
    empty: Episode  #: without its steps
    covers: tuple[str, ...]
    verdict: str
    seen: records.Watching
    over: bool = False  #: its last word was read
    reason: str = ""
    moments: list[Moment] = field(default_factory=list)


class _Reader:
    """Takes a log in line by line."""

    def __init__(self, header: RunBegan, source: records.Source) -> None:
        self.run = RecordedRun(header)
        self._cases = frozenset(header.cases)
        self._source = source
        self._open: _Open | None = None
        # Told apart by the first of these members that a record has.
        self._kinds: dict[str, Callable[[Fields], object]] = {
            "step": self._step,
            "failure": self._failure,  # which has a phase, too
            "phase": self._session,
            "over": self._over,
            "broken": self._broken,
            "case": self._result,
            "note": self._note,
            "stopped": self._stopped,
            "end": self._end,
        }

    def take(self, f: Fields) -> Iterator[RecordedSession]:
        """One line; the session that it ends, if it does.

        Raises:
            IntakeError: it is not what such a line is.
        """
        if self.run.end is not None:
            raise f.wrong("nothing comes behind the footer")
        name = next((name for name in self._kinds if name in f), None)
        if name is None:
            raise f.wrong(f"unknown record with the members {shown(', '.join(f), 200)[1:-1]}")
        if name == "phase":
            yield from self.closed()
        self._kinds[name](f)

    def closed(self) -> Iterator[RecordedSession]:
        """The session that is open, complete."""
        if self._open is not None:
            o, self._open = self._open, None
            episode = replace(o.empty, moments=tuple(o.moments))
            reason = o.reason if o.verdict == "ok" else ""
            yield RecordedSession(o.number, o.phase, o.case, episode, o.verdict, o.covers, reason)

    def _asked_for(self, case: str | None) -> bool:
        """Whether the run was to play it for itself. Others are played where a rule that is watched was selected."""
        select = self.run.header.select
        return case is None or not select or any(matches(case, glob) for glob in select)

    def _session(self, f: Fields) -> None:
        self.run.sessions_read += 1
        if self.run.sessions_read > MOST_SESSIONS:
            raise f.wrong(f"a log has at most {MOST_SESSIONS:,} sessions")
        seen = records.Watching(self._source.version)
        servers = f.whole("servers", 1, records.MOST_SERVERS)
        setting = self._source.setting(f, servers, self.run.header.profile)
        start = records.checked(f, seen.answer(f), None, setting)
        phase, case = f.text("phase"), None if f.nothing("case") else f.text("case")
        if phase == Phase.SCRIPT and case not in self._cases and self._asked_for(case):
            raise f.wrong(f"a session plays {shown(case)}, and the header does not have it among the cases of this run")
        self._open = _Open(
            number=f.whole("session", 0),
            phase=phase,
            case=case,
            empty=Episode(setting, start),
            covers=f.texts("covers") if self._source.version > 1 else (),
            verdict=f.text("verdict", records.SAID),
            seen=seen,
        )

    def _step(self, f: Fields) -> None:
        o = self._in_session(f)
        if len(o.moments) == records.MOST_STEPS:
            raise f.wrong(f"a session has at most {records.MOST_STEPS:,} steps")
        if (number := f.whole("step", 1)) != len(o.moments) + 1:
            raise f.wrong(f"step {number} of session {o.number} stands where step {len(o.moments) + 1} was expected")
        given = records.stimulus_of(f)
        o.moments.append(Moment(given, records.checked(f, o.seen.answer(f), given, o.empty.setting)))
        o.verdict = f.text("verdict", records.SAID)
        self.run.steps_read += 1

    def _over(self, f: Fields) -> None:
        o = self._in_session(f)
        if (number := f.whole("over", 0)) != o.number:
            raise f.wrong(f"session {number} is over, but the one before this line is {o.number}")
        o.verdict, o.reason, o.over = f.text("verdict", records.SAID), f.text("reason"), True

    def _in_session(self, f: Fields) -> _Open:
        if self._open is None:
            raise f.wrong("there is no session that it could belong to")
        if self._open.over:
            raise f.wrong(f"session {self._open.number} is over; nothing more of it was expected")
        return self._open

    def _failure(self, f: Fields) -> None:
        self._few(f, len(self.run.failures))
        self.run.failures.append(records.failure_of(f, self._source))

    def _broken(self, f: Fields) -> None:
        self.run.broken = records.broken_of(f, self._source)

    def _result(self, f: Fields) -> None:
        self._few(f, len(self.run.results))
        self.run.results.append(records.result_of(f))

    def _note(self, f: Fields) -> None:
        self._few(f, len(self.run.notes))
        self.run.notes.append(f.text("note"))

    def _few(self, f: Fields, number: int) -> None:
        if number == MOST_FEW:
            raise f.wrong(f"a log has at most {MOST_FEW:,} of these")

    def _stopped(self, f: Fields) -> None:
        self.run.stopped = f.text("stopped")

    def _end(self, f: Fields) -> None:
        f.text("end", (FORMAT,))
        self.run.end = end = records.end_of(f, {int(code): code for code in ExitCode}, self._source.version)
        for what, told, found in (
            ("sessions", end.sessions, self.run.sessions_read),
            ("steps", end.steps, self.run.steps_read),
        ):
            if told != found:
                raise f.wrong(f"the footer counts {told:,} {what}, and the log holds {found:,}")
