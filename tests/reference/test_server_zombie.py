"""Two servers, one of them a zombie: hung, fenced, resumed, and going on as if nothing had happened (FOV-10, INV-7, DAT)."""

from __future__ import annotations

from typing import Any

import pytest

from vnic_reference.client import ANSWER, REREGISTER, ClientSettings
from vnic_reference.dialogue.descriptors import TxDescriptor
from vnic_reference.dialogue.elements import request, response
from vnic_reference.server import VnicServer
from vnic_reference.server.data_path import DataPath
from vnic_reference.server.session import Session
from vnic_spec.vocabulary import Belief
from vnic_spec.wire import Command, CommandRc, Event, Rc, event_element

BOTH = pytest.mark.parametrize("client_init", [REREGISTER, ANSWER])


def hang_until_replaced(bench: Any) -> VnicServer:
    """The first server hangs long enough to be given up; the second one serves. The one that hangs."""
    hung: VnicServer = bench.servers[0]
    bench.hung.add(hung)
    bench.run(4_000)
    assert bench.client.link_up
    assert bench.machine.console.listing().selected == 1
    bench.machine.console.set_auto(False)  # it shall not come back by right
    return hung


@BOTH
def test_a_zombie_comes_back(bench_class: Any, client_init: str) -> None:
    """It had frames both ways in its hands, and an answer to give; nothing of it gets anywhere."""
    bench = bench_class(2, ClientSettings(client_init=client_init)).boot()
    client = bench.client
    bench.hung.add(bench.servers[0])
    for number in range(5):  # taken by the interface, in the queue of a server that hangs
        assert client.send(bench.frame(number))
    client.join(bytes.fromhex("01005e000001"))
    bench.settle()
    zombie = hang_until_replaced(bench)
    bench.ports[0].inbox += [bench.frame_for_client(number) for number in range(5)]
    memory = [client.driver.peek(at, 4096) for at in range(0, 0x100000, 4096)]
    heard = len(bench.wire.said)
    assert bench.serving() == [0, 1]  # as it believes
    bench.hung.remove(zombie)
    bench.run(500)
    assert bench.ports[0].sent == []
    assert client.received() == []
    assert bench.wire.said[heard:] == []
    assert [client.driver.peek(at, 4096) for at in range(0, 0x100000, 4096)] == memory
    assert bench.serving() == [1]  # it has read the event
    assert zombie.session is None
    assert client.send(bench.frame(9))
    bench.settle()
    assert bench.ports[1].sent[-1] == bench.frame(9)


class Deaf(VnicServer):
    """A zombie for good: it neither reads events nor looks at its active flag."""

    def take_event(self, event: int) -> None:
        pass

    def look_at_active(self) -> None:
        if self.session is None:
            super().look_at_active()


def test_a_zombie_that_never_learns(bench_class: Any) -> None:
    """FOV-10: what it believes is of no consequence; every way to the client is closed, for ever."""
    bench = bench_class(2, make_server=Deaf).boot()
    zombie = hang_until_replaced(bench)
    session = zombie.session
    assert session is not None
    mapped = next(iter(session.maps.values()))
    completion = session.tx[0].completion
    bench.hung.remove(zombie)
    for _ in range(20):
        bench.ports[0].inbox.append(bench.frame_for_client(1))
        bench.run(100)
    assert zombie.belief is Belief.SERVING
    assert bench.client.received() == []
    assert bench.ports[0].sent == []
    assert zombie.driver.send(request(Command.LINK_STATE_INDICATION)) == Rc.H_CLOSED
    assert zombie.driver.send_sub(completion, bytes((0x80,)).ljust(32, b"\0")) == Rc.H_PARAMETER
    assert not zombie.driver.adapter_write(mapped.own, b"harm")
    assert zombie.driver.adapter_read(mapped.own, 4) is None
    assert zombie.remote.read(mapped.client, 16) is None
    assert not zombie.remote.write(mapped.client, b"harm")


class MissesEvents(VnicServer):
    """Does not understand what events say."""

    def take_event(self, event: int) -> None:
        pass


@pytest.mark.requirement("SRV-1")
def test_the_active_flag_alone_tells(bench_class: Any) -> None:
    """SRV-1: a server that has not understood the event learns from its flag that it does not serve."""
    bench = bench_class(2, make_server=MissesEvents).boot()
    zombie = hang_until_replaced(bench)
    bench.hung.remove(zombie)
    bench.run(100)
    assert bench.serving() == [1]
    assert zombie.session is None


def test_a_short_hang_is_no_failover(bench_class: Any) -> None:
    """Two seconds, with three of grace: the client waits, and what was sent arrives late but once."""
    bench = bench_class(2).boot()
    bench.hung.add(bench.servers[0])
    assert bench.client.send(bench.frame(1))
    bench.ports[0].inbox.append(bench.frame_for_client(2))
    bench.run(2_000)
    assert bench.ports[0].sent == []
    bench.hung.clear()
    bench.settle()
    assert bench.ports[0].sent == [bench.frame(1)]
    assert bench.client.received() == [bench.frame_for_client(2)]
    assert bench.machine.console.listing().selected == 0
    assert ("s2c", event_element(Event.DEVICE_FAILOVER)) not in bench.wire.said


def test_the_zombie_is_selected_again(bench_class: Any) -> None:
    """With auto on it comes back by right, as a server that starts from nothing (SRV-4, CRQ-12, CRQ-13)."""
    bench = bench_class(2).boot()
    bench.hung.add(bench.servers[0])
    assert bench.client.send(bench.frame(1))
    bench.run(4_000)
    bench.hung.clear()
    bench.run(1_000)
    assert bench.machine.console.listing().selected == 0
    assert bench.client.link_up
    assert bench.client.send(bench.frame(2))
    bench.settle()
    assert bench.ports[0].sent == [bench.frame(2)]  # and not the one of before


@BOTH
def test_an_answer_after_the_failover(bench_class: Any, client_init: str) -> None:
    """A server hangs with LOGIN in its queue and answers when another one has long been logged in to (bugs 8 to 10)."""
    bench = bench_class(2, ClientSettings(client_init=client_init))
    late = response(request(Command.LOGIN), CommandRc.SUCCESS)
    for _ in range(200):
        bench.settle_once()
        if bench.said(Command.LOGIN):
            break
    bench.hung.add(bench.servers[0])
    zombie = hang_until_replaced(bench)
    logins = bench.client.logins
    assert zombie.driver.send(late) == Rc.H_CLOSED
    bench.hung.clear()
    bench.run(2_000)
    assert bench.client.link_up
    assert bench.client.logins == logins
    assert bench.said(Command.LOGIN | 0x80, "s2c").count(late) == 1  # the second server's


class Hoarding(DataPath):
    """Keeps the first descriptor that it could have seen, and tries it again at every step."""

    hoard: tuple[Session, TxDescriptor] | None = None

    def step(self, session: Session | None) -> bool:
        if self.hoard is None and session is not None and session.logical_up:
            self.hoard = session, TxDescriptor(0, 1, 60, session.maps[1].client)
        if self.hoard is not None:
            self.refused += self._carry_out(*self.hoard, []) != CommandRc.SUCCESS
        return super().step(session)


class Hoarder(Deaf):
    data = Hoarding


def test_old_descriptors_fetch_nothing(bench_class: Any) -> None:
    """The frame's bytes are behind the fence too: with the descriptor in its hands a zombie has no frame to send."""
    bench = bench_class(2, make_server=Hoarder).boot()
    bench.settle()
    assert bench.ports[0].sent  # connected, it can
    zombie = hang_until_replaced(bench)
    before = len(bench.ports[0].sent)
    bench.hung.remove(zombie)
    bench.run(1_000)
    assert len(bench.ports[0].sent) == before
    assert zombie.data_path.refused > 0
