"""The client's one recovery at a time: from wherever it is to logged in, and then keeping things as the user wants them.

The steps read like the driver's own (protocol.md 3.7, 4.5, 4.7), one after the other. Whatever breaks a recovery off (an
event, an INIT) throws it away and starts another (CLI-8). Every wait is bounded but the two in which only others can act:
for the INIT of a server, and, when all is well, for something to do (CLI-7).
"""

from __future__ import annotations

import contextlib

from vnic_reference.client.conversation import AttemptError, Steps
from vnic_reference.client.login import Login
from vnic_reference.client.negotiation import UnusableError
from vnic_reference.client.opening import Entry
from vnic_reference.dialogue import buffers, elements
from vnic_reference.dialogue.elements import request
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import PAGE_BYTES, Command, CommandRc, Rc, Vioctl, command_rc

#: Commands that are sent without waiting for their responses, at one instant.
_AT_ONCE = 32


class Recovery(Login):
    """One recovery, and life after it."""

    def run(self, entry: Entry) -> Steps[None]:
        """Recover, and go on for ever."""
        client = self.client
        while True:
            try:
                yield from self.connect(entry)
                yield from self.live()
            except (AttemptError, UnusableError, MemoryError) as why:
                client.failures += 1
                client.last_failure = str(why) or "no memory left"
                client.drop()
                client.phase = ClientPhase.RECOVERING
                yield from self.pause_after_failure()
            entry = Entry.REGISTER

    def leave(self) -> Steps[None]:
        """The device is removed: everything registered is freed, and nothing follows (CLI-17)."""
        client = self.client
        client.drop()
        client.phase = ClientPhase.OFF
        with contextlib.suppress(AttemptError):
            yield from self.free_crq()
        client.removed = True
        while True:
            yield None

    def complain(self) -> Steps[None]:
        """H_VIOCTL 0x19, then 0x1A with its token; if that fails the client recovers by itself (CLI-19, SES-2)."""
        client = self.client
        values: tuple[int, ...] = ()

        def vioctl(*registers: int) -> int:
            nonlocal values
            rc, *rest = client.driver.vioctl(*registers)
            values = tuple(rest)
            return rc

        rc: int = Rc.H_HARDWARE
        with contextlib.suppress(AttemptError):
            rc = yield from self.patiently(lambda: vioctl(Vioctl.GET_SESSION_TOKEN))
            if rc == Rc.H_SUCCESS:
                token = values[0] if values else 0
                rc = yield from self.patiently(lambda: vioctl(Vioctl.SESSION_ERROR_DETECTED, token))
        client.complaint_ended(accepted=rc == Rc.H_SUCCESS)

    def pause_after_failure(self) -> Steps[None]:
        """After three failures in a row, a pause before each further attempt (CLI-7)."""
        if self.client.failures >= self.settings.backoff_after:
            yield from self.sleep(self.settings.backoff_ms)

    def live(self) -> Steps[None]:
        """Keep the device as the user wants it, one change at a time (CLI-5, CLI-6, CLI-8)."""
        client = self.client
        fresh = False
        while True:
            if client.phase is not ClientPhase.LOGGED_IN:
                if not client.wish:
                    yield None
                    continue
                answer = yield from self.login()
                client.phase = ClientPhase.LOGGED_IN
                yield from self.bring_up(answer)
                client.mapped = fresh = True
            elif client.bounce:
                client.bounce = False
                yield from self.set_link(False)
            elif client.told_link is not client.wish:
                yield from self.set_link(client.wish)
                if client.told_link and fresh:
                    fresh = False
                    self.logged_in()
            elif client.told_mac != client.mac:
                yield from self.set_mac()
            elif client.told_multicast != client.multicast:
                yield from self.send_multicast()
            elif client.statistics_wanted:
                client.statistics_wanted = False
                yield from self.read_statistics()
            else:
                yield client.watchdog()
                if client.stuck():
                    raise AttemptError(
                        "a frame was not completed in time, or the server's queues are gone and nobody says why"
                    )

    def logged_in(self) -> None:
        """Logged in and the link asked for: whatever failed before is over, and the network has to be told (CLI-5)."""
        client = self.client
        client.failures = 0
        client.logins += 1

    def set_link(self, up: bool) -> Steps[None]:
        """LOGICAL_LINK_STATE; after PartialSuccess again, bounded. That the link could not be closed is ignored."""
        client, settings = self.client, self.settings
        if up:
            yield from self.enable_interrupts()
            client.lending = True
            client.data.lend(client.now)
        else:
            client.carrier = False
        asked = request(Command.LOGICAL_LINK_STATE, state=elements.LINK_UP if up else elements.LINK_DOWN)
        rc: int | None = None
        for _ in range(settings.link_tries):
            answer = yield from self.reply(asked, client.now + settings.negotiation_ms)
            rc = None if answer is None else command_rc(answer)
            if rc != CommandRc.PARTIAL_SUCCESS:
                break
            yield from self.sleep(settings.link_retry_ms)
        client.told_link = up
        if up and rc != CommandRc.SUCCESS:
            raise AttemptError(f"the logical link did not come up: code {rc}")

    def send_multicast(self) -> Steps[None]:
        """MULTICAST_CTRL for every address that the server was not told of, or not told to forget; not awaited.

        A few at a time, for there may be more of them than elements in the server's queue.
        """
        client = self.client
        changes = [(mac, elements.MULTICAST_DISABLE) for mac in sorted(client.told_multicast - client.multicast)]
        changes += [(mac, elements.MULTICAST_ENABLE) for mac in sorted(client.multicast - client.told_multicast)]
        client.told_multicast = set(client.multicast)
        for count, (mac, flags) in enumerate(changes, 1):
            yield from self.tell(request(Command.MULTICAST_CTRL, mac=mac, flags=flags))
            if count % _AT_ONCE == 0:
                yield from self.sleep(1)

    def read_statistics(self) -> Steps[None]:
        """REQUEST_STATISTICS into a buffer of the client's."""
        client = self.client
        length = buffers.STATISTICS_BYTES
        with client.arena.borrowed(PAGE_BYTES) as at:
            asked = request(Command.REQUEST_STATISTICS, ioba=at, length=length)
            answer = yield from self.reply(asked, client.now + self.settings.command_ms)
            if answer is not None and command_rc(answer) == CommandRc.SUCCESS:
                client.statistics = buffers.unpack_statistics(client.driver.peek(at, length) or b"")
