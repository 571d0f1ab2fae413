"""The state of the machine: every variable with its owner, its sort, its initial value and its meaning.

Owners: *hypervisor* (the failover mechanism and the CRQ facility), *administrator*, *client*, *server*, *queue*, and
*proof* (history variables that no implementation has; an implementation cannot tell their values apart).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any, Self, TypedDict, Unpack

from vnic_spec.algebra import Level, Ops, Order, PerServer, Queue, Server, Term, Truth
from vnic_spec.sorts import Added, Choice, Each, Elements, Flag, Sort
from vnic_spec.sorts import Level as LevelSort
from vnic_spec.sorts import Server as ServerSort
from vnic_spec.vocabulary import Belief, ClientPhase, Crq, Kind, Owed, Status, Token

#: Statuses that are stored (NETWORK_ERROR is only shown, MON-4), the initial one first.
STORED_STATUSES = (
    Status.POWERED_OFF,
    Status.OPERATIONAL,
    Status.LINK_DOWN,
    Status.ADAPTER_ERROR,
    Status.UNRESPONSIVE,
)
TO_CLIENT = (Kind.INIT, Kind.INIT_COMPLETE, Kind.LOGIN_RSP, Kind.DATA, Kind.MIGRATED, Kind.FAILOVER)
TO_SERVER = (Kind.INIT, Kind.INIT_COMPLETE, Kind.LOGIN, Kind.DATA, Kind.FAILED, Kind.DEREGISTERED)


@dataclass(frozen=True)
class Variable:
    """One state variable as data."""

    name: str
    sort: Sort
    owner: str
    initially: Enum | bool | int | None
    meaning: str

    @property
    def ghost(self) -> bool:
        """It exists only for the proof."""
        return self.owner == "proof"


def _var(sort: Sort, owner: str, initially: Enum | bool | int | None, meaning: str) -> Any:
    return field(metadata={"sort": sort, "owner": owner, "initially": initially, "meaning": meaning})


def _choice(words: type[Enum]) -> Choice:
    return Choice(tuple(words))


class Changes(TypedDict, total=False):
    """What :meth:`State.but` can replace: the variables of :class:`State` with their types."""

    crq: Term[Crq]
    standing: Truth
    selected: Server
    connected: PerServer[Truth]
    granted: PerServer[Truth]
    held: PerServer[Truth]
    overdue: PerServer[Truth]
    owed: Term[Owed]
    status: PerServer[Term[Status]]
    complaint: PerServer[Truth]
    listed: PerServer[Truth]
    priority: PerServer[Level]
    added: Order
    auto: Truth
    pin: Server
    phase: Term[ClientPhase]
    wish: Truth
    token: Term[Token]
    powered: PerServer[Truth]
    registered: PerServer[Truth]
    hung: PerServer[Truth]
    belief: PerServer[Term[Belief]]
    to_client: Queue
    to_server: PerServer[Queue]
    seen: Server
    intruded: Truth
    unbalanced: Truth
    deceived: Truth


@dataclass(frozen=True)
class State:
    """One state. Immutable; :meth:`but` answers a changed copy. Variables nobody sets keep their value.

    While a step is being carried out, its state also says what the step needs (:meth:`provided`).
    """

    # -- selection and connection -------------------------------------------------------------------------------
    crq: Term[Crq] = _var(_choice(Crq), "hypervisor", Crq.CLOSED, "the client's half of the CRQ")
    standing: Truth = _var(Flag(), "hypervisor", False, "a standing selection exists, be it empty (SEL-2, SEL-7)")
    selected: Server = _var(ServerSort(), "hypervisor", None, "the server the failover mechanism has chosen")
    connected: PerServer[Truth] = _var(
        Each(Flag()), "hypervisor", False, "elements can flow between this server and the client"
    )
    granted: PerServer[Truth] = _var(
        Each(Flag()), "hypervisor", False, "sub-CRQ handles and DMA maps that this server may use (CRQ-12, INV-7)"
    )
    held: PerServer[Truth] = _var(
        Each(Flag()), "hypervisor", False, "its queue holds the unread event that ended an earlier session (CRQ-13)"
    )
    overdue: PerServer[Truth] = _var(
        Each(Flag()),
        "hypervisor",
        False,
        "it kept the client held beyond hold_limit and has not read the event (CRQ-13)",
    )
    owed: Term[Owed] = _var(
        _choice(Owed), "hypervisor", Owed.NOTHING, "event deferred because the client's queue was full (CRQ-7)"
    )
    # -- monitoring ---------------------------------------------------------------------------------------------
    status: PerServer[Term[Status]] = _var(
        Each(Choice(STORED_STATUSES)), "hypervisor", Status.POWERED_OFF, "last known status (MON-1 to MON-4)"
    )
    complaint: PerServer[Truth] = _var(
        Each(Flag()), "hypervisor", False, "the client complained about it; shown as NETWORK_ERROR (MON-4)"
    )
    # -- policy -------------------------------------------------------------------------------------------------
    listed: PerServer[Truth] = _var(Each(Flag()), "administrator", True, "it is on the vNIC's list of servers")
    priority: PerServer[Level] = _var(Each(LevelSort()), "administrator", 0, "a lower number wins (SEL-4)")
    added: Order = _var(Added(), "administrator", None, "who was added to the list before whom (SEL-5)")
    auto: Truth = _var(Flag(), "administrator", True, "auto_priority_failover (ADM-5)")
    pin: Server = _var(
        ServerSort(), "administrator", None, "the manually activated server that priority does not take back (ADM-6)"
    )
    # -- client -------------------------------------------------------------------------------------------------
    phase: Term[ClientPhase] = _var(
        _choice(ClientPhase), "client", ClientPhase.RECOVERING, "where the driver stands in its dialogue"
    )
    wish: Truth = _var(Flag(), "client", True, "the user wants the device open (CLI-6)")
    token: Term[Token] = _var(_choice(Token), "client", Token.NO_TOKEN, "the session token in its hand (SES-1)")
    # -- servers ------------------------------------------------------------------------------------------------
    powered: PerServer[Truth] = _var(Each(Flag()), "server", True, "its partition is on")
    registered: PerServer[Truth] = _var(Each(Flag()), "server", False, "its own CRQ half is registered")
    hung: PerServer[Truth] = _var(Each(Flag()), "server", False, "it does nothing until it resumes, beliefs unchanged")
    belief: PerServer[Term[Belief]] = _var(
        Each(_choice(Belief)), "server", Belief.STANDBY, "what it believes itself to be (SRV-1)"
    )
    # -- queues -------------------------------------------------------------------------------------------------
    to_client: Queue = _var(Elements(TO_CLIENT, senders=True), "queue", None, "the client's queue")
    to_server: PerServer[Queue] = _var(Each(Elements(TO_SERVER, senders=False)), "queue", None, "each server's queue")
    # -- history, for the proof only ----------------------------------------------------------------------------
    seen: Server = _var(
        ServerSort(),
        "proof",
        None,
        "whose elements the client has handled since its last event or registration (INV-2)",
    )
    intruded: Truth = _var(
        Flag(), "proof", False, "an element was stored for the client by a server not connected (INV-2)"
    )
    unbalanced: Truth = _var(Flag(), "proof", False, "events 08 put and switches made differ, counted modulo 2 (INV-9)")
    deceived: Truth = _var(
        Flag(), "proof", False, "the client took the answer to a request of an earlier dialogue for its own (CLI-4)"
    )

    # -- while a step is carried out ------------------------------------------------------------------------------
    #: What the step so far needs besides the guard of its action. No part of the state: two states are the same without it.
    needs: tuple[Truth, ...] = field(default=(), compare=False, repr=False)

    def but(self, **changes: Unpack[Changes]) -> Self:
        """This state with some variables replaced."""
        # As dataclasses.replace, which would look at every field: this is the innermost step of the direct reading.
        after = object.__new__(type(self))
        values = after.__dict__
        values.update(self.__dict__)
        values.update(changes)
        if len(values) != len(VARIABLES) + 1:
            raise TypeError(
                f"no variables of the state: {sorted(set(values) - {v.name for v in VARIABLES} - {'needs'})}"
            )
        return after

    def provided(self, o: Ops, *conditions: Truth) -> Self:
        """This state, reached only where the conditions hold: there is room in a queue, the policy allows the choice."""
        return self.needing((*self.needs, o.all_of(*conditions)))

    def needing(self, needs: tuple[Truth, ...]) -> Self:
        """This state with other needs."""
        after = object.__new__(type(self))
        after.__dict__.update(self.__dict__)
        after.__dict__["needs"] = needs
        return after

    def merged(self, o: Ops, condition: Truth, otherwise: Self) -> Self:
        """This state where the condition holds, else ``otherwise``; see :func:`merge`."""
        changes: dict[str, Any] = {}
        for variable in VARIABLES:
            one, other = getattr(self, variable.name), getattr(otherwise, variable.name)
            if one is not other:
                changes[variable.name] = o.ite(condition, one, other)
        after = object.__new__(type(otherwise))
        after.__dict__.update(otherwise.__dict__)
        after.__dict__.update(changes)
        common = 0
        while common < min(len(self.needs), len(otherwise.needs)) and self.needs[common] is otherwise.needs[common]:
            common += 1
        mine, its = self.needs[common:], otherwise.needs[common:]
        after = after.needing(self.needs[:common])
        return after.provided(o, o.ite(condition, _all_of(o, mine), _all_of(o, its))) if mine or its else after


def _variables() -> tuple[Variable, ...]:
    return tuple(Variable(name=f.name, **f.metadata) for f in fields(State) if f.metadata)


#: All variables in the order of :class:`State`.
VARIABLES: tuple[Variable, ...] = _variables()


def _all_of(o: Ops, needs: tuple[Truth, ...]) -> Truth:
    return needs[0] if len(needs) == 1 else o.all_of(*needs)


def merge(o: Ops, condition: Truth, then: State, otherwise: State) -> State:
    """``then`` where the condition holds, else ``otherwise``, variable by variable; so with what each of them needs."""
    return then.merged(o, condition, otherwise)
