"""Text of others: whatever is in it, it ends no cell, begins no markup, moves no cursor, and can be written."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from vnic_conformance.foreign import as_code, in_comment, in_markdown, in_xml, json_text, printable
from vnic_conformance.reports.page import environment
from vnic_conformance.running.checking import Request, check
from vnic_conformance.running.runlog import RunLog

Kit = Callable[..., Result]
#: What upsets something: a terminal, a page, a table, an encoding.
HOSTILE = "|<script>alert(1)</script>`&[x](y)\x1b[31m\x00\x9b\u2028\x85\ud800-->\r"
#: A page that shows a text.
PAGE = environment().from_string("{{ text }}")
_WILD = st.text(st.one_of(st.sampled_from(HOSTILE), st.characters()))


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.add(tag)


@given(_WILD)
def test_what_is_made_of_it_is_harmless(text: str) -> None:
    in_html = PAGE.render(text=text)
    for made in (printable(text), in_markdown(text), as_code(text), in_html, in_comment(text)):
        assert made.isprintable()
        made.encode()
    assert not re.search(r"(?<!\\)(\\\\)*\|", in_markdown(text)), "a cell would end"
    assert "<" not in in_markdown(text) + in_html
    assert ">" not in in_comment(text)
    assert "`" not in as_code(text)[1:-1]
    assert not re.search(r"(?<!\\)\|", as_code(text))
    ET.fromstring(f"<a>{in_xml(text).replace('&', '&amp;').replace('<', '&lt;')}</a>")


@given(_WILD)
def test_json_is_what_it_was_and_printable(text: str) -> None:
    made = json_text({text: [text, 1]})
    assert json.loads(made) == {text: [text, 1]}
    assert all(line.isprintable() for line in made.split("\n"))


def test_a_page_of_a_score_has_no_more_cells_and_tags_for_hostile_names(vnickit: Kit, tmp_path: Path) -> None:
    names = {"name": "r|<script>", "description": "a | b <script>alert(1)</script> [x](y)"}
    fault = {"name": "n|`<script>`", "adapter": "python:vnic_reference.faults:higher_number_wins", **names}
    fault["name"] = "n|`<script>`"
    (tmp_path / "r.json").write_text(json.dumps({"name": "r|<script>", "faults": [fault], "variants": []}))
    result = vnickit("score", "--roster", "r.json", "--phase", "scripted", "--out", "s.md")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "s.md").read_text()
    (row,) = [line for line in page.splitlines() if line.startswith("| `n")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 7
    assert not Tags(re.sub("`[^`]*`", "", page)).found


def test_an_implementation_with_a_hostile_name_in_html_xml_and_json(
    vnickit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = RunLog((tmp_path / "run.jsonl").open("w", encoding="utf-8"))
    check(Request("python:vnic_reference.adapter:Adapter", ("CRQ-2/*",), phases=("scripted",)), [log])
    log.close()
    lines = (tmp_path / "run.jsonl").read_text().splitlines()
    begun = json.loads(lines[0])
    begun["adapter"] = HOSTILE.replace("\ud800", "")  # a log with half a character is refused
    (tmp_path / "run.jsonl").write_text("\n".join([json.dumps(begun), *lines[1:]]) + "\n")
    result = vnickit("matrix", "--run", "run.jsonl", "-k", "CRQ-2", "--html", "m.html")
    assert result.exit_code == 0, result.output
    assert "script" not in Tags((tmp_path / "m.html").read_text()).found
    for words in (["matrix", "--run"], ["judge"], ["show"]):
        said = vnickit(*words, "run.jsonl")
        assert said.exit_code == 0, said.output
        assert all(line.isprintable() for line in said.stdout.split("\n")), words
    data = vnickit("judge", "run.jsonl", "--json")
    assert all(line.isprintable() for line in data.stdout.split("\n"))
    json.loads(data.stdout)


@pytest.mark.parametrize("verb", [("check",), ("smoke", "--json"), ("smoke",), ("replay", "x\x1b[31m")])
def test_words_of_the_command_line_move_no_cursor(verb: tuple[str, ...], vnickit: Kit) -> None:
    result = vnickit(*verb, "--adapter", "./no\x1b[2Jsuch\u2028thing")
    assert result.exit_code in (2, 4)
    for line in (result.stdout + result.stderr).split("\n"):
        assert line.isprintable(), line


def test_an_output_of_score_that_cannot_be_written_is_told_after_the_report(vnickit: Kit) -> None:
    words = ("--adapter", "x", "--phase", "scripted")
    assert vnickit("score", *words, "--out", "no-such-directory/s.md").exit_code == 2
