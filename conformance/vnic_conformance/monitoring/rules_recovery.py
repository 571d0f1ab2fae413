"""Rules for recoveries as a whole: how long they took."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vnic_conformance.monitoring.elements import after, is_refusal
from vnic_conformance.monitoring.rule import HELD, Finding, Needs, Rules, Subject
from vnic_conformance.monitoring.seen import Record, Seen, What
from vnic_conformance.monitoring.story import Recovery
from vnic_spec.client_profile import ClientProfile
from vnic_spec.wire import INIT, event_of

#: Every rule for a recovery, by name.
RECOVERY_RULES: Final = Rules()
#: What shows that hypervisor or server are not well.
_UNWELL: Final = frozenset(
    {What.TIMED_OUT, What.CLOSED, What.SEND_FAILED, What.BAD_LOGIN, What.LOGIN_AGAIN, What.LOGIN_FAILED}
)


def last_trouble(recovery: Recovery) -> Seen:
    """The last sign from outside that all was not yet well: an event, an INIT, a refusal, an error, no answer."""
    end = recovery.well
    found = recovery.began
    for step in recovery.steps:
        if step is end:
            break
        outside = step.what is What.READ and (
            event_of(step.element) is not None or step.element[:2] == INIT[:2] or is_refusal(step)
        )
        if outside or step.what in _UNWELL:
            found = step
    return found


@RECOVERY_RULES.rule(
    "CLI-21",
    subject=Subject.CLIENT,
    sentence="A recovery ends in time, counted from the last sign that hypervisor or server were not well.",
    when="a recovery ends with the link up, or with a reset that is done, in a record with times",
    needs=Needs.TIMES,
)
def recovers_in_time(record: Record, recovery: Recovery) -> Iterator[Finding | None]:
    """One that has not ended in the record decides nothing: nobody sees whether hypervisor and server are well."""
    if recovery.well is None:
        return
    took = after(last_trouble(recovery).time, recovery.well.time)
    if took is None:
        return
    yield HELD
    longest = ClientProfile().recovery_ms
    if took * 1000 > longest:
        yield f"{recovery.causes[0]}: {took:.3f} s until all was well", f"{longest / 1000:.0f} s (recovery_ms)"
