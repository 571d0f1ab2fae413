"""The table of contents: chapters and annexes in order, and how the text refers to one."""

from __future__ import annotations

CHAPTERS = (
    "Scope",
    "Terms and notation",
    "Conformance",
    "Requirements",
    "Profile",
    "Timing",
    "Hypervisor calls",
    "Example runs",
    "Security considerations",
    "Versions and changes",
)
#: Annexes, and whether they are normative.
ANNEXES = {
    "State": True,
    "Rules": True,
    "Actions": True,
    "Properties": False,
    "Lemmas": False,
    "Trace of requirements": False,
    "Decisions": False,
    "Claim map": False,
}


def heading(title: str) -> str:
    """The heading of a chapter or an annex, with its number or letter."""
    if title in ANNEXES:
        return f"Annex {_letter(title)}. {title}"
    return f"{CHAPTERS.index(title) + 1}. {title}"


def place(title: str) -> str:
    """A reference to it inside a sentence.

    Raises:
        ValueError: there is no such chapter or annex.
    """
    return f"annex {_letter(title)}" if title in ANNEXES else f"chapter {CHAPTERS.index(title) + 1}"


def span(first: str, last: str) -> str:
    """A reference to several that follow each other."""
    kind = "annexes" if first in ANNEXES else "chapters"
    return f"{kind} {place(first).split()[1]} to {place(last).split()[1]}"


def _letter(title: str) -> str:
    return chr(ord("A") + list(ANNEXES).index(title))
