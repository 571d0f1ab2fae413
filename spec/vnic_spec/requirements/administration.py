"""ADM: administration: what the console may change."""

from __future__ import annotations

from vnic_spec.requirements.record import Elsewhere, Requirement

REQUIREMENTS = (
    Requirement(
        "ADM-1",
        text=(
            "A vNIC has 1 to 6 servers (profile: max_servers), on pairwise different physical ports. Violations are "
            "refused with a clear error and no effect."
        ),
        source="Product behaviour: at least one device, six as the most seen, and never two on one physical port.",
        elsewhere=Elsewhere(
            reason=(
                "That one server at least is listed is in the machine (ADM-3); the greatest number and the ports are "
                "not: it holds for any number of servers."
            ),
            where=(
                "conformance, role hypervisor: the seventh server, a second server on a port, refusals without effect"
            ),
            whole=False,
        ),
    ),
    Requirement(
        "ADM-2",
        text="Adding a server disturbs nobody; it can preempt only by FOV-1.",
        source="Product behaviour: adding a backing device must not disturb traffic.",
    ),
    Requirement(
        "ADM-3",
        text=(
            "Removing a standby disturbs nobody; removing the selected server is a trigger; removing the last "
            "server is refused [decision]."
        ),
        source=(
            "Product behaviour: standbys are removed without loss. Removing the active or the last one: not found."
        ),
        decision=(
            "Removing the selected server is a failover; the last one cannot be removed, as a vNIC has at least one "
            "(ADM-1)."
        ),
    ),
    Requirement(
        "ADM-4",
        text="A priority change takes effect at once and re-selects iff auto is on and nothing is pinned.",
        source=(
            "Product behaviour: the priority can be changed at run time, is read back at once, and re-selects with "
            "auto on. With auto off: ours."
        ),
    ),
    Requirement(
        "ADM-5",
        text=(
            "auto_priority_failover defaults to on. Any write ends a manual pin; writing on (on → on included) "
            "re-selects by priority."
        ),
        source=(
            "Product behaviour: an add without the attribute reads back 1; writing 1 again is the documented way "
            "back to the priorities after maintenance."
        ),
    ),
    Requirement(
        "ADM-6",
        text=(
            "Manual activation of an eligible standby switches to it (or connects it, when nobody is selected) and "
            "pins it: priority does not take it back until the pinned server stops being eligible, the selection "
            "ends (SEL-7), or auto is written [decision; the public test suite shows that an activated "
            "lower-priority server must hold]. A target whose only fault is a complaint is accepted and cleared. "
            "Activating the selected server pins it and changes nothing else; any other ineligible target is "
            "refused, no effect."
        ),
        source=(
            "Product behaviour: the public test suite activates the device of lower priority with auto on and "
            "requires it to be active a minute later. Whether that clears auto or pins the choice: not found."
        ),
        decision=(
            "Activation pins the server and leaves auto as it is, so that the setting an administrator wrote is "
            "never changed behind his back."
        ),
    ),
    Requirement(
        "ADM-7",
        text=(
            "A listing shows, per server: port, priority, status, selected or not; per vNIC: auto, pin, client CRQ "
            "state."
        ),
        source="Product behaviour: the columns of the console's listing.",
        elsewhere=Elsewhere(
            reason="A listing is a view of the state, not a part of it.",
            where="conformance, role hypervisor: the listing after every step",
        ),
    ),
)
