"""The report of a run as JUnit XML: a suite per group of requirements, a test case per case."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from vnic_conformance.foreign import in_xml
from vnic_conformance.reports.failure import failure_lines
from vnic_conformance.reports.summary import label, role_of, rows, sentence
from vnic_conformance.running.events import Failure, RunBegan
from vnic_conformance.running.plan import Case
from vnic_conformance.running.play import Outcome
from vnic_conformance.running.verdicts import CaseResult, Verdict
from vnic_spec.requirements import GROUPS


def junit(header: RunBegan, cases: Sequence[Case], outcome: Outcome, *, file: str | None) -> str:
    """The document.

    A requirement that nothing exercised is a skipped test case with its reason, so that it stays visible. An adapter that
    broke is an error of a test case of its own, since it is no verdict on any requirement.
    """
    root = ET.Element("testsuites", name="vnickit check", time=f"{outcome.seconds:.3f}")
    failures = {failure.case: failure for failure in outcome.failures}
    purposes = {case.id: case.purpose for case in cases}
    by_group: dict[str, list[ET.Element]] = {group: [] for group in GROUPS}
    for row in rows(cases, outcome.results, bool(header.select), role_of(header)) if outcome.results else []:
        for result in row.results:
            element = _case(result, failures.get(result.case), purposes.get(result.case, ""), header, file)
            _named(element, row.requirement.id)
            by_group[row.requirement.group].append(element)
        if not row.results:
            element = ET.Element("testcase", classname=f"vnic.{row.requirement.group}", name=row.requirement.id)
            _named(element, row.requirement.id)
            if row.through:
                ET.SubElement(element, "system-out").text = f"by {', '.join(row.through)}"
            else:
                ET.SubElement(element, "skipped", message=in_xml(f"{row.verdict.words}: {row.reason}"))
            by_group[row.requirement.group].append(element)
    for group, elements in by_group.items():
        if elements:
            _suite(root, f"{group} {GROUPS[group]}", elements, header)
    if outcome.broken is not None:
        element = ET.Element("testcase", classname="vnic.adapter", name="adapter")
        error = ET.SubElement(element, "error", message=in_xml(str(outcome.broken.trouble.get("title", ""))))
        error.set("type", in_xml(str(outcome.broken.trouble.get("broken", ""))))
        error.text = in_xml(outcome.broken.text)
        _suite(root, "adapter", [element], header)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ET.SubElement(root, "system-out").text = in_xml(sentence(outcome))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, name: str, elements: Sequence[ET.Element], header: RunBegan) -> None:
    suite = ET.SubElement(root, "testsuite", name=name, tests=str(len(elements)))
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(sum(element.find(tag) is not None for element in elements)))
    properties = ET.SubElement(suite, "properties")
    facts = {
        "adapter": header.adapter,
        "implementation": label(header),
        "kit": header.kit,
        "seed": str(header.seed),
        "profile": ", ".join(f"{k}={v}" for k, v in header.profile.as_mapping().items()),
    }
    for key, value in facts.items():
        ET.SubElement(properties, "property", name=key, value=in_xml(value))
    suite.extend(elements)


def _named(element: ET.Element, requirement: str) -> None:
    """Say which requirement a test case is of."""
    properties = ET.Element("properties")
    ET.SubElement(properties, "property", name="requirement", value=requirement)
    element.insert(0, properties)  # where readers look for them


def _case(result: CaseResult, failure: Failure | None, purpose: str, header: RunBegan, file: str | None) -> ET.Element:
    group = result.case.partition("-")[0]
    element = ET.Element("testcase", classname=f"vnic.{group}", name=result.case, time="0")
    message = in_xml(f"{result.words}: {result.reason}" if result.reason else result.words)
    if result.verdict is Verdict.FAIL:
        fault = ET.SubElement(element, "failure", message=message, type=result.case)
        if failure is not None:
            lines = failure_lines(failure, adapter=header.adapter, file=file)
            fault.text = in_xml("\n".join(line.text.rstrip() for line in lines))
    elif result.verdict in (Verdict.BROKEN, Verdict.INCONCLUSIVE):
        ET.SubElement(element, "error", message=message, type=result.verdict.words)
    elif result.verdict is not Verdict.PASS:
        ET.SubElement(element, "skipped", message=message)
    if purpose:
        ET.SubElement(element, "system-out").text = in_xml(purpose)
    return element
