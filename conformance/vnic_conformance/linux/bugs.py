"""Known bugs of the driver, put back by small edits of its text before it is built.

A bug is a fix that was reversed: numbers are those of the catalogue of fixes that the kit's requirements rest on. An edit says
what stands in the driver and what is to stand there; where that is not found exactly once, the build fails and says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from vnic_conformance.linux.driver import Driver
from vnic_conformance.linux.errors import BuildError


@dataclass(frozen=True, slots=True)
class Edit:
    """One place of the driver's source.

    Attributes:
        there: what stands there, whole lines or parts of them; exactly once in the file, or in ``within``.
        instead: what is to stand there.
        within: name of the function whose body is meant; empty: the whole file.
    """

    there: str
    instead: str
    within: str = ""


@dataclass(frozen=True, slots=True)
class Bug:
    """A known bug.

    Attributes:
        name: how it is asked for.
        number: of the fix in the catalogue.
        sentence: what goes wrong.
        edits: what makes it.
        shown_by: globs of the cases that are to show it, or might.
        hidden: why no case shows it, in words; empty: one is to.
    """

    name: str
    number: int
    sentence: str
    edits: tuple[Edit, ...]
    shown_by: tuple[str, ...]
    hidden: str = ""


def put_back(driver: Driver, bug: Bug) -> Driver:
    """The driver with a bug.

    Raises:
        BuildError: a place that the bug changes is not in this driver, or not once.
    """
    text = driver.source.decode()
    for edit in bug.edits:
        start, end = _span(text, edit, bug, driver)
        body = text[start:end]
        if body.count(edit.there) != 1:
            raise BuildError(
                f"bug {bug.name} cannot be put back into {driver.label}: {edit.there.strip()!r} stands "
                f"{body.count(edit.there)} times in {edit.within or 'its source'}, and once is expected"
            )
        text = text[:start] + body.replace(edit.there, edit.instead) + text[end:]
    return Driver(f"{driver.label} with bug {bug.name}", text.encode(), driver.header)


def _span(text: str, edit: Edit, bug: Bug, driver: Driver) -> tuple[int, int]:
    """Where the body of a function begins and ends."""
    if not edit.within:
        return 0, len(text)
    for match in re.finditer(rf"\b{edit.within}\(", text):
        line = text.rfind("\n", 0, match.start()) + 1
        opening = text.find("\n{\n", match.end())
        # A definition begins at the left margin and has its brace on a line of its own before any semicolon.
        if not text[line].isspace() and opening >= 0 and ";" not in text[match.end() : opening]:
            return opening, text.find("\n}\n", opening) + 3
    raise BuildError(f"bug {bug.name} cannot be put back into {driver.label}: it has no function {edit.within}")
