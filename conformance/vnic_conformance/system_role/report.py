"""The report of a check in role ``system``: as text, as data, as JUnit."""

from __future__ import annotations

import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from vnic_conformance.foreign import in_xml
from vnic_conformance.reports.summary import count, many, tally
from vnic_conformance.running.verdicts import Verdict
from vnic_conformance.system_role.checking import SystemChecked, SystemFailure
from vnic_conformance.system_role.oracle import Outage
from vnic_conformance.system_role.words import written
from vnic_model.lines import WIDTH, Line

_HEAD = f"{'case':<26}{'verdict':<16}{'steps':>8}  "


def system_lines(checked: SystemChecked) -> Iterator[Line]:
    """The whole report, in lines of at most 100 columns."""
    outcome = checked.outcome
    yield from _wrapped(f"{checked.label} ({checked.adapter})", "verdict")
    yield from _wrapped(f"role system, virtual clock; seed {checked.seed}")
    yield Line("")
    yield Line(_HEAD.rstrip(), "head")
    for result in outcome.results:
        steps = count(result.exercised) if result.exercised else ""
        role = (
            "bad" if result.verdict > Verdict.INCONCLUSIVE else "plain" if result.verdict is Verdict.PASS else "proof"
        )
        reason = textwrap.shorten(result.reason, WIDTH - len(_HEAD), placeholder=" …")
        yield Line(f"{result.case:<26}{result.words:<16}{steps:>8}  {reason}".rstrip(), role)
    for failure in outcome.failures:
        yield Line("")
        yield Line("─" * WIDTH, "proof")
        yield from _failure_lines(failure)
    if outcome.broken is not None:
        yield Line("")
        for line in str(outcome.broken).splitlines():
            yield Line(line, "bad")
    yield Line("")
    yield from _wrapped(f"{many(len(outcome.results), 'case')}: {tally(result.verdict for result in outcome.results)}")
    yield from _wrapped(
        f"{many(outcome.steps, 'step')} in {many(outcome.sessions, 'session')}, {outcome.seconds:.1f} s"
    )
    if outcome.longest.cause:
        yield from _wrapped(outage_words(outcome.longest))
    yield Line("")
    yield from _wrapped(_sentence(checked), "verdict")


def outage_words(longest: Outage) -> str:
    """The longest outage in words: what was seen of it, for the kit tries frames only now and then."""
    return (
        f"longest outage: seen to last {longest.least_ms:,} ms, and not longer than {longest.most_ms:,} ms, after "
        f"{longest.cause}"
    )


def _failure_lines(failure: SystemFailure) -> Iterator[Line]:
    finding = failure.finding
    for name, words in (
        ("FAIL", f"{finding.requirement}: {finding.sentence}"),
        ("came", finding.came),
        ("allowed", finding.allowed),
        ("found", f"phase {failure.phase}{'' if failure.again else '; the same steps did not show it again'}"),
    ):
        lines = textwrap.wrap(words, WIDTH - 15) or [""]
        yield Line(f"{name:<15}{lines[0]}", "bad" if name == "FAIL" else "plain")
        for line in lines[1:]:
            yield Line(" " * 15 + line)
    yield Line("")
    yield from _wrapped(f"{'step':>4}  reset with {', '.join([many(failure.servers, 'server'), *_limits(failure)])}")
    for number, stimulus in enumerate(failure.word, 1):
        yield Line(f"{number:>4}  {stimulus.who if stimulus.who != 'clock' else 'clock':<12}{written(stimulus)}")


def _limits(failure: SystemFailure) -> Iterator[str]:
    return (f"{name} {value}" for name, value in failure.limits.items())


def _sentence(checked: SystemChecked) -> str:
    outcome = checked.outcome
    failed = [result.case for result in outcome.results if result.verdict is Verdict.FAIL]
    return {
        "CONFORMS": "CONFORMS: everything that was exercised is as it must be.",
        "VIOLATION": f"VIOLATION: {', '.join(failed)}.",
        "ADAPTER_BROKEN": "ADAPTER BROKEN. That is no verdict on the implementation behind it.",
    }.get(outcome.code.name, "INCONCLUSIVE: nothing was exercised, or nothing can be said.")


def _wrapped(words: str, role: str = "plain") -> Iterator[Line]:
    for line in textwrap.wrap(words, WIDTH, subsequent_indent="  ", break_on_hyphens=False):
        yield Line(line, role)


def system_plain(checked: SystemChecked) -> dict[str, object]:
    """Everything that the text says, as data."""
    outcome = checked.outcome
    return {
        "verdict": outcome.code.name,
        "exit": int(outcome.code),
        "sentence": _sentence(checked),
        "adapter": checked.adapter,
        "role": "system",
        "seed": checked.seed,
        "sessions": outcome.sessions,
        "steps": outcome.steps,
        "seconds": round(outcome.seconds, 3),
        "cases": [
            {"case": r.case, "verdict": r.words, "exercised": r.exercised, "reason": r.reason} for r in outcome.results
        ],
        "failures": [
            {
                "case": failure.finding.case,
                "requirement": failure.finding.requirement,
                "sentence": failure.finding.sentence,
                "came": failure.finding.came,
                "allowed": failure.finding.allowed,
                "phase": failure.phase,
                "again": failure.again,
                "servers": failure.servers,
                "limits": dict(failure.limits),
                "steps": [written(stimulus) for stimulus in failure.word],
            }
            for failure in outcome.failures
        ],
        "longest_outage": {
            "least_ms": outcome.longest.least_ms,
            "most_ms": outcome.longest.most_ms,
            "cause": outcome.longest.cause,
        },
        "broken": None if outcome.broken is None else outcome.broken.as_fields(),
    }


def system_junit(checked: SystemChecked) -> str:
    """The same as JUnit XML: one suite, a test case per case."""
    outcome = checked.outcome
    suite = ET.Element("testsuite", name="vnickit check, role system", time=f"{outcome.seconds:.3f}")
    counted = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    texts = {failure.finding.case: failure for failure in outcome.failures}
    for result in outcome.results:
        case = ET.SubElement(suite, "testcase", classname="vnic.system", name=result.case)
        counted["tests"] += 1
        if result.verdict is Verdict.FAIL:
            counted["failures"] += 1
            element = ET.SubElement(case, "failure", message=in_xml(result.reason))
            failure = texts.get(result.case)
            element.text = "" if failure is None else in_xml("\n".join(line.text for line in _failure_lines(failure)))
        elif result.verdict is Verdict.BROKEN:
            counted["errors"] += 1
            ET.SubElement(case, "error", message=in_xml(result.reason))
        elif result.verdict is not Verdict.PASS:
            counted["skipped"] += 1
            ET.SubElement(case, "skipped", message=in_xml(f"{result.words}: {result.reason}"))
    if outcome.broken is not None:
        counted["tests"] += 1
        counted["errors"] += 1
        case = ET.SubElement(suite, "testcase", classname="vnic.adapter", name="adapter")
        ET.SubElement(case, "error", message=in_xml(outcome.broken.title))
    for name, number in counted.items():
        suite.set(name, str(number))
    ET.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"
