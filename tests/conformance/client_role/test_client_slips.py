"""Slips of a client, one each, made from the reference client: the monitor names the requirement that each one breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vnic_conformance.client_role.deviations import Deviation
from vnic_conformance.client_role.partner import DEVIATIONS
from vnic_reference.client.client import VnicClient
from vnic_reference.client.conversation import Steps
from vnic_reference.client.data_path import ClientData, RxPath
from vnic_reference.client.opening import Entry
from vnic_reference.client.recovery import Recovery
from vnic_reference.dialogue import buffers
from vnic_reference.dialogue.descriptors import RxCompletion
from vnic_reference.dialogue.elements import field, request
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import Capability, Command, Rc

Make = Callable[..., Any]


def client(recovery: type[Recovery]) -> type[VnicClient]:
    """A client whose recovery is this one."""
    return type("Client", (VnicClient,), {"recovery": recovery})


class Deaf(Recovery):
    """Does not enable the interrupt."""

    def register_freed(self) -> Steps[None]:
        rc = yield from self.patiently(self.client.register_crq)
        assert rc in (Rc.H_SUCCESS, Rc.H_CLOSED)
        self.client.phase = ClientPhase.REGISTERED


class Impatient(Recovery):
    """Takes a busy code for an answer."""

    def patiently(self, call: Callable[[], int]) -> Steps[int]:
        yield from ()
        return call()


class Trusting(Recovery):
    """Takes any sizes of receive buffers."""

    def checked(self, told: bytes) -> buffers.LoginResponse:
        answer = buffers.LoginResponse.unpack(told)
        sizes = tuple(2_048 for _ in answer.rx_buffer_sizes)
        return buffers.LoginResponse(answer.tx_submissions, answer.rx_adds, sizes)


class Greedy(Recovery):
    """Asks for one more than the server has."""

    def tell(self, element: bytes) -> Steps[None]:
        if element[1] == Command.REQUEST_CAPABILITY and field(element, "capability") == Capability.REQ_MTU:
            element = request(Command.REQUEST_CAPABILITY, capability=Capability.REQ_MTU, number=9_015)
        yield from super().tell(element)


class Hasty(Recovery):
    """Does not wait for the answers to its maps."""

    def ask(self, element: bytes, deadline: int | None = None) -> Steps[bytes]:
        if element[1] != Command.REQUEST_MAP:
            return (yield from super().ask(element, deadline))
        yield from self.tell(element)
        return bytes(16)


class Doubling(Recovery):
    """Sends LOGICAL_LINK_STATE twice."""

    def tell(self, element: bytes) -> Steps[None]:
        yield from super().tell(element)
        if element[1] == Command.LOGICAL_LINK_STATE:
            self.client.driver.send(element)


class Untidy(Recovery):
    """Is removed with its CRQ registered."""

    def leave(self) -> Steps[None]:
        self.client.drop()
        self.client.removed = True
        while True:
            yield None


class Slow(Recovery):
    """Never comes back from a complaint."""

    def complain(self) -> Steps[None]:
        while True:
            yield self.client.now + 1_000


class Pauseless(Recovery):
    """Logs in again at once after Aborted, and never pauses between recoveries."""

    def sleep(self, ms: int) -> Steps[None]:
        yield from ()

    def calm(self) -> Steps[None]:
        yield from ()


class Complaining(VnicClient):
    """Begins again by itself after a complaint that was accepted."""

    def complaint_ended(self, *, accepted: bool) -> None:
        super().complaint_ended(accepted=accepted)
        self.driver.free_crq()
        self.recover(Entry.REGISTER)


class Optimist(VnicClient):
    """Shows a link that the server has said is down."""

    @property
    def link_up(self) -> bool:
        return self.phase is ClientPhase.LOGGED_IN and self.told_link and self.wish


class Fragile(VnicClient):
    """Does not survive an event that it does not know."""

    def take_event(self, event: int) -> None:
        assert event in (1, 2, 6, 8)
        super().take_event(event)


class _Reusing(ClientData):
    def send(self, frame: bytes, now: int) -> bool:
        sent = super().send(frame, now)
        for path in self.tx:
            path.free.extendleft(path.in_flight)
            path.in_flight.clear()
        return sent


class Reusing(VnicClient):
    """Uses the correlator of a frame that is in flight."""

    data_path = _Reusing


class _Credulous(ClientData):
    def took(self, path: RxPath, completion: RxCompletion, now: int) -> None:
        if completion.correlator not in path.lent:
            self.frames.append(b"\2" * 60)
        super().took(path, completion, now)


class Credulous(VnicClient):
    """Delivers what a completion with a foreign correlator says."""

    data_path = _Credulous


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
    fatal = bytes((0x80, Command.ERROR_INDICATION, 0x80)) + bytes(13)
    one.partner.deviate(
        Deviation(
            "fatal", "CLI-13", False, "A fatal error follows each login.", times=40,
            answer=lambda asked, right: [(0, right), (0, fatal)] if asked[1] == Command.LOGIN else None,
        )
    )  # fmt: skip
    one.partner.failover()


#: The client, what is done to it, and the requirement that it breaks.
SLIPS: dict[str, tuple[type[VnicClient], Callable[[Any], None], str]] = {
    "deaf": (client(Deaf), opened(), "CLI-10"),
    "impatient": (client(Impatient), deviate("h_free_crq_long_busy_1_ms", 3), "CLI-14"),
    "trusting": (client(Trusting), deviate("login_sizes_below_mtu"), "DLG-6"),
    "greedy": (client(Greedy), opened(), "DLG-4"),
    "hasty": (client(Hasty), opened(), "DLG-7"),
    "doubling": (client(Doubling), opened(), "DLG-3"),
    "untidy": (client(Untidy), opened(lambda one: one.partner.user("remove")), "CLI-17"),
    "slow": (
        client(Slow),
        opened(lambda one: one.partner.user("complain"), lambda one: one.partner.run(120_000)),
        "CLI-18",
    ),
    "pauseless after Aborted": (client(Pauseless), deviate("login_aborted", 2), "DLG-5"),
    "pauseless between recoveries": (client(Pauseless), opened(fatal_after_login), "CLI-13"),
    "complaining": (Complaining, opened(lambda one: one.partner.user("complain")), "CLI-19"),
    "optimist": (Optimist, opened(lambda one: one.partner.link_flaps(5_000)), "CLI-20"),
    "fragile": (Fragile, opened(lambda one: one.partner.platform.partner_gone(0x55)), "CLI-16"),
    "reusing": (Reusing, opened(frames), "DLG-8"),
    "credulous": (
        Credulous,
        opened(lambda one: one.partner.deviate("rx_completion_foreign"), frames),
        "DLG-9",
    ),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_named_by_its_requirement(bench: Make, name: str) -> None:
    make, play, requirement = SLIPS[name]
    one = bench(make)
    play(one)
    assert requirement in one.broken, one.said


@pytest.mark.parametrize("name", SLIPS)
def test_the_reference_client_does_not_slip(bench: Make, name: str) -> None:
    one = bench()
    SLIPS[name][1](one)
    assert one.said == []
