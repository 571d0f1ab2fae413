"""The hypervisor calls at the level of bytes, as data: codes, checks in their order, effects, records.

The chapter of hypervisor calls in the specification, its table of precedence and ``vnickit explain`` are made of it. Numbers
come from :mod:`vnic_spec.wire`. A test compares the codes with those that the scripted cases expect, call by call.
"""

from __future__ import annotations

from dataclasses import dataclass

from vnic_spec.wire import Event, Hcall, Rc, Vioctl


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a call's table: the first that applies gives the answer; only one that says *otherwise* has an effect.

    Attributes:
        condition: what is wrong, or ``otherwise``.
        answer: the return code.
        requirements: who demands it.
    """

    condition: str
    answer: Rc
    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """One call, or one subfunction of H_VIOCTL.

    Attributes:
        key: the call in the adapter protocol, or the subfunction.
        token: the function token, or the number of the subfunction.
        arguments: in words.
        checks: in their order.
        facts: what else is to be known, one paragraph each.
    """

    key: str | Vioctl
    token: Hcall | Vioctl
    arguments: str
    checks: tuple[Check, ...]
    facts: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """As its heading names it."""
        if isinstance(self.token, Vioctl):
            return f"H_VIOCTL 0x{int(self.token):02X} {self.token.name}"
        return self.token.name


def _unit(*requirements: str) -> Check:
    return Check("the unit is not one of the caller's", Rc.H_PARAMETER, requirements)


def _unused(words: str, *requirements: str) -> Check:
    return Check(f"a parameter that is not used ({words}) is not 0", Rc.H_PARAMETER, requirements)


#: The events that the hypervisor writes: code, to whom and when, and who demands it.
EVENTS: tuple[tuple[Event, str, tuple[str, ...]], ...] = (
    (Event.PARTNER_FAILED, "the connected server, when the client's partition goes down", ("CRQ-4",)),
    (
        Event.PARTNER_DEREGISTERED,
        "the connected server, when the client frees its CRQ or migrates; at a switch the old server, if registered",
        ("CRQ-4", "CRQ-8", "FOV-2"),
    ),
    (Event.MIGRATED, "the client, when it has migrated", ("CRQ-8",)),
    (Event.DEVICE_FAILOVER, "the client, at each switch, with a successor or without", ("FOV-3", "FOV-6")),
)
#: The calls on the CRQ and its interrupt.
CRQ_CALLS = (
    Described(
        "reg_crq",
        Hcall.H_REG_CRQ,
        "unit, address and length of the queue in bytes",
        (
            _unit("CRQ-2"),
            Check(
                (
                    "the address is no multiple of 4096, the length is 0 or no multiple of 4096, or a part"
                    " of the queue is not mapped for DMA"
                ),
                Rc.H_PARAMETER,
                ("CRQ-2",),
            ),
            Check("the unit has no authorised connection", Rc.H_NOT_FOUND, ("CRQ-2",)),
            Check(
                "the caller's queue is registered already (for the client: OPEN or DISABLED)", Rc.H_RESOURCE, ("CRQ-2",)
            ),
            Check(
                "otherwise it is registered; after the selection that this causes the caller is connected",
                Rc.H_SUCCESS,
                ("CRQ-2", "CRQ-14"),
            ),
            Check(
                "otherwise it is registered, and the caller is not connected: no partner, or held (CRQ-13)",
                Rc.H_CLOSED,
                ("CRQ-2", "CRQ-13"),
            ),
        ),
        (
            "A server is always answered H_CLOSED, because it is POWERED_OFF until its first report (MON-6).",
            (
                "The queue holds length / 16 elements, all of which can be used. It may be all the memory "
                "that is mapped. The interrupt is disabled, and none is pending (CRQ-11)."
            ),
            (
                "Before the call the owner of the memory sets every header byte (byte 0 of each 16) to 0; "
                "the hypervisor need not look. An adapter acts for the owner, so it does that, unless the "
                "hypervisor does: no element of an earlier registration may be seen (CRQ-9). It is the "
                "other way round for a sub-CRQ, whose headers the hypervisor clears."
            ),
        ),
    ),
    Described(
        "free_crq",
        Hcall.H_FREE_CRQ,
        "unit",
        (_unit("CRQ-4"), Check("otherwise, registered or not", Rc.H_SUCCESS, ("CRQ-4",))),
        (
            (
                "All sub-CRQs of the unit are freed, its interrupts are disabled and none is pending; the "
                "session ends (CRQ-4, CRQ-11). The client's selection stands at least until it registers again (SEL-7; "
                "under profile reopen = RESELECT that registration selects afresh). "
                "Freeing a DISABLED queue ends the disabling, too: the next registration is OPEN. Who is told: CRQ-4."
            ),
        ),
    ),
    Described(
        "send_crq",
        Hcall.H_SEND_CRQ,
        "unit, the element in two doublewords, big-endian",
        (
            _unit("CRQ-3"),
            Check("byte 0 has no high bit (0x00 to 0x7F), or is 0xFF", Rc.H_PARAMETER, ("CRQ-3", "CRQ-6")),
            Check(
                (
                    "the caller is not connected: its own queue or the partner's is not registered, it is "
                    "not the selected server, it is held (CRQ-13), an event is owed to the client (CRQ-7),"
                    " or the client's CRQ is DISABLED"
                ),
                Rc.H_CLOSED,
                ("CRQ-3", "FOV-10"),
            ),
            Check("the partner's queue has no free element", Rc.H_DROPPED, ("CRQ-3", "CRQ-5")),
            Check("otherwise it is stored", Rc.H_SUCCESS, ("CRQ-3",)),
        ),
        (
            (
                "Reserved headers with the high bit (0x81 to 0xBF, 0xC1 to 0xFE) pass, and so does every "
                "format of 0xC0. Bytes 1 to 15 are carried unchanged (CRQ-10). An element frees its place "
                "when its owner sets the header byte to 0, which is what `consume` stands for."
            ),
        ),
    ),
    Described(
        "enable_crq",
        Hcall.H_ENABLE_CRQ,
        "unit",
        (_unit("CRQ-8"), Check("otherwise, disabled or not", Rc.H_SUCCESS, ("CRQ-8",))),
        (
            (
                "A client's CRQ that is DISABLED becomes OPEN, with its elements and its position; then a "
                "server is selected afresh, unless one has been activated meanwhile, and connected. On any"
                " other queue, a server's always, nothing happens. Nobody is sent an event."
            ),
        ),
    ),
    Described(
        "vio_signal",
        Hcall.H_VIO_SIGNAL,
        "unit, mode: the least significant bit enables (1) or disables (0) the interrupt of the CRQ",
        (Check("otherwise", Rc.H_SUCCESS, ("CRQ-11",)),),
        (
            (
                "An element or an event that is stored while the interrupt is enabled makes it pending; "
                "more of them change nothing until it is ended. What came while it was disabled raises "
                "nothing when it is enabled: the owner looks (CRQ-11)."
            ),
        ),
    ),
    Described(
        "eoi",
        Hcall.H_EOI,
        "the interrupt that is ended",
        (Check("otherwise", Rc.H_SUCCESS, ("CRQ-11",)),),
        ("It is no longer pending, whatever the queue holds; the next element makes it pending again.",),
    ),
)

#: The subfunctions of H_VIOCTL.
SUBFUNCTIONS = (
    Described(
        Vioctl.DISABLE_ALL_VIO_INTERRUPTS,
        Vioctl.DISABLE_ALL_VIO_INTERRUPTS,
        "none",
        (
            _unit("CRQ-11"),
            _unused("p1, p2, p3", "CRQ-11"),
            Check("otherwise", Rc.H_SUCCESS, ("CRQ-11",)),
        ),
        ("The interrupts of all sub-CRQs of the unit are disabled, and nobody else's.",),
    ),
    Described(
        Vioctl.DISABLE_VIO_INTERRUPT,
        Vioctl.DISABLE_VIO_INTERRUPT,
        "p1: the interrupt, as H_REG_SUB_CRQ gave it (`source`)",
        (
            _unit("CRQ-11"),
            _unused("p2, p3", "CRQ-11"),
            Check("p1 is no interrupt of a live sub-CRQ of the unit", Rc.H_PARAMETER, ("CRQ-11",)),
            Check("otherwise", Rc.H_SUCCESS, ("CRQ-11",)),
        ),
        ("Elements raise this interrupt no more.",),
    ),
    Described(
        Vioctl.ENABLE_VIO_INTERRUPT,
        Vioctl.ENABLE_VIO_INTERRUPT,
        "p1: the interrupt, as H_REG_SUB_CRQ gave it (`source`)",
        (
            _unit("CRQ-11"),
            _unused("p2, p3", "CRQ-11"),
            Check("p1 is no interrupt of a live sub-CRQ of the unit", Rc.H_PARAMETER, ("CRQ-11",)),
            Check("otherwise", Rc.H_SUCCESS, ("CRQ-11",)),
        ),
        ("The next element on that sub-CRQ makes it pending; elements that are there already do not.",),
    ),
    Described(
        Vioctl.VNIC_SERVER_STATUS,
        Vioctl.VNIC_SERVER_STATUS,
        "p1: status; p2: milliseconds until the next report",
        (
            _unit("MON-1"),
            _unused("p3", "MON-1"),
            Check("the server is not on the list, or its CRQ is not registered", Rc.H_STATE, ("MON-1",)),
            Check(
                "p1 is not 1 OPERATIONAL, 2 LINK_DOWN or 3 ADAPTER_ERROR (all 64 bits count), or p2 is 0",
                Rc.H_PARAMETER,
                ("MON-1",),
            ),
            Check("otherwise", Rc.H_SUCCESS, ("MON-1", "MON-4")),
        ),
        (
            (
                "The status is set, and from now on p2 counts. The server may become UNRESPONSIVE when "
                "more than p2 ms have passed, and must when more than p2 × grace have (MON-2). After "
                "exactly p2 ms it is not yet."
            ),
        ),
    ),
    Described(
        Vioctl.GET_SESSION_TOKEN,
        Vioctl.GET_SESSION_TOKEN,
        "none",
        (
            _unit("SES-1"),
            _unused("p1, p2, p3", "SES-1"),
            Check("the client is not connected", Rc.H_STATE, ("SES-1",)),
            Check("otherwise, with the token in R4", Rc.H_SUCCESS, ("SES-1",)),
        ),
        (
            (
                "The token is a number of 64 bits: the same throughout a session, and never one of an "
                "earlier session, with this server or another. A session is one connection; a free and "
                "register of either side ends it."
            ),
        ),
    ),
    Described(
        Vioctl.SESSION_ERROR_DETECTED,
        Vioctl.SESSION_ERROR_DETECTED,
        "p1: the token",
        (
            _unit("SES-2"),
            _unused("p2, p3", "SES-2"),
            Check("p1 is not the token of the session that is running", Rc.H_STATE, ("SES-2",)),
            Check("the selected server is not OPERATIONAL, or no other one is eligible", Rc.H_CONSTRAINED, ("SES-2",)),
            Check("otherwise the complaint is recorded and the client moved", Rc.H_SUCCESS, ("SES-2", "SES-3")),
        ),
        (
            (
                "H_CONSTRAINED changes nothing under profile complaint_order = CHECK_FIRST. Under LOPAR "
                "the complaint is recorded first, and MON-5 clears it again with all others, because "
                "nobody is eligible then."
            ),
        ),
    ),
    Described(
        Vioctl.GET_VNIC_SERVER_INFO,
        Vioctl.GET_VNIC_SERVER_INFO,
        "p1: descriptor of the buffer for the record",
        (
            _unit("MON-7"),
            _unused("p2, p3", "MON-7"),
            Check(
                "the control byte of the descriptor is not 0, or its buffer is not mapped whole",
                Rc.H_PARAMETER,
                ("MON-7",),
            ),
            Check("otherwise the record is written", Rc.H_SUCCESS, ("MON-7",)),
        ),
        (
            (
                "It works for every server on the list, its CRQ registered or not. A record longer than "
                "the buffer is cut; no byte behind the buffer is touched. A buffer of length 0 succeeds "
                "and writes nothing."
            ),
        ),
    ),
)

#: The calls on sub-CRQs.
SUB_CALLS = (
    Described(
        "reg_sub_crq",
        Hcall.H_REG_SUB_CRQ,
        "unit, address and length of the queue in bytes",
        (
            _unit("CRQ-12"),
            Check("the queue is not aligned, whole pages and mapped, as for H_REG_CRQ", Rc.H_PARAMETER, ("CRQ-12",)),
            Check("the unit has no authorised connection", Rc.H_NOT_FOUND, ("CRQ-12",)),
            Check("the unit has all the sub-CRQs that it can have", Rc.H_RESOURCE, ("CRQ-12",)),
            Check("otherwise it is registered; the caller is connected", Rc.H_SUCCESS, ("CRQ-12",)),
            Check("otherwise it is registered; the caller is not connected", Rc.H_CLOSED, ("CRQ-12",)),
        ),
        (
            (
                "R4 is the handle, R5 the number of its interrupt, with H_CLOSED as with H_SUCCESS. The "
                "hypervisor clears the header bytes; the interrupt is disabled. The queue holds length / "
                "32 elements. A handle dies with the session, and no later registration gets the same "
                "number. How many a unit may have at a time is not tested; cases need two."
            ),
        ),
    ),
    Described(
        "free_sub_crq",
        Hcall.H_FREE_SUB_CRQ,
        "unit, handle",
        (
            _unit("CRQ-12"),
            Check("the handle is no live sub-CRQ of the unit", Rc.H_PARAMETER, ("CRQ-12",)),
            Check("otherwise", Rc.H_SUCCESS, ("CRQ-12",)),
        ),
        ("The partner is not told.",),
    ),
    Described(
        "send_sub_crq",
        Hcall.H_SEND_SUB_CRQ,
        "unit, handle of the partner's queue, the element in four doublewords",
        (
            _unit("CRQ-12"),
            Check(
                "the handle is no live sub-CRQ of the connected partner; without a connection none is",
                Rc.H_PARAMETER,
                ("CRQ-12", "FOV-10"),
            ),
            Check("byte 0 is not 0x80", Rc.H_PARAMETER, ("CRQ-12",)),
            Check("the queue is full", Rc.H_DROPPED, ("CRQ-12",)),
            Check("otherwise it is stored", Rc.H_SUCCESS, ("CRQ-12",)),
        ),
        ("H_CLOSED never comes: whoever is not connected is answered by the check of the handle, which is earlier.",),
    ),
    Described(
        "send_sub_crq_indirect",
        Hcall.H_SEND_SUB_CRQ_INDIRECT,
        "unit, handle of the partner's queue, address and number of the elements in the caller's memory",
        (
            _unit("CRQ-12"),
            Check("the handle is no live sub-CRQ of the connected partner", Rc.H_PARAMETER, ("CRQ-12", "FOV-10")),
            Check("the number is 0, or greater than profile indirect_limit", Rc.H_PARAMETER, ("CRQ-12",)),
            Check("the elements are not mapped whole", Rc.H_PARAMETER, ("CRQ-12",)),
            Check("byte 0 of any of them is not 0x80", Rc.H_PARAMETER, ("CRQ-12",)),
            Check("the queue has no room for all of them", Rc.H_DROPPED, ("CRQ-12",)),
            Check("otherwise all are stored", Rc.H_SUCCESS, ("CRQ-12",)),
        ),
        ("All or nothing: with any other answer none is stored.",),
    ),
)

#: Every call that has a section.
DESCRIBED = (*CRQ_CALLS, *SUBFUNCTIONS, *SUB_CALLS)

#: Codes that a call may answer beside those of its checks, and which.
BUSY = (
    Rc.H_BUSY,
    Rc.H_IN_PROGRESS,
    Rc.H_LONG_BUSY_1_MS,
    Rc.H_LONG_BUSY_10_MS,
    Rc.H_LONG_BUSY_100_MS,
    Rc.H_LONG_BUSY_1_S,
    Rc.H_LONG_BUSY_10_S,
    Rc.H_LONG_BUSY_100_S,
)
MAY_BE_BUSY = ("free_crq", "enable_crq", "free_sub_crq")

#: What each code means here, in the order of the table.
CODES = {
    Rc.H_SUCCESS: "done",
    Rc.H_CLOSED: "not connected; of a registration: registered all the same",
    Rc.H_CONSTRAINED: "a complaint that nobody can answer",
    Rc.H_PARAMETER: "an argument is wrong",
    Rc.H_NOT_FOUND: "no authorised connection; of H_VIOCTL: no such subfunction",
    Rc.H_DROPPED: "no room",
    Rc.H_RESOURCE: "registered already; of H_REG_SUB_CRQ: no more to be had",
    Rc.H_STATE: "not now: no session, not listed, not registered",
    Rc.H_PERMISSION: "memory that was not granted (DMA; any code but H_SUCCESS will do)",
    Rc.H_FUNCTION: "the hypervisor does not have this call: as good as `unsupported`",
    **dict.fromkeys(BUSY, "not yet: the caller repeats the call (CRQ-14)"),
}

#: The record of GET_VNIC_SERVER_INFO: offset, length in bytes, what it holds.
RECORD = (
    (0, 8, "version: 1"),
    (8, 8, "active: 1 while the server is selected and connected, else 0"),
    (16, 8, "status: 1 OPERATIONAL, 2 LINK_DOWN, 3 ADAPTER_ERROR, 4 POWERED_OFF, 5 NETWORK_ERROR, 6 UNRESPONSIVE"),
    (24, 1, "priority, 1 to 100"),
    (25, 7, "0"),
)
#: Its descriptor: bits from the most significant one, what they hold.
DESCRIPTOR = (
    ("63 to 56", "control: 0"),
    ("55 to 32", "length of the buffer in bytes"),
    ("31 to 0", "address of the buffer"),
)

#: What else an implementation has to know that is no call of a partition: heading and paragraphs.
BESIDE_CALLS = {
    "Memory of the client": (
        (
            "The connected server reads and writes what the client has mapped, once it has mapped the page"
            " for itself (`dma_read`, `dma_write`; the feature `dma`). A map is good for one page of 4096 "
            "bytes, for one server, and for one session: a server that is connected again starts without "
            "any. Whatever is not mapped, or reached by a server that is not connected, is refused: any "
            "code but H_SUCCESS, and no byte is read or written (CRQ-12, FOV-10)."
        ),
    ),
    "Partitions": (
        (
            "A partition that is off can call nothing: `refused`. Powering off and crashing are one thing:"
            " its CRQ and sub-CRQs are gone. The client's is told to the connected server by event 01, and"
            " the selection, with its pin, ends (SEL-7). Powering on a partition that runs, or off one "
            "that does not, is `refused`, without effect."
        ),
    ),
    "Migration": (
        (
            "Client's CRQ OPEN: event 06 is put on its queue (by CRQ-7 if that is full), the CRQ is "
            "DISABLED, the connected server is told by event 02, session, sub-CRQs and selection end, "
            "nobody is selected (CRQ-8). Sends of both sides are H_CLOSED. An activation meanwhile "
            "selects, but does not connect."
        ),
        (
            "DISABLED already: one more event 06; the selection ends. CLOSED: nobody is told and nothing "
            "is disabled, but the selection ends. In these two cases the platform may also answer "
            "`refused`, without effect. The partition is off: `refused`."
        ),
    ),
    "Console": (
        (
            "`refused`, without effect: a priority outside 1 to 100 (`add`, `priority`); `add` of a server"
            " that is listed, on a port of another one that is listed, or beyond profile max_servers; "
            "`priority` and `remove` of a server that is not listed; `remove` of the last one; `activate` "
            "of a server that is not eligible, unless a complaint is its only fault (ADM-1, ADM-3, ADM-4, "
            "ADM-6, SEL-4)."
        ),
        (
            "`add` without a priority gives 50, without a port one that no listed server has. A server "
            "that is added is POWERED_OFF until its next report, even if its CRQ has been registered all "
            "the time (MON-6), and is the newest (SEL-5)."
        ),
    ),
    "Order of effects in one step of the clock": (
        (
            "What falls due in one `advance` is carried out at its own time, the earliest first; reports "
            "that are missed at the same moment are missed together, and then one successor is selected "
            "(MON-2). Times: MON-2 (reports), CRQ-13 (hold_limit_ms, gap_ms), MON-5 (preempt_delay_ms)."
        ),
    ),
    "What is not decided": (
        (
            "An unknown subfunction of H_VIOCTL is H_NOT_FOUND, before the unit is looked at; one of a "
            "server called by a client, or the reverse, is H_PARAMETER (LoPAR). The kit demands only that "
            "nothing happens then. The same goes for GET_VNIC_SERVER_INFO of a server that is not listed."
        ),
    ),
}
