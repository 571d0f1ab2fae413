"""Tours, Hypothesis and random walks find planted faults; what they find is made short, and is found again."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path

import pytest
from hypothesis.stateful import RuleBasedStateMachine, rule
from hypothesis.strategies import integers

from vnic_conformance.answer import Requests
from vnic_conformance.generation.failure import Failure, Runs, rerun
from vnic_conformance.generation.hypothesis_run import run_programs
from vnic_conformance.generation.menu import FAMILIES, menu
from vnic_conformance.generation.shortest import alphabet, shortest
from vnic_conformance.generation.shrink import shrink, units
from vnic_conformance.generation.stateful import hunt
from vnic_conformance.generation.tours import plan
from vnic_conformance.generation.walk import random_walk
from vnic_conformance.oracle import Oracle
from vnic_conformance.session import hypervisor_session
from vnic_conformance.stimulus import Stimulus
from vnic_conformance.targets import Target, open_target
from vnic_reference import selection
from vnic_reference.adapter import Adapter
from vnic_reference.servers import Server
from vnic_spec.profile import Profile
from vnic_spec.wire import Rc

OURS = Profile()
Reply = dict[str, object]
Change = Callable[[Mapping[str, object], Reply], None]


class Faulty:
    """The reference with every reply changed on its way."""

    def __init__(self, change: Change) -> None:
        self._adapter = Adapter()
        self._change = change

    def request(self, fields: Mapping[str, object]) -> Reply:
        reply = self._adapter({"seq": 1, **fields})
        self._change(fields, reply)
        return reply


def drops_event_08(request: Mapping[str, object], reply: Reply) -> None:
    if "client_queue" in reply:
        reply["client_queue"] = " ".join(e for e in str(reply["client_queue"]).split() if not e.startswith("ff08"))


def lets_fenced_servers_send(request: Mapping[str, object], reply: Reply) -> None:
    if request.get("call") == "send_crq" and request["who"] != "client" and reply.get("rc") == Rc.H_CLOSED:
        reply["rc"] = int(Rc.H_SUCCESS)


def drops_in_silence(request: Mapping[str, object], reply: Reply) -> None:
    if request.get("call") == "send_crq" and reply.get("rc") == Rc.H_DROPPED:
        reply["rc"] = int(Rc.H_SUCCESS)


def nothing(request: Mapping[str, object], reply: Reply) -> None:
    pass


@pytest.fixture
def highest_number_wins(monkeypatch: pytest.MonkeyPatch) -> Requests:
    def worst(candidates: list[Server], tie_break: str, switches: int) -> Server | None:
        return max(candidates, key=lambda s: s.priority, default=None)

    monkeypatch.setattr(selection, "best", worst)
    return Faulty(nothing)


def by_tours(target: Requests) -> Failure | None:
    runs = Runs(target, OURS, budget=10**9)
    sessions = (runs.session(tour.word, tour.servers) for tour in plan(OURS).tours)
    return next((found for found in map(Failure.of, sessions) if found is not None), None)


def by_hypothesis(target: Requests) -> Failure | None:
    return hunt(target, OURS, seed=3, steps=20_000).failure


def by_walks(target: Requests) -> Failure | None:
    for seed in range(20):
        found = Failure.of(random_walk(target, (2, 4, 3, 6)[seed % 4], OURS, seed=seed, steps=1_000))
        if found is not None:
            return found
    return None


GENERATORS = [pytest.param(by_tours, marks=pytest.mark.slow), by_hypothesis, by_walks]


def text(word: tuple[Stimulus, ...]) -> list[str]:
    """A word to be pinned: a fill as one line."""
    return [f"{len(unit)} times {unit[0].who} send_crq" if len(unit) > 1 else str(unit[0]) for unit in units(word)]


def closes_behind_a_crash(request: Mapping[str, object], reply: Reply) -> None:
    """Once a partition has crashed, a call that is made for it is carried out: it is not refused."""
    if reply.get("outcome") == "refused" and request.get("who") == "server1":
        reply |= {"outcome": "done", "rc": int(Rc.H_CLOSED)}
        reply.pop("reason", None)


def test_what_fails_by_a_call_of_a_partition_that_is_off_fails_again_and_is_made_short() -> None:
    word = [
        *(Stimulus.of("console", "auto", value=value) for value in (0, 1)),
        Stimulus.of("platform", "crash", target="server0"),
        Stimulus.of("server0", "reg_crq", address=0, length=0x1000),
        Stimulus.of("platform", "crash", target="server1"),
        Stimulus.of("console", "auto", value=0),
        Stimulus.of("server1", "free_crq"),
    ]
    target = Faulty(closes_behind_a_crash)
    session = hypervisor_session(target, 2, OURS)
    session.play(word)
    found = Failure.of(session)
    assert found is not None
    again = rerun(target, found, 3)
    assert (again.failed, again.runs, again.reproducible) == (3, 3, True)
    assert text(shrink(target, found).word) == ["platform crash target=server1", "server1 free_crq"]


# --- on the reference itself ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference() -> Iterator[Target]:
    with open_target("python:vnic_reference.adapter:Adapter") as opened:
        yield opened


@pytest.mark.parametrize("servers", [1, 2, 4, 6])
def test_a_walk_is_the_same_for_the_same_seed_and_finds_nothing(reference: Target, servers: int) -> None:
    first, again, other = (random_walk(reference, servers, OURS, seed=seed, steps=700) for seed in (7, 7, 8))
    assert first.failure is None
    assert first.word == again.word
    assert first.word != other.word
    assert len(first.word) == 700


def test_a_walk_meets_full_queues(reference: Target) -> None:
    session = random_walk(reference, 2, OURS, seed=2, steps=3_000)
    assert session.failure is None
    agreed = [j.agreed[0] for j in session.judgements]
    assert any(a.rc == Rc.H_DROPPED for a in agreed)
    assert any(a.parameters.get("client_full") is True for a in agreed)


def test_hypothesis_takes_the_same_steps_for_the_same_seed_and_finds_nothing(reference: Target) -> None:
    first, again, other = (hunt(reference, OURS, seed=seed, steps=600, keep_words=True) for seed in (1, 1, 2))
    assert first.failure is None
    assert first.words == again.words
    assert first.words != other.words
    assert first.steps == 600
    assert first.words is not None
    assert len({servers for servers, _ in first.words}) > 1


@pytest.mark.slow
def test_hypothesis_chooses_every_family(reference: Target) -> None:
    assert set(hunt(reference, OURS, seed=1, steps=8_000).rules) == set(FAMILIES)


@pytest.mark.slow
@pytest.mark.parametrize("servers", [1, 2, 3, 6])
def test_long_walks_find_nothing(reference: Target, servers: int) -> None:
    """Long ones; many short ones are in test_faults_false_alarms.py."""
    session = random_walk(reference, servers, OURS, seed=1000, steps=2_000)
    assert session.failure is None, (session.failure.requirement, str(session.failure.stimulus))


def test_a_menu_has_known_families_only() -> None:
    offers = menu(Oracle(3, OURS).one(), 3)
    assert {offer.family for offer in offers} <= set(FAMILIES)
    assert all(offer.weight > 0 for offer in offers)


# --- planted faults -------------------------------------------------------------------------------------------------

_UP = ["server0 reg_crq", "client reg_crq", "server0 vioctl sub=24 p1=1 p2=1000 p3=0"]


@pytest.mark.parametrize("generator", [pytest.param(by_tours, marks=pytest.mark.slow), by_hypothesis, by_walks])
def test_a_dropped_event_is_found_and_made_short(generator: Callable[[Requests], Failure | None]) -> None:
    target = Faulty(drops_event_08)
    found = generator(target)
    assert found is not None
    short = shrink(target, found)
    assert len(short.word) == 4
    assert short.signature == found.signature
    assert rerun(target, short, 3).reproducible


@pytest.mark.parametrize("generator", GENERATORS)
def test_a_fenced_server_that_may_send_is_found_and_made_short(generator: Callable[[Requests], Failure | None]) -> None:
    target = Faulty(lets_fenced_servers_send)
    found = generator(target)
    assert found is not None
    short = shrink(target, found)
    assert text(short.word) == ["server0 send_crq hex=8012" + 28 * "0"]
    assert short.servers == 1
    assert short.judgement.requirement.startswith("FOV-10")


@pytest.mark.parametrize("generator", [by_tours, pytest.param(by_hypothesis, marks=pytest.mark.slow), by_walks])
def test_the_wrong_order_of_priorities_is_found_and_made_short(
    generator: Callable[[Requests], Failure | None], highest_number_wins: Requests
) -> None:
    found = generator(highest_number_wins)
    assert found is not None
    short = shrink(highest_number_wins, found)
    assert short.servers == 2
    assert len(short.word) <= 8


@pytest.mark.slow
def test_a_fill_is_made_as_long_as_it_has_to_be() -> None:
    target = Faulty(drops_in_silence)
    found = Failure.of(Runs(target, OURS, 10**6).session(_long_word(), 3))
    assert found is not None
    short = shrink(target, found)
    assert text(short.word) == [*sorted(_UP, key=_order(short)), "257 times client send_crq"]
    result = shortest(target, short, budget=20_000)
    assert (result.known, result.letters) == (True, 4)


def _order(failure: Failure) -> Callable[[str], int]:
    return [str(s) for s in failure.word].index


def _long_word() -> Iterator[Stimulus]:
    for i in (2, 0):
        yield Stimulus.of(f"server{i}", "reg_crq")
        yield Stimulus.of(f"server{i}", "vioctl", sub=0x18, p1=1, p2=1000, p3=0)
    yield Stimulus.of("client", "reg_crq")
    yield Stimulus.of("server1", "consume")
    yield Stimulus.of("console", "auto", value=0)
    for k in range(300):
        yield Stimulus.of("client", "send_crq", hex=f"8004{k:028x}")


# --- short words ----------------------------------------------------------------------------------------------------


def test_a_shrunk_word_is_known_to_be_shortest() -> None:
    target = Faulty(drops_event_08)
    found = by_walks(target)
    assert found is not None
    result = shortest(target, shrink(target, found))
    assert result.known
    assert result.letters == 4
    assert str(result) == "shortest: no word of fewer than 4 steps shows it"


def test_a_longer_word_is_replaced_by_the_shortest() -> None:
    target = Faulty(drops_event_08)
    ways = [
        "server0 reg_crq",
        "server0 free_crq",
        "server0 reg_crq",
        "client reg_crq",
        "server0 report",
        "server0 free_crq",
    ]
    words = {
        "server0 report": Stimulus.of("server0", "vioctl", sub=0x18, p1=1, p2=1000, p3=0),
    }
    word = [words.get(way) or Stimulus.of(*way.split()) for way in ways]
    found = Failure.of(Runs(target, OURS, 100).session(word, 1))
    assert found is not None
    assert len(found.word) == 6
    assert len(shortest(target, found).failure.word) == 4


def test_a_search_that_runs_out_says_how_far_it_came() -> None:
    target = Faulty(drops_event_08)
    found = by_walks(target)
    assert found is not None
    result = shortest(target, shrink(target, found), budget=150)
    assert not result.known
    assert result.complete_to < 3
    assert "longer ones were not all tried" in str(result)


def test_the_alphabet_is_made_of_requests_of_the_protocol(reference: Target) -> None:
    runs = Runs(reference, OURS, 10**6)
    for (stimulus,) in alphabet(2, OURS):
        runs.session([stimulus], 2)


def test_an_implementation_that_does_it_sometimes_is_told() -> None:
    count = 0

    def sometimes(request: Mapping[str, object], reply: Reply) -> None:
        nonlocal count
        if request["op"] == "reset":
            count += 1
        elif count % 2:
            lets_fenced_servers_send(request, reply)

    target = Faulty(sometimes)
    found = Failure.of(Runs(target, OURS, 10).session(islice(_long_word(), 4), 3))
    assert found is None
    count = 0
    word = [Stimulus.of("server0", "consume"), Stimulus.of("server0", "send_crq", hex="8012" + 28 * "0")]
    found = Failure.of(Runs(target, OURS, 10).session(word, 1))
    assert found is not None
    count = 0
    again = rerun(target, found, 4)
    assert (again.failed, again.runs, again.first_difference) == (2, 4, 2)
    assert str(again) == "2 of 4"
    assert not again.reproducible


def test_a_target_that_breaks_is_no_finding() -> None:
    class BrokenError(Exception):
        pass

    class Breaks(Faulty):
        def request(self, fields: Mapping[str, object]) -> Reply:
            if fields.get("call") == "free_crq":
                raise BrokenError
            return super().request(fields)

    with pytest.raises(BrokenError):
        hunt(Breaks(nothing), OURS, seed=1, steps=2_000)


def test_a_seed_plays_the_same_whatever_modules_are_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothesis draws constants of the modules that are not installed; the kit's runs may not depend on them."""
    (tmp_path / "of_the_user.py").write_text(f"NUMBERS = {[7_654_321 * n for n in range(1, 60)]}\n")
    monkeypatch.syspath_prepend(tmp_path)
    drawn: list[list[int]] = []

    class Drawing(RuleBasedStateMachine):
        @rule(number=integers(0, 10**9))
        def draw(self, number: int) -> None:
            drawn[-1].append(number)

    for name in ("json", "of_the_user"):
        importlib.import_module(name)
        drawn.append([])
        run_programs(Drawing, seed=1, programs=20, steps=20, shrink=False, ends=())
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) > 100
