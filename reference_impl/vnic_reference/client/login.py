"""LOGIN and what follows it: MAC, vital product data, maps (protocol.md 3.7, steps 8 to 12; 4.7; CLI-5, CLI-9)."""

from __future__ import annotations

from vnic_reference.client.conversation import AttemptError, Steps
from vnic_reference.client.data_path import RxPath, TxPath
from vnic_reference.client.opening import Opening
from vnic_reference.client.pools import Pool
from vnic_reference.dialogue import buffers
from vnic_reference.dialogue.elements import field, raw_field, request
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import PAGE_BYTES, Capability, Command, CommandRc, command_rc

_VLAN_TAG = 4
#: An MTU of 64 KiB, a VLAN tag and the server's own alignment fit.
_MAX_RX_BUFFER = 1 << 17
_LOGIN_BYTES = 2 * PAGE_BYTES


class Login(Opening):
    """Logging in, and telling the server all that the last one was told."""

    def login(self) -> Steps[buffers.LoginResponse]:
        """Log in, with the driver's rules for each refusal (protocol.md 4.7)."""
        client = self.client
        for _ in range(self.settings.login_tries):
            client.phase = ClientPhase.LOGIN_SENT
            rc, answer = yield from self.login_once()
            if answer is not None:
                return answer
            client.phase = ClientPhase.READY
            if rc == CommandRc.ABORTED:
                yield from self.sleep(self.settings.abort_pause_ms)
            elif rc == CommandRc.PARTIAL_SUCCESS:
                yield from self.negotiate(client.now + self.settings.negotiation_ms)
            else:
                yield from self.begin_again()
        raise AttemptError(f"LOGIN refused {self.settings.login_tries} times")

    def begin_again(self) -> Steps[None]:
        """A LOGIN without answer, or refused for good: the dialogue from its start, after a pause between free and register.

        Without the free the server might go on regarding this client as logged in; without the pause it might take the
        pair for a failure (protocol.md 5, bugs 12 and 13).
        """
        client = self.client
        client.drop()
        client.phase = ClientPhase.RECOVERING
        yield from self.free_crq()
        yield from self.sleep(self.settings.settle_ms)
        yield from self.register_freed()
        deadline = yield from self.greet()
        yield from self.exchange(deadline)

    def login_once(self) -> Steps[tuple[int | None, buffers.LoginResponse | None]]:
        """One LOGIN: the return code, None if there was no answer in time; the response if it was a success."""
        client, settings = self.client, self.settings
        length = buffers.login_response_bytes(len(self.tx_handles), len(self.rx_handles))
        with client.arena.borrowed(_LOGIN_BYTES) as at:
            answer_at = at + PAGE_BYTES
            data = buffers.LoginRequest(
                tuple(self.tx_handles),
                tuple(self.rx_handles),
                answer_at,
                length,
                buffers.client_data("Linux", settings.host, settings.interface),
            ).pack()
            client.driver.poke(at, data)
            client.driver.poke(answer_at, bytes(PAGE_BYTES))
            asked = request(Command.LOGIN, ioba=at, length=len(data))
            answer = yield from self.reply(asked, client.now + settings.negotiation_ms)
            told = client.driver.peek(answer_at, length) or b""
        if answer is None or command_rc(answer) != CommandRc.SUCCESS:
            return (None if answer is None else command_rc(answer)), None
        return CommandRc.SUCCESS, self.checked(told)

    def checked(self, told: bytes) -> buffers.LoginResponse:
        """The login response, if everything in it can be used (CLI-9)."""
        try:
            answer = buffers.LoginResponse.unpack(told)
        except buffers.LayoutError as why:
            raise AttemptError(f"login response: {why}") from None
        if (len(answer.tx_submissions), len(answer.rx_adds)) != (len(self.tx_handles), len(self.rx_handles)):
            raise AttemptError("login response: other numbers of queues than asked for")
        least = self.granted[Capability.REQ_MTU]
        if not all(least <= size <= _MAX_RX_BUFFER for size in answer.rx_buffer_sizes):
            raise AttemptError(f"login response: receive buffer size not from {least} to {_MAX_RX_BUFFER}")
        return answer

    def bring_up(self, answer: buffers.LoginResponse) -> Steps[None]:
        """Everything negotiated is sent again: MAC, maps, buffers; link and multicast follow (CLI-5)."""
        client = self.client
        yield from self.set_mac()
        if client.vpd is None:
            yield from self.read_vpd()
        yield from self.tell(request(Command.QUERY_MAP))
        yield from self.map_pools(answer)

    def set_mac(self) -> Steps[None]:
        """CHANGE_MAC_ADDR; a refusal is ignored, as the driver does, but the MAC in force is noted."""
        client = self.client
        mac = client.mac
        answer = yield from self.reply(request(Command.CHANGE_MAC_ADDR, mac=mac), client.now + self.settings.command_ms)
        client.told_mac = mac
        client.mac_in_force = raw_field(answer, "mac") if answer is not None else None

    def read_vpd(self) -> Steps[None]:
        """Vital product data, once; a size of 0 is a failure (protocol.md 3.7, step 10)."""
        client = self.client
        size = field((yield from self.ask(request(Command.GET_VPD_SIZE))), "length")
        if not 1 <= size <= PAGE_BYTES:
            raise AttemptError(f"vital product data of {size} bytes")
        with client.arena.borrowed(PAGE_BYTES) as at:
            answer = yield from self.ask(request(Command.GET_VPD, ioba=at, length=size))
            if command_rc(answer):
                raise AttemptError(f"GET_VPD refused: code {command_rc(answer)}")
            client.vpd = client.driver.peek(at, size)

    def map_pools(self, answer: buffers.LoginResponse) -> Steps[None]:
        """REQUEST_MAP for every long-term buffer, receive pools first (protocol.md 3.7, step 12)."""
        client, granted = self.client, self.granted
        frame = granted[Capability.REQ_MTU]
        next_id = 1
        rx: list[RxPath] = []
        tx: list[TxPath] = []
        pools: list[Pool] = []

        def pool(slots: int, slot_bytes: int) -> Pool:
            nonlocal next_id
            made = Pool(client.arena, slots, slot_bytes, next_id)
            next_id += len(made.buffers)
            pools.append(made)
            return made

        try:
            for add, own, size in zip(answer.rx_adds, self.rx_handles, answer.rx_buffer_sizes, strict=True):
                slots = granted[Capability.REQ_RX_ADD_ENTRIES]
                rx.append(RxPath(add, own, pool(slots, size), client.slots(slots)))
            for submission, own in zip(answer.tx_submissions, self.tx_handles, strict=True):
                slots = granted[Capability.REQ_TX_ENTRIES]
                tx.append(TxPath(submission, own, pool(slots, frame + _VLAN_TAG), client.slots(slots)))
        except MemoryError:
            for made in pools:
                made.release()
            raise
        # From here on the data path owns the pools, and gives them back when the session ends.
        client.data.open(tx, rx, frame + _VLAN_TAG, self.headers_wanted)
        for made in pools:
            for buffer in made.buffers:
                asked = request(Command.REQUEST_MAP, map_id=buffer.map_id, ioba=buffer.ioba, length=buffer.length)
                mapped = yield from self.ask(asked)
                if command_rc(mapped):
                    raise AttemptError(f"REQUEST_MAP refused: code {command_rc(mapped)}")
