"""The second solver in a process in which nothing has happened yet, so that it derives the same proof every time.

cvc5 orders some of what it works with by where that lies in memory. The verdict does not depend on it, but the proof does: a
file that is decided after z3 has worked in the same process, or after another file, may get another proof. Therefore each
file is decided in a fork of a process that has imported cvc5 and done nothing since. On another platform memory is laid out
otherwise, so a proof can be expected to come out again byte for byte only where :func:`vnic_model.prover.second.platform` says
the same.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from dataclasses import asdict
from functools import cache
from multiprocessing.util import Finalize
from types import TracebackType
from typing import Self

from vnic_model.prover import second
from vnic_model.prover.induction import UNKNOWN
from vnic_model.prover.second import Answer

_MODULE = "vnic_model.prover.fresh_process"
#: How many bytes say how long what follows is, big-endian.
_LENGTH = 8
#: Exit status of a fork that was to decide something when there was nothing more.
_NO_MORE = 3


class Alone:
    """Decides files, each in a process of its own; to be used with ``with``."""

    def __init__(self) -> None:
        self._server = _started()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def decide(self, text: str) -> Answer:
        """Ask cvc5 about one file, given as text; if its process dies, that is an unknown."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        data = text.encode()
        self._server.stdin.write(len(data).to_bytes(_LENGTH, "big") + data)
        self._server.stdin.flush()
        length = self._server.stdout.read(_LENGTH)
        said = self._server.stdout.read(int.from_bytes(length, "big"))
        if length and said:
            return Answer(**json.loads(said))
        self.close()
        self._server = _started()
        return Answer(UNKNOWN, 0.0, why="cvc5's process ended without an answer")

    def close(self) -> None:
        """End its process."""
        for end in (self._server.stdin, self._server.stdout):
            if end is not None:
                end.close()
        self._server.wait()


@cache
def alone() -> Alone:
    """The one of this process, for all that it asks: to start one costs more than most decisions.

    It ends when this process does.
    """
    found = Alone()
    Finalize(None, found.close, exitpriority=1)
    return found


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", _MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


# --- the process ---------------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> None:
    """Decide what comes on standard input until there is no more; ends by itself when that is closed."""
    if not arguments:
        # Modules that were compiled while they were imported have left their traces in memory; the next time they are not.
        os.execv(sys.executable, [sys.executable, "-m", _MODULE, "again"])
    while True:
        select.select([0], [], [])
        pid = os.fork()
        if not pid:
            _answer()
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
            return


def _answer() -> None:
    status = 1
    try:
        length = _read(_LENGTH)
        if length:
            data = json.dumps(asdict(second.decide(_read(int.from_bytes(length, "big")).decode()))).encode()
            with os.fdopen(1, "wb") as out:
                out.write(len(data).to_bytes(_LENGTH, "big") + data)
        status = 0 if length else _NO_MORE
    finally:
        os._exit(status)


def _read(count: int) -> bytes:
    found = bytearray()
    while len(found) < count and (more := os.read(0, count - len(found))):
        found += more
    return bytes(found)


if __name__ == "__main__":
    main(sys.argv[1:])
