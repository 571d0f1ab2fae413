"""What is played on a fresh client from beginning to end, as cases: procedures, events, settings, outages, deviations.

Each story names what has to come about in it (:attr:`Story.witness`); where that did not, nothing was put to the test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from vnic_conformance.client_role.in_depth import in_depth
from vnic_conformance.client_role.injection import LONG_OUTAGE_MS, OUTAGE_MS, PROCEDURES, SPAN_MS, told_inside
from vnic_conformance.client_role.partner import DEVIATIONS
from vnic_conformance.client_role.story import ADDED, OPENED, Story, Word, case_of, features, frame, story, told, well
from vnic_conformance.client_role.words import deviate, event, inside, passes, user
from vnic_conformance.stimulus import Stimulus
from vnic_spec.client_profile import ClientProfile

__all__ = ["Story", "Word", "features", "injected", "played", "prepared", "stories", "told"]

#: The requirement that each procedure is about.
ABOUT: Final[Mapping[str, str]] = {
    "open": "CLI-10", "failover": "CLI-1", "migration": "CLI-3", "complaint": "CLI-19", "reopen": "CLI-6",
    "removal": "CLI-17", "mtu": "DLG-10",
}  # fmt: skip
#: How each of them begins.
BEGINS: Final[Mapping[str, Word]] = {
    "open": (user("open"),),
    "failover": (event("failover"),),
    "migration": (event("migrated"),),
    "complaint": (user("complain"),),
    "reopen": (user("close"), passes(10), user("open")),
    "removal": (user("remove"),),
    "mtu": (user("mtu", value=9000),),
}
#: The requirement that each event is about which is no procedure.
_EVENTS: Final[Mapping[str, str]] = {
    "outage": "CLI-1", "init": "CLI-2", "stray_init": "CLI-2", "partner_failed": "CLI-3", "partner_deregistered": "CLI-3",
    "unknown_event": "CLI-3", "noise": "CLI-15", "link_flaps": "CLI-20", "error": "CLI-21", "error_fatal": "CLI-21",
}  # fmt: skip
#: What a user may set and every later server has to be told.
_SETTINGS: Final[Mapping[str, Stimulus]] = {
    "mac": user("mac", mac="0200c0ffee42"),
    "multicast": user("multicast", list="01005e000001 01005e000002"),
    "promiscuous": user("promiscuous", value=1),
    "mtu": user("mtu", value=4000),
    "queues": user("queues", tx=2, rx=2),
}
#: What a user may ask for while nobody serves: the requirement, what was so before, and what is asked.
_MEANWHILE: Final[Mapping[str, tuple[str, bool, Stimulus]]] = {
    "closed": ("CLI-6", True, user("close")),
    "opened": ("CLI-6", False, user("open")),
    "removed": ("CLI-17", True, user("remove")),
    "complained-of": ("CLI-19", True, user("complain")),
}
#: What may come after event 08 before the next server has said anything.
_AFTER_FAILOVER: Final[Mapping[str, str]] = {
    "failover": "CLI-1", "migrated": "CLI-3", "partner_failed": "CLI-3", "partner_deregistered": "CLI-3",
    "unknown_event": "CLI-3",
}  # fmt: skip
#: The calls with which a client registers, sends INIT and begins to negotiate.
_FIRST_CALLS: Final = (2, 3, 4, 5, 6, 12)
#: What fails each time: the deviation, the ID of the case, what it is for.
_FAILURES: Final = (
    (
        "version_always_refused",
        "CLI-7/attempts-that-fail",
        "No attempt gets beyond the version for minutes; then all is well.",
    ),
    ("login_always_aborted", "DLG-5/logins-that-fail", "Each login is answered Aborted for minutes; then all is well."),
    (
        "login_always_partial",
        "DLG-5/logins-in-part",
        "Each login is answered PartialSuccess for minutes; then all is well.",
    ),
    (
        "version_always_refused",
        "CLI-7/attempts-that-fail-for-long",
        "No attempt gets beyond the version for an hour; then all is well, and the back-off is no longer than before.",
    ),
)
#: How long attempts fail: longer than a back-off of a minute, which follows three of them. Every ten seconds is looked, so that
#: a client that never pauses is found out soon.
_FAILING: Final[Word] = (passes(10_000),) * 20
#: The same for an hour: a back-off that grows by a few seconds each time is long in the end.
_FAILING_LONG: Final[Word] = (passes(360_000),) * 10


def prepared(procedure: str) -> Word:
    """What brings a fresh client to where a procedure begins."""
    return OPENED if PROCEDURES[procedure].opened else ADDED


def played(procedure: str, recovery_ms: int, *injections: tuple[int, str]) -> Word:
    """A procedure with events inside its calls, and then all well for as long as the client claims to need."""
    injected = tuple(inside(call, name) for call, name in injections)
    return (
        *prepared(procedure),
        *injected,
        *BEGINS[procedure],
        passes(SPAN_MS),
        passes(OUTAGE_MS),
        *well(recovery_ms),
    )


def injected(procedure: str, recovery_ms: int, call: int, name: str) -> tuple[Word, str]:
    """A procedure with one event inside a call of it, and what is told when that has happened."""
    return played(procedure, recovery_ms, (call, name)), told_inside(name)


@cache
def stories(profile: ClientProfile) -> tuple[Story, ...]:
    """Everything that is played as scripted cases, on a client that claims this."""
    return (
        *_procedures(profile.recovery_ms), *_at_once(profile.recovery_ms), *_settings(profile.recovery_ms),
        *_outages(profile.recovery_ms), *_in_a_row(profile.recovery_ms), *_early(profile.recovery_ms),
        *_frames(profile.recovery_ms), *_returns(profile.user_ms),
        *_failing(profile.recovery_ms), *_deviations(profile.recovery_ms), *in_depth(profile.recovery_ms, profile.user_ms),
    )  # fmt: skip


def _procedures(recovery_ms: int) -> Iterator[Story]:
    for name, requirement in ABOUT.items():
        purpose = f"Procedure {name}, with hypervisor and servers doing all rightly."
        yield story(f"{requirement}/procedure-{name}", purpose, played(name, recovery_ms))


def _at_once(recovery_ms: int) -> Iterator[Story]:
    """Events that meet an idle client; a look soon after each, while it may still be down."""
    for name, requirement in _EVENTS.items():
        word = (*OPENED, event(name), passes(100), passes(OUTAGE_MS + SPAN_MS), *well(recovery_ms))
        slug = f"{requirement}/event-{name.replace('_', '-')}"
        yield story(slug, f"{name}, while the client is idle: it recovers.", word, name)


def _settings(recovery_ms: int) -> Iterator[Story]:
    moved = (event("failover"), passes(SPAN_MS), event("migrated"), passes(SPAN_MS))
    for name, setting in _SETTINGS.items():
        word = (*OPENED, setting, passes(SPAN_MS), *moved, *well(recovery_ms))
        yield story(
            f"DLG-10/{name}-is-told-again", f"{name}: what the user has set is told to every later server.", word
        )


def _outages(recovery_ms: int) -> Iterator[Story]:
    for name, (requirement, opened, asked) in _MEANWHILE.items():
        begun = OPENED if opened else ADDED
        word = (*begun, event("outage"), passes(100), asked, passes(OUTAGE_MS + SPAN_MS), *well(recovery_ms))
        slug, purpose = (
            f"{requirement}/{name}-in-an-outage",
            f"The device is {name.replace('-', ' ')} while nobody serves.",
        )
        yield story(slug, purpose, word, "outage")


def _in_a_row(recovery_ms: int) -> Iterator[Story]:
    """An event after event 08, before the next server has said anything."""
    for name, requirement in _AFTER_FAILOVER.items():
        word = (*OPENED, event("failover"), passes(1), event(name), passes(100), passes(SPAN_MS), *well(recovery_ms))
        slug = f"{requirement}/{name.replace('_', '-')}-after-a-failover"
        yield story(slug, f"{name} while the client waits for a server: it recovers.", word, name)
    word = (*OPENED, *(event("failover"), passes(1), passes(SPAN_MS)) * 3, *well(recovery_ms))
    yield story("CLI-1/three-failovers", "Three failovers, and a look right after each: the link is down.", word)


def _early(recovery_ms: int) -> Iterator[Story]:
    """Nobody serves when the device is added; event 08 inside the calls with which it begins."""
    added = (event("outage"), user("add"), user("open"), passes(100), passes(OUTAGE_MS + SPAN_MS), *well(recovery_ms))
    yield story("CLI-21/added-in-an-outage", "Nobody serves when the device is added: it recovers.", added, "outage")
    for call in _FIRST_CALLS:
        word = (inside(call, "failover"), *OPENED, *well(recovery_ms))
        slug = f"CLI-1/failover-inside-call-{call}-of-a-life"
        purpose = f"Event 08 inside call {call} of a client's life: it recovers."
        yield story(slug, purpose, word, told_inside("failover"))
        word = (
            *OPENED,
            inside(call, "outage"),
            event("failover"),
            passes(100),
            passes(OUTAGE_MS),
            *well(recovery_ms),
        )
        slug = f"CLI-11/outage-inside-call-{call}-of-a-failover"
        purpose = (
            f"Nobody serves from call {call} of a failover on: what came before the interrupt was enabled is found."
        )
        yield story(slug, purpose, word, told_inside("outage"))


def _frames(recovery_ms: int) -> Iterator[Story]:
    """Several frames at one instant; one that is in flight when the server is left."""
    word = (
        *OPENED, *map(frame, range(1, 4)), passes(10), event("failover"), passes(SPAN_MS), frame(4), passes(10),
        frame(5), event("failover"), passes(SPAN_MS), frame(6), passes(10), *well(recovery_ms), frame(7), passes(10),
    )  # fmt: skip
    yield story("DLG-8/frames-across-failovers", "Frames leave once, and come once, across failovers.", word)


def _returns(user_ms: int) -> Iterator[Story]:
    for name, asked in (("complaint", (user("complain"),)), ("removal", (user("close"), user("remove")))):
        word = (*OPENED, *asked, passes(user_ms + 1))
        yield story(f"CLI-18/{name}-returns", f"A {name} returns to the user in time.", word)
    word = (*OPENED, deviate("complaint_always_busy"), user("complain"), passes(user_ms + 1))
    purpose = "A complaint is answered busy without end: it returns to the user in time."
    yield story("CLI-18/busy-complaint-returns", purpose, word, "complaint_always_busy")


def _failing(recovery_ms: int) -> Iterator[Story]:
    """Attempts that fail for so long that there are back-offs between them."""
    patience = {"CLI-7/attempts-that-fail-for-long": _FAILING_LONG}
    for name, case, purpose in _FAILURES:
        failing = patience.get(case, _FAILING)
        yield story(case, purpose, (*OPENED, deviate(name), event("failover"), *failing, *well(recovery_ms)), name)
    word = (*OPENED, event("long_outage"), passes(1_000), passes(LONG_OUTAGE_MS), *well(recovery_ms))
    yield story("CLI-1/long-outage", "Nobody serves for half an hour: the client waits.", word, "long_outage")


def _lived(name: str, recovery_ms: int) -> Word:
    """What is most of a client's life, with a deviation from its beginning."""
    return (
        *ADDED, deviate(name), user("open"), passes(3_000), frame(1), passes(10), frame(2), passes(10),
        event("failover"), passes(3_000), event("migrated"), passes(3_000), frame(3), passes(10), user("complain"),
        passes(3_000), *well(recovery_ms), frame(4), passes(10), user("remove"), passes(15_000),
    )  # fmt: skip


def _deviations(recovery_ms: int) -> Iterator[Story]:
    for name, deviation in DEVIATIONS.items():
        way = "legal" if deviation.legal else "wrong"
        slug = f"{deviation.requirement}/{way}-{name.replace('_', '-')}"
        # What a client cannot do for its user is left out of its life, so the case needs no feature.
        case = case_of(slug, f"{deviation.sentence} (a {way} way)", name)
        yield Story(case, _lived(name, recovery_ms), name)
