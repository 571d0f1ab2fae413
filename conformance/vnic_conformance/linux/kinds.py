"""What a finding is, in a word, and what is to be said of it besides: a doubt about the requirement, or about this machine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from vnic_conformance.linux.survey import Finding

_HEALTH: Final = (
    ("crash", r"\b(?:panic|oops|BUG|KASAN|UBSAN|corruption)\b"),
    ("stall", r"hangs|calls within|hung task"),
    ("DMA", r"^health: DMA"),
    ("warning", r"\bWARNING\b"),
)
_KINDS: Final = {
    "makes_no_burst": "livelock",
    "repeats_with_pauses": "livelock",
    "recovers": "no recovery",
    "keeps_the_wish": "no recovery",
    "announces_itself": "lost announcement",
    "sets_everything_again": "setting not told",
    "returns_to_the_user": "stall",
}

_LOST: Final = """\
The trace has the driver's notify_peers before carrier_on, and the device counts the frame as dropped. A user whose own frames \
leave soon sees nothing of it; one that only listens stays unreachable behind a switch that has learned the old port."""
_REFUSED: Final = """\
In doubt: the open has returned an error to its user, so one may say that the wish was refused, not forgotten. Nothing opens \
the device when all is well again."""
_NOT_OPEN: Final = """\
In doubt where the user's open has returned an error (see the finding of CLI-6); where it has returned 0, it is the driver's."""
_HEADERS: Final = """\
The server asks for the headers of each frame as descriptors, which it may. Read in the source, not measured: the length of the \
network header is taken from the transport header's place, which a frame that is neither TCP nor UDP need not have."""

#: Rule, what came (a pattern), what was played (a pattern), and the note.
_NOTES: Final[Sequence[tuple[str, str, str, str]]] = (
    ("announces_itself", "", "", _LOST),
    ("keeps_the_wish", "the device is closed", "", _REFUSED),
    (
        "is_healthy",
        "mode signal 8",
        "",
        "A division by zero. x86 traps it and POWER does not: there the quotient is 0.",
    ),
    ("is_healthy", "", "header-descriptors", _HEADERS),
    ("keeps_the_indirect_limit", "", "header-descriptors", _HEADERS),
    (
        "asks_one_at_a_time",
        "MULTICAST_CTRL",
        "",
        "Harmless where the server takes an address twice: the list is sent again without waiting for the first answer.",
    ),
    ("", "", "/wrong-", "The server does what it must not. Who trusts his server altogether may let this pass."),
)


def kind_of(finding: Finding) -> str:
    """What a finding is, in a word."""
    first = finding.first
    if first.rule == "is_healthy":
        return next((kind for kind, pattern in _HEALTH if re.search(pattern, first.came)), "health")
    return _KINDS.get(first.rule, "protocol slip")


def notes_of(finding: Finding) -> list[str]:
    """What is to be said of it besides."""
    names = (finding.name, *finding.others)
    return [
        note
        for rule, came, played, note in _NOTES
        if rule in ("", finding.first.rule)
        and re.search(came, finding.first.came)
        and all(re.search(played, name) for name in names)
    ]
