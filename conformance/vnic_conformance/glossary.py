"""The smaller names that reports, traces and pages use, each with what it means: for ``vnickit explain``.

Requirements, properties, actions and misreadings are explained elsewhere, at length. Here stand profile parameters, cases,
lemmas, calls, return codes, elements, events, commands, statuses, states, variables, features and instances.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from vnic_conformance.call_reference import BUSY, CODES, DESCRIBED, MAY_BE_BUSY, Described
from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.protocol.messages import FEATURES
from vnic_conformance.running.plan import Case
from vnic_model.instances import SCENARIOS
from vnic_spec.lemmas import LEMMAS
from vnic_spec.profile import PARAMETERS, Parameter
from vnic_spec.requirements import REQUIREMENTS
from vnic_spec.state import VARIABLES
from vnic_spec.vocabulary import Belief, ClientPhase, Crq, Kind, Owed, Status, Token
from vnic_spec.wire import RESPONSE_BIT, UNSOLICITED, Capability, Command, Event, Header, InitFormat, Rc, Vioctl


@dataclass(frozen=True, slots=True)
class Entry:
    """One name.

    Attributes:
        name: as it is printed.
        what: what kind of thing it is, for the heading.
        meaning: one or two sentences.
        facts: label and words of what else is to be said.
        requirements: what it is about.
        also: other spellings by which it is found.
    """

    name: str
    what: str
    meaning: str
    facts: tuple[tuple[str, str], ...] = ()
    requirements: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    def plain(self) -> dict[str, object]:
        """The same as data."""
        return {
            "name": self.name,
            "what": self.what,
            "meaning": self.meaning,
            "facts": dict(self.facts),
            "requirements": list(self.requirements),
        }


def entries() -> list[Entry]:
    """Every name but those of cases."""
    return [
        *map(_parameter, PARAMETERS.values()),
        *map(_call, DESCRIBED),
        *_other_subfunctions(),
        *map(_code, Rc),
        *_elements(),
        *_values(),
        *(Entry(v.name, f"a variable of the machine, of {v.owner}", v.meaning) for v in VARIABLES),
        *(Entry(name, "a feature that an adapter may claim", meaning) for name, meaning in FEATURES.items()),
        *(Entry(s.name, "an instance for vnickit explore", s.sentence) for s in SCENARIOS.values()),
        *(Entry(e.name, "a lemma of the proofs", e.sentence, also=(f"lemma {e.name}",)) for e in LEMMAS.values()),
        *(
            Entry(code.name, "an exit code of vnickit", code.meaning, (("number", str(code.value)),))
            for code in ExitCode
        ),
    ]


def entry_of_case(case: Case) -> Entry:
    """A case that ``vnickit list`` shows."""
    facts = [("where", case.phase.value), ("exercised", case.exercised_by)]
    if case.features:
        facts.append(("needs", ", ".join(sorted(case.features))))
    facts.append(("run it", f"vnickit check --adapter SPEC -k '{case.id}'"))
    return Entry(case.id, "a case", case.purpose, tuple(facts), case.requirements)


def found(name: str, known: list[Entry]) -> list[Entry]:
    """The entries of that name, in any case of letters; a dash is as good as an underscore."""
    wanted = _folded(name)
    return [entry for entry in known if wanted in map(_folded, (entry.name, *entry.also))]


def _folded(name: str) -> str:
    return " ".join(name.casefold().replace("-", "_").split())


def notes_of(vocabulary: type[Enum]) -> dict[str, str]:
    """The comments beside the members of a vocabulary."""
    return dict(re.findall(r"^    (\w+) = [^#\n]+#: (.+)$", inspect.getsource(vocabulary), re.M))


def _parameter(described: Parameter) -> Entry:
    default = "none" if described.default is None else str(described.default)
    facts = [("default", default), ("allowed", described.allowed)]
    if described.choices is not None:
        notes = notes_of(described.choices)
        facts += [(member.name, notes[member.name]) for member in described.choices]
    facts.append(
        ("claimed by", f"profile_{described.name} in the adapter's hello, or --profile {described.name}=VALUE")
    )
    what = "a profile parameter: a decision where the sources are silent"
    return Entry(
        described.name,
        what,
        described.meaning,
        tuple(facts),
        described.requirements,
        also=(f"profile_{described.name}",),
    )


def _call(described: Described) -> Entry:
    facts = [("number", f"0x{int(described.token):X}"), ("arguments", described.arguments)]
    facts += [(str(n), f"{c.condition}: {c.answer.name} ({int(c.answer)})") for n, c in enumerate(described.checks, 1)]
    demanded = dict.fromkeys(requirement for check in described.checks for requirement in check.requirements)
    also = (str(described.key), described.token.name, f"0x{int(described.token):X}", f"0x{int(described.token):02X}")
    meaning = " ".join(described.facts)
    return Entry(
        described.title, "a hypervisor call, and its checks in order", meaning, tuple(facts), tuple(demanded), also
    )


def _other_subfunctions() -> Iterator[Entry]:
    """Those of the architecture that nothing here answers."""
    described = {d.key for d in DESCRIBED}
    for sub in Vioctl:
        if sub not in described:
            words = "a subfunction of the architecture that nothing here answers or tests"
            facts = (("number", f"0x{int(sub):X}"),)
            yield Entry(f"H_VIOCTL 0x{int(sub):02X} {sub.name}", "a hypervisor call", words, facts, also=(sub.name,))


def _code(code: Rc) -> Entry:
    meaning = CODES.get(code, "a return code of the architecture; nothing here answers it")
    calls = [d.title for d in DESCRIBED if any(check.answer is code for check in d.checks)]
    if code in BUSY:
        calls = [d.title for d in DESCRIBED if d.key in MAY_BE_BUSY]
    facts = [("number", str(int(code)))]
    if calls:
        facts.append(("answered by", ", ".join(calls)))
    return Entry(code.name, "a return code", meaning, tuple(facts), also=(str(int(code)),))


def _elements() -> Iterator[Entry]:
    notes = notes_of(Kind)
    for kind in Kind:
        yield Entry(kind.name, "an element of a CRQ", f"{notes[kind.name]}.", requirements=("CRQ-1",))
    for event in Event:
        also = (f"event {int(event):02X}", f"event {int(event):02X} {_SHORT.get(event, '')}".strip())
        what = "a transport event, which only the hypervisor writes"
        words = _EVENTS.get(event, "not used by a VNIC")
        facts = (("bytes", f"FF {int(event):02X}, the others are free"),)
        yield Entry(event.name, what, words, facts, ("CRQ-1", "CRQ-6"), also)
    for header in Header:
        yield Entry(header.name, "a header, byte 0 of an element", f"0x{int(header):02X}", requirements=("CRQ-1",))
    for form in InitFormat:
        yield Entry(form.name, "a format, byte 1 of an element with header 0xC0", f"0x{int(form):02X}", (), ("CRQ-1",))
    for command in Command:
        answer = "no response" if command in UNSOLICITED else f"response {int(command) | RESPONSE_BIT:#04x}"
        words = f"byte 1 is {int(command):#04x}; {answer}. The hypervisor carries it and does not look inside (CRQ-10)."
        yield Entry(command.name, "a VNIC command, header 0x80", words, requirements=("CRQ-10",))
    for capability in Capability:
        yield Entry(
            capability.name, "a VNIC capability", f"number {int(capability)} in QUERY_CAPABILITY and REQUEST_CAPABILITY"
        )


_SHORT = {
    Event.PARTNER_FAILED: "FAILED",
    Event.PARTNER_DEREGISTERED: "DEREGISTERED",
    Event.MIGRATED: "MIGRATED",
    Event.DEVICE_FAILOVER: "FAILOVER",
}
_EVENTS = {
    Event.PARTNER_FAILED: "The client's partition has failed or is powered off: told to the connected server (CRQ-4).",
    Event.PARTNER_DEREGISTERED: "The session has ended: the client freed its CRQ, or the server was left (CRQ-4, FOV-2).",
    Event.MIGRATED: "The client's partition has migrated; its CRQ is disabled until H_ENABLE_CRQ (CRQ-8).",
    Event.DEVICE_FAILOVER: "Another server takes over: told to the client at every switch (FOV-3).",
}
_VOCABULARIES: tuple[tuple[type[Enum], str, tuple[str, ...]], ...] = (
    (Status, "a status of a server", ("MON-1", "MON-4")),
    (Crq, "a state of the client's CRQ", ("CRQ-8", "ADM-7")),
    (ClientPhase, "a phase of the client's dialogue", ("CLI-1", "CLI-2")),
    (Belief, "what a server believes itself to be", ("SRV-1",)),
    (Token, "the session token in the client's hand", ("SES-1",)),
    (Owed, "an event that waits for room in the client's queue", ("CRQ-7",)),
)
#: What each status means.
STATUSES = {
    "OPERATIONAL": "reported: it can serve",
    "LINK_DOWN": "reported: its physical port has no link",
    "ADAPTER_ERROR": "reported: its adapter does not work",
    "POWERED_OFF": "its partition is off, its CRQ half is not registered, or it has not reported since",
    "NETWORK_ERROR": "shown, never stored: the client complained about it, and it would be OPERATIONAL otherwise (MON-4)",
    "UNRESPONSIVE": "no report of it has come in time (MON-2)",
}


def _values() -> Iterator[Entry]:
    for vocabulary, what, requirements in _VOCABULARIES:
        notes = STATUSES if vocabulary is Status else notes_of(vocabulary)
        for member in vocabulary:
            facts = (("number", str(member.value)),) if vocabulary is Status else ()
            yield Entry(member.name, what, notes.get(member.name, "none"), facts, requirements)


def names(known: list[Entry]) -> list[str]:
    """Every spelling, for suggestions."""
    return [name for entry in known for name in (entry.name, *entry.also)]


def text_of(requirement: str) -> str:
    """A requirement's own words."""
    return REQUIREMENTS[requirement].text
