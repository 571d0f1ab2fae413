"""Words written by hand: what the machine does not tell apart, because it begins where the arguments are in order.

Wrong arguments and the order of their checks, ports, tokens from one session to the next, the ring of a real queue, and a few
meetings that need three servers.
"""

from __future__ import annotations

from collections.abc import Iterator

from vnic_conformance.generation.menu import BAD_HEADERS, BAD_PRIORITIES, BAD_QUEUES, HEADERS, report, vioctl
from vnic_conformance.generation.translate import LONG_MS, element
from vnic_conformance.stimulus import CLIENT, CONSOLE, PLATFORM, TOKEN_BEFORE, TOKEN_LATEST, Stimulus, server
from vnic_spec.vocabulary import Kind
from vnic_spec.wire import ELEMENTS_PER_PAGE, PAGE_BYTES, Vioctl

_of = Stimulus.of
_TOKEN = vioctl(CLIENT, Vioctl.GET_SESSION_TOKEN)


def words() -> Iterator[tuple[str, int, tuple[Stimulus, ...]]]:
    """Case ID, servers, stimuli."""
    for case, (servers, made) in _WORDS.items():
        yield case, servers, tuple(made())


def _served(*servers: int) -> Iterator[Stimulus]:
    """Servers that can serve, and the client connected to the first of them."""
    for i in servers:
        yield _of(server(i), "reg_crq")
        yield report(server(i), 1, LONG_MS)
    yield _of(CLIENT, "reg_crq")


def _complains(token: str = TOKEN_LATEST, p2: int = 0, p3: int = 0) -> Stimulus:
    return vioctl(CLIENT, Vioctl.SESSION_ERROR_DETECTED, token, p2, p3)


def _bad_queues() -> Iterator[Stimulus]:
    whose = (CLIENT, server(0))
    bad = [_of(who, "reg_crq", address=a, length=n) for who in whose for a, n in BAD_QUEUES]
    yield from bad
    yield from _served(0)
    yield from bad


def _long_queue() -> Iterator[Stimulus]:
    """Twice the length holds twice the elements, and not one more."""
    yield _of(server(0), "reg_crq", address=PAGE_BYTES, length=2 * PAGE_BYTES)
    yield report(server(0), 1, LONG_MS)
    yield _of(CLIENT, "reg_crq")
    for k in range(2 * ELEMENTS_PER_PAGE + 1):
        yield _of(CLIENT, "send_crq", hex=element(Kind.DATA, k))
    yield _of(server(0), "consume")


def _ring() -> Iterator[Stimulus]:
    """A queue goes round: what is consumed at its beginning is room at its end."""
    yield from _served(0)
    ends = ((server(0), CLIENT), (CLIENT, server(0)))
    for sender, owner in ends:
        for k in range(ELEMENTS_PER_PAGE):
            yield _of(sender, "send_crq", hex=element(Kind.DATA, k))
        for _ in range(3):
            yield _of(owner, "consume")
        for k in range(4):
            yield _of(sender, "send_crq", hex=element(Kind.DATA, 0xF000 + k))
        for _ in range(ELEMENTS_PER_PAGE + 1):
            yield _of(owner, "consume")


def _headers() -> Iterator[Stimulus]:
    """Every header, refused or not, to a partner and to none; refusal of the argument comes first."""
    payload = "".join(f"{n:02x}" for n in range(0xF1, 0xFF))
    sends = [_of(who, "send_crq", hex=h + payload) for who in (CLIENT, server(0)) for h in (*BAD_HEADERS, *HEADERS)]
    yield from sends
    yield from _served(0)
    yield from sends
    for who in (CLIENT, server(0)):
        for _ in HEADERS:
            yield _of(who, "consume")


def _priorities() -> Iterator[Stimulus]:
    for value in (*BAD_PRIORITIES, 1, 100, 50):
        yield _of(CONSOLE, "priority", server=server(0), value=value)
    yield _of(CONSOLE, "remove", server=server(1))
    for value in (*BAD_PRIORITIES, 100):
        yield _of(CONSOLE, "add", server=server(1), port=1, priority=value)


def _ports() -> Iterator[Stimulus]:
    yield _of(CONSOLE, "add", server=server(1), port=1, priority=50)
    yield _of(CONSOLE, "remove", server=server(1))
    yield _of(CONSOLE, "add", server=server(1), port=0, priority=50)
    yield _of(CONSOLE, "add", server=server(1), port=1, priority=50)


def _unlisted() -> Iterator[Stimulus]:
    yield from _served(0, 1)
    yield _of(CONSOLE, "remove", server=server(1))
    for call in ("remove", "activate"):
        yield _of(CONSOLE, call, server=server(1))
    yield _of(CONSOLE, "priority", server=server(1), value=1)
    yield report(server(1), 1, LONG_MS)


def _reports() -> Iterator[Stimulus]:
    """MON-1: unused parameter, then listed and registered, then status and interval."""
    wrong = [report(server(0), *values) for values in ((1, 100, 1), (0, 100), (4, 100), (1, 0), (9, 0, 1), (1, 100))]
    yield from wrong
    yield from _served(0)
    yield from wrong
    yield _of(server(0), "free_crq")
    yield from wrong


def _complaints() -> Iterator[Stimulus]:
    """SES-2: unused parameters, then the token, then whether anybody else is there."""
    yield _complains(p2=1)
    yield _complains()
    yield from _served(0)
    yield vioctl(CLIENT, Vioctl.GET_SESSION_TOKEN, 1)
    yield _TOKEN
    yield _complains(p3=1)
    yield _complains(TOKEN_BEFORE)
    yield _complains()
    yield _of(server(1), "reg_crq")
    yield report(server(1), 1, LONG_MS)
    yield _complains(p2=1)
    yield _complains(TOKEN_BEFORE)
    yield _complains()
    yield _complains()


def _tokens() -> Iterator[Stimulus]:
    """The same token throughout a session, another one in the next, and the old one never again."""
    yield _TOKEN
    yield from _served(0, 1)
    for _ in range(2):
        yield _TOKEN
        yield _TOKEN
        yield _of(CLIENT, "free_crq")
        yield _of(CLIENT, "reg_crq")
        yield _TOKEN
        yield _of(server(0), "consume")
    yield _TOKEN
    yield _complains(TOKEN_BEFORE)
    yield _complains()
    yield _TOKEN
    yield _complains(TOKEN_BEFORE)


def _activation_of_complained() -> Iterator[Stimulus]:
    """An administrator's choice clears the complaint, so the server still can serve when nobody speaks for it."""
    yield from _served(0, 1)
    yield _TOKEN
    yield _complains()
    yield _of(CLIENT, "consume")
    yield _of(server(0), "consume")
    yield _of(CONSOLE, "activate", server=server(0))
    yield _of(CONSOLE, "auto", value=1)


def _all_complaints() -> Iterator[Stimulus]:
    """MON-5 clears every complaint, not only one."""
    yield from _served(0, 1, 2)
    for _ in range(2):
        yield _TOKEN
        yield _complains()
    yield _of(PLATFORM, "crash", target=server(2))
    yield _of(PLATFORM, "crash", target=server(0))


def _equals() -> Iterator[Stimulus]:
    """Equals never preempt, however they come: by report, registration, console, and whoever is the oldest."""
    yield from _served(1)
    yield _of(server(0), "reg_crq")
    yield report(server(0), 1, LONG_MS)
    yield report(server(0), 2, LONG_MS)
    yield report(server(0), 1, LONG_MS)
    yield _of(CONSOLE, "auto", value=1)
    yield _of(CONSOLE, "priority", server=server(0), value=50)
    yield _of(server(2), "reg_crq")
    yield report(server(2), 1, LONG_MS)
    yield _of(CLIENT, "free_crq")
    yield _of(CLIENT, "reg_crq")


def _numbers() -> Iterator[Stimulus]:
    """9 is better than 50, and 50 better than 100: priorities are numbers."""
    for i, value in enumerate((100, 50, 9)):
        yield _of(CONSOLE, "priority", server=server(i), value=value)
    yield from _served(0, 1, 2)
    for i in (2, 1, 0):
        yield _of(PLATFORM, "crash", target=server(i))


_WORDS = {
    "CRQ-2/bad-queues": (1, _bad_queues),
    "CRQ-2/long-queue": (1, _long_queue),
    "CRQ-3/headers": (1, _headers),
    "CRQ-5/ring": (1, _ring),
    "SEL-4/priority-range": (2, _priorities),
    "SEL-4/priorities-are-numbers": (3, _numbers),
    "SEL-5/equals-never-preempt": (3, _equals),
    "MON-1/order-of-checks": (1, _reports),
    "MON-5/every-complaint": (3, _all_complaints),
    "ADM-1/ports": (2, _ports),
    "ADM-4/unlisted": (2, _unlisted),
    "ADM-6/activation-of-one-complained-of": (2, _activation_of_complained),
    "SES-1/tokens": (2, _tokens),
    "SES-2/which-check-first": (2, _complaints),
}
