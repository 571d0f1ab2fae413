"""Stories that take long, played where that is asked for (``--long``): what has to last for weeks, or for hundreds of sessions.

A counter that wraps, or is never set back, breaks nothing before.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from vnic_conformance.client_role.injection import SPAN_MS
from vnic_conformance.client_role.story import OPENED, Story, story, well
from vnic_conformance.client_role.words import MOST_MS, event, passes
from vnic_spec.client_profile import ClientProfile

#: Times at which a clock of milliseconds in 32 bits turns negative, or begins anew.
_WRAPS: Final = {"25-days": 1 << 31, "50-days": 1 << 32}
#: More sessions than there are map ids (protocol.md 3.6: 1 to 254).
_SESSIONS: Final = 260


@cache
def long_stories(profile: ClientProfile) -> tuple[Story, ...]:
    """All of them, on a client that claims this."""
    return tuple(_told(profile.recovery_ms))


def _told(recovery_ms: int) -> Iterator[Story]:
    failover = (event("failover"), passes(SPAN_MS))
    for name, ms in _WRAPS.items():
        waited = (passes(MOST_MS),) * (ms // MOST_MS + 1)
        yield story(
            f"CLI-21/{name}",
            f"The device is added when the clock has run for {name.replace('-', ' ')}: it works as on the first one.",
            (*waited, *OPENED, *failover, *well(recovery_ms)),
        )
    yield story(
        "CLI-21/many-sessions",
        f"{_SESSIONS} failovers in one life: the last session is like the first one.",
        (*OPENED, *failover * _SESSIONS, *well(recovery_ms)),
    )
