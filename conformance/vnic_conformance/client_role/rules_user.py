"""Rules of user, link and recovery: CLI-5, CLI-6, CLI-16 to CLI-21, DLG-10, DLG-11."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role.rule import HELD, Finding, rule
from vnic_conformance.client_role.rules_events import call_name
from vnic_conformance.client_role.view import EVERY_ADDRESS, View
from vnic_spec.client_profile import ComplaintFallback
from vnic_spec.layouts import ETHER_HEADER
from vnic_spec.wire import Capability, Hcall, Rc, Vioctl

#: How long after its link is up a client may take to set again what its user has set, in ms.
_SETTLED_MS: Final = 1_000
#: How long after a complaint was not accepted a client may take to begin again, in ms.
_FALL_BACK_MS: Final = 1_000


@rule(
    "CLI-16",
    on="Looked Ended",
    sentence="The client does not crash, corrupt memory, deadlock, hang or leak.",
    when="the kit looks at the client, or it ends",
    watches="removed",
)
def is_healthy(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """What the adapter has seen of it."""
    yield HELD
    if isinstance(happening, h.Looked | h.Ended) and happening.health:
        yield f"health: {happening.health}", "nothing to report"
    elif isinstance(happening, h.Ended) and not view.removed:
        yield "the client is gone", "a client that stays, for nobody has removed it"


@rule(
    "CLI-17",
    on="Called Idled Returned",
    sentence="A removal frees everything, and no call follows.",
    when="a removal returns, or the client goes on after it",
    watches="removed registered free_rc orders busy failing",
)
def leaves_nothing_behind(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """What the hypervisor would not free is not the client's fault."""
    if view.removed and not isinstance(happening, h.Returned):
        yield HELD
    if isinstance(happening, h.Called) and view.removed:
        yield f"{call_name(happening.opcode)} after the device was removed", "no call"
    if isinstance(happening, h.Returned) and view.orders.get(happening.order, ("", 0))[0] == "remove":
        yield HELD
        unwilling = view.free_rc is not None and view.free_rc != Rc.H_SUCCESS
        if happening.result == 0 and view.registered and not (view.tearing and unwilling):
            yield "a removal that returned with the CRQ registered", "H_FREE_CRQ"
        elif happening.result == 0 and view.registered and view.busy_once:
            yield "a removal that returned after H_FREE_CRQ was answered busy once", "H_FREE_CRQ again (CLI-14)"


@rule(
    "CLI-18",
    "CLI-17",
    on="Returned Looked",
    sentence="What the user asks for returns within `user_ms`.",
    when="something that the user has asked for returns",
    watches="orders profile",
)
def returns_to_the_user(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Looked at whenever the client is idle, and when it returns."""
    if isinstance(happening, h.Returned) and happening.order in view.orders:
        yield HELD
        late = {happening.order: view.orders[happening.order]}
    elif isinstance(happening, h.Looked):
        late = view.orders
    else:
        return
    for action, since in late.values():
        if happening.now - since > view.profile.user_ms:
            yield f"{action}, asked for at {since} ms, at {happening.now} ms", f"within {view.profile.user_ms} ms"


@rule(
    "CLI-19",
    on="Called",
    sentence="A complaint has the token of H_VIOCTL 0x19.",
    when="H_VIOCTL 0x1A",
    watches="token complaint",
    calls="H_VIOCTL",
)
def complains_with_the_token(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """And nothing else in the other registers."""
    if not isinstance(happening, h.Called) or happening.opcode != Hcall.H_VIOCTL or len(happening.arguments) < 2:
        return
    if happening.arguments[1] != Vioctl.SESSION_ERROR_DETECTED:
        return
    yield HELD
    token = happening.arguments[2] if len(happening.arguments) > 2 else 0
    if view.token is None or token != view.token or any(happening.arguments[3:]):
        allowed = "H_VIOCTL 0x19 first" if view.token is None else f"the token {view.token:#x}, and zeros"
        yield f"a complaint with {token:#x}", allowed


@rule(
    "CLI-19",
    on="Called Idled",
    sentence="After an accepted complaint the client does nothing by itself.",
    when="the client calls or is idle after a complaint was accepted",
    watches="complaint owed excused",
)
def waits_after_a_complaint(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """The hypervisor fails over, and says so by event 08."""
    if view.complaint != "accepted" or view.excused != ("the user asked for complain",):
        return
    yield HELD
    if not isinstance(happening, h.Called) or view.owed:
        return
    if happening.opcode in (Hcall.H_FREE_CRQ, Hcall.H_REG_CRQ):
        yield f"{call_name(happening.opcode)} after a complaint was accepted", "waiting for the hypervisor"


@rule(
    "CLI-19",
    on="Called Idled",
    sentence="After a complaint that is not accepted the client does what it claims.",
    when="the client calls or is idle after a complaint was not accepted",
    watches="complaint registrations profile excused_at",
)
def falls_back_after_a_complaint(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Judged when the client is idle again: profile reset registers again, profile none does not."""
    if view.complaint != "refused" or view.busy is not None:
        return
    yield HELD
    reset = view.profile.complaint_fallback is ComplaintFallback.RESET
    if isinstance(happening, h.Called) and happening.opcode == Hcall.H_FREE_CRQ and not reset:
        yield "H_FREE_CRQ after a complaint that was not accepted", "nothing, as the profile says"
    elif (
        isinstance(happening, h.Idled)
        and reset
        and view.steady
        and (
            # An operating system has timers of its own, and is never idle without end.
            happening.until is None or happening.now - view.excused_at >= _FALL_BACK_MS
        )
    ):
        yield "idle, with the session as it was, after a complaint that was not accepted", "H_FREE_CRQ and H_REG_CRQ"


@rule(
    "CLI-20",
    on="Looked",
    sentence="The link is up only in a session, after LINK_STATE_INDICATION (1, 1).",
    when="the user sees the link up",
    watches="login link_indicated owed registered wish",
)
def shows_the_link_as_it_is(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """What the user sees when the client is idle."""
    if not isinstance(happening, h.Looked) or not happening.link:
        return
    yield HELD
    if not view.logged_in:
        yield "the link is up, and nobody is logged in", "a link that is down"
    elif not view.link_indicated:
        yield "the link is up without LINK_STATE_INDICATION (1, 1)", "a link that is down"
    elif not view.wish:
        yield "the link is up, and the user has closed the device", "a link that is down"


@rule(
    "CLI-21",
    on="Looked",
    sentence="When all has been well for `recovery_ms` the device is registered, logged in and its link is up.",
    when="the kit looks when all has been well for `recovery_ms`",
    watches="well_since registered login wish removed profile",
)
def recovers(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Logged in if its user wants it open."""
    if not isinstance(happening, h.Looked) or view.well_since is None or view.removed or not view.registrations:
        return
    if happening.now - view.well_since < view.profile.recovery_ms:
        return
    yield HELD
    since = f"well since {view.well_since} ms"
    if not view.registered:
        yield f"not registered at {happening.now} ms, {since}", "registered"
    elif view.wish and not (view.logged_in and happening.link):
        what = "not logged in" if not view.logged_in else "the link is down"
        yield f"{what} at {happening.now} ms, {since}", "logged in, and the link is up"


@rule(
    "CLI-6",
    on="Looked",
    sentence="The user's wish survives.",
    when="the kit looks when nothing that the user has asked for is under way",
    watches="wish well_since told_link profile",
)
def keeps_the_wish(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """Open or closed, as the user sees it, and as the server was told."""
    if not isinstance(happening, h.Looked) or view.orders or view.removed or not view.registrations:
        return
    if happening.opened is not None or view.well_since is not None:
        yield HELD
    if happening.opened is not None and happening.opened is not view.wish:
        seen, wanted = ("open", "closed") if happening.opened else ("closed", "open")
        yield f"the device is {seen}", f"{wanted}, as the user asked last"
    well = view.well_since is not None and happening.now - view.well_since >= view.profile.recovery_ms
    if well and view.logged_in and view.told_link and not view.wish:
        yield "the logical link is up at the server, and the user has closed the device", "LOGICAL_LINK_STATE down"


@rule(
    "DLG-10",
    "CLI-5",
    on="Looked",
    sentence="After every login everything that the user has set is set again.",
    when="the link is up for a second, and the user has set something",
    watches="user told_mac told_multicast wished_multicast granted told login link_up_at",
)
def sets_everything_again(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """As far as this server allows; judged a second after the link is up."""
    up_at = view.link_up_at
    if not isinstance(happening, h.Looked) or up_at is None or happening.now < up_at + _SETTLED_MS:
        return
    if not view.logged_in or view.orders or not happening.link:
        return
    user = view.user
    if user:
        yield HELD
    if "mac_mac" in user and view.told_mac.hex() != user["mac_mac"]:
        yield f"MAC {view.told_mac.hex() or 'not told'}", f"{user['mac_mac']}"
    missing = sorted(view.multicast - view.told_multicast)
    if missing and EVERY_ADDRESS not in view.told_multicast:
        yield f"multicast address {missing[0].hex()} not told to this server", "MULTICAST_CTRL for each"
    # One that the user took off the list in this session may stay at its server; a later one is not told of it.
    surplus = sorted(view.told_multicast - view.wished_multicast - {EVERY_ADDRESS})
    if surplus and "multicast_list" in user:
        yield f"multicast address {surplus[0].hex()} told to this server", "those that the user has set, and no other"
    possible = view.told.get(Capability.PROMISC_SUPPORTED) == 1
    if user.get("promiscuous_value") == 1 and possible and view.granted.get(Capability.PROMISC_REQUESTED) != 1:
        yield "promiscuous mode not requested", "REQUEST_CAPABILITY 17 with 1"
    yield from _limits(view)


def _limits(view: View) -> Iterator[Finding | None]:
    user, told, granted = view.user, view.told, view.granted
    if "mtu_value" in user:
        wanted = int(user["mtu_value"]) + ETHER_HEADER
        most = told.get(Capability.MAX_MTU, wanted)
        least = told.get(Capability.MIN_MTU, 0)
        right = max(least, min(wanted, most))
        if granted.get(Capability.REQ_MTU) != right and not view.partial.get(Capability.REQ_MTU):
            yield f"an MTU of {granted.get(Capability.REQ_MTU)}", f"{right}, with Ethernet header"
    for name, number in (("queues_tx", Capability.REQ_TX_QUEUES), ("queues_rx", Capability.REQ_RX_QUEUES)):
        if name in user and granted.get(number, 0) > max(int(user["queues_tx"]), int(user["queues_rx"])):
            yield f"{granted.get(number)} queues", f"{user[name]}, as the user asked"


@rule(
    "DLG-11",
    "CLI-5",
    on="Looked",
    sentence="Within `announce_ms` after the link is up behind another server the client announces its MAC.",
    when="the link is up for `announce_ms` behind another server",
    watches="link_up_at announced moved profile",
)
def announces_itself(view: View, happening: h.Happening) -> Iterator[Finding | None]:
    """After an event ended a session that worked: who serves now is not said, and CLI-5 asks for it after every re-login."""
    up_at = view.link_up_at
    if not isinstance(happening, h.Looked) or up_at is None or not view.moved:
        return
    if happening.now > up_at + view.profile.announce_ms and view.logged_in and happening.link:
        yield HELD
        if view.announced:
            return
        yield (
            f"no frame of the client's by {happening.now} ms, and the link is up since {up_at} ms",
            "a frame with its MAC",
        )
