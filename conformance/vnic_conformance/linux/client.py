"""A guest as a client under test: turns, memory and user of adapter protocol 1.1, role client, as plain calls.

It decides nothing. Every reset is a kernel that has just been booted. Whatever becomes of the guest is an outcome: one that
dies, hangs or calls without end has *ended*, and its health says how. Times are in ms since the reset.
"""

from __future__ import annotations

import errno
import math
import os
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from vnic_conformance.client_role.port import Seen, Turn
from vnic_conformance.linux import actions
from vnic_conformance.linux.errors import GuestError
from vnic_conformance.linux.guest import Guest
from vnic_conformance.linux.health import health_of
from vnic_conformance.linux.kernel import BootOptions, Kernel
from vnic_conformance.linux.nursery import Nursery
from vnic_conformance.linux.observation import Happened
from vnic_conformance.linux.outcomes import Called, Command, Ended, Idle, Limits
from vnic_conformance.linux.wire import NetdevEvent
from vnic_conformance.protocol.client_words import USER_ACTIONS
from vnic_conformance.protocol.hello import Hello
from vnic_conformance.protocol.messages import PROTOCOL_MAJOR, Fields
from vnic_spec.wire import Hcall

UNIT: Final = 0x3000_0003
#: Interrupt source of the CRQ, as the device tree would say it; those of sub-CRQs come from H_REG_SUB_CRQ.
CRQ_SOURCE: Final = 0x1000
NAME: Final = "eth0"
ADDRESS: Final = "10.0.0.1/24"
FEATURES: Final = "complain mtu queues multicast promiscuous mac frames ping windows events"

#: A guest that is silent for so long hangs: half of what the kit waits for a reply (``WAIT_S``), which would end the run. On a
#: machine that is busy it takes seconds to end one.
HANG_S: Final = 5.0
#: Calls at one instant, mappings among them: far more than CLI-13 allows, whose rule has complained before.
MOST_CALLS: Final = 12_000
_NS: Final = 1_000_000
_BOOT_MS: Final = 10_000

#: How many registers a call passes; one that is not listed passes none that the guest tells.
_REGISTERS: Final[Mapping[int, int]] = {
    Hcall.H_EOI: 1, Hcall.H_REG_CRQ: 3, Hcall.H_FREE_CRQ: 1, Hcall.H_VIO_SIGNAL: 2, Hcall.H_SEND_CRQ: 3,
    Hcall.H_VIOCTL: 5, Hcall.H_ENABLE_CRQ: 1, Hcall.H_REG_SUB_CRQ: 3, Hcall.H_FREE_SUB_CRQ: 2,
    Hcall.H_SEND_SUB_CRQ: 6, Hcall.H_SEND_SUB_CRQ_INDIRECT: 4,
}  # fmt: skip
_EVENTS: Final[Mapping[NetdevEvent, str]] = {
    NetdevEvent.REGISTERED: "registered",
    NetdevEvent.UNREGISTERED: "unregistered",
    NetdevEvent.UP: "up",
    NetdevEvent.DOWN: "down",
    NetdevEvent.PEERS_NOTIFIED: "notify_peers",
}
_ERRORS: Final[Mapping[str, int]] = {os.strerror(number): number for number in sorted(errno.errorcode, reverse=True)}


@dataclass(slots=True)
class _Order:
    """Something that the user has asked for.

    Attributes:
        number: by which it is told that it returned.
        begin: asks the guest.
        command: what the guest was asked, once it was.
    """

    number: int
    begin: Callable[[Guest], Command]
    command: Command | None = None


class LinuxClient:
    """A client partition that is a guest; see :class:`~vnic_conformance.client_role.port.ClientPort`.

    Args:
        kernel: what is booted at each reset.
        xics: an interrupt controller whose end-of-interrupt the driver has to issue.
        claims: numbers and choices that the driver claims, by the names of the client's profile.
    """

    unit = UNIT

    def __init__(self, kernel: Kernel, *, xics: bool = False, claims: Mapping[str, str | int] | None = None) -> None:
        self.kernel = kernel
        self.greeting: Final = _greeting(kernel, claims or {})
        self.hello: Final = Hello.from_reply(self.greeting)
        self._options = BootOptions(xics=xics)
        self._nursery = Nursery(self._boot)
        self._taken: Guest | None = None
        self._mac = bytes(6)
        self._begin()

    def _begin(self) -> None:
        self._start = 0
        self._now = 0
        self._waiting: deque[_Order] = deque()
        self._begun: list[_Order] = []
        self._orders = 0
        self._settled = True
        self._stirred = False
        self._told = 0
        self._carrier = False
        self._present = False
        self._joined: frozenset[str] = frozenset()
        self._mapped: list[tuple[bool, int, int]] = []

    @property
    def guest(self) -> Guest:
        """The guest of this session.

        Raises:
            GuestError: there was no reset.
        """
        if self._taken is None:
            raise GuestError("there is no client yet: reset comes first")
        return self._taken

    def close(self) -> None:
        """End every guest. May be called again."""
        if self._taken is not None:
            self._taken.close()
        self._nursery.close()

    # -- the partition -------------------------------------------------------------------------------------------

    def _boot(self) -> Guest:
        guest = Guest(self.kernel, self._options, Limits(hang_s=HANG_S, calls=MOST_CALLS)).__enter__()
        try:
            listening = guest.command(actions.hear())
            begun = guest.now // _NS
            for ms in range(begun + 1, begun + _BOOT_MS):
                if not isinstance(guest.run(ms * _NS), Idle):
                    break
                if listening.ended is not None:
                    return guest
            raise GuestError(f"the guest's user does not listen. The end of its console:\n{guest.console()[-2000:]}")
        except BaseException:
            guest.close()
            raise

    def reset(self, mac: bytes) -> None:
        """A kernel that has just been booted, with its driver loaded and no device.

        Raises:
            GuestError: it does not come up.
        """
        if self._taken is not None:
            self._taken.close()
            self._taken = None
        self._taken = self._nursery.take()
        self._mac = mac
        self._begin()
        self._start = self._taken.now
        self._taken.watch_mappings(self._mapping)

    def _mapping(self, new: bool, unit: int, address: int, length: int, direction: int) -> None:
        self._mapped.append((new, address, length))

    # -- turns -----------------------------------------------------------------------------------------------------

    def run(self, now: int) -> Turn:
        """Let the guest go on at this time, until it calls or has nothing more to do now.

        Raises:
            GuestError: it waits in a call, or that time is past.
        """
        if now < self._now:
            raise GuestError(f"it is {self._now} ms already, and {now} ms was told")
        self._now = now
        return self._turn()

    def answer(self, rc: int, *values: int) -> Turn:
        """Answer the call that it waits in, and let it go on.

        Raises:
            GuestError: it waits in none.
        """
        self.guest.answer(rc, *values)
        self._stirred = True
        return self._turn()

    def _turn(self) -> Turn:
        guest, limit = self.guest, self._start + self._now * _NS
        while True:
            if self._waiting and self._settled:
                self._ask(guest)
            outcome = guest.run(limit)
            if not isinstance(outcome, Idle):
                return self._told_of(outcome)
            # Whoever was asked for something stands where he has to wait, if anywhere.
            self._settled = True
            if self._waiting:
                continue
            if not self._stirred:
                return self._told_of(outcome)
            # Events come late where a reset holds the lock that they need.
            self._stirred = False
            guest.look()

    def _ask(self, guest: Guest) -> None:
        order = self._waiting.popleft()
        order.command = order.begin(guest)
        self._begun.append(order)
        self._settled, self._stirred = False, True

    def _told_of(self, outcome: Called | Idle | Ended) -> Turn:
        finished = tuple(self._finished())
        events = tuple(self._events())
        mapped, self._mapped = tuple(self._mapped), []
        if isinstance(outcome, Called):
            registers = outcome.args[: _REGISTERS.get(outcome.opcode, 0)]
            return Turn(outcome.opcode, registers, finished=finished, events=events, mapped=mapped)
        if isinstance(outcome, Ended):
            health = health_of(self.guest)
            return Turn(ended=True, health=health, finished=finished, events=events, mapped=mapped)
        until = None if outcome.until is None else math.ceil((outcome.until - self._start) / _NS)
        return Turn(until=until, finished=finished, events=events, mapped=mapped)

    def _finished(self) -> list[tuple[int, int]]:
        done = [order for order in self._begun if order.command is not None and order.command.ended is not None]
        self._begun = [order for order in self._begun if order not in done]
        return [(order.number, result_of(order.command)) for order in done if order.command is not None]

    def _events(self) -> list[str]:
        happened = self.guest.events
        words = [word for one in happened[self._told :] for word in self._words(one)]
        self._told = len(happened)
        return words

    def _words(self, happened: Happened) -> list[str]:
        words = [_EVENTS[happened.event]] if happened.event in _EVENTS else []
        carrier = happened.link.carrier and happened.event is not NetdevEvent.UNREGISTERED
        if carrier is not self._carrier:
            self._carrier = carrier
            words.append("carrier_on" if carrier else "carrier_off")
        if happened.event is NetdevEvent.UNREGISTERED:
            self._present = False
        return words

    # -- between turns ---------------------------------------------------------------------------------------------

    def interrupt(self, source: str) -> None:
        """Raise an interrupt: ``crq``, or the number that H_REG_SUB_CRQ gave."""
        self._stirred = True
        self.guest.interrupt(CRQ_SOURCE if source == "crq" else int(source))

    def read(self, address: int, length: int) -> bytes | None:
        """Bytes that are mapped, whichever way they are to be used; None: they are not."""
        memory = self.guest.memory
        if not (memory.readable(UNIT, address, length) or memory.writable(UNIT, address, length)):
            return None
        return self.guest.bytes_at(address, length)

    def write(self, address: int, data: bytes) -> bool:
        """Write where that is mapped for a partner to write; whether it is."""
        if not self.guest.memory.writable(UNIT, address, len(data)):
            return False
        self.guest.memory.write(UNIT, address, data)
        return True

    def user(self, action: str, **arguments: str | int) -> int | None:
        """Let the user ask for something, after what was asked for before; its number, None for what makes no sense now."""
        if action not in USER_ACTIONS or (action == "add" and self._present):
            return None
        self._present = self._present or action == "add"
        self._orders += 1
        self._waiting.append(_Order(self._orders, self._action(action, arguments)))
        if self._settled:
            self._ask(self.guest)
        return self._orders

    def _action(self, action: str, arguments: Mapping[str, str | int]) -> Callable[[Guest], Command]:
        if action == "add":
            return lambda guest: guest.add_device(UNIT, CRQ_SOURCE, self._mac)
        if action == "remove":
            return lambda guest: guest.remove_device(UNIT)
        text = self._multicast(str(arguments["list"])) if action == "multicast" else command_of(action, arguments)
        return lambda guest: guest.command(text)

    def _multicast(self, wanted: str) -> str:
        """Commands that make the list exactly this."""
        before, self._joined = self._joined, frozenset(wanted.split())
        left = [actions.leave(NAME, colons(mac)) for mac in sorted(before - self._joined)]
        joined = [actions.join(NAME, colons(mac)) for mac in sorted(self._joined - before)]
        return " && ".join([*left, *joined]) or "true"

    def observe(self) -> Seen:
        """What the user sees."""
        guest = self.guest
        heard, guest.heard = tuple(guest.heard), []
        link = guest.observe_link(NAME)
        opened = link is not None and link.up
        return Seen(opened and link is not None and link.carrier, opened, heard, health_of(guest))


def _greeting(kernel: Kernel, claims: Mapping[str, str | int]) -> Fields:
    return {
        "outcome": "done",
        "protocol_major": PROTOCOL_MAJOR,
        "protocol_minor": 1,
        "implementation": "ibmvnic",
        "version": kernel.label.removeprefix("ibmvnic of "),
        "role": "client",
        "servers": 1,
        "clock": "virtual",
        "quiet_ms": 0,
        "features": FEATURES,
        **{f"profile_{name}": value for name, value in claims.items()},
    }


def command_of(action: str, arguments: Mapping[str, str | int]) -> str:
    """The shell command of a user's action."""
    if action == "open":
        # The address is there from the first time on.
        return actions.open_device(NAME, ADDRESS)
    if action == "mtu":
        return actions.set_mtu(NAME, int(arguments["value"]))
    if action == "queues":
        return actions.set_channels(NAME, int(arguments["rx"]), int(arguments["tx"]))
    if action == "promiscuous":
        return actions.set_promiscuous(NAME, bool(arguments["value"]))
    if action == "mac":
        return actions.set_mac(NAME, colons(str(arguments["mac"])))
    if action == "send":
        return actions.send_frame(NAME, bytes.fromhex(str(arguments["hex"])))
    if action == "ping":
        return actions.ping(str(arguments["target"]), 1)
    return actions.close_device(NAME) if action == "close" else actions.complain(NAME)


def colons(mac: str) -> str:
    """Twelve digits as tools want them."""
    return ":".join(mac[at : at + 2] for at in range(0, 12, 2))


def result_of(command: Command) -> int:
    """What the user got: 0, or the error number as far as the tool says which."""
    status = command.status or 0
    if status == 0:
        return 0
    said = next((number for text, number in _ERRORS.items() if command.output.rstrip().endswith(text)), None)
    return abs(status) if said is None else said
