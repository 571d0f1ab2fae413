"""What a VNIC client is configured with; the defaults are the Linux driver's (protocol.md 3.7, 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REREGISTER: Final = "reregister"
ANSWER: Final = "answer"


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Choices of one client; times in ms of virtual time.

    Attributes:
        client_init: CLI-2, what it does on the INIT of a server: ``reregister`` its CRQ and send INIT itself, or
            ``answer`` it where that is safe (decision R4).
        host: its host name, told at LOGIN.
        interface: its interface's name, told at LOGIN.
        mtu: longest IP packet in bytes.
        open_at_boot: the user's wish when the partition boots.
        sub_crq_pages: pages of 4 KiB of each sub-CRQ.
        queues: most queues of either direction.
        promiscuous: ask for every frame of the port.
        init_tries: how often INIT is sent while the answer is H_CLOSED.
        init_retry_ms: time between two of these.
        negotiation_ms: limit of INIT to the end of negotiation; of LOGIN; of a change of the link state.
        command_ms: limit of every other command.
        link_retry_ms: time to the repetition of LOGICAL_LINK_STATE after PartialSuccess.
        link_tries: how often it is sent at most.
        login_tries: how often LOGIN is sent at most.
        capability_tries: how often capabilities are requested at most.
        abort_pause_ms: pause after a LOGIN that was answered Aborted.
        settle_ms: pause between freeing and registering after a failed LOGIN.
        backoff_after: failed recoveries in a row after which there is a pause before each further one.
        backoff_ms: that pause.
        watchdog_ms: a frame without completion, or queues of the server's that are gone without an event, for so
            long is a reason to recover.
        busy_ms: how long a call that is answered busy is repeated at most.
        storm: recoveries within a second after which the next one waits for that second to end.
        rest_ms: a buffer that the server has given back unused is lent again after this time.

    Raises:
        ValueError: ``client_init`` is neither of the two, or a number is not positive.
    """

    client_init: str = REREGISTER
    host: str = "client"
    interface: str = "vnic0"
    mtu: int = 1500
    open_at_boot: bool = True
    sub_crq_pages: int = 4
    queues: int = 16
    promiscuous: bool = False
    init_tries: int = 100
    init_retry_ms: int = 50
    negotiation_ms: int = 20_000
    command_ms: int = 10_000
    link_retry_ms: int = 1_000
    link_tries: int = 10
    login_tries: int = 10
    capability_tries: int = 10
    abort_pause_ms: int = 500
    settle_ms: int = 1_500
    backoff_after: int = 3
    backoff_ms: int = 60_000
    watchdog_ms: int = 5_000
    busy_ms: int = 10_000
    storm: int = 10
    rest_ms: int = 1_000

    def __post_init__(self) -> None:
        if self.client_init not in (REREGISTER, ANSWER):
            raise ValueError(f"client_init is {self.client_init!r}; it must be {REREGISTER} or {ANSWER}")
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if type(value) is int and value < 1:
                raise ValueError(f"{name} is {value}; it must be at least 1")
