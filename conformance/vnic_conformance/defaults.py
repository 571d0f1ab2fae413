"""What a run takes where nobody says otherwise, and what can be said: for help texts, which need no machine."""

from __future__ import annotations

from typing import Final

#: The role where nobody names one.
HYPERVISOR: Final = "hypervisor"
#: The module that holds each role, as ``ROLE``; loaded when an implementation plays it.
ROLES: Final = {
    HYPERVISOR: "vnic_conformance.hypervisor_role",
    "system": "vnic_conformance.system_role.role",
    "client": "vnic_conformance.client_role.role",
}
#: The phases of a check, in order.
PHASES: Final = ("scripted", "tour", "hypothesis", "walk")
#: What is played beside them where it is asked for: scripts of ten thousand sessions.
LONG: Final = "long"
#: Steps of the random phases of a check.
STEPS: Final = 10_000
#: The same of a score, which makes hundreds of checks.
SCORE_STEPS: Final = 2_000
#: Of everything random.
SEED: Final = 1
#: On a real clock: a step of it that takes longer than this is not waited for, in milliseconds.
LONGEST_WAIT_MS: Final = 10_000
#: The forms of a target's name.
FORMS: Final = (
    "a command line (started without a shell), tcp:host:port (this machine only), unix:path, or python:module:factory"
)
