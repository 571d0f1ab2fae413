"""Faults with servers that go and come back: what restarts is taken for better than it is, and what fails often is given up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from vnic_reference.failover import FailoverMechanism
from vnic_reference.faults.registry import fault
from vnic_reference.policy import Policy
from vnic_reference.servers import Server
from vnic_reference.transport import Switchboard
from vnic_spec.vocabulary import Status


class _Remembering(FailoverMechanism):
    """Counts how often each server has registered, and how often it could serve and then could not."""

    def __init__(self, policy: Policy, switchboard: Switchboard, count: int) -> None:
        super().__init__(policy, switchboard, count)
        self.registrations = [0] * count
        self.failures = [0] * count
        self._served = [False] * count

    def server_opened(self, server: int) -> None:
        self.registrations[server] += 1
        super().server_opened(server)

    def settle(self, *, at_once: bool = False) -> None:
        if not self._in_step:
            for server in self.servers:
                serves = super().serviceable(server)
                self.failures[server.index] += self._served[server.index] and not serves and self.counts(server)
                self._served[server.index] = serves
        super().settle(at_once=at_once)

    def counts(self, server: Server) -> bool:
        """Whether it counts that this server has failed just now."""
        return True

    def restarted(self, server: Server) -> bool:
        """Whether the server has registered more than once."""
        return self.registrations[server.index] > 1


@fault("SEL-5")
class RestartedEqualPreempts(_Remembering):
    """Lets a standby of equal priority take the client when it has restarted."""

    def beaten(self, selected: Server) -> bool:
        equals = (s for s in self.candidates() if s is not selected and s.priority == selected.priority)
        return super().beaten(selected) or any(map(self.restarted, equals))

    def best(self) -> Server | None:
        found = self.candidates()
        top = [s for s in found if s.priority == min(c.priority for c in found)]
        return max(top, key=lambda s: self.registrations[s.index], default=None) if self.selected else super().best()


@fault("FOV-7")
class RestartedIgnoresAutoOff(_Remembering):
    """Lets a better standby that has restarted take the client though automatic failover is off."""

    def _reselect(self, at_once: bool) -> None:
        auto, self.auto = self.auto, self.auto or any(map(self.restarted, self.candidates()))
        super()._reselect(at_once)
        self.auto = auto


@fault("ADM-6")
class StandbyCrashEndsPin(FailoverMechanism):
    """Forgets the manual choice when the partition of a standby crashes."""

    @contextmanager
    def one_step(self) -> Iterator[None]:
        self._in_step = True
        try:
            yield
        finally:
            self._in_step = False
        self.pinned = False
        self.settle()


@fault("FOV-1")
class RestartedNeverPreempts(_Remembering):
    """Does not give the client back to a better server that has restarted."""

    def beaten(self, selected: Server) -> bool:
        return any(s.priority < selected.priority for s in self.candidates() if not self.restarted(s))


@fault("FOV-1")
class RebootedTakesOverUnreported(_Remembering):
    """Takes a server that has restarted for OPERATIONAL before it reports, because it was so before."""

    def server_closed(self, server: int) -> None:
        self._before = {**getattr(self, "_before", {}), server: self.servers[server].status}
        super().server_closed(server)

    def server_opened(self, server: int) -> None:
        super().server_opened(server)
        if getattr(self, "_before", {}).get(server) is Status.OPERATIONAL:
            self.servers[server].status = Status.OPERATIONAL
            self.settle()


class _Quarantine(_Remembering):
    #: So many failures are forgiven, and not one more.
    limit: int

    def serviceable(self, server: Server) -> bool:
        return super().serviceable(server) and self.failures[server.index] < self.limit


@fault("SEL-3")
class FiveFailuresAreTooMany(_Quarantine):
    """Never selects a server again that has failed five times."""

    limit = 5


@fault("SEL-3")
class FortyFailuresAreTooMany(_Quarantine):
    """Never selects a server again that has failed forty times."""

    limit = 40


@fault("SEL-3")
class FourHundredFailuresAreTooMany(_Quarantine):
    """Never selects a server again that has failed four hundred times."""

    limit = 400


@fault("SEL-3")
class TenThousandFailuresAreTooMany(_Quarantine):
    """Never selects a server again that has failed ten thousand times."""

    limit = 10_000


@fault("SEL-3")
class SilenceIsCounted(_Quarantine):
    """Never selects a server again that has fallen silent thirty times."""

    limit = 30

    def counts(self, server: Server) -> bool:
        return server.status is Status.UNRESPONSIVE


@fault("SEL-3")
class RebootsAreCounted(_Quarantine):
    """Never selects a server again that has rebooted twenty times."""

    limit = 20

    def counts(self, server: Server) -> bool:
        return server.status is Status.POWERED_OFF


@fault("FOV-1")
class ThirtyReturnsAreEnough(_Remembering):
    """Does not give the client back to a better server that has failed thirty times."""

    def beaten(self, selected: Server) -> bool:
        return any(s.priority < selected.priority for s in self.candidates() if self.failures[s.index] < 30)


@fault("FOV-1")
class FiveHundredReturnsAreEnough(_Remembering):
    """Does not give the client back to a better server that has failed five hundred times."""

    def beaten(self, selected: Server) -> bool:
        return any(s.priority < selected.priority for s in self.candidates() if self.failures[s.index] < 500)
