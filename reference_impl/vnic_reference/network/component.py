"""Components: what is stepped in virtual time, such as servers, the client, applications and hosts.

Time is an input. Whoever owns the clock calls :meth:`Component.step` for every component at every instant at which
something may have changed, again and again until none of them did anything, and then lets time pass up to the earliest
:meth:`Component.next_deadline`. A component that is not stepped hangs: it keeps what it knows and does nothing.

A server is made from its unit's :class:`~vnic_reference.driver.Driver` and its :class:`~vnic_reference.network.port.Port`
(``Server(driver, port)``), the client from its unit's driver and a MAC (``Client(driver, mac)``; it is an
:class:`~vnic_reference.network.interface.Interface` as well): each when its partition boots. After a crash they are
forgotten, and boot makes new ones.
"""

from __future__ import annotations

from typing import Protocol


class Component(Protocol):
    """One thing that acts when it is stepped."""

    def step(self, now: int) -> bool:
        """Do everything that can be done at this instant; never raises, whatever the others sent.

        Args:
            now: virtual time in ms; never less than in the step before. Steps may be left out for as long as the
                component hangs, so ``now`` may be well past :meth:`next_deadline`.

        Returns:
            Whether anything was done that somebody else can see: an element or frame sent or taken, a call made that
            changed something. A component that has nothing to do must answer False, or time would stand still.
        """
        ...

    def next_deadline(self) -> int | None:
        """The virtual time in ms at which the component wants to be stepped even if nothing happens; None: never."""
        ...
