"""Progress of a run on standard error: one line that changes on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import contextlib
import sys
import time

import click

from vnic_conformance.running.events import Event, Failure, Narrowing, RunEnded, SessionBegan, StepDone, Stopped

_WIDTH = 78


class Progress:
    """A listener that reports how far a run is."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._start = self._last = time.monotonic()
        self._phase = ""
        self._session = 0
        self._steps = 0
        self._failures = 0

    def __call__(self, event: Event) -> None:
        """Take in one event."""
        if isinstance(event, SessionBegan):
            if self._session == 0:
                self._start = time.monotonic()
            self._phase, self._session = event.case or event.phase, event.session
        elif isinstance(event, StepDone):
            self._steps += 1
        elif isinstance(event, Narrowing):
            self._show(f"{event.requirement} is violated after {event.steps} steps; looking for a shorter way")
            return
        elif isinstance(event, Failure):
            self._failures += 1
            self._show(f"violation: {event.case}", keep=True)
        elif isinstance(event, RunEnded | Stopped):
            if self._terminal:
                with contextlib.suppress(OSError):
                    click.echo(f"\r{'':<{_WIDTH}}\r", err=True, nl=False)
            return
        now = time.monotonic()
        if now - self._last >= (0.2 if self._terminal else 1.0):
            self._last = now
            speed = round(self._steps / max(now - self._start, 0.001))
            failing = f", {self._failures} violated" if self._failures else ""
            self._show(f"{self._phase}: session {self._session}, {self._steps:,} steps, {speed:,} steps/s{failing}")

    def _show(self, line: str, *, keep: bool = False) -> None:
        with contextlib.suppress(OSError):  # whoever watched is gone; the run goes on
            if self._terminal:
                click.echo(f"\r{line:<{_WIDTH}}", err=True, nl=keep)
            else:
                click.echo(line, err=True)


def progress(wanted: bool) -> list[Progress]:
    """The listener, where somebody watches or asks for it."""
    return [Progress()] if wanted or sys.stderr.isatty() else []
