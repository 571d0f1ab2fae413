"""Adapters whose clock is real, or that take a while to settle: windows of time are judged, and nothing legal is blamed.

Mostly on a wall clock that the test moves, so that days pass at once; at the end, the program itself on the real one.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import Result

from vnic_conformance.generation.walk import walk
from vnic_conformance.oracle import Oracle, measured
from vnic_conformance.oracle.time import Instant
from vnic_conformance.running import narrowing
from vnic_conformance.running.episode import retrace
from vnic_conformance.session import Conversation, Session, hypervisor_session
from vnic_conformance.stimulus import CLIENT, Stimulus, advance, server
from vnic_conformance.targets import Target
from vnic_conformance.targets.in_process import InProcessLink
from vnic_conformance.targets.pacing import Paced, paced
from vnic_reference.adapter import Adapter
from vnic_reference.faults import FAULTS, VARIANTS
from vnic_spec.profile import Profile
from vnic_spec.wire import Vioctl

Fields = dict[str, object]


class Wall:
    """A wall clock that goes on when somebody sleeps, and by chance at every look and every message."""

    def __init__(self, seed: int, latency_ms: tuple[float, float] = (0.0, 3.0)) -> None:
        self.random = random.Random(seed)
        self.latency_ms = latency_ms
        self.s = 1000.0

    def now(self) -> float:
        self.s += self.random.random() / 10_000
        return self.s

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.s += seconds + self.random.random() / 1000

    def ms(self) -> int:
        return int(self.s * 1000)

    def delay(self) -> None:
        self.s += self.random.uniform(*self.latency_ms) / 1000


class Far:
    """An adapter that is far away: requests and replies take their time."""

    def __init__(self, adapter: Callable[[Mapping[str, object]], Fields], wall: Wall) -> None:
        self.adapter, self.wall = adapter, wall

    def __call__(self, request: Mapping[str, object]) -> Fields:
        self.wall.delay()
        reply = self.adapter(request)
        self.wall.delay()
        return reply


class Sluggish:
    """What can be seen is what there was ``late_ms`` ago, as where a listing is brought up to date now and then."""

    def __init__(self, adapter: Adapter, wall: Wall, late_ms: int) -> None:
        self.adapter, self.wall, self.late_ms = adapter, wall, late_ms
        self.shown: Fields = {}
        self.changed_at = 0

    def __call__(self, request: Mapping[str, object]) -> Fields:
        if request["op"] != "observe":
            if self.wall.ms() >= self.changed_at + self.late_ms or request["op"] == "reset":
                self.shown = {}
            before = self.shown or self.adapter({"op": "observe"})
            reply = self.adapter(request)
            if request["op"] in ("apply", "reset"):
                self.shown, self.changed_at = before, self.wall.ms()
            return reply
        fresh = self.wall.ms() >= self.changed_at + self.late_ms
        return self.adapter(request) if fresh or not self.shown else {**self.shown, "seq": request["seq"]}


def paced_by(wall: Wall, adapter: Callable[[Mapping[str, object]], Fields], time_scale: float = 1.0) -> Conversation:
    target = Target(InProcessLink(Far(adapter, wall)))
    return Conversation(Paced(target, time_scale=time_scale, now=wall.now, sleep=wall.sleep))


def reports(i: int, interval_ms: int) -> Stimulus:
    return Stimulus.of(server(i), "vioctl", sub=int(Vioctl.VNIC_SERVER_STATUS), p1=1, p2=interval_ms, p3=0)


def two_servers(interval_ms: int) -> list[Stimulus]:
    both = [(Stimulus.of(server(i), "reg_crq"), reports(i, interval_ms)) for i in range(2)]
    return [*both[0], *both[1], Stimulus.of(CLIENT, "reg_crq")]


def play(
    wall: Wall, adapter: Callable[[Mapping[str, object]], Fields], word: list[Stimulus], **more: float
) -> Session[Oracle]:
    session = hypervisor_session(paced_by(wall, adapter, **more), 2, Profile())
    session.play(word)
    return session


@pytest.mark.parametrize("latency_ms", [(0, 1), (0, 120), (30, 900)])
@pytest.mark.parametrize("quiet_ms", [0, 40])
def test_walks_meet_no_false_alarm_however_slow_the_way(latency_ms: tuple[float, float], quiet_ms: int) -> None:
    for seed in range(3):
        wall = Wall(seed, latency_ms)
        session = hypervisor_session(paced_by(wall, Adapter(clock=wall.ms, quiet_ms=quiet_ms)), 3, Profile())
        session.begin()
        for stimulus, _ in zip(walk(session.oracle, seed), range(250), strict=False):
            judgement = session.apply(stimulus)
            assert judgement.ok, (seed, len(session.word), str(stimulus), judgement.sentence, judgement.came)


def test_an_answer_that_comes_late_is_not_blamed() -> None:
    """Each answer takes longer than the interval: whether silence counted meanwhile nobody can know, and both are allowed."""
    for seed in range(8):
        wall = Wall(seed, (20, 200))
        word = [*two_servers(100), *(reports(i % 2, 100) for i in range(12)), advance(150), reports(0, 100)]
        session = play(wall, Adapter(clock=wall.ms), word)
        assert session.failure is None
        assert session.oracle.by_time


@pytest.mark.parametrize(
    ("fault", "waits"), [("never_expires", (3001,)), ("expires_too_late", (3001,)), ("expires_too_early", (1000,))]
)
def test_what_is_wrong_in_time_is_found(fault: str, waits: tuple[int, ...]) -> None:
    """Expiring at the very end of the interval differs from expiring after it by a millisecond, which no real clock tells."""
    wall = Wall(1)
    word = [*two_servers(1000), *map(advance, waits)]
    session = play(wall, FAULTS[fault].adapter(wall.ms), word)
    if fault == "expires_too_early":
        assert session.failure is None
        return
    assert session.failure is not None
    assert session.failure.requirement == "MON-2"


def test_far_too_early_is_found() -> None:
    wall = Wall(3)
    session = play(wall, Adapter(clock=lambda: 8 * wall.ms()), [*two_servers(1000), advance(500)])
    assert session.failure is not None
    assert session.failure.requirement == "MON-2"


def test_effects_that_show_after_the_quiet_time_are_waited_for() -> None:
    word = [*two_servers(60_000), Stimulus.of("console", "activate", server=server(1)), Stimulus.of(CLIENT, "consume")]
    for claimed, scale, passes in ((50, 1.0, True), (20, 3.0, True), (20, 1.0, False), (0, 1.0, False)):
        wall = Wall(5)
        adapter = Sluggish(Adapter(clock=wall.ms, quiet_ms=claimed), wall, late_ms=50)
        assert (play(wall, adapter, word, time_scale=scale).failure is None) == passes, (claimed, scale)


def test_a_virtual_clock_may_take_a_while_too() -> None:
    wall = Wall(6)
    session = play(wall, Adapter(quiet_ms=30), [*two_servers(1000), advance(3001)])
    assert session.failure is None
    assert session.oracle.now == 3001
    assert session.judgements[-1].came.facts.measured is None


def test_nothing_is_paced_that_shows_everything_at_once() -> None:
    target = Target(InProcessLink(Adapter()))
    assert paced(target) is target


def test_a_long_busy_answer_is_waited_for() -> None:
    wall = Wall(8, (0, 0.1))
    word = [*two_servers(60_000), Stimulus.of(CLIENT, "free_crq")]
    session = play(wall, VARIANTS["busy_at_first"].adapter(wall.ms), word)
    assert session.failure is None
    last, before = session.judgements[-1].came, session.judgements[-2].came
    times, earlier = measured(last), measured(before)
    assert last.facts.repeated == 3
    assert times is not None
    assert earlier is not None
    assert times[0].first - earlier[1].last >= 1 + 10 - 2  # as the codes said, less rounding


def test_an_episode_is_judged_again_with_the_times_that_were_measured() -> None:
    wall = Wall(7)
    session = hypervisor_session(paced_by(wall, FAULTS["never_expires"].adapter(wall.ms, 5)), 2, Profile())
    session.play([*two_servers(1000), advance(3001)])
    assert session.failure is not None
    retraced = retrace(session.episode)
    assert not retraced[-1].judgement.ok
    times = measured(session.episode.moments[-1].came)
    assert times is not None
    assert times[1].first >= times[0].first + 3001


def test_a_window_grows_by_what_is_not_known() -> None:
    assert Instant(10, 10).window(1000, 3000) == (1010, 3010)
    assert Instant(10, 14, lag=50).window(1000, 3000) == (1008, 3068)


# --- the program itself ------------------------------------------------------------------------------------------------


def program(*words: str) -> str:
    return " ".join((f"{sys.executable} -m vnic_reference --clock real --quiet-ms 1", *words))


def test_the_program_is_checked_on_a_real_clock(vnickit: Callable[..., Result], tmp_path: Path) -> None:
    done = vnickit("check", "--adapter", program(), "-k", "FOV-3/[!h]*", "-k", "MON-2*", "--phase", "scripted",
                   "--longest-wait", "0.1", "--log", "run.jsonl")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "real clock" in done.output
    log = (tmp_path / "run.jsonl").read_text(encoding="utf-8")
    (verdict,) = re.findall(r'"case":"MON-2/not-too-late","verdict":"([^"]*)".*"reason":"([^"]*)"', log)
    assert verdict == ("not exercised", "it waits 3.001 s, and the clock is real (--longest-wait 0.1)")


def test_a_fault_is_found_on_a_real_clock(vnickit: Callable[..., Result]) -> None:
    done = vnickit("check", "--adapter", program("--fault no_failover_event"), "-k", "FOV-3*", "-x",
                   "--phase", "scripted")  # fmt: skip
    assert done.exit_code == 1, done.output
    again = vnickit("replay", "vnickit-failures.jsonl", "--adapter", program("--fault no_failover_event"))
    assert again.exit_code == 1, again.output
    assert vnickit("replay", "vnickit-failures.jsonl", "--adapter", program()).exit_code == 0


@pytest.mark.slow
def test_a_server_that_never_falls_silent_is_found_on_a_real_clock(
    vnickit: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrowing, "REAL_S", 0.5)
    done = vnickit("check", "--adapter", program("--fault never_expires"), "-k", "MON-2*", "-x", "--phase", "walk",
                   "--steps", "600")  # fmt: skip
    assert done.exit_code == 1, done.output
    assert "MON-2" in done.output


def test_an_adapter_with_a_real_clock_is_sane(vnickit: Callable[..., Result]) -> None:
    done = vnickit("smoke", "--adapter", program())
    assert done.exit_code == 0, done.output
    assert "the clock is real" in done.output


@pytest.mark.slow
def test_scripts_and_walks_find_nothing_wrong_on_a_real_clock(vnickit: Callable[..., Result]) -> None:
    words = ("--longest-wait", "0.5", "--steps", "1000", "--phase", "scripted", "--phase", "walk")
    done = vnickit("check", "--adapter", program(), *words)
    assert done.exit_code == 0, done.output
    # Which requirements are reached depends on how fast the machine is: on a slow one more servers fall silent.
    assert re.search(r"^\d+ requirements: [45]\d pass", done.output, flags=re.MULTILINE), done.output
