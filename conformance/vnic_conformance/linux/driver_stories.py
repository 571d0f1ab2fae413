"""Sessions that the role's cases do not have, and that the history of this driver calls for.

In a case of the role one thing goes wrong; several fixes of this driver are about a second one, which meets what the first has
left behind. They are played as the cases are (:mod:`~vnic_conformance.client_role.stories`), by a survey only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vnic_conformance.client_role.injection import OUTAGE_MS, SPAN_MS
from vnic_conformance.client_role.stories import Word
from vnic_conformance.client_role.words import deviate, event, passes, straight, user

#: Longer than anything that the driver waits for while it probes or opens, in ms.
_WAITED_MS: Final = 30_000
#: Longer than its back-offs of a minute last, as often as :data:`_REFUSED` calls for them, in ms.
_BACKED_OFF_MS: Final = 600_000
#: Longer than what the user asks for may take (CLI-18), in ms.
_ASKED_MS: Final = 150_000
#: The driver tries INIT a hundred times; one deviation refuses it ten times.
_NEVER_HEARD: Final = (deviate("init_closed"),) * 11
#: More attempts that fail than the driver makes without a pause.
_REFUSED: Final = (deviate("init_dropped"),) * 12
_ADDED: Final[Word] = (user("add"), passes(10))
_OPENED: Final[Word] = (*_ADDED, user("open"), passes(SPAN_MS))
#: The user wants a failover, and the hypervisor knows no session: the driver resets by itself.
_COMPLAINED: Final[Word] = (deviate("token_not_found"), user("complain"), passes(SPAN_MS))


def driver_stories(recovery_ms: int) -> Iterator[tuple[str, Word]]:
    """Name, as of a case, and what is played.

    Args:
        recovery_ms: how long all has to be well until the driver claims to have recovered.
    """
    well = (straight(), passes(recovery_ms + 1))
    opened = (user("open"), passes(OUTAGE_MS), *well)
    # A reset of a device whose probe has ended before it had sub-CRQs, and of one that has lost its CRQ, too.
    for left, deviation in (("sub-queues", "lost_control_ip_offload"), ("a-queue", "h_reg_sub_crq_busy")):
        probed = (deviate(deviation), user("add"), passes(_WAITED_MS), straight())
        yield f"CLI-8/complaint-without-{left}", (*probed, *_COMPLAINED, *opened)
    # Nobody listens: when the driver probes, after a login that was refused, and for many attempts in a row.
    yield "CLI-7/not-heard-when-added", (*_NEVER_HEARD, user("add"), passes(_WAITED_MS), straight(), *opened)
    refused = (*_ADDED, deviate("login_state"), deviate("init_closed"), user("open"), passes(_WAITED_MS))
    yield "CLI-7/not-heard-after-a-refusal", (*refused, *well)
    yield "CLI-7/not-heard-for-long", (*_OPENED, *_REFUSED, event("failover"), passes(_BACKED_OFF_MS), *well)
    # Removed while it pauses between attempts.
    pausing = (*_OPENED, *_REFUSED, event("failover"), passes(SPAN_MS))
    yield "CLI-17/removed-between-attempts", (*pausing, user("remove"), passes(_WAITED_MS * 4))
    # Nobody answers one command of an open, and nothing else happens.
    unanswered = (*_ADDED, deviate("lost_request_map"), user("open"))
    yield "CLI-18/unanswered-while-opening", (*unanswered, passes(_ASKED_MS), *well)
    # The link cannot be taken down when the user closes the device; then comes another server.
    closed = (*_OPENED, deviate("refused_logical_link_state"), user("close"), passes(SPAN_MS))
    yield "CLI-6/closed-with-the-link-up", (*closed, event("failover"), passes(OUTAGE_MS), *well)
    # The user opens the device; the server goes, and the next one is there before the driver looks.
    waiting = (*_ADDED, deviate("lost_logical_link_state"), user("open"), passes(100))
    yield "CLI-6/succeeded-while-opening", (*waiting, event("failover"), event("init"), passes(OUTAGE_MS), *well)
