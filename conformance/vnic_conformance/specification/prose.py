"""What the document says in its own words: scope, which text wins, terms, notation. Almost everything else is derived."""

from __future__ import annotations

from vnic_conformance.specification.contents import place, span
from vnic_spec.requirements import Party

SCOPE = f"""\
One *client* partition talks over one command/response queue (CRQ) to one of several dedicated VNIC *servers*, each in a partition
of its own with its own logical port on an adapter. The hypervisor's *failover mechanism* monitors the servers, selects one
when the client opens its CRQ, and moves the client to another one when the selected one no longer functions properly, without
any change in the client (US9552264B1; PowerVM vNIC; LoPAR, VNIC appendix).

This document specifies what the hypervisor must do there, and what client and servers must do for it to be of use. It has two
layers. The **requirements** ({place("Requirements")}) say it in words, each with a stable ID. The **machine**
({span("State", "Actions")}) says the same as a transition system: a state, and actions with a guard and an effect.
The **properties** ({place("Properties")}) are what the machine was built for; they are checked on it, and the same statements are
checked on implementations.

The machine leaves out what does not change who talks to whom: addresses and lengths, interrupts, sub-CRQ elements, frames,
negotiation between INIT_COMPLETE and LOGIN, and the length of any time. A requirement about such things says where it is
tested instead. The machine is written for any number of servers and for queues of any depth.\
"""

#: Which text wins.
AUTHORITY = (
    f"The requirements bind. Where a sentence of one can be read in two ways, the machine ({span('State', 'Actions')}) decides; "
    "what the machine leaves out is decided by profile, times and tables of calls "
    f"({span('Profile', 'Hypervisor calls')}). A sentence that cannot be read as the machine says is an error of this document: "
    "until it is repaired the machine counts, and the [decision log](decisions.md) keeps the repair. Everything else explains: "
    "sources, examples, diagrams, properties, lemmas, and the annexes that are marked as informative. Neither the conformance "
    "kit nor any implementation, the reference implementation included, decides what is right."
)

#: How the words of BCP 14 are used.
KEY_WORDS = (
    "MUST, SHOULD and MAY are to be read as in BCP 14 (RFC 2119, RFC 8174) when, and only when, they are written in capitals. "
    "One of them stands before the sentence of a requirement and holds for the whole of it; the sentence itself says in the "
    "present tense what is so then. SHOULD has one accepted reason for doing otherwise: another value of the profile parameter "
    "that the requirement names, declared."
)

#: Whom a requirement binds.
BINDING = (
    "Each requirement binds one role, that of its group; the whole system where it is claimed only of a client and servers that "
    "keep to the dialogue. Where it speaks of another role besides, it says what to count on there; that role's own "
    "requirements bind it. An implementation declares its profile; what it does not declare has the default."
)

#: A conformance clause: the role, what is claimed, and how it is judged.
CLAUSES = {
    Party.HYPERVISOR: (
        "Hypervisor",
        (
            "The hypervisor, with its failover mechanism, console and clock, conforms if the requirements below hold whatever "
            "the client and the servers do, whether or not they keep to theirs."
        ),
        "Judged by `vnickit check`, role hypervisor.",
    ),
    Party.CLIENT: (
        "Client",
        "A client conforms if the requirements below hold whatever the servers do, at a hypervisor that conforms.",
        "Judged by `vnickit check`, role client.",
    ),
    Party.SERVER: (
        "Server",
        "A server conforms if the requirements below hold whatever the client does, at a hypervisor that conforms.",
        "No role of the kit judges a server alone; it is judged as a part of a whole system.",
    ),
    Party.SYSTEM: (
        "Whole system",
        (
            "A hypervisor, a client and servers conform together if each conforms in its own role and the requirements below "
            "hold, to which none of them can see alone."
        ),
        "Judged by `vnickit check`, role system, and on the machine by `vnickit prove` and `vnickit explore --liveness`.",
    ),
}

#: The words that the requirements use, in the order in which they build on each other.
TERMS = {
    "hypervisor": "the partition manager; it carries the CRQs and contains the failover mechanism",
    "client": "the VNIC client driver in the first partition",
    "server": "one VNIC server in its own partition with its own logical port; an administrator calls it a backing device",
    "CRQ": "command/response queue between client and server, one half each; 16-byte elements, in order, reliable",
    "event": "an element that only the hypervisor writes, header 0xFF: a transport event",
    "list": "the servers that an administrator has given to this vNIC, each with a priority",
    "eligible": "may be selected: listed, its partition on, its CRQ half registered, OPERATIONAL, not complained about (SEL-3)",
    "selected": "the server that the failover mechanism has chosen",
    "connected": "selected, and both CRQ halves registered: elements can flow",
    "standing selection": "the state from the client's first opening (or a manual activation) to its power-off or migration, in "
    "which a selection is kept, moved, filled or emptied, be the CRQ open or closed",
    "session": "one connection of the client with one server, from connection to severing",
    "fenced": "severed: nothing that the server sends can reach the client or its memory any more",
    "held": "not connected, because the server's queue still holds the unread event that ended an earlier session (CRQ-13)",
    "switch": "a selected server is left while the client's CRQ is registered",
    "connect": "an empty selection is filled: no event, not a switch",
    "pin": "what a manual activation leaves behind: priority does not take the client from that server (ADM-6)",
    "policy": "the settings that an administrator can change",
    "profile": f"the choices of an implementation where the sources are silent ({place('Profile')})",
    "settled": "after a call or a step of the clock, and the declared quiet time: nothing more happens by itself",
}

#: What two elements mean whose names say it only to those who know.
ELEMENTS = {"INIT": "opens a dialogue", "INIT_COMPLETE": "answers INIT: the dialogue is open"}

LEVELS = {
    "MUST": "binding under every profile",
    "SHOULD": "our default; an implementation whose declared profile says otherwise is right too",
    "MAY": "a freedom that an implementation has",
}

NOTATION = f"""\
`∧` and, `∨` or, `¬` not, `⇒` implies, `⇔` if and only if, `∈` is one of. `i`, `j`, `k` are servers, `b` is a server or `nobody`.
`x(i)` is the value of `x` for server `i`; of `nobody` everything is `no`. A smaller `priority` is the better one.

An action is **possible** when what stands behind *when* holds. Then its lines are carried out **one after the other, as one
indivisible step**: nobody sees a state in between. `x := v` gives `x` a new value; `old x` is the value that `x` had before
an earlier line of the same step changed it. A line with `if` is carried out only if the condition holds. WORDS IN CAPITALS name
a rule of {place("Rules")}. *answers* is the return code of the hypervisor call that the action is, if it is one.

Room in a queue is not counted: `full`, `client_full`, `server_full` say whether the queue concerned happens to be full. They
can be `yes` only where something is put on a queue, and only if that queue is not empty. That covers queues of every depth.

An element is *fresh* if it is a request sent, or the answer to one sent, since the client last forgot its dialogue.

In a property `x` is the value before a step and `x′` the one after it; `answer` is the return code. A state property holds in
every reachable state, a step property of every step from one; `[a | b]` before a formula says that it speaks of the actions
`a` and `b` alone.

Variables whose owner is *proof* record history. No implementation has them; they make statements such as "no reply of an earlier
dialogue" sayable without numbers. What happens to them is set apart as *history*.\
"""

#: The chapters of the machine: heading and introduction, by the last part of the module's name.
ACTION_CHAPTERS = {
    "transport": (
        "Transport, partitions and migration",
        (
            "The calls as *any* client and *any* server may make them, whatever they believe: with these an implementation is "
            "driven, and against these the hypervisor's own properties hold. Then what happens to partitions, and what time "
            "brings about."
        ),
    ),
    "monitoring": ("Monitoring", "Reports, and what their absence means."),
    "administration": ("Administration", "What an administrator does at the console, and what is refused."),
    "session": ("Session token and complaint", "How a client asks for another server."),
    "dialogue": (
        "The dialogue of client and servers",
        (
            "The same calls as a client and servers make them that keep to the dialogue (CLI, SRV). A server that hung and "
            "resumes acts on what it believed."
        ),
    ),
}

#: Headings of the chapters of properties, by the last part of the module's name.
PROPERTY_CHAPTERS = {
    "transport": "Transport",
    "selection": "Selection",
    "monitoring": "Monitoring",
    "failover": "Failover",
    "administration": "Administration",
    "session": "Session token and complaint",
    "dialogue": "Dialogue",
    "safety": "Safety",
    "progress": "Progress",
}

ACTORS = {
    "CLIENT": "client",
    "SERVER": "server",
    "CONSOLE": "administrator",
    "PLATFORM": "platform",
    "CLOCK": "time",
}

DIAGRAMS = {
    "crq": "The client's half of the CRQ",
    "status": "The status of a server, as the hypervisor keeps it",
    "phase": "The client's dialogue",
    "belief": "What a server believes itself to be",
}
