"""Hypothesis at work outside a test: no database, no deadline, no report of its own; the same seed does the same."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.configuration import set_hypothesis_home_dir, storage_directory
from hypothesis.errors import HypothesisException
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


@contextmanager
def _no_directory() -> Iterator[None]:
    """Keep what Hypothesis notes between runs, even without a database, out of the user's directory."""
    before = getattr(storage_directory(intent_to_write=False), "home_directory", None)
    with tempfile.TemporaryDirectory(prefix="vnickit-") as elsewhere:
        set_hypothesis_home_dir(elsewhere)
        try:
            yield
        finally:
            set_hypothesis_home_dir(before)


@contextmanager
def _no_constants_of_modules() -> Iterator[None]:
    """Draw nothing from the source of the modules that happen to be loaded: a seed is to play the same everywhere.

    Hypothesis collects the constants of every module that is not installed, so an editable kit would play other programs than
    an installed one, and look through all its sources first, which takes a second. It has no setting for that, so its
    module is told; a version that has no such function draws as it pleases.
    """
    try:
        providers = importlib.import_module("hypothesis.internal.conjecture.providers")
        none = importlib.import_module("hypothesis.internal.constants_ast").Constants()
        collected = providers._get_local_constants
    except (ImportError, AttributeError):
        yield
        return
    providers._get_local_constants = lambda: none  # type: ignore[attr-defined]  # as above
    try:
        yield
    finally:
        providers._get_local_constants = collected  # type: ignore[attr-defined]  # as above


def run_programs(
    machine: type[RuleBasedStateMachine],
    *,
    seed: int,
    programs: int,
    steps: int,
    shrink: bool,
    ends: tuple[type[Exception], ...],
    target: bool = False,
) -> None:
    """Run programs of a machine, at most so many, each of at most so many steps.

    Args:
        machine: the machine, which keeps by itself what it finds.
        seed: of the draws.
        programs: bound on their number, at least 1.
        steps: bound on the steps of each.
        shrink: whether Hypothesis makes a program that raised shorter.
        ends: what the machine raises to end the run; that, and whatever Hypothesis makes of a machine which does not
            do the same again, goes no further.
        target: the machine says by :func:`hypothesis.target` what to look for, and Hypothesis goes there.
    """
    settings = hypothesis.settings(
        max_examples=max(1, programs),
        stateful_step_count=steps,
        phases=(Phase.generate, *([Phase.target] if target else []), *([Phase.shrink] if shrink else [])),
        database=None,
        deadline=None,
        derandomize=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    with _no_directory(), _no_constants_of_modules(), suppress(*ends, HypothesisException):
        run_state_machine_as_test(hypothesis.seed(seed)(machine), settings=settings)
