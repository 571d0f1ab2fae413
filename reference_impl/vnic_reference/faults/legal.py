"""Variants that are not faulty: every other value of a setting, and every freedom that the requirements leave.

What a kit says against one of them is its own fault.
"""

from __future__ import annotations

from vnic_reference.adapter import FEATURES
from vnic_reference.failover import FailoverMechanism, Session
from vnic_reference.faults.registry import variant
from vnic_reference.monitoring import Monitor
from vnic_reference.partition import Unit
from vnic_reference.parts import Parts
from vnic_reference.queues import Queue
from vnic_reference.redirected import RemoteDma
from vnic_reference.servers import Server
from vnic_reference.subordinate import SubordinateQueues
from vnic_reference.transport import Transport
from vnic_spec.wire import Rc

#: Settings that differ from the requirements' own decisions: each value of each, and some that meet.
_SETTINGS: tuple[dict[str, str | int], ...] = (
    {"event_full": "defer"},
    {"crossing": "gap"},
    {"crossing": "gap", "gap_ms": 1},
    {"crossing": "gap", "gap_ms": 300, "event_full": "defer"},
    {"tie_break": "newest"},
    {"tie_break": "port"},
    {"tie_break": "any"},
    {"reopen": "reselect"},
    {"complaint_order": "lopar"},
    {"grace": 1},
    {"grace": 5},
    {"hold_limit_ms": 150},
    {"hold_limit_ms": 2000},
    {"preempt_delay_ms": 1},
    {"preempt_delay_ms": 300},
    {"preempt_delay_ms": 3000, "event_full": "defer"},
    {"max_servers": 3},
    {"max_servers": 2, "tie_break": "port"},
    {"max_servers": 8},
    {"indirect_limit": 16},
    {"reopen": "reselect", "tie_break": "any", "complaint_order": "lopar"},
    {"crossing": "gap", "reopen": "reselect", "preempt_delay_ms": 500, "tie_break": "any"},
)
for _claims in _SETTINGS:
    _words = [f"{name}_{value}" for name, value in _claims.items()]
    variant("_and_".join(_words), f"Claims {', '.join(f'{n} = {v}' for n, v in _claims.items())}.", claims=_claims)

for _feature in FEATURES.split():
    variant(f"without_{_feature}", f"Does not have the feature {_feature}.", without=(_feature,))


# --- MON-2: between one interval and grace intervals, any time will do -----------------------------------------------


class _Strict(Monitor):
    """Counts a server as silent as soon as its interval is over."""

    def _silent_at(self, server: Server) -> int | None:
        return None if server.reported_at is None else server.reported_at + server.interval_ms + 1


class _Between(Monitor):
    """Counts a server as silent half way between the earliest and the latest time."""

    def _silent_at(self, server: Server) -> int | None:
        latest = super()._silent_at(server)
        if latest is None or server.reported_at is None:
            return None
        return (server.reported_at + server.interval_ms + 1 + latest) // 2


class _EachItsOwn(Monitor):
    """Counts some servers as silent at the earliest time and others at the latest."""

    def _silent_at(self, server: Server) -> int | None:
        if server.index % 2 or server.reported_at is None:
            return super()._silent_at(server)
        return server.reported_at + server.interval_ms + 1


variant("expires_at_once", "Counts a server as silent as soon as its interval is over.", Parts(monitor=_Strict))
variant(
    "expires_in_between", "Counts a server as silent between the earliest and the latest time.", Parts(monitor=_Between)
)
variant("expires_differently", "Counts one server as silent early and the next one late.", Parts(monitor=_EachItsOwn))


# --- what is opaque --------------------------------------------------------------------------------------------------


class _Counted(Session):
    """A session whose token is the next number."""

    @property
    def token(self) -> int:
        return self.number


class _Counting(FailoverMechanism):
    """Tokens that count from 1."""

    def _connect(self) -> None:
        before = self.session
        super()._connect()
        if self.session is not None and self.session is not before:
            self.session = _Counted(self.session.server, self.session.number)


class _WideHandles(SubordinateQueues):
    """Handles that need more than 53 bits, counting down."""

    def register(self, unit: Unit, ioba: int, length: int) -> tuple[Rc, int, int]:
        if self._next_handle < 1 << 53:
            self._next_handle = 1 << 62
        self._next_handle -= 2
        return super().register(unit, ioba, length)


class _FilledEvents(Queue):
    """Events whose free bytes are not zero."""

    __slots__ = ()

    def put_event(self, event: int) -> bool:
        at = self._position
        stored = super().put_event(event)
        if stored:
            self._fill(at)
        return stored

    def overlay_event(self, event: int) -> bool:
        merged = super().overlay_event(event)
        self._fill((self._position - 1) % self.capacity)
        return merged

    def _fill(self, position: int) -> None:
        page, at = self._slot(position)
        page[at + 2 : at + self._element_bytes] = b"\xa5" * (self._element_bytes - 2)


class _Filling(Transport):
    queue = _FilledEvents


class _PlainRefusals(RemoteDma):
    """Says H_PARAMETER to whoever is not connected."""

    def copy(self, units: dict[int, Unit], length: int, s_liobn: int, s_ioba: int, d_liobn: int, d_ioba: int) -> Rc:
        rc = super().copy(units, length, s_liobn, s_ioba, d_liobn, d_ioba)
        connected = self._transport.partner in units.values()
        return Rc.H_PARAMETER if rc is Rc.H_PERMISSION and not connected else rc


variant("tokens_count", "Gives out the numbers from 1 on as tokens.", Parts(mechanism=_Counting))
variant("wide_handles", "Gives out handles that need more than 53 bits, counting down.", Parts(sub_crqs=_WideHandles))
variant("filled_events", "Writes something into the free bytes of events.", Parts(transport=_Filling))
variant("plain_refusals", "Refuses DMA of a server that is not connected with H_PARAMETER.", Parts(dma=_PlainRefusals))


# --- SEL-5 under tie_break = any -------------------------------------------------------------------------------------


class _Fickle(FailoverMechanism):
    """Takes now this and now that one of equals, whatever happened before."""

    def best(self) -> Server | None:
        candidates = self.candidates()
        top = [s for s in candidates if s.priority == min(c.priority for c in candidates)]
        return top[(self.now + self.counters.sessions * 7) % len(top)] if top else None


variant(
    "any_of_equals",
    "Takes now this and now that one of equals, under tie_break = any.",
    Parts(mechanism=_Fickle),
    {"tie_break": "any"},
)
