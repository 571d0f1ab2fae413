"""The file that ``vnickit check --log`` writes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

from vnic_conformance.running.events import Event, SessionBegan, Stopped
from vnic_conformance.running.runlog import RunLog
from vnic_conformance.writing import not_made, not_written, open_beside


class LogFile:
    """A listener that writes the log of a run. The file is put in its place when the run is over.

    A run that did not begin replaces no log that is there. One that is killed leaves what was recorded beside it.

    Args:
        path: where the log is to be in the end.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lost = ""  #: why it is not what it should be, or nothing
        self._beside = path
        self._log: RunLog | None = None
        self._file: TextIO | None = None
        self._began = False

    def __call__(self, event: Event) -> None:
        """Write one event, as long as that is possible."""
        if self.lost:
            return
        self._began |= isinstance(event, SessionBegan | Stopped)
        try:
            if self._log is None:
                self._beside, self._file = open_beside(self.path)
                self._log = RunLog(self._file)
            self._log(event)
        except OSError as error:
            self._loses(not_written(self.path, error.strerror))
        except Exception as error:
            self._loses(not_made(self.path, error))

    def _loses(self, why: str) -> None:
        where = "" if self._beside == self.path else f"; what was written until then is in {self._beside}"
        self.lost = f"{why}{where}"

    def close(self) -> None:
        """The run is over: put the log in its place."""
        if self._file is None:
            return
        try:
            try:
                self._file.flush()
                meddled = "" if self._beside == self.path else self._meddled(self._file)
            finally:
                self._file.close()
            if meddled and not self.lost:
                self._loses(meddled)
            if self.lost or self._beside == self.path:
                return
            if not self._began and self.path.exists():
                self.lost = (
                    f"{self.path} is left as it was, because no session began; the log of this run is {self._beside}"
                )
                return
            self._beside.replace(self.path)
        except OSError as error:
            self.lost = self.lost or not_written(self.path, error.strerror)

    def _meddled(self, file: TextIO) -> str:
        """What somebody else has done to the log while it was written, or nothing.

        A file that is cut short while it is written has a hole where it was cut, which reads as zeros; a log has none.
        """
        mine, there = os.fstat(file.fileno()), os.lstat(self._beside)
        if (mine.st_dev, mine.st_ino) != (there.st_dev, there.st_ino):
            return not_written(self.path, "another file was put in its place")
        if there.st_size != os.lseek(file.fileno(), 0, os.SEEK_CUR) or _has_a_hole(self._beside):
            return not_written(self.path, "somebody else has cut it short")
        return ""


def _has_a_hole(path: Path) -> bool:
    with path.open("rb") as file:
        return any(b"\0" in block for block in iter(lambda: file.read(1 << 20), b""))
