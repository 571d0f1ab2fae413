"""A plain Hypothesis state machine for the interface of a hypervisor, as one would write it by hand without a specification.

A rule for each call, arguments from the strategies that suggest themselves, a partition that is off makes no calls. It knows
nothing of what a call leads to. The judge is the kit's oracle, because a judge of its own would be another specification.
"""

# ruff: noqa: D102 - a rule is the call that its name says

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from vnic_conformance.answer import Requests
from vnic_conformance.generation.hypothesis_run import run_programs
from vnic_conformance.generation.menu import can_act
from vnic_conformance.oracle import Oracle
from vnic_conformance.session import Session, hypervisor_session
from vnic_conformance.stimulus import TOKEN_BEFORE, TOKEN_LATEST, Stimulus, advance
from vnic_spec.profile import Profile


class Found(Exception):  # noqa: N818 - it is none
    """A violation."""


class Enough(Exception):  # noqa: N818 - it is none
    """No more steps."""


SERVERS = st.integers(0, 5)
PARTNERS = st.one_of(st.just("client"), SERVERS.map(lambda i: f"server{i}"))
HEADERS = st.one_of(
    st.sampled_from([b"\xc0\x01", b"\xc0\x02", b"\x80\x04", b"\x80\x84"]), st.binary(min_size=2, max_size=2)
)
ELEMENTS = st.builds(lambda header, rest: (header + rest).hex(), HEADERS, st.binary(min_size=14, max_size=14))
INTERVALS = st.integers(0, 10_000)


class Plain(RuleBasedStateMachine):
    """One run from reset."""

    target: Requests
    profile: Profile
    budget: int
    count: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.session: Session[Oracle] | None = None

    @initialize(servers=st.integers(1, 6))
    def begins(self, servers: int) -> None:
        self.session = hypervisor_session(self.target, servers, self.profile)
        self.session.begin()

    def do(self, who: str, call: str, **arguments: Any) -> None:
        session = self.session
        assert session is not None
        named = [who, *(str(v) for v in arguments.values())]
        stimulus = advance(arguments["ms"]) if who == "clock" else Stimulus.of(who, call, **arguments)
        if any(n.startswith("server") and int(n[6:]) >= session.servers for n in named):
            return
        if not can_act(session.oracle.one(), stimulus):
            return
        if self.count[0] >= self.budget:
            raise Enough
        self.count[0] += 1
        if not session.apply(stimulus).ok:
            self.count[1] = self.count[1] or self.count[0]
            raise Found

    @rule(who=PARTNERS)
    def registers(self, who: str) -> None:
        self.do(who, "reg_crq")

    @rule(who=PARTNERS, address=st.sampled_from([0, 16, 4096]), length=st.sampled_from([0, 100, 4096, 8192]))
    def registers_somewhere(self, who: str, address: int, length: int) -> None:
        self.do(who, "reg_crq", address=address, length=length)

    @rule(who=PARTNERS)
    def frees(self, who: str) -> None:
        self.do(who, "free_crq")

    @rule(who=PARTNERS, element=ELEMENTS, times=st.one_of(st.just(1), st.integers(1, 300)))
    def sends(self, who: str, element: str, times: int) -> None:
        for _ in range(times):
            self.do(who, "send_crq", hex=element)

    @rule(who=PARTNERS)
    def consumes(self, who: str) -> None:
        self.do(who, "consume")

    @rule(who=PARTNERS)
    def enables(self, who: str) -> None:
        self.do(who, "enable_crq")

    @rule(i=SERVERS, status=st.integers(0, 4), interval=INTERVALS, unused=st.sampled_from([0, 0, 0, 1]))
    def reports(self, i: int, status: int, interval: int, unused: int) -> None:
        self.do(f"server{i}", "vioctl", sub=0x18, p1=status, p2=interval, p3=unused)

    @rule(i=SERVERS)
    def asks(self, i: int) -> None:
        self.do(f"server{i}", "vioctl", sub=0x1B, p1=0, p2=0, p3=0)

    @rule()
    def takes_token(self) -> None:
        self.do("client", "vioctl", sub=0x19, p1=0, p2=0, p3=0)

    @rule(token=st.sampled_from([TOKEN_LATEST, TOKEN_BEFORE]), unused=st.sampled_from([0, 0, 0, 1]))
    def complains(self, token: str, unused: int) -> None:
        self.do("client", "vioctl", sub=0x1A, p1=token, p2=unused, p3=0)

    @rule(i=SERVERS)
    def activates(self, i: int) -> None:
        self.do("console", "activate", server=f"server{i}")

    @rule(i=SERVERS, value=st.integers(-1, 102))
    def ranks(self, i: int, value: int) -> None:
        self.do("console", "priority", server=f"server{i}", value=value)

    @rule(i=SERVERS)
    def removes(self, i: int) -> None:
        self.do("console", "remove", server=f"server{i}")

    @rule(i=SERVERS, port=SERVERS, priority=st.integers(1, 100))
    def adds(self, i: int, port: int, priority: int) -> None:
        self.do("console", "add", server=f"server{i}", port=port, priority=priority)

    @rule(value=st.integers(0, 1))
    def writes_auto(self, value: int) -> None:
        self.do("console", "auto", value=value)

    @rule(who=PARTNERS, call=st.sampled_from(["crash", "power_off", "power_on"]))
    def powers(self, who: str, call: str) -> None:
        self.do("platform", call, target=who)

    @rule()
    def migrates(self) -> None:
        self.do("platform", "migrate")

    @precondition(lambda self: self.session is not None)
    @rule(ms=st.integers(0, 30_000))
    def time_passes(self, ms: int) -> None:
        self.do("clock", "advance", ms=ms)


def plain_hunt(target: Requests, profile: Profile, *, seed: int, steps: int) -> int | None:
    """The number of stimuli until the first violation."""
    count = [0, 0]
    made = type("Programs", (Plain,), {"target": target, "profile": profile, "budget": steps, "count": count})
    run_programs(made, seed=seed, programs=steps // 5, steps=50, shrink=False, ends=(Found, Enough))
    return count[1] or None
