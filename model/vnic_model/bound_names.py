"""Names that quantifiers bind in a printed formula: none may hide one that a law around it has bound."""

from __future__ import annotations

import re
from dataclasses import replace

from vnic_model.formula_tree import Formula

#: Names of elements and of servers, in the order in which they are given.
ELEMENTS = "efgh"
SERVERS = "ijklmn"


def bound_by(f: Formula) -> tuple[str, ...]:
    """The names that a quantifier binds; none of any other formula."""
    if f.op not in ("every", "some"):
        return ()
    return tuple(re.findall(r"\b[a-z]\b", re.split(r" (?:of|in) ", f.text)[0]))


def apart(f: Formula, taken: set[str]) -> Formula:
    """The formula with other names where it binds one that a law around it has taken.

    Such a part was made before the law around it, so it does not speak of what that law binds.
    """
    for name in sorted(taken.intersection(bound_by(f))):
        several = SERVERS if f.text.startswith("server ") else ELEMENTS
        f = _renamed(f, name, next(n for n in several if n not in taken and not _speaks_of(f, n)))
    return replace(f, parts=tuple(apart(part, taken) for part in f.parts)) if f.parts else f


def _speaks_of(f: Formula, name: str) -> bool:
    return re.search(rf"\b{name}\b", f.text) is not None or any(_speaks_of(part, name) for part in f.parts)


def _renamed(f: Formula, name: str, other: str) -> Formula:
    text, negated = (re.sub(rf"\b{name}\b", other, words) for words in (f.text, f.negated))
    return replace(f, text=text, negated=negated, parts=tuple(_renamed(part, name, other) for part in f.parts))
