"""The pytest plugin: ``pytest --vnic-adapter='./mine'`` checks an implementation, one test per case of the kit.

pytest loads this in every run of an environment that has the kit, so nothing of the kit is imported before the option is
given. Cases are not played one by one: a tour or a walk puts many to the test at once. So the first test plays everything
that was selected, and each test then reports the verdict of its own case, as ``vnickit check`` would.

A run that was meant to check and cannot is never a success: options of this plugin without an implementation are wrong usage.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from vnic_conformance.running.checking import Checked, Request
    from vnic_conformance.running.events import Failure

_NAME = "vnic"
_STATE = pytest.StashKey["Suite"]()
_IDS = pytest.StashKey[list[str]]()
#: Options that say something about a check, without the one that asks for it.
_OPTIONS = ("case", "phase", "steps", "seed", "time-scale", "log")


class CaseFailedError(Exception):
    """A case did not pass; the text is the whole report."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup("vnic", "VNIC failover kit: check a hypervisor's implementation")
    group.addoption(
        "--vnic-adapter",
        metavar="SPEC",
        help="the implementation: a command line, tcp:host:port, unix:path or python:module:factory",
    )
    group.addoption("--vnic-case", metavar="ID-GLOB", action="append", default=[], help="only these cases (repeatable)")
    group.addoption(
        "--vnic-phase",
        metavar="PHASE",
        action="append",
        default=[],
        help="only this phase, as vnickit check --phase has it",
    )
    group.addoption("--vnic-steps", metavar="N", help="steps of the random phases")
    group.addoption("--vnic-seed", metavar="N", help="of everything random")
    group.addoption("--vnic-time-scale", metavar="F", help="factor on every wait for the adapter")
    group.addoption("--vnic-log", metavar="FILE", help="write the log of the run here, for vnickit show, replay, judge")


def pytest_configure(config: pytest.Config) -> None:
    """The mark that every case has, so that ``-m vnic`` and ``-m 'not vnic'`` work; and no second process.

    Raises:
        pytest.UsageError: nothing would be checked, though that is asked for; or pytest-xdist was asked for.
    """
    ids = _taken_ids(config)
    if config.getoption("--vnic-adapter") is None:
        given = [f"--vnic-{name}" for name in _OPTIONS if config.getoption(f"--vnic-{name}")] + ids[:1]
        if given:
            raise pytest.UsageError(f"{given[0]}: without --vnic-adapter SPEC nothing is checked")
    elif not config.getoption("--vnic-adapter").strip():
        raise pytest.UsageError("--vnic-adapter is empty, so nothing would be checked; is a variable unset?")
    elif sys.flags.optimize > 1:
        raise pytest.UsageError("--vnic-adapter: not with -OO, for sentences of the specification are docstrings")
    config.stash[_IDS] = ids
    if config.getoption("--vnic-adapter") and config.getoption("numprocesses", None):
        raise pytest.UsageError("--vnic-adapter: one implementation is checked by one process; leave out -n")
    config.addinivalue_line("markers", "vnic: a case of the VNIC failover kit")


def _taken_ids(config: pytest.Config) -> list[str]:
    """Node IDs of cases on the command line, as ``--collect-only -q`` prints them; pytest would take them for files."""
    ids = [word for word in config.args if word.startswith(f"{_NAME}::")]
    config.args = [word for word in config.args if word not in ids]
    return ids


def _number(config: pytest.Config, name: str, low: float, high: float, usual: float) -> float:
    """A number that an option names.

    Raises:
        pytest.UsageError: it is none, or beyond its bounds.
    """
    from vnic_conformance.options import real, whole

    word = config.getoption(f"--vnic-{name}")
    if word is None:
        return usual
    if isinstance(low, int) and isinstance(high, int):
        number: float | None = whole(word, low, high)
        kind = "whole number"
    else:
        number, kind = real(word, low, high), "number"
    if number is None:
        raise pytest.UsageError(f"--vnic-{name} must be a {kind} from {low} to {high}, not {word!r}")
    return number


# Before pytest's own hook, which deselects what -k and -m do not name.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the cases behind the other tests, before anything is deselected."""
    adapter = config.getoption("--vnic-adapter")
    if not adapter:
        return
    suite = Suite.from_parent(session, name=_NAME, nodeid=_NAME)
    config.stash[_STATE] = suite
    cases = list(suite.collect())
    items.extend(cases)
    # So that they are counted with the others.
    suite.ihook.pytest_collectreport(report=pytest.CollectReport(suite.nodeid, "passed", None, [*cases]))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """No exit code 0 where ``vnickit check`` would have another, nor where no case was put to the test (all skipped is no pass).

    A violation may be blamed on what has no case, so that no test fails; the adapter may break when every case has passed.
    """
    suite = session.config.stash.get(_STATE, None)
    if suite is None or session.exitstatus != pytest.ExitCode.OK or session.config.option.collectonly:
        return
    if suite.wanted and not suite.passed:
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
    elif suite.checked is not None and suite.checked.outcome.code:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED  # for something that is no case's, though each case passed
    elif suite.lost:
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The sentence that ends a check."""
    suite = config.stash.get(_STATE, None)
    if suite is not None and suite.checked is not None:
        from vnic_conformance.foreign import printable
        from vnic_conformance.reports.summary import sentence

        terminalreporter.write_sep("=", "VNIC failover kit")
        for failure in suite.beside:
            for line in suite.report(failure):
                terminalreporter.write_line(line)
            terminalreporter.write_line("")
        terminalreporter.write_line(sentence(suite.checked.outcome))
        if suite.lost:
            terminalreporter.write_line(printable(suite.lost))


class Suite(pytest.Collector):
    """All cases for one implementation.

    Attributes:
        passed: cases that were put to the test and passed.
        checked: the check, once it has run.
        lost: why the log could not be written, or nothing.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.passed = 0
        self.checked: Checked | None = None
        self.lost = ""
        self._trouble = ""

    def collect(self) -> Iterator[CaseItem]:
        """One item a case; the implementation is asked for its claims, because some cases depend on them."""
        import click

        from vnic_conformance.defaults import PHASES
        from vnic_conformance.running.plan import NothingSelectedError, select
        from vnic_conformance.running.role import role_named
        from vnic_conformance.targets import AdapterBroken, SpecError, open_target
        from vnic_conformance.writing import check_places

        adapter = self._request().adapter
        if log := self.config.getoption("--vnic-log"):
            try:
                check_places((("--vnic-log", Path(log)),))
            except click.ClickException as error:
                raise pytest.UsageError(error.message) from None
        unknown = sorted(set(self.phases) - set(PHASES))
        if unknown:
            raise pytest.UsageError(f"--vnic-phase {unknown[0]}: there are {', '.join(PHASES)}")
        try:
            with open_target(adapter, time_scale=self._time_scale) as target:
                hello = target.hello
                target.finish()
        except (AdapterBroken, SpecError) as error:
            raise pytest.UsageError(f"--vnic-adapter {adapter}: {error}") from None
        try:
            role = role_named(hello.role)
        except LookupError as error:
            raise pytest.UsageError(f"--vnic-adapter: the adapter plays the role {hello.role}; {error}") from None
        if why := role.refuses(hello, hello.profile):
            raise pytest.UsageError(f"--vnic-adapter: {why}")
        phases = tuple(phase for phase in self.phases if phase in role.phases)
        if not phases:
            raise pytest.UsageError(f"--vnic-phase: role {role.name} has the phases {' and '.join(role.phases)} only")
        try:
            cases = select(role.book(hello.profile, phases, lambda _: None).cases, self.config.getoption("--vnic-case"))
        except NothingSelectedError as error:
            raise pytest.UsageError(f"--vnic-case: {error}") from None
        ids = self.config.stash.get(_IDS, [])
        names = {f"{_NAME}::{case.id}" for case in cases}
        for wrong in (word for word in ids if word not in names):
            raise pytest.UsageError(f"{wrong}: there is no such case among those selected; see --collect-only -q")
        for case in cases:
            if ids and f"{_NAME}::{case.id}" not in ids:
                continue
            item = CaseItem.from_parent(self, name=case.id)
            item.add_marker("vnic")
            item.purpose = case.purpose
            yield item

    @property
    def phases(self) -> tuple[str, ...]:
        """What is played."""
        from vnic_conformance.defaults import PHASES

        return tuple(self.config.getoption("--vnic-phase")) or PHASES

    @property
    def wanted(self) -> list[CaseItem]:
        """The cases that are left when all deselecting is over."""
        return [item for item in self.session.items if isinstance(item, CaseItem)]

    def check(self) -> Checked:
        """Run the check, once.

        Raises:
            CaseFailedError: there is no check of this implementation with these options.
        """
        if self._trouble:
            raise CaseFailedError(self._trouble)
        if self.checked is None:
            from vnic_conformance.commands.log_file import LogFile
            from vnic_conformance.running.checking import RequestError, check

            name = self.config.getoption("--vnic-log")
            log = LogFile(Path(name)) if name else None
            try:
                self.checked = check(self._request(), [] if log is None else [log])
            except RequestError as error:
                self._trouble = str(error)
                raise CaseFailedError(self._trouble) from None
            finally:
                if log is not None:
                    log.close()
                    self.lost = log.lost
        return self.checked

    @property
    def beside(self) -> list[Failure]:
        """Violations that no test reports, because what they are blamed on has none."""
        named = {item.name for item in self.wanted}
        return [] if self.checked is None else [f for f in self.checked.outcome.failures if f.case not in named]

    def report(self, failure: Failure) -> list[str]:
        """The whole report on a violation."""
        from vnic_conformance.foreign import printable
        from vnic_conformance.reports.failure import failure_lines

        assert self.checked is not None
        lines = failure_lines(failure, adapter=self.checked.header.adapter, file=self.config.getoption("--vnic-log"))
        return [printable(line.text.rstrip()) for line in lines]

    def _request(self) -> Request:
        from vnic_conformance.defaults import SEED, STEPS
        from vnic_conformance.options import MOST_SEED, MOST_STEPS
        from vnic_conformance.running.checking import Request

        return Request(
            self.config.getoption("--vnic-adapter"),
            tuple(item.name for item in self.wanted),
            steps=int(_number(self.config, "steps", 0, MOST_STEPS, STEPS)),
            seed=int(_number(self.config, "seed", -MOST_SEED, MOST_SEED, SEED)),
            time_scale=self._time_scale,
            phases=self.phases,
        )

    @property
    def _time_scale(self) -> float:
        from vnic_conformance.options import TIME_SCALE

        return _number(self.config, "time-scale", *TIME_SCALE, 1.0)


class CaseItem(pytest.Item):
    """One case.

    Attributes:
        purpose: what it is about, in a sentence.
    """

    purpose = ""

    def runtest(self) -> None:
        """Report the verdict: passed, failed, or skipped where it was not put to the test.

        Raises:
            CaseFailedError: it failed, cannot be decided, or the adapter broke.
        """
        from vnic_conformance.running.verdicts import Verdict

        suite = self.parent
        assert isinstance(suite, Suite)
        outcome = suite.check().outcome
        result = next((r for r in outcome.results if r.case == self.name), None)
        if outcome.broken is not None and (result is None or result.verdict is not Verdict.PASS):
            raise CaseFailedError(outcome.broken.text)
        if result is None:
            raise CaseFailedError("the run has said nothing of this case")
        self.user_properties.append(("vnic_verdict", result.verdict.words))
        if result.verdict is Verdict.PASS:
            suite.passed += 1
        elif result.verdict in (Verdict.UNSUPPORTED, Verdict.NOT_EXERCISED):
            pytest.skip(f"{result.verdict.words}: {result.reason}")
        else:
            failure = next((f for f in outcome.failures if f.case == self.name), None)
            said = "" if failure is None else "\n".join(suite.report(failure))
            raise CaseFailedError(said or f"{result.verdict.words}: {result.reason}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report of the kit instead of a traceback of the kit's own."""
        if isinstance(excinfo.value, CaseFailedError):
            return f"{self.name}: {self.purpose}\n\n{excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where it is: in the kit, under its name."""
        return self.config.rootpath, None, f"{_NAME}::{self.name}"
