"""The named instances: which part of the environment each one lets act.

An instance restricts what users, administrators, faults and time do, never how the mechanism answers. Instances of bare
calls (``bare``) have a client and servers that keep to no protocol; the others run the drivers' dialogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from vnic_model.instance import Instance, check_servers
from vnic_spec.catalogue import ACTIONS
from vnic_spec.mutations import Mutation
from vnic_spec.profile import ClientInit, Crossing, EventFull, Profile
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Property, Scope
from vnic_spec.vocabulary import Kind, Status


@dataclass(frozen=True)
class Scenario:
    """An instance for any number of servers."""

    name: str
    sentence: str
    actions: frozenset[str]
    bare: bool
    client_depth: int = 2
    server_depth: int = 2
    parameters: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    ranked: bool = True  #: servers start with different priorities, the first the best
    levels: int | None = None  #: None: one per server
    start: Mapping[str, Enum | bool | int] = field(default_factory=dict)  #: initial values of all servers alike
    interventions: int | None = None  #: environment actions of a run at most; None: any number
    profile: Profile = field(default_factory=Profile)


_DIALOGUE = (
    "client_registers client_frees client_sends_init client_sends_login client_times_out client_reads_init"
    " client_reads_init_complete client_reads_login_rsp client_reads_failover server_polls server_sends_init"
    " server_reads_init server_reads_login server_refuses_login server_reads_event server_registers server_reports"
)
_BARE = "h_reg_crq h_free_crq client_consumes server_consumes server_registers server_reports"
_FAULTS = "server_crashes server_boots server_hangs server_resumes report_expires"
#: Actions that a single server leaves nothing to do.
NEEDS_ANOTHER = frozenset(
    {"adds_server", "removes_server", "client_complains", "reports_expire_together", "delay_ends"}
)
#: Actions that only another profile than the default lets happen.
_OTHER_PROFILES = frozenset({"gap_ends", "delay_ends", "server_reads_init_complete"})
_STATUS = {"status": (Status.OPERATIONAL,)}
_BOTH = {"status": (Status.OPERATIONAL, Status.LINK_DOWN)}


def _scenario(name: str, sentence: str, actions: str, *, bare: bool, **more: object) -> Scenario:
    names = frozenset(actions.split())
    unknown = names - set(ACTIONS)
    if unknown:
        raise TypeError(f"instance {name} names actions that do not exist: {sorted(unknown)}")
    return Scenario(name, sentence, names, bare, **more)  # type: ignore[arg-type]  # fields of Scenario


SCENARIOS: dict[str, Scenario] = {
    s.name: s
    for s in (
        _scenario(
            "core",
            "the dialogue through crashes, hangs, silence and recovery of servers, and reboots of the client",
            f"{_DIALOGUE} {_FAULTS} client_crashes client_boots",
            bare=False,
            parameters=_STATUS,
        ),
        _scenario(
            "selection",
            "who is selected: registered servers of three priorities fail and recover, auto, open and close; no dialogue",
            "h_reg_crq h_free_crq client_consumes server_consumes server_reports report_expires sets_auto",
            bare=True,
            client_depth=1,
            server_depth=1,
            parameters=_STATUS,
            levels=3,
            start={"registered": True},
        ),
        _scenario(
            "ranking",
            "who is selected: failures, also of two at once, deregistration, priorities that change, auto, reboots; no dialogue",
            f"{_BARE} report_expires reports_expire_together server_frees sets_priority sets_auto client_crashes client_boots",
            bare=True,
            client_depth=1,
            server_depth=1,
            parameters=_BOTH,
            levels=2,
        ),
        _scenario(
            "admin",
            "an administrator adds, removes, ranks and activates servers while they fail and the client opens and closes",
            f"{_BARE} report_expires adds_server removes_server removes_last_server sets_priority sets_auto"
            " activates_server activation_refused server_reports_unlisted",
            bare=True,
            client_depth=1,
            server_depth=1,
            parameters=_STATUS,
            levels=2,
        ),
        _scenario(
            "complaint",
            "the client complains with current and old tokens while servers fail and an administrator activates",
            f"{_BARE} report_expires reports_expire_together client_takes_token client_complains"
            " client_complains_alone client_complains_late"
            " activates_server sets_auto server_frees",
            bare=True,
            client_depth=1,
            server_depth=1,
            parameters=_STATUS,
        ),
        _scenario(
            "migration",
            "the client migrates at any point of the dialogue while servers crash and an administrator activates",
            f"{_DIALOGUE} server_crashes server_boots client_migrates client_enables client_reads_migrated activates_server",
            bare=False,
            parameters=_STATUS,
        ),
        _scenario(
            "holding",
            "servers that hang with the event unread, until hold_limit",
            f"{_DIALOGUE} server_crashes server_boots server_hangs server_resumes hold_expires",
            bare=False,
            parameters=_STATUS,
        ),
        _scenario(
            "data",
            "data and grants beside the dialogue, with servers that hang and resume believing to be active",
            f"{_DIALOGUE} server_hangs server_resumes report_expires client_sends_data client_reads_data server_sends_data"
            " server_reads_data server_uses_grant",
            bare=False,
            parameters=_STATUS,
        ),
        _scenario(
            "wish",
            "the user opens and closes the device at any point of a failover",
            f"{_DIALOGUE} server_crashes server_boots user_changes_wish",
            bare=False,
            parameters=_STATUS,
        ),
        _scenario(
            "interface",
            "every call a client or a server can make at the hypervisor, by partners that keep to no protocol",
            f"{_BARE} h_reg_crq_again h_send_crq_to_server h_enable_crq h_enable_crq_idle h_send_crq_to_client"
            " server_frees server_frees_idle server_registers_again client_migrates server_crashes server_boots",
            bare=True,
            parameters={**_STATUS, "to_server_kind": (Kind.INIT, Kind.LOGIN), "to_client_kind": (Kind.INIT, Kind.DATA)},
        ),
        _scenario(
            "answer",
            "profile client_init = answer: the client answers a server's INIT on the CRQ it has",
            f"{_DIALOGUE} server_reads_init_complete server_crashes server_boots server_hangs server_resumes",
            bare=False,
            parameters=_STATUS,
            profile=Profile(client_init=ClientInit.ANSWER),
        ),
        _scenario(
            "deferred",
            "profile event_full = defer: an event that meets a full queue is owed",
            f"{_DIALOGUE} server_crashes server_boots report_expires",
            bare=False,
            parameters=_STATUS,
            profile=Profile(event_full=EventFull.DEFER),
        ),
        _scenario(
            "damped",
            "profile preempt_delay > 0: preemption waits, nothing else does",
            f"{_BARE} report_expires delay_ends sets_priority activates_server",
            bare=True,
            client_depth=1,
            server_depth=1,
            parameters=_STATUS,
            profile=Profile(preempt_delay_ms=1000),
        ),
        _scenario(
            "gap",
            "profile crossing = gap: a gap in time instead of the hold",
            f"{_BARE} server_crashes server_boots gap_ends",
            bare=True,
            parameters=_STATUS,
            profile=Profile(crossing=Crossing.GAP),
        ),
        _scenario(
            "all",
            "everything that the drivers' dialogue, administrators, faults, users and time can do, few times in a run",
            " ".join(a.name for a in ACTIONS.values() if not a.bare and a.name not in _OTHER_PROFILES),
            bare=False,
            parameters=_BOTH,
            levels=2,
            interventions=2,
        ),
    )
}


def instance(
    name: str,
    servers: int,
    *,
    mutation: Mutation | None = None,
    profile: Profile | None = None,
    client_depth: int | None = None,
    server_depth: int | None = None,
    interventions: int | None = None,
) -> Instance:
    """The named instance for 1 to 6 servers, perhaps mutated, perhaps with another profile, queue depths or bound.

    Raises KeyError for an unknown name and ValueError for a number that makes no machine.
    """
    scenario = SCENARIOS[name]
    check_servers(servers)
    levels = scenario.levels or max(2, servers)
    start: dict[str, Enum | bool | int | tuple[object, ...] | None] = {**scenario.start}
    if scenario.ranked:
        start["priority"] = tuple(min(i, levels - 1) for i in range(servers))
    made = Instance(
        name=name,
        servers=servers,
        actions=scenario.actions if servers > 1 else scenario.actions - NEEDS_ANOTHER,
        client_depth=client_depth or scenario.client_depth,
        server_depth=server_depth or scenario.server_depth,
        levels=levels,
        interventions=scenario.interventions if interventions is None else interventions,
        profile=profile or scenario.profile,
        parameters=scenario.parameters,
        start=start,
    )
    if mutation is None:
        return made
    return replace(
        made,
        rules=mutation.rules,
        effects=mutation.effects,
        client_depth=client_depth or mutation.client_depth or made.client_depth,
        server_depth=server_depth or mutation.server_depth or made.server_depth,
    )


def claims(name: str) -> tuple[Property, ...]:
    """The properties claimed in a named instance: those of the hypervisor, and of the drivers where they are at work."""
    bare = SCENARIOS[name].bare
    return tuple(p for p in PROPERTIES.values() if not bare or p.scope is Scope.ANYBODY)
