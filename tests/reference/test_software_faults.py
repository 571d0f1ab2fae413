"""Every faulty variant of client and server fails a story that the right ones pass.

The stories look at what a user sees: frames, once and at the right port, the interface up again, the network told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vnic_reference.client import VnicClient
from vnic_reference.client.faults import CLIENT_FAULTS
from vnic_reference.dialogue.elements import response
from vnic_reference.server import VnicServer
from vnic_reference.server.faults import SERVER_FAULTS
from vnic_spec.wire import Command, CommandRc

GROUP = bytes.fromhex("01005e000001")


def exchange(bench: Any, server: int, count: int = 8) -> bool:
    """Frames each way; whether each arrived once, at this server's port or at the client, and the filters let it pass."""
    port = bench.ports[server]
    if port.mac != bench.client.mac or port.multicast != bench.client.multicast:
        return False
    sent = [bench.frame(1000 * bench.now + number) for number in range(count)]
    back = [bench.frame_for_client(1000 * bench.now + number) for number in range(count)]
    before = [len(each.sent) for each in bench.ports]
    taken = [bench.client.send(frame) for frame in sent]
    port.inbox += back
    bench.run(30)
    left = [each.sent[start:] for each, start in zip(bench.ports, before, strict=True)]
    return (
        all(taken)
        and left == [sent if index == server else [] for index in range(len(left))]
        and (bench.client.received() == back)
    )


def failover(bench: Any) -> bool:
    """A server's partition crashes; the other takes over."""
    bench.run(200)
    bench.client.join(GROUP)
    bench.settle()
    if not exchange(bench, 0):
        return False
    bench.crash(0)
    bench.run(1_000)
    return bench.client.take_notification() and exchange(bench, 1) and bench.client.failures == 0


def link_loss(bench: Any) -> bool:
    bench.run(200)
    bench.ports[0].link_up = False
    bench.run(1_000)
    return exchange(bench, 1)


def quiet_hour(bench: Any) -> bool:
    """Nothing happens for a minute, so nothing is switched (FOV-7)."""
    bench.run(60_000)
    return bench.machine.console.listing().selected == 0 and exchange(bench, 0)


def zombie(bench: Any) -> bool:
    """A server hangs with frames in its hands, is fenced, and comes back."""
    bench.run(200)
    assert bench.client.send(bench.frame(1))
    bench.settle()
    hung = bench.servers[0]
    bench.hung.add(hung)
    bench.run(5_000)
    before = len(bench.ports[0].sent)
    bench.machine.console.set_auto(False)
    bench.hung.remove(hung)
    bench.run(50)
    return len(bench.ports[0].sent) == before and exchange(bench, 1)


def migration(bench: Any) -> bool:
    bench.run(200)
    bench.machine.migrate()
    bench.run(1_000)
    return exchange(bench, 0)


def same_server_again(bench: Any) -> bool:
    """SRV-2, SRV-4: the client begins again; the same server takes it up, and nothing is switched."""
    bench.run(200)
    bench.client.begin_again()
    bench.run(2_000)
    return bench.machine.console.listing().selected == 0 and exchange(bench, 0)


def closed_meanwhile(bench: Any) -> bool:
    """CLI-6: the user closes during the failover."""
    bench.run(200)
    bench.crash(0)
    bench.settle()
    bench.client.close()
    bench.run(2_000)
    return not bench.client.link_up


def nobody_left(bench: Any) -> bool:
    """CLI-1: the client leaves its CRQ alone until a server speaks."""
    bench.run(200)
    bench.crash(1)
    bench.crash(0)
    bench.run(1_000)
    registrations: int = bench.client.registrations
    return registrations == 1


def refusing_server(bench: Any) -> bool:
    """CLI-7: nobody storms a server that refuses for half a minute."""

    class Refusing(bench.servers[0].commands):  # type: ignore[misc]  # the class is an attribute
        def answer(self, asked: bytes) -> bytes:
            if asked[1] == Command.VERSION_EXCHANGE:
                return response(asked, CommandRc.PARAMETER)
            answer: bytes = super().answer(asked)
            return answer

    for server in bench.servers:
        server.commands = Refusing
    bench.run(30_000)
    return len(bench.said(Command.VERSION_EXCHANGE)) < 20


STORIES: dict[str, Callable[[Any], bool]] = {
    story.__name__: story
    for story in (
        failover, link_loss, quiet_hour, zombie, migration, same_server_again, closed_meanwhile, nobody_left,
        refusing_server,
    )
}  # fmt: skip

#: The story that each variant fails.
SHOWN_BY = {
    "no_init_after_takeover": failover,
    "no_link_indication": failover,
    "keeps_session_over_init": same_server_again,
    "ignores_multicast": failover,
    "ignores_mac": failover,
    "delivers_twice": failover,
    "transmits_twice": failover,
    "transmits_as_zombie": zombie,
    "loses_frames": failover,
    "hides_link_down": link_loss,
    "no_heartbeat": quiet_hour,
    "registers_again_on_event": same_server_again,
    "loses_one_answer": failover,
    "ignores_server_init": failover,
    "resets_on_failover": nobody_left,
    "ignores_failover": failover,
    "ignores_migration": migration,
    "no_backoff": refusing_server,
    "forgets_multicast": failover,
    "forgets_mac": failover,
    "no_notification": failover,
    "forgets_the_wish": failover,
    "forgets_a_close": closed_meanwhile,
    "keeps_old_handles": failover,
    "resends_frames": failover,
    "takes_twice": failover,
    "takes_closed_for_failure": same_server_again,
}


@pytest.mark.parametrize("story", list(STORIES))
def test_the_right_ones_pass(bench_class: Any, story: str) -> None:
    assert STORIES[story](bench_class(2))


def test_every_variant_has_a_story() -> None:
    assert set(SHOWN_BY) == {*SERVER_FAULTS, *CLIENT_FAULTS}
    assert len(SERVER_FAULTS) >= 5
    assert len(CLIENT_FAULTS) >= 5


@pytest.mark.parametrize("name", list(SERVER_FAULTS))
def test_faulty_servers_fail(bench_class: Any, name: str) -> None:
    variant = SERVER_FAULTS[name]
    assert variant.description.endswith(".")
    assert issubclass(variant.make, VnicServer)
    assert not SHOWN_BY[name](bench_class(2, make_server=variant.make))


@pytest.mark.parametrize("name", list(CLIENT_FAULTS))
def test_faulty_clients_fail(bench_class: Any, name: str) -> None:
    variant = CLIENT_FAULTS[name]
    assert variant.description.endswith(".")
    assert issubclass(variant.make, VnicClient)
    assert not SHOWN_BY[name](bench_class(2, make_client=variant.make))
