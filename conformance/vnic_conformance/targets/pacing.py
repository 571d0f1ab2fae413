"""Keeping time with an adapter that does not do so by itself: real clocks, and implementations that take a while to settle.

The oracle never waits and knows no clock. Here, at the edge, a request is followed by the wait that the adapter has declared
before its effects are looked at, time is let pass where the clock is real, and each reply says between which moments it came
about. Clock and sleep can be exchanged, so that tests need not wait.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from vnic_conformance.answer import Answer, look
from vnic_conformance.defaults import LONGEST_WAIT_MS
from vnic_conformance.protocol.hello import Hello
from vnic_conformance.protocol.messages import Fields, Outcome
from vnic_spec.wire import Rc

#: How long a caller is told to wait before it asks again (CRQ-14), in milliseconds.
LONG_BUSY_MS: Final[Mapping[object, int]] = {
    int(Rc.H_LONG_BUSY_1_MS): 1,
    int(Rc.H_LONG_BUSY_10_MS): 10,
    int(Rc.H_LONG_BUSY_100_MS): 100,
    int(Rc.H_LONG_BUSY_1_S): 1_000,
    int(Rc.H_LONG_BUSY_10_S): 10_000,
    int(Rc.H_LONG_BUSY_100_S): 100_000,
}
#: On a real clock so much longer than asked for is waited: one part in so many, and some milliseconds for rounding. What is due
#: by then, by whatever clock, is past, so that a missing effect can be told.
_MARGIN_PART, _MARGIN_MS = 250, 5


class Asked(Protocol):
    """What is paced: a target, or what stands for one."""

    @property
    def hello(self) -> Hello:
        """What the adapter says of itself."""

    @property
    def stderr_tail(self) -> str:
        """The last lines of its standard error."""

    def request(self, fields: Mapping[str, object]) -> Fields:
        """Send one request and answer its reply."""


class Paced:
    """Requests to an adapter that needs time to settle, or whose clock is real.

    A request that asks for the observation is made without it; then ``settle`` is asked for, the quiet time passes, and
    ``observe`` shows what has come of it. ``advance`` on a real clock is a wait of the kit's.

    Args:
        target: the adapter.
        time_scale: factor on the quiet time.
        now: seconds on a clock that never goes back.
        sleep: waits so many seconds.

    Attributes:
        real: the adapter's clock is real.
        quiet_ms: how long is waited before looking, in milliseconds.
    """

    def __init__(
        self,
        target: Asked,
        *,
        time_scale: float = 1.0,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._target = target
        self._now = now
        self._sleep = sleep
        self._reset_at = now()
        self.real = not target.hello.virtual
        self.quiet_ms = math.ceil(target.hello.quiet_ms * time_scale)

    @property
    def stderr_tail(self) -> str:
        """The last lines of the adapter's standard error."""
        return self._target.stderr_tail

    def request(self, fields: Mapping[str, object]) -> Answer:
        """Send a request; its effects are looked at when the implementation has had its quiet time.

        Raises:
            AdapterBroken: what the target raises.
        """
        if not fields.get("observe"):
            return Answer.of(fields, self._target.request(fields))
        began = self._now()
        if fields["op"] == "reset":
            self._reset_at = began
        asked = {name: value for name, value in fields.items() if name != "observe"}
        reply = Answer.of(asked, self._carried_out(asked))
        answered = self._now()
        if self.real:
            self._sleep(min(LONG_BUSY_MS.get(reply.get("rc"), 0), LONGEST_WAIT_MS) / 1000)
        if fields["op"] != "apply" and reply["outcome"] in (Outcome.UNSUPPORTED, Outcome.ERROR):
            return reply
        self._target.request({"op": "settle"})
        self._sleep(self.quiet_ms / 1000)
        looks = self._now()
        reply = look(self._target, reply)
        if not self.real:
            return reply
        first, last = self._ms(began)[0], self._ms(answered)[1]
        return reply.noting(measured=(first, last, self._ms(looks)[0], self._ms(self._now())[1], self.quiet_ms))

    def _carried_out(self, fields: Fields) -> Fields:
        if fields["op"] != "advance" or not self.real:
            return self._target.request(fields)
        ms = fields["ms"]
        assert isinstance(ms, int)
        if ms:
            self._sleep((ms + ms // _MARGIN_PART + _MARGIN_MS) / 1000)
        return {"outcome": Outcome.DONE.value}

    def _ms(self, moment: float) -> tuple[int, int]:
        """A moment in whole milliseconds since the reset: not later, and not earlier than it was."""
        ms = (moment - self._reset_at) * 1000
        return math.floor(ms), math.ceil(ms)


def paced(target: Asked, *, time_scale: float = 1.0) -> Asked | Paced:
    """The target itself where replies show at once what they lead to; otherwise requests to it that keep time."""
    hello = target.hello
    return target if hello.virtual and not hello.quiet_ms else Paced(target, time_scale=time_scale)
