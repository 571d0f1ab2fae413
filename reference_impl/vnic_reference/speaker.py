"""What every adapter of this program has in common: the adapter protocol's requests and replies, whatever the role."""

from __future__ import annotations

import importlib.metadata
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from vnic_reference.console import Listing
from vnic_reference.policy import Policy
from vnic_reference.requests import Fields, RequestError, flag, number, parse, reply_line

PROTOCOL_MAJOR: Final = 1
PROTOCOL_MINOR: Final = 0
#: What comes before the name of a profile parameter in ``hello`` and ``reset``.
PROFILE: Final = "profile_"
#: Parameters of the protocol's profiles that speak of clients and servers, not of a hypervisor.
_NOT_OURS: Final = frozenset({"client_init", "srv_wait_ms"})


class Speaker(ABC):
    """Answers requests, one reply each, and never raises.

    Attributes:
        closed: ``bye`` was said.
    """

    #: The part it plays in the adapter protocol.
    role: ClassVar[str]
    #: Server partitions that a reset can ask for.
    max_servers: ClassVar[int]

    def __init__(self) -> None:
        self.closed = False
        self._ops: Final[Mapping[str, Callable[[Fields], Fields]]] = {
            "hello": self._hello,
            "reset": self._reset,
            "apply": self._apply,
            "settle": self._settle,
            "advance": self._advance,
            "observe": lambda fields: self._observation(),
            "bye": self._bye,
        }

    def __call__(self, request: Mapping[str, object]) -> Fields:
        """The reply to one request; never raises, whatever the request is."""
        fields = dict(request)
        seq = fields.get("seq")
        if not isinstance(seq, int) or isinstance(seq, bool):
            seq = 0
        try:
            op = fields.get("op")
            handler = self._ops.get(op) if isinstance(op, str) else None
            if handler is None:
                raise RequestError(f"op must be one of {', '.join(self._ops)}")
            self._catch_up()
            observe = op in ("reset", "apply", "settle", "advance") and flag(fields, "observe", 0)
            reply: Fields = {"seq": seq, "outcome": "done"} | handler(fields)
            if observe and reply["outcome"] != "unsupported":
                reply |= self._observation()
        except RequestError as error:
            return {"seq": seq, "outcome": "error", "error": str(error)}
        return reply

    def answer(self, line: str) -> str:
        """The reply to one line, as a line; never raises, whatever the line is."""
        try:
            return reply_line(self(parse(line)))
        except RequestError as error:
            return reply_line({"seq": 0, "outcome": "error", "error": str(error)})

    # -- the same in every role ----------------------------------------------------------------------------------

    def _hello(self, fields: Fields) -> Fields:
        if number(fields, "protocol_major", PROTOCOL_MAJOR) != PROTOCOL_MAJOR:
            raise RequestError(f"this adapter speaks protocol {PROTOCOL_MAJOR}")
        return {
            "protocol_major": PROTOCOL_MAJOR,
            "protocol_minor": PROTOCOL_MINOR,
            "implementation": "vnic_reference",
            "version": importlib.metadata.version("vnic-failover-kit"),
            "role": self.role,
            "servers": self.max_servers,
            **self._introduction(),
        }

    def _reset(self, fields: Fields) -> Fields:
        servers = number(fields, "servers", 2)
        if not 1 <= servers <= self.max_servers:
            raise RequestError(f"servers must be from 1 to {self.max_servers}")
        settings = self._policy_at_first()
        for name, value in fields.items():
            setting = name.removeprefix(PROFILE)
            if name.startswith(PROFILE) and setting not in _NOT_OURS:
                settings[setting] = None if value == "none" else value
        try:
            policy = Policy.from_mapping(settings)
        except ValueError as error:
            return {"outcome": "unsupported", "reason": str(error)}
        self._begin(policy, servers, fields)
        return {}

    def _bye(self, fields: Fields) -> Fields:
        self.closed = True
        return {}

    def _catch_up(self) -> None:  # noqa: B027  # nothing is right wherever the clock is virtual
        """Before each request: let happen what time has brought since the last one."""

    def _settle(self, fields: Fields) -> Fields:
        return {}

    # -- of the role ---------------------------------------------------------------------------------------------

    @abstractmethod
    def _introduction(self) -> Fields:
        """What ``hello`` says of its clock, its features and its claims."""

    @abstractmethod
    def _policy_at_first(self) -> dict[str, object]:
        """The settings that a reset changes."""

    @abstractmethod
    def _begin(self, policy: Policy, servers: int, fields: Fields) -> None:
        """Carry out a reset."""

    @abstractmethod
    def _apply(self, fields: Fields) -> Fields:
        """Let something happen."""

    @abstractmethod
    def _advance(self, fields: Fields) -> Fields:
        """Let virtual time pass."""

    @abstractmethod
    def _observation(self) -> Fields:
        """What can be seen from outside."""


def listing_seen(listing: Listing) -> Fields:
    """What the console lists of the vNIC as a whole."""
    selected = "" if listing.selected is None else f"server{listing.selected}"
    return {
        "client_crq": listing.client_crq.name,
        "auto": int(listing.auto),
        "selected": selected,
        "pinned": selected if listing.pinned else "",
        "listed": " ".join(f"server{row.server}" for row in listing.servers),
    }
