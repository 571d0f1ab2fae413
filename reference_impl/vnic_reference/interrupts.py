"""Virtual interrupts: one pulse per enqueue while enabled, none while one is outstanding.

An element that is queued while the interrupt is disabled, or while an earlier pulse has not been ended by H_EOI, raises
nothing: the owner finds it by scanning its queue after enabling and after H_EOI (CRQ-11; LoPAR, "CRQ Facility Interrupt
Notification", "VIO Interrupt Control").
"""

from __future__ import annotations


class Interrupt:
    """One interrupt source of a unit.

    Args:
        source: Number by which calls name the source.

    Attributes:
        enabled: Whether an enqueue raises a pulse.
        outstanding: A pulse was raised and not yet ended by H_EOI.
        presented: H_XIRR has handed the outstanding pulse to the owner.
    """

    __slots__ = ("enabled", "outstanding", "presented", "source")

    def __init__(self, source: int) -> None:
        self.source = source
        self.enabled = False
        self.outstanding = False
        self.presented = False

    def pulse(self) -> None:
        """Note that an element was queued."""
        if self.enabled and not self.outstanding:
            self.outstanding = True
            self.presented = False

    def end(self) -> None:
        """End the outstanding pulse (H_EOI); nothing happens if there is none."""
        self.outstanding = False
        self.presented = False

    def reset(self) -> None:
        """Disabled and nothing outstanding, as registering and freeing leave it (CRQ-11)."""
        self.enabled = False
        self.end()
