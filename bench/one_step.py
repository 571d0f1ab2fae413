"""Which files one judged answer passes through, and how often it changes from one file to another.

``python bench/one_step.py [--room ROOM ...] [--list]``. A small check of the reference implementation is played in process. From
when a stimulus is taken to when the judged step has been told to every listener, each call into the kit is followed; the answer
in the middle of the script is the one that is counted. A figure for the structure, not for speed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from vnic_conformance.running.checking import Request, check
from vnic_conformance.running.events import Event, StepDone

ROOT = Path(__file__).parents[1]
CASE = "CRQ-2/two-pages"


class Walk:
    """Follows calls, and keeps what came between two steps that were told."""

    def __init__(self, rooms: list[str]) -> None:
        self._within = tuple(str(ROOT / room) for room in rooms)
        self._places: list[str] = []
        self.steps: list[list[str]] = []

    def follow(self, frame: FrameType, what: str, _: Any) -> None:
        """A profile function: where execution is after each call and each return."""
        if what == "return":
            back = frame.f_back
            if back is None:
                return
            frame = back
        elif what != "call":
            return
        place = frame.f_code.co_filename
        if place.startswith(self._within) and self._places[-1:] != [place]:
            self._places.append(place)

    def told(self, event: Event) -> None:
        """A listener: a step is over."""
        if isinstance(event, StepDone):
            self.steps.append(self._places)
            self._places = []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--room", action="append", help="a directory whose files count (default: conformance)")
    parser.add_argument("--list", action="store_true", help="name the files, in the order in which they are met")
    given = parser.parse_args()
    walk = Walk(given.room or ["conformance"])
    request = Request("python:vnic_reference.adapter:Adapter", select=(CASE,), phases=("scripted",))
    follow: Callable[[FrameType, str, Any], None] = walk.follow
    sys.setprofile(follow)
    try:
        check(request, [walk.told])
    finally:
        sys.setprofile(None)
    places = walk.steps[len(walk.steps) // 2]
    files = list(dict.fromkeys(places))
    print(f"{len(files)} files, {len(places) - 1} changes of file for one judged answer (of {len(walk.steps)})")
    for path in files if given.list else ():
        print(f"  {Path(path).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
