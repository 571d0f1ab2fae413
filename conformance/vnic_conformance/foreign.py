"""Text that was written by others: cleaned where it comes in, so that nothing later on has to think of it.

Names and messages of an adapter, texts of exceptions, names of files and words of the command line may hold control characters,
escape sequences of terminals, separators that only some programs take for the end of a line, and halves of characters that no
encoding has. :func:`printable` is what all of them go through before they are shown; what goes into Markdown, XML or JSON
goes through the function here that is named after it, and what goes into HTML through a template
(:mod:`vnic_conformance.reports.page`).
"""

from __future__ import annotations

import json
import re
from typing import Final

#: Longest text of an exception that is shown, and longest name.
_TEXT: Final = 500
_NAME: Final = 80


def printable(text: str) -> str:
    """``text`` with everything escaped that could upset a terminal or a file: controls, separators, lone surrogates."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def printable_lines(text: str) -> str:
    """The same of a text of several lines, which it keeps."""
    return "\n".join(map(printable, text.split("\n")))


def json_text(plain: object) -> str:
    """Data as JSON for people: what is printable as it is, the rest as JSON escapes it."""
    text = json.dumps(plain, indent=2, ensure_ascii=False)
    return "".join(c if c == "\n" or c.isprintable() else json.dumps(c)[1:-1] for c in text)


def in_xml(text: str) -> str:
    """``text`` with nothing in it that XML 1.0 cannot hold. Its lines stay; markup is escaped by whoever writes the XML."""
    return printable_lines(text)


#: What Markdown takes for a cell, markup, or the beginning of one.
_MARKDOWN: Final = re.compile(r"[|<>&\\\[\]]")


def in_markdown(text: str) -> str:
    """``text`` as the content of a cell, a heading or a paragraph: no cell ends there, and no HTML or link begins there."""
    escaped = {"|": "\\|", "<": "&lt;", ">": "&gt;", "&": "&amp;", "\\": "\\\\", "[": "\\[", "]": "\\]"}
    return _MARKDOWN.sub(lambda found: escaped[found.group()], printable(text))


def in_comment(text: str) -> str:
    """``text`` as part of a comment of HTML, which an angle bracket might end."""
    return printable(text).replace(">", "&gt;")


def as_code(text: str) -> str:
    """``text`` as a piece of code in a table of Markdown; a backtick, which would end it, becomes an apostrophe."""
    return f"`{printable(text).replace('`', chr(39)).replace('|', chr(92) + '|')}`"


def cut(text: str, longest: int) -> str:
    """``text``, or its beginning and how long it is."""
    return text if len(text) <= longest else f"{text[:longest]}... ({len(text)} characters)"


def name_of(kind: type) -> str:
    """The name of a class, printable and short."""
    return printable(cut(kind.__name__, _NAME))


def told(error: BaseException) -> str:
    """Type and text of an exception, printable and short, even if its text cannot be had."""
    try:
        text = printable(cut(str.__str__(str(error)), _TEXT))
    except Exception as other:
        return f"{name_of(type(error))} (its text cannot be had: that raises {name_of(type(other))})"
    return f"{name_of(type(error))}: {text}" if text else name_of(type(error))
