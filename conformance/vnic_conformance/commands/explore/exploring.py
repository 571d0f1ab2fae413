"""What ``vnickit explore`` does with an instance: explore it, write its graph, or decide what its endless runs do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import click

from vnic_conformance import liveness
from vnic_conformance.commands.explore.engine import Engine
from vnic_conformance.commands.explore.report import introduce, plain, plain_setting, setting, show_result
from vnic_conformance.commands.explore.request import Request
from vnic_conformance.commands.explore.running import run
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.state_graph import export
from vnic_conformance.terminal import refusal, say, show, show_json, text_of
from vnic_conformance.writing import check_places, complain, verdict_stands, with_file, write_whole
from vnic_model.trace import Trace
from vnic_spec.liveness import ASSUMPTIONS
from vnic_spec.mutations import ENDLESS


def explored(
    request: Request,
    *,
    everything: bool,
    at_most: int | None,
    mebibytes: int | None,
    engine: Engine,
    symmetric: bool,
    endless: bool,
    without: tuple[str, ...],
    graph: Path | None,
    quotient: str | None,
    file: Path | None,
    html: Path | None,
    as_json: bool,
    report: bool,
) -> ExitCode:
    """Explore an instance and report.

    Args:
        request: what to explore.
        everything: check all properties, also of a misreading.
        at_most: bound on the states.
        mebibytes: bound on the memory for states, of the C engine.
        engine: what explores.
        symmetric: take states that differ in the servers' names only for one.
        endless: decide what must happen eventually.
        without: assumptions about endless runs that are dropped.
        graph: write the state graph here, and check nothing.
        quotient: the variables that the graph is seen through.
        file: write the trace of a violation here.
        html: write a page here.
        as_json: report as JSON.
        report: tell progress even where standard error is no terminal.

    Raises:
        click.ClickException: it makes no sense, or a file cannot be written.
    """
    check_places((("--trace", file), ("--html", html)))
    if graph is not None:
        return export(request.machine, graph, quotient, at_most)
    if endless:
        return _endless(request, without, everything, at_most, file, html=html, as_json=as_json, report=report)
    if request.mutation is not None and request.mutation.name in ENDLESS:
        name = request.mutation.name
        raise click.ClickException(f"no single state or step refutes {name}, an endless run does; add --liveness")
    result = run(request, at_most=at_most, mebibytes=mebibytes, engine=engine, symmetric=symmetric, report=report)
    violation, trace = result.found.violation, None
    with verdict_stands(result.code, () if violation is None else [violation.name]):
        trace = result.trace
        if as_json:
            show_json(plain(result, trace))
        else:
            show_result(result, trace)
        _write(file, trace)
    return with_file(result.code, html, lambda: _page(request, lambda: show_result(result, trace), [trace]))


def _page(request: Request, report: Callable[[], None], traces: Iterable[Trace | None]) -> str:
    # Here, because most explorations write no page.
    from vnic_conformance.pictures.page import report_page
    from vnic_conformance.pictures.story import story_of_trace

    stories = [story_of_trace(trace) for trace in traces if trace is not None]
    return report_page(f"explore: {setting(request.machine)}", text_of(report), stories)


def _write(file: Path | None, trace: Trace | None) -> None:
    """Write the trace of a violation, which has been reported: what is lost here is told, and changes no exit code."""
    if file is None:
        return
    if trace is None:
        complain(f"nothing is violated, so {file} is not written")
    elif lost := write_whole(file, trace.dump):
        complain(lost)


def _endless(
    request: Request,
    without: tuple[str, ...],
    everything: bool,
    at_most: int | None,
    file: Path | None,
    *,
    html: Path | None,
    as_json: bool,
    report: bool,
) -> ExitCode:
    for name in without:
        if name not in ASSUMPTIONS:
            raise refusal("assumption", name, ASSUMPTIONS)
    asked = liveness.questions(request.mutation, all_of_them=everything)
    found = liveness.decided(
        request.machine,
        asked,
        mutation=request.mutation,
        without=frozenset(without),
        at_most=at_most,
        tell=(lambda words: say(words, err=True)) if report else (lambda _: None),
    )
    code = liveness.code_of(found)

    def tell() -> None:
        introduce(request)
        show(liveness.lines_of_decided(found))

    with verdict_stands(code):
        if as_json:
            plain = {**plain_setting(request), "liveness": [liveness.plain_decided(one) for one in found]}
            show_json(plain)
        else:
            tell()
        _write(file, next((one.trace for one in found if one.trace is not None), None))
    return with_file(code, html, lambda: _page(request, tell, [one.trace for one in found]))
