"""Twins of guests: sessions that differ in what happens inside a call tell the same as if each had been booted for itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vnic_conformance.client_role.stories import Word, played
from vnic_conformance.client_role.words import passes, user
from vnic_conformance.linux.client import LinuxClient
from vnic_conformance.linux.errors import GuestError
from vnic_conformance.linux.kernel import Kernel
from vnic_conformance.linux.playing import play
from vnic_conformance.linux.twins import families, play_family

RECOVERY_MS = 5_000
#: An early and a late call, one of them twice; the last one never comes.
INSIDE = ((2, "failover"), (30, "removal"), (30, "lost_answer"), (390, "outage"))


def words(*inside: tuple[int, str]) -> list[tuple[str, Word]]:
    return [(f"{event}@{call}", played("failover", RECOVERY_MS, (call, event))) for call, event in inside]


def test_sessions_that_differ_in_what_happens_inside_a_call_are_a_family() -> None:
    straight = ("open", (user("add"), passes(10)))
    found, alone = families([straight, *words(*INSIDE)])
    (family,) = found
    assert alone == [0]
    assert family.word == played("failover", RECOVERY_MS)
    assert [(each.place, each.name, each.call, each.event) for each in family.members] == [
        (place, f"{event}@{call}", call, event) for place, (call, event) in enumerate(INSIDE, 1)
    ]


def test_two_sessions_are_not_worth_a_twin() -> None:
    assert families(words(*INSIDE[:2])) == ([], [0, 1])


def test_a_family_is_divided_for_all_who_play_and_each_part_has_early_calls() -> None:
    every = words(*((call, "failover") for call in range(1, 121)))
    parts, _ = families(every, jobs=2)
    assert [len(part.members) for part in parts] == [40, 40, 40]
    assert sorted(each.place for part in parts for each in part.members) == list(range(120))
    assert [part.members[0].call for part in parts] == [1, 2, 3]


@pytest.fixture
def client(kernel: Kernel) -> Iterator[LinuxClient]:
    client = LinuxClient(kernel)
    yield client
    client.close()


@pytest.mark.slow
def test_a_twin_tells_the_same_to_the_byte_as_a_boot_of_its_own(client: LinuxClient) -> None:
    every = words(*INSIDE)
    (family,), _ = families(every)
    told = dict(play_family(client, family))
    assert [told[place] for place in range(len(every))] == [play(client, name, word) for name, word in every]


@pytest.mark.slow
def test_a_guest_that_stands_in_no_call_has_no_twin(client: LinuxClient) -> None:
    client.reset(bytes.fromhex("0200c0ffee01"))
    with pytest.raises(GuestError, match="only a guest that stands in a call can have a twin"):
        client.guest.become_twin()
