"""Old runs, judged by the specification of today: what is in the log decides, not what was said of it then."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from vnic_conformance.cases import SCRIPTS
from vnic_conformance.cases.script import Steps, call, do
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.running.checking import Request, check
from vnic_conformance.running.judging import judge_again
from vnic_conformance.running.recorded import load
from vnic_conformance.running.runlog import RunLog, excerpt
from vnic_conformance.stimulus import CLIENT
from vnic_spec.profile import Profile
from vnic_spec.wire import Rc

pytestmark = pytest.mark.usefixtures("hurried")

REFERENCE = "python:vnic_reference.adapter:Adapter"
Kit = Callable[..., Result]


def log_of(adapter: str, *select: str, steps: int = 100) -> str:
    """The log of a check of few cases."""
    file = io.StringIO()
    check(Request(adapter, select, steps=steps, phases=("scripted", "walk")), [RunLog(file)])
    return file.getvalue()


@pytest.fixture(scope="module")
def text() -> str:
    return log_of(REFERENCE, "CRQ-2/[!v]*", "SES-1/[nt]*")  # those that are quickly judged again


def changed(text: str, change: Callable[[dict[str, object]], bool]) -> str:
    """A log in which one line is another: the first that ``change`` takes."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        record = json.loads(line)
        if change(record):
            lines[number] = json.dumps(record)
            return "\n".join(lines) + "\n"
    pytest.fail("no such line")


def test_what_was_allowed_then_is_allowed_now(text: str) -> None:
    run = load(text)
    found = judge_again(run)
    assert found.code is ExitCode.CONFORMS
    assert found.otherwise == []
    assert len(found.sessions) == len(run.sessions) > 5
    assert sum(s.steps for s in found.sessions) == sum(len(s.episode.moments) for s in run.sessions)
    assert {s.what for s in found.sessions} > {"walk"}


def test_an_answer_that_is_not_allowed_is_found_though_the_log_says_ok(text: str) -> None:
    def lie(record: dict[str, object]) -> bool:
        came = record.get("reply")
        if record.get("call") != "reg_crq" or not isinstance(came, dict) or came.get("rc") != 0:
            return False
        came["rc"] = 2
        return True

    found = judge_again(load(changed(text, lie)))
    assert found.code is ExitCode.VIOLATION
    (bad,) = found.otherwise
    assert (bad.was, bad.now, bad.requirement) == ("ok", "fail", "CRQ-2")
    assert bad.done.startswith("client reg_crq")


def test_a_script_that_alone_knows_what_is_wrong_judges_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the oracle has no objection to and the script has fails the run, and does so again."""

    def asks_too_much(p: Profile) -> Steps:
        yield do(call(CLIENT, "reg_crq"), "CRQ-2", rc=Rc.H_PARAMETER)

    script = replace(SCRIPTS["CRQ-2/wrong-unit"], write=asks_too_much)
    monkeypatch.setitem(SCRIPTS, script.id, script)
    file = log_of(REFERENCE, script.id, steps=0)
    run = load(file)
    alone = next(f for f in run.failures if f.script)
    found = judge_again(run)
    bad = next(s for s in found.sessions if s.what == alone.script)
    assert (bad.now, bad.requirement) == ("fail", alone.requirement)
    kept = judge_again(load(excerpt(run.header, [alone])))
    assert [(s.session, s.was, s.now) for s in kept.sessions] == [(0, "fail", "fail")]


def test_a_script_that_is_another_one_today_decides_nothing(text: str) -> None:
    def other(record: dict[str, object]) -> bool:
        found = record.get("phase") == "scripted"
        if found:
            record["case"] = "CRQ-1/of-another-kit"
        return found

    def named(record: dict[str, object]) -> bool:
        cases = record["cases"]
        assert isinstance(cases, list)
        cases.append("CRQ-1/of-another-kit")
        return True

    found = judge_again(load(changed(changed(text, other), named)))
    assert found.code is ExitCode.INCONCLUSIVE
    (session,) = found.otherwise
    assert session.sentence == "this kit has no script CRQ-1/of-another-kit; the oracle alone has judged"


def test_a_truncated_log_is_said_to_be_so(vnickit: Kit, tmp_path: Path, text: str) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text(text[: len(text) // 2])
    result = vnickit("judge", str(file))
    assert result.exit_code == ExitCode.INCONCLUSIVE
    assert "is truncated: the run did not come to its end" in result.stderr


def test_the_command_says_what_is_otherwise(vnickit: Kit, tmp_path: Path, text: str) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text(text)
    result = vnickit("judge", str(file))
    assert result.exit_code == ExitCode.CONFORMS
    assert result.stdout.startswith(f"log of {REFERENCE}, written by kit 0.1.0\n")
    plain = json.loads(vnickit("judge", str(file), "--json").stdout)
    assert (plain["exit"], plain["otherwise"], plain["truncated"]) == (0, 0, False)
    assert vnickit("judge", str(tmp_path / "none")).exit_code == ExitCode.USAGE
    file.write_text("{}\n")
    refused = vnickit("judge", str(file))
    assert refused.exit_code == ExitCode.USAGE
    assert "this is no log of this kit" in refused.stderr


def test_a_log_without_a_step_is_no_verdict(text: str) -> None:
    lines = text.splitlines()
    nothing = [lines[0], json.dumps({**json.loads(lines[-1]), "sessions": 0, "steps": 0})]
    assert judge_again(load("\n".join(nothing) + "\n")).code is ExitCode.INCONCLUSIVE
