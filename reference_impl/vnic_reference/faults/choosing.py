"""Faults in choosing: who is selected, who is eligible, and how long a selection or a manual choice stands."""

from __future__ import annotations

from vnic_reference.failover import FailoverMechanism
from vnic_reference.faults.registry import fault
from vnic_reference.servers import Server
from vnic_spec.vocabulary import Crq


@fault("SEL-4")
class PriorityAsText(FailoverMechanism):
    """Compares priorities as text, so that 100 is better than 9."""

    def best(self) -> Server | None:
        return min(self.candidates(), key=lambda server: (str(server.priority), server.age), default=None)

    def beaten(self, selected: Server) -> bool:
        return any(str(server.priority) < str(selected.priority) for server in self.candidates())


@fault("SEL-4")
class HigherNumberWins(FailoverMechanism):
    """Takes the highest number for the best priority."""

    def best(self) -> Server | None:
        return min(self.candidates(), key=lambda server: (-server.priority, server.age), default=None)

    def beaten(self, selected: Server) -> bool:
        return any(server.priority > selected.priority for server in self.candidates())


@fault("SEL-5")
class TiePreempts(FailoverMechanism):
    """Lets a server of equal priority that was added earlier take the client from the selected one."""

    def beaten(self, selected: Server) -> bool:
        return self.best() is not selected


@fault("SEL-5")
class NewestWins(FailoverMechanism):
    """Among standbys of equal priority takes the one that was added last."""

    def best(self) -> Server | None:
        return min(self.candidates(), key=lambda server: (server.priority, -server.age), default=None)


@fault("FOV-5")
class SuccessorIsNextOnList(FailoverMechanism):
    """Takes the next server of the list as successor, whatever its priority."""

    def best(self) -> Server | None:
        return min(self.candidates(), key=lambda server: server.age, default=None)


@fault("SEL-7")
class ReselectsAtReopen(FailoverMechanism):
    """Selects afresh whenever the client registers its CRQ."""

    def client_opened(self) -> None:
        self.selected = None
        self.pinned = False
        super().client_opened()


@fault("SEL-7")
class SelectionSurvivesPowerOff(FailoverMechanism):
    """Keeps the selection when the client's partition powers off."""

    def client_stopped(self) -> None:
        self.settle()


@fault("SEL-2")
class SelectsBeforeOpen(FailoverMechanism):
    """Selects a server before the client has ever opened its CRQ."""

    def settle(self, *, at_once: bool = False) -> None:
        self.standing = True
        super().settle(at_once=at_once)


@fault("SEL-8")
class ClosedIsFrozen(FailoverMechanism):
    """Looks at no selection while the client's CRQ is closed."""

    def _reselect(self, at_once: bool) -> None:
        if self.client_crq() is not Crq.CLOSED:
            super()._reselect(at_once)


@fault("SEL-6")
class AutoOffDisablesFailover(FailoverMechanism):
    """Takes automatic failover off for no failover at all: with it off nobody succeeds a server that fails."""

    def best(self) -> Server | None:
        return super().best() if self.auto else None


@fault("FOV-7")
class AutoOffIsIgnored(FailoverMechanism):
    """Preempts by priority with automatic failover off, too."""

    def _reselect(self, at_once: bool) -> None:
        auto, self.auto = self.auto, True
        super()._reselect(at_once)
        self.auto = auto


@fault("ADM-6")
class PinOutlivesSelection(FailoverMechanism):
    """Keeps the pin when the pinned server is left, so that it holds its successor."""

    def _leave(self, successor: Server | None) -> None:
        pinned = self.pinned
        super()._leave(successor)
        self.pinned = pinned and successor is not None


@fault("ADM-6")
class PinIsIgnored(FailoverMechanism):
    """Takes the client from a pinned server by priority."""

    def _reselect(self, at_once: bool) -> None:
        before, pinned, self.pinned = self.selected, self.pinned, False
        super()._reselect(at_once)
        self.pinned = pinned and self.selected is before


@fault("ADM-6")
class ActivationKeepsComplaint(FailoverMechanism):
    """Does not clear the complaint about a server that is activated."""

    def activate(self, target: Server) -> None:
        complaint = target.complaint
        super().activate(target)
        target.complaint = complaint


@fault("MON-5")
class NoLastResort(FailoverMechanism):
    """Rather leaves the client without a server than forgets a complaint."""

    def _last_resort(self) -> None:
        pass


@fault("MON-5")
class LastResortSparesOne(FailoverMechanism):
    """Forgets the complaint about one server only when nobody else is left."""

    def _last_resort(self) -> None:
        spared = [server for server in self.listed() if self.serviceable(server)]
        if spared and not self.candidates():
            spared[0].complaint = False


@fault("SEL-3")
class ComplaintIsNoObstacle(FailoverMechanism):
    """Counts a server with a complaint as eligible."""

    def eligible(self, server: Server) -> bool:
        return self.serviceable(server)


@fault("CRQ-8")
class EnableReselects(FailoverMechanism):
    """Selects afresh when the client enables its CRQ, though a server was activated meanwhile."""

    def client_enabled(self) -> None:
        self.selected = None
        self.pinned = False
        super().client_enabled()


@fault("MON-5", preempt_delay_ms=300)
class DelayIgnored(FailoverMechanism):
    """Claims to put preemption off, and does not."""

    def _reselect(self, at_once: bool) -> None:
        super()._reselect(True)


@fault("ADM-4", preempt_delay_ms=300)
class DelayHoldsAdministratorUp(FailoverMechanism):
    """Puts off what the administrator writes like a preemption."""

    def _reselect(self, at_once: bool) -> None:
        super()._reselect(False)
