"""Faults in the delay of a preemption: when it begins, what ends it, and what must not wait for it (MON-5)."""

from __future__ import annotations

from dataclasses import replace

from vnic_reference.failover import FailoverMechanism
from vnic_reference.faults.registry import fault
from vnic_reference.policy import Policy
from vnic_reference.servers import Server
from vnic_reference.transport import Switchboard

#: What the faulty variants claim, in ms.
_DELAY = 5000


class _Delaying(FailoverMechanism):
    """Knows whether its delay runs."""

    def waits(self) -> bool:
        """Whether a better server waits, and not long enough yet."""
        return self.better_since is not None and self.now < self.better_since + self.policy.preempt_delay_ms

    def stays(self, selected: Server | None) -> bool:
        """Whether only priority could take the client from this server now."""
        return selected is not None and self.eligible(selected) and self.auto and not self.pinned


class _Remembering(_Delaying):
    """Takes up a delay that ended without a preemption where it was broken off."""

    _began: int | None = None

    def _reselect(self, at_once: bool) -> None:
        selected = self.selected
        if selected is not None and self.stays(selected) and self.better_since is None and self.beaten(selected):
            self.better_since = self._began
        super()._reselect(at_once)
        if self.better_since is not None:
            self._began = self.better_since
        elif self.forgets(selected):
            self._began = None

    def forgets(self, before: Server | None) -> bool:
        """Whether the delay that was broken off counts no more; ``before`` was selected until now."""
        return self.selected is not before


@fault("MON-5", preempt_delay_ms=_DELAY)
class DelayGoesOn(_Remembering):
    """Counts the delay from when the better server first came, though it was gone in between."""


@fault("MON-5", preempt_delay_ms=_DELAY)
class DelayOutlivesFailure(_Remembering):
    """Counts the delay of a better server from before the selected one failed and was replaced."""

    def forgets(self, before: Server | None) -> bool:
        return self.selected is before


@fault("MON-5", preempt_delay_ms=_DELAY)
class DelayRestartsWithAnother(_Delaying):
    """Begins the delay again whenever another of the better servers is the best."""

    _best: Server | None = None

    def _reselect(self, at_once: bool) -> None:
        found = self.best()
        if found is not self._best and self.stays(self.selected):
            self.better_since = None
        self._best = found
        super()._reselect(at_once)


@fault("MON-5", preempt_delay_ms=_DELAY)
class DelayTakesTheFirst(_Delaying):
    """At the end of the delay takes the better server that came first, not the best one."""

    _first: Server | None = None

    def _reselect(self, at_once: bool) -> None:
        if self.better_since is None or self._first is None or not self.eligible(self._first):
            self._first = self.best()
        super()._reselect(at_once)

    def _leave(self, successor: Server | None) -> None:
        preempted = self.stays(self.selected) and self.better_since is not None
        super()._leave(self._first if preempted else successor)


@fault("SEL-5", preempt_delay_ms=_DELAY)
class DelayKeptByEquals(_Delaying):
    """Lets the delay run on while a server of equal priority is there, and takes that one."""

    def beaten(self, selected: Server) -> bool:
        others = [s for s in self.candidates() if s is not selected]
        running = self.better_since is not None and any(s.priority == selected.priority for s in others)
        return super().beaten(selected) or running

    def best(self) -> Server | None:
        if self.better_since is None or self.selected is None or not self.eligible(self.selected):
            return super().best()
        return min((s for s in self.candidates() if s is not self.selected), key=lambda s: s.priority, default=None)


class _Relentless(_Delaying):
    """Lets a delay that has begun end in a preemption, though something has ended it."""

    waiting: Server | None = None

    def carries_on(self) -> bool:
        """Whether a delay that runs is not ended now, though it should be."""
        raise NotImplementedError

    def _reselect(self, at_once: bool) -> None:
        since, selected = self.better_since, self.selected
        super()._reselect(at_once)
        if self.better_since is not None:
            self.waiting = self.best()
        waiting, stays = self.waiting, selected is not None and self.selected is selected
        ended = since is not None and self.better_since is None
        if ended and stays and waiting is not None and self.eligible(waiting) and self.carries_on():
            self.better_since = since
            if not self.waits():
                self._leave(waiting)


@fault("FOV-7", preempt_delay_ms=_DELAY)
class DelayRunsWithAutoOff(_Relentless):
    """Lets a delay that has begun end in a preemption though automatic failover was switched off meanwhile."""

    def carries_on(self) -> bool:
        return not self.auto and not self.pinned


@fault("ADM-6", preempt_delay_ms=_DELAY)
class DelayRunsUnderPin(_Relentless):
    """Lets a delay that has begun end in a preemption though a server was chosen by hand meanwhile."""

    def carries_on(self) -> bool:
        return self.pinned


@fault("ADM-4", preempt_delay_ms=_DELAY)
class DelayEndsUnchecked(_Relentless):
    """At the end of the delay takes the server that waited, though its priority is no longer the better one."""

    def carries_on(self) -> bool:
        return self.stays(self.selected)


@fault("MON-5", preempt_delay_ms=_DELAY)
class DelayHoldsFailoverUp(_Delaying):
    """Does not leave a server that fails while the delay of a better one runs, but at its end."""

    def _reselect(self, at_once: bool) -> None:
        if self.selected is None or self.eligible(self.selected) or not self.waits():
            super()._reselect(at_once)


@fault("MON-5", preempt_delay_ms=_DELAY)
class DelayTooShort(FailoverMechanism):
    """Preempts a millisecond before the delay that it claims is over."""

    def __init__(self, policy: Policy, switchboard: Switchboard, count: int) -> None:
        super().__init__(replace(policy, preempt_delay_ms=max(0, policy.preempt_delay_ms - 1)), switchboard, count)


@fault("MON-5", preempt_delay_ms=_DELAY)
class DelayTooLongAfterTheFirst(_Delaying):
    """Waits a millisecond longer than it claims with every preemption but the first."""

    def _leave(self, successor: Server | None) -> None:
        preempted = self.stays(self.selected) and self.better_since is not None
        super()._leave(successor)
        if preempted:
            self.policy = replace(self.policy, preempt_delay_ms=self.policy.preempt_delay_ms + 1)
