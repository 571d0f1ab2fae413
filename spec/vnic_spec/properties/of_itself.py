"""Properties that need no hypothesis: true of each step from any state, whether or not its guard lets it happen.

Such a property speaks of effects alone. That is worth something if the sentence says another thing than the effect's text: so
each is here with its reason, and ``vnickit prove --explain`` fails for one that is not.
"""

from __future__ import annotations

_FRAME = "it says of every action what becomes of the variable, where an effect says it of one action"

#: Property → why it is worth saying.
OF_ITSELF: dict[str, str] = {
    "CRQ-2": "it ties the answer to who is connected after the selection, which the call computes before it answers",
    "CRQ-7/owed": _FRAME,
    "CRQ-12/granted": _FRAME,
    "SEL-7/standing": _FRAME,
    "MON-4": "it says when a report clears a complaint, in the words of the requirement and not in those of the effect",
    "MON-4/cleared": "it is one sentence about two actions, of which each could forget it",
    "MON-3/partition": _FRAME,
    "MON-4/complaint": _FRAME,
    "MON-2/status": _FRAME,
    "FOV-7/session": "whatever moves the selection or closes the CRQ, no single step ends a session and begins another",
    "FOV-10": "the answer to a fenced server follows from the connection alone, whatever else the state is",
    "ADM-6/activation": "it says what an activation brings about when it succeeds, where the effect goes through a selection",
    "ADM-2/order": _FRAME,
    "ADM-5/auto": _FRAME,
    "SES-1/once": "sessions end in many actions, and tokens have to become stale in each",
    "SES-1/counts": _FRAME,
    "CLI-1": "it is the client's half of a rule whose other half is the hypervisor's; a driver that resets breaks it",
    "CLI-2": "it says what becomes of the profile's choice, where the effect says it of every choice",
    "CLI-3": "it is the client's half of a rule whose other half is the hypervisor's; a driver that waits breaks it",
    "CLI-6": _FRAME,
}
