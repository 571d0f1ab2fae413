"""``docs/pictures.md`` and its pictures are what ``bench/pictures.py`` makes today; they are drawings that can be read."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path
from types import ModuleType

import networkx as nx
import pytest

from vnic_conformance.pictures.graph import Arrow, Node, drawing
from vnic_conformance.pictures.state_picture import MOST, TooLargeError, picture_of_proofs, picture_of_states
from vnic_model.goals import PLANS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
Box = tuple[float, float, float, float]


@pytest.fixture(scope="module")
def bench(by_path: Callable[[str], ModuleType]) -> ModuleType:
    return by_path("bench/pictures.py")


@pytest.fixture(scope="module")
def made(bench: ModuleType) -> Mapping[str, str]:
    found: Mapping[str, str] = bench.pictures()
    return found


def boxes(picture: str) -> dict[str, Box]:
    """Left, top, right and bottom of each box, by the text in it."""
    found = {}
    for group in ET.fromstring(picture).iterfind("{*}g"):
        if "box" not in group.get("class", "").split():
            continue
        rect = group.find("{*}rect")
        if rect is not None:
            x, y, width, height = (float(rect.get(name, "")) for name in ("x", "y", "width", "height"))
            found["\n".join(str(text.text) for text in group.iterfind("{*}text"))] = (x, y, x + width, y + height)
    return found


def test_the_pictures_are_those_of_today(bench: ModuleType, made: Mapping[str, str]) -> None:
    kept = {file.name: file.read_text(encoding="utf-8") for file in (DOCS / "pictures").iterdir()}
    assert kept == made, "make them anew: python bench/pictures.py"
    page = (DOCS / "pictures.md").read_text(encoding="utf-8")
    assert page == bench.document(), "make it anew: python bench/pictures.py"
    assert set(re.findall(r"\(pictures/([^)]+)\)", page)) == set(made)


def test_no_box_lies_on_another_or_outside(made: Mapping[str, str]) -> None:
    for name, picture in made.items():
        _, _, width, height = map(float, ET.fromstring(picture).get("viewBox", "").split())
        found = boxes(picture).values()
        for left, top, right, bottom in found:
            assert 0 <= left < right <= width, name
            assert 0 <= top < bottom <= height, name
        for one, two in combinations(found, 2):
            assert one[2] <= two[0] or two[2] <= one[0] or one[3] <= two[1] or two[3] <= one[1], (name, one, two)


def test_the_picture_of_the_client_has_every_phase_and_the_way_through_the_dialogue(made: Mapping[str, str]) -> None:
    phases = ["RECOVERING", "REGISTERED", "INIT_SENT", "READY", "LOGIN_SENT", "LOGGED_IN"]
    found = boxes(made["client.svg"])
    assert set(found) == {f"phase = {phase}" for phase in (*phases, "OFF", "WAITING")}
    lefts = [found[f"phase = {phase}"][0] for phase in phases]
    assert lefts == sorted(lefts)


def test_a_proof_stands_to_the_right_of_what_it_rests_on() -> None:
    """But for the lemmas that need each other, of which one comes first."""
    found = boxes(picture_of_proofs())
    both = {(a, b) for a in PLANS for b in PLANS[a].using if a in PLANS[b].using}
    for name in found:
        for needed in PLANS[name].using:
            if (name, needed) not in both:
                assert found[needed][2] < found[name][0], (needed, name)
    alone = boxes(picture_of_proofs(["INV-1"]))
    assert set(alone) == {"INV-1", *PLANS["INV-1"].using}


def test_what_is_too_large_is_refused_and_said() -> None:
    graph = nx.path_graph(MOST + 1, create_using=nx.DiGraph)
    with pytest.raises(TooLargeError, match="61 nodes are no picture, 60 at most are; see it through fewer variables"):
        picture_of_states(graph)


def test_foreign_text_in_a_graph_is_escaped() -> None:
    nasty = "<script>x</script>\x1b"
    picture = drawing(
        nasty, {"a": Node((nasty,), 0), "b": Node(("b",), 0)}, [Arrow("a", "b", (nasty,)), Arrow("b", "a")]
    )
    assert "<script>" not in picture
    assert "\x1b" not in picture
    assert len(boxes(picture)) == 2
