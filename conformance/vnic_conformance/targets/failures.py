"""What can go wrong with an adapter: one exception for each way, and what its author needs to know.

None of them is a verdict on the implementation behind the adapter, and none is a fault of the kit; a run that meets one
ends with exit code 4, with everything recorded so far kept. Each says whose fault it is, what was expected, what came
instead, what to do next, and the last lines that the adapter wrote on standard error.
"""

from __future__ import annotations

import textwrap
from typing import ClassVar

from vnic_conformance.foreign import printable
from vnic_model.lines import WIDTH

PAGE = "docs/adapter-protocol.md"
_INDENT = " " * 12


def _wrapped(text: str) -> str:
    lines = textwrap.wrap(text, WIDTH - len(_INDENT), break_on_hyphens=False)
    return f"\n{_INDENT}".join(lines)


class SpecError(ValueError):
    """The words that name a target are wrong: a fault of the command line, found before anything is started."""


class AdapterBroken(Exception):  # noqa: N818 - it is the name of a verdict, and what its subclasses say
    """The adapter does not keep the protocol, died or hung.

    Args:
        came: what came, in a few words.
        expected: what was expected instead; the class has a general answer.
        advice: what to do next, where the class's answer does not fit.

    Attributes:
        title: what happened, in a few words; of the class.
        fault: whose fault it is; of the class.
        advice: what to do next; of the class.
        next: what to do next; of this one.
        request: the request that was open, in a few words, or empty.
        seq: its number, or 0.
        stderr_tail: the last lines of standard error, or empty.
    """

    title: ClassVar[str] = "the adapter is broken"
    fault: ClassVar[str] = "the adapter"
    expects: ClassVar[str] = "one reply, as one line, to each request"
    advice: ClassVar[str] = f"compare the adapter with {PAGE}"

    def __init__(self, came: str, *, expected: str = "", advice: str = "") -> None:
        came = printable(came)
        super().__init__(came)
        self.came = came
        self.expected = expected or self.expects
        self.next = advice or self.advice
        self.request = ""
        self.seq = 0
        self.stderr_tail = ""

    @property
    def where(self) -> str:
        """The open request in words: ``request 4 (apply client reg_crq)``; empty if none was open."""
        if not self.request:
            return ""
        return f"request {self.seq} ({self.request})" if self.seq else self.request

    def __str__(self) -> str:
        lines = [f"{self.title}{f' at {self.where}' if self.where else ''}"]
        for label, text in (
            ("fault of", self.fault),
            ("expected", self.expected),
            ("came", self.came),
            ("next", self.next),
        ):
            lines.append(f"  {label:<10}{_wrapped(text)}")
        if self.stderr_tail:
            lines.append("  the last lines on its standard error:")
            lines += [f"    | {line}" for line in self.stderr_tail.splitlines()]
        return "\n".join(lines)

    def as_fields(self) -> dict[str, object]:
        """The same as plain data, for reports."""
        return {
            "broken": type(self).__name__,
            "title": self.title,
            "fault": self.fault,
            "expected": self.expected,
            "came": self.came,
            "next": self.next,
            "request": self.request,
            "seq": self.seq,
            "stderr_tail": self.stderr_tail,
        }


class CannotStart(AdapterBroken):
    """The program, the socket or the Python object is not there."""

    title = "the adapter cannot be started"
    fault = "what --adapter names, or the adapter"
    expects = "a program that can be started, or a socket on which something listens"
    advice = "try the same command by hand: it must wait for a line on standard input"


class Died(AdapterBroken):
    """The adapter ended, or closed its output, while a reply was due."""

    title = "the adapter died"
    advice = "its standard error may say why; send it the same requests by hand, one line each"


class Hung(AdapterBroken):
    """No reply in time."""

    title = "the adapter hangs"
    advice = (
        "does it flush its output after each line? Does the implementation answer at all? "
        "If it is only slow, give it more time with --time-scale"
    )


class HalfLine(Hung):
    """A part of a reply, then silence."""

    title = "the adapter stopped in the middle of a line"
    advice = "end each reply with a line feed, and flush"


class NotReading(Hung):
    """It does not take the request from its input."""

    title = "the adapter does not read its input"
    advice = "read one line after the other, also while something else goes on"


class Garbage(AdapterBroken):
    """A line that is no JSON object."""

    title = "the adapter wrote a line that is no message"
    advice = "only replies belong on standard output; everything else (logs, prompts) belongs on standard error"


class LineTooLong(Garbage):
    """A line beyond the limit; reading stopped there."""

    title = "the adapter wrote a line that is too long"


class WrongSeq(AdapterBroken):
    """A reply with the number of another request."""

    title = "the adapter answered another request"
    advice = 'copy field "seq" of each request into its reply'


class BadReply(AdapterBroken):
    """A reply that the protocol does not allow."""

    title = "the adapter's reply is not what the protocol asks for"


class Unsolicited(AdapterBroken):
    """A line that nobody asked for."""

    title = "the adapter wrote a line that nobody had asked for"
    expects = "nothing, until the next request"
    advice = "answer each request with exactly one line; everything else belongs on standard error"


class WrongVersion(AdapterBroken):
    """Another major version of the protocol."""

    title = "the adapter speaks another version of the protocol"
    advice = "use a kit and an adapter of the same major version"


class BadClaim(AdapterBroken):
    """A claim in its greeting that the profile does not have or allow."""

    title = "the adapter claims something that there is not"
    expects = "claims as the page of the protocol lists them"


class Declined(AdapterBroken):
    """It declines what every adapter has to do."""

    title = "the adapter declines what it must do"
    expects = 'outcome "done"'


class BadEnd(AdapterBroken):
    """It answered ``bye`` and did not end, or ended as if something had gone wrong."""

    title = "the adapter does not end properly"
    expects = "that it ends with status 0 after it has answered bye"
    advice = "leave the loop after bye, and at the end of input"


class LeftBehind(AdapterBroken):
    """It ended, and processes that it had started did not."""

    title = "the adapter left processes behind"
    expects = "that everything it started has ended when it ends"
    advice = "stop and wait for child processes before ending; a shell script may need exec"
