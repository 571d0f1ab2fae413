"""The exit codes of ``vnickit``, one meaning each.

They are an interface: scripts and continuous integration act on them, so a number never changes its meaning.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a finished ``vnickit`` says about the thing it was asked to look at.

    Every verb returns one; there is no implicit success. In particular a run in which nothing was exercised is
    ``INCONCLUSIVE``, never ``CONFORMS``.
    """

    CONFORMS = 0  #: it conforms, and something was exercised
    VIOLATION = 1  #: a requirement is violated; a trace was shown
    USAGE = 2  #: the command line is wrong, or a file that it names cannot be read
    INCONCLUSIVE = 3  #: no verdict: nothing was exercised, a limit was reached, or the run was stopped
    ADAPTER_BROKEN = 4  #: the adapter does not speak the protocol, died or hung
    KIT_ERROR = (
        5  #: a fault of the kit itself, which says nothing about the implementation; or what it had to write is lost
    )

    def __repr__(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.name

    @property
    def meaning(self) -> str:
        """The meaning in a few words, as ``vnickit --help`` prints it."""
        return _MEANING[self]


_MEANING = {
    ExitCode.CONFORMS: "conforms, and something was exercised",
    ExitCode.VIOLATION: "violation; the trace shows it",
    ExitCode.USAGE: "wrong usage",
    ExitCode.INCONCLUSIVE: "inconclusive, or nothing was exercised",
    ExitCode.ADAPTER_BROKEN: "the adapter is broken",
    ExitCode.KIT_ERROR: "kit error: a fault of this program",
}
