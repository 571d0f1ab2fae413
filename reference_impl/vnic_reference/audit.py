"""The safety requirements (INV) asked of the machine's own state, for tests and for the adapter program.

It looks at the facts that the parts keep, not at what they answer; black-box checking is the conformance kit's work.
"""

from __future__ import annotations

from vnic_reference.machine import Machine
from vnic_spec.vocabulary import Crq, Owed, Status


def violations(machine: Machine) -> list[str]:
    """Requirement IDs that do not hold now, each with a word on what is wrong; an empty list if all hold."""
    found = []
    mechanism = machine.hypervisor.mechanism
    transport = machine.hypervisor.transport
    crq = transport.client_crq()
    selected, session = mechanism.selected, mechanism.session
    connected = transport.partner

    # INV-1: there is one variable for the connected server, so two cannot be; the two records of it must agree.
    if (session is None) != (connected is None):
        found.append("INV-1: session and connection disagree")
    if session is not None and connected is not None and session.server.index != connected.server:
        found.append("INV-1: session with one server, connection with another")
    if session is not None and session.server is not selected:
        found.append("INV-1: the connected server is not the selected one")

    # INV-3
    if selected is not None and not mechanism.eligible(selected):
        found.append("INV-3: the selected server is not eligible")
    # INV-4
    candidates = mechanism.candidates()
    undamped = mechanism.auto and not mechanism.pinned and not machine.policy.preempt_delay_ms
    if undamped and selected is not None and any(other.priority < selected.priority for other in candidates):
        found.append("INV-4: an eligible server is strictly better")
    # INV-5
    if crq is Crq.OPEN and candidates:
        if selected is None:
            found.append("INV-5: nobody is selected")
        elif session is None and not mechanism.held(selected) and mechanism.owed is Owed.NOTHING:
            found.append("INV-5: nothing holds the client, but it is not connected")
    # CRQ-8
    if crq is Crq.DISABLED and session is not None:
        found.append("CRQ-8: connected with a disabled CRQ")
    # INV-6
    if crq is Crq.CLOSED and (session is not None or mechanism.owed is not Owed.NOTHING):
        found.append("INV-6: connected or owed something with a closed CRQ")
    # INV-7
    fenced = [driver.unit for driver in machine.servers if driver.unit is not connected]
    if any(unit.window.redirected_pages() for unit in fenced):
        found.append("INV-7: a fenced server has pages of the client")
    # INV-9
    counters = mechanism.counters
    told = counters.registration_events + counters.registration_merged + (mechanism.owed is Owed.FAILOVER)
    if crq is not Crq.CLOSED and told != counters.registration_switches:
        found.append(f"INV-9: {counters.registration_switches} switches, {told} events stored, merged or owed")
    # SEL-7, ADM-6, MON-5, MON-4
    if selected is not None and not mechanism.standing:
        found.append("SEL-7: a selection outside a standing one")
    if mechanism.pinned and selected is None:
        found.append("ADM-6: a pin without a selection")
    if not candidates and any(mechanism.serviceable(server) for server in mechanism.servers):
        found.append("MON-5: only complaints leave the client without a server")
    if any(server.status is Status.NETWORK_ERROR for server in mechanism.servers):
        found.append("MON-4: NETWORK_ERROR is stored")
    # ADM-1
    ports = [server.port for server in mechanism.listed()]
    if len(ports) > machine.policy.max_servers or len(set(ports)) != len(ports):
        found.append("ADM-1: too many servers or a shared port")
    return found
