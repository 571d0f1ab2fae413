"""Every form of a line of the driver that is known, and every shape of what may stand before it, is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from vnic_conformance.monitoring.driver_forms import DRIVER, FORMS
from vnic_conformance.monitoring.kernel_log import kernel_log
from vnic_conformance.monitoring.seen import Record, What
from vnic_conformance.monitoring.story import UNTOLD, Recovery, chapters
from vnic_model.intake import lines_of

HERE = Path(__file__).parent


def rows(name: str) -> list[tuple[str, str]]:
    lines = (HERE / name).read_text(encoding="utf-8").split("\n")
    pairs = (line.split(" | ", 1) for line in lines if line and not line.startswith("#"))
    return [(pair[0], pair[1]) for pair in pairs]


def read(text: str) -> Record:
    return kernel_log(lines_of(text))


def test_every_form_is_told_with_its_words() -> None:
    for what, message in rows("driver_forms.txt"):
        record = read(f"[   12.118444] ibmvnic 30000003 env3: {message}\n")
        assert [seen.what for seen in record.seen] == [What[what]], message
        (seen,) = record.seen
        assert seen.unit == "30000003"
        assert "{" not in seen.words, message
        assert seen.words or what == "DETAIL", message
        if What[what] in UNTOLD:
            continue
        (chapter,) = chapters(record)
        (part,) = chapter.parts
        told = part.steps[0].words if isinstance(part, Recovery) else part.words
        assert told == seen.words, message


#: Forms of the kit that the survey does not list: more lines about pools and buffers, and a name that the kernel itself says.
BESIDES = {
    "renamed from {old:w}",
    "failed {n:d} times, waiting 60 secs",
    "page_size = {n:d} tot_pages = {m:d} free_pages = {k:d}",
    "IBM Virtual NIC Driver {version:s}",
    "{buffer:s}Buffer: {offset:x}: {dump:h}",
    "{name:w} = {value:d}",
    "Initializing tx_pool[{n:d}], {rest:s}",
    *(f"{verb} {way}_pool[{{n:d}}]{{rest:s}}" for verb in ("Re-setting", "Releasing") for way in ("tx", "rx")),
}


def test_the_kit_knows_no_form_that_is_not_tried_here() -> None:
    tried = set()
    for _, message in rows("driver_forms.txt"):
        found = DRIVER.find(message.split("] ", 1)[1] if message.startswith("[S:") else message)
        assert found is not None, message
        tried.add(found[0].pattern)
    assert {form.pattern for form in FORMS} - tried == BESIDES


@pytest.mark.parametrize(("expected", "text"), rows("driver_prefixes.txt"))
def test_every_prefix_is_taken_off(expected: str, text: str) -> None:
    unit, time, what = expected.split()
    record = read(text.replace("¶", "\n") + "\n")
    if unit == "OTHER":
        assert record.seen == []
        assert record.others == 1
        return
    assert {seen.what for seen in record.seen} == {What[what]}
    first = record.seen[0]
    assert first.unit == (unit if unit.startswith("3") else "")
    assert (first.time.seconds if first.time else None) == (None if time == "-" else pytest.approx(float(time)))
