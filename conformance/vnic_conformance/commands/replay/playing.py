"""How ``vnickit replay`` plays recorded failures again, and what it says of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.reports.steps import drawn
from vnic_conformance.running.replaying import Replayed, replay_failure
from vnic_conformance.showing import is_log, loaded, of_case
from vnic_conformance.stopping import stoppable
from vnic_conformance.targets import AdapterBroken, SpecError, open_target
from vnic_conformance.terminal import refusal, show, show_json, text_of
from vnic_conformance.writing import check_places, verdict_stands, with_file
from vnic_model.trace_text import Line, labelled


def replayed(
    file: Path, adapter: str, case: str | None, time_scale: float, *, html: Path | None, as_json: bool
) -> ExitCode:
    """Play failures of a log again, and report.

    Args:
        file: the log.
        adapter: names the implementation.
        case: only the failure of this case.
        time_scale: factor on every wait.
        html: where a page goes.
        as_json: report as JSON.

    Raises:
        click.ClickException: the log cannot be read or has no such failure, or the adapter's name makes no sense.
    """
    check_places((("--html", html),))
    if not is_log(file):
        raise click.ClickException(f"{file} is no log of vnickit check; a trace of the model: vnickit show {file}")
    run = loaded(file)
    if not run.failures:
        raise click.ClickException(f"there is no failure in {file}")
    wanted = [failure for failure in run.failures if of_case(failure.case, case)]
    if not wanted:
        raise refusal("failure", case or "", (failure.case for failure in run.failures))
    found: list[Replayed] = []
    broken: AdapterBroken | None = None
    try:
        with stoppable(), open_target(adapter, time_scale=time_scale) as target:
            for failure in wanted:
                found.append(replay_failure(target, failure))  # noqa: PERF401 - what came before a broken adapter stays
            if worst(found) is ExitCode.CONFORMS:
                target.finish()
    except SpecError as error:
        raise click.UsageError(str(error)) from None
    except AdapterBroken as trouble:
        broken = trouble
    except KeyboardInterrupt:
        if worst(found) is not ExitCode.VIOLATION:
            raise
    code = worst(found)
    with stoppable(), verdict_stands(code):
        _report(found, broken, as_json=as_json)
    code = ExitCode.ADAPTER_BROKEN if broken is not None and code is not ExitCode.VIOLATION else code
    with stoppable():
        return with_file(code, html, lambda: _page(f"replay of {file.name}: {adapter}", found, broken))


def _page(title: str, found: Sequence[Replayed], broken: AdapterBroken | None) -> str:
    # Here, because most replays write no page.
    from vnic_conformance.pictures.page import report_page
    from vnic_conformance.pictures.story import story_again

    stories = [
        story_again(
            one.failure,
            f"{one.words}: {one.reason}" if one.reason else one.words,
            one.retraced,
            failed=one.code is ExitCode.VIOLATION,
        )
        for one in found
    ]
    return report_page(title, text_of(lambda: _report(found, broken, as_json=False)), stories)


def _report(replayed: Sequence[Replayed], broken: AdapterBroken | None, *, as_json: bool) -> None:
    if as_json:
        plain: dict[str, object] = {"replayed": [_plain(r) for r in replayed]}
        if broken is not None:
            plain["broken"] = broken.as_fields()
        show_json(plain)
    else:
        for number, one in enumerate(replayed):
            show([Line("")] * bool(number) + list(_lines(one)))
        if broken is not None:
            lines = enumerate(str(broken).splitlines())
            show([Line("")] * bool(replayed) + [Line(line, "bad" if n == 0 else "plain") for n, line in lines])


def worst(replayed: Sequence[Replayed]) -> ExitCode:
    """What a script is told: a failure that still comes outweighs one that cannot be tried."""
    codes = {one.code for one in replayed}
    for code in (ExitCode.VIOLATION, ExitCode.INCONCLUSIVE):
        if code in codes:
            return code
    return ExitCode.CONFORMS


def _lines(one: Replayed) -> Iterator[Line]:
    yield Line(f"{one.words}  {one.failure.case}", "bad" if one.code else "verdict")
    yield from labelled("", one.reason, "verdict")
    if one.runs > 1:
        yield from labelled("", f"violated in {one.failed} of {one.runs} runs", "verdict")
    if one.unknown:
        yield from labelled("unknown", one.unknown, "verdict")
    yield Line("")
    changed = [line for n, words in one.changed.items() for line in labelled(f"  ~ step {n}", words, "point")]
    setting = one.failure.episode.setting
    yield from drawn(one.retraced, setting, lambda number: "~" if number in one.changed else "", changed)


def _plain(one: Replayed) -> dict[str, object]:
    return {
        "case": one.failure.case,
        "verdict": one.words,
        "exit": int(one.code),
        "reason": one.reason,
        "failed": one.failed,
        "runs": one.runs,
        "unknown": one.unknown,
        "changed": {str(number): words for number, words in one.changed.items()},
    }
