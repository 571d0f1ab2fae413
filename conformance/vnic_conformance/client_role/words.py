"""What the kit does next in role client, as stimuli: the user asks, hypervisor and servers deviate, an event, time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from vnic_conformance.client_role.happenings import Called
from vnic_conformance.client_role.injection import CODES, EVERY_EVENT, told_inside
from vnic_conformance.client_role.partner import DEVIATIONS, Partner
from vnic_conformance.protocol.client_words import USER_ACTIONS
from vnic_conformance.stimulus import CLOCK, Stimulus, advance

USER, PARTNER = "user", "partner"
#: Events that answer the call in which they happen, and so happen inside a call only.
ONLY_INSIDE: Final = frozenset(CODES)
#: The longest step of the clock in ms, the farthest call of an injection, and the most times of a deviation.
MOST_MS, MOST_CALL, MOST_TIMES = 10_000_000, 1_000_000, 1_000_000


def user(action: str, **arguments: str | int) -> Stimulus:
    """The user asks for something."""
    return Stimulus.of(USER, action, **arguments)


def deviate(name: str) -> Stimulus:
    """Hypervisor or servers do otherwise, as often as the deviation says."""
    return Stimulus.of(PARTNER, "deviate", name=name)


def straight() -> Stimulus:
    """From now on hypervisor and servers do nothing otherwise."""
    return Stimulus.of(PARTNER, "straight")


def event(name: str) -> Stimulus:
    """An event, while the client is idle."""
    return Stimulus.of(PARTNER, "event", name=name)


def inside(call: int, name: str) -> Stimulus:
    """An event inside a later call, counted from 1 for the next."""
    return Stimulus.of(PARTNER, "inside", at=call, name=name)


def problem(each: Stimulus) -> str:
    """Why a stimulus is none of the role; empty if it is one."""
    given = each.given
    if each.who == CLOCK:
        ms = given.get("ms")
        good = each.call == "advance" and set(given) == {"ms"} and isinstance(ms, int) and 0 <= ms <= MOST_MS
        return "" if good else f"time passes as advance, by at most {MOST_MS:,} ms"
    if each.who == USER:
        if each.call not in USER_ACTIONS:
            return f"a user asks for {', '.join(USER_ACTIONS)}"
        needed = USER_ACTIONS[each.call][1]
        return "" if set(given) == set(needed) else f"user {each.call} has the arguments {', '.join(needed) or 'none'}"
    if each.who != PARTNER:
        return f"who acts in role client is {USER}, {PARTNER} or {CLOCK}"
    known = {"deviate": DEVIATIONS, "event": set(EVERY_EVENT) - ONLY_INSIDE, "inside": EVERY_EVENT}
    if each.call == "straight":
        return "" if not given else "straight has no arguments"
    if each.call not in known or given.get("name") not in known[each.call]:
        return f"hypervisor and servers have no {each.call} {given.get('name', '')}".rstrip()
    at = given.get("at", 1)
    names = {"name", "at"} if each.call == "inside" else {"name"}
    good = set(given) == names and isinstance(at, int) and 1 <= at <= MOST_CALL
    return "" if good else f"{each.call} has the arguments {', '.join(sorted(names))}"


def carry_out(partner: Partner, each: Stimulus) -> None:
    """Do it; what the client makes of it shows when time passes.

    Raises:
        ValueError: it is none of the role.
        LivelockError: the client keeps calling while time stands still.
    """
    if why := problem(each):
        raise ValueError(why)
    given = each.given
    if each.who == CLOCK:
        partner.run(int(given["ms"]))
    elif each.who == USER:
        partner.user(each.call, **given)
    elif each.call == "deviate":
        partner.deviate(str(given["name"]))
    elif each.call == "straight":
        partner.straight()
    elif each.call == "event":
        happen = EVERY_EVENT[str(given["name"])]
        partner.happen(str(given["name"]), lambda: happen(partner, None))  # type: ignore[arg-type]  # those that look at no call
    else:
        _inject(partner, partner.calls + int(given["at"]), str(given["name"]))


def _inject(partner: Partner, number: int, name: str) -> None:
    def within(count: int, called: Called) -> None:
        if count == number:
            partner.inside.remove(within)
            happens_inside(partner, name, called)

    partner.inside.append(within)


def happens_inside(partner: Partner, name: str, called: Called) -> None:
    """An event happens inside the call in which the client stands."""
    partner.happen(f"{name} inside call {called.number}", lambda: EVERY_EVENT[name](partner, called), told_inside(name))


def feature_of(each: Stimulus) -> str | None:
    """The feature that a client has to claim for a stimulus."""
    named = each.call if each.who == USER else str(each.given.get("name", "")) if each.call in _NAMING else ""
    return USER_ACTIONS.get({"complaint": "complain"}.get(named, named), ("", ()))[0] or None


_NAMING: Final = ("event", "inside")


def written(each: Stimulus) -> str:
    """A stimulus in words."""
    given = each.given
    if each.who == CLOCK:
        return f"advance {given['ms']}"
    if each.who == USER:
        return " ".join([each.call, *(str(value) for value in given.values())])
    if each.call == "deviate":
        return DEVIATIONS[given["name"]].sentence
    if each.call == "straight":
        return "hypervisor and servers do all rightly"
    return f"{given['name']} at once" if each.call == "event" else f"{given['name']} inside call {given['at']} from now"


#: What time does.
passes: Callable[[int], Stimulus] = advance
