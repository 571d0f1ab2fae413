"""What came of a run: entries in order of time, as data (JSON lines) and as text.

Kinds of entries:

=========  ==========================================================================================================
action     something that the scenario made happen, and what was answered
state      something that a listing shows has changed (ADM-7)
event      a transport event written by the hypervisor
call       H_REG_CRQ, H_FREE_CRQ, H_ENABLE_CRQ
element    a CRQ element that a partner sent, and the code that it got
frame      an Ethernet frame at the application's interface or at a logical port
link       the application's link came up or went down
=========  ==========================================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

WIDTH = 100
#: Kinds that make no line of their own in the text: they are counted between the others.
_COUNTED = ("frame", "element")
_BRIEF_WITHOUT = ("call", "frame", "element")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    Attributes:
        ms: virtual time.
        kind: see above.
        who: a server's name, "client", "console", a host's name, "adapter 0".
        text: in words.
        data: details, flat.
    """

    ms: int
    kind: str
    who: str
    text: str
    data: dict[str, str | int] = field(default_factory=dict)

    def line(self) -> str:
        """The entry as one line of JSON."""
        return json.dumps({"ms": self.ms, "kind": self.kind, "who": self.who, "text": self.text, **self.data})


class Timeline:
    """Entries in order of time.

    Args:
        frames: whether frames are kept; a run that is only measured does without.
    """

    def __init__(self, *, frames: bool = True) -> None:
        self.entries: list[Entry] = []
        self.frames = frames

    def add(self, ms: int, kind: str, who: str, text: str, **data: str | int) -> None:
        """Put an entry at the end."""
        self.entries.append(Entry(ms, kind, who, text, data))

    def json_lines(self) -> str:
        """All entries, one JSON object per line."""
        return "".join(entry.line() + "\n" for entry in self.entries)

    def text(self, *, brief: bool = False) -> Iterator[str]:
        """Lines of at most 100 columns; elements and frames that follow each other are counted.

        ``brief`` leaves out calls, elements, frames and what servers are told.
        """
        width = max((len(entry.who) for entry in self.entries), default=0)
        waiting: list[Entry] = []
        for entry in self.entries:
            if brief and _left_out(entry):
                continue
            if entry.kind in _COUNTED:
                waiting.append(entry)
                continue
            yield from _counted(waiting, width)
            waiting.clear()
            yield _row(entry.ms, entry.who, width, entry.text)
        yield from _counted(waiting, width)


def _left_out(entry: Entry) -> bool:
    """Whether a brief text does without this entry."""
    if entry.kind == "event":
        return entry.who != "client"
    return entry.kind in _BRIEF_WITHOUT or (entry.kind == "state" and entry.data.keys() == {"connected"})


def _row(ms: int, who: str, width: int, text: str) -> str:
    return f"{ms / 1000:8.3f}s  {who:{width}}  {text}"[:WIDTH].rstrip()


def _counted(entries: list[Entry], width: int) -> Iterator[str]:
    """Lines for elements and frames between two other entries: who, how many, from what to what."""
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.kind, entry.who), []).append(entry)
    for (kind, who), group in groups.items():
        first, last = group[0].text, group[-1].text
        span = first if len(group) == 1 else f"{first} … {last}"
        many = f"{len(group)} {kind}s: " if len(group) > 1 else f"{kind}: "
        yield _row(group[0].ms, who, width, f"{many}{span}")
