"""The interface of role hypervisor as one table: every call, with all that the kit has to know of it in one row.

What it needs of an adapter (:mod:`vnic_conformance.features`), by which words it is told
(:mod:`vnic_conformance.reports.naming`), which actions of the specification it stands for
(:mod:`vnic_conformance.generation.translate`, :mod:`vnic_conformance.oracle.calls`), who demands its answer on a wrong unit, what
its reply owes (:mod:`vnic_conformance.protocol.rules`), and for each argument its domain, of which
:mod:`vnic_conformance.cases.values` makes cases. The table of calls in the protocol's page is written out of it
(:mod:`vnic_conformance.specification.protocol_table`); a test compares it with the schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vnic_conformance import domains
from vnic_spec.wire import Rc, Vioctl

PARTITION, CONSOLE, PLATFORM = "partition", "console", "platform"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call.

    Attributes:
        name: its field.
        domain: values that stand for its classes, a right one first; empty: it is drawn by whoever knows (names of servers,
            bytes), or is derived from a number that the implementation gave out.
        optional: it may be absent.
        words: what it is, where the page says so.
    """

    name: str
    domain: Sequence[int] = ()
    optional: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A field that the reply to a call owes once the call has been carried out.

    Attributes:
        name: the field.
        upon: the return codes with which it is owed; none: it always is.
    """

    name: str
    upon: tuple[Rc, ...] = ()


RC = Result("rc")


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the adapter protocol, or one subfunction of H_VIOCTL.

    Attributes:
        caller: whose call it is: a partition's, the console's or the platform's.
        call: its name in the protocol.
        requirement: who demands its answers.
        arguments: in the order of the call.
        actions: the actions of the specification that it stands for; the state decides which one it is.
        feature: what an adapter has to claim for it, or empty.
        hcall: the hypervisor call that it is, or empty.
        words: what its caller does, or empty where words of its own tell it.
        sub: the subfunction of H_VIOCTL, if it is one.
        results: what its reply owes; the code first.
        told: what an adapter has to do, for the page of the protocol.
        answers: the results in the words of the page, where they are not the code alone.
    """

    caller: str
    call: str
    requirement: str
    arguments: tuple[Argument, ...] = ()
    actions: tuple[str, ...] = ()
    feature: str = ""
    hcall: str = ""
    words: str = ""
    sub: Vioctl | None = None
    results: tuple[Result, ...] = ()
    told: str = ""
    answers: str = ""

    def domain(self, name: str) -> Sequence[int]:
        """The values of an argument."""
        return next(a.domain for a in self.arguments if a.name == name)


_UNIT = Argument("unit")
_HANDLE = Argument("handle", domains.ALIENATED)
_OPTIONAL_HANDLE = Argument("handle", domains.ALIENATED, optional=True)
_QUEUE = (
    Argument("address", domains.ADDRESS, optional=True),
    Argument("length", domains.LENGTH, optional=True),
    _UNIT,
)
_MAP = Argument("map", optional=True)
_SERVER = Argument("server")
_TARGET = Argument("target")
_DMA = (
    "read or write the client's memory through the redirected DMA window. Map the page there first if it is not mapped; "
    'with `"map":0` map nothing, so that an unmapped page fails'
)
_READ = "`rc`, `hex` of what was read"
_SEEN = "`hex` of what was seen"


def _vioctl(
    sub: Vioctl, requirement: str, *p: Sequence[int], actions: tuple[str, ...] = (), also: tuple[Result, ...] = ()
) -> Operation:
    named = tuple(Argument(f"p{place}", domain, optional=True) for place, domain in enumerate(p, 1))
    return Operation(
        *(PARTITION, "vioctl", requirement, (Argument("sub"), *named, _UNIT), actions),
        hcall="H_VIOCTL",
        sub=sub,
        results=(RC, *also),
        told="an absent parameter is 0. For 0x1B with `p1` 0 supply a buffer",
        answers="`rc`; on success `r4` for 0x19, `info` (32 bytes) for 0x1B",
    )


#: Every call, in the order of the protocol's page; the subfunctions of H_VIOCTL one by one.
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        *(PARTITION, "reg_crq", "CRQ-2", _QUEUE),
        ("h_reg_crq", "h_reg_crq_again", "server_registers", "server_registers_again"),
        hcall="H_REG_CRQ",
        words="registers its CRQ",
        results=(RC,),
    ),
    Operation(
        *(PARTITION, "free_crq", "CRQ-4", (_UNIT,)),
        ("h_free_crq", "server_frees", "server_frees_idle"),
        hcall="H_FREE_CRQ",
        words="frees its CRQ",
        results=(RC,),
    ),
    Operation(
        *(PARTITION, "send_crq", "CRQ-3", (Argument("hex", words="16 bytes"), _UNIT)),
        ("h_send_crq_to_server", "h_send_crq_to_client"),
        hcall="H_SEND_CRQ",
        results=(RC,),
    ),
    Operation(
        *(PARTITION, "enable_crq", "CRQ-8", (_UNIT,)),
        ("h_enable_crq", "h_enable_crq_idle"),
        hcall="H_ENABLE_CRQ",
        words="enables its CRQ",
        results=(RC,),
    ),
    Operation(
        *(PARTITION, "vio_signal", "CRQ-11", (Argument("mode", domains.MODE), _UNIT)),
        feature="interrupts",
        hcall="H_VIO_SIGNAL",
        results=(RC,),
    ),
    Operation(
        *(PARTITION, "consume", "CRQ-5", (_OPTIONAL_HANDLE,)),
        ("client_consumes", "server_consumes"),
        words="clears the first element of its queue",
        results=(Result("element"),),
        told="the owner clears the first element of its CRQ, or of that sub-CRQ",
        answers="`element`, empty if none",
    ),
    _vioctl(Vioctl.DISABLE_ALL_VIO_INTERRUPTS, "CRQ-11", domains.UNUSED, domains.UNUSED, domains.UNUSED),
    _vioctl(Vioctl.DISABLE_VIO_INTERRUPT, "CRQ-11", domains.ALIENATED, domains.UNUSED, domains.UNUSED),
    _vioctl(Vioctl.ENABLE_VIO_INTERRUPT, "CRQ-11", domains.ALIENATED, domains.UNUSED, domains.UNUSED),
    _vioctl(
        *(Vioctl.VNIC_SERVER_STATUS, "MON-1", domains.STATUS, domains.INTERVAL, domains.UNUSED),
        actions=("server_reports", "server_reports_unlisted"),
    ),
    _vioctl(
        *(Vioctl.GET_SESSION_TOKEN, "SES-1", domains.UNUSED, domains.UNUSED, domains.UNUSED),
        actions=("client_takes_token",),
        also=(Result("r4", (Rc.H_SUCCESS,)),),
    ),
    _vioctl(
        *(Vioctl.SESSION_ERROR_DETECTED, "SES-2", domains.ALIENATED, domains.UNUSED, domains.UNUSED),
        actions=("client_complains", "client_complains_alone", "client_complains_late"),
    ),
    _vioctl(
        *(Vioctl.GET_VNIC_SERVER_INFO, "MON-7", domains.DESCRIPTOR, domains.UNUSED, domains.UNUSED),
        also=(Result("info", (Rc.H_SUCCESS,)),),
    ),
    Operation(
        *(PARTITION, "eoi", "CRQ-11", (_OPTIONAL_HANDLE,)),
        feature="interrupts",
        hcall="H_EOI",
        words="is done with an interrupt",
        results=(RC,),
        told="end the pending interrupt of the CRQ, or of that sub-CRQ",
    ),
    Operation(
        *(PARTITION, "reg_sub_crq", "CRQ-12", _QUEUE),
        feature="sub_crq",
        hcall="H_REG_SUB_CRQ",
        words="registers a sub-CRQ",
        results=(RC, Result("handle", (Rc.H_SUCCESS, Rc.H_CLOSED))),
        answers=(
            "`rc`; on success or H_CLOSED `handle`; with `interrupts` also `source`, the number of its interrupt for H_VIOCTL "
            "0x0B and 0x0C"
        ),
    ),
    Operation(
        *(PARTITION, "free_sub_crq", "CRQ-12", (_HANDLE, _UNIT)),
        feature="sub_crq",
        hcall="H_FREE_SUB_CRQ",
        words="frees a sub-CRQ",
        results=(RC,),
    ),
    Operation(
        *(PARTITION, "send_sub_crq", "CRQ-12", (_HANDLE, Argument("hex", words="32 bytes"), _UNIT)),
        feature="sub_crq",
        hcall="H_SEND_SUB_CRQ",
        words="sends to a sub-CRQ",
        results=(RC,),
    ),
    Operation(
        *(PARTITION, "send_sub_crq_indirect", "CRQ-12"),
        (_HANDLE, Argument("hex", words="n × 32 bytes, which you place in the caller's memory"), _UNIT),
        feature="sub_crq",
        hcall="H_SEND_SUB_CRQ_INDIRECT",
        words="sends several elements to a sub-CRQ",
        results=(RC,),
    ),
    Operation(
        *(PARTITION, "dma_write", "CRQ-12", (Argument("address", domains.ADDRESS), Argument("hex"), _MAP)),
        feature="dma",
        words="writes the client's memory",
        results=(RC,),
        told=_DMA,
        answers=_READ,
    ),
    Operation(
        *(PARTITION, "dma_read", "CRQ-12"),
        (Argument("address", domains.ADDRESS), Argument("length", domains.LENGTH), _MAP),
        feature="dma",
        words="reads the client's memory",
        results=(RC, Result("hex", (Rc.H_SUCCESS,))),
        told=_DMA,
        answers=_READ,
    ),
    Operation(
        *(PARTITION, "poke", "CRQ-12", (Argument("address"), Argument("hex"))),
        feature="dma",
        words="writes its own memory",
        told="own memory",
        answers=_SEEN,
    ),
    Operation(
        *(PARTITION, "peek", "CRQ-12", (Argument("address"), Argument("length"))),
        feature="dma",
        words="reads its own memory",
        results=(Result("hex"),),
        told="own memory",
        answers=_SEEN,
    ),
    Operation(
        *(CONSOLE, "add", "ADM-1"),
        (_SERVER, Argument("port", optional=True), Argument("priority", domains.PRIORITY, optional=True)),
        ("adds_server",),
        "console",
    ),
    Operation(CONSOLE, "remove", "ADM-3", (_SERVER,), ("removes_server", "removes_last_server"), "console"),
    Operation(
        *(CONSOLE, "priority", "SEL-4", (_SERVER, Argument("value", domains.PRIORITY)), ("sets_priority",), "console")
    ),
    Operation(CONSOLE, "auto", "ADM-5", (Argument("value", words="0 or 1"),), ("sets_auto",), "console"),
    Operation(CONSOLE, "activate", "ADM-6", (_SERVER,), ("activates_server", "activation_refused"), "console"),
    Operation(PLATFORM, "power_on", "MON-3", (_TARGET,), ("client_boots", "server_boots"), "power"),
    Operation(PLATFORM, "power_off", "MON-3", (_TARGET,), ("client_crashes", "server_crashes"), "power"),
    Operation(
        *(PLATFORM, "crash", "MON-3", (Argument("target", words="`client`, `server0` …"),)),
        ("client_crashes", "server_crashes"),
        "power",
    ),
    Operation(PLATFORM, "migrate", "CRQ-8", (), ("client_migrates",), "migration", told="the client's partition"),
)


def operation(call: str, sub: int | None = None) -> Operation:
    """The row of a call; of H_VIOCTL that of a subfunction."""
    return next(o for o in OPERATIONS if o.call == call and (sub is None or o.sub == sub))


#: Actions of the specification: the call that is made for each. Where several stand for one, the last: a crash, not power off.
CALL_OF: Mapping[str, Operation] = {action: o for o in OPERATIONS for action in o.actions}
#: What the reply to a call of a partition owes; those of H_VIOCTL by their subfunction, an unknown one the code alone.
RESULTS: Mapping[tuple[str, int | None], tuple[Result, ...]] = {
    (o.call, None if o.sub is None else int(o.sub)): o.results for o in OPERATIONS if o.caller == PARTITION
}
#: Calls of a partition: the hypervisor call that each one is.
HCALLS: Mapping[str, str] = {o.call: o.hcall for o in OPERATIONS if o.hcall}
#: Calls of a partition: what it does, in words.
WORDS: Mapping[str, str] = {o.call: o.words for o in OPERATIONS if o.words}
#: The feature that a call needs, by who makes it and its name; H_VIOCTL needs none by itself.
FEATURE_OF: Mapping[tuple[str, str], str] = {(o.caller, o.call): o.feature for o in OPERATIONS if o.feature}
#: By which requirement a call on a unit that is not the caller's is H_PARAMETER.
UNIT_DEMANDED_BY: Mapping[str, str] = {
    o.call: o.requirement for o in OPERATIONS if o.sub is None and any(a.name == "unit" for a in o.arguments)
}
#: The same of the subfunctions of H_VIOCTL.
UNIT_DEMANDED_BY_SUB: Mapping[int, str] = {int(o.sub): o.requirement for o in OPERATIONS if o.sub is not None}
