"""Rules for listings of a console: which server is active, and whether that is the right one.

A listing is a moment. What happens between two of them nobody sees: a server may have failed and come back. So one picture
alone, which may be one of a move under way, contradicts nothing that takes time; the same picture twice does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from vnic_conformance.monitoring.listings import Device, Listing, Vnic
from vnic_conformance.monitoring.rule import HELD, Finding, Needs, Rules, Subject
from vnic_spec.profile import Profile
from vnic_spec.vocabulary import Status

#: Every rule for listings, by name.
LISTING_RULES: Final = Rules()
_rule = LISTING_RULES.rule
Found = Iterator[Finding | None]
PRIORITIES: Final = range(1, 101)
_ACTIVATES: Final = re.compile(r"-o +act\b")
_LOGICAL_PORT: Final = re.compile(r"--logport[ =]+(\w+)")


@dataclass(slots=True)
class Past:
    """What earlier listings showed of one vNIC.

    Attributes:
        free: no server is pinned, as far as can be told.
        profile: choices and limits.
        before: the vNIC in the listing before; None: there is none, or something was done at the console since.
        pinned: logical port of the server that was activated last.
    """

    free: bool
    profile: Profile = field(default_factory=Profile)
    before: Vnic | None = None
    pinned: str = ""

    def take(self, now: Vnic) -> None:
        """Take in what was shown. Whoever writes auto ends a pin (ADM-5), and so does the end of the pinned server (ADM-6)."""
        before, pinned = self.before, now.devices.get(self.pinned)
        if before is not None and None not in (before.auto, now.auto) and before.auto is not now.auto:
            self.free = True
        if pinned is not None and pinned.status not in (None, Status.OPERATIONAL):
            self.free, self.pinned = True, ""
        self.before = now

    def commanded(self, command: str) -> None:
        """Something was done at the console: an activation pins a server, a write of auto ends a pin."""
        self.before = None
        activated = _LOGICAL_PORT.search(command)
        if activated and _ACTIVATES.search(command):
            self.free, self.pinned = False, activated[1]
        elif "auto_priority_failover" in command:
            self.free, self.pinned = True, ""


def _operational(vnic: Vnic) -> list[Device]:
    return [device for device in vnic.devices.values() if device.status is Status.OPERATIONAL]


def _named(devices: list[Device]) -> str:
    return " and ".join(map(str, devices))


@_rule(
    "SEL-1",
    "INV-1",
    subject=Subject.HYPERVISOR,
    sentence="At most one server is active.",
    when="a listing shows which server is active",
    needs=Needs.LISTINGS,
)
def one_active_at_most(past: Past, now: Vnic) -> Found:
    """In each listing by itself."""
    if all(device.active is None for device in now.devices.values()):
        return
    yield HELD
    if len(now.active) > 1:
        yield f"{_named(now.active)} are active", "one at most"


@_rule(
    "SEL-4",
    subject=Subject.HYPERVISOR,
    sentence="Priorities are 1 to 100.",
    when="a listing shows priorities",
    needs=Needs.LISTINGS,
)
def priorities_are_in_range(past: Past, now: Vnic) -> Found:
    """In each listing by itself."""
    for device in now.devices.values():
        if device.priority is not None:
            yield HELD
            if device.priority not in PRIORITIES:
                yield f"{device}", f"priorities from {PRIORITIES[0]} to {PRIORITIES[-1]}"


@_rule(
    "ADM-1",
    subject=Subject.HYPERVISOR,
    sentence="A vNIC has so many servers at most, on pairwise different physical ports.",
    when="a listing shows adapters and ports",
    needs=Needs.LISTINGS,
)
def servers_are_apart(past: Past, now: Vnic) -> Found:
    """In each listing by itself."""
    ports = [device.physical for device in now.devices.values() if device.physical is not None]
    if not ports:
        return
    yield HELD
    if len(now.devices) > past.profile.max_servers:
        yield f"{len(now.devices)} servers", f"{past.profile.max_servers} at most"
    twice = sorted({port for port in ports if ports.count(port) > 1})
    if twice:
        yield f"two servers on adapter {twice[0][0]}, port {twice[0][1]}", "different physical ports"


@_rule(
    "INV-3",
    "FOV-9",
    "SEL-3",
    subject=Subject.HYPERVISOR,
    sentence="The active server is operational, as long as there is one that is.",
    when="two listings in a row show the same server as active, and another that is operational",
    needs=Needs.LISTINGS,
)
def the_active_one_is_operational(past: Past, now: Vnic) -> Found:
    """What is shown as active when no server is operational is not settled, so that decides nothing."""
    if past.before is None or len(now.active) != 1 or len(past.before.active) != 1:
        return
    active, was = now.active[0], past.before.active[0]
    others = {device.port for device in _operational(now)} & {device.port for device in _operational(past.before)}
    if active.port != was.port or active.status is None or was.status is None or not others - {active.port}:
        return
    yield HELD
    if Status.OPERATIONAL not in (active.status, was.status):
        yield f"{active} stays active, with {', '.join(sorted(others))} operational", "a move to one that is"


@_rule(
    "INV-4",
    "SEL-4",
    "FOV-5",
    subject=Subject.HYPERVISOR,
    sentence="With auto on and no pin, no operational server is better than the active one.",
    when="two listings in a row show auto on, priorities and statuses, and no server is pinned",
    needs=Needs.CONSOLE,
)
def the_best_one_is_active(past: Past, now: Vnic) -> Found:
    """A lower number is better; among equals any may be active, because the active one keeps the client (SEL-5)."""
    if past.before is None or not (past.free and now.auto and past.before.auto):
        return
    if len(now.active) != 1 or now.active[0].priority is None or now.active[0].status is not Status.OPERATIONAL:
        return
    yield HELD
    active, mine = now.active[0], now.active[0].priority
    better = [
        d for d in _operational(now) if d.priority is not None and d.priority < mine and _stays(past.before, d, active)
    ]
    if better:
        yield f"{active} stays active", f"{_named(better)}, which has the lower number"


def _stays(before: Vnic, better: Device, active: Device) -> bool:
    """It was better in the listing before, too."""
    one, other = before.devices.get(better.port), before.devices.get(active.port)
    return (
        one is not None
        and other is not None
        and one.status is Status.OPERATIONAL
        and other.active is True
        and one.priority is not None
        and other.priority is not None
        and one.priority < other.priority
    )


@dataclass(frozen=True, slots=True)
class Move:
    """The active server has changed between two listings.

    Attributes:
        old: the one that was active, as it is shown now; None: none was.
        new: the one that is; None: none is.
        why: as far as the listings show it.
    """

    old: Device | None
    new: Device | None
    why: str


def move(before: Vnic, now: Vnic) -> Move | None:
    """What has changed in who is active; None: nothing, or several are."""
    if len(before.active) > 1 or len(now.active) > 1:
        return None
    was = before.active[0] if before.active else None
    new = now.active[0] if now.active else None
    if (was is None) == (new is None) and (was is None or new is None or was.port == new.port):
        return None
    if was is None:
        return Move(None, new, "nobody was active")
    old = now.devices.get(was.port)
    if old is None:
        why = f"{was.port} is not listed any more"
    elif old.status is not None and old.status is not Status.OPERATIONAL:
        why = f"{was.port} is {old.shown}"
    elif new is not None and new.priority is not None and old.priority is not None and new.priority < old.priority:
        why = (
            f"{new.port} has the lower number"
            if now.auto is not False
            else "auto is off: an activation, or a failure between"
        )
    else:
        why = f"{was.port} is well: an activation, a complaint, or a failure between the listings"
    return Move(old or was, new, why)


def differences(before: Vnic, now: Vnic) -> Iterator[str]:
    """What else has changed between two listings, in words."""
    for port in dict.fromkeys((*before.devices, *now.devices)):
        old, new = before.devices.get(port), now.devices.get(port)
        if old is None or new is None:
            yield f"{port} is {'added' if old is None else 'removed'}"
            continue
        if old.shown and new.shown and old.shown != new.shown:
            yield f"{port}: {old.shown} → {new.shown}"
        if None not in (old.priority, new.priority) and old.priority != new.priority:
            yield f"{port}: priority {old.priority} → {new.priority}"
    for name, was, is_now in (("auto", before.auto, now.auto), ("disabled", before.disabled, now.disabled)):
        if None not in (was, is_now) and was != is_now:
            yield f"{name}: {'on' if was else 'off'} → {'on' if is_now else 'off'}"


def listing_of(listings: list[Listing], key: str) -> Iterator[tuple[Listing, Vnic]]:
    """The listings that show a vNIC."""
    for listing in listings:
        if key in listing.vnics:
            yield listing, listing.vnics[key]
