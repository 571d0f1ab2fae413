"""What whole runs keep of an implementation: the next one begins with it, and nothing that lies there is believed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from vnic_conformance.commands import check as check_command
from vnic_conformance.running import checking, corpus
from vnic_conformance.running.checking import Request, check
from vnic_conformance.running.events import Event, SessionBegan, StepDone
from vnic_conformance.stimulus import Stimulus
from vnic_conformance.targets import open_target
from vnic_model import cache
from vnic_spec.profile import Profile

ADAPTER = "python:vnic_reference.adapter:Adapter"
KEY = "k"
STEP = ["client", "reg_crq", {}]


def kept(**changes: Any) -> bytes:
    """A file as it might lie there, without its hash."""
    return json.dumps({"key": KEY, "words": [[2, [STEP]]], "met": {"x": 1}, **changes}).encode()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of one's own, in which every run counts as a whole one."""
    monkeypatch.setenv(cache.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(checking, "_whole", lambda *_: True)
    return tmp_path


def played(*, seed: int = 1, learn: bool = True) -> tuple[list[tuple[str, list[Stimulus]]], list[str]]:
    """The sessions of a short run, each with its phase, and the notes."""
    sessions: list[tuple[str, list[Stimulus]]] = []

    def listen(event: Event) -> None:
        if isinstance(event, SessionBegan):
            sessions.append((event.phase, []))
        elif isinstance(event, StepDone):
            sessions[-1][1].append(event.given)

    request = Request(ADAPTER, phases=("walk",), steps=60, seed=seed, learn=learn)
    return sessions, check(request, [listen]).outcome.notes


def test_a_run_begins_with_what_the_one_before_has_found(home: Path) -> None:
    first, silent = played()
    second, told = played(seed=2)
    assert [phase for phase, _ in first] == ["walk"]
    assert not silent
    (_, walked), (phase, word), *_ = first[0], second[0]
    assert phase == corpus.PHASE
    assert walked[: len(word)] == word
    assert told == [f"began with 1 words ({len(word)} steps) that earlier runs found; --no-corpus leaves them out"]
    assert played(learn=False) == (first, silent)


def test_a_file_that_is_not_believed_is_as_none(home: Path) -> None:
    first = played()
    (file,) = home.glob("corpora/*.json")
    file.write_bytes(file.read_bytes().replace(b'"met"', b'"mat"'))
    assert played() == first


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "another"},
        {"more": 1},
        {"words": {}},
        {"words": [[2, [STEP]]] * (corpus.MOST_WORDS + 1)},
        {"words": [[2, [STEP] * (corpus.MOST_STEPS + 1)]]},
        {"words": [[2, []]]},
        {"words": [[0, [STEP]]]},
        {"words": [[True, [STEP]]]},
        {"words": [[64, [STEP]]]},
        {"words": [[2, [["server2", "free_crq", {}]]]]},
        {"words": [[2, [["partition", "free_crq", {}]]]]},
        {"words": [[2, [["client", "reset", {}]]]]},
        {"words": [[2, [["client", "poke", {"address": 0, "hex": "00"}]]]]},
        {"words": [[2, [["client", "consume", {"handle": 7}]]]]},
        {"words": [[2, [["client", "send_crq", {"hex": "zz"}]]]]},
        {"words": [[2, [["client", "vioctl", {"sub": 26, "p1": "0x10"}]]]]},
        {"words": [[2, [["client", "vioctl", {"sub": True}]]]]},
        {"words": [[2, [["console", "activate", {"server": "server2"}]]]]},
        {"words": [[2, [["console", "activate", {"server": 1}]]]]},
        {"words": [[2, [["platform", "crash", {"target": "platform"}]]]]},
        {"words": [[2, [["clock", "advance", {"ms": -1}]]]]},
        {"met": {"x": -1}},
        {"met": {"x": "1"}},
        {"met": []},
    ],
    ids=lambda changes: json.dumps(changes)[:60],
)
def test_what_the_random_phases_never_make_is_refused(changes: dict[str, Any]) -> None:
    assert corpus.read(kept(), KEY) == ((corpus.Word(2, (Stimulus.of("client", "reg_crq"),)),), {"x": 1})
    with pytest.raises(ValueError, match=r".+"):
        corpus.read(kept(**changes), KEY)


def test_each_implementation_version_and_profile_has_its_own(home: Path) -> None:
    with open_target(ADAPTER) as target:
        hello = target.hello
    asked = [(hello, Profile()), (replace(hello, version="other"), Profile()), (hello, Profile(grace=5))]
    assert len({corpus.corpus(*one).key for one in asked}) == len(asked)


def test_no_corpus_is_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []
    monkeypatch.setattr(
        "vnic_conformance.commands.check.playing.played", lambda request, *_, **__: asked.append(request)
    )
    for more in ([], ["--no-corpus"]):
        CliRunner().invoke(check_command.command, ["--adapter", ADAPTER, *more])
    assert [request.learn for request in asked] == [True, False]
