"""Text that was written by others: cleaned where it comes in, so that nothing later on has to think of it.

Names and messages of an adapter, texts of exceptions, names of files and words of the command line may hold control characters,
escape sequences of terminals, separators that only some programs take for the end of a line, and halves of characters that no
encoding has. :func:`printable` is what all of them go through before they are shown.
"""

from __future__ import annotations

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
