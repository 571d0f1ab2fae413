"""From a client without a queue to a dialogue that is open and negotiated (protocol.md 3.7, steps 1 to 7; CLI-2, CLI-3)."""

from __future__ import annotations

from enum import Enum
from functools import partial

from vnic_reference.client.conversation import AttemptError, Conversation, Steps
from vnic_reference.client.headers import plain_frames_want
from vnic_reference.client.negotiation import adopt, first_requests
from vnic_reference.dialogue import buffers, elements
from vnic_reference.dialogue.elements import field, request
from vnic_spec.vocabulary import ClientPhase
from vnic_spec.wire import INIT, PAGE_BYTES, Capability, Command, CommandRc, Rc, command_rc


class Entry(Enum):
    """Where a recovery begins."""

    REGISTER = 0  #: free the CRQ, register it, send INIT
    ENABLE = 1  #: enable the CRQ after a migration, send INIT (CLI-3)
    ANSWERED = 2  #: a server's INIT has been answered on the CRQ as it is (CLI-2, profile answer)


class Opening(Conversation):
    """Registering, INIT, version, capabilities, offload, completion queues."""

    def connect(self, entry: Entry) -> Steps[None]:
        """From the entry to a negotiated dialogue."""
        client = self.client
        if entry is Entry.REGISTER:
            yield from self.register()
        elif entry is Entry.ENABLE:
            yield from self.enable()
        deadline = client.now + self.settings.negotiation_ms
        if entry is not Entry.ANSWERED:
            deadline = yield from self.greet()
        yield from self.exchange(deadline)

    def exchange(self, deadline: int) -> Steps[None]:
        """INIT has been exchanged: version, then everything else."""
        version = yield from self.ask(request(Command.VERSION_EXCHANGE, version=elements.VERSION), deadline)
        if command_rc(version) or field(version, "version") != elements.VERSION:
            raise AttemptError("the server does not speak version 1")
        yield from self.negotiate(deadline)

    def register(self) -> Steps[None]:
        """Free the CRQ if there is one, and register it; H_CLOSED is registered as well (CRQ-2, CLI-2)."""
        client = self.client
        client.drop()
        client.phase = ClientPhase.RECOVERING
        yield from self.calm()
        yield from self.free_crq()
        yield from self.register_freed()

    def calm(self) -> Steps[None]:
        """After many recoveries within a second the next one waits for its end: no livelock (CLI-13)."""
        due = self.client.calm_at()
        yield from self.wait(lambda: False, due)

    def free_crq(self) -> Steps[None]:
        """H_FREE_CRQ; all sub-CRQs are freed with it (CRQ-4)."""
        if (yield from self.patiently(self.client.driver.free_crq)) == Rc.H_SUCCESS:
            self.client.sub_crqs_gone()

    def register_freed(self) -> Steps[None]:
        """Register the CRQ, which is free; one that was left behind before a kexec is freed once more (CLI-10)."""
        client = self.client
        rc = yield from self.patiently(client.register_crq)
        if rc == Rc.H_RESOURCE:
            yield from self.free_crq()
            rc = yield from self.patiently(client.register_crq)
        if rc not in (Rc.H_SUCCESS, Rc.H_CLOSED):
            raise AttemptError(f"H_REG_CRQ answered {rc}")
        yield from self.patiently(lambda: client.driver.vio_signal(1))
        client.phase = ClientPhase.REGISTERED

    def enable(self) -> Steps[None]:
        """Enable the CRQ after a migration; it keeps contents and position (CRQ-8, CLI-3)."""
        client = self.client
        client.drop()
        client.phase = ClientPhase.ENABLING
        rc = yield from self.patiently(client.driver.enable_crq)
        if rc != Rc.H_SUCCESS:
            raise AttemptError(f"H_ENABLE_CRQ answered {rc}")
        client.phase = ClientPhase.REGISTERED

    def greet(self) -> Steps[int]:
        """Send INIT and await INIT_COMPLETE; the end of the time for all of the negotiation.

        Told H_CLOSED it tries again, 100 times; then nobody is there, and the first server to come will send INIT.
        """
        client = self.client
        for _ in range(self.settings.init_tries):
            rc = client.send_element(INIT)
            if rc == Rc.H_SUCCESS:
                break
            if rc != Rc.H_CLOSED:
                raise AttemptError(f"INIT not sent: code {rc}")
            yield from self.sleep(self.settings.init_retry_ms)
        else:
            client.phase = ClientPhase.WAITING
            while True:
                yield None
        client.phase = ClientPhase.INIT_SENT
        deadline = client.now + self.settings.negotiation_ms
        if not (yield from self.wait(lambda: client.phase is ClientPhase.READY, deadline)):
            raise AttemptError("no INIT_COMPLETE")
        return deadline

    def negotiate(self, deadline: int) -> Steps[None]:
        """Capabilities, offload, sub-CRQs (protocol.md 3.7, steps 3 to 7)."""
        told = yield from self.query_capabilities(deadline)
        self.headers_wanted = plain_frames_want(told.get(Capability.TX_RX_DESC_REQ, 0))
        self.granted = yield from self.request_capabilities(told, deadline)
        with self.client.arena.borrowed(PAGE_BYTES) as at:
            query = request(Command.QUERY_IP_OFFLOAD, length=buffers.IP_OFFLOAD_BYTES, ioba=at)
            yield from self.ask(query, deadline)
            # Frames come ready from the application: no offload is used, whatever is offered.
            self.client.driver.poke(at, buffers.ip_offload_control(frozenset()))
            control = request(Command.CONTROL_IP_OFFLOAD, ioba=at, length=buffers.IP_OFFLOAD_CONTROL_BYTES)
            yield from self.ask(control, deadline)
        yield from self.register_sub_crqs()
        if not self.client.wish:
            self.client.failures = 0

    def query_capabilities(self, deadline: int) -> Steps[dict[Capability, int]]:
        """All queries at once, then all answers; one that was refused counts as not told."""
        queries = [request(Command.QUERY_CAPABILITY, capability=number) for number in elements.QUERIED]
        for query in queries:
            yield from self.tell(query)
        requests = self.client.requests
        if not (yield from self.all_answered(queries, deadline)):
            raise AttemptError("not all capability queries were answered")
        told = {}
        for query in queries:
            answer = requests.answer(query)
            if answer is not None and command_rc(answer) == CommandRc.SUCCESS:
                told[Capability(field(query, "capability"))] = field(answer, "number")
        return told

    def request_capabilities(self, told: dict[Capability, int], deadline: int) -> Steps[dict[Capability, int]]:
        """Request; after PartialSuccess take what was granted and request everything again, bounded (CLI-7)."""
        values = first_requests(told, self.settings)
        requests = self.client.requests
        for _ in range(self.settings.capability_tries):
            asked = {
                capability: request(Command.REQUEST_CAPABILITY, capability=capability, number=value)
                for capability, value in values.items()
            }
            for element in asked.values():
                yield from self.tell(element)
            every = list(asked.values())
            if not (yield from self.all_answered(every, deadline)):
                raise AttemptError("not all capability requests were answered")
            partial = False
            for capability, element in asked.items():
                answer = requests.answer(element) or b""
                rc = command_rc(answer)
                if rc == CommandRc.PARTIAL_SUCCESS:
                    partial = True
                    adopt(values, capability, field(answer, "number"), self.settings)
                elif rc != CommandRc.SUCCESS:
                    raise AttemptError(f"{capability!r} refused: code {rc}")
            if not partial:
                return values
        raise AttemptError("no agreement on capabilities")

    def register_sub_crqs(self) -> Steps[None]:
        """Completion queues, transmit first (protocol.md 3.7, step 7); those of before are freed first."""
        client = self.client
        tx, rx = self.granted[Capability.REQ_TX_QUEUES], self.granted[Capability.REQ_RX_QUEUES]
        while client.sub_crqs:
            queue = client.sub_crqs[-1]
            # Those that the end of the session has closed are gone already, and the answer says so.
            yield from self.patiently(partial(client.driver.free_sub_crq, queue.handle))
            client.sub_crq_gone(queue)
        for _ in range(tx + rx):
            rc = yield from self.patiently(client.register_sub_crq)
            if rc not in (Rc.H_SUCCESS, Rc.H_CLOSED):
                raise AttemptError("H_REG_SUB_CRQ refused")
        known = [queue.handle for queue in client.sub_crqs]
        self.tx_handles, self.rx_handles = known[:tx], known[tx:]

    def enable_interrupts(self) -> Steps[None]:
        """Enable the interrupt of every sub-CRQ (protocol.md 3.7, step 13)."""
        for queue in self.client.sub_crqs:
            yield from self.patiently(partial(self.client.driver.enable_interrupt, queue.source))
