"""How long a page of HTML with 10,000 steps takes to load in a real browser, headless Chromium.

    python bench/page.py [STEPS]

A figure is the time from the request until the second frame after the load event, which is after the page's script: what is on
the screen has been drawn. Beside it stands the ratio to a page of as many plain paragraphs with the same words, because the time
alone says as much of the machine as of the page. Needs the extra ``browser`` and Debian's package ``chromium``.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from vnic_conformance.pictures.page import stories_page
from vnic_conformance.pictures.story import Step, story_of_failure
from vnic_conformance.running.recorded import load

FAILURE = Path(__file__).parents[1] / "tests" / "golden" / "failures_hypervisor_1.jsonl"
REPEAT = 5
LIMIT_S = 2.0
DRAWN = (
    """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"""
)


def steps(many: int) -> tuple[Step, ...]:
    """So many steps, those of a recorded failure again and again."""
    known = story_of_failure(load(FAILURE).failures[0]).steps
    return tuple(replace(known[n % len(known)], number=n + 1, wrong=n == many - 1) for n in range(many))


def page(told: Sequence[Step]) -> str:
    """The page under test."""
    story = story_of_failure(load(FAILURE).failures[0])
    return stories_page("bench", [replace(story, steps=tuple(told))])


def plain(told: Sequence[Step]) -> str:
    """The same words and nothing else: what the browser needs anyway."""
    return "<!doctype html><title>plain</title>" + "".join(f"<p>{escape(step.line)}</p>" for step in told)


def seconds(browser: Any, file: Path) -> list[float]:
    """Load a page some times, each in a profile of its own."""
    found = []
    for _ in range(REPEAT):
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(file.as_uri(), wait_until="load")
        found.append(tab.evaluate(DRAWN) / 1000)
        context.close()
    return found


def main() -> int:
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    told = steps(many)
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        taken = {}
        for name, text in (("page", page(told)), ("plain", plain(told))):
            file = Path(directory) / f"{name}.html"
            file.write_text(text, encoding="utf-8")
            taken[name] = seconds(browser, file)
            size = f"{len(text) / 2**20:.1f} MiB"
            print(
                f"{name:<6} {statistics.median(taken[name]):.2f} s ({min(taken[name]):.2f} to {max(taken[name]):.2f}), {size}"
            )
        browser.close()
    page_s, plain_s = (statistics.median(taken[name]) for name in ("page", "plain"))
    print(
        f"ratio  {page_s / plain_s:.1f} for {many:,} steps; {'within' if page_s < LIMIT_S else 'NOT within'} {LIMIT_S:.0f} s"
    )
    return 0 if page_s < LIMIT_S else 1


if __name__ == "__main__":
    raise SystemExit(main())
