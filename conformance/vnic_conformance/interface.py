"""The interface of role hypervisor as one table: every call, with all that the kit has to know of it in one row.

What it needs of an adapter (:mod:`vnic_conformance.features`), by which words it is told
(:mod:`vnic_conformance.reports.naming`), which actions of the specification it stands for, who demands its answer on a wrong
unit, and for each argument its domain, of which :mod:`vnic_conformance.cases.values` makes cases. A test compares it with the
schema of the protocol and with its page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vnic_conformance import domains
from vnic_spec.wire import Vioctl

PARTITION, CONSOLE, PLATFORM = "partition", "console", "platform"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call.

    Attributes:
        name: its field.
        domain: values that stand for its classes, a right one first; empty: it is drawn by whoever knows (names of servers,
            bytes), or is derived from a number that the implementation gave out.
    """

    name: str
    domain: Sequence[int] = ()


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

    def domain(self, name: str) -> Sequence[int]:
        """The values of an argument."""
        return next(a.domain for a in self.arguments if a.name == name)


_UNIT = Argument("unit")
_HANDLE = Argument("handle", domains.ALIENATED)
_QUEUE = (Argument("address", domains.ADDRESS), Argument("length", domains.LENGTH), _UNIT)
_SERVER = Argument("server")
_TARGET = Argument("target")


def _vioctl(sub: Vioctl, requirement: str, *p: Sequence[int], actions: tuple[str, ...] = ()) -> Operation:
    named = tuple(Argument(f"p{place}", domain) for place, domain in enumerate(p, 1))
    return Operation(
        PARTITION, "vioctl", requirement, (Argument("sub"), *named, _UNIT), actions, "", "H_VIOCTL", "", sub
    )


#: Every call, in the order of the protocol's page; the subfunctions of H_VIOCTL one by one.
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        *(PARTITION, "reg_crq", "CRQ-2", _QUEUE),
        ("h_reg_crq", "h_reg_crq_again", "server_registers", "server_registers_again"),
        hcall="H_REG_CRQ",
        words="registers its CRQ",
    ),
    Operation(
        *(PARTITION, "free_crq", "CRQ-4", (_UNIT,)),
        ("h_free_crq", "server_frees", "server_frees_idle"),
        hcall="H_FREE_CRQ",
        words="frees its CRQ",
    ),
    Operation(
        *(PARTITION, "send_crq", "CRQ-3", (Argument("hex"), _UNIT)),
        ("h_send_crq_to_server", "h_send_crq_to_client"),
        hcall="H_SEND_CRQ",
    ),
    Operation(
        *(PARTITION, "enable_crq", "CRQ-8", (_UNIT,)),
        ("h_enable_crq", "h_enable_crq_idle"),
        hcall="H_ENABLE_CRQ",
        words="enables its CRQ",
    ),
    Operation(
        *(PARTITION, "vio_signal", "CRQ-11", (Argument("mode", domains.MODE), _UNIT)),
        feature="interrupts",
        hcall="H_VIO_SIGNAL",
    ),
    Operation(
        *(PARTITION, "consume", "CRQ-5", (_HANDLE,)),
        ("client_consumes", "server_consumes"),
        words="clears the first element of its queue",
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
    ),
    _vioctl(
        *(Vioctl.SESSION_ERROR_DETECTED, "SES-2", domains.ALIENATED, domains.UNUSED, domains.UNUSED),
        actions=("client_complains", "client_complains_alone", "client_complains_late"),
    ),
    _vioctl(Vioctl.GET_VNIC_SERVER_INFO, "MON-7", domains.DESCRIPTOR, domains.UNUSED, domains.UNUSED),
    Operation(
        *(PARTITION, "eoi", "CRQ-11", (_HANDLE,)),
        feature="interrupts",
        hcall="H_EOI",
        words="is done with an interrupt",
    ),
    Operation(
        *(PARTITION, "reg_sub_crq", "CRQ-12", _QUEUE),
        feature="sub_crq",
        hcall="H_REG_SUB_CRQ",
        words="registers a sub-CRQ",
    ),
    Operation(
        *(PARTITION, "free_sub_crq", "CRQ-12", (_HANDLE, _UNIT)),
        feature="sub_crq",
        hcall="H_FREE_SUB_CRQ",
        words="frees a sub-CRQ",
    ),
    Operation(
        *(PARTITION, "send_sub_crq", "CRQ-12", (_HANDLE, Argument("hex"), _UNIT)),
        feature="sub_crq",
        hcall="H_SEND_SUB_CRQ",
        words="sends to a sub-CRQ",
    ),
    Operation(
        *(PARTITION, "send_sub_crq_indirect", "CRQ-12", (_HANDLE, Argument("hex"), _UNIT)),
        feature="sub_crq",
        hcall="H_SEND_SUB_CRQ_INDIRECT",
        words="sends several elements to a sub-CRQ",
    ),
    Operation(
        *(PARTITION, "dma_write", "CRQ-12", (Argument("address", domains.ADDRESS), Argument("hex"), Argument("map"))),
        feature="dma",
        words="writes the client's memory",
    ),
    Operation(
        *(PARTITION, "dma_read", "CRQ-12"),
        (Argument("address", domains.ADDRESS), Argument("length", domains.LENGTH), Argument("map")),
        feature="dma",
        words="reads the client's memory",
    ),
    Operation(
        *(PARTITION, "poke", "CRQ-12", (Argument("address"), Argument("hex"))),
        feature="dma",
        words="writes its own memory",
    ),
    Operation(
        *(PARTITION, "peek", "CRQ-12", (Argument("address"), Argument("length"))),
        feature="dma",
        words="reads its own memory",
    ),
    Operation(
        *(CONSOLE, "add", "ADM-1", (_SERVER, Argument("port"), Argument("priority", domains.PRIORITY))),
        ("adds_server",),
        "console",
    ),
    Operation(CONSOLE, "remove", "ADM-3", (_SERVER,), ("removes_server", "removes_last_server"), "console"),
    Operation(
        *(CONSOLE, "priority", "SEL-4", (_SERVER, Argument("value", domains.PRIORITY)), ("sets_priority",), "console")
    ),
    Operation(CONSOLE, "auto", "ADM-5", (Argument("value"),), ("sets_auto",), "console"),
    Operation(CONSOLE, "activate", "ADM-6", (_SERVER,), ("activates_server", "activation_refused"), "console"),
    Operation(PLATFORM, "power_on", "MON-3", (_TARGET,), ("client_boots", "server_boots"), "power"),
    Operation(PLATFORM, "power_off", "MON-3", (_TARGET,), ("client_crashes", "server_crashes"), "power"),
    Operation(PLATFORM, "crash", "MON-3", (_TARGET,), ("client_crashes", "server_crashes"), "power"),
    Operation(PLATFORM, "migrate", "CRQ-8", (), ("client_migrates",), "migration"),
)


def operation(call: str, sub: int | None = None) -> Operation:
    """The row of a call; of H_VIOCTL that of a subfunction."""
    return next(o for o in OPERATIONS if o.call == call and (sub is None or o.sub == sub))


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
