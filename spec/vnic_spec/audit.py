"""The audit: each clause of CRQ, SEL, MON, FOV, ADM, SES and INV, the properties that state it, and what they would not notice.

``python -m vnic_spec.audit > docs/audit.md`` writes the page. A clause without a property has the reason and where it is tested.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

#: Stands for the comparison of every guard with its occasion (``vnic_spec.properties.occasions``), which is proved, too.
GUARDS = "guards"


@dataclass(frozen=True)
class Clause:
    """One clause of one requirement.

    Attributes:
        requirement: its ID.
        says: the clause in short.
        properties: the names of the properties that state it, all together the whole of it.
        unnoticed: what these would not notice, or, without a property, why there is none.
    """

    requirement: str
    says: str
    properties: tuple[str, ...]
    unnoticed: str = ""


def _clause(requirement: str, says: str, properties: str = "", unnoticed: str = "") -> Clause:
    return Clause(requirement, says, tuple(properties.split()), unnoticed)


_BYTES = "bytes and arguments are no part of the machine; vnic_spec.calls says it, check tests it"

CLAUSES = (
    _clause("CRQ-1", "size and header of elements", "", _BYTES),
    _clause("CRQ-2", "H_RESOURCE if and only if registered, nothing changed", "CRQ-2/again CRQ-3/refused guards"),
    _clause("CRQ-2", "otherwise registered; H_SUCCESS with a partner, else H_CLOSED", "CRQ-2 CRQ-2/half"),
    _clause("CRQ-2", "unit, address and length come first; no authorised connection", "", _BYTES),
    _clause("CRQ-3", "H_CLOSED, H_DROPPED, H_SUCCESS in this order", "CRQ-3 CRQ-3/answer"),
    _clause(
        "CRQ-3",
        "H_SUCCESS if and only if stored, once; else nothing changed",
        "CRQ-5/client CRQ-5/server CRQ-3/refused",
    ),
    _clause("CRQ-3", "unit and header come first", "", _BYTES),
    _clause(
        "CRQ-4",
        "freeing closes the caller's half with all it held",
        "CRQ-4/half CRQ-2/half CRQ-5/client CRQ-5/server INV-6 INV-7",
    ),
    _clause(
        "CRQ-4",
        "the client's freeing puts 02, its crash 01, for the connected server only",
        "CRQ-4/client CRQ-4/server CRQ-5/server CRQ-13/held",
    ),
    _clause(
        "CRQ-4",
        "the selected server's freeing puts 08 only; a standby's is noticed by nobody",
        "CRQ-4 CRQ-5/client CRQ-5/server",
    ),
    _clause("CRQ-4", "freeing what is not registered changes nothing", "CRQ-3/refused CRQ-4/half"),
    _clause("CRQ-4", "a partition that is off makes no call", "CRQ-4/off FOV-10/hung"),
    _clause(
        "CRQ-5",
        "in order, once, nothing lost silently, in both directions",
        "CRQ-5 CRQ-5/client CRQ-5/server CRQ-5/told",
    ),
    _clause("CRQ-6", "only the hypervisor writes events", "CRQ-6 CRQ-5/client CRQ-5/server"),
    _clause(
        "CRQ-7",
        "an event overlays the last element of a full queue; 06 and 08 are one 06",
        "CRQ-5/client CRQ-5/server CRQ-5",
    ),
    _clause(
        "CRQ-7",
        "profile defer: owed until there is room, put once, nobody connected meanwhile",
        "CRQ-7 CRQ-7/owed INV-5/path CRQ-5/client",
    ),
    _clause(
        "CRQ-8",
        "06, disabled, 02, session and selection end",
        "CRQ-8 CRQ-8/session CRQ-2/half CRQ-5/client CRQ-5/server SEL-7/standing",
    ),
    _clause(
        "CRQ-8",
        "enabling selects afresh and connects; on what is not disabled it changes nothing",
        "CRQ-8/enable SEL-2 INV-5/path CRQ-3/refused",
    ),
    _clause("CRQ-9", "registering starts at an empty queue", "CRQ-9 CRQ-5/client CRQ-5/server"),
    _clause(
        "CRQ-10",
        "the payload is carried unchanged",
        "CRQ-5/client CRQ-5/server",
        "of an element the machine knows the kind only; check compares bytes",
    ),
    _clause("CRQ-11", "interrupts", "", "the machine has none; scripted cases of check"),
    _clause(
        "CRQ-12",
        "grants begin with a login and die with the session",
        "CRQ-12/granted INV-7 FOV-10/memory",
        "handles and indirect sends: scripted cases of check",
    ),
    _clause(
        "CRQ-13",
        "held from the end of a session until the event is read, and not connected",
        "CRQ-13 CRQ-13/held INV-5/path",
    ),
    _clause(
        "CRQ-13",
        "beyond hold_limit not selected until it has read",
        "CRQ-13/limit CRQ-13/overdue CRQ-13/released guards",
        "how long the limit is: time is abstract; check has a clock",
    ),
    _clause("CRQ-14", "the answer is that of after the selection", "CRQ-2", "busy codes: the caller repeats; check"),
    _clause("SEL-1", "one selected, one connected at most", "INV-1 INV-5/path"),
    _clause("SEL-2", "opening without a standing selection selects the best", "SEL-2 SEL-7/standing"),
    _clause(
        "SEL-3",
        "who is eligible",
        "INV-3 SEL-8 INV-5 guards",
        "said once more in properties/terms.py; both agree by proof",
    ),
    _clause("SEL-4", "a lower number wins", "INV-4 FOV-5", "1 to 100 and the default: vnic_spec.calls"),
    _clause("SEL-5", "a tie keeps the client; among standbys the tie rule", "FOV-1 FOV-5 ADM-2/order guards"),
    _clause("SEL-6", "nobody eligible, nobody selected; the first eligible at once", "INV-3 SEL-8 INV-5 INV-5/path"),
    _clause(
        "SEL-7",
        "a selection survives reopening and ends with power-off or migration, and in no other way",
        "SEL-7 SEL-7/standing SEL-7/ends ADM-6/pin",
    ),
    _clause(
        "SEL-8", "while closed everything moves as when open, without event", "SEL-8 INV-3 INV-4 INV-6 CRQ-5/client"
    ),
    _clause(
        "MON-1",
        "H_SUCCESS if listed and registered, else H_STATE and nothing changed",
        "MON-1 CRQ-3/refused guards",
        "status and interval out of range: vnic_spec.calls",
    ),
    _clause(
        "MON-2",
        "UNRESPONSIVE only by silence after a report, then it is; several at once",
        "MON-2 MON-2/status guards",
        "the instants: check has a clock; three at once are no action, but proved (prover.beyond)",
    ),
    _clause("MON-3", "powered off or deregistered is POWERED_OFF at once", "MON-3 MON-2/status MON-3/partition"),
    _clause("MON-4", "a report sets the status, whatever it was", "MON-4 MON-2/status"),
    _clause(
        "MON-4",
        "a complaint ends by recovery, registering, activation, removal, MON-5, and nothing else",
        "MON-4/complaint MON-4/cleared",
    ),
    _clause(
        "MON-5",
        "every complaint that is the only fault is cleared, only if nobody is eligible",
        "MON-5 MON-4/complaint",
    ),
    _clause("MON-5", "damping strands nobody", "INV-5 FOV-7/damped FOV-7/delay"),
    _clause("MON-6", "registering, adding: POWERED_OFF until the first report", "MON-6 MON-2/status"),
    _clause(
        "MON-7",
        "active is told while selected and connected",
        "MON-7 guards",
        "version, status and priority in the answer, and active = 0: check",
    ),
    _clause("FOV-1", "a switch has one of these triggers", "FOV-1 guards"),
    _clause(
        "FOV-2",
        "old server fenced and told by 02, client by 08, new one connected",
        "FOV-2 CRQ-5/client CRQ-5/server INV-5/path INV-2",
        "the order within one call: a step is atomic here; INV-2 says what it is for",
    ),
    _clause("FOV-3", "exactly one 08 for each switch, none without", "FOV-3 FOV-3/only CRQ-5/client CRQ-7/owed INV-2"),
    _clause("FOV-4", "the client stays as it is", "FOV-4 CRQ-5 CLI-4/phase"),
    _clause("FOV-5", "the successor is the best", "FOV-5 ADM-6/activation"),
    _clause("FOV-6", "without successor the event is sent all the same", "FOV-3 CRQ-5/client"),
    _clause(
        "FOV-7",
        "no switch without a trigger; preemption by the strictly better only",
        "FOV-1 FOV-7/session FOV-7/delay FOV-7/damped",
    ),
    _clause("FOV-8", "no more switches than triggers", "FOV-1"),
    _clause("FOV-9", "in force once settled", "INV-3 INV-4 INV-5 INV-5/path", "quiet times: check"),
    _clause("FOV-10", "a fenced server reaches nothing", "FOV-10 FOV-10/memory CRQ-3/answer CRQ-5/client INV-7"),
    _clause(
        "ADM-1", "1 to 6 servers, on different ports", "ADM-3/last", "the limit and the ports: scripted cases of check"
    ),
    _clause("ADM-2", "adding disturbs nobody; the added is the latest", "ADM-2 ADM-2/list ADM-2/order"),
    _clause(
        "ADM-3",
        "removing a standby disturbs nobody, the selected is left, the last is refused",
        "ADM-3 ADM-3/last ADM-2/list MON-2/status CRQ-3/refused guards",
    ),
    _clause("ADM-4", "a priority acts at once if auto is on and nothing pinned", "ADM-4 ADM-2/list ADM-2/order"),
    _clause("ADM-5", "any write ends a pin, on re-selects; nothing else writes it", "ADM-5 ADM-5/auto ADM-6/pin"),
    _clause("ADM-6", "activation selects and pins; until when", "ADM-6/activation ADM-6/pin ADM-6 FOV-7/session"),
    _clause("ADM-6", "who is accepted; who is refused, without effect", "ADM-6/target CRQ-3/refused guards"),
    _clause("ADM-7", "what a listing shows", "", "a listing is no step; check compares it after every step"),
    _clause(
        "SES-1",
        "a token counts while its session runs; no session, H_STATE",
        "SES-1 SES-1/once SES-1/counts CRQ-3/refused",
        "that tokens differ: check",
    ),
    _clause("SES-2", "checks in order, each refusal without effect", "SES-2 SES-2/order CRQ-3/refused guards"),
    _clause("SES-2", "accepted: the selected server carries it, failover, H_SUCCESS", "SES-3 MON-4/complaint"),
    _clause("SES-3", "not undone by preemption", "SES-3 MON-4/complaint INV-3"),
    _clause("INV-1", "never two connected", "INV-1"),
    _clause("INV-2", "never two active servers", "INV-2"),
    _clause("INV-3", "connected and selected are eligible", "INV-3"),
    _clause("INV-4", "nobody better", "INV-4"),
    _clause(
        "INV-5",
        "served if anybody is eligible",
        "INV-5 INV-5/path CRQ-13/held CRQ-7/owed",
        "held and owed excuse it: when they begin and end is said of them",
    ),
    _clause("INV-6", "closed is silent", "INV-6"),
    _clause("INV-7", "fenced has no path", "INV-7 CRQ-12/granted"),
    _clause("INV-8", "a login is mutual", "INV-8 CLI-4/phase SRV-1/belief", "claimed under crossing = hold"),
    _clause(
        "INV-9",
        "events and switches balance",
        "INV-9 CRQ-5/client CRQ-7/owed",
        "INV-9 alone counts modulo 2; the two others say one for each switch",
    ),
)


def page() -> Iterator[str]:
    """The page, line by line."""
    yield "# The audit: every clause and the properties that state it"
    yield ""
    yield "Generated by `python -m vnic_spec.audit`. *guards* is the comparison of every guard with when its"
    yield "action may be taken, which `vnickit prove` proves. Where no property is named the last column says why."
    yield ""
    yield "| Requirement | Clause | Properties | Not noticed, or why none |"
    yield "|---|---|---|---|"
    for clause in CLAUSES:
        yield f"| {clause.requirement} | {clause.says} | {', '.join(clause.properties) or '-'} | {clause.unnoticed} |"


if __name__ == "__main__":
    sys.stdout.write("\n".join(page()) + "\n")
