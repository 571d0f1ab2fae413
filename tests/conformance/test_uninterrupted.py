"""A signal at the worst moment: a violation that was seen is in the outcome and in the log, whatever the run was just doing."""

from __future__ import annotations

import io
import os
import signal
from typing import Any

import pytest

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.running.checking import Request, check
from vnic_conformance.running.events import Failure, Narrowing, SessionEnded, StepDone
from vnic_conformance.running.judging import judge_again
from vnic_conformance.running.recorded import load
from vnic_conformance.running.runlog import RunLog
from vnic_conformance.stopping import Uninterrupted, stoppable

pytestmark = pytest.mark.usefixtures("hurried", "interruptible")

FAULTY = "python:vnic_reference.faults:no_failover_event"


def violates(event: Any) -> bool:
    if isinstance(event, StepDone):
        return not event.judgement.ok
    return not isinstance(event, SessionEnded) or event.verdict == "fail"


@pytest.mark.parametrize("moment", [StepDone, SessionEnded, Narrowing, Failure])
def test_a_violation_is_kept_when_the_signal_comes_with(moment: type) -> None:
    """The listener is told of the violation, and then the signal comes."""
    sent: list[object] = []

    def interrupts(event: Any) -> None:
        if isinstance(event, moment) and not sent and violates(event):
            sent.append(event)
            os.kill(os.getpid(), signal.SIGINT)

    file = io.StringIO()
    outcome = check(Request(FAULTY, ("FOV-*",), phases=("scripted",)), [RunLog(file), interrupts]).outcome
    assert outcome.stopped
    assert outcome.code is ExitCode.VIOLATION
    assert outcome.failures
    run = load(file.getvalue())
    assert [failure.requirement for failure in run.failures] == [failure.requirement for failure in outcome.failures]
    assert judge_again(run).code is ExitCode.VIOLATION


def test_signals_wait_and_are_delivered_once() -> None:
    done = []

    def interrupted_twice() -> None:
        with Uninterrupted():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            done.append("all of it")

    with pytest.raises(KeyboardInterrupt):
        interrupted_twice()
    assert done == ["all of it"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_where_they_are_allowed_they_interrupt_at_once() -> None:
    done = []
    with Uninterrupted() as signals:
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), signals.allowed():
            done.append("never")
        done.append("after")
    assert done == ["after"]


@pytest.mark.parametrize("name", ["SIGALRM", "SIGUSR1", "SIGUSR2", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGIO"])
def test_whatever_would_end_the_process_stops_the_run_instead(name: str) -> None:
    number = getattr(signal, name)
    # Whoever starts the tests may ignore some, as a shell does for what it puts into the background.
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with pytest.raises(KeyboardInterrupt), stoppable():
            os.kill(os.getpid(), number)
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
