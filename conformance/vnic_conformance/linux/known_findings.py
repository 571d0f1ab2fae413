"""Findings that are known: read from a page of findings, and told apart from what is new.

A page that ``vnickit linux survey --out`` has made is the list. A finding is known by the rule that it breaks and by what came
but for its numbers, as everywhere (:attr:`~vnic_conformance.linux.survey.Found.key`); no session, and nothing that comes later
in one, is left out because of it. Of a page of several drivers the first one's findings are known: what a later version has
repaired is new where it comes back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from vnic_conformance.client_role.monitor import RULES
from vnic_conformance.foreign import cut
from vnic_conformance.linux.playing import Found, Key, Played, key_of
from vnic_conformance.linux.survey import Finding, Survey, findings

_CHAPTER: Final = re.compile(r"## \d+\. [^:]+: (?P<sentence>.+)")
_CAME: Final = re.compile(r"- came, at [\d,]+ ms: (?P<came>.*)")
#: Of a chapter that the page's first driver does not show.
_OTHERS: Final = "- only in: "
_LATER: Final = re.compile(r"- `(?P<rule>\w+)` \([A-Z]+-\d+\), later: (?P<came>.*)")


class PageError(ValueError):
    """A page from which no findings can be read; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Known:
    """Findings that are known.

    Attributes:
        where: the page that has them.
        keys: of each, its rule and what came without its numbers.
    """

    where: str
    keys: frozenset[Key]


@dataclass(frozen=True, slots=True)
class Sorted:
    """A survey, with what is known told apart.

    Attributes:
        survey: every session, and the findings that are new.
        known: what is known.
        came: the known ones that came.
        sessions: how many sessions had a known one.
    """

    survey: Survey
    known: Known
    came: frozenset[Key]
    sessions: int


def read(path: Path) -> Known:
    """The findings of a page.

    Args:
        path: a page that ``vnickit linux survey --out`` has made.

    Raises:
        PageError: it cannot be read, or is no such page, or one of another kit.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise PageError(f"{path}: {why}") from None
    found = frozenset(_keys(text, path))
    if not found:
        raise PageError(f"{path}: it has no findings; a page of vnickit linux survey --out is expected")
    return Known(str(path), found)


def _keys(text: str, path: Path) -> Iterator[Key]:
    named = {rule.sentence: rule.name for rule in RULES.values()}
    rule = ""
    for number, line in enumerate(text.splitlines(), 1):
        if chapter := _CHAPTER.fullmatch(line):
            rule = named.get(chapter["sentence"], "")
            if not rule:
                raise _foreign(path, number, chapter["sentence"])
        elif line.startswith(_OTHERS):
            rule = ""
        elif (came := _CAME.fullmatch(line)) and rule:
            yield key_of(rule, came["came"])
            rule = ""
        elif later := _LATER.fullmatch(line):
            if later["rule"] not in RULES:
                raise _foreign(path, number, later["rule"])
            yield key_of(later["rule"], later["came"])


def _foreign(path: Path, number: int, named: str) -> PageError:
    return PageError(
        f"{path}, line {number}: this kit has no rule {cut(named, 80)!r}: make the page anew with vnickit linux survey --out"
    )


def told_apart(survey: Survey, known: Known) -> Sorted:
    """The findings of a survey that are not known.

    Args:
        survey: with all that its sessions broke.
        known: what is known.
    """
    kept = tuple(replace(session, found=_kept(session, known), later=()) for session in survey.sessions)
    new = tuple(finding for finding in findings(kept) if finding.first.key not in known.keys)
    met = [{found.key for found in session.whole} & known.keys for session in survey.sessions]
    return Sorted(Survey(kept, new), known, frozenset[Key]().union(*met), sum(map(bool, met)))


def _kept(session: Played, known: Known) -> tuple[Found, ...]:
    """All that is known of what it broke, and of what is not each rule's first."""
    new: set[str] = set()
    kept = []
    for found in session.whole:
        if found.key in known.keys or found.rule not in new:
            kept.append(found)
        if found.key not in known.keys:
            new.add(found.rule)
    return tuple(kept)


def followed_by_known(finding: Finding, known: Known) -> bool:
    """Whether a known one precedes it in every session."""
    return bool(finding.after & known.keys)
