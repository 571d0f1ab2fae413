"""What is explored a level below: the calls that may arrive, and the small system in which they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vnic_model.instance import Instance, check_servers
from vnic_spec.below.fine_step import Call
from vnic_spec.below.programs import PROGRAMS, Misordering
from vnic_spec.vocabulary import Crq, Kind, Status

#: The actions of the machine that the calls are; the client's reading is no call.
ACTIONS = frozenset(
    {
        *("h_send_crq_to_client", "h_send_crq_to_server", "server_reports", "report_expires", "server_consumes"),
        "client_consumes",
    }
)


@dataclass(frozen=True)
class Below:
    """A system to be explored a level below.

    Attributes:
        machine: the instance of the machine that it refines; both start in the same state.
        calls: what may arrive on a CPU.
        programs: the steps of each kind of call.
        settling: how many calls that may move the selection a run has at most; None: any number.
    """

    machine: Instance
    calls: tuple[Call, ...]
    programs: Mapping[str, tuple[str, ...]]
    settling: int | None = None
    misordering: Misordering | None = None


def calls_of(servers: int) -> tuple[Call, ...]:
    """Every call of so many servers and their client."""
    found = [Call("h_send_crq_to_server", (("to_server_kind", Kind.DATA),), "client sends DATA (H_SEND_CRQ)", "send")]
    for i in range(servers):
        found += [
            Call(
                "h_send_crq_to_client",
                (("i", i), ("to_client_kind", Kind.DATA)),
                f"server {i} sends DATA (H_SEND_CRQ)",
                "send",
            ),
            Call("report_expires", (("i", i),), f"no report of server {i} has come in time", "settle"),
            Call(
                "server_reports",
                (("i", i), ("status", Status.OPERATIONAL)),
                f"server {i} reports OPERATIONAL (H_VIOCTL 0x18)",
                "settle",
            ),
            Call("server_consumes", (("i", i),), f"server {i} has read its first element", "read"),
        ]
    return tuple(found)


def below(
    servers: int,
    *,
    misordering: Misordering | None = None,
    client_depth: int = 2,
    server_depth: int = 1,
    settling: int | None = None,
) -> Below:
    """The system with so many servers, in session with the first of them; all are healthy, the first is the best.

    Raises ValueError for a number of servers that no vNIC has (ADM-1).
    """
    check_servers(servers)
    first = tuple(i == 0 for i in range(servers))
    machine = Instance(
        name="below",
        servers=servers,
        actions=ACTIONS,
        client_depth=client_depth,
        server_depth=server_depth,
        levels=max(2, servers),
        parameters={
            "to_client_kind": (Kind.DATA,),
            "to_server_kind": (Kind.DATA,),
            "status": (Status.OPERATIONAL,),
        },
        start={
            "crq": Crq.OPEN,
            "standing": True,
            "selected": 0,
            "connected": first,
            "granted": first,
            "status": Status.OPERATIONAL,
            "priority": tuple(range(servers)),
            "registered": True,
        },
    )
    found = Below(machine, calls_of(servers), PROGRAMS, settling)
    if misordering is None:
        return found
    return replace(found, programs={**PROGRAMS, **misordering.programs}, misordering=misordering)
