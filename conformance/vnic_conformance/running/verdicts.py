"""Verdicts: what may be said of one case, which of two is the worse, and what a script is told in the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from vnic_conformance.exit_codes import ExitCode


class Verdict(IntEnum):
    """What a run says about one case; the greater, the worse.

    Beside the order stands ``UNSUPPORTED``: the implementation does not claim what the case needs, and it is therefore
    not counted.
    """

    UNSUPPORTED = -1  #: the implementation does not claim what the case needs
    NOT_EXERCISED = 0  #: nothing in this run put it to the test
    PASS = 1  #: it was put to the test, and every answer was allowed
    INCONCLUSIVE = 2  #: it was tried, and nothing can be said
    FAIL = 3  #: the implementation did what is not allowed
    BROKEN = 4  #: the adapter died, hung or spoke nonsense while it was tried

    @property
    def words(self) -> str:
        """As reports print it."""
        return self.name.lower().replace("_", " ")

    @classmethod
    def of(cls, words: str) -> Verdict:
        """Read what :attr:`words` wrote.

        Raises:
            ValueError: no such verdict.
        """
        try:
            return cls[words.upper().replace(" ", "_")]
        except KeyError:
            raise ValueError(f"no verdict {words!r}") from None


@dataclass(frozen=True, slots=True)
class Rerun:
    """How a failing word behaved when it was run again from ``reset``: ``failed`` of ``runs`` times in the same way."""

    failed: int
    runs: int

    @property
    def deterministic(self) -> bool:
        """It failed every time."""
        return self.failed == self.runs

    def __str__(self) -> str:
        times = "re-run" if self.runs == 1 else "re-runs"
        sure = "" if self.deterministic else "; nondeterministic"
        return f"failed in {self.failed} of {self.runs} {times}{sure}"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The verdict on one case of one run.

    Attributes:
        case: its ID.
        verdict: what is said of it.
        exercised: how many steps put it to the test.
        reason: why there is no more to say; empty for a pass.
        rerun: of a failure: how it repeated.
    """

    case: str
    verdict: Verdict
    exercised: int = 0
    reason: str = ""
    rerun: Rerun | None = None

    @property
    def words(self) -> str:
        """The verdict as reports print it, with ``nondeterministic r/k`` where that is so."""
        if self.rerun is not None and not self.rerun.deterministic:
            return f"{self.verdict.words}, nondeterministic {self.rerun.failed}/{self.rerun.runs}"
        return self.verdict.words


def exit_code(results: Iterable[CaseResult], *, broken: bool = False, unclear: bool = False) -> ExitCode:
    """What a script is told: the worst that was found, and 0 only if something was exercised and all of it passed.

    A violation that was seen is a violation, whatever came later.

    Args:
        results: of every case.
        broken: the adapter broke.
        unclear: in some session an answer said nothing.
    """
    verdicts = {result.verdict for result in results}
    if Verdict.FAIL in verdicts:
        return ExitCode.VIOLATION
    if broken or Verdict.BROKEN in verdicts:
        return ExitCode.ADAPTER_BROKEN
    if Verdict.INCONCLUSIVE in verdicts or unclear or Verdict.PASS not in verdicts:
        return ExitCode.INCONCLUSIVE
    return ExitCode.CONFORMS
