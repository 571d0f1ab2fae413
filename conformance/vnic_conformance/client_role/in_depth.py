"""Stories that look at more than states: counts, contents, the second time, and servers that differ from each other.

Frames with headers of their own at one instant, queues that wrap or are full, completions that come late, together or never,
and what a client has learnt of one server and must not use with the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from vnic_conformance.client_role.deviations import DEVIATIONS
from vnic_conformance.client_role.injection import NOISE, OUTAGE_MS, RARE_CODES, SPAN_MS, told_inside
from vnic_conformance.client_role.partner import MAC, PEER
from vnic_conformance.client_role.story import ADDED, ECHOED, OPENED, Story, Word, frame, story, well
from vnic_conformance.client_role.words import deviate, event, inside, passes, user
from vnic_conformance.stimulus import Stimulus

#: How many frames are sent at one instant: more than the eight entries of a small server.
_AT_ONCE: Final = 12
#: Bytes of frames around the longest of servers for 1000 and for 1514 bytes, with and without a VLAN tag.
_LENGTHS: Final = (60, 1_000, 1_004, 1_005, 1_514, 1_518)
#: Servers that differ from the usual one in what a client learns of them.
_OTHER_SERVERS: Final = (
    "few_entries", "many_entries", "small_mtu", "header_descriptors", "one_queue", "offloads", "rx_offset",
    "tx_completions_together", "tx_completions_late",
)  # fmt: skip
#: How long is waited for what a client may do by itself, in ms: longer than the watchdog of a driver.
_WATCHED_MS: Final = 10_000
#: Calls between which a client registers and sends INIT, if nothing else comes before.
_EARLY_CALLS: Final = (2, 3)
#: What may become of the answer when the client closes.
_CLOSING: Final = ("lost_logical_link_state", "late_logical_link_state", "refused_logical_link_state", "link_partial")
#: What H_FREE_CRQ may be answered when the client is removed.
_FREEING: Final = ("h_free_crq_busy", "h_free_crq_long_busy_10_ms", "h_free_crq_long_busy_10_s")
#: What the user sets, and a server that cannot have it.
_LESSER: Final = (
    ("mac", user("mac", mac="0200c0ffee42"), "mac_of_its_own"),
    ("mtu", user("mtu", value=4000), "small_mtu"),
    ("promiscuous", user("promiscuous", value=1), "no_promiscuous"),
)
#: What the user sets while a login is under way, and a server is told with a command of its own.
_SET_EARLY: Final[Mapping[str, Stimulus]] = {
    "mac": user("mac", mac="0200c0ffee42"),
    "multicast": user("multicast", list="01005e000001"),
}
#: Addresses of the client and of its peer, as packets have them.
_ADDRESSES: Final = bytes((10, 0, 0, 1, 10, 0, 0, 2))
_FAILOVER: Final[Word] = (event("failover"), passes(SPAN_MS))
_GROUPS: Final = ("01005e000001", "01005e000002", "01005e000003")


def _frame(number: int, length: int = 64) -> Stimulus:
    """A frame that comes back if its number is even; headers differ from one to the next."""
    return frame(number, length, ECHOED if number % 2 == 0 else (0x9000 + number).to_bytes(2, "big"))


def _ip_frames() -> Word:
    """TCP and UDP in IPv4 and IPv6: with and without options, each header of a length of its own."""
    tcp = bytes((0x12, 0x34, 0, 9)) + bytes(8)
    udp = bytes((0x12, 0x34, 0, 9, 0, 40, 0, 0)) + b"u" * 32

    def ipv4(words: int, protocol: int, rest: bytes) -> bytes:
        total = (4 * words + len(rest)).to_bytes(2, "big")
        head = bytes((0x40 | words, 0)) + total + bytes((0, 1, 0, 0, 64, protocol, 0, 0)) + _ADDRESSES
        return b"\x08\x00" + head + b"\1" * (4 * words - 20) + rest

    def segment(words: int) -> bytes:
        return tcp + bytes((words << 4, 0x10, 1, 0, 0, 0, 0, 0)) + b"\1" * (4 * words - 20) + b"t" * 40

    ipv6 = b"\x86\xdd" + bytes((0x60, 0, 0, 0, 0, 100, 6, 64)) + bytes(32) + segment(8)
    packets = [ipv4(5, 6, segment(5)), ipv4(5, 6, segment(8)), ipv4(7, 6, segment(15)), ipv4(6, 17, udp), ipv6]
    return (*(user("send", hex=(PEER + MAC + packet).hex()) for packet in packets), passes(300))


def _burst(first: int, count: int = _AT_ONCE) -> Word:
    """Frames at one instant."""
    return (*(_frame(first + number) for number in range(count)), passes(300))


def _long(first: int) -> Word:
    """Frames of all lengths at which a client has to decide."""
    return (*(_frame(first + number, length) for number, length in enumerate(_LENGTHS)), passes(300))


def in_depth(recovery_ms: int, user_ms: int) -> Iterator[Story]:
    """All of them, for a client that claims these times in ms."""
    last = (*well(recovery_ms), *_burst(900), passes(_WATCHED_MS))
    yield from _frames(last, user_ms)
    yield from _moved(last)
    yield _says_less(last)
    yield from _queues(last, recovery_ms)
    yield _for_good(recovery_ms)
    yield from _again(recovery_ms)
    yield from _set(recovery_ms)
    yield from _closing(recovery_ms, user_ms)
    yield from _noise(recovery_ms)


def _frames(last: Word, user_ms: int) -> Iterator[Story]:
    yield story(
        "DLG-8/frames-at-one-instant",
        "Frames with different headers at one instant, three times; then the session goes on.",
        (*OPENED, *_burst(100), *_burst(200), *_long(300), *last),
    )
    yield story(
        "DLG-6/buffers-of-the-last-queue",
        "Of several queues one has receive buffers that are too small: the login has failed.",
        (deviate("more_queues"), deviate("login_last_size"), *OPENED, *last),
        "login_last_size",
    )
    yield story(
        "DLG-8/headers-of-ip-frames",
        "Frames of TCP and UDP, some with options: their header descriptors say how long each header is.",
        (deviate("header_descriptors"), *OPENED, *_ip_frames(), *_ip_frames(), *last),
    )
    lost = (deviate("tx_completions_lost"), *_burst(100, 18), *_burst(200, 18), passes(user_ms + 1))
    yield story(
        "CLI-18/no-completion-comes",
        "No frame is completed for minutes: who sends is told in time, and frames leave when all is well again.",
        (*OPENED, *lost, *last),
        "tx_completions_lost",
    )
    aborted = (
        deviate("rx_aborted"),
        *_burst(100, 16),
        *_burst(200, 16),
        *_burst(300, 16),
        *_burst(400, 16),
        *_burst(500, 16),
    )
    yield story(
        "DLG-9/buffers-come-back-empty",
        "Many buffers come back with Aborted: they are given again.",
        (*OPENED, *aborted, *last),
        "rx_aborted",
    )
    turned = (deviate("tx_completions_out_of_order"), *_burst(100, 16), *_burst(200, 16), *_burst(300, 16))
    yield story(
        "DLG-8/completions-out-of-order",
        "Some frames are completed after later ones: their correlators are not used before that.",
        (*OPENED, *turned, *last),
        "tx_completions_out_of_order",
    )
    late = (deviate("tx_completions_late"), *(_frame(number) for number in range(100, 104)), passes(10), *_FAILOVER)
    yield story(
        "DLG-8/in-flight-at-a-failover",
        "Frames are in flight when their server is left, three times: they are given up.",
        (*OPENED, *late * 3, *last),
    )


def _moved(last: Word) -> Iterator[Story]:
    """A client that knows one server meets another one, and that one again."""
    for name in _OTHER_SERVERS:
        slug = name.replace("_", "-")
        there = (deviate(name), *_FAILOVER, *_burst(200), *_long(300), *_FAILOVER, *_burst(400))
        yield story(
            f"DLG-10/moved-to-{slug}",
            "From usual servers to others: they are served within their limits.",
            (*OPENED, *_burst(100), *there, *last),
            name,
        )
        back = (deviate("usual"), *_FAILOVER, *_burst(200), *_long(300))
        yield story(
            f"DLG-10/moved-from-{slug}",
            "From other servers to usual ones: they are served within their limits.",
            (deviate(name), *OPENED, *_burst(100), *back, *last),
            "usual",
        )


def _for_good(recovery_ms: int) -> Story:
    """What a client has to live with as long as it lasts."""
    name = "details_of_codes"
    word = (*ADDED, deviate(name), user("open"), passes(recovery_ms + 1), *_FAILOVER, passes(recovery_ms + 1))
    return story(
        "DLG-1/opened-with-details-of-codes",
        f"{DEVIATIONS[name].sentence} It is logged in all the same.",
        (*word, *well(recovery_ms)),
        name,
    )


def _says_less(last: Word) -> Story:
    there = (deviate("many_at_least"), *OPENED, *_burst(100), deviate("few_and_no_least"), *_FAILOVER, *_burst(200))
    return story(
        "DLG-4/moved-to-a-server-that-says-less",
        "One server has many entries at least; the next has few at most, and refuses to say how many at least.",
        (*there, *last),
        "few_and_no_least",
    )


def _queues(last: Word, recovery_ms: int) -> Iterator[Story]:
    yield story(
        "CLI-11/queues-wrap",
        "So many elements come that each queue begins anew: none is left out.",
        (
            *OPENED,
            event("queues_wrap"),
            passes(100),
            *_burst(100),
            *_FAILOVER,
            event("queues_wrap"),
            passes(100),
            *last,
        ),
        "queues_wrap",
    )
    older = (deviate("older_platform"), event("migrated"), passes(SPAN_MS), passes(recovery_ms + 1), *_burst(200))
    yield story(
        "DLG-8/moved-to-an-older-platform",
        "The client has sent many descriptors at once; after a migration 16 are the most: it lives with them.",
        (*OPENED, *_burst(100), *older, *last),
        "older_platform",
    )
    left = (event("queue_half"), passes(100), inside(1, "noise"), event("partner_deregistered"), passes(SPAN_MS))
    yield story(
        "CLI-10/queue-with-an-unread-end",
        "An element is unread in the second half of the queue when that is freed: its header is cleared as well.",
        (*OPENED, *left, *last),
        told_inside("noise"),
    )
    yield story(
        "DLG-11/announced-though-full",
        "The queues for frames are full when the client announces itself: it does so when there is room.",
        (*OPENED, deviate("frames_full"), *_FAILOVER, *last),
        "frames_full",
    )
    seen = (passes(100), passes(SPAN_MS))
    closed = (user("close"), passes(10), user("open"), *seen)
    yield story(
        "CLI-20/link-known-late",
        "The link is known half a second after login: until then it is down, after a failover and a close as well.",
        (*OPENED, deviate("link_late"), event("failover"), *seen, *closed, event("migrated"), *seen, *closed, *last),
    )


def _again(recovery_ms: int) -> Iterator[Story]:
    """What a client copes with once, a second time."""
    kexec = (deviate("reg_crq_resource"), event("partner_deregistered"), passes(SPAN_MS))
    yield story(
        "CLI-10/resource-again",
        "H_REG_CRQ is answered H_RESOURCE in three registrations.",
        (deviate("reg_crq_resource"), *OPENED, *kexec * 2, *well(recovery_ms)),
        "reg_crq_resource",
    )
    complaint = (user("complain"), passes(SPAN_MS))
    yield story(
        "CLI-19/complains-again",
        "Three complaints, each in a session of its own.",
        (*OPENED, *complaint * 3, *well(recovery_ms)),
    )
    lists = (" ".join(_GROUPS[:2]), " ".join(_GROUPS[1:]))
    first, second = (user("multicast", list=one) for one in lists)
    emptied = user("multicast", list="")
    moves = (*_FAILOVER, event("migrated"), passes(SPAN_MS))
    yield story(
        "DLG-10/multicast-list-is-replaced",
        "Another multicast list, and an empty one: later servers are told of the last.",
        (
            *OPENED,
            first,
            passes(SPAN_MS),
            second,
            passes(SPAN_MS),
            *moves,
            emptied,
            passes(SPAN_MS),
            *moves,
            *well(recovery_ms),
        ),
    )
    for name, asked in (("multicast", first), ("mac", user("mac", mac="0200c0ffee42"))):
        meanwhile = (event("outage"), passes(100), asked, passes(OUTAGE_MS + SPAN_MS))
        yield story(
            f"DLG-10/{name}-set-in-an-outage",
            f"The user sets {name} while nobody serves: the next server is told.",
            (*OPENED, *meanwhile, *well(recovery_ms)),
            "outage",
        )


def _set(recovery_ms: int) -> Iterator[Story]:
    """What the user has set outlasts a server that cannot have it, and waits for the login that is under way."""
    for name, asked, lesser in _LESSER:
        yield story(
            f"DLG-10/{name}-after-{lesser.replace('_', '-')}",
            f"The user has set {name}; one server cannot have it, and the next one is told again.",
            (
                *OPENED,
                asked,
                passes(SPAN_MS),
                deviate(lesser),
                *_FAILOVER,
                deviate("usual"),
                *_FAILOVER,
                *well(recovery_ms),
            ),
            lesser,
        )
    for name, asked in _SET_EARLY.items():
        yield story(
            f"DLG-2/{name}-set-at-login",
            f"The user sets {name} while LOGIN is not answered: it is told after the answer.",
            (*ADDED, deviate("late_login"), user("open"), passes(1_000), asked, passes(10_000), *well(recovery_ms)),
            "late_login",
        )


def _closing(recovery_ms: int, user_ms: int) -> Iterator[Story]:
    """What goes wrong when the device is closed, or removed."""
    yield story(
        "CLI-6/closed-before-the-link-is-up",
        "The device is closed while its server has not answered LOGICAL_LINK_STATE: it is closed in the end.",
        (
            *ADDED,
            deviate("late_logical_link_state"),
            user("open"),
            passes(1_000),
            user("close"),
            passes(_WATCHED_MS),
            *well(recovery_ms),
        ),
        "late_logical_link_state",
    )
    for name in _CLOSING:
        closed = (deviate(name), user("close"), passes(SPAN_MS), passes(_WATCHED_MS), user("open"), passes(SPAN_MS))
        yield story(
            f"CLI-7/close-meets-{name.replace('_', '-')}",
            "The answer when the client closes is lost, late, or a refusal: it can be opened again.",
            (*OPENED, *closed, *well(recovery_ms)),
            name,
        )
    for name in _FREEING:
        yield story(
            f"CLI-17/removal-meets-{name.replace('_', '-')}",
            "H_FREE_CRQ of a removal is answered busy three times: it is repeated.",
            (*OPENED, deviate(name), user("remove"), passes(user_ms + 1)),
            name,
        )


def _noise(recovery_ms: int) -> Iterator[Story]:
    for code in RARE_CODES:
        name = f"event_{code:02x}"
        word = (*OPENED, event(name), passes(100), passes(SPAN_MS), *well(recovery_ms))
        yield story(f"CLI-3/event-{code:02x}", f"Event {code:02x}: the client begins again in full.", word, name)
    for name in NOISE:
        slug = name.replace("_", "-")
        word = (*OPENED, event(name), passes(100), passes(_WATCHED_MS), *well(recovery_ms))
        yield story(
            f"CLI-15/{slug}", f"{name.replace('_', ' ')}, while the client is idle: nothing changes.", word, name
        )
    for call in _EARLY_CALLS:
        yield story(
            f"CLI-4/init-complete-inside-call-{call}-of-a-life",
            f"INIT_COMPLETE comes inside call {call} of a client's life: before INIT was sent it counts for nothing.",
            (inside(call, "stray_init_complete"), *OPENED, *well(recovery_ms)),
            told_inside("stray_init_complete"),
        )
