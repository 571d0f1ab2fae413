"""Text of others: whatever is in it, it ends no cell, begins no markup, moves no cursor, and can be written."""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from vnic_conformance.foreign import as_code, in_comment, in_markdown, in_xml, json_text, printable
from vnic_conformance.reports.page import environment
from vnic_conformance.running import narrowing
from vnic_conformance.running.checking import Request, check
from vnic_conformance.running.runlog import RunLog
from vnic_conformance.running.tours import Tours
from vnic_reference.adapter import Adapter

pytestmark = pytest.mark.usefixtures("hurried")

Kit = Callable[..., Result]
#: What upsets something: a terminal, a page, a table, an encoding.
HOSTILE = "|<script>alert(1)</script>`&[x](y)\x1b[31m\x00\x9b\u2028\x85\ud800-->\r\u202e\u2066\u200f\ufeff"
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
    check(Request("python:vnic_reference.adapter:Adapter", ("CRQ-2/wrong-unit",), phases=("scripted",)), [log])
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


# --- every writer --------------------------------------------------------------------------------------------------------

HERE = HOSTILE.replace("\ud800", "")  #: a log with half a character is refused


@pytest.fixture(scope="module")
def hostile_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of a run with a violation; whatever is free text in it is hostile."""
    file = tmp_path_factory.mktemp("logs") / "run.jsonl"
    log = RunLog(file.open("w", encoding="utf-8"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(narrowing, "SEARCHING", 20)
        faulty = Request("python:vnic_reference.faults:stale_elements_kept", ("CRQ-9*",), phases=("scripted",))
        assert check(faulty, [log]).outcome.failures
    log.close()
    free = {"adapter", "kit", "implementation", "version", "reason", "sentence", "note", "length_note"}

    def spoiled(made: object, name: str = "") -> object:
        if isinstance(made, dict):
            number = "run" in made and name == ""
            return {k: v if number and k == "version" else spoiled(v, k) for k, v in made.items()}
        if isinstance(made, list):
            return [spoiled(one) for one in made]
        return made + HERE if isinstance(made, str) and name in free else made

    file.write_text("\n".join(json.dumps(spoiled(json.loads(line))) for line in file.read_text().splitlines()) + "\n")
    return file


class Named(Adapter):
    """Its name, and what it says when it breaks, are hostile."""

    def __call__(self, request: Mapping[str, object]) -> dict[str, object]:
        if request["op"] == "advance":
            raise ValueError(HOSTILE)
        sys.stdout.write(HOSTILE)
        reply = super().__call__(request)
        if request["op"] == "hello":
            reply |= {"implementation": f"I{HERE}", "version": f"V{HERE}"}
        if request.get("call") == "reg_crq":
            reply["rc"] = -1
        return reply


PROOF = {"id": "CRQ-2", "verdict": "proved", "method": HERE, "lemmas": [HERE], "obligations": 1, "seconds": 1.0}
FAULT = {"name": f"n{HOSTILE}", "adapter": f"./no{HOSTILE}", "description": HOSTILE}

#: What writes text of others, by its words; {log} is a log with it, {adapter} an adapter.
WRITERS = {
    "matrix": ("matrix", "--run", "{log}", "--proofs", "proofs.json", "-k", "CRQ-*", "--html", "out.html"),
    "matrix --json": ("matrix", "--run", "{log}", "--proofs", "proofs.json", "--json"),
    "judge": ("judge", "{log}"),
    "judge --json": ("judge", "{log}", "--json"),
    "show": ("show", "{log}"),
    "show --json": ("show", "{log}", "--as", "json"),
    "show --log": ("show", "{log}", "--as", "log"),
    "replay": ("replay", "{log}", "--adapter", "{adapter}"),
    "replay --json": ("replay", "{log}", "--adapter", "{adapter}", "--json"),
    "check": (
        "check",
        "--adapter",
        "{adapter}",
        "--phase",
        "walk",
        "--steps",
        "60",
        "--junit",
        "out.xml",
        "--log",
        "o",
    ),
    "check --json": ("check", "--adapter", "{adapter}", "--phase", "walk", "--steps", "60", "--json"),
    "smoke": ("smoke", "--adapter", "{adapter}"),
    "smoke --json": ("smoke", "--adapter", "{adapter}", "--json"),
    "score": ("score", "--roster", "roster.json", "--phase", "scripted", "--out", "out.md"),
    "list": ("list", "--phase", "scripted", "-k", HOSTILE),
    "explain": ("explain", HOSTILE),
    "prove": ("prove", HOSTILE),
    "explore": ("explore", "--mutate", HOSTILE),
    "export": ("export", "--to", "smv", "--instance", HOSTILE),
    "check -k": ("check", "--adapter", "{adapter}", "--phase", "scripted", "-k", HOSTILE),
    "a name of a file": ("judge", HERE.replace("\x00", "").replace("/", "")),
    "a decision": ("check", "--adapter", "{adapter}", "--profile", f"{HOSTILE}={HOSTILE}"),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_no_writer_lets_anything_through(
    writer: str,
    vnickit: Kit,
    plant: Callable[[Callable[[], object]], str],
    hostile_log: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vnic_conformance.running.book.tours", lambda *_: Tours((), {}))  # they take a while
    words = WRITERS[writer]
    Path("proofs.json").write_text(json.dumps({"properties": [PROOF]}))
    Path("roster.json").write_text(json.dumps({"name": "r", "faults": [FAULT]}))
    before = set(Path.cwd().iterdir())
    said = vnickit(*(word.replace("{log}", str(hostile_log)).replace("{adapter}", plant(Named)) for word in words))
    assert said.exit_code != 5, said.output
    made = [said.stdout, said.stderr, *(f.read_text() for f in set(Path.cwd().iterdir()) - before if f.is_file())]
    assert any(made)
    for text in made:
        wrong = {character for line in text.split("\n") for character in line if not character.isprintable()}
        assert not wrong, (writer, wrong, text[:500])
    if "out.html" in words:
        assert "script" not in Tags(Path("out.html").read_text()).found
    if "out.xml" in words:
        assert ET.parse("out.xml").getroot().tag == "testsuites"
