"""Example runs: what happens at boot, in a failover and on a complaint, carried out by the machine.

A run is written as the actions that are taken; parameters that are not written are not chosen but follow: no queue is full, and
of the selections that end a step exactly one is possible.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from vnic_model.direct import DirectMachine, initial_state
from vnic_model.instance import Instance
from vnic_model.instances import instance
from vnic_model.replay import header_of, perform
from vnic_model.trace import WITNESS, Trace
from vnic_spec.action import PARAMETERS, Action
from vnic_spec.catalogue import ACTIONS
from vnic_spec.properties import PROPERTIES
from vnic_spec.sorts import Choice, Flag, Server
from vnic_spec.vocabulary import Status

#: Servers in every run.
SERVERS = 2


@dataclass(frozen=True)
class ExampleRun:
    """One run.

    Attributes:
        title: what it is a run of.
        sentence: what there is to see in it.
        before: what has happened already, as the actions that were taken; not shown.
        taken: the actions that are shown, a server behind the name of its action.
        property: the property that it is an example of.
    """

    title: str
    sentence: str
    before: str
    taken: str
    property: str


_UP = "server_registers 0; server_reports 0; server_registers 1; "
_DIALOGUE = (
    "client_sends_init; server_reads_init {0}; client_reads_init_complete; client_sends_login; server_reads_login {0}; "
    "client_reads_login_rsp"
)
_BOOT = f"{_UP}server_reports 1; client_registers; server_polls 0; {_DIALOGUE.format(0)}"
_ALONE = f"{_UP}client_registers; server_polls 0; {_DIALOGUE.format(0)}"
#: From the INIT of a new server to the client's login there.
_MOVED = (
    "server_polls {0}; server_sends_init {0}; client_reads_init; client_frees; client_registers; server_reads_event {0}; "
    f"{_DIALOGUE}"
)

RUNS = (
    ExampleRun(
        "Boot",
        "Two servers of equal priority come up; the client registers, the server that was added first is selected, and the "
        "client logs in there.",
        "",
        _BOOT,
        "SEL-2",
    ),
    ExampleRun(
        "Failover with a successor",
        "The selected server crashes. The client reads event 08 and waits; the other server finds that it is active and sends "
        "INIT, upon which the client registers again. The registration is answered H_CLOSED: the client is held until the "
        "server has read event 02, which ended the earlier session (CRQ-13).",
        _BOOT,
        f"server_crashes 0; client_reads_failover; {_MOVED.format(1)}",
        "FOV-2",
    ),
    ExampleRun(
        "Failover without a successor",
        "The selected server crashes while no other is eligible. The event comes all the same (FOV-6); the client waits until "
        "the server is back, which is then selected at once (SEL-6). No event tells of that: an empty selection is filled. "
        "From INIT on it is as before.",
        _ALONE,
        "server_crashes 0; client_reads_failover; server_boots 0; server_registers 0; server_reports 0; "
        "server_polls 0; server_sends_init 0; client_reads_init",
        "FOV-3",
    ),
    ExampleRun(
        "Complaint",
        "The client complains of a server that says it is OPERATIONAL, with the token of the session. It is moved to the other "
        "one, and reports of the first do not bring it back (SES-3); it goes on as after any failover.",
        _BOOT,
        "client_takes_token; client_complains; client_reads_failover; server_reads_event 0; server_reports 0",
        "SES-3",
    ),
)


def trace_of_run(run: ExampleRun) -> Trace:
    """The steps that a run shows, carried out by the direct reading.

    Raises:
        LookupError: an action of it is not possible, or leaves a choice.
    """
    before = _words(run.before)
    words = [*before, *_words(run.taken)]
    made = instance("all", SERVERS, interventions=len(words))
    steps = list(_chosen(made, words))
    found = [step for step, _ in perform(made, steps)]
    return Trace(header_of(made, PROPERTIES[run.property], WITNESS, None), tuple(found[len(before) :]))


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(";") if word.strip()]


def _chosen(made: Instance, words: list[str]) -> Iterator[tuple[str, tuple[object, ...]]]:
    machine, state = DirectMachine(made), initial_state(made)
    for word in words:
        name, _, server = word.partition(" ")
        action = ACTIONS[name]
        tried = ((given, machine.effect(state, action, given)) for given in _parameters(action, server))
        possible = [(given, effect) for given, effect in tried if effect.guard]
        if len(possible) != 1:
            raise LookupError(f"{word} is possible in {len(possible)} ways in this state, not in one")
        ((given, effect),) = possible
        state = effect.state
        yield name, given


def _parameters(action: Action, server: str) -> Iterator[tuple[object, ...]]:
    """The parameters of an action, with each selection at its end."""
    for b in (*range(SERVERS), None) if "b" in action.parameters else (None,):
        yield tuple(b if name == "b" else _fixed(name, server) for name in action.parameters)


def _fixed(name: str, server: str) -> Enum | bool | int:
    sort = PARAMETERS[name][0]
    if isinstance(sort, Server):
        return int(server)
    if isinstance(sort, Flag):
        return False
    assert isinstance(sort, Choice)
    assert Status.OPERATIONAL in sort.members
    return Status.OPERATIONAL
