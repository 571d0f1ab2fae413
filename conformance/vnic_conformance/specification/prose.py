"""What the document says in its own words: scope, terms, notation. Everything else in it is derived."""

from __future__ import annotations

SCOPE = """\
One *client* partition talks over one command/response queue (CRQ) to one of several dedicated VNIC *servers*, each in a partition
of its own with its own logical port on an adapter. The hypervisor's *failover mechanism* monitors the servers, selects one
when the client opens its CRQ, and moves the client to another one when the selected one no longer functions properly, without
any change in the client (US9552264B1; PowerVM vNIC; LoPAR, VNIC appendix).

This document specifies what the hypervisor must do there, and what client and servers must do for it to be of use. It has two
layers. The **requirements** (chapter 3) are normative, in words, each with a stable ID. The **machine** (chapters 5 to 7) says
the same as a transition system: a state, and actions with a guard and an effect. Where the two could be read differently, the
machine decides, and the decision log tells why. The **properties** (chapter 8) are what the machine was built for; they are
checked on it, and the same statements are checked on implementations.

The machine leaves out what does not change who talks to whom: addresses and lengths, interrupts, sub-CRQ elements, frames,
negotiation between INIT_COMPLETE and LOGIN, and the length of any time. A requirement about such things says where it is
tested instead. The machine is written for any number of servers and for queues of any depth.\
"""

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
    "profile": "the choices of an implementation where the sources are silent (chapter 4)",
    "settled": "after a call or a step of the clock, and the declared quiet time: nothing more happens by itself",
}

#: What two elements mean whose names say it only to those who know.
ELEMENTS = {"INIT": "opens a dialogue", "INIT_COMPLETE": "answers INIT: the dialogue is open"}

LEVELS = {
    "MUST": "binding under every profile",
    "SHOULD": "our default; an implementation whose declared profile says otherwise is right too",
    "MAY": "a freedom that an implementation has",
}

NOTATION = """\
`∧` and, `∨` or, `¬` not, `⇒` implies, `⇔` if and only if, `∈` is one of. `i`, `j`, `k` are servers, `b` is a server or `nobody`.
`x(i)` is the value of `x` for server `i`; of `nobody` everything is `no`. A smaller `priority` is the better one.

An action is **possible** when what stands behind *when* holds. Then its lines are carried out **one after the other, as one
indivisible step**: nobody sees a state in between. `x := v` gives `x` a new value; `old x` is the value that `x` had before
an earlier line of the same step changed it. A line with `if` is carried out only if the condition holds. WORDS IN CAPITALS name
a rule of chapter 6. *answers* is the return code of the hypervisor call that the action is, if it is one.

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
CHAPTERS = {
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
