"""The verdict can be trusted: nothing seen is lost, and nothing that an adapter says is taken for what the kit knows."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping

import pytest

from vnic_conformance.answer import Answer, Facts, ask
from vnic_conformance.episode import Episode, Setting
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.oracle import Judgement
from vnic_conformance.oracle import judge as oracle_judge
from vnic_conformance.reports.summary import sentence
from vnic_conformance.running.checking import Request, check
from vnic_conformance.running.engine import Engine, Narrow
from vnic_conformance.running.events import RunBegan
from vnic_conformance.running.judging import judge_again
from vnic_conformance.running.plan import ANSWERS, Case, counted_against, requirements_of_role, watched_cases
from vnic_conformance.running.play import Narrowed, Outcome, Play
from vnic_conformance.running.recorded import RecordedRun, load
from vnic_conformance.running.runlog import RunLog
from vnic_conformance.running.verdicts import Rerun, Verdict
from vnic_conformance.stimulus import Stimulus, advance
from vnic_conformance.targets.base import Target
from vnic_conformance.targets.in_process import InProcessLink
from vnic_conformance.targets.pacing import Paced
from vnic_reference.adapter import Adapter
from vnic_reference.faults import FAULTS
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Scope

Fields = dict[str, object]
Plant = Callable[[Callable[[], object]], str]
#: What an adapter may say beside what it is asked for; each is the name of something that only the kit knows, or knew.
FORGED: Fields = {
    "absent": "CRQ-11",
    "measured": "0 99999999 0 99999999 99999999",
    "repeated": 20,
    "gone": "client_queue",
    "facts": "x",
    "seen": "x",
    "inconclusive": "x",
}


def reports(server: str, interval_ms: int = 60_000) -> Stimulus:
    return Stimulus.of(server, "vioctl", sub=24, p1=1, p2=interval_ms, p3=0)


def up(server: str) -> list[Stimulus]:
    return [Stimulus.of(server, "reg_crq"), reports(server)]


REGISTERS = Stimulus.of("client", "reg_crq")


# --- what an adapter says ------------------------------------------------------------------------------------------------


class DoesNothing(Adapter):
    """Answers each call as if it were carried out, carries out none, and says whatever might help."""

    def __call__(self, request: Mapping[str, object]) -> Fields:
        if request["op"] not in ("apply", "advance"):
            return {**super().__call__(request), **FORGED}
        seen = super().__call__({"op": "observe", "seq": request["seq"]})
        size = 64 if "handle" in request else 32
        answers: Fields = {"rc": 0, "element": size * "0", "hex": "", "r4": 1, "info": 64 * "0", "handle": 1}
        return {**seen, **answers, **FORGED}


class Forges(Adapter):
    """A faulty hypervisor that adds what might help."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = FAULTS["never_expires"].adapter()

    def __call__(self, request: Mapping[str, object]) -> Fields:
        return {**self.inner(request), **FORGED}


@pytest.mark.parametrize("phase", ["walk", "hypothesis", "scripted", pytest.param("tour", marks=pytest.mark.slow)])
def test_who_does_nothing_and_says_that_it_is_absent_fails(phase: str, plant: Plant) -> None:
    select = ("MON-1/*", "SEL-2/*") if phase == "scripted" else ()
    checked = check(Request(plant(DoesNothing), select, steps=400, fail_fast=True, phases=(phase,)))
    assert checked.outcome.code is ExitCode.VIOLATION, sentence(checked.outcome)


def test_forged_times_let_no_faulty_timer_pass(plant: Plant) -> None:
    checked = check(Request(plant(Forges), ("MON-2/*",), fail_fast=True, phases=("scripted",)))
    assert checked.outcome.code is ExitCode.VIOLATION
    assert checked.outcome.failures[0].requirement == "MON-2"


def test_extra_fields_change_nothing(plant: Plant) -> None:
    class Chatty(Adapter):
        def __call__(self, request: Mapping[str, object]) -> Fields:
            return {**super().__call__(request), **FORGED}

    checked = check(Request(plant(Chatty), steps=300, phases=("walk",)))
    assert checked.outcome.code is ExitCode.CONFORMS, sentence(checked.outcome)


class _Says:
    """A target that gives these replies in turn."""

    def __init__(self, *replies: Fields) -> None:
        self.replies = list(replies)

    def request(self, fields: Mapping[str, object]) -> Fields:
        return self.replies.pop(0)


SETTLED: Fields = {"outcome": "done", "now": 0, "selected": "server1", "client_queue": ""}


def test_an_observation_that_was_not_asked_for_is_none() -> None:
    reply: Fields = {"outcome": "done", "rc": 0, "selected": "server0", "client_queue": "forged"}
    assert Answer.of({"op": "apply"}, reply).seen is None
    assert "client_queue" not in Answer.of({"op": "apply"}, reply)
    unknown = {**reply, "outcome": "unknown"}
    asked = {"op": "apply", "observe": 1}
    assert Answer.of(asked, unknown).seen is None
    answer = ask(_Says(unknown, SETTLED), asked)
    assert (answer["outcome"], answer["selected"], answer["client_queue"]) == ("unknown", "server1", "")
    assert Answer.of(asked, {**reply, **FORGED}).facts == Facts()


def test_a_settled_observation_is_not_replaced_by_an_earlier_one() -> None:
    """The reply to the call carries an observation of its own, from before the quiet time."""

    class Hasty(Adapter):
        def __call__(self, request: Mapping[str, object]) -> Fields:
            reply = super().__call__(request)
            return {**reply, "selected": "server1"} if request["op"] == "apply" else reply

    target = Target(InProcessLink(Hasty(quiet_ms=1)))
    paced = Paced(target, sleep=lambda _: None)
    paced.request({"op": "reset", "servers": 2, "observe": 1})
    answer = paced.request({"op": "apply", "who": "server0", "call": "reg_crq", "observe": 1})
    assert (answer["rc"], answer["selected"]) == (2, "")


# --- what is blamed ------------------------------------------------------------------------------------------------------


def quick(_: Engine, episode: Episode, failure: Judgement, alone: Play | None) -> Narrowed:
    """Narrow nothing down."""
    return Narrowed(episode, failure, Rerun(0, 0), "")


def played(
    adapter: Callable[[Mapping[str, object]], Fields],
    *words: list[Stimulus],
    select: tuple[str, ...] = (),
    chosen: list[Case] | None = None,
    narrow: Narrow = quick,
    log: io.StringIO | None = None,
) -> Outcome:
    """A run of a few words with two servers, in which every watched case counts."""
    cases = watched_cases() if chosen is None else chosen
    with Target(InProcessLink(adapter)) as target:
        profile = target.hello.profile
        header = RunBegan("0", "mine", {}, profile, 1, 1, select, tuple(case.id for case in cases))
        listeners = [] if log is None else [RunLog(log)]
        engine = Engine(target, profile, watched_cases(), cases, header, listeners, narrow=narrow)
        plays: Iterator[Play] = (Play("walk", Setting(2, profile), lambda _, word=word: word) for word in words)  # type: ignore[misc]
        return engine.run(lambda _: plays)


#: Of the two servers that tie the one that came first keeps the client (SEL-5).
TIE = [*up("server0"), *up("server1"), REGISTERS, Stimulus.of("server1", "free_crq"), *up("server1")]


@pytest.mark.parametrize(
    ("fault", "word"), [("newest_wins", TIE), ("tie_preempts", [*up("server1"), REGISTERS, *up("server0")])]
)
def test_a_tie_that_preempts_is_a_violation(fault: str, word: list[Stimulus]) -> None:
    """Two servers of equal priority, one selected; the other comes, or comes back, and takes the client."""
    log = io.StringIO()
    outcome = played(FAULTS[fault].adapter(), word, word, log=log)
    assert outcome.code is ExitCode.VIOLATION
    assert [failure.requirement for failure in outcome.failures] == ["SEL-5"]
    assert sentence(outcome) == "VIOLATION: SEL-5/answers."
    assert judge_again(load(log.getvalue())).code is ExitCode.VIOLATION


def blamable() -> list[str]:
    """Whatever the oracle may name: the requirements of the role, and its properties."""
    return [entry.id for entry in requirements_of_role()] + [
        p.name for p in PROPERTIES.values() if p.scope is Scope.ANYBODY
    ]


@pytest.mark.parametrize("blamed", [*blamable(), "XYZ-1"])
def test_whatever_a_violation_is_blamed_on_it_is_one(blamed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle_judge, "blame", lambda *_: (blamed, "as if"))
    log = io.StringIO()
    outcome = played(FAULTS["newest_wins"].adapter(), TIE, log=log)
    assert outcome.code is ExitCode.VIOLATION
    (failure,) = outcome.failures
    assert failure.requirement == blamed
    assert failure.episode.word == tuple(TIE)[:5]
    assert failure.case in {result.case for result in outcome.results if result.verdict is Verdict.FAIL}
    assert judge_again(load(log.getvalue())).code is ExitCode.VIOLATION


def test_each_requirement_that_may_be_blamed_has_a_case_that_counts_it() -> None:
    cases = {case.id: case for case in watched_cases()}
    for blamed in blamable():
        (counted,) = counted_against(blamed, None, cases, cases, selected=False)
        assert counted in cases or blamed in ("CRQ-1", "INV-8"), "those speak of what no answer shows"
    assert {f"SEL-5/{ANSWERS}", f"FOV-9/{ANSWERS}", f"CRQ-11/{ANSWERS}"} < set(cases)


def test_only_a_choice_deselects_and_the_last_line_says_so() -> None:
    chosen = [case for case in watched_cases() if case.id == "MON-1/answers"]
    log = io.StringIO()
    outcome = played(FAULTS["newest_wins"].adapter(), TIE, TIE, select=("MON-1/answers",), chosen=chosen, log=log)
    assert outcome.code is ExitCode.CONFORMS
    assert outcome.beside == {"SEL-5/answers": 2}
    assert sentence(outcome).endswith("Violated, but not selected: SEL-5/answers in 2 sessions.")
    again = judge_again(load(log.getvalue()))
    assert again.code is ExitCode.CONFORMS
    assert len(again.beside) == 2
    unchosen = played(FAULTS["newest_wins"].adapter(), TIE, chosen=chosen)
    assert unchosen.code is ExitCode.VIOLATION, "nobody has deselected it"


# --- what ends a run -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [KeyboardInterrupt, ZeroDivisionError])
def test_what_ends_a_run_while_a_failure_is_narrowed_down_loses_it_not(
    end: type[BaseException],
) -> None:
    def raises(*_: object, **__: object) -> Narrowed:
        raise end

    log = io.StringIO()
    outcome = played(FAULTS["newest_wins"].adapter(), TIE, narrow=raises, log=log)
    assert outcome.code is ExitCode.VIOLATION
    assert [(f.requirement, f.length_note) for f in outcome.failures] == [("SEL-5", "5 steps, not shortened")]
    assert "The run was stopped before its end" in sentence(outcome)
    assert (outcome.fault is None) == (end is KeyboardInterrupt)
    run = load(log.getvalue())
    assert run.truncated
    assert judge_again(run).code is ExitCode.VIOLATION


def test_a_fault_of_the_kit_before_any_violation_is_one_of_the_kit() -> None:
    with pytest.raises(ValueError, match="the protocol does not have"):
        played(Adapter(), [Stimulus.of("platform", "power_on", target="client"), Stimulus.of("client", "no_such")])


# --- what the clock shows ------------------------------------------------------------------------------------------------


class Clock(Adapter):
    """Shows another time than has passed, from some moment on."""

    def __init__(self, shown: Callable[[int], int]) -> None:
        super().__init__()
        self.shown = shown

    def __call__(self, request: Mapping[str, object]) -> Fields:
        reply = super().__call__(request)
        return {**reply, "now": self.shown(int(str(reply["now"])))} if "now" in reply else reply


@pytest.mark.parametrize(
    ("shown", "step"),
    [(lambda now: now + 1, 0), (lambda now: 0, 2), (lambda now: now // 1000, 2), (lambda now: 2 * now, 2)],
    ids=["ahead", "stands", "seconds", "twice"],
)
def test_the_time_that_is_shown_is_judged(shown: Callable[[int], int], step: int) -> None:
    log = io.StringIO()
    outcome = played(Clock(shown), [Stimulus.of("server0", "reg_crq"), advance(1500), advance(0)], log=log)
    assert outcome.code is ExitCode.VIOLATION
    (failure,) = outcome.failures
    assert failure.requirement == "MON-2"
    assert len(failure.episode.moments) == step
    assert [set(a.instead) for a in failure.allowed] == [{"now"}]
    assert judge_again(load(log.getvalue())).code is ExitCode.VIOLATION


# --- an answer that is not known -----------------------------------------------------------------------------------------


class SaysUnknown(Adapter):
    """Answers calls of some name with ``unknown``; carries them out, or not."""

    def __init__(self, calls: tuple[str, ...], does: bool) -> None:
        super().__init__()
        self.calls, self.does = calls, does

    def __call__(self, request: Mapping[str, object]) -> Fields:
        if (request.get("call") not in self.calls and "*" not in self.calls) or request["op"] != "apply":
            return super().__call__(request)
        if self.does:
            super().__call__(request)
        return {"seq": request["seq"], "outcome": "unknown", **FORGED}


@pytest.mark.parametrize("does", [True, False])
def test_an_unknown_outcome_is_neither_a_violation_nor_a_pass(does: bool, plant: Plant) -> None:
    adapter = plant(lambda: SaysUnknown(("free_crq",), does))
    log = io.StringIO()
    checked = check(Request(adapter, ("CRQ-4/*",), phases=("scripted",)), [RunLog(log)])
    verdicts = {result.case: result for result in checked.outcome.results}
    assert checked.outcome.code is ExitCode.INCONCLUSIVE, sentence(checked.outcome)
    unclear = [case for case, result in verdicts.items() if result.verdict is Verdict.INCONCLUSIVE]
    assert unclear
    assert all("is answered unknown" in verdicts[case].reason for case in unclear)
    again = judge_again(load(log.getvalue()))
    assert again.code is ExitCode.INCONCLUSIVE
    assert not again.otherwise


@pytest.mark.parametrize("does", [True, False])
def test_elsewhere_both_ways_are_followed(does: bool) -> None:
    word = [*TIE, Stimulus.of("client", "free_crq"), REGISTERS, Stimulus.of("server0", "free_crq"), REGISTERS]
    assert played(SaysUnknown(("free_crq",), does), word).code is ExitCode.CONFORMS


def test_who_knows_nothing_passes_nothing(plant: Plant) -> None:
    checked = check(Request(plant(lambda: SaysUnknown(("*",), True)), steps=200, phases=("walk",)))
    assert checked.outcome.code is ExitCode.INCONCLUSIVE, sentence(checked.outcome)
    assert any("were answered unknown" in note for note in checked.outcome.notes)


# --- check and judge -----------------------------------------------------------------------------------------------------


def agree(
    adapter: str, *, phases: tuple[str, ...], select: tuple[str, ...] = (), steps: int = 300, seed: int = 1
) -> RecordedRun:
    """Check, and judge the log: the same sessions, the same verdict of each, the same exit code."""
    file = io.StringIO()
    checked = check(Request(adapter, select, steps=steps, seed=seed, phases=phases), [RunLog(file)])
    run = load(file.getvalue())
    again = judge_again(run)
    assert [s.number for s in run.sessions] == list(range(1, checked.outcome.sessions + 1))
    assert [(s.session, s.was, s.now) for s in again.otherwise] == []
    assert again.code is checked.outcome.code, sentence(checked.outcome)
    failed = {s.session for s in again.sessions if s.now == "fail"}
    assert bool(failed) == bool(checked.outcome.failures or checked.outcome.beside)
    return run


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("select", [(), ("SEL-*",), ("CRQ-14/*",)], ids=["all", "SEL", "CRQ-14"])
@pytest.mark.parametrize("fault", ["tie_preempts", "no_event_without_successor", "busy_for_ever"])
def test_check_and_judge_agree(fault: str, select: tuple[str, ...]) -> None:
    agree(f"python:vnic_reference.faults:{fault}", phases=("walk",), select=select)
