"""Slips of a client, one each, made from the reference client: the monitor names the requirement that each one breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vnic_conformance.client_role.partner import DEVIATIONS
from vnic_reference.client.slips import CLIENT_SLIPS

Make = Callable[..., Any]


def deviate(name: str, times: int | None = 1) -> Callable[[Any], None]:
    """Begin with a deviation, then open."""

    def play(one: Any) -> None:
        one.partner.user("add")
        one.partner.deviate(DEVIATIONS[name].repeated(times))
        one.partner.user("open")
        one.partner.run(2_000)

    return play


def opened(*acts: Callable[[Any], object]) -> Callable[[Any], None]:
    """Open, then do these things, a second apart."""

    def play(one: Any) -> None:
        one.partner.user("add")
        one.partner.user("open")
        one.partner.run(1_000)
        for act in acts:
            act(one)
            one.partner.run(1_000)

    return play


def frames(one: Any) -> None:
    """Two frames at one instant: the second before the first is completed."""
    for number in (1, 2):
        one.partner.user("send", hex=(one.peer + one.mac + b"\x88\xb5" + bytes((number,)) * 50).hex())
    one.partner.run(10)


def fatal_after_login(one: Any) -> None:
    """A server that answers each login with a fatal error."""
    one.partner.deviate(DEVIATIONS["error_after_login"].repeated(40))
    one.partner.failover()


#: The client, what is done to it, and the requirement that it breaks.
SLIPS: dict[str, tuple[str, Callable[[Any], None], str]] = {
    "deaf": ("deaf", opened(), "CLI-10"),
    "impatient": ("impatient", deviate("h_free_crq_long_busy_1_ms", 3), "CLI-14"),
    "trusting": ("trusting", deviate("login_sizes_below_mtu"), "DLG-6"),
    "greedy": ("greedy", opened(), "DLG-4"),
    "hasty": ("hasty", opened(), "DLG-7"),
    "doubling": ("doubling", opened(), "DLG-3"),
    "untidy": ("untidy", opened(lambda one: one.partner.user("remove")), "CLI-17"),
    "slow": (
        "slow",
        opened(lambda one: one.partner.user("complain"), lambda one: one.partner.run(120_000)),
        "CLI-18",
    ),
    "pauseless after Aborted": ("pauseless", deviate("login_aborted", 2), "DLG-5"),
    "pauseless between recoveries": ("pauseless", opened(fatal_after_login), "CLI-13"),
    "complaining": ("complaining", opened(lambda one: one.partner.user("complain")), "CLI-19"),
    "optimist": ("optimist", opened(lambda one: one.partner.link_flaps(5_000)), "CLI-20"),
    "fragile": ("fragile", opened(lambda one: one.partner.platform.partner_gone(0x55)), "CLI-16"),
    "reusing": ("reusing", opened(frames), "DLG-8"),
    "credulous": ("credulous", opened(lambda one: one.partner.deviate("rx_completion_foreign"), frames), "DLG-9"),
    "sets_reserved_bytes": ("sets_reserved_bytes", opened(), "DLG-1"),
    "asks_before_the_version": ("asks_before_the_version", opened(), "DLG-2"),
}


def test_every_slip_is_known() -> None:
    assert {name for name, _, _ in SLIPS.values()} == set(CLIENT_SLIPS)


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_named_by_its_requirement(bench: Make, name: str) -> None:
    slip, play, requirement = SLIPS[name]
    one = bench(CLIENT_SLIPS[slip].make)
    play(one)
    assert requirement in one.broken, one.said


@pytest.mark.parametrize("name", SLIPS)
def test_the_reference_client_does_not_slip(bench: Make, name: str) -> None:
    one = bench()
    SLIPS[name][1](one)
    assert one.said == []
