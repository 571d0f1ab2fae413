"""The page of a run in a real browser: keys, filters, links, foreign text, dark and light, a narrow screen, many steps."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vnic_conformance.pictures.page import run_page, stories_page
from vnic_conformance.pictures.story import Step, Story, story_of_failure
from vnic_conformance.running.play import Outcome
from vnic_conformance.running.recorded import load

pytestmark = pytest.mark.slow
GOLDEN = Path(__file__).parents[1] / "golden"
HYPERVISOR, CLIENT = GOLDEN / "failures_hypervisor_1.jsonl", GOLDEN / "failures_client_1.jsonl"
NASTY = "<script>hurt = 1</script><img src=x onerror='hurt = 1'>\"'&lt;</noscript></li>{{ 7 * 7 }}"
#: Of a step or a shape: whether it can be seen, in its box, too.
IN_SIGHT = """one => {
    const box = one.closest(".scroll")?.getBoundingClientRect() ?? {top: 0, bottom: innerHeight};
    const own = one.getBoundingClientRect();
    return own.height > 0 && own.bottom > box.top && own.top < box.bottom;
}"""
Opens = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium; without one these tests are skipped."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra browser)")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, timeout=120_000)
        yield launched
        launched.close()


@pytest.fixture
def opens(browser: Any, tmp_path: Path) -> Iterator[Opens]:
    """``opens(html, "#step-7", **context)``: a tab with the page. It may report no error, and ask for nothing but itself."""
    contexts, complaints, asked = [], [], []
    file = tmp_path / "page.html"

    def opened(html: str, at: str = "", **settings: Any) -> Any:
        file.write_text(html, encoding="utf-8")
        contexts.append(browser.new_context(**settings))
        tab = contexts[-1].new_page()
        tab.set_default_timeout(60_000)
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url.partition("#")[0]))
        tab.add_init_script(
            "addEventListener('DOMContentLoaded', () => { atOnce = document.querySelectorAll('*').length })"
        )
        tab.goto(file.as_uri() + at)
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
    assert set(asked) == {file.as_uri()}


@pytest.fixture(scope="module")
def both() -> str:
    """A page with a failure of role hypervisor and, after it, one of role client."""
    header = load(HYPERVISOR).header
    return run_page(header, (), Outcome(failures=[*load(CLIENT).failures, *load(HYPERVISOR).failures]))


def long_story(many: int) -> Story:
    story = story_of_failure(load(HYPERVISOR).failures[0])
    steps = tuple(replace(story.steps[n % len(story.steps)], number=n + 1) for n in range(many))
    return replace(story, steps=steps)


def lit(tab: Any) -> list[str]:
    """What is marked: the step in the list and its shape in the drawing."""
    found: list[str] = tab.evaluate("[...document.querySelectorAll('.here')].map(one => one.id || one.dataset.step)")
    return found


def test_arrow_keys_walk_from_step_to_step(both: str, opens: Opens) -> None:
    tab = opens(both)
    for key, at in (
        ("ArrowDown", 1),
        ("ArrowDown", 2),
        ("ArrowRight", 3),
        ("ArrowUp", 2),
        ("ArrowLeft", 1),
        ("ArrowUp", 1),
    ):
        tab.keyboard.press(key)
        tab.wait_for_function(f"location.hash === '#step-{at}'")
        assert sorted(lit(tab)) == sorted([str(at), f"step-{at}"])
        assert tab.locator(".here").evaluate_all(f"found => found.every({IN_SIGHT})")
    tab.locator("#lane").focus()
    tab.keyboard.press("ArrowDown")
    assert tab.evaluate("location.hash") == "#step-1"  # there the key is the list's


def test_a_link_leads_to_a_step_and_a_shape_to_its_step(both: str, opens: Opens) -> None:
    *_, last = re.findall(r'<li id="(failure-2-step-\d+)"', both)
    tab = opens(both, f"#{last}")
    assert sorted(lit(tab)) == sorted([last.rpartition("-")[2], last])
    assert tab.locator(".here").evaluate_all(f"found => found.every({IN_SIGHT})")
    tab.locator("[data-prefix=''] [data-step='3'] text").first.click()
    assert tab.evaluate("location.hash") == "#step-3"
    tab.locator("#step-2 > a").click()
    tab.wait_for_function("location.hash === '#step-2'")
    assert sorted(lit(tab)) == ["2", "step-2"]


def test_filters_hide_what_is_not_asked_for_and_keys_pass_over_it(both: str, opens: Opens) -> None:
    tab = opens(both)
    lanes = tab.locator("ol.steps > li").evaluate_all("all => all.map(one => one.dataset.lane)")
    options = tab.locator("#lane option").evaluate_all("all => all.map(one => one.value)")
    assert options == ["", *sorted(set(lanes))]
    tab.select_option("#lane", "client")
    shown = "ol.steps > li:not([hidden])"
    assert tab.locator(shown).evaluate_all("all => all.map(one => one.dataset.lane)") == ["client"] * lanes.count(
        "client"
    )
    tab.locator("h1").click()
    tab.keyboard.press("ArrowDown")
    first = tab.locator(shown).first.get_attribute("id")
    tab.wait_for_function(f"location.hash === '#{first}'")
    tab.select_option("#lane", "")
    requirement = tab.locator("section.kind").last.get_attribute("data-requirement")
    tab.select_option("#requirement", requirement)
    assert tab.locator("section.kind:visible").count() == 1
    assert tab.locator("section.kind:visible").get_attribute("data-requirement") == requirement


def test_who_asks_for_a_step_is_shown_it_whatever_is_filtered(both: str, opens: Opens) -> None:
    tab = opens(both)
    lane = tab.locator("#step-1").get_attribute("data-lane")
    tab.locator("#lane").select_option(
        next(one for one in tab.locator("#lane option").all_text_contents() if one != lane and one != "all")
    )
    assert tab.locator("#step-1").is_hidden()
    tab.evaluate("location.hash = '#step-1'")
    tab.locator("#step-1.here").wait_for()
    assert tab.locator("#lane").input_value() == ""
    tab.evaluate("location.hash = '#%'")  # no address of a step, and no error


def test_foreign_text_is_shown_and_never_run(opens: Opens) -> None:
    """Also where it is kept back at first: that is read as text, and then as HTML."""
    steps = tuple(Step(n, n, NASTY, f"{NASTY} {n}", False, n == 450, changes=(NASTY,)) for n in range(1, 451))
    tab = opens(stories_page(NASTY, [Story(NASTY, "CRQ-1", NASTY, NASTY, (NASTY,), steps)]), "#step-450")
    tab.wait_for_function("!document.querySelector('noscript')")
    assert tab.evaluate("typeof hurt") == "undefined"
    assert tab.locator("h1").inner_text() == NASTY
    assert tab.locator("#step-450 .words").inner_text() == steps[-1].line
    assert tab.locator("ol.steps > li").count() == len(steps)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_narrow_screen_in_either_scheme(scheme: str, both: str, opens: Opens) -> None:
    tab = opens(both, viewport={"width": 360, "height": 640}, color_scheme=scheme)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    colours = tab.evaluate(
        """[[document.body, "color"], [document.querySelector("svg text"), "fill"]].map(
            ([one, name]) => getComputedStyle(one)[name].match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0) / 3)"""
    )
    assert all((grey > 128) is (scheme == "dark") for grey in colours), colours


def test_many_steps_cost_little_at_first_and_are_all_there_soon(opens: Opens) -> None:
    tab = opens(stories_page("t", [long_story(2_000)]), "#step-1987")
    assert sorted(lit(tab)) == ["1987", "step-1987"]
    assert tab.locator(".here").evaluate_all(f"found => found.every({IN_SIGHT})")
    tab.keyboard.press("ArrowDown")
    assert tab.evaluate("location.hash") == "#step-1988"
    tab.wait_for_function("!document.querySelector('noscript')")
    at_once, all_of_it = tab.evaluate("[atOnce, document.querySelectorAll('*').length]")
    assert at_once < all_of_it / 4
    numbers = tab.locator("ol.steps > li").evaluate_all("all => all.map(one => one.id)")
    assert numbers == [f"step-{n}" for n in range(1, 2_001)]


def test_a_filter_holds_for_what_comes_later_and_keys_go_there(opens: Opens) -> None:
    """From block to block: the only step of a lane is far behind."""
    story = long_story(700)
    far = replace(story.steps[650], lane="clock")
    steps = (*(replace(one, lane="client") for one in story.steps[:650]), far, *story.steps[651:])
    tab = opens(
        stories_page(
            "t", [replace(story, steps=tuple(replace(s, lane="client") if s is not far else s for s in steps))]
        )
    )
    tab.select_option("#lane", "clock")
    tab.locator("h1").click()
    tab.keyboard.press("ArrowDown")
    assert tab.evaluate("location.hash") == "#step-651"
    tab.wait_for_function("!document.querySelector('noscript')")
    assert tab.locator("ol.steps > li:not([hidden])").count() == 1


def test_everything_is_there_without_scripts_and_on_paper(opens: Opens) -> None:
    page = stories_page("t", [long_story(500)])
    tab = opens(page, java_script_enabled=False)
    assert tab.locator("ol.steps > li").count() == 500
    assert tab.locator("svg [data-step]").count() == 500
    assert not tab.locator("nav.filter").is_visible()
    tab = opens(page)
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.locator("noscript").count() == 0
