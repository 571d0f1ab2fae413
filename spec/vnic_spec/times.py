"""Every time of the specification as data: what starts it, what ends it early, what it brings about, and the boundary."""

from __future__ import annotations

from dataclasses import dataclass

from vnic_spec.requirements.record import Party
from vnic_spec.vocabulary import Word


class Boundary(Word):
    """On which side of a time that has passed exactly its consequence lies."""

    AT = 0  #: when exactly so much has passed, not earlier and not later
    AFTER = 1  #: when more than so much has passed: at exactly so much not yet
    WITHIN = 2  #: before, or when exactly so much has passed: a bound on who has to be quick


@dataclass(frozen=True, slots=True)
class Time:
    """One time.

    Attributes:
        name: as chapters call it.
        parameters: names of the profile's parameters that it is made of.
        length: how long it is, in milliseconds.
        starts: what starts it.
        ends: what ends it before it has passed; empty if nothing does.
        then: what comes about.
        boundary: when.
        counts: who has to count it.
        requirements: IDs, the one that defines it first.
        actions: actions of the machine that stand for its having passed.
    """

    name: str
    parameters: tuple[str, ...]
    length: str
    starts: str
    ends: str
    then: str
    boundary: Boundary
    counts: Party
    requirements: tuple[str, ...]
    actions: tuple[str, ...] = ()


_SILENCE = "the server's next report; it frees its CRQ or goes down; it is removed from the list"
_SILENT = ("report_expires", "reports_expire_together")

TIMES = (
    Time(
        "report, may be missed",
        (),
        "the interval that the server announced (p2 of H_VIOCTL 0x18)",
        "an accepted report",
        _SILENCE,
        "the server may be UNRESPONSIVE",
        Boundary.AFTER,
        Party.HYPERVISOR,
        ("MON-2", "MON-1"),
        _SILENT,
    ),
    Time(
        "report, is missed",
        ("grace",),
        "`grace` × the announced interval",
        "an accepted report",
        _SILENCE,
        "the server is UNRESPONSIVE, unless it was already",
        Boundary.AFTER,
        Party.HYPERVISOR,
        ("MON-2", "FOV-1"),
        _SILENT,
    ),
    Time(
        "hold",
        ("hold_limit_ms", "grace"),
        "`hold_limit_ms`; if that is None, `grace` × the interval that the server announced last",
        "the selected server holds an open CRQ: its queue has the unread event that ended an earlier session",
        "the server reads the event; it is no longer selected; the client's CRQ is closed or disabled",
        "the server counts as UNRESPONSIVE until it has read the event",
        Boundary.AFTER,
        Party.HYPERVISOR,
        ("CRQ-13", "FOV-1"),
        ("hold_expires",),
    ),
    Time(
        "gap",
        ("gap_ms",),
        "`gap_ms` (under crossing = GAP only)",
        "a session of the server ends",
        "the server's CRQ is freed",
        "the server may be connected again",
        Boundary.AT,
        Party.HYPERVISOR,
        ("CRQ-13",),
        ("gap_ends",),
    ),
    Time(
        "delay of preemption",
        ("preempt_delay_ms",),
        "`preempt_delay_ms`",
        "an eligible server becomes strictly better than the selected one, with auto on and no pin",
        "no eligible server is better any more; auto is written; an activation; the selection moves or ends",
        "the best server preempts",
        Boundary.AT,
        Party.HYPERVISOR,
        ("MON-5", "INV-4"),
        ("delay_ends",),
    ),
    Time(
        "quiet time",
        ("quiet_time_ms",),
        "`quiet_time_ms`",
        "a call, or a step of the clock",
        "",
        "everything that follows from it can be seen",
        Boundary.WITHIN,
        Party.HYPERVISOR,
        ("FOV-9",),
    ),
    Time(
        "wait for the client's INIT",
        ("srv_wait_ms",),
        "`srv_wait_ms`",
        "the active flag rises; event 01 or 02 is read while it is set",
        "the client's INIT is found; the flag falls",
        "the server sends INIT itself",
        Boundary.AT,
        Party.SERVER,
        ("SRV-1",),
    ),
    Time(
        "repeating a busy call",
        ("busy_ms",),
        "`busy_ms`",
        "the first busy answer",
        "any other answer",
        "the client has given up, and said so",
        Boundary.WITHIN,
        Party.CLIENT,
        ("CLI-14",),
    ),
    Time(
        "what the user asks for",
        ("user_ms",),
        "`user_ms`",
        "the user asks",
        "",
        "it has returned",
        Boundary.WITHIN,
        Party.CLIENT,
        ("CLI-18", "CLI-17"),
    ),
    Time(
        "recovery",
        ("recovery_ms",),
        "`recovery_ms`",
        "hypervisor and server are well",
        "one of them is not",
        "the device is registered, logged in if its user wants it open, and its link is up",
        Boundary.WITHIN,
        Party.CLIENT,
        ("CLI-21",),
    ),
    Time(
        "announcement",
        ("announce_ms",),
        "`announce_ms`",
        "the link is up behind another server",
        "the link goes down",
        "a frame with the client's MAC as source has left",
        Boundary.WITHIN,
        Party.CLIENT,
        ("DLG-11", "CLI-5"),
    ),
)
