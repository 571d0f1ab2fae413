"""Which files one judged answer passes through, and how often a reader who follows it changes from one file to another.

``python bench/one_step.py [--room ROOM ...] [--edge] [--all] [--list]``. A small check of the reference implementation is played
in process, with a log. From when a stimulus is taken to when the judged step has been told to every listener, each call within
``conformance/`` is followed; the answer in the middle of the script is the one that is counted.

Three things are left out, as long as they are not asked for. What carries a message to an adapter and checks its form
(``targets/``, ``protocol/``, and the streams below them) is an edge of its own, and so is what writes the stimuli (``cases/``):
a script is resumed for each of its lines, in whatever words it is written. ``--edge`` follows both. And a line that calls
into another file counts once, with the way back, however often it is passed: the second field of an answer takes a reader
nowhere new. ``--all`` counts each passing. A figure for the structure, not for speed.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from vnic_conformance.running.checking import Request, check
from vnic_conformance.running.events import Event, StepDone
from vnic_conformance.running.runlog import RunLog

ROOT = Path(__file__).parents[1]
CASE = "CRQ-2/two-pages"


OURS = tuple(str(ROOT / room) for room in ("spec", "model", "conformance", "reference_impl"))
#: What carries messages and checks their form, and what writes the stimuli.
_EDGES = ("targets/", "protocol/", "streams.py", "foreign.py", "cases/")
EDGE = tuple(f"conformance/vnic_conformance/{name}" for name in _EDGES)


#: A line that calls into another file: where it is, and where it leads.
Change = tuple[str, int, str]


class Walk:
    """Follows calls, and keeps what came between two steps that were told: each call from one file into another."""

    def __init__(self, rooms: list[str], edge: bool) -> None:
        self._within = tuple(str(ROOT / room) for room in rooms)
        self._without = () if edge else tuple(str(ROOT / name) for name in EDGE)
        self._changes: list[Change] = []
        self.steps: list[list[Change]] = []

    def follow(self, frame: FrameType, what: str, _: Any) -> None:
        """A profile function: looks at each call within the rooms, and which of our files made it."""
        if what != "call" or not self._followed(frame):
            return
        caller = frame.f_back
        while caller is not None and not caller.f_code.co_filename.startswith(OURS):
            caller = caller.f_back  # the standard library makes a call for somebody
        if caller is not None and self._followed(caller) and caller.f_code.co_filename != frame.f_code.co_filename:
            self._changes.append((caller.f_code.co_filename, caller.f_lineno, frame.f_code.co_filename))

    def _followed(self, frame: FrameType) -> bool:
        file = frame.f_code.co_filename
        return file.startswith(self._within) and not (self._without and file.startswith(self._without))

    def told(self, event: Event) -> None:
        """A listener: a step is over."""
        if isinstance(event, StepDone):
            self.steps.append(self._changes)
            self._changes = []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--room", action="append", help="a directory whose files count (default: conformance)")
    parser.add_argument("--edge", action="store_true", help="also what carries messages, and what writes the stimuli")
    parser.add_argument("--all", action="store_true", help="each passing of a line counts")
    parser.add_argument("--list", action="store_true", help="name the files, in the order in which they are met")
    given = parser.parse_args()
    walk = Walk(given.room or ["conformance"], given.edge)
    log = RunLog(io.StringIO())
    request = Request("python:vnic_reference.adapter:Adapter", select=(CASE,), phases=("scripted",))
    follow: Callable[[FrameType, str, Any], None] = walk.follow
    sys.setprofile(follow)
    try:
        check(request, [log, walk.told])
    finally:
        sys.setprofile(None)
    changes = walk.steps[len(walk.steps) // 2]
    files = list(dict.fromkeys(file for here, _, there in changes for file in (here, there)))
    number = 2 * len(changes if given.all else set(changes))  # there and back
    print(f"{len(files)} files, {number} changes of file for one judged answer (of {len(walk.steps)})")
    for path in files if given.list else ():
        print(f"  {Path(path).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
